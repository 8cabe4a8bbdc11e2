#include "cli/ask/schema.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <nlohmann/json.hpp>

#include "cli/ask/schema_check.hpp"
#include "core/util/text.hpp"
#include "core/util/utf8.hpp"

namespace llmgw {
namespace {

using nlohmann::json;

constexpr std::size_t depth_max = 200;

// What a keyword's value holds, as far as reading a schema goes.
enum class Holds {
    note,
    schema,
    schemas,
    named_schemas,
    items,
    number,
    count,
    flag,
    text,
    pattern,
    type,
    names,
    list,
    any,
    named_names,
    patterns
};

struct Keyword {
    std::string_view name;
    Holds holds;
};

constexpr std::array keywords{
    Keyword{"type", Holds::type},
    Keyword{"enum", Holds::list},
    Keyword{"const", Holds::any},
    Keyword{"properties", Holds::named_schemas},
    Keyword{"required", Holds::names},
    Keyword{"additionalProperties", Holds::schema},
    Keyword{"patternProperties", Holds::patterns},
    Keyword{"propertyNames", Holds::schema},
    Keyword{"minProperties", Holds::count},
    Keyword{"maxProperties", Holds::count},
    Keyword{"dependentRequired", Holds::named_names},
    Keyword{"dependentSchemas", Holds::named_schemas},
    Keyword{"items", Holds::items},
    Keyword{"additionalItems", Holds::schema},
    Keyword{"prefixItems", Holds::schemas},
    Keyword{"contains", Holds::schema},
    Keyword{"minContains", Holds::count},
    Keyword{"maxContains", Holds::count},
    Keyword{"minItems", Holds::count},
    Keyword{"maxItems", Holds::count},
    Keyword{"uniqueItems", Holds::flag},
    Keyword{"minimum", Holds::number},
    Keyword{"maximum", Holds::number},
    Keyword{"exclusiveMinimum", Holds::number},
    Keyword{"exclusiveMaximum", Holds::number},
    Keyword{"multipleOf", Holds::number},
    Keyword{"minLength", Holds::count},
    Keyword{"maxLength", Holds::count},
    Keyword{"pattern", Holds::pattern},
    Keyword{"anyOf", Holds::schemas},
    Keyword{"oneOf", Holds::schemas},
    Keyword{"allOf", Holds::schemas},
    Keyword{"not", Holds::schema},
    Keyword{"if", Holds::schema},
    Keyword{"then", Holds::schema},
    Keyword{"else", Holds::schema},
    Keyword{"$ref", Holds::text},
    Keyword{"$defs", Holds::named_schemas},
    Keyword{"definitions", Holds::named_schemas},
    // Say something about a schema, and nothing about a value.
    Keyword{"$schema", Holds::note},
    Keyword{"$id", Holds::note},
    Keyword{"$anchor", Holds::note},
    Keyword{"$comment", Holds::note},
    Keyword{"title", Holds::note},
    Keyword{"description", Holds::note},
    Keyword{"default", Holds::note},
    Keyword{"example", Holds::note},
    Keyword{"examples", Holds::note},
    Keyword{"deprecated", Holds::note},
    Keyword{"readOnly", Holds::note},
    Keyword{"writeOnly", Holds::note},
    Keyword{"propertyOrdering", Holds::note},
};

// Keywords with a meaning that is not checked; any other unknown word may be a slip of the pen.
constexpr std::array<std::string_view, 9> known_unchecked{
    "format",      "unevaluatedProperties", "unevaluatedItems", "contentEncoding", "contentMediaType",
    "$dynamicRef", "$recursiveRef",         "dependencies",     "contentSchema"};

bool is_count(const json& value) {
    if (value.is_number_integer()) { return value >= 0; }
    constexpr double most = 1e15;
    return value.is_number() && value >= 0 && value < most && std::floor(value.get<double>()) == value.get<double>();
}

bool all_strings(const json& value) {
    return value.is_array() && std::all_of(value.begin(), value.end(), [](const json& one) { return one.is_string(); });
}

// Reads a schema through once: finds what is wrong with it and what will not be checked, and prepares its patterns.
class SchemaReader {
public:
    SchemaReader(const json& root, std::map<std::string, Pattern, std::less<>>& patterns,
                 std::vector<std::string>& unchecked)
        : root_(root), patterns_(patterns), unchecked_(unchecked) {}

    const std::string& error() const { return error_; }

