#include "providers/dialects/anthropic/schema_rules.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include <nlohmann/json.hpp>

#include "core/util/json_scan.hpp"
#include "core/util/text.hpp"

namespace llmgw::wire {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 3> unions{"anyOf", "oneOf", "allOf"};

constexpr std::array<std::string_view, 23> unenforced{"minimum",
                                                      "maximum",
                                                      "exclusiveMinimum",
                                                      "exclusiveMaximum",
                                                      "multipleOf",
                                                      "minLength",
                                                      "maxLength",
                                                      "maxItems",
                                                      "uniqueItems",
                                                      "contains",
                                                      "minContains",
                                                      "maxContains",
                                                      "minProperties",
                                                      "maxProperties",
                                                      "propertyNames",
                                                      "patternProperties",
                                                      "dependentSchemas",
                                                      "dependentRequired",
                                                      "unevaluatedProperties",
                                                      "unevaluatedItems",
                                                      "if",
                                                      "then",
                                                      "else"};

constexpr std::array<std::string_view, 10> formats{"date-time", "time", "date", "duration", "email",
                                                   "hostname",  "uri",  "ipv4", "ipv6",     "uuid"};

std::optional<Json> parse(const JsonText& schema) {
    Json json = Json::parse(schema, nullptr, false);
    if (json.is_discarded() || !json.is_object()) { return std::nullopt; }
    return json;
}

std::unexpected<Error> no_schema(std::string_view field) {
    return fail(ErrorKind::bad_request, std::string(field) + ": expected a JSON Schema object");
}

void note_in_description(Json& schema, const std::string& key, const Json& value) {
    const auto found = schema.find("description");
    std::string text = found != schema.end() && found->is_string() ? found->get<std::string>() : "";
    if (!text.empty()) { text += "\n\n"; }
    schema["description"] = text + "{" + key + ": " + value.dump() + "}";
}

// Types as OpenAPI subsets write them ("OBJECT") are not JSON Schema's.
void lower_types(Json& node) {
    if (node.is_array()) {
        for (Json& child : node) {
            lower_types(child);
        }
        return;
    }
    if (!node.is_object()) { return; }
    for (auto& [key, value] : node.items()) {
        if (key == "type" && value.is_string()) {
            value = lower(value.get<std::string>());
        } else if (key != "enum" && key != "const" && key != "default" && key != "examples") {
            lower_types(value);
        }
    }
}

bool has_upper_types(std::string_view schema) {
    constexpr std::array<std::string_view, 6> words{"\"OBJECT\"",  "\"STRING\"", "\"ARRAY\"",
                                                    "\"INTEGER\"", "\"NUMBER\"", "\"BOOLEAN\""};
    return std::ranges::any_of(words, [&](auto word) { return schema.find(word) != std::string_view::npos; });
}

// Unions at the top are refused: their properties are offered together, and only what all of them require is required.
void flatten_unions(Json& schema, std::string_view field, Drops& drops) {
    for (const auto name : unions) {
        const std::string key(name);
        if (!schema.contains(key) || !schema[key].is_array()) { continue; }
        const Json variants = schema[key];
        schema.erase(key);
        drops.note(std::string(field) + "." + key,
                   "anthropic takes no union at the top of a tool's schema: the "
                   "properties are offered together");
        std::optional<std::set<std::string>> required;
        for (const Json& variant : variants) {
            if (!variant.is_object()) { continue; }
            if (variant.contains("properties") && variant["properties"].is_object()) {
                for (const auto& [property, value] : variant["properties"].items()) {
                    if (!schema["properties"].contains(property)) { schema["properties"][property] = value; }
                }
            }
            std::set<std::string> own;
            if (variant.contains("required") && variant["required"].is_array()) {
                for (const Json& word : variant["required"]) {
                    if (word.is_string()) { own.insert(word.get<std::string>()); }
                }
            }
            if (!required) {
                required = own;
            } else if (key == "allOf") {
                required->insert(own.begin(), own.end());
            } else {
                std::erase_if(*required, [&](const std::string& word) { return !own.contains(word); });
            }
        }
        if (!required) { continue; }
        Json& list = schema["required"];
        if (!list.is_array()) { list = Json::array(); }
        for (const auto& word : *required) {
            if (std::ranges::find(list, Json(word)) == list.end()) { list.push_back(word); }
        }
    }
}

class StrictSchema {
public:
    explicit StrictSchema(Drops& drops) : drops_(drops) {}

