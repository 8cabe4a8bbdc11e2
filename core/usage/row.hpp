// The log's rows, as values. The tables they become are in core/store/migrations.cpp and in the README.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/model/usage.hpp"

namespace llmgw {

// How a call or an attempt ended. `refused` never reached a provider.
enum class Ending { done, failed, refused, cancelled, truncated };
constexpr const char* to_string(Ending ending) {
    switch (ending) {
        case Ending::done: return "done";
        case Ending::failed: return "failed";
        case Ending::refused: return "refused";
        case Ending::cancelled: return "cancelled";
        case Ending::truncated: return "truncated";
    }
    return "";
}

// Where token numbers come from. none: nothing was billed (refused, or failed before any token).
enum class CostBasis { none, reported, partial, estimated };
constexpr const char* to_string(CostBasis basis) {
    switch (basis) {
        case CostBasis::none: return "";
        case CostBasis::reported: return "reported";
        case CostBasis::partial: return "partial";
        case CostBasis::estimated: return "estimated";
    }
    return "";
}

struct Cost {
    std::optional<std::int64_t> nano;  // nullopt: no price known. Never 0 for want of a price.
    CostBasis basis = CostBasis::none;
    std::string price_source;  // "provider" (it stated the bill), a table's name, "user", "local", or ""
    std::string price_date;    // ISO date of the price line used, or ""
    // What the cache reads would have cost more at the input price of the same line; nullopt: no reads, or no line.
    std::optional<std::int64_t> cache_saved_nano = std::nullopt;
};

struct AttemptRow {
    int number = 1;
    std::int64_t started_ms = 0;  // UTC
    std::int64_t duration_ms = 0;
    std::optional<std::int64_t> first_byte_ms;  // from the attempt's start to the first body byte
    std::string provider;
    std::string dialect;
    std::string model;         // as sent
    std::string served_model;  // as answered, or as asked where nobody said
    int http_status = 0;       // 0: none came
    Ending ending = Ending::done;
    std::string error_class;
    std::string error_message;  // redacted
    std::string upstream_request_id;
    bool connection_reused = false;
    Usage usage;
    Cost cost;
};

struct CallRow {
    std::string call_id;  // UUIDv7
    std::int64_t started_ms = 0;
    std::int64_t duration_ms = 0;
    std::optional<std::int64_t> first_token_ms;  // from the call's start
    std::string client_key;                      // the key's name, never the key
    std::string client;                          // the user-agent's product token
    std::string agent;                           // claude-code, codex, ... or ""
    std::string session_id;
    std::string feature;
    std::string user;
    std::string metadata;   // flat JSON object text, "" when none
    std::string operation;  // messages, chat, responses, generate, count_tokens, embeddings, models, other
    std::string client_dialect;
    std::string provider_dialect;
    std::string provider;
    std::string requested_model;
    std::string served_model;
    bool stream = false;
    Ending ending = Ending::done;
    int http_status = 0;  // as the client got it; 0: none was sent
    std::string error_class;
    std::string error_message;  // redacted
    std::string finish_reason;
    std::int64_t request_bytes = 0;
    std::int64_t response_bytes = 0;
    Usage usage;
    Cost cost;
};

struct CallRecord {
    CallRow call;
    std::vector<AttemptRow> attempts;
};

}  // namespace llmgw
