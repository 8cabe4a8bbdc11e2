// T3d over the pairs: a session that goes from provider to provider and back, in the middle of a tool loop. Each gets
// what it signed itself, unchanged, and nothing that another one did.
#include <doctest/doctest.h>

#include "tests/e2e/matrix_world.hpp"

using namespace llmgw;
using namespace llmgw::testing;
using namespace llmgw::testing::matrix;

namespace {

constexpr DialectId signers[] = {DialectId::anthropic, DialectId::gemini, DialectId::openai_responses};

bool holds(const std::string& body, const std::string& text) {
    return body.find(text) != std::string::npos;
}

// What is wrong with what this provider was sent, "" when nothing. `seen`: it has answered in this session before.
std::string seals_fault(DialectId provider, const std::string& body, bool seen) {
    std::string fault;
    if (holds(body, "llmgw1")) { fault += "an envelope of llmgw's is sent; "; }
    for (const auto other : signers) {
        const bool there = holds(body, seal_of(other));
        if (other != provider && there) { fault += "sent what " + std::string(to_string(other)) + " signed; "; }
        if (other == provider && there != seen) { fault += seen ? "its own seal is gone; " : "a seal from nowhere; "; }
    }
    return fault;
}

}  // namespace

TEST_SUITE("translation") {
    TEST_CASE("T3d: a session that wanders between providers gives each its own seals back, and no other's") {
        MatrixWorld bench;
        for (const auto& row : dialect_names) {
            for (const bool stream : {true, false}) {
                CAPTURE(row.name);
                CAPTURE(stream);
                Client client(row.id, false);
                client.say("How is the weather?");
                for (int turn = 0; turn < 7; ++turn) {
                    CAPTURE(turn);
                    const auto provider = signers[turn % 3];
                    CAPTURE(to_string(provider));
                    const auto call = "call_" + std::to_string(turn);
                    Answer answer{.thought = "Let me look.",
                                  .calls = {{call, "get_weather", {{"city", "Ulm"}, {"days", turn + 1}}}},
                                  .stop = Stop::tool};
                    const Wish wish{.stream = stream, .tools = true, .thinking = true};
                    const auto got = bench.ask(
                        client, {.pair = {row.id, provider}, .wish = wish, .answer = answer, .may_drop = true});
                    REQUIRE(got.fault == "");
                    CHECK(seals_fault(provider, bench.world.upstream.last()->body, turn >= 3) == "");
                    CHECK(got.asked.results.size() == static_cast<std::size_t>(turn));
                    REQUIRE(got.said.calls.size() == 1);
                    client.keep(got.answer);
                    client.give({{got.said.calls[0].id, "get_weather", "Sunny.", false, ""}});
                }
            }
        }
    }
}