    void clean(Json& schema, const std::string& field) {
        if (!schema.is_object()) { return; }
        for (const auto name : unenforced) {
            take_out(schema, std::string(name), field);
        }
        if (schema.contains("minItems") && schema["minItems"] != 0 && schema["minItems"] != 1) {
            take_out(schema, "minItems", field);
        }
        const auto is_format = [&](std::string_view format) { return schema["format"] == format; };
        if (schema.contains("format") && std::ranges::none_of(formats, is_format)) {
            take_out(schema, "format", field);
        }
        if (schema.contains("oneOf") && !schema.contains("anyOf")) {
            schema["anyOf"] = schema["oneOf"];
            schema.erase("oneOf");
        }
        if (schema.value("type", Json()) == "object" || schema.contains("properties")) {
            const auto open = schema.find("additionalProperties");
            if (open != schema.end() && *open != false) {
                drops_.note(field + ".additionalProperties", "anthropic's structured output knows closed objects only");
            }
            schema["additionalProperties"] = false;
        }
        descend(schema, field);
    }

private:
    void take_out(Json& schema, const std::string& key, const std::string& field) {
        const auto found = schema.find(key);
        if (found == schema.end()) { return; }
        const Json value = std::move(*found);
        schema.erase(found);
        note_in_description(schema, key, value);
        drops_.note(field + "." + key, "anthropic does not enforce it; it is said in the description");
    }

    void descend(Json& schema, const std::string& field) {
        for (const char* key : {"properties", "$defs", "definitions"}) {
            if (!schema.contains(key) || !schema[key].is_object()) { continue; }
            for (auto& [name, child] : schema[key].items()) {
                clean(child, field + "." + key + "." + name);
            }
        }
        if (schema.contains("items")) { clean(schema["items"], field + ".items"); }
        for (const auto name : unions) {
            const std::string key(name);
            if (!schema.contains(key) || !schema[key].is_array()) { continue; }
            for (std::size_t i = 0; i < schema[key].size(); ++i) {
                clean(schema[key][i], field + "." + key + "[" + std::to_string(i) + "]");
            }
        }
    }

    Drops& drops_;
};

std::string written(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Result<JsonText> input_schema(const JsonText& schema, std::string_view field, Drops& drops) {
    if (schema.empty()) { return R"({"type":"object","properties":{}})"; }
    bool object = false;
    bool plain = true;
    const bool whole = json_scan::each_member(schema, [&](std::string_view key, const json_scan::Value& value) {
        if (key == "type") { object = value.raw_string() == "object"; }
        if (std::ranges::find(unions, key) != unions.end()) { plain = false; }
        return true;
    });
    if (whole && object && plain && !has_upper_types(schema) && Json::accept(schema)) { return schema; }
    auto json = parse(schema);
    if (!json) { return no_schema(field); }
    try {
        if (has_upper_types(schema)) { lower_types(*json); }
        flatten_unions(*json, field, drops);
        if (json->value("type", Json()) != "object") { (*json)["type"] = "object"; }
        return written(*json);
    } catch (const Json::exception&) { return no_schema(field); }
}

Result<JsonText> strict_schema(const JsonText& schema, std::string_view field, Drops& drops) {
    auto json = parse(schema);
    if (!json) { return no_schema(field); }
    try {
        if (has_upper_types(schema)) { lower_types(*json); }
        StrictSchema(drops).clean(*json, std::string(field));
        return written(*json);
    } catch (const Json::exception&) { return no_schema(field); }
}

}  // namespace llmgw::wire
