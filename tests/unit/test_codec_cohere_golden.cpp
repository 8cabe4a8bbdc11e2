// Walks tests/dialects/cohere-chat/<case>/:
//   stream.sse    -> events.txt (what the log sees), answer.txt (the answer's events)
//   response.json -> decoded.txt, answer.txt
// LLMGW_UPDATE_GOLDENS=1 writes what is said now, to be read before it is kept.
#include <string>

#include <doctest/doctest.h>

#include "providers/registry.hpp"
#include "tests/support/answer_text.hpp"
#include "tests/support/dialect_text.hpp"
#include "tests/support/goldens.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

const Dialect& cohere() {
    return dialects().get(DialectId::cohere_chat);
}

}  // namespace

TEST_SUITE("codec/cohere-chat/golden") {
    TEST_CASE("streams, however their bytes are cut") {
        const auto dirs = cases_with("cohere-chat", "stream.sse");
        CHECK(dirs.size() >= 8);
        for (const auto& dir : dirs) {
            CAPTURE(dir.string());
            const auto stream = read_file(dir / "stream.sse");
            const auto logged = read_stream(cohere(), stream, stream.size()).text;
            compare_golden(dir / "events.txt", logged);
            const auto events = read_answer(*cohere().codec(), stream, stream.size());
            CHECK(grammar_fault(events) == "");
            compare_golden(dir / "answer.txt", events_text(events));
            for (std::size_t first = 1; first < stream.size(); ++first) {
                REQUIRE(read_stream(cohere(), stream, stream.size(), first).text == logged);
                REQUIRE(events_text(read_answer(*cohere().codec(), stream, stream.size(), first)) ==
                        events_text(events));
            }
            REQUIRE(events_text(read_answer(*cohere().codec(), stream, 1)) == events_text(events));
        }
    }

    TEST_CASE("whole answers, and every cut of one without harm") {
        const auto dirs = cases_with("cohere-chat", "response.json");
        CHECK(dirs.size() >= 3);
        for (const auto& dir : dirs) {
            const auto body = read_file(dir / "response.json");
            const auto logged = cohere().decode_response(body);
            REQUIRE(logged.usage);
            compare_golden(dir / "decoded.txt", logged.id + " " + logged.finish_reason + text_of(*logged.usage) + "\n");
            std::vector<AnswerEvent> events;
            REQUIRE(cohere().codec()->decode_answer(body, events));
            CHECK(grammar_fault(events) == "");
            compare_golden(dir / "answer.txt", events_text(events));
            for (std::size_t size = 0; size < body.size(); ++size) {
                const std::vector<char> cut(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size));
                std::vector<AnswerEvent> some;
                const bool read = cohere().codec()->decode_answer({cut.data(), cut.size()}, some);
                CHECK(grammar_fault(some) == "");
                CHECK(read == !some.empty());
                CHECK(cohere().decode_response({cut.data(), cut.size()}).content_bytes <= size);
            }
        }
    }
}
