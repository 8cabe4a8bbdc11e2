// Everything about one call, from its head to its row in the log. Made by the gateway, handed along the
// pipeline, touched by one thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/config/config.hpp"
#include "core/dialect/dialect.hpp"
#include "core/gateway/endpoint.hpp"
#include "core/gateway/keyring.hpp"
#include "core/gateway/peek.hpp"
#include "core/gateway/turn_store.hpp"
#include "core/net/http.hpp"
#include "core/net/transport.hpp"
#include "core/provider/provider.hpp"
#include "core/route/health.hpp"
#include "core/route/sessions.hpp"
#include "core/route/table.hpp"
#include "core/usage/ledger.hpp"
#include "core/usage/prices.hpp"
#include "core/util/clock.hpp"

namespace llmgw {

// A key llmgw gave out. Only its hash is kept in memory.
struct AllowedKey {
    std::string name;
    std::string sha256;   // hex
    std::string feature;  // its own feature, "" when it has none
};

// What a reload replaces, as a whole. A call keeps the one it began with.
struct Snapshot {
    Config config;
    std::vector<Provider> providers;
    RouteTable routes;  // points into providers
    std::vector<AllowedKey> client_keys;
    std::unique_ptr<KeyRing> keys;
};

class ReplayStore;
class StreamDriver;

// What calls need that outlive their clients.
struct Survival {
    ReplayStore& replays;
    StreamDriver& driver;
};

// What lives as long as the gateway.
struct Services {
    const Clock& clock;
    Ledger& ledger;
    Transport& transport;
    const DialectSet& dialects;
    const Prices& prices;
    TurnStore& turns;
    Health& health;
    SessionTargets& sessions;
    const Survival* survival = nullptr;  // null: no call outlives its client
};

struct Translation;  // translation.hpp

struct Exchange {
    Exchange(std::shared_ptr<const Snapshot> its_snapshot, const Services& its_services)
        : snapshot(std::move(its_snapshot)), services(its_services) {}

    std::shared_ptr<const Snapshot> snapshot;
    const Services& services;
    HttpRequest request;
    Endpoint endpoint;
    std::string body;
    Peek peek;
    Watch watch;
    std::int64_t started_us = 0;  // steady

    // The dialect its body is written in: the endpoint's, but for clients that mix two (Codec::written_in).
    DialectId body_dialect = DialectId::openai_chat;
    // The dialect spoken to the provider of the running attempt, that provider, and what was made of the call when it
    // is not the client's.
    DialectId provider_dialect = DialectId::openai_chat;
    const Provider* provider = nullptr;  // of the running attempt; one of the snapshot's
    std::string target_model;            // what that one is asked for, "" for calls that name no model
    std::shared_ptr<Translation> translation;

    // Of the running attempt, the last of `attempts`; an attempt that is over is no longer written to.
    bool attempt_open = false;
    std::int64_t attempt_started_us = 0;  // steady
    bool health_told = false;             // that its target answered

    // How long the whole call may still take; nullopt: as long as it likes.
    std::optional<std::chrono::milliseconds> time_left() const {
        const auto total_s = snapshot->config.timeouts.total_s;
        if (total_s == 0) { return std::nullopt; }
        const auto spent_us = services.clock.steady_us() - started_us;
        return std::chrono::milliseconds(total_s * 1000 - spent_us / 1000);
    }
    bool out_of_time() const {
        const auto left = time_left();
        return left && *left <= std::chrono::milliseconds(0);
    }

    // Found by the policies, or known from the start; becomes the row.
    CallRow row;
    std::vector<AttemptRow> attempts;
    // The client credential that let the call in; never forwarded, never logged.
    std::string client_key_used;
    std::string session_key;  // under which the session's target is remembered, "" when it is not
    // The route that was asked for, when it is strict: nothing may be left out in translation.
    std::string strict_route;
    std::size_t policies_ran = 0;  // for their closing hooks
    bool settled = false;

    // Whether a provider that is spoken to in this dialect gets the client's own bytes.
    bool passes_as_it_is(DialectId spoken) const { return spoken == endpoint.dialect && spoken == body_dialect; }
    // Of the running attempt. An earlier one's answer may be passed on when the last one is over: that is not touched.
    void note_first_byte() {
        if (!attempt_open || attempts.back().first_byte_ms) { return; }
        attempts.back().first_byte_ms = services.clock.now_ms() - attempts.back().started_ms;
    }
    const Dialect& dialect() const { return services.dialects.get(endpoint.dialect); }
    const Dialect& upstream_dialect() const { return services.dialects.get(provider_dialect); }
    const std::string& call_id() const { return row.call_id; }
};

}  // namespace llmgw
