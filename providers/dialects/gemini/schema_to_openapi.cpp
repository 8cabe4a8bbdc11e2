#include <algorithm>
#include <array>
#include <optional>

#include <nlohmann/json.hpp>

#include "core/util/text.hpp"
#include "providers/dialects/gemini/schema.hpp"
#include "providers/dialects/gemini/schema_merge.hpp"
#include "providers/dialects/gemini/schema_values.hpp"

namespace llmgw::wire::gemini {

namespace {

// A schema is written out where it is referred to, so a small one can become endless.
constexpr std::size_t nodes_max = 20'000;
constexpr int depth_max = 64;

class Converter {
public:
    explicit Converter(const SchemaTree& root) : refs_(root) {}

    std::optional<SchemaTree> convert(const SchemaTree& schema, const std::string& path, int depth);
    SchemaNotes& notes() { return notes_; }

private:
    using Maybe = std::optional<SchemaTree>;

    Maybe convert_flat(SchemaTree flat, const std::string& path, int depth);
    Maybe convert_variants(const SchemaTree& flat, const SchemaTree& variants, const std::string& path, int depth);
    Maybe convert_typed(const SchemaTree& flat, const std::string& type, const std::string& path, int depth);
    bool add_object(SchemaTree& out, const SchemaTree& flat, Remarks& remarks, const std::string& path, int depth);
    bool add_array(SchemaTree& out, const SchemaTree& flat, Remarks& remarks, const std::string& path, int depth);
    void lose(const std::string& path, std::string_view keyword) { notes_.losses.push_back(path_of(path, keyword)); }

