// T9 over the pairs: a provider that falls silent in the middle of its answer. What ends otherwise is in the matrix.
#include <thread>

#include <doctest/doctest.h>

#include "tests/e2e/matrix_world.hpp"

using namespace llmgw;
using namespace llmgw::testing;
using namespace llmgw::testing::matrix;

namespace {

DialectId asked_in(const RecordedRequest& request) {
    if (request.target.starts_with("/v1/messages")) { return DialectId::anthropic; }
    if (request.target.starts_with("/v1/chat/")) { return DialectId::openai_chat; }
    if (request.target.starts_with("/v1/responses")) { return DialectId::openai_responses; }
    return DialectId::gemini;
}

}  // namespace

TEST_SUITE("translation") {
    TEST_CASE("T9: a provider that falls silent: the client gets its dialect's error, not a bare end") {
        MatrixWorld bench("", "idle_s = 1\n");
        bench.world.upstream.handle([](const RecordedRequest& request, UpstreamConnection& connection) {
            const auto events = answer_events(asked_in(request), {.text = "Begun and not ended at all"}, 5);
            connection.start_sse();
            for (std::size_t i = 0; i < 5; ++i) {
                connection.chunk(events.at(i));
            }
            connection.stall();
        });
        struct Asked {
            Pair pair;
            Response got;
        };
        std::vector<Asked> all;
        for (const auto& client : dialect_names) {
            for (const auto& provider : dialect_names) {
                if (client.id != provider.id) { all.push_back({{client.id, provider.id}, {}}); }
            }
        }
        // All at once, so that one second passes and not twelve.
        std::vector<std::jthread> threads;
        for (auto& one : all) {
            threads.emplace_back([&bench, &one] {
                Client client(one.pair.client);
                client.say("Hello");
                one.got = bench.send(
                    client,
                    {.pair = one.pair, .wish = {.model = MatrixWorld::model(one.pair.provider), .stream = true}});
            });
        }
        threads.clear();
        for (const auto& one : all) {
            CAPTURE(to_string(one.pair.client));
            CAPTURE(to_string(one.pair.provider));
            CAPTURE(one.got.body);
            CHECK(one.got.status == 200);
            CHECK(one.got.body.find("Begun") != std::string::npos);
            const auto events = stream_events(one.got.body);
            REQUIRE_FALSE(events.empty());
            CHECK(is_stream_error_of(one.pair.client, events.back()));
            CHECK(stream_fault(one.pair.client, one.got.body) == "");
            const auto row = bench.world.gateway().call_row(one.got);
            REQUIRE_FALSE(row.empty());
            CHECK(text(row, "ending") == "truncated");
            CHECK(text(row, "error_class") == "timeout");
        }
    }
}
