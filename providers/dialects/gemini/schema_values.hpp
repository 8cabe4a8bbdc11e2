// The tables below to_openapi: what becomes of each keyword, of enum values and types, and how what is lost is told to
// the model.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "providers/dialects/gemini/schema_merge.hpp"

namespace llmgw::wire::gemini {

struct SchemaTypes {
    std::vector<std::string> words;  // lower case, without null; empty: any value
    bool nullable = false;
    std::string unknown;  // a type nobody knows
};

// The types a schema names, or those its other keywords speak of.
SchemaTypes types_of(const SchemaTree& schema);
std::string upper_type(std::string_view type);

// Whether the schema allows nothing but null.
bool says_null(const SchemaTree& schema);

// A schema for any value: the subset cannot leave the type out.
SchemaTree any_value();

// Keywords that are not copied or dropped by the table but converted.
bool is_structure(std::string_view keyword);

enum class KeywordFate {
    kept,
    silent,      // says nothing about values
    constraint,  // dropped, and the model should know
};
// Puts what is kept into `out`, which has `type`.
KeywordFate take_keyword(SchemaTree& out, const std::string& keyword, const SchemaTree& value, std::string_view type);

// The description with what was lost appended: "text [pattern: "^a"; multipleOf: 2]".
class Remarks {
public:
    explicit Remarks(const SchemaTree& schema);
    void add(std::string_view keyword, const SchemaTree& value);
    // Puts title and description into `out`, before what it has as its own.
    void write(SchemaTree& out) const;
    // The same into a schema that is converted later.
    void move_into(SchemaTree& schema) const;

private:
    std::string text() const;

    std::string title_;
    std::string description_;
    std::vector<std::string> lost_;
};

// enum and const: strings only. False when values were lost to the remarks.
bool add_values(SchemaTree& out, const SchemaTree& schema, Remarks& remarks);

// Alternatives that are all plain string enums, as one enum.
std::optional<SchemaTree> one_enum(const SchemaTree& variants);

}  // namespace llmgw::wire::gemini
