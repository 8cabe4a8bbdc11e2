// A conversation as a request of the dialect its model is spoken to in. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/model/dialect_id.hpp"
#include "core/provider/provider.hpp"

namespace llmgw {

// What a turn is made of, the same for every dialect.
struct AskPart {
    enum class Kind { text, image, pdf };
    Kind kind = Kind::text;
    std::string data;        // text as UTF-8, the others as base64
    std::string media_type;  // image/png, application/pdf, ...; "" for text
    std::string name;        // a file's, "" when there is none
    bool operator==(const AskPart&) const = default;
};

enum class AskRole { user, assistant };

struct AskTurn {
    AskRole role = AskRole::user;
    std::vector<AskPart> parts;
    bool operator==(const AskTurn&) const = default;
};

// A schema the answer has to fit, as the dialects want it.
struct AskFormat {
    std::string name;
    std::string schema;   // JSON text
    bool strict = false;  // openai: the schema meets what its strict mode asks for
};

struct AskInput {
    std::string model;
    std::string system;
    std::vector<AskTurn> turns;   // roles alternate; the last is the user's
    std::int64_t max_tokens = 0;  // 0: the dialect's own default, or 8192 where one is required
    std::optional<double> temperature;
    std::optional<AskFormat> format;
    bool stream = true;
    // openai-chat: OpenAI's own models refuse max_tokens, many other hosts know nothing else.
    bool max_completion_tokens = true;
};

struct AskRequest {
    std::string path;
    std::string body;
};

// The dialect to use: the first one its provider speaks; for a bare name, the one its maker speaks.
DialectId dialect_for(std::string_view model, const std::vector<Provider>& providers);

AskRequest ask_request(DialectId dialect, const AskInput& input);

}  // namespace llmgw
