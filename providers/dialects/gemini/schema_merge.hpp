// The tree work below to_openapi: following references and merging what allOf and a reference's neighbours say.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace llmgw::wire::gemini {

using SchemaTree = nlohmann::ordered_json;

// What happened while a schema was taken apart. `fault` ends the work: it names the path and the reason.
struct SchemaNotes {
    std::string fault;
    std::vector<std::string> losses;

    // False, so that callers can return it.
    bool refuse(std::string_view path, std::string_view reason);
};

std::string path_of(std::string_view path, std::string_view step);

// Adds to `into` what `from` demands, as allOf means it. False, with a fault, when both cannot hold.
bool merge_schema(SchemaTree& into, const SchemaTree& from, std::string_view path, SchemaNotes& notes);

// Follows references inside one document.
class SchemaRefs {
public:
    explicit SchemaRefs(const SchemaTree& root) : root_(root) {}

    // `schema` without $ref and allOf at its top. The references followed stay open (a schema inside that refers to one
    // of them is recursive) until close() is called with what open() was before.
    std::optional<SchemaTree> flatten(const SchemaTree& schema, std::string_view path, SchemaNotes& notes);
    std::size_t open() const { return open_.size(); }
    void close(std::size_t before) { open_.resize(before); }

private:
    const SchemaTree* find(const std::string& ref) const;
    bool add_reference(SchemaTree& flat, const SchemaTree& ref, std::string_view path, SchemaNotes& notes);

    std::optional<SchemaTree> flatten_one(const SchemaTree& schema, std::string_view path, SchemaNotes& notes);

    const SchemaTree& root_;
    std::vector<std::string> open_{"#"};  // written out around this place
    std::vector<std::string> chain_;      // being followed now
    std::vector<std::string> followed_;   // since flatten() began
};

}  // namespace llmgw::wire::gemini
