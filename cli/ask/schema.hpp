// JSON Schema (draft 2020-12, and what drafts 6 and 7 wrote differently), as far as `ask --schema` needs it to judge an
// answer. Pure. A keyword that could change the verdict and is not followed is told, never skipped in silence.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "cli/ask/pattern.hpp"
#include "core/util/result.hpp"

namespace llmgw {

class JsonSchema {
public:
    // `name` is for messages: the file's. ErrorKind::usage: no JSON (with line and column), or no valid schema (with
    // the place in it).
    static Result<JsonSchema> parse(std::string_view text, const std::string& name);
    JsonSchema(JsonSchema&&) noexcept;
    JsonSchema& operator=(JsonSchema&&) noexcept;
    ~JsonSchema();

    // What is wrong with a value, each with its place ("/items/0/price: must be a number, not a string"); empty when
    // nothing is. At most 20.
    std::vector<std::string> problems(const nlohmann::json& value) const;

    // Keywords that are not checked, with their places: "format at /properties/when".
    const std::vector<std::string>& unchecked() const { return unchecked_; }

    // The schema as it was written, on one line; numbers and the order of keys are the file's.
    const std::string& text() const { return text_; }
    // Its title made fit to be a name ([A-Za-z0-9_-], at most 64), or "answer".
    std::string name() const;
    // Whether providers with a strict mode (OpenAI) can take it as strict: an object at the top, and every object
    // closed and with all its properties required.
    bool fits_strict_mode() const;

private:
    JsonSchema();

    std::unique_ptr<const nlohmann::json> tree_;
    std::map<std::string, Pattern, std::less<>> patterns_;  // by their text
    std::vector<std::string> unchecked_;
    std::string text_;
};

}  // namespace llmgw
