// What a provider says of its models, read from whichever form its listing has. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmgw {

// Whose form an entry was written in. Most hosts write OpenAI's, with members of their own.
enum class ListingForm { openai, anthropic, gemini };

struct ListedModel {
    std::string name;                            // as the provider knows it, without gemini's "models/"
    std::string title;                           // for people, "" when not said
    std::int64_t created_s = 0;                  // 0: not said
    std::optional<std::int64_t> context_tokens;  // what it takes at once; nullopt: not said
    std::optional<std::int64_t> output_tokens;   // at most in one answer
    ListingForm form = ListingForm::openai;
    std::string raw;  // the entry as written, for clients of the same form; "" for openai's
};

struct ListingPage {
    std::vector<ListedModel> models;
    std::string next;  // what to ask the following page with, "" for none
};

// nullopt when it is no listing: {"data": [...]}, {"models": [...]} or a bare array. Entries without a name are left
// out.
std::optional<ListingPage> read_listing(std::string_view body);

// UTC, "2026-01-31T12:00:00Z". Of anything that is no such time: 0.
std::string rfc3339(std::int64_t seconds);
std::int64_t seconds_of_rfc3339(std::string_view text);

}  // namespace llmgw
