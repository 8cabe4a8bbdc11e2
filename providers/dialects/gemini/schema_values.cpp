#include "providers/dialects/gemini/schema_values.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "core/util/text.hpp"
#include "core/util/utf8.hpp"

namespace llmgw::wire::gemini {

namespace {

// A lost constraint is told in a few words, not copied by the kilobyte.
constexpr std::size_t remark_bytes_max = 300;

struct TypeWords {
    std::string_view keyword;
    std::string_view type;
};

// What a schema without a type speaks of, by its keywords.
constexpr TypeWords implied[] = {
    {"properties", "object"},
    {"additionalProperties", "object"},
    {"patternProperties", "object"},
    {"required", "object"},
    {"propertyNames", "object"},
    {"minProperties", "object"},
    {"items", "array"},
    {"prefixItems", "array"},
    {"minItems", "array"},
    {"maxItems", "array"},
    {"uniqueItems", "array"},
    {"contains", "array"},
    {"pattern", "string"},
    {"minLength", "string"},
    {"maxLength", "string"},
    {"minimum", "number"},
    {"maximum", "number"},
    {"exclusiveMinimum", "number"},
    {"multipleOf", "number"},
    {"exclusiveMaximum", "number"},
};

constexpr std::array<std::string_view, 6> known_types{"string", "number", "integer", "boolean", "array", "object"};

struct KeptKeyword {
    std::string_view keyword;
    std::string_view type;
};

constexpr KeptKeyword kept_keywords[] = {
    {"minimum", "number"},       {"minimum", "integer"},      {"maximum", "number"}, {"maximum", "integer"},
    {"minLength", "string"},     {"maxLength", "string"},     {"minItems", "array"}, {"maxItems", "array"},
    {"minProperties", "object"}, {"maxProperties", "object"},
};

struct KeptFormat {
    std::string_view format;
    std::string_view type;
};

constexpr KeptFormat kept_formats[] = {
    {"date-time", "string"}, {"float", "number"}, {"double", "number"}, {"int32", "integer"}, {"int64", "integer"},
};

// They say nothing about values.
constexpr std::array<std::string_view, 12> silent_keywords{
    "$schema", "$id",      "$anchor",   "$comment",         "$defs",           "definitions",
    "title",   "readOnly", "writeOnly", "contentMediaType", "contentEncoding", "propertyOrdering"};

constexpr std::array<std::string_view, 13> structure{
    "type",  "properties", "required", "additionalProperties", "items", "prefixItems", "enum", "const",
    "anyOf", "oneOf",      "nullable", "description",          "title"};

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

std::string short_json(const SchemaTree& value) {
    std::string text = value.dump(-1, ' ', false, SchemaTree::error_handler_t::replace);
    if (text.size() > remark_bytes_max) { text = to_utf8(text.substr(0, remark_bytes_max)) + "..."; }
    return text;
}

std::string_view type_of_value(const SchemaTree& value) {
    if (value.is_string()) { return "string"; }
    if (value.is_boolean()) { return "boolean"; }
    if (value.is_number_integer()) { return "integer"; }
    if (value.is_number()) { return "number"; }
    if (value.is_array()) { return "array"; }
    if (value.is_object()) { return "object"; }
    return "null";
}

SchemaTree values_of(const SchemaTree& schema) {
    if (schema.contains("const")) { return SchemaTree::array({schema["const"]}); }
    if (schema.contains("enum") && schema["enum"].is_array()) { return schema["enum"]; }
    return SchemaTree::array();
}

void add_type(SchemaTypes& types, std::string_view word) {
    if (word == "null") {
        types.nullable = true;
    } else if (!is_one_of(known_types, word)) {
        types.unknown = word;
    } else if (std::ranges::find(types.words, word) == types.words.end()) {
        types.words.emplace_back(word);
    }
}

}  // namespace

SchemaTypes types_of(const SchemaTree& schema) {
    SchemaTypes types;
    types.nullable = schema.contains("nullable") && schema["nullable"] == true;
    const SchemaTree values = values_of(schema);
    for (const auto& value : values) {
        if (value.is_null()) { types.nullable = true; }
    }
    if (schema.contains("type")) {
        const SchemaTree& said = schema["type"];
        for (const auto& one : said.is_array() ? said : SchemaTree::array({said})) {
            add_type(types, one.is_string() ? lower(one.get<std::string>()) : one.dump());
        }
        return types;
    }
    for (const auto& value : values) {
        add_type(types, type_of_value(value));
    }
    if (!types.words.empty() || types.nullable) { return types; }
    for (const auto& row : implied) {
        if (schema.contains(row.keyword)) {
            types.words.emplace_back(row.type);
            break;
        }
    }
    return types;
}

std::string upper_type(std::string_view type) {
    std::string upper(type);
    for (char& c : upper) {
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return upper;
}

bool says_null(const SchemaTree& schema) {
    const SchemaTypes types = types_of(schema);
    return types.nullable && types.words.empty() && types.unknown.empty();
}

SchemaTree any_value() {
    SchemaTree any;
    any["anyOf"] = SchemaTree::array();
    for (const char* type : {"STRING", "NUMBER", "BOOLEAN", "OBJECT"}) {
        any["anyOf"].push_back(SchemaTree{{"type", type}});
    }
    return any;
}

bool is_structure(std::string_view keyword) {
    return is_one_of(structure, keyword);
}

KeywordFate take_keyword(SchemaTree& out, const std::string& keyword, const SchemaTree& value, std::string_view type) {
    if (is_one_of(silent_keywords, keyword) || keyword.starts_with("x-") || keyword.starts_with('$')) {
        return KeywordFate::silent;
    }
    if (keyword == "format") {
        for (const auto& row : kept_formats) {
            if (value == row.format && type == row.type) {
                out["format"] = value;
                return KeywordFate::kept;
            }
        }
        return KeywordFate::constraint;
    }
    // Of whole numbers it can be said the other way.
    const bool exclusive = keyword == "exclusiveMinimum" || keyword == "exclusiveMaximum";
    if (exclusive && type == "integer" && value.is_number_integer()) {
        const bool minimum = keyword == "exclusiveMinimum";
        const char* name = minimum ? "minimum" : "maximum";
        const auto bound = value.get<std::int64_t>() + (minimum ? 1 : -1);
        const bool tighter = !out.contains(name) || (minimum ? out[name] < bound : out[name] > bound);
        if (tighter) { out[name] = bound; }
        return KeywordFate::kept;
    }
    bool of_another_type = false;
    for (const auto& row : kept_keywords) {
        if (row.keyword != keyword) { continue; }
        if (row.type == type && value.is_number()) {
            if (!out.contains(keyword)) { out[keyword] = value; }
            return KeywordFate::kept;
        }
        of_another_type = true;
    }
    return of_another_type ? KeywordFate::silent : KeywordFate::constraint;
}

Remarks::Remarks(const SchemaTree& schema) {
    if (schema.contains("title") && schema["title"].is_string()) { title_ = schema["title"].get<std::string>(); }
    if (schema.contains("description") && schema["description"].is_string()) {
        description_ = schema["description"].get<std::string>();
    }
}

void Remarks::add(std::string_view keyword, const SchemaTree& value) {
    lost_.push_back(std::string(keyword) + ": " + short_json(value));
}

std::string Remarks::text() const {
    std::string text = description_;
    if (lost_.empty()) { return text; }
    text += text.empty() ? "[" : " [";
    for (std::size_t i = 0; i < lost_.size(); ++i) {
        text += (i > 0 ? "; " : "") + lost_[i];
    }
    return text + "]";
}

void Remarks::write(SchemaTree& out) const {
    if (!title_.empty() && !out.contains("title")) { out["title"] = title_; }
    std::string mine = text();
    if (mine.empty()) { return; }
    if (out.contains("description") && out["description"] != mine) {
        mine += "\n" + out["description"].get<std::string>();
    }
    out["description"] = mine;
}

void Remarks::move_into(SchemaTree& schema) const {
    if (!title_.empty()) { schema["title"] = title_; }
    if (const std::string mine = text(); !mine.empty()) { schema["description"] = mine; }
}

bool add_values(SchemaTree& out, const SchemaTree& schema, Remarks& remarks) {
    const SchemaTree values = values_of(schema);
    const std::string type = out["type"];
    SchemaTree words = SchemaTree::array();
    bool lossless = true;
    bool numbers = false;
    for (const auto& value : values) {
        if (value.is_null()) { continue; }
        if (value.is_string() && value.get<std::string>().empty()) {
            // The API refuses an empty word.
            remarks.add("also allowed", value);
            lossless = false;
        } else if (value.is_string() && type == "STRING") {
            words.push_back(value);
        } else if (value.is_number() && (type == "INTEGER" || type == "NUMBER" || type == "STRING")) {
            words.push_back(value.dump());
            numbers = true;
        } else if (type != "BOOLEAN" || values.size() != 2) {
            remarks.add("one of", values);
            return false;
        }
    }
    if (words.empty()) { return lossless; }
    // The subset knows enums of words only.
    if (numbers) {
        out["type"] = "STRING";
        out.erase("minimum");
        out.erase("maximum");
        out.erase("format");
        remarks.add("one of these numbers", values);
    }
    out["format"] = "enum";
    out["enum"] = words;
    return lossless && !numbers;
}

std::optional<SchemaTree> one_enum(const SchemaTree& variants) {
    SchemaTree words = SchemaTree::array();
    for (const auto& one : variants) {
        const bool plain = one.size() == 3 && one.contains("enum") && one.contains("format") && one["type"] == "STRING";
        if (!plain) { return std::nullopt; }
        for (const auto& word : one["enum"]) {
            if (std::ranges::find(words, word) == words.end()) { words.push_back(word); }
        }
    }
    return SchemaTree{{"type", "STRING"}, {"format", "enum"}, {"enum", words}};
}

}  // namespace llmgw::wire::gemini
