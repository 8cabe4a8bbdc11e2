// JSON Schema to the OpenAPI subset of older Gemini endpoints (T5), and back.
#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "providers/dialects/gemini/schema.hpp"
#include "tests/support/dialect_text.hpp"
#include "tests/support/tell.hpp"

namespace fs = std::filesystem;
using namespace llmgw;
using namespace llmgw::test;
using nlohmann::ordered_json;
using wire::gemini::from_openapi;
using wire::gemini::SchemaUse;
using wire::gemini::to_openapi;

namespace {

ordered_json parsed(std::string_view text) {
    return ordered_json::parse(text);
}

// The converted schema of one property, "x", of a tool's parameters.
ordered_json property(const std::string& schema) {
    const auto converted =
        to_openapi(R"({"type":"object","properties":{"x":)" + schema + "}}", SchemaUse::tool_parameters);
    REQUIRE_MESSAGE(converted.has_value(), converted.error().message);
    return parsed(converted->json)["properties"]["x"];
}

std::string fault_of(const std::string& schema) {
    const auto converted = to_openapi(schema, SchemaUse::tool_parameters);
    REQUIRE(!converted.has_value());
    CHECK(converted.error().kind == ErrorKind::bad_request);
    return converted.error().message;
}

const std::set<std::string> allowed{"type",      "format",    "title",         "description",   "nullable", "enum",
                                    "items",     "anyOf",     "properties",    "required",      "minItems", "maxItems",
                                    "minLength", "maxLength", "minProperties", "maxProperties", "minimum",  "maximum"};
const std::set<std::string> types{"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT"};

// What an older endpoint would refuse in a schema, "" when nothing.
std::string refused(const ordered_json& schema, const std::string& path) {
    if (!schema.is_object()) { return path + " is no object"; }
    for (const auto& [key, value] : schema.items()) {
        if (!allowed.contains(key)) { return path + "." + key; }
    }
    const bool any_of = schema.contains("anyOf");
    if (schema.contains("type") == any_of) { return path + ": a type or anyOf, and one of them only"; }
    if (any_of) {
        for (const auto& [key, value] : schema.items()) {
            if (key != "anyOf" && key != "description" && key != "title" && key != "nullable") {
                return path + ": anyOf beside " + key;
            }
        }
        for (const auto& one : schema["anyOf"]) {
            if (auto fault = refused(one, path + ".anyOf"); !fault.empty()) { return fault; }
        }
        return "";
    }
    const std::string type = schema["type"];
    if (!types.contains(type)) { return path + ".type " + type; }
    if (schema.contains("enum")) {
        if (type != "STRING") { return path + ".enum of " + type; }
        for (const auto& word : schema["enum"]) {
            if (!word.is_string() || word == "") { return path + ".enum has more than words"; }
        }
    }
    if ((type == "ARRAY") != schema.contains("items")) { return path + ".items"; }
    if (type == "ARRAY") { return refused(schema["items"], path + ".items"); }
    if (schema.contains("required")) {
        for (const auto& name : schema["required"]) {
            if (!schema.contains("properties") || !schema["properties"].contains(name.get<std::string>())) {
                return path + ".required " + name.dump();
            }
        }
    }
    if (!schema.contains("properties")) { return ""; }
    for (const auto& [name, one] : schema["properties"].items()) {
        if (auto fault = refused(one, path + ".properties." + name); !fault.empty()) { return fault; }
    }
    return "";
}

// Every tool schema in a recorded request body, of any dialect.
void collect(const ordered_json& value, std::vector<std::string>& schemas) {
    if (value.is_array()) {
        for (const auto& one : value) {
            collect(one, schemas);
        }
    }
    if (!value.is_object()) { return; }
    for (const auto& [key, inside] : value.items()) {
        const bool schema = (key == "input_schema" || key == "parameters" || key == "parametersJsonSchema") &&
                            inside.is_object() && value.contains("name");
        schema ? schemas.push_back(inside.dump()) : collect(inside, schemas);
    }
}

}  // namespace

