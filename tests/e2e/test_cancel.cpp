// T18: a client that goes away, at any moment and in any way.
#include <filesystem>
#include <memory>
#include <thread>

#include <doctest/doctest.h>

#include "tests/e2e/world.hpp"

using namespace llmgw;
using namespace llmgw::testing;

TEST_SUITE_BEGIN("cancel");

namespace {

// From the client's close to the provider's side seeing one.
constexpr Millis close_limit{sanitized ? 3000 : 500};

enum class Phase { before_head, whole_answer, before_first_byte, mid_stream };
constexpr Phase phases[] = {Phase::before_head, Phase::whole_answer, Phase::before_first_byte, Phase::mid_stream};

// Brings the provider to that phase and lets it wait there for the gateway to hang up.
UpstreamHandler waiting_in(Phase phase, const canned::Wire& wire, const std::shared_ptr<Signal>& there,
                           const std::shared_ptr<Signal>& gone) {
    return [=](const RecordedRequest&, UpstreamConnection& connection) {
        if (phase == Phase::before_first_byte) { connection.start_sse(); }
        if (phase == Phase::mid_stream) {
            connection.start_sse();
            connection.chunk(canned::without_last(wire.events, 1));
        }
        if (phase == Phase::whole_answer) {
            connection.send(response_head(
                200, {{"content-type", "application/json"}, {"content-length", std::to_string(wire.answer.size())}}));
            connection.send(wire.answer.substr(0, 20));
        }
        there->set();
        if (connection.wait_peer_closed()) { gone->set(); }
    };
}

std::size_t count_entries(const std::string& directory) {
    std::error_code ignored;
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
        ++count;
    }
    return count;
}

struct Held {
    std::size_t threads = 0;
    std::size_t descriptors = 0;
};

Held held_by(int pid) {
    const auto base = "/proc/" + std::to_string(pid);
    return {count_entries(base + "/task"), count_entries(base + "/fd")};
}

// Starts one call in that phase and leaves. Returns how long the provider's side was kept waiting.
std::optional<Millis> leave(World& world, const canned::Wire& wire, Phase phase, bool reset) {
    const auto there = std::make_shared<Signal>();
    const auto gone = std::make_shared<Signal>();
    world.upstream.handle(waiting_in(phase, wire, there, gone));
    RawClient client(world.gateway().port());
    const bool stream = phase == Phase::mid_stream || phase == Phase::before_first_byte;
    client.send(world.gateway().authorized({.target = stream ? wire.stream_target : wire.target,
                                            .headers = {{"x-llmgw-feature", "leaving"}},
                                            .body = stream ? wire.stream_body : wire.body,
                                            .host = ""}));
    if (!there->wait()) { return std::nullopt; }
    if (phase == Phase::mid_stream) {
        auto response = client.read_head();
        if (!client.read_until(response, wire.events[0])) { return std::nullopt; }
    }
    const auto start = std::chrono::steady_clock::now();
    reset ? client.reset() : client.close();
    if (!gone->wait()) { return std::nullopt; }
    return std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - start);
}

}  // namespace

TEST_CASE("T18: the provider's connection is closed when the client's is, and the row says cancelled") {
    World world;
    std::size_t calls = 0;
    for (const auto& wire : canned::wires()) {
        for (const auto phase : phases) {
            for (const bool reset : {false, true}) {
                CAPTURE(name_of(wire));
                CAPTURE(static_cast<int>(phase));
                CAPTURE(reset);
                const auto took = leave(world, wire, phase, reset);
                REQUIRE(took.has_value());
                CHECK(took->count() < close_limit.count());
                const auto rows = db_wait(world.home.database(),
                                          "SELECT * FROM calls WHERE feature = 'leaving' ORDER BY id", {}, ++calls);
                REQUIRE(rows.size() == calls);
                const auto& row = rows.back();
                CHECK(text(row, ending_column) == "cancelled");
                CHECK(text(row, "client_dialect") == name_of(wire));
                if (phase == Phase::mid_stream) {
                    const auto basis = text(row, "cost_basis");
                    CHECK((basis == "reported" || basis == "partial" || basis == "estimated"));
                }
                if (phase == Phase::mid_stream && wire.dialect == DialectId::anthropic) {
                    CHECK(text(row, "input_tokens") == std::to_string(canned::input_tokens));
                    CHECK(text(row, "cache_read_tokens") == std::to_string(canned::cache_read_tokens));
                }
            }
        }
    }
}

