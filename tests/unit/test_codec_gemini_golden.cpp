// Walks tests/dialects/gemini/<case>/ for the codec:
//   request.json  -> request.txt (the normal form), request.same.json (written for the same dialect)
//   stream.sse    -> answer.txt (the events), stream.same.sse (written from them; not when the stream was cut)
//   response.json -> answer.txt, response.same.json (not when it is an error)
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

const Codec& codec() {
    return *dialects().get(DialectId::gemini).codec();
}

AnswerWishes wishes() {
    AnswerWishes wishes;
    wishes.call_id = "0192";
    wishes.model = "asked-for";
    return wishes;
}

bool ended(const std::vector<AnswerEvent>& events) {
    return !events.empty() && std::holds_alternative<answer::End>(events.back());
}

}  // namespace

TEST_SUITE("codec/gemini/golden") {
    TEST_CASE("requests") {
        const auto dirs = cases_with("gemini", "request.json");
        CHECK(dirs.size() >= 5);
        for (const auto& dir : dirs) {
            const auto request = codec().decode_request(read_file(dir / "request.json"));
            REQUIRE_MESSAGE(request.has_value(), request.error().message);
            compare_golden(dir / "request.txt", request_text(*request));
            Drops drops;
            const auto same = codec().encode_request(*request, {}, drops);
            REQUIRE(same.has_value());
            compare_golden(dir / "request.same.json", same->body + "\n");
            CHECK(drops_text(drops) == "");
            // What was written says the same.
            const auto again = codec().decode_request(same->body);
            REQUIRE(again.has_value());
            CHECK(codec().encode_request(*again, {}, drops)->body == same->body);
        }
    }

    TEST_CASE("streams, however their bytes are cut") {
        const auto dirs = cases_with("gemini", "stream.sse");
        CHECK(dirs.size() >= 9);
        for (const auto& dir : dirs) {
            CAPTURE(dir.string());
            const std::string stream = read_file(dir / "stream.sse");
            const auto events = read_answer(codec(), stream, stream.size());
            CHECK(grammar_fault(events) == "");
            compare_golden(dir / "answer.txt", events_text(events));
            for (std::size_t first = 1; first < stream.size(); ++first) {
                REQUIRE(events_text(read_answer(codec(), stream, stream.size(), first)) == events_text(events));
            }
            REQUIRE(events_text(read_answer(codec(), stream, 1)) == events_text(events));
            if (!ended(events)) { continue; }
            Drops drops;
            const std::string again = write_answer(codec(), events, wishes(), drops);
            compare_golden(dir / "stream.same.sse", again);
            CHECK(stream_fault(codec(), again) == "");
            CHECK(drops_text(drops) == "");
        }
    }

    TEST_CASE("whole answers") {
        for (const auto& dir : cases_with("gemini", "response.json")) {
            CAPTURE(dir.string());
            std::vector<AnswerEvent> events;
            REQUIRE(codec().decode_answer(read_file(dir / "response.json"), events));
            CHECK(grammar_fault(events) == "");
            compare_golden(dir / "answer.txt", events_text(events));
            if (assemble(events).error) { continue; }
            Drops drops;
            compare_golden(dir / "response.same.json", codec().encode_answer(events, wishes(), drops) + "\n");
            CHECK(drops_text(drops) == "");
        }
    }
}
