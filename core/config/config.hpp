// The configuration as values, after defaults. Filled by core/config/load.cpp from the settings table
// (core/config/setting_rows.cpp), which is also what documents, completes and checks it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/provider/provider.hpp"
#include "core/util/result.hpp"

namespace llmgw {

struct ServerConfig {
    std::string listen = "127.0.0.1:4117";
    bool require_key = true;
    std::vector<std::string> allowed_hosts;    // Host names besides the loopback ones
    std::vector<std::string> allowed_origins;  // browser Origins that may call; none by default
    std::int64_t max_body_mb = 64;
    std::int64_t max_connections = 4096;
    std::int64_t shutdown_grace_s = 30;  // how long streams may go on after SIGTERM
    bool websocket = true;               // serve /v1/responses over WebSocket too
    std::string v1_provider = "openai";  // where /v1/* paths llmgw does not know are forwarded
    std::string v1_provider_where;       // file:line:column when it is set, for messages
};

struct FeaturesConfig {
    std::string on_missing = "reject";  // reject | untagged
};

struct TimeoutsConfig {
    std::int64_t connect_s = 10;
    std::int64_t first_byte_s = 600;  // request sent to response headers
    std::int64_t failover_s = 30;     // ... of a stream, while another target is left to try
    std::int64_t idle_s = 600;        // between two reads of a body
    std::int64_t total_s = 0;         // a whole call, attempts and pauses included; 0: no limit
    std::int64_t ping_s = 15;         // a silent stream gets its dialect's ping this often
};

// Retries of one target and failovers to others are one count.
struct RetriesConfig {
    std::int64_t max = 2;                 // after the first attempt
    std::string same_target = "auto";     // auto | always | never
    std::int64_t backoff_ms = 500;        // the first pause is up to this, each further one up to twice that
    std::int64_t backoff_max_ms = 8000;   // ... but no longer
    std::int64_t retry_after_max_s = 20;  // a longer Retry-After is not waited for
    std::int64_t hold_s = 10;             // how long a stream's beginning is held until content comes
    std::int64_t hold_kb = 256;           // ... and how much of it
};

// When a target is left alone, while there are others.
struct BreakerConfig {
    std::int64_t failures = 5;  // in a row; 0: never
    std::int64_t open_s = 15;   // until one call tries it again
};

struct LogConfig {
    std::string level = "info";         // error | warn | info | debug
    std::int64_t journal_max_mb = 256;  // calls kept on disk while the database cannot be written
    std::int64_t queue_max = 10000;     // calls kept in memory for the writer thread
    std::int64_t keep_days = 0;         // older calls are rolled up; 0: none
};

struct PricesConfig {
    std::string file;  // the user's own price list, "" when there is none
};

// Streams that survive their clients.
struct StreamsConfig {
    bool resume = false;
    std::int64_t keep_s = 3600;   // after its end
    std::int64_t alone_s = 3600;  // one that nobody reads is ended then
    std::int64_t memory_kb = 64;  // of a running one; what is older lies in a file
    std::int64_t stream_mb = 64;  // a longer one is not kept
    std::int64_t disk_mb = 1024;  // all together
};

// Answers of translated calls that a client may go on from by previous_response_id.
struct ResponsesConfig {
    std::int64_t keep_count = 1000;  // 0: none is kept
    std::int64_t keep_mb = 256;      // all together
    std::int64_t keep_hours = 24;    // since it was last used
};

struct AskConfig {
    std::string model;                      // what `llmgw ask` asks when it is not told; "" for none
    std::int64_t keep_conversations = 200;  // 0: none is kept
    std::int64_t keep_days = 90;            // since they were last used
    std::int64_t keep_mb = 256;             // all together
};

// A [providers.NAME] table, before the catalogue is consulted. Empty means not given.
struct ProviderConfig {
    std::string name;
    std::string type;
    std::string base_url;
    std::optional<std::string> api_key;
    std::vector<std::string> api_keys;
    std::vector<std::string> dialects;
    std::vector<std::string> models;
    bool strict = false;  // what cannot be said to it is refused, not dropped
    HostSettings settings;
    std::string where;  // file:line:column, for messages
};

using TextPairs = std::vector<std::pair<std::string, std::string>>;

// A [routes.NAME] table.
struct RouteConfig {
    std::string name;
    std::string strategy = "fallback";
    std::vector<std::string> targets;   // provider/model, or another route's name
    std::vector<std::int64_t> weights;  // of the targets; empty: all the same
    bool sticky = false;                // a session stays where it was served
    std::string fallback = "none";      // none | auto: the same models at other providers come last
    bool strict = false;                // what translation cannot say to a target is no call to it
    std::optional<bool> resume;         // its streams survive their clients; not said: as [streams] does
    std::int64_t first_content_s = 0;   // of silence, until the next target is asked; 0: as [timeouts] says
    std::string where;                  // file:line:column, for messages
    std::vector<std::string> places;    // of each target
};

// One of the [[rules]]. What is empty or not said is not asked about.
struct RuleConfig {
    std::vector<std::string> use;  // targets, or one route's name
    // Patterns in which * stands for anything; one of a list has to match.
    std::vector<std::string> model;
    std::vector<std::string> feature;
    std::vector<std::string> client_key;
    std::vector<std::string> user;
    std::vector<std::string> agent;
    TextPairs metadata;  // every pair has to match
    TextPairs headers;
    std::optional<bool> background;
    std::optional<bool> image;
    std::optional<bool> tools;
    std::optional<bool> thinking;
    std::int64_t tokens_above = 0;  // of the prompt, estimated; 0: not asked
    std::int64_t tokens_below = 0;
    std::string hours;                // "9-17", local time, the end not included; over midnight too
    std::string where;                // file:line:column
    std::vector<std::string> places;  // of each in `use`
};

struct RoutingConfig {
    std::string fallback = "none";  // none | auto, for models that are no route
};

struct Config {
    ServerConfig server;
    FeaturesConfig features;
    TimeoutsConfig timeouts;
    RetriesConfig retries;
    BreakerConfig breaker;
    LogConfig log;
    PricesConfig prices;
    StreamsConfig streams;
    ResponsesConfig responses;
    AskConfig ask;
    RoutingConfig routing;
    std::vector<ProviderConfig> providers;
    std::vector<RouteConfig> routes;
    std::vector<RuleConfig> rules;
    std::string path;  // the file it came from, "" when there is none
};

// Reads and validates TOML. Every finding is one line of the message: file:line:column: what, what was
// expected, the nearest known name. A byte order mark and CRLF are fine. The file is never written to.
Result<Config> parse_config(std::string_view toml, const std::string& path);

// parse_config of the file; a missing file is the default configuration when `must_exist` is false.
Result<Config> load_config(const std::string& path, bool must_exist);

}  // namespace llmgw
