#include "cli/ask/schema_check.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "core/util/url.hpp"
#include "core/util/utf8.hpp"

namespace llmgw {
namespace {

using nlohmann::json;

constexpr std::size_t problems_max = 20;
// Of schemas within schemas and references, and of combinations tried: a schema that refers to itself without coming to
// a value, or that multiplies its alternatives, ends here.
constexpr int depth_max = 200;
constexpr std::int64_t work_max = 2'000'000;

bool is_whole(const json& value) {
    if (value.is_number_integer()) { return true; }
    return value.is_number_float() && std::floor(value.get<double>()) == value.get<double>();
}

std::string type_name(const json& value) {
    switch (value.type()) {
        case json::value_t::object: return "an object";
        case json::value_t::array: return "a list";
        case json::value_t::string: return "a string";
        case json::value_t::boolean: return value.get<bool>() ? "true" : "false";
        case json::value_t::null: return "null";
        default: return is_whole(value) ? "a whole number" : "a number with a fraction";
    }
}

std::string type_words(const std::string& name) {
    if (name == "object") { return "an object"; }
    if (name == "array") { return "a list"; }
    if (name == "integer") { return "a whole number"; }
    if (name == "boolean") { return "true or false"; }
    if (name == "null") { return "null"; }
    return "a " + name;
}

bool has_type(const json& value, const std::string& name) {
    if (name == "object") { return value.is_object(); }
    if (name == "array") { return value.is_array(); }
    if (name == "string") { return value.is_string(); }
    if (name == "number") { return value.is_number(); }
    if (name == "integer") { return is_whole(value); }
    if (name == "boolean") { return value.is_boolean(); }
    return value.is_null();
}

std::size_t characters(const std::string& text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// A value as it may stand in a message.
std::string shown(const json& value) {
    constexpr std::size_t size_max = 60;
    auto text = value.dump(-1, ' ', false, json::error_handler_t::replace);
    if (text.size() > size_max) {
        text.resize(size_max);
        while (!text.empty() && !is_utf8(text)) {
            text.pop_back();
        }
        text += "…";
    }
    return text;
}

class Checker {
public:
    Checker(const json& root, const std::map<std::string, Pattern, std::less<>>& patterns)
        : root_(root), patterns_(patterns) {}

    std::vector<std::string> run(const json& value) {
        check(root_, value, "");
        return std::move(problems_);
    }

private:
    void complain(const std::string& at, const std::string& what) {
        if (problems_.size() < problems_max) {
            problems_.push_back((at.empty() ? "the answer" : at + ":") + " " + what);
        }
    }

    // The verdict alone, for alternatives.
    bool passes(const json& schema, const json& value, const std::string& at) {
        std::vector<std::string> outer;
        std::swap(outer, problems_);
        check(schema, value, at);
        const bool right = problems_.empty();
        std::swap(outer, problems_);
        last_problem_ = right || outer.empty() ? std::string() : outer.front();
        return right;
    }

    void check(const json& schema, const json& value, const std::string& at) {
        if (schema.is_boolean()) {
            if (!schema.get<bool>()) { complain(at, "is not allowed"); }
            return;
        }
        if (++work_ > work_max || depth_ >= depth_max) {
            return complain(at, "cannot be checked: the schema leads too deep");
        }
        ++depth_;
        if (const auto found = schema.find("$ref"); found != schema.end()) {
            const auto* target = find_reference(root_, found->get<std::string>());
            if (target != nullptr) { check(*target, value, at); }
        }
        check_any(schema, value, at);
        if (value.is_object()) { check_object(schema, value, at); }
        if (value.is_array()) { check_array(schema, value, at); }
        if (value.is_number()) { check_number(schema, value, at); }
        if (value.is_string()) { check_string(schema, value.get<std::string>(), at); }
        check_combined(schema, value, at);
        --depth_;
    }

    void check_any(const json& schema, const json& value, const std::string& at) {
        if (const auto type = schema.find("type"); type != schema.end()) {
            const auto names = type->is_array() ? *type : json::array({*type});
            std::string words;
            bool right = false;
            for (const auto& name : names) {
                right = right || has_type(value, name.get<std::string>());
                words += (words.empty() ? "" : " or ") + type_words(name.get<std::string>());
            }
            if (!right) { complain(at, "must be " + words + ", not " + type_name(value)); }
        }
        if (const auto one = schema.find("const"); one != schema.end() && *one != value) {
            complain(at, "must be " + shown(*one) + ", not " + shown(value));
        }
        if (const auto list = schema.find("enum"); list != schema.end()) {
            if (std::find(list->begin(), list->end(), value) == list->end()) {
                complain(at, "must be one of " + shown(*list) + ", not " + shown(value));
            }
        }
    }

    void check_object(const json& schema, const json& value, const std::string& at) {
        for (const auto& name : list_at(schema, "required")) {
            if (!value.contains(name.get<std::string>())) { complain(at, "lacks " + shown(name)); }
        }
        check_size(schema, value.size(), "minProperties", "maxProperties", "properties", at);
        for (const auto& [name, names] : members_at(schema, "dependentRequired").items()) {
            for (const auto& other : names) {
                if (value.contains(name) && !value.contains(other.get<std::string>())) {
                    complain(at, "has \"" + name + "\" and so must have " + shown(other));
                }
            }
        }
        for (const auto& [name, inner] : members_at(schema, "dependentSchemas").items()) {
            if (value.contains(name)) { check(inner, value, at); }
        }
        const auto& properties = members_at(schema, "properties");
        const auto& by_pattern = members_at(schema, "patternProperties");
        const auto others = schema.find("additionalProperties");
        const auto names = schema.find("propertyNames");
        for (const auto& [name, member] : value.items()) {
            const auto place = at + "/" + pointer_part(name);
            bool named = false;
            if (const auto property = properties.find(name); property != properties.end()) {
                named = true;
                check(*property, member, place);
            }
            for (const auto& [pattern, inner] : by_pattern.items()) {
                const auto compiled = patterns_.find(pattern);
                // Of a pattern that is not followed nobody knows whether it names this one.
                if (compiled == patterns_.end()) { named = true; }
                if (compiled == patterns_.end() || !compiled->second.found_in(name)) { continue; }
                named = true;
                check(inner, member, place);
            }
            if (!named && others != schema.end()) {
                if (*others == json(false)) {
                    complain(at, "has \"" + name + "\", which the schema does not allow");
                } else {
                    check(*others, member, place);
                }
            }
            if (names != schema.end() && !passes(*names, json(name), place)) {
                complain(at, "has \"" + name + "\", a name the schema does not allow");
            }
        }
    }

    void check_array(const json& schema, const json& value, const std::string& at) {
        check_size(schema, value.size(), "minItems", "maxItems", "items", at);
        if (schema.value("uniqueItems", false)) {
            auto sorted = value.get<std::vector<json>>();
            std::sort(sorted.begin(), sorted.end());
            if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end()) {
                complain(at, "holds " + shown(*twice) + " more than once");
            }
        }
        // Drafts up to 7 wrote prefixItems as a list under "items", and the rest as additionalItems.
        const auto items = schema.find("items");
        const bool old_form = items != schema.end() && items->is_array();
        const auto& first = old_form ? *items : list_at(schema, "prefixItems");
        const auto rest = old_form ? schema.find("additionalItems") : items;
        for (std::size_t i = 0; i < value.size(); ++i) {
            const auto place = at + "/" + std::to_string(i);
            if (i < first.size()) {
                check(first[i], value[i], place);
            } else if (rest != schema.end()) {
                check(*rest, value[i], place);
            }
        }
        if (const auto inner = schema.find("contains"); inner != schema.end()) {
            std::size_t found = 0;
            for (const auto& one : value) {
                found += passes(*inner, one, at) ? 1U : 0U;
            }
            const auto least = schema.value("minContains", std::uint64_t{1});
            const auto most = schema.find("maxContains");
            if (found < least) {
                complain(at, "holds " + std::to_string(found) + " of the items it must contain, at least " +
                                 std::to_string(least));
            }
            if (most != schema.end() && found > most->get<std::uint64_t>()) {
                complain(at, "holds too many of the items it must contain");
            }
        }
    }

    void check_number(const json& schema, const json& value, const std::string& at) {
        const auto bound = [&](const char* key, auto wrong, const char* words) {
            const auto limit = schema.find(key);
            if (limit != schema.end() && wrong(value, *limit)) {
                complain(at, std::string("must be ") + words + " " + shown(*limit) + ", not " + shown(value));
            }
        };
        bound(
            "minimum", [](const json& v, const json& l) { return v < l; }, "at least");
        bound(
            "maximum", [](const json& v, const json& l) { return v > l; }, "at most");
        bound(
            "exclusiveMinimum", [](const json& v, const json& l) { return v <= l; }, "above");
        bound(
            "exclusiveMaximum", [](const json& v, const json& l) { return v >= l; }, "below");
        bound("multipleOf", not_multiple, "a multiple of");
    }

    static bool not_multiple(const json& value, const json& of) {
        if (value.is_number_integer() && of.is_number_integer()) {
            const auto step = of.get<std::int64_t>();
            return step != 0 && value.get<std::int64_t>() % step != 0;
        }
        // 0.3 is a multiple of 0.1 to everyone but binary fractions.
        const double times = value.get<double>() / of.get<double>();
        return std::abs(times - std::round(times)) > 1e-9 * std::max(1.0, std::abs(times));
    }

    void check_string(const json& schema, const std::string& value, const std::string& at) {
        check_size(schema, characters(value), "minLength", "maxLength", "characters", at);
        const auto pattern = schema.find("pattern");
        if (pattern == schema.end()) { return; }
        const auto compiled = patterns_.find(pattern->get<std::string>());
        if (compiled != patterns_.end() && !compiled->second.found_in(value)) {
            complain(at, "must match the pattern " + shown(*pattern) + ", unlike " + shown(json(value)));
        }
    }

    void check_size(const json& schema, std::size_t size, const char* least_key, const char* most_key,
                    const std::string& what, const std::string& at) {
        const auto least = schema.find(least_key);
        const auto most = schema.find(most_key);
        const auto is = ", not " + std::to_string(size);
        if (least != schema.end() && static_cast<double>(size) < least->get<double>()) {
            complain(at, "must have at least " + shown(*least) + " " + what + is);
        }
        if (most != schema.end() && static_cast<double>(size) > most->get<double>()) {
            complain(at, "must have at most " + shown(*most) + " " + what + is);
        }
    }

    void check_combined(const json& schema, const json& value, const std::string& at) {
        for (const auto& inner : list_at(schema, "allOf")) {
            check(inner, value, at);
        }
        if (const auto any = schema.find("anyOf"); any != schema.end()) {
            std::string why;
            const bool right = std::any_of(any->begin(), any->end(), [&](const json& inner) {
                const bool passed = passes(inner, value, at);
                if (why.empty()) { why = last_problem_; }
                return passed;
            });
            if (!right) { complain(at, "fits none of the schema's anyOf (of the first: " + why + ")"); }
        }
        if (const auto one = schema.find("oneOf"); one != schema.end()) {
            std::string why;
            const auto fitting = std::count_if(one->begin(), one->end(), [&](const json& inner) {
                const bool passed = passes(inner, value, at);
                if (why.empty()) { why = last_problem_; }
                return passed;
            });
            if (fitting == 0) { complain(at, "fits none of the schema's oneOf (of the first: " + why + ")"); }
            if (fitting > 1) {
                complain(at, "fits " + std::to_string(fitting) + " of the schema's oneOf, not exactly one");
            }
        }
        if (const auto inner = schema.find("not"); inner != schema.end() && passes(*inner, value, at)) {
            complain(at, "fits what the schema says it must not");
        }
        if (const auto condition = schema.find("if"); condition != schema.end()) {
            const auto branch = schema.find(passes(*condition, value, at) ? "then" : "else");
            if (branch != schema.end()) { check(*branch, value, at); }
        }
    }

    // The empty list or object where the schema has no such keyword.
    static const json& list_at(const json& schema, const char* key) {
        static const json none = json::array();
        const auto found = schema.find(key);
        return found == schema.end() ? none : *found;
    }
    static const json& members_at(const json& schema, const char* key) {
        static const json none = json::object();
        const auto found = schema.find(key);
        return found == schema.end() ? none : *found;
    }

    const json& root_;
    const std::map<std::string, Pattern, std::less<>>& patterns_;
    std::vector<std::string> problems_;
    std::string last_problem_;
    int depth_ = 0;
    std::int64_t work_ = 0;
};

}  // namespace

std::string pointer_part(std::string_view name) {
    std::string out;
    for (const char c : name) {
        if (c == '~') {
            out += "~0";
        } else if (c == '/') {
            out += "~1";
        } else {
            out += c;
        }
    }
    return out;
}

const json* find_reference(const json& root, std::string_view reference) {
    if (!reference.starts_with('#')) { return nullptr; }
    const auto decoded = percent_decode(reference.substr(1));
    if (!decoded) { return nullptr; }
    try {
        const json::json_pointer pointer(*decoded);
        return root.contains(pointer) ? &root.at(pointer) : nullptr;
    } catch (const json::exception&) { return nullptr; }
}

std::size_t json_nesting(std::string_view text) {
    std::size_t depth = 0;
    std::size_t deepest = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') { ++i; }
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            deepest = std::max(deepest, ++depth);
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return deepest;
}

std::vector<std::string> check_against_schema(const json& root,
                                              const std::map<std::string, Pattern, std::less<>>& patterns,
                                              const json& value) {
    return Checker(root, patterns).run(value);
}

}  // namespace llmgw
