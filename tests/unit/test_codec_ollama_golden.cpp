// Walks tests/dialects/ollama-chat/<case>/, each stream through the framing that the gateway puts in front:
//   stream.ndjson -> events.txt (what the log sees), answer.txt (the answer's events)
//   response.json -> decoded.txt, answer.txt
// LLMGW_UPDATE_GOLDENS=1 writes what is said now, to be read before it is kept.
#include <string>

#include <doctest/doctest.h>

#include "core/dialect/whole_answer.hpp"
#include "core/provider/host.hpp"
#include "providers/hosts.hpp"
#include "providers/registry.hpp"
#include "tests/support/answer_text.hpp"
#include "tests/support/dialect_text.hpp"
#include "tests/support/goldens.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

const Dialect& ollama() {
    return dialects().get(DialectId::ollama_chat);
}

// The stream as events, its bytes cut where it is said. `whole`: whether it ended between two lines.
std::string framed(std::string_view lines, std::size_t piece_bytes, std::size_t first_bytes, bool* whole = nullptr) {
    const auto framing = ollama_host.framing(DialectId::ollama_chat, "application/x-ndjson");
    std::string sse;
    for (std::size_t at = 0; at < lines.size();) {
        const auto size = at == 0 && first_bytes != 0 ? first_bytes : piece_bytes;
        const std::string piece(lines.substr(at, size));
        REQUIRE(framing->feed(piece, sse));
        at += piece.size();
    }
    const bool ended = framing->finish(sse).has_value();
    if (whole != nullptr) { *whole = ended; }
    return sse;
}

std::vector<AnswerEvent> read_whole(const std::string& sse) {
    return read_answer(*ollama().codec(), sse, sse.size());
}

}  // namespace

TEST_SUITE("codec/ollama-chat/golden") {
    TEST_CASE("streams, however their bytes are cut") {
        const auto dirs = cases_with("ollama-chat", "stream.ndjson");
        CHECK(dirs.size() >= 8);
        for (const auto& dir : dirs) {
            CAPTURE(dir.string());
            const auto lines = read_file(dir / "stream.ndjson");
            const auto sse = framed(lines, lines.size(), 0);
            compare_golden(dir / "events.txt", read_stream(ollama(), sse, sse.size()).text);
            const auto events = read_whole(sse);
            CHECK(grammar_fault(events) == "");
            compare_golden(dir / "answer.txt", events_text(events));
            for (std::size_t first = 1; first < lines.size(); ++first) {
                REQUIRE(framed(lines, lines.size(), first) == sse);
            }
            CHECK(framed(lines, 1, 0) == sse);
            CHECK(events_text(read_answer(*ollama().codec(), sse, 1)) == events_text(events));
        }
    }

    TEST_CASE("every line that breaks off: an error, and no end of the answer") {
        for (const auto& dir : cases_with("ollama-chat", "stream.ndjson")) {
            CAPTURE(dir.string());
            const auto lines = read_file(dir / "stream.ndjson");
            const auto last = lines.rfind('\n', lines.size() - 2);
            for (std::size_t size = 1; size <= last; ++size) {
                bool whole = false;
                const auto events = read_whole(framed(lines.substr(0, size), size, 0, &whole));
                // A line is whole without its line end too.
                const bool between = lines[size - 1] == '\n' || lines[size] == '\n';
                REQUIRE(whole == between);
                REQUIRE(grammar_fault(events) == "");
                const bool ended = !events.empty() && std::holds_alternative<answer::End>(events.back());
                if (dir.filename() != "error") { REQUIRE_FALSE(ended); }
            }
        }
    }

    TEST_CASE("whole answers, and every cut of one without harm") {
        const auto dirs = cases_with("ollama-chat", "response.json");
        CHECK(dirs.size() >= 3);
        for (const auto& dir : dirs) {
            CAPTURE(dir.string());
            const auto body = read_file(dir / "response.json");
            const auto logged = ollama().decode_response(body);
            compare_golden(dir / "decoded.txt", logged.model + " " + logged.finish_reason +
                                                    (logged.usage ? text_of(*logged.usage) : "") + "\n");
            std::vector<AnswerEvent> events;
            REQUIRE(ollama().codec()->decode_answer(body, events));
            CHECK(grammar_fault(events) == "");
            compare_golden(dir / "answer.txt", events_text(events));
            for (std::size_t size = 0; size < body.size(); ++size) {
                const std::vector<char> cut(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size));
                std::vector<AnswerEvent> some;
                CHECK_FALSE(ollama().codec()->decode_answer({cut.data(), cut.size()}, some));
                CHECK(ollama().decode_response({cut.data(), cut.size()}).content_bytes <= size);
            }
        }
    }

    TEST_CASE("ids are made where there are none, and are those of no other answer") {
        const auto calls_of = [](const std::string& body) {
            std::vector<AnswerEvent> events;
            REQUIRE(ollama().codec()->decode_answer(body, events));
            std::vector<std::string> ids;
            for (const auto& event : events) {
                if (const auto* part = std::get_if<answer::PartBegin>(&event)) { ids.push_back(part->call.id); }
            }
            return ids;
        };
        const auto body = [](const std::string& time) {
            return R"({"created_at":")" + time +
                   R"(","message":{"tool_calls":[{"function":{"name":"now"}},{"function":{"name":"now"}}]},"done":true})";
        };
        const auto first = calls_of(body("2026-11-21T20:00:00.000000001Z"));
        const auto second = calls_of(body("2026-11-21T20:00:00.000000002Z"));
        REQUIRE(first.size() == 2);
        CHECK(first == calls_of(body("2026-11-21T20:00:00.000000001Z")));
        CHECK(first[0] != first[1]);
        CHECK(first[0].starts_with("call_1_"));
        for (const auto& id : second) {
            CHECK(std::ranges::find(first, id) == first.end());
        }
    }

    TEST_CASE("errors: a string, with a status or in the answer") {
        const auto missing = ollama().decode_error(404, R"({"error":"model 'nope' not found"})");
        CHECK(missing.error_class == ErrorClass::not_found);
        CHECK(missing.message == "model 'nope' not found");
        for (const char* text : {"the input length exceeds the context length",
                                 "the prompt is longer than the context length currently available to the model",
                                 "request (5000 tokens) exceeds the available context size (4096 tokens)"}) {
            CAPTURE(text);
            const auto too_long = ollama().decode_error(400, std::string(R"({"error":")") + text + "\"}");
            CHECK(to_string(too_long.error_class) == to_string(ErrorClass::context_length));
        }
        CHECK(
            ollama().decode_error(401, R"({"error":"unauthorized","signin_url":"https://ollama.com/x"})").error_class ==
            ErrorClass::authentication);
        CHECK(ollama()
                  .decode_error(503, R"({"error":"server busy, please try again.  maximum pending requests exceeded"})")
                  .error_class == ErrorClass::overloaded);
        CHECK(ollama().encode_error(missing) == R"({"error":"model 'nope' not found"})");
        std::vector<AnswerEvent> events;
        REQUIRE(ollama().codec()->decode_answer(R"({"error":"boom"})", events));
        CHECK(grammar_fault(events) == "");
        CHECK(std::holds_alternative<answer::Failed>(events[1]));
    }

    TEST_CASE("what is no answer is not read") {
        for (const char* body : {"", "null", "[]", "{}", R"({"choices":[]})", R"({"embedding":[0.5]})", "<html>"}) {
            std::vector<AnswerEvent> events;
            CHECK_FALSE(ollama().codec()->decode_answer(body, events));
            CHECK(events.empty());
        }
    }
}
