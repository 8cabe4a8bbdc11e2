// Walks tests/dialects/anthropic/<case>/ for the codec:
//   request.json  -> request.txt (the normal form), request.same.json (written for the same dialect)
//   stream.sse    -> answer.txt (the events), stream.same.sse (written from them; not when the stream was cut)
//   response.json -> answer.txt, response.same.json
// LLMGW_UPDATE_GOLDENS=1 writes what is said now, to be read before it is kept.
#include <string>

#include <doctest/doctest.h>

#include "providers/dialects/anthropic/codec.hpp"
#include "tests/support/answer_text.hpp"
#include "tests/support/dialect_text.hpp"
#include "tests/support/goldens.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

const wire::AnthropicCodec& codec() {
    return wire::anthropic_codec();
}

AnswerWishes wishes() {
    AnswerWishes wishes;
    wishes.call_id = "0192";
    wishes.model = "asked-for";
    return wishes;
}

}  // namespace

TEST_SUITE("codec/anthropic/golden") {
    TEST_CASE("requests") {
        const auto dirs = cases_with("anthropic", "request.json");
        CHECK(dirs.size() >= 5);
        for (const auto& dir : dirs) {
            const auto request = codec().decode_request(read_file(dir / "request.json"));
            REQUIRE(request.has_value());
            compare_golden(dir / "request.txt", request_text(*request));
            TargetTraits target;
            target.model = request->model;
            target.system_in_messages = true;
            Drops drops;
            const auto same = dir.filename() == "request-count" ? codec().encode_count_request(*request, target, drops)
                                                                : codec().encode_request(*request, target, drops);
            REQUIRE(same.has_value());
            compare_golden(dir / "request.same.json", same->body + "\n");
            CHECK(drops_text(drops) == "");
            // What was written says the same to this codec; only its own members' places may shift.
            const auto again = codec().decode_request(same->body);
            REQUIRE(again.has_value());
            const auto twice = codec().encode_request(*again, target, drops);
            if (dir.filename() != "request-count") { CHECK(twice->body == same->body); }
        }
    }

    TEST_CASE("streams, however their bytes are cut") {
        for (const auto& dir : cases_with("anthropic", "stream.sse")) {
            CAPTURE(dir.string());
            const std::string stream = read_file(dir / "stream.sse");
            const auto events = read_answer(codec(), stream, stream.size());
            compare_golden(dir / "answer.txt", events_text(events));
            CHECK(grammar_fault(events) == "");
            for (const std::size_t size : {1, 2, 3, 7, 64}) {
                CHECK(events_text(read_answer(codec(), stream, size)) == events_text(events));
            }
            for (std::size_t first = 1; first < stream.size(); ++first) {
                REQUIRE(events_text(read_answer(codec(), stream, stream.size(), first)) == events_text(events));
            }
            if (events.empty() || !std::holds_alternative<answer::End>(events.back())) { continue; }
            Drops drops;
            const std::string same = write_answer(codec(), events, wishes(), drops);
            compare_golden(dir / "stream.same.sse", same);
            CHECK(stream_fault(codec(), same) == "");
            CHECK(drops_text(drops) == "");
        }
    }

    TEST_CASE("answers") {
        for (const auto& dir : cases_with("anthropic", "response.json")) {
            CAPTURE(dir.string());
            std::vector<AnswerEvent> events;
            REQUIRE(codec().decode_answer(read_file(dir / "response.json"), events));
            compare_golden(dir / "answer.txt", events_text(events));
            CHECK(grammar_fault(events) == "");
            Drops drops;
            compare_golden(dir / "response.same.json", codec().encode_answer(events, wishes(), drops) + "\n");
            CHECK(drops_text(drops) == "");
        }
    }
}