    SchemaRefs refs_;
    SchemaNotes notes_;
    std::size_t nodes_ = 0;
};

Converter::Maybe Converter::convert(const SchemaTree& schema, const std::string& path, int depth) {
    if (++nodes_ > nodes_max || depth > depth_max) {
        notes_.refuse(path, "the schema is too large or too deep when its references are written out");
        return std::nullopt;
    }
    const std::size_t before = refs_.open();
    auto flat = refs_.flatten(schema, path, notes_);
    Maybe out;
    if (flat) { out = convert_flat(std::move(*flat), path, depth); }
    refs_.close(before);
    return out;
}

Converter::Maybe Converter::convert_flat(SchemaTree flat, const std::string& path, int depth) {
    for (const char* key : {"anyOf", "oneOf"}) {
        if (!flat.contains(key)) { continue; }
        const SchemaTree variants = flat[key];
        flat.erase(key);
        if (!variants.is_array() || variants.empty()) { continue; }
        return convert_variants(flat, variants, path, depth);
    }
    const SchemaTypes types = types_of(flat);
    if (!types.unknown.empty()) {
        notes_.refuse(path, "unknown type " + types.unknown);
        return std::nullopt;
    }
    if (types.words.empty() && !types.nullable) {
        SchemaTree out = any_value();
        Remarks remarks(flat);
        remarks.write(out);
        return out;
    }
    SchemaTree out;
    if (types.words.size() <= 1) {
        const auto typed = convert_typed(flat, types.words.empty() ? "string" : types.words.front(), path, depth);
        if (!typed) { return std::nullopt; }
        out = *typed;
        if (types.words.empty()) { out = SchemaTree{{"type", "STRING"}, {"description", "[always null]"}}; }
    } else {
        out["anyOf"] = SchemaTree::array();
        Remarks remarks(flat);
        SchemaTree bare = flat;
        bare.erase("description");
        bare.erase("title");
        for (const auto& type : types.words) {
            const auto typed = convert_typed(bare, type, path, depth);
            if (!typed) { return std::nullopt; }
            out["anyOf"].push_back(*typed);
        }
        remarks.write(out);
    }
    if (types.nullable) { out["nullable"] = true; }
    return out;
}

// What stands beside anyOf holds for every variant, and the subset wants anyOf to stand alone.
Converter::Maybe Converter::convert_variants(const SchemaTree& flat, const SchemaTree& variants,
                                             const std::string& path, int depth) {
    Remarks remarks(flat);
    SchemaTree base = flat;
    for (const char* key : {"description", "title", "default", "examples"}) {
        base.erase(key);
    }
    SchemaTree out = SchemaTree::array();
    bool nullable = false;
    SchemaTree only_required = SchemaTree::array();
    std::string impossible;
    for (std::size_t i = 0; i < variants.size(); ++i) {
        const std::string inside = path_of(path, "anyOf." + std::to_string(i));
        if (variants[i] == false) { continue; }
        const std::size_t before = refs_.open();
        auto variant = refs_.flatten(variants[i], inside, notes_);
        if (!variant) { return std::nullopt; }
        if (says_null(*variant)) {
            nullable = true;
        } else if (variant->size() == 1 && variant->contains("required") && !base.empty()) {
            only_required.push_back((*variant)["required"]);
        } else {
            SchemaNotes trial;
            if (merge_schema(*variant, base, inside, trial)) {
                notes_.losses.insert(notes_.losses.end(), trial.losses.begin(), trial.losses.end());
                const auto one = convert_flat(std::move(*variant), inside, depth + 1);
                if (!one) { return std::nullopt; }
                if (std::ranges::find(out, *one) == out.end()) { out.push_back(*one); }
            } else {
                impossible = trial.fault;
            }
        }
        refs_.close(before);
    }
    if (!only_required.empty()) {
        remarks.add("one of these sets is required", only_required);
        lose(path, "anyOf");
        if (out.empty()) {
            remarks.move_into(base);
            return convert_flat(std::move(base), path, depth + 1);
        }
    }
    if (out.empty() && !nullable) {
        notes_.refuse(path, impossible.empty() ? "no variant is left" : "no variant can hold: " + impossible);
        return std::nullopt;
    }
    SchemaTree whole = SchemaTree::object();
    if (out.empty()) {
        whole = SchemaTree{{"type", "STRING"}, {"description", "[always null]"}};
    } else if (out.size() == 1) {
        whole = out.front();
    } else if (const auto words = one_enum(out)) {
        whole = *words;
    } else {
        whole["anyOf"] = out;
    }
    remarks.write(whole);
    if (nullable) { whole["nullable"] = true; }
    return whole;
}

Converter::Maybe Converter::convert_typed(const SchemaTree& flat, const std::string& type, const std::string& path,
                                          int depth) {
    Remarks remarks(flat);
    SchemaTree out = SchemaTree::object();
    out["type"] = upper_type(type);
    for (const auto& [key, value] : flat.items()) {
        if (is_structure(key)) { continue; }
        if (take_keyword(out, key, value, type) == KeywordFate::constraint) {
            remarks.add(key, value);
            lose(path, key);
        }
    }
    const bool has_values = flat.contains("enum") || flat.contains("const");
    if (has_values && !add_values(out, flat, remarks)) { lose(path, flat.contains("enum") ? "enum" : "const"); }
    if (type == "object" && !add_object(out, flat, remarks, path, depth)) { return std::nullopt; }
    if (type == "array" && !add_array(out, flat, remarks, path, depth)) { return std::nullopt; }
    remarks.write(out);
    return out;
}

bool Converter::add_object(SchemaTree& out, const SchemaTree& flat, Remarks& remarks, const std::string& path,
                           int depth) {
    SchemaTree properties = SchemaTree::object();
    SchemaTree required = SchemaTree::array();
    if (flat.contains("properties") && flat["properties"].is_object()) {
        for (const auto& [name, schema] : flat["properties"].items()) {
            if (schema == false) {
                remarks.add("never " + name, SchemaTree(true));
                continue;
            }
            const auto one = convert(schema, path_of(path, "properties." + name), depth + 1);
            if (!one) { return false; }
            properties[name] = *one;
        }
    }
    if (flat.contains("required") && flat["required"].is_array()) {
        SchemaTree elsewhere = SchemaTree::array();
        for (const auto& name : flat["required"]) {
            const bool known = name.is_string() && properties.contains(name.get<std::string>());
            (known ? required : elsewhere).push_back(name);
        }
        if (!elsewhere.empty()) {
            remarks.add("also required", elsewhere);
            lose(path, "required");
        }
    }
    if (flat.contains("additionalProperties")) {
        const SchemaTree& more = flat["additionalProperties"];
        const bool demands = more != true && !(more.is_object() && more.empty());
        if (demands) {
            remarks.add("additionalProperties", more);
            lose(path, "additionalProperties");
        }
    }
    if (!properties.empty()) { out["properties"] = properties; }
    if (!required.empty()) { out["required"] = required; }
    return true;
}

bool Converter::add_array(SchemaTree& out, const SchemaTree& flat, Remarks& remarks, const std::string& path,
                          int depth) {
    const char* tuple = flat.contains("prefixItems") ? "prefixItems" : "items";
    SchemaTree kinds = SchemaTree::array();
    if (flat.contains(tuple) && flat[tuple].is_array()) {
        for (std::size_t i = 0; i < flat[tuple].size(); ++i) {
            const auto one =
                convert(flat[tuple][i], path_of(path, std::string(tuple) + "." + std::to_string(i)), depth + 1);
            if (!one) { return false; }
            if (std::ranges::find(kinds, *one) == kinds.end()) { kinds.push_back(*one); }
        }
        remarks.add("in this order", flat[tuple]);
        lose(path, tuple);
    }
    if (flat.contains("items") && flat["items"].is_object()) {
        const auto one = convert(flat["items"], path_of(path, "items"), depth + 1);
        if (!one) { return false; }
        if (std::ranges::find(kinds, *one) == kinds.end()) { kinds.push_back(*one); }
    }
    if (kinds.empty()) { kinds.push_back(any_value()); }
    out["items"] = kinds.size() == 1 ? kinds.front() : SchemaTree{{"anyOf", kinds}};
    return true;
}

// A tool's parameters are one object. Alternatives of objects become one that has all their properties.
bool make_object(SchemaTree& whole, SchemaNotes& notes) {
    if (whole.contains("anyOf")) {
        SchemaTree merged{{"type", "OBJECT"}};
        if (whole.contains("description")) { merged["description"] = whole["description"]; }
        SchemaTree properties = SchemaTree::object();
        SchemaTree required;
        for (const auto& one : whole["anyOf"]) {
            if (!one.contains("type") || one["type"] != "OBJECT") {
                return notes.refuse("", "a tool's parameters must be an object, in every alternative");
            }
            const SchemaTree mine = one.value("properties", SchemaTree::object());
            for (const auto& [name, schema] : mine.items()) {
                if (!properties.contains(name)) { properties[name] = schema; }
            }
            const SchemaTree needs = one.value("required", SchemaTree::array());
            SchemaTree common = SchemaTree::array();
            for (const auto& name : required.is_null() ? needs : required) {
                if (std::ranges::find(needs, name) != needs.end()) { common.push_back(name); }
            }
            required = common;
        }
        merged["properties"] = properties;
        if (!required.empty()) { merged["required"] = required; }
        whole = merged;
        notes.losses.emplace_back("anyOf");
    }
    if (whole.value("type", "") != "OBJECT") { return notes.refuse("", "a tool's parameters must be an object"); }
    return true;
}

}  // namespace

Result<OpenApiSchema> to_openapi(std::string_view json_schema, SchemaUse use) {
    const auto root = SchemaTree::parse(json_schema, nullptr, false);
    if (root.is_discarded()) { return fail(ErrorKind::bad_request, "the schema: no valid JSON"); }
    Converter converter(root);
    auto whole = converter.convert(root, "", 0);
    auto& notes = converter.notes();
    const bool for_tool = use == SchemaUse::tool_parameters;
    // {} as parameters means a tool without any.
    if (whole && for_tool && root.is_object() && types_of(root).words.empty() && !root.contains("anyOf") &&
        !root.contains("oneOf") && !root.contains("$ref") && !root.contains("allOf")) {
        return OpenApiSchema{{}, std::move(notes.losses)};
    }
    if (!whole || (for_tool && !make_object(*whole, notes))) { return fail(ErrorKind::bad_request, notes.fault); }
    if (for_tool && (!whole->contains("properties") || (*whole)["properties"].empty())) {
        return OpenApiSchema{{}, std::move(notes.losses)};
    }
    return OpenApiSchema{whole->dump(-1, ' ', false, SchemaTree::error_handler_t::replace), std::move(notes.losses)};
}

}  // namespace llmgw::wire::gemini