    void read(const json& schema, const std::string& at, std::size_t depth = 0) {
        if (!error_.empty() || schema.is_boolean()) { return; }
        if (depth > depth_max) { return complain(at, "is nested too deeply"); }
        if (!schema.is_object()) { return complain(at, "must be a schema: an object, true or false"); }
        for (const auto& [name, value] : schema.items()) {
            const auto* known = std::ranges::find(keywords, name, &Keyword::name);
            if (known != keywords.end()) {
                read_keyword(*known, value, at + "/" + pointer_part(name), depth);
            } else if (!name.starts_with("x-")) {
                note_unchecked(name, at);
            }
        }
    }

private:
    void complain(const std::string& at, const std::string& what) {
        if (error_.empty()) { error_ = (at.empty() ? "the schema" : at) + " " + what; }
    }

    void note_unchecked(const std::string& name, const std::string& at) {
        std::string hint;
        if (std::find(known_unchecked.begin(), known_unchecked.end(), name) == known_unchecked.end()) {
            std::vector<std::string_view> names;
            for (const auto& keyword : keywords) {
                names.push_back(keyword.name);
            }
            const auto near = nearest(name, names);
            if (!near.empty()) { hint = " (\"" + std::string(near) + "\" was meant?)"; }
        }
        unchecked_.push_back(name + " at " + (at.empty() ? "the top" : at) + hint);
    }

    void read_keyword(const Keyword& keyword, const json& value, const std::string& at, std::size_t depth) {
        switch (keyword.holds) {
            case Holds::note:
            case Holds::any: return;
            case Holds::schema: return read(value, at, depth + 1);
            case Holds::items:
                if (!value.is_array()) { return read(value, at, depth + 1); }
                [[fallthrough]];
            case Holds::schemas: return read_list(value, at, depth, keyword.holds == Holds::items);
            case Holds::named_schemas:
            case Holds::patterns: return read_members(value, at, depth, keyword.holds == Holds::patterns);
            case Holds::number:
                return expect(value.is_number() && (keyword.name != "multipleOf" || value > 0), at,
                              keyword.name == "multipleOf" ? "a number above 0" : "a number");
            case Holds::count: return expect(is_count(value), at, "a whole number, 0 or more");
            case Holds::flag: return expect(value.is_boolean(), at, "true or false");
            case Holds::list: return expect(value.is_array(), at, "a list");
            case Holds::names: return expect(all_strings(value), at, "a list of names");
            case Holds::named_names:
                return expect(value.is_object() && std::all_of(value.begin(), value.end(), all_strings), at,
                              "an object of lists of names");
            case Holds::type: return read_type(value, at);
            case Holds::pattern:
                if (!value.is_string()) { return expect(false, at, "a regular expression"); }
                return read_pattern(value.get<std::string>(), at);
            case Holds::text:
                if (!value.is_string()) { return expect(false, at, "a string"); }
                return read_reference(value.get<std::string>(), at);
        }
    }

    void expect(bool right, const std::string& at, const std::string& what) {
        if (!right) { complain(at, "must be " + what); }
    }

    void read_list(const json& value, const std::string& at, std::size_t depth, bool may_be_empty) {
        if (!value.is_array() || (value.empty() && !may_be_empty)) { return complain(at, "must be a list of schemas"); }
        for (std::size_t i = 0; i < value.size(); ++i) {
            read(value[i], at + "/" + std::to_string(i), depth + 1);
        }
    }

    void read_members(const json& value, const std::string& at, std::size_t depth, bool names_are_patterns) {
        if (!value.is_object()) { return complain(at, "must be an object of schemas"); }
        for (const auto& [name, schema] : value.items()) {
            if (names_are_patterns) { read_pattern(name, at + "/" + pointer_part(name)); }
            read(schema, at + "/" + pointer_part(name), depth + 1);
        }
    }

    void read_type(const json& value, const std::string& at) {
        constexpr std::array<std::string_view, 7> names{"object",  "array",   "string", "number",
                                                        "integer", "boolean", "null"};
        const auto read_one = [&](const json& one) {
            if (!one.is_string()) { return complain(at, "must be a type's name, or a list of them"); }
            const auto name = one.get<std::string>();
            if (std::find(names.begin(), names.end(), name) == names.end()) {
                complain(at, "is no type: " + one_of(names) + did_you_mean(name, names));
            }
        };
        if (!value.is_array()) { return read_one(value); }
        if (value.empty()) { complain(at, "must not be empty"); }
        for (const auto& one : value) {
            read_one(one);
        }
    }

