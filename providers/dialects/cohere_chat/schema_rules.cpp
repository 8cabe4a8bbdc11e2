#include "providers/dialects/cohere_chat/schema_rules.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

namespace llmgw::wire {
namespace {

using Json = nlohmann::ordered_json;

// From Cohere's list of what its structured outputs do not support.
constexpr std::array<std::string_view, 11> unenforced{"minimum",     "maximum",  "exclusiveMinimum", "exclusiveMaximum",
                                                      "minItems",    "maxItems", "minLength",        "maxLength",
                                                      "uniqueItems", "not",      "multipleOf"};
constexpr std::array<std::string_view, 4> formats{"date-time", "uuid", "date", "time"};
constexpr std::array<std::string_view, 4> unknown_in_patterns{"^", "$", "(?=", "(?!"};

bool is_text(const Json& value, std::string_view text) {
    return value.is_string() && value.get_ref<const std::string&>() == text;
}

bool is_unknown_pattern(const Json& value) {
    if (!value.is_string()) { return true; }
    const std::string_view text = value.get_ref<const std::string&>();
    return std::ranges::any_of(unknown_in_patterns, [&](auto piece) { return text.find(piece) != text.npos; });
}

class Reader {
public:
    explicit Reader(HeldSchema& out) : out_(out) {}

    void read(Json& schema, const std::string& path) {
        if (!schema.is_object() || !out_.fault.empty()) { return; }
        if (schema.contains("allOf")) { return fail(path, "allOf is not known there"); }
        if (schema.contains("oneOf") && !schema.contains("anyOf")) {
            schema["anyOf"] = schema["oneOf"];
            schema.erase("oneOf");
            changed = true;
        }
        for (const auto key : unenforced) {
            move_out(schema, std::string(key), path);
        }
        const auto is_format = [&](std::string_view format) { return is_text(schema["format"], format); };
        if (schema.contains("format") && std::ranges::none_of(formats, is_format)) { move_out(schema, "format", path); }
        if (schema.contains("pattern") && is_unknown_pattern(schema["pattern"])) { move_out(schema, "pattern", path); }
        const auto type = schema.find("type");
        const bool object = type != schema.end() && is_text(*type, "object");
        if (object || schema.contains("properties")) { read_object(schema, path); }
        descend(schema, path);
    }

    bool changed = false;

private:
    void fail(const std::string& path, std::string_view why) {
        out_.fault = (path.empty() ? std::string() : path.substr(1) + ": ") + std::string(why);
    }

    void move_out(Json& schema, const std::string& key, const std::string& path) {
        const auto found = schema.find(key);
        if (found == schema.end()) { return; }
        const std::string value = found->dump(-1, ' ', false, Json::error_handler_t::replace);
        schema.erase(key);
        const auto description = schema.find("description");
        const bool described = description != schema.end() && description->is_string();
        std::string text = described ? description->get<std::string>() + "\n\n" : "";
        schema["description"] = text + "{" + key + ": " + value + "}";
        out_.moved.push_back(path + "." + key);
        changed = true;
    }

    void read_object(const Json& schema, const std::string& path) {
        const auto required = schema.find("required");
        if (required == schema.end() || !required->is_array() || required->empty()) {
            return fail(path, "an object in it requires none of its properties");
        }
        const auto properties = schema.find("properties");
        const auto is_missing = [&](const Json& name) {
            return !name.is_string() || properties == schema.end() || !properties->is_object() ||
                   !properties->contains(name.get_ref<const std::string&>());
        };
        if (std::ranges::any_of(*required, is_missing)) { return fail(path, "it requires what is no property"); }
        out_.fields += properties->size();
    }

    void descend(Json& schema, const std::string& path) {
        for (const char* key : {"properties", "$defs", "definitions"}) {
            const auto children = schema.find(key);
            if (children == schema.end() || !children->is_object()) { continue; }
            for (auto& [name, child] : children->items()) {
                read(child, path + "." + key + "." + name);
            }
        }
        for (const char* key : {"items", "additionalProperties"}) {
            const auto child = schema.find(key);
            if (child != schema.end()) { read(*child, path + "." + key); }
        }
        const auto variants = schema.find("anyOf");
        if (variants == schema.end() || !variants->is_array()) { return; }
        for (std::size_t i = 0; i < variants->size(); ++i) {
            read((*variants)[i], path + ".anyOf[" + std::to_string(i) + "]");
        }
    }

    HeldSchema& out_;
};

}  // namespace

HeldSchema held_schema(const JsonText& schema) {
    HeldSchema held;
    Json json = Json::parse(schema, nullptr, false);
    const bool object =
        !json.is_discarded() && json.is_object() && json.contains("type") && is_text(json["type"], "object");
    if (!object) {
        held.fault = "it is no object's";
        return held;
    }
    Reader reader(held);
    reader.read(json, "");
    held.schema = reader.changed ? json.dump(-1, ' ', false, Json::error_handler_t::replace) : schema;
    return held;
}

}  // namespace llmgw::wire
