// What the checks of `llmgw doctor` look at, without what they think of it: tests make their own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/keys/presence.hpp"
#include "cli/keys/trial.hpp"
#include "core/store/db.hpp"

namespace llmgw::doctor {

struct ConfigFacts {
    std::string path;
    bool there = false;
    unsigned mode = 0;       // permission bits
    bool anothers = false;   // belongs to another user than us and root
    std::string error = {};  // every finding a line
    bool holds_key = false;  // a key where a reference belongs
    std::vector<std::string> warnings = {};
    std::size_t providers = 0;
    std::size_t routes = 0;
};

struct DirectoryFacts {
    std::string path;
    bool there = false;
    bool is_directory = false;
    bool writable = false;    // it, or where it would be made
    std::string parent = {};  // the nearest one that is there
    unsigned mode = 0;
    std::optional<std::int64_t> free_bytes = {};
};

struct DatabaseFacts {
    std::string path;
    bool there = false;
    std::string error = {};
    int schema = 0;
    int schema_known = 0;
    std::int64_t bytes = 0;
    Database::Checked checked = {};
    std::int64_t calls = 0;
    std::optional<std::int64_t> last_call_ms = {};
};

// Calls that are not in the database yet.
struct JournalFacts {
    std::int64_t held = 0;    // by processes that live
    std::int64_t left = 0;    // by processes that are gone
    bool counted_all = true;  // false: there are more
    std::string error = {};
};

struct KeychainFacts {
    std::string backend;
    std::string error = {};  // "" when it answered
    std::size_t entries = 0;
    std::vector<std::string> wanted_by = {};  // providers whose key is nowhere else
};

struct ClientKeyFacts {
    std::optional<std::string> where;  // "keychain" or a file; nullopt: none was made yet
    std::string error = {};
};

struct Breaker {
    std::string target;
    std::string state;  // open, half_open
    std::int64_t open_left_ms = 0;
    std::int64_t open_since_ms = 0;  // UTC, 0 when it is not known
};

struct TroubledKeys {
    std::string provider;
    std::int64_t good = 0;
    std::int64_t resting = 0;
    std::int64_t set_aside = 0;
};

struct GatewayFacts {
    enum class State {
        unknown,  // no address to look at
        silent,   // nobody listens
        other,    // somebody listens who is not llmgw
        stuck,    // a connection, but no answer
        runs,
    } state = State::unknown;
    bool config_unread = false;  // why the address is unknown; else the system chooses the port
    std::string address;         // host:port
    std::string owner = {};      // "NAME (pid N)", "" when it cannot be told
    bool replaced = false;       // its binary is not the one it was started from any more
    std::string version = {};
    std::string our_version = {};
    std::optional<bool> takes_key = {};  // this home's client key; nullopt when it was not asked
    std::vector<Breaker> breakers = {};
    std::vector<TroubledKeys> keys = {};
    std::int64_t now_ms = 0;
};

struct RouteFacts {
    std::string name;                           // of a route, or "rule N"
    std::vector<std::string> with_key = {};     // targets
    std::vector<std::string> without_key = {};  // ... of providers that have none
    std::vector<std::string> remedies = {};     // for those providers
};

// A variable that tells a client where to send its calls.
struct BaseUrl {
    std::string variable;
    std::string origin;  // what it leads to; "" when it is no URL
    enum class Leads {
        here,
        nearby,  // to this machine, where the gateway does not listen
        elsewhere,
        unknown,  // to this machine, and where the gateway listens is not known
    } leads = Leads::elsewhere;
    std::string wrong = {};  // what follows "leads to this gateway" where calls fail all the same
    enum class Key { fits, another, none, unknown } key = Key::unknown;  // beside it
    std::string key_variable = {};
    std::string agent = {};  // for `llmgw env`
};

struct ShellFacts {
    std::vector<BaseUrl> base_urls = {};
    std::string gateway_host = {};
    std::string http_proxy = {};  // the variable that is set, "" for none
    std::string https_proxy = {};
    std::string https_proxy_origin = {};
    bool no_proxy_covers = false;                           // the gateway's host
    std::vector<std::string> unreadable_certificates = {};  // "NAME: path"
    bool gateway_runs = false;
    bool key_needed = true;
};

// Answers of providers that are asked without a key.
struct Reached {
    std::string provider;
    std::string origin;
    int status = 0;            // 0: no answer
    bool passthrough = false;  // its clients bring the key
    std::int64_t latency_ms = 0;
    std::string error = {};
};

struct OnlineFacts {
    std::vector<KeyTrial> trials = {};
    std::vector<Reached> reached = {};
};

}  // namespace llmgw::doctor
