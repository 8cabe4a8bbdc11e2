#include <array>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "core/util/text.hpp"
#include "providers/dialects/gemini/json.hpp"
#include "providers/dialects/gemini/schema.hpp"
#include "providers/dialects/gemini/schema_merge.hpp"

namespace llmgw::wire::gemini {

namespace {

constexpr int depth_max = 128;

// Numbers the API writes in quotes.
constexpr std::array<std::string_view, 6> quoted_numbers{"minItems",  "maxItems",      "minLength",
                                                         "maxLength", "minProperties", "maxProperties"};

void add_null(SchemaTree& schema) {
    if (schema.contains("anyOf")) {
        schema["anyOf"].push_back(SchemaTree{{"type", "null"}});
    } else if (schema.contains("type") && schema["type"].is_string()) {
        schema["type"] = SchemaTree::array({schema["type"], "null"});
        if (schema.contains("enum") && schema["enum"].is_array()) { schema["enum"].push_back(nullptr); }
    }
}

SchemaTree to_json_schema(const SchemaTree& schema, int depth);

SchemaTree converted(std::string_view key, const SchemaTree& value, int depth) {
    if (key == "type" && value.is_string()) { return lower(value.get<std::string>()); }
    if (key == "items") { return to_json_schema(value, depth); }
    if ((key == "anyOf" || key == "prefixItems") && value.is_array()) {
        SchemaTree list = SchemaTree::array();
        for (const auto& one : value) {
            list.push_back(to_json_schema(one, depth));
        }
        return list;
    }
    if ((key == "properties" || key == "$defs" || key == "definitions") && value.is_object()) {
        SchemaTree properties = SchemaTree::object();
        for (const auto& [name, one] : value.items()) {
            properties[name] = to_json_schema(one, depth);
        }
        return properties;
    }
    for (const auto name : quoted_numbers) {
        if (key == name && value.is_string()) { return std::atoll(value.get_ref<const std::string&>().c_str()); }
    }
    return value;
}

SchemaTree to_json_schema(const SchemaTree& schema, int depth) {
    if (!schema.is_object() || depth > depth_max) { return schema; }
    SchemaTree out = SchemaTree::object();
    std::string buffer;
    for (const auto& [written, value] : schema.items()) {
        const std::string key(camel(written, buffer));
        const bool unsaid = (key == "type" && value == "TYPE_UNSPECIFIED") || (key == "format" && value == "enum") ||
                            key == "nullable" || key == "propertyOrdering";
        if (unsaid) { continue; }
        if (key == "example") {
            out["examples"] = SchemaTree::array({value});
        } else {
            out[key] = converted(key, value, depth + 1);
        }
    }
    if (schema.value("nullable", false)) { add_null(out); }
    return out;
}

}  // namespace

JsonText from_openapi(std::string_view schema) {
    const auto tree = SchemaTree::parse(schema, nullptr, false);
    if (tree.is_discarded()) { return std::string(schema); }
    try {
        const auto out = to_json_schema(tree, 0);
        return out == tree ? std::string(schema) : out.dump(-1, ' ', false, SchemaTree::error_handler_t::replace);
    } catch (const SchemaTree::exception&) {
        return std::string(schema);  // "nullable" that is no boolean, and the like
    }
}

}  // namespace llmgw::wire::gemini
