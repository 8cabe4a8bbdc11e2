#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "cli/ask/schema.hpp"
#include "cli/ask/schema_check.hpp"

using namespace llmgw;
using nlohmann::json;

namespace {

JsonSchema schema(const std::string& text) {
    auto parsed = JsonSchema::parse(text, "s.json");
    REQUIRE_MESSAGE(parsed.has_value(), text << ": " << (parsed ? "" : parsed.error().message));
    return std::move(*parsed);
}

bool fits(const std::string& text, const std::string& value) {
    return schema(text).problems(json::parse(value)).empty();
}

std::string first_problem(const std::string& text, const std::string& value) {
    const auto problems = schema(text).problems(json::parse(value));
    return problems.empty() ? "" : problems.front();
}

std::string parse_error(const std::string& text) {
    const auto parsed = JsonSchema::parse(text, "s.json");
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().kind == ErrorKind::usage);
    return parsed.error().message;
}

}  // namespace

TEST_CASE("JsonSchema: each keyword accepts and refuses") {
    struct Row {
        std::string schema;
        std::string yes;
        std::string no;
    };
    const std::vector<Row> rows{
        {R"({"type":"object"})", "{}", "[]"},
        {R"({"type":"integer"})", "3.0", "3.5"},
        {R"({"type":"number"})", "3.5", "\"3\""},
        {R"({"type":["string","null"]})", "null", "1"},
        {R"({"type":"boolean"})", "false", "0"},
        {R"({"enum":["a",1,null]})", "1", "2"},
        {R"({"const":{"a":[1]}})", R"({"a":[1]})", R"({"a":[2]})"},
        {R"({"properties":{"a":{"type":"string"}}})", R"({"a":"x","b":1})", R"({"a":1})"},
        {R"({"required":["a"]})", R"({"a":null})", "{}"},
        {R"({"properties":{"a":true},"additionalProperties":false})", R"({"a":1})", R"({"b":1})"},
        {R"({"additionalProperties":{"type":"integer"}})", R"({"b":1})", R"({"b":"1"})"},
        {R"({"patternProperties":{"^n_":{"type":"integer"}},"additionalProperties":false})", R"({"n_a":1})",
         R"({"x":1})"},
        {R"({"patternProperties":{"^n_":{"type":"integer"}}})", R"({"x":"s"})", R"({"n_a":"s"})"},
        {R"({"propertyNames":{"maxLength":2}})", R"({"ab":1})", R"({"abc":1})"},
        {R"({"minProperties":1})", R"({"a":1})", "{}"},
        {R"({"maxProperties":1})", R"({"a":1})", R"({"a":1,"b":2})"},
        {R"({"dependentRequired":{"a":["b"]}})", R"({"b":1})", R"({"a":1})"},
        {R"({"dependentSchemas":{"a":{"required":["b"]}}})", R"({"a":1,"b":1})", R"({"a":1})"},
        {R"({"items":{"type":"integer"}})", "[1,2]", "[1,\"2\"]"},
        {R"({"prefixItems":[{"type":"string"}],"items":false})", R"(["a"])", R"(["a",1])"},
        {R"({"prefixItems":[{"type":"string"}]})", R"(["a",1])", "[1]"},
        {R"({"items":[{"type":"string"}],"additionalItems":{"type":"integer"}})", R"(["a",1])", R"(["a","b"])"},
        {R"({"contains":{"const":1},"maxContains":2})", "[2,1]", "[2]"},
        {R"({"contains":{"const":1},"maxContains":2})", "[1,1]", "[1,1,1]"},
        {R"({"minItems":2})", "[1,2]", "[1]"},
        {R"({"maxItems":1})", "[1]", "[1,2]"},
        {R"({"uniqueItems":true})", "[1,2]", R"([{"a":1},2,{"a":1}])"},
        {R"({"minimum":2})", "2", "1.9"},
        {R"({"maximum":2})", "2", "3"},
        {R"({"exclusiveMinimum":2})", "2.1", "2"},
        {R"({"exclusiveMaximum":2})", "1", "2"},
        {R"({"multipleOf":5})", "10", "11"},
        {R"({"multipleOf":0.1})", "0.3", "0.35"},
        {R"({"minLength":2})", "\"日本\"", "\"日\""},
        {R"({"maxLength":2})", "\"日本\"", "\"abc\""},
        {R"({"pattern":"^[A-Z]{3}$"})", "\"EUR\"", "\"euro\""},
        {R"({"anyOf":[{"type":"string"},{"minimum":5}]})", "7", "3"},
        {R"({"oneOf":[{"type":"integer"},{"minimum":5}]})", "3", "7"},
        {R"({"oneOf":[{"type":"integer"},{"type":"string"}]})", "\"x\"", "null"},
        {R"({"allOf":[{"type":"integer"},{"minimum":5}]})", "7", "3"},
        {R"({"not":{"type":"string"}})", "1", "\"x\""},
        {R"({"if":{"type":"string"},"then":{"minLength":2},"else":{"minimum":2}})", "\"ab\"", "1"},
        {R"({"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}})", "\"x\"", "1"},
        {R"({"$ref":"#/definitions/a%20b~1c","definitions":{"a b/c":{"type":"string"}}})", "\"x\"", "1"},
        {R"({"type":"object","properties":{"next":{"$ref":"#"}},"additionalProperties":false})",
         R"({"next":{"next":{}}})", R"({"next":{"other":1}})"},
        {R"({"properties":{"a":false}})", "{}", R"({"a":1})"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.schema);
        CHECK(fits(row.schema, row.yes));
        CHECK_FALSE(fits(row.schema, row.no));
        CHECK(schema(row.schema).unchecked().empty());
    }
}