    void read_pattern(const std::string& text, const std::string& at) {
        auto pattern = Pattern::parse(text);
        if (pattern) {
            patterns_.emplace(text, std::move(*pattern));
        } else if (pattern.error().kind == ErrorKind::unavailable) {
            unchecked_.push_back("the pattern at " + at + ": it " + pattern.error().message);
        } else {
            complain(at, "is no regular expression: it " + pattern.error().message);
        }
    }

    void read_reference(const std::string& reference, const std::string& at) {
        if (!reference.starts_with("#")) {
            unchecked_.push_back("$ref at " + at +
                                 ": llmgw fetches nothing, only references within the file are followed");
        } else if (reference.size() > 1 && reference[1] != '/') {
            unchecked_.push_back("$ref at " + at + ": references by anchor are not followed");
        } else if (find_reference(root_, reference) == nullptr) {
            complain(at, "refers to \"" + reference + "\", which is not in the schema");
        }
    }

    const json& root_;
    std::map<std::string, Pattern, std::less<>>& patterns_;
    std::vector<std::string>& unchecked_;
    std::string error_;
};

bool strict_object(const json& schema) {
    const auto properties = schema.find("properties");
    const auto closed = schema.find("additionalProperties");
    if (closed == schema.end() || *closed != json(false)) { return false; }
    if (properties == schema.end()) { return true; }
    const auto required = schema.find("required");
    return required != schema.end() &&
           std::all_of(properties->items().begin(), properties->items().end(), [&](const auto& one) {
               return std::find(required->begin(), required->end(), json(one.key())) != required->end();
           });
}

bool strict(const json& schema) {
    if (!schema.is_object()) { return false; }
    const auto type = schema.find("type");
    const bool object = schema.contains("properties") || (type != schema.end() && *type == json("object"));
    if (object && !strict_object(schema)) { return false; }
    for (const char* one : {"items", "not"}) {
        if (schema.contains(one) && !strict(schema[one])) { return false; }
    }
    for (const char* many : {"anyOf", "oneOf", "allOf", "prefixItems", "properties", "$defs", "definitions"}) {
        if (!schema.contains(many)) { continue; }
        for (const auto& inner : schema[many]) {
            if (!strict(inner)) { return false; }
        }
    }
    return true;
}

// "syntax error at line 3, column 5" out of the library's message.
std::string where_json_breaks(std::string_view what) {
    const auto at = what.find("at line ");
    const auto end = what.find(": ", at);
    return at == std::string_view::npos ? std::string() : " " + std::string(what.substr(at, end - at));
}

}  // namespace

JsonSchema::JsonSchema() = default;
JsonSchema::JsonSchema(JsonSchema&&) noexcept = default;
JsonSchema& JsonSchema::operator=(JsonSchema&&) noexcept = default;
JsonSchema::~JsonSchema() = default;

Result<JsonSchema> JsonSchema::parse(std::string_view text, const std::string& name) {
    JsonSchema schema;
    json tree;
    if (json_nesting(text) > depth_max) { return fail(ErrorKind::usage, name + " is nested too deeply"); }
    try {
        tree = json::parse(text);
        schema.text_ = nlohmann::ordered_json::parse(text).dump();
    } catch (const std::exception& error) {
        return fail(ErrorKind::usage, name + " is not JSON" + where_json_breaks(error.what()) +
                                          "; --schema wants a file with a JSON Schema");
    }
    if (!tree.is_object()) { return fail(ErrorKind::usage, name + " is no JSON Schema: it must be an object"); }
    SchemaReader reader(tree, schema.patterns_, schema.unchecked_);
    reader.read(tree, "");
    if (!reader.error().empty()) {
        return fail(ErrorKind::usage, name + " is no valid JSON Schema: " + reader.error());
    }
    schema.tree_ = std::make_unique<const json>(std::move(tree));
    return schema;
}

std::vector<std::string> JsonSchema::problems(const json& value) const {
    return check_against_schema(*tree_, patterns_, value);
}

std::string JsonSchema::name() const {
    constexpr std::size_t size_max = 64;
    const auto title = tree_->find("title");
    std::string name;
    if (title != tree_->end() && title->is_string()) {
        for (const char c : title->get<std::string>()) {
            const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
            name += fits ? c : '_';
        }
    }
    if (name.find_first_not_of('_') == std::string::npos) { return "answer"; }
    return name.substr(0, size_max);
}

bool JsonSchema::fits_strict_mode() const {
    const auto type = tree_->find("type");
    return type != tree_->end() && *type == json("object") && strict(*tree_);
}

}  // namespace llmgw
