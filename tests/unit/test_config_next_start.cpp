// Which settings a reload takes over: the table against what a start really takes.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "cli/start_options.hpp"
#include "core/config/next_start.hpp"
#include "core/config/settings.hpp"

using namespace llmgw;

namespace {

// Another value of each type.
void change(std::string& value) {
    value = value == "127.0.0.1:4117" ? "127.0.0.2:4118" : value + "x";
}
void change(bool& value) {
    value = !value;
}
void change(std::int64_t& value) {
    ++value;
}
void change(std::vector<std::string>& value) {
    value.emplace_back("x");
}
void change(std::vector<std::int64_t>& value) {
    value.push_back(1);
}
void change(TextPairs& value) {
    value.emplace_back("x", "x");
}
void change(std::optional<std::string>& value) {
    value = value.value_or("") + "x";
}
void change(std::optional<bool>& value) {
    value = !value.value_or(false);
}

Config changed(const Setting& row) {
    Config config;
    std::visit([&](auto slot) { change(slot(config)); }, row.slot);
    return config;
}

// Everything that is made of the configuration once, as text.
std::string taken_at_start(const Config& config) {
    const auto listen = parse_listen(config.server.listen);
    REQUIRE(listen);
    const auto server = server_options(*listen, config.server);
    const auto ledger = ledger_options("data", config.log);
    std::string text = server.host + " " + std::to_string(server.port);
    for (const auto value :
         {static_cast<std::int64_t>(server.connections_max), static_cast<std::int64_t>(server.body_bytes_max),
          static_cast<std::int64_t>(server.keep_alive.count()), static_cast<std::int64_t>(server.io_timeout.count()),
          static_cast<std::int64_t>(server.websocket_idle.count()), ledger.queue_max, ledger.journal_max_bytes,
          ledger.segment_bytes_max, ledger.batch_max, static_cast<std::int64_t>(ledger.group_ms),
          static_cast<std::int64_t>(ledger.busy_timeout_ms), ledger.keep_days,
          static_cast<std::int64_t>(ledger.close_ms_max)}) {
        text += " " + std::to_string(value);
    }
    // Prices are read into the runtime when it is made; calls in flight look at them.
    return text + " " + config.prices.file;
}

}  // namespace

TEST_CASE("next start: what a start takes is not called reloadable, and what a call looks up is") {
    for (const auto& row : settings()) {
        CAPTURE(row.key);
        const bool at_start = taken_at_start(changed(row)) != taken_at_start(Config{});
        // Who may call is looked up by each call, but not to be opened by a file that was saved.
        CHECK(row.reloadable == (!at_start && row.key != "server.require_key"));
    }
}

TEST_CASE("next start: a reload keeps what it does not take, names it, and takes the rest") {
    for (const auto& row : settings()) {
        CAPTURE(row.key);
        const Config running;
        auto read = changed(row);
        const auto named = keep_until_next_start(running, read);
        if (row.reloadable) {
            CHECK(named.empty());
            CHECK(show_config(read) != show_config(running));
        } else {
            CHECK(named == std::vector<std::string_view>{row.key});
            CHECK(show_config(read) == show_config(running));
        }
    }
}

TEST_CASE("next start: providers, routes and rules are taken over whole") {
    for (const auto& row : provider_settings()) {
        CHECK(row.reloadable);
    }
    for (const auto& row : route_settings()) {
        CHECK(row.reloadable);
    }
    for (const auto& row : rule_settings()) {
        CHECK(row.reloadable);
    }
}
