#include "providers/dialects/gemini/schema_merge.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

namespace llmgw::wire::gemini {

namespace {

constexpr std::array<std::string_view, 6> lower_bounds{"minimum",  "exclusiveMinimum", "minLength",
                                                       "minItems", "minProperties",    "minContains"};
constexpr std::array<std::string_view, 6> upper_bounds{"maximum",  "exclusiveMaximum", "maxLength",
                                                       "maxItems", "maxProperties",    "maxContains"};
// They say nothing about the value, or were followed already.
constexpr std::array<std::string_view, 8> silent{"$defs",   "definitions", "$schema", "$id",
                                                 "$anchor", "$comment",    "$ref",    "$dynamicRef"};

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

SchemaTree as_list(const SchemaTree& value) {
    return value.is_array() ? value : SchemaTree::array({value});
}

bool holds(const SchemaTree& list, const SchemaTree& value) {
    return std::ranges::any_of(list, [&](const SchemaTree& one) { return one == value; });
}

// Types both sides allow; an integer is a number.
SchemaTree common_types(const SchemaTree& a, const SchemaTree& b) {
    SchemaTree common = SchemaTree::array();
    for (const auto& type : as_list(a)) {
        if (holds(as_list(b), type) || (type == "integer" && holds(as_list(b), "number"))) {
            common.push_back(type);
        } else if (type == "number" && holds(as_list(b), "integer")) {
            common.push_back("integer");
        }
    }
    return common.size() == 1 ? common.front() : common;
}

SchemaTree both(const SchemaTree& a, const SchemaTree& b) {
    return a == b ? a : SchemaTree{{"allOf", SchemaTree::array({a, b})}};
}

void merge_properties(SchemaTree& into, const SchemaTree& from) {
    if (!into.is_object() || !from.is_object()) { return; }
    for (const auto& [name, schema] : from.items()) {
        into[name] = into.contains(name) ? both(into[name], schema) : schema;
    }
}

}  // namespace

bool SchemaNotes::refuse(std::string_view path, std::string_view reason) {
    if (fault.empty()) { fault = (path.empty() ? "the schema" : std::string(path)) + ": " + std::string(reason); }
    return false;
}

std::string path_of(std::string_view path, std::string_view step) {
    return path.empty() ? std::string(step) : std::string(path) + "." + std::string(step);
}

bool merge_schema(SchemaTree& into, const SchemaTree& from, std::string_view path, SchemaNotes& notes) {
    for (const auto& [key, value] : from.items()) {
        if (is_one_of(silent, key)) { continue; }
        if (!into.contains(key)) {
            into[key] = value;
            continue;
        }
        SchemaTree& mine = into[key];
        if (mine == value) { continue; }
        if (key == "type") {
            mine = common_types(mine, value);
            if (mine.is_array() && mine.empty()) { return notes.refuse(path, "no type satisfies all of it"); }
        } else if (key == "properties" || key == "patternProperties") {
            merge_properties(mine, value);
        } else if (key == "required" && mine.is_array() && value.is_array()) {
            for (const auto& name : value) {
                if (!holds(mine, name)) { mine.push_back(name); }
            }
        } else if (key == "enum" && mine.is_array() && value.is_array()) {
            SchemaTree common = SchemaTree::array();
            for (const auto& one : mine) {
                if (holds(value, one)) { common.push_back(one); }
            }
            if (common.empty()) { return notes.refuse(path, "no value of the enum satisfies all of it"); }
            mine = common;
        } else if (key == "const") {
            return notes.refuse(path, "two different constants");
        } else if (key == "description" && mine.is_string() && value.is_string()) {
            mine = mine.get<std::string>() + "\n" + value.get<std::string>();
        } else if (key == "items") {
            mine = both(mine, value);
        } else if (is_one_of(lower_bounds, key) && mine.is_number() && value.is_number()) {
            mine = std::max(mine, value);
        } else if (is_one_of(upper_bounds, key) && mine.is_number() && value.is_number()) {
            mine = std::min(mine, value);
        } else if (key == "additionalProperties" && value == false) {
            mine = false;
        } else if (key != "title" && key != "default" && key != "examples" && key != "additionalProperties") {
            notes.losses.push_back(path_of(path, key));
        }
    }
    return true;
}

const SchemaTree* SchemaRefs::find(const std::string& ref) const {
    if (ref == "#") { return &root_; }
    if (!ref.starts_with("#/")) { return nullptr; }
    try {
        return &root_.at(SchemaTree::json_pointer(ref.substr(1)));
    } catch (const SchemaTree::exception&) { return nullptr; }
}

bool SchemaRefs::add_reference(SchemaTree& flat, const SchemaTree& ref, std::string_view path, SchemaNotes& notes) {
    if (!ref.is_string()) { return notes.refuse(path, "$ref is not a string"); }
    const auto name = ref.get<std::string>();
    const SchemaTree* target = find(name);
    if (target == nullptr) { return notes.refuse(path, "the reference " + name + " leads nowhere in this schema"); }
    const bool recursive =
        std::ranges::find(open_, name) != open_.end() || std::ranges::find(chain_, name) != chain_.end();
    if (recursive) {
        // Written out it would never end. The reader is told what belongs here.
        const bool typed = target->is_object() && target->contains("type") && (*target)["type"].is_string();
        notes.losses.push_back(path_of(path, "$ref"));
        return merge_schema(flat,
                            SchemaTree{{"type", typed ? (*target)["type"] : SchemaTree("object")},
                                       {"description", "[recursive: the same again as " + name + "]"}},
                            path, notes);
    }
    chain_.push_back(name);
    const auto inside = flatten_one(*target, path, notes);
    chain_.pop_back();
    followed_.push_back(name);
    return inside && merge_schema(flat, *inside, path, notes);
}

std::optional<SchemaTree> SchemaRefs::flatten(const SchemaTree& schema, std::string_view path, SchemaNotes& notes) {
    auto flat = flatten_one(schema, path, notes);
    // Opened together only now: neighbours in one allOf may name the same schema twice.
    open_.insert(open_.end(), followed_.begin(), followed_.end());
    followed_.clear();
    return flat;
}

std::optional<SchemaTree> SchemaRefs::flatten_one(const SchemaTree& schema, std::string_view path, SchemaNotes& notes) {
    if (schema.is_boolean()) {
        if (schema.get<bool>()) { return SchemaTree::object(); }
        notes.refuse(path, "allows no value at all");
        return std::nullopt;
    }
    if (!schema.is_object()) {
        notes.refuse(path, "expected a schema");
        return std::nullopt;
    }
    SchemaTree flat = SchemaTree::object();
    for (const auto& [key, value] : schema.items()) {
        if (key != "allOf" && !is_one_of(silent, key)) { flat[key] = value; }
    }
    for (const char* key : {"$ref", "$dynamicRef"}) {
        if (schema.contains(key) && !add_reference(flat, schema[key], path, notes)) { return std::nullopt; }
    }
    if (schema.contains("allOf")) {
        for (const auto& one : as_list(schema["allOf"])) {
            const auto inside = flatten_one(one, path, notes);
            if (!inside || !merge_schema(flat, *inside, path, notes)) { return std::nullopt; }
        }
    }
    return flat;
}

}  // namespace llmgw::wire::gemini