TEST_SUITE("codec/gemini/schema") {
    TEST_CASE("types, null and unions") {
        CHECK(property(R"({"type":"string","description":"d"})") == parsed(R"({"type":"STRING","description":"d"})"));
        CHECK(property(R"({"type":["string","null"]})") == parsed(R"({"type":"STRING","nullable":true})"));
        CHECK(property(R"({"type":["string","number"],"description":"d"})") ==
              parsed(R"({"anyOf":[{"type":"STRING"},{"type":"NUMBER"}],"description":"d"})"));
        CHECK(property(R"({"anyOf":[{"type":"string"},{"type":"null"}]})") ==
              parsed(R"({"type":"STRING","nullable":true})"));
        CHECK(property(R"({"oneOf":[{"type":"integer"},{"type":"boolean"}]})") ==
              parsed(R"({"anyOf":[{"type":"INTEGER"},{"type":"BOOLEAN"}]})"));
        CHECK(property(R"({"items":{"type":"string"}})") == parsed(R"({"type":"ARRAY","items":{"type":"STRING"}})"));
        // What stands beside anyOf holds for each.
        CHECK(
            property(
                R"({"type":"object","properties":{"a":{"type":"string"}},"anyOf":[{"properties":{"b":{"type":"integer"}}},{"properties":{"c":{"type":"boolean"}}}]})") ==
            parsed(R"({"anyOf":[{"type":"OBJECT","properties":{"b":{"type":"INTEGER"},"a":{"type":"STRING"}}},)"
                   R"({"type":"OBJECT","properties":{"c":{"type":"BOOLEAN"},"a":{"type":"STRING"}}}]})"));
        CHECK(refused(property("{}"), "x") == "");
        CHECK(refused(property("true"), "x") == "");
        CHECK(refused(property(R"({"type":"array"})"), "x") == "");
    }

    TEST_CASE("enums and constants are words") {
        CHECK(property(R"({"enum":["a","b"]})") == parsed(R"({"type":"STRING","format":"enum","enum":["a","b"]})"));
        CHECK(property(R"({"const":"a"})") == parsed(R"({"type":"STRING","format":"enum","enum":["a"]})"));
        CHECK(
            property(R"({"type":"integer","enum":[1,2]})") ==
            parsed(
                R"({"type":"STRING","format":"enum","enum":["1","2"],"description":"[one of these numbers: [1,2]]"})"));
        CHECK(property(R"({"enum":["a",null]})") ==
              parsed(R"({"type":"STRING","format":"enum","enum":["a"],"nullable":true})"));
        CHECK(property(R"({"enum":["","a"],"description":"d"})") ==
              parsed(R"({"type":"STRING","format":"enum","enum":["a"],"description":"d [also allowed: \"\"]"})"));
        CHECK(property(R"({"type":"boolean","const":true})") ==
              parsed(R"({"type":"BOOLEAN","description":"[one of: [true]]"})"));
        CHECK(property(R"({"anyOf":[{"const":"a"},{"const":"b"}]})") ==
              parsed(R"({"type":"STRING","format":"enum","enum":["a","b"]})"));
    }

    TEST_CASE("what is dropped is told in the description, and where is said") {
        const auto converted = to_openapi(
            R"({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,)"
            R"("propertyNames":{"pattern":"^a"},"properties":{"n":{"type":"integer","exclusiveMinimum":0,"maximum":9},)"
            R"("f":{"type":"number","exclusiveMinimum":0.5,"description":"a share"},)"
            R"("s":{"type":"string","pattern":"^x","minLength":1,"format":"uri","default":"xy"}},"required":["n","zz"]})",
            SchemaUse::tool_parameters);
        REQUIRE(converted.has_value());
        const auto schema = parsed(converted->json);
        CHECK(refused(schema, "") == "");
        CHECK(schema["description"] ==
              R"([propertyNames: {"pattern":"^a"}; also required: ["zz"]; additionalProperties: false])");
        CHECK(schema["properties"]["n"] == parsed(R"({"type":"INTEGER","minimum":1,"maximum":9})"));
        CHECK(schema["properties"]["f"] ==
              parsed(R"({"type":"NUMBER","description":"a share [exclusiveMinimum: 0.5]"})"));
        CHECK(
            schema["properties"]["s"] ==
            parsed(
                R"({"type":"STRING","minLength":1,"description":"[pattern: \"^x\"; format: \"uri\"; default: \"xy\"]"})"));
        CHECK(schema["required"] == parsed(R"(["n"])"));
        std::vector<std::string> losses = converted->losses;
        std::ranges::sort(losses);
        CHECK(losses == std::vector<std::string>{"additionalProperties", "properties.f.exclusiveMinimum",
                                                 "properties.s.default", "properties.s.format", "properties.s.pattern",
                                                 "propertyNames", "required"});
    }

    TEST_CASE("references are written out, allOf is merged") {
        const auto converted =
            to_openapi(R"({"$defs":{"name":{"type":"string","description":"a name"}},"type":"object","properties":{)"
                       R"("a":{"$ref":"#/$defs/name"},"b":{"$ref":"#/$defs/name","description":"the other"},)"
                       R"("c":{"allOf":[{"type":"object","properties":{"p":{"type":"number"}},"required":["p"]},)"
                       R"({"properties":{"p":{"minimum":1},"q":{"$ref":"#/$defs/name"}},"required":["q"]}]}}})",
                       SchemaUse::tool_parameters);
        REQUIRE(converted.has_value());
        const auto properties = parsed(converted->json)["properties"];
        CHECK(properties["a"] == parsed(R"({"type":"STRING","description":"a name"})"));
        CHECK(properties["b"] == parsed(R"({"type":"STRING","description":"the other\na name"})"));
        CHECK(properties["c"] == parsed(R"({"type":"OBJECT","properties":{"p":{"type":"NUMBER","minimum":1},)"
                                        R"("q":{"type":"STRING","description":"a name"}},"required":["p","q"]})"));
    }

    TEST_CASE("recursion ends, and says so") {
        const auto converted =
            to_openapi(R"({"$defs":{"node":{"type":"object","properties":{"label":{"type":"string"},)"
                       R"("children":{"type":"array","items":{"$ref":"#/$defs/node"}}}}},)"
                       R"("type":"object","properties":{"tree":{"$ref":"#/$defs/node"},"self":{"$ref":"#"}}})",
                       SchemaUse::tool_parameters);
        REQUIRE(converted.has_value());
        const auto schema = parsed(converted->json);
        CHECK(refused(schema, "") == "");
        CHECK(schema["properties"]["tree"]["properties"]["children"]["items"] ==
              parsed(R"({"type":"OBJECT","description":"[recursive: the same again as #/$defs/node]"})"));
        CHECK(std::ranges::find(converted->losses, "properties.tree.properties.children.items.$ref") !=
              converted->losses.end());
        // Two neighbours may name the same schema; a chain of references that bites its own tail ends too.
        CHECK(to_openapi(R"({"$defs":{"a":{"type":"object","properties":{"x":{"type":"string"}}}},)"
                         R"("allOf":[{"$ref":"#/$defs/a"},{"$ref":"#/$defs/a"}]})",
                         SchemaUse::tool_parameters)
                  ->json == R"({"type":"OBJECT","properties":{"x":{"type":"STRING"}}})");
        CHECK(to_openapi(R"({"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"type":"object",)"
                         R"("properties":{"x":{"$ref":"#/$defs/a"}}})",
                         SchemaUse::tool_parameters)
                  .has_value());
    }

    TEST_CASE("what cannot be said names the path") {
        CHECK(fault_of(R"({"type":"object","properties":{"a":{"$ref":"https://example.com/s.json"}}})")
                  .starts_with("properties.a: the reference https://example.com/s.json leads nowhere"));
        CHECK(fault_of(R"({"type":"object","properties":{"a":{"type":"array","items":{"$ref":"#/$defs/b"}}}})")
                  .starts_with("properties.a.items: "));
        CHECK(fault_of(R"({"type":"object","properties":{"a":{"allOf":[{"type":"string"},{"type":"object"}]}}})") ==
              "properties.a: no type satisfies all of it");
        CHECK(fault_of(R"({"type":"object","properties":{"a":{"type":"text"}}})") == "properties.a: unknown type text");
        CHECK(fault_of(R"({"type":"object","properties":{"a":7}})") == "properties.a: expected a schema");
        CHECK(fault_of(R"({"type":"string"})") == "the schema: a tool's parameters must be an object");
        CHECK(fault_of("{") == "the schema: no valid JSON");
    }

    TEST_CASE("a schema that doubles with each reference is refused, not written out") {
        std::string defs = R"("d0":{"type":"string"})";
        for (int i = 1; i <= 40; ++i) {
            const std::string before = std::to_string(i - 1);
            defs += ",\"d" + std::to_string(i) + R"(":{"type":"object","properties":{"a":{"$ref":"#/$defs/d)" + before +
                    R"("},"b":{"$ref":"#/$defs/d)" + before + R"("}}})";
        }
        CHECK(fault_of("{\"$defs\":{" + defs + R"(},"type":"object","properties":{"x":{"$ref":"#/$defs/d40"}}})")
                  .find("too large or too deep") != std::string::npos);
    }

    TEST_CASE("a tool without parameters has no schema") {
        for (const char* schema : {"{}", R"({"type":"object"})", R"({"type":"object","properties":{}})",
                                   R"({"type":"object","properties":{},"additionalProperties":false})"}) {
            const auto converted = to_openapi(schema, SchemaUse::tool_parameters);
            REQUIRE(converted.has_value());
            CHECK(converted->json == "");
        }
        // Alternatives of objects become one object.
        CHECK(
            to_openapi(
                R"({"anyOf":[{"type":"object","properties":{"a":{"type":"string"},"k":{"type":"string"}},"required":["a","k"]},)"
                R"({"type":"object","properties":{"b":{"type":"string"},"k":{"type":"string"}},"required":["b","k"]}]})",
                SchemaUse::tool_parameters)
                ->json ==
            R"({"type":"OBJECT","properties":{"a":{"type":"STRING"},"k":{"type":"STRING"},"b":{"type":"STRING"}},"required":["k"]})");
    }

    TEST_CASE("the way back: JSON Schema as the other dialects take it") {
        CHECK(
            from_openapi(
                R"({"type":"OBJECT","properties":{"type":{"type":"STRING","nullable":true},"n":{"any_of":[{"type":"INTEGER"},{"type":"NUMBER"}]}},"property_ordering":["n"],"required":["n"]})") ==
            R"({"type":"object","properties":{"type":{"type":["string","null"]},"n":{"anyOf":[{"type":"integer"},{"type":"number"}]}},"required":["n"]})");
        CHECK(
            from_openapi(R"({"type":"ARRAY","minItems":"2","items":{"type":"STRING","format":"enum","enum":["a"]}})") ==
            R"({"type":"array","minItems":2,"items":{"type":"string","enum":["a"]}})");
        // JSON Schema stays as it is, byte for byte.
        const std::string plain = R"({ "type":"object", "properties":{"A_b":{"type":"string","default":1.0}} })";
        CHECK(from_openapi(plain) == plain);
        CHECK(from_openapi("{") == "{");
    }

    TEST_CASE("every tool schema of the recorded agents converts") {
        const fs::path agents = fixtures_dir().parent_path() / "agents";
        if (!fs::exists(agents)) {
            TELL("no recorded agents at " << agents.string() << ": skipped");
            return;
        }
        std::vector<std::string> schemas;
        for (const auto& entry : fs::recursive_directory_iterator(agents)) {
            if (entry.path().extension() != ".json") { continue; }
            const auto body = ordered_json::parse(read_file(entry.path()), nullptr, false);
            if (!body.is_discarded()) { collect(body, schemas); }
        }
        REQUIRE(schemas.size() > 100);
        const std::set<std::string> distinct(schemas.begin(), schemas.end());
        std::size_t losses = 0;
        for (const auto& schema : distinct) {
            CAPTURE(schema);
            const auto converted = to_openapi(schema, SchemaUse::tool_parameters);
            REQUIRE_MESSAGE(converted.has_value(), converted.error().message);
            losses += converted->losses.size();
            if (!converted->json.empty()) { CHECK(refused(parsed(converted->json), "") == ""); }
            CHECK(from_openapi(schema) == schema);
        }
        TELL(schemas.size() << " tool schemas, " << distinct.size() << " different ones: all convert; " << losses
                            << " keywords went into descriptions");
    }
}
