// Walks tests/dialects/openai-chat/<case>/ for translation's sake:
//   stream.sse    -> answer.txt (what it says) -> chunks.sse (written for a client)
//   response.json -> answer.txt -> again.json
//   request.json  -> request.txt -> request.same.json (written for a host of this dialect)
// LLMGW_UPDATE_GOLDENS=1 writes what is missing or different; read it before it is kept.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "core/dialect/whole_answer.hpp"
#include "providers/dialects/openai_chat/codec.hpp"
#include "providers/registry.hpp"
#include "tests/support/answer_text.hpp"
#include "tests/support/dialect_text.hpp"

namespace fs = std::filesystem;
using namespace llmgw;
using namespace llmgw::test;

namespace {

const wire::OpenAiChatCodec codec;

void check_golden(const fs::path& file, const std::string& found) {
    CAPTURE(file.string());
    if (std::getenv("LLMGW_UPDATE_GOLDENS") != nullptr) { std::ofstream(file, std::ios::binary) << found; }
    CHECK(found == read_file(file));
}

std::vector<fs::path> dirs_with(const char* name) {
    std::vector<fs::path> dirs;
    for (const auto& entry : fs::directory_iterator(fs::path(LLMGW_SOURCE_DIR) / "tests/dialects/openai-chat")) {
        if (fs::exists(entry.path() / name)) { dirs.push_back(entry.path()); }
    }
    std::ranges::sort(dirs);
    return dirs;
}

AnswerWishes wishes() {
    AnswerWishes wishes;
    wishes.call_id = "llmgw";
    wishes.model = "asked";
    wishes.now_s = 1'700'000'000;
    wishes.stream_usage = true;
    return wishes;
}

TargetTraits traits_of(const fs::path& dir) {
    TargetTraits traits;
    traits.model = "host-model";
    traits.think_tags = dir.filename().string().starts_with("think-tags");
    traits.reasoning_back = "reasoning_content";
    if (dir.filename().string().find("openrouter") != std::string::npos) {
        traits.reasoning_back = "reasoning_details";
        traits.cache_marks = "cache_control";
    }
    return traits;
}

}  // namespace

TEST_SUITE("codec/openai-chat/golden") {
    TEST_CASE("streams") {
        const auto dirs = dirs_with("stream.sse");
        CHECK(dirs.size() >= 30);
        for (const auto& dir : dirs) {
            const std::string stream = read_file(dir / "stream.sse");
            if (!fs::exists(dir / "events.txt") && std::getenv("LLMGW_UPDATE_GOLDENS") != nullptr) {
                check_golden(dir / "events.txt",
                             read_stream(dialects().get(DialectId::openai_chat), stream, stream.size()).text);
            }
            const auto decoder = codec.answer_decoder_for(traits_of(dir));
            std::vector<AnswerEvent> events;
            SseFramer framer;
            for (const auto& sse : framer.feed(stream)) {
                decoder->decode(sse, events);
            }
            SseEvent tail;
            if (framer.finish(tail)) { decoder->decode(tail, events); }
            decoder->finish(events);
            CAPTURE(dir.string());
            CHECK(grammar_fault(events) == "");
            check_golden(dir / "answer.txt", events_text(events));
            if (!std::holds_alternative<answer::End>(events.back())) { continue; }  // cut
            Drops drops;
            const std::string chunks = write_answer(codec, events, wishes(), drops);
            CHECK(stream_fault(codec, chunks) == "");
            check_golden(dir / "chunks.sse", chunks);
        }
    }

    TEST_CASE("whole answers") {
        int answers = 0;
        for (const auto& dir : dirs_with("response.json")) {
            std::vector<AnswerEvent> events;
            if (!codec.decode_answer_for(traits_of(dir), read_file(dir / "response.json"), events)) { continue; }
            ++answers;
            CHECK(grammar_fault(events) == "");
            check_golden(dir / "answer.txt", events_text(events));
            if (assemble(events).error) { continue; }
            Drops drops;
            check_golden(dir / "again.json", codec.encode_answer(events, wishes(), drops) + "\n");
        }
        CHECK(answers >= 3);
    }

    TEST_CASE("requests") {
        const auto dirs = dirs_with("request.json");
        CHECK(dirs.size() >= 5);
        for (const auto& dir : dirs) {
            CAPTURE(dir.string());
            const auto request = codec.decode_request(read_file(dir / "request.json"));
            REQUIRE(request.has_value());
            check_golden(dir / "request.txt", request_text(*request));
            Drops drops;
            const auto encoded = codec.encode_request(*request, traits_of(dir), drops);
            REQUIRE(encoded.has_value());
            check_golden(dir / "request.same.json", nlohmann::ordered_json::parse(encoded->body).dump(1) + "\n");
            CHECK(drops_text(drops) == "");
        }
    }
}