TEST_CASE("JsonSchema: problems name the place, what was expected and what is there") {
    const std::string text =
        R"({"type":"object","required":["name"],"properties":{"items":{"items":{"properties":{"price":{"type":"number"}}}}}})";
    const auto problems = schema(text).problems(json::parse(R"({"items":[{"price":1},{"price":"two"}]})"));
    CHECK(problems ==
          std::vector<std::string>{"the answer lacks \"name\"", "/items/1/price: must be a number, not a string"});
    CHECK(first_problem(R"({"enum":["a","b"]})", "\"c\"") == R"(the answer must be one of ["a","b"], not "c")");
    CHECK(first_problem(R"({"properties":{"a/b":{"minLength":3}}})", R"({"a/b":"x"})") ==
          "/a~1b: must have at least 3 characters, not 1");
    CHECK(first_problem(R"({"anyOf":[{"type":"string"},{"type":"null"}]})", "1") ==
          "the answer fits none of the schema's anyOf (of the first: the answer must be a string, not a whole number)");
    // A list of a thousand wrong items is told once or twice, not a thousand times.
    CHECK(schema(R"({"items":{"type":"string"}})").problems(json(std::vector<int>(1000, 1))).size() == 20);
}

TEST_CASE("JsonSchema: what would change the verdict and is not checked is told") {
    const auto unchecked = schema(R"({"type":"object","properties":{"when":{"type":"string","format":"date"},
        "who":{"$ref":"https://example.com/p.json"},"code":{"pattern":"^(?=a)b"}},"requried":["when"],
        "unevaluatedProperties":false,"x-note":1,"title":"t","$comment":"c"})")
                               .unchecked();
    REQUIRE(unchecked.size() == 5);
    const auto has = [&](const std::string& part) {
        return std::any_of(unchecked.begin(), unchecked.end(),
                           [&](const std::string& one) { return one.find(part) != std::string::npos; });
    };
    CHECK(has("format at /properties/when"));
    CHECK(has("$ref at /properties/who/$ref: llmgw fetches nothing"));
    CHECK(has("the pattern at /properties/code/pattern: it uses look-around"));
    CHECK(has("requried at the top (\"required\" was meant?)"));
    CHECK(has("unevaluatedProperties at the top"));
}

TEST_CASE("JsonSchema: a schema that is none is refused with its place") {
    CHECK(parse_error("{\n \"a\": }").find("s.json is not JSON at line 2, column") == 0);
    CHECK(parse_error("[]").find("must be an object") != std::string::npos);
    CHECK(parse_error(R"({"properties":{"a":{"type":"strng"}}})") ==
          "s.json is no valid JSON Schema: /properties/a/type is no type: object, array, string, number, integer, "
          "boolean or "
          "null; did you mean \"string\"?");
    CHECK(
        parse_error(R"({"$ref":"#/$defs/b","$defs":{}})").find("refers to \"#/$defs/b\", which is not in the schema") !=
        std::string::npos);
    CHECK(parse_error(R"({"pattern":"("})")
              .find("/pattern is no regular expression: it has a group that is not closed") != std::string::npos);
    for (const std::string bad : {R"({"properties":[]})", R"({"required":"a"})", R"({"minLength":-1})",
                                  R"({"minLength":1.5})", R"({"anyOf":[]})", R"({"items":3})", R"({"type":[]})",
                                  R"({"enum":1})", R"({"multipleOf":0})", R"({"uniqueItems":1})"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_error(bad).empty());
    }
    std::string deep;
    for (int i = 0; i < 100'000; ++i) {
        deep += "{\"not\":";
    }
    CHECK(parse_error(deep).find("nested too deeply") != std::string::npos);
}

TEST_CASE("JsonSchema: schemas that lead nowhere end") {
    CHECK(first_problem(R"({"$ref":"#"})", "1").find("leads too deep") != std::string::npos);
    std::string doubling = R"({"$defs":{"a0":{"type":"string"})";
    for (int i = 1; i < 60; ++i) {
        const auto inner = R"({"$ref":"#/$defs/a)" + std::to_string(i - 1) + "\"}";
        doubling += ",\"a" + std::to_string(i) + "\":{\"anyOf\":[" + inner + "," + inner + "]}";
    }
    CHECK_FALSE(fits(doubling + R"(},"$ref":"#/$defs/a59"})", "1"));
}

TEST_CASE("JsonSchema: name and strict mode") {
    CHECK(schema(R"({"title":"Résumé of a CV!"})").name() == "R__sum___of_a_CV_");
    CHECK(schema("{}").name() == "answer");
    CHECK(schema(R"({"title":"!!"})").name() == "answer");
    const std::string closed =
        R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false})";
    CHECK(schema(closed).fits_strict_mode());
    CHECK_FALSE(
        schema(R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"]})").fits_strict_mode());
    CHECK_FALSE(schema(R"({"type":"object","properties":{"a":{}},"required":[],"additionalProperties":false})")
                    .fits_strict_mode());
    CHECK_FALSE(
        schema(R"({"type":"object","properties":{"a":{"type":"array","items":{"type":"object"}}},"required":["a"],
                           "additionalProperties":false})")
            .fits_strict_mode());
    CHECK_FALSE(schema(R"({"type":"array"})").fits_strict_mode());
    CHECK(schema("{ \"b\" : 1.0,\n \"a\":12345678901234567890 }").text() == R"({"b":1.0,"a":12345678901234567890})");
}

TEST_CASE("json_nesting: brackets, not those in strings") {
    CHECK(json_nesting("[[]]") == 2);
    CHECK(json_nesting(R"(["[[[\"[[",{}])") == 2);
    CHECK(json_nesting(std::string(3000, '[')) == 3000);
}
