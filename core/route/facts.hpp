// What a request is, as far as routes ask. The cheap facts are there from the start; those that want the whole body
// read are found when somebody asks for them first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/model/dialect_id.hpp"
#include "core/net/http.hpp"
#include "core/route/capabilities.hpp"

namespace llmgw {

struct BodyFacts {
    Needs needs;
    bool goes_on = false;  // from a previous_response_id: what it holds is not all
    std::string session;   // prompt_cache_key or metadata.user_id, "" for none
};

// One pass over a request of this dialect; garbage gives what was found until then.
BodyFacts read_body_facts(DialectId dialect, std::string_view body);

// Views into what the caller keeps.
struct CallFacts {
    std::string_view model;  // as asked for
    std::string_view feature;
    std::string_view client_key;  // its name
    std::string_view user;
    std::string_view metadata;  // a flat JSON object, or ""
    std::string_view agent;
    const Headers* headers = nullptr;  // null for none
    DialectId dialect = DialectId::openai_chat;
    bool conversation = false;
    std::string_view body;
    std::optional<std::int64_t> max_tokens;
    int local_hour = 0;

    // Valid as long as this is. Not for several threads.
    const BodyFacts& of_body() const {
        if (!body_facts_) { body_facts_ = read_body_facts(dialect, body); }
        return *body_facts_;
    }
    // A call that an agent makes beside its work (titles, summaries of a line, choosing a model): recorded agents offer
    // tools in every call that works, and none in these, whose prompts are short. Compaction offers none either, but
    // has a long prompt.
    bool background() const;

    mutable std::optional<BodyFacts> body_facts_ = std::nullopt;
};

// The hour of the day there, 0 to 23.
int local_hour(std::int64_t now_ms);

inline constexpr std::int64_t background_tokens_max = 10'000;

}  // namespace llmgw
