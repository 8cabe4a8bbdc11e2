// One request in the normal form all dialects are read into and written from when the client and the provider speak
// different ones. (Between equals nothing is parsed: the client's bytes go out.)
//
// Values that no dialect looks into (JSON Schemas, tool arguments, unknown members) are kept as the JSON text they were
// written in: numbers, escapes and key order survive. Text is UTF-8, unescaped.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/model/dialect_id.hpp"

namespace llmgw {

using JsonText = std::string;  // one valid JSON value, or "" for none

// A caller's mark that the prompt up to and including this place is worth caching.
struct CacheMark {
    std::string ttl;  // "5m", "1h", or "" for the provider's default
    bool operator==(const CacheMark&) const = default;
};

// Something only its maker can read: a thinking signature, encrypted reasoning, a thought signature. Given back
// unchanged to the dialect it came from, never shown to another one (T3b).
struct Sealed {
    DialectId origin = DialectId::anthropic;
    std::string data;     // "" for none
    std::string item_id;  // openai-responses: the reasoning item's own id
    bool empty() const { return data.empty() && item_id.empty(); }
    bool operator==(const Sealed&) const = default;
};

namespace part {

struct Citation {
    std::string url;
    std::string title;
    std::string cited_text;
    // Where in the part's text, in Unicode code points; nullopt when the dialect does not say.
    std::optional<std::int64_t> begin;
    std::optional<std::int64_t> end;
    DialectId origin = DialectId::anthropic;
    JsonText raw;  // as written, for the dialect it came from
    bool operator==(const Citation&) const = default;
};

struct Text {
    std::string text;
    std::vector<Citation> citations;
    Sealed sealed;      // gemini: a thoughtSignature on a text part
    std::string phase;  // openai-responses: commentary, final_answer
    std::optional<CacheMark> cache;
};

enum class MediaKind { image, document, audio, video };

// Exactly one of data, url, file_id is set. Plain-text documents have data and media_type text/plain.
struct Media {
    MediaKind kind = MediaKind::image;
    std::string media_type;  // "image/png"; may be "" with a url
    std::string data;        // base64 as it came (standard alphabet), or for text/plain documents the text itself
    std::string url;
    std::string file_id;  // of `origin`'s file store
    DialectId origin = DialectId::anthropic;
    std::string name;     // file name or title
    std::string context;  // anthropic document.context
    std::string detail;   // openai: low, high, auto
    bool citations = false;
    std::optional<CacheMark> cache;
};

// The model's call of a tool of the client's.
struct ToolCall {
    std::string id;  // as the client knows it; encoders make ids where the wire had none
    std::string name;
    std::string name_space;  // openai-responses namespaces
    // For a function: its arguments' JSON text as written, "" meaning {}; may be invalid JSON, models do that.
    // For a custom (freeform) tool: the input itself.
    std::string arguments;
    bool custom = false;
    Sealed sealed;        // gemini: the call's thoughtSignature
    std::string item_id;  // openai-responses: fc_..., ctc_...
    std::optional<CacheMark> cache;
};

struct ToolResult;

struct Reasoning {
    std::vector<std::string> summary;  // openai-responses: one for each part; others: zero or one
    std::string text;                  // the reasoning itself, where a provider shows it
    Sealed sealed;
    bool redacted = false;  // anthropic redacted_thinking: sealed only
};

struct Refusal {
    std::string text;
};

// A block one dialect has and the others do not (server-side tool use and results, item references, compaction, ...).
// Written back as it was to the same dialect, dropped with a note for others.
struct Foreign {
    DialectId origin = DialectId::anthropic;
    std::string type;  // the wire's name of it, for the note
    JsonText raw;
    std::optional<CacheMark> cache;
    // What it says is said elsewhere in the request as well (additional_tools: in `tools`): leaving it out is no loss.
    bool carried = false;
};

}  // namespace part

using Part = std::variant<part::Text, part::Media, part::ToolCall, part::ToolResult, part::Reasoning, part::Refusal,
                          part::Foreign>;

namespace part {

struct ToolResult {
    std::string call_id;
    std::string name;           // where the wire says it (gemini); else found by call_id
    std::vector<Part> content;  // Text and Media (Foreign from the same dialect)
    JsonText object;            // gemini: a response object that is not the {output}/{result}/{error} of one text
    bool is_error = false;
    bool custom = false;
    std::string item_id;
    std::optional<CacheMark> cache;
};

}  // namespace part

enum class Role { system, developer, user, assistant };

// Neighbours of one role may follow each other; encoders merge where their dialect wants it. Tool results are parts
// of user messages. system and developer messages at the start are the system prompt; later ones are said mid-way.
struct Message {
    Role role = Role::user;
    std::vector<Part> parts;
    std::string name;     // openai: the participant's name
    std::string item_id;  // openai-responses: msg_...
};

enum class ToolKind {
    function,
    custom,  // freeform input, perhaps with a grammar
    server,  // runs at the provider: web_search and the like; `raw` says all
};

struct Tool {
    ToolKind kind = ToolKind::function;
    std::string name;
    std::string name_space;  // "" or the openai-responses namespace it stands in
    std::string description;
    JsonText parameters;         // JSON Schema; "" for none
    std::optional<bool> strict;  // nullopt: not said
    JsonText format;             // custom: {type, syntax, definition}
    bool defer_loading = false;
    std::string server_type;  // server: the wire's type, such as web_search_20250305, web_search, googleSearch
    DialectId origin = DialectId::anthropic;
    JsonText raw;  // as written, for a server tool or for the dialect it came from
    std::optional<CacheMark> cache;
    // openai-responses: an item of the input declares it (additional_tools, tool_search_output), not `tools`. That
    // dialect writes the item; for all others it is a tool like any.
    bool in_messages = false;
};

enum class ToolChoiceMode { unset, automatic, none, required, named };

struct ToolChoice {
    ToolChoiceMode mode = ToolChoiceMode::unset;
    std::string name;                  // named
    std::vector<std::string> allowed;  // automatic or required among these only; empty: all
    std::optional<bool> parallel;      // false: one call at a time
};

struct ReasoningWish {
    std::optional<bool> enabled;                // said outright: thinking on or off
    bool adaptive = false;                      // the model decides how much
    std::optional<std::int64_t> budget_tokens;  // -1: the model decides (gemini)
    std::string effort;                         // none, minimal, low, medium, high, xhigh, max; "" when not said
    std::optional<bool> show;                   // whether summaries are wanted; nullopt: the dialect's default
    std::string summary;                        // openai-responses: auto, concise, detailed
};

enum class FormatKind { unset, text, json_object, json_schema };

struct AnswerFormat {
    FormatKind kind = FormatKind::unset;
    std::string name;
    std::string description;
    JsonText schema;
    std::optional<bool> strict;
};

struct Sampling {
    // Numbers as written, "" when not said.
    JsonText temperature;
    JsonText top_p;
    JsonText top_k;
    JsonText seed;
    JsonText presence_penalty;
    JsonText frequency_penalty;
    JsonText top_logprobs;
    JsonText logit_bias;
    std::optional<bool> logprobs;
    std::optional<std::int64_t> candidates;  // n
    std::vector<std::string> stop;
};

struct ChatRequest {
    DialectId origin = DialectId::anthropic;
    std::string model;  // as the client wrote it; the target's model is given to the encoder
    bool stream = false;
    bool stream_usage = false;  // openai-chat: stream_options.include_usage
    std::vector<Message> messages;
    std::vector<Tool> tools;
    ToolChoice tool_choice;
    std::optional<std::int64_t> max_tokens;
    Sampling sampling;
    ReasoningWish reasoning;
    AnswerFormat format;
    std::string verbosity;
    std::string user_id;                                        // metadata.user_id, safety_identifier, user
    std::vector<std::pair<std::string, std::string>> metadata;  // openai metadata
    std::string service_tier;                                   // as written
    std::string prompt_cache_key;
    std::optional<CacheMark> cache_all;  // anthropic: a top-level cache_control
    std::optional<bool> store;
    std::string previous_response_id;
    bool wants_sealed = false;  // openai-responses: include reasoning.encrypted_content
    // Members that have no place above, by path ("context_management", "safetySettings"), as written.
    std::vector<std::pair<std::string, JsonText>> extras;
};

}  // namespace llmgw
