// Walks tests/dialects/openai-responses/<case>/ for what the codec says:
//   request.json -> request.txt (the normal form), request.same.json (written again)
//   stream.sse -> codec.txt (events), codec.sse (written again)
//   response.json -> codec.txt, codec.json
// LLMGW_UPDATE_GOLDENS=1 writes what the codec says now, to be read before it is kept.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "providers/dialects/openai_responses/codec.hpp"
#include "tests/support/answer_text.hpp"
#include "tests/support/dialect_text.hpp"

namespace fs = std::filesystem;
using namespace llmgw;
using namespace llmgw::test;

namespace {

const wire::OpenAiResponsesCodec codec;

std::vector<fs::path> dirs_with(const char* file) {
    std::vector<fs::path> dirs;
    for (const auto& entry : fs::directory_iterator(fs::path(LLMGW_SOURCE_DIR) / "tests/dialects/openai-responses")) {
        if (fs::exists(entry.path() / file)) { dirs.push_back(entry.path()); }
    }
    std::ranges::sort(dirs);
    return dirs;
}

void check_golden(const fs::path& path, const std::string& text) {
    if (std::getenv("LLMGW_UPDATE_GOLDENS") != nullptr) { std::ofstream(path, std::ios::binary) << text; }
    CAPTURE(path.string());
    CHECK(text == read_file(path));
}

AnswerWishes wishes() {
    AnswerWishes wishes;
    wishes.call_id = "0190-call";
    wishes.model = "asked-for";
    wishes.now_s = 1;
    return wishes;
}

}  // namespace

TEST_SUITE("codec/responses/golden") {
    TEST_CASE("requests: the normal form, and the same request again") {
        const auto dirs = dirs_with("request.json");
        CHECK(dirs.size() >= 4);
        for (const auto& dir : dirs) {
            const auto request = codec.decode_request(read_file(dir / "request.json"));
            REQUIRE(request);
            check_golden(dir / "request.txt", request_text(*request));
            TargetTraits target;
            target.model = "upstream-model";
            Drops drops;
            const auto again = codec.encode_request(*request, target, drops);
            REQUIRE(again);
            check_golden(dir / "request.same.json", again->body + "\n");
        }
    }

    TEST_CASE("streams: the events, and a valid stream of them that says the same") {
        const auto dirs = dirs_with("stream.sse");
        CHECK(dirs.size() >= 12);
        for (const auto& dir : dirs) {
            CAPTURE(dir.string());
            const std::string stream = read_file(dir / "stream.sse");
            const auto events = read_answer(codec, stream, stream.size());
            CHECK(grammar_fault(events) == "");
            const std::string text = events_text(events);
            check_golden(dir / "codec.txt", text);
            for (std::size_t first = 1; first < stream.size(); first += 7) {
                REQUIRE(events_text(read_answer(codec, stream, stream.size(), first)) == text);
            }
            CHECK(events_text(read_answer(codec, stream, 1)) == text);
            Drops drops;
            const std::string written = write_answer(codec, events, wishes(), drops);
            check_golden(dir / "codec.sse", written);
            if (!events.empty() && std::holds_alternative<answer::End>(events.back())) {
                CHECK(stream_fault(codec, written) == "");
            }
        }
    }

    TEST_CASE("answers: the events, and the same answer again") {
        const auto dirs = dirs_with("response.json");
        CHECK(dirs.size() >= 2);
        for (const auto& dir : dirs) {
            std::vector<AnswerEvent> events;
            REQUIRE(codec.decode_answer(read_file(dir / "response.json"), events));
            CHECK(grammar_fault(events) == "");
            check_golden(dir / "codec.txt", events_text(events));
            if (assemble(events).error) { continue; }
            Drops drops;
            check_golden(dir / "codec.json", codec.encode_answer(events, wishes(), drops) + "\n");
        }
    }

    TEST_CASE("whatever is cut off or broken is read without harm") {
        for (const auto& dir : dirs_with("request.json")) {
            const std::string body = read_file(dir / "request.json");
            for (std::size_t size = 0; size < body.size(); size += 3) {
                const std::vector<char> cut(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size));
                CHECK_FALSE(codec.decode_request({cut.data(), cut.size()}).has_value());
            }
        }
        for (const auto& dir : dirs_with("response.json")) {
            const std::string body = read_file(dir / "response.json");
            for (std::size_t size = 0; size < body.size(); ++size) {
                const std::vector<char> cut(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size));
                std::vector<AnswerEvent> events;
                codec.decode_answer({cut.data(), cut.size()}, events);
                REQUIRE(grammar_fault(events) == "");
            }
        }
    }
}