TEST_CASE("T18: a client that leaves with half a request sent calls nobody") {
    World world;
    const auto& wire = canned::wires()[0];
    const auto bytes = request_bytes(
        world.gateway().authorized(
            {.target = wire.target, .headers = {{"x-llmgw-feature", "half"}}, .body = wire.body, .host = ""}),
        world.gateway().port());
    for (const bool reset : {false, true}) {
        for (const std::size_t sent : {std::size_t{1}, bytes.size() / 3, bytes.size() - 1}) {
            RawClient client(world.gateway().port());
            client.send(bytes.substr(0, sent));
            reset ? client.reset() : client.close();
        }
    }
    CHECK(world.ask(wire).status == 200);
    CHECK(world.upstream.request_count() == 1);
}

TEST_CASE("T18: 200 cancelled calls leave no thread and no descriptor") {
    World world;
    const auto& wire = canned::wires()[0];
    const int pid = world.gateway().process().pid();
    for (const auto phase : phases) {
        REQUIRE(leave(world, wire, phase, false).has_value());
    }
    CHECK(world.upstream.wait_open_connections(0));
    const auto before = held_by(pid);
    for (int i = 0; i < 200; ++i) {
        REQUIRE(leave(world, wire, phases[i % 4], i % 8 >= 4).has_value());
    }
    CHECK(world.upstream.wait_open_connections(0));
    const auto rows = db_wait(world.home.database(), "SELECT 1 FROM calls WHERE feature = 'leaving'", {}, 204);
    CHECK(rows.size() == 204);
    // Connections are closed by threads of the gateway's own: that may be a moment after the row is written. Its
    // thread pool may keep a few more idle than before; a leak would show as 200.
    constexpr std::size_t slack = 20;
    const auto deadline = std::chrono::steady_clock::now() + patience;
    auto after = held_by(pid);
    while ((after.threads > before.threads + slack || after.descriptors > before.descriptors + slack) &&
           std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(Millis{20});
        after = held_by(pid);
    }
    CHECK(after.threads <= before.threads + slack);
    CHECK(after.descriptors <= before.descriptors + slack);
}

TEST_CASE("T18: a client that stops reading and leaves does not hold the provider for ever") {
    World world;
    const auto& wire = canned::wires()[0];
    const auto gone = std::make_shared<Signal>();
    const auto first = std::make_shared<Signal>();
    world.upstream.handle([=](const RecordedRequest&, UpstreamConnection& connection) {
        connection.start_sse();
        connection.chunk(wire.events[0]);
        connection.chunk(wire.events[1]);
        // Far more than all socket buffers between here and the client.
        const auto filler = "event: ping\ndata: {\"type\": \"ping\", \"p\": \"" + std::string(100'000, 'x') + "\"}\n\n";
        first->set();
        for (int i = 0; i < 1000; ++i) {
            if (!connection.chunk(filler)) { break; }
        }
        if (connection.wait_peer_closed()) { gone->set(); }
    });
    RawClient client(world.gateway().port());
    client.send(world.gateway().authorized({.target = wire.stream_target,
                                            .headers = {{"x-llmgw-feature", "leaving"}},
                                            .body = wire.stream_body,
                                            .host = ""}));
    CHECK(first->wait());
    client.reset();
    CHECK(gone->wait());
}

TEST_SUITE_END();
