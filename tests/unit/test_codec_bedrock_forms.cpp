// Recorded requests of every client's dialect, written for Bedrock's Converse: in the forms that its own recordings
// have.
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "providers/registry.hpp"
#include "tests/support/dialect_text.hpp"
#include "tests/support/tell.hpp"
#include "tests/unit/converse_rules.hpp"

namespace fs = std::filesystem;
using namespace llmgw;
using namespace llmgw::test;
using Json = nlohmann::json;

namespace {

const Codec& converse() {
    return *dialects().get(DialectId::bedrock_converse).codec();
}

// Where each value stands, lists without their numbers; what is the client's own (schemas, arguments) left out.
void add_paths(const Json& value, const std::string& at, std::set<std::string>& out) {
    if (at.ends_with(".json") || at.ends_with(".toolUse.input") || at.ends_with(".requestMetadata")) { return; }
    if (value.is_object()) {
        for (const auto& [key, member] : value.items()) {
            add_paths(member, at + "." + key, out);
        }
    } else if (value.is_array()) {
        for (const auto& element : value) {
            add_paths(element, at + "[]", out);
        }
    } else {
        out.insert(at);
    }
}

}  // namespace

TEST_SUITE("codec/bedrock-converse/forms") {
    TEST_CASE("recorded requests of all dialects: written in the forms that were recorded") {
        std::set<std::string> recorded;
        for (const auto* below : {"bedrock/converse", "bedrock/converse-stream", "bedrock/count-tokens"}) {
            if (!fs::exists(fixtures_dir() / below)) { continue; }
            for (const auto& entry : fs::directory_iterator(fixtures_dir() / below)) {
                const auto request = Json::parse(read_file(entry.path() / "request.json"), nullptr, false);
                if (request.is_object()) { add_paths(request, "", recorded); }
            }
        }
        if (recorded.empty()) {
            TELL("no recordings at " << fixtures_dir().string() << ": skipped");
            return;
        }
        // Documented by AWS, and in no recording.
        for (const auto* path :
             {".system[].cachePoint.ttl", ".messages[].content[].cachePoint.ttl", ".inferenceConfig.stopSequences[]",
              ".toolConfig.tools[].cachePoint.type", ".toolConfig.tools[].cachePoint.ttl",
              ".additionalModelResponseFieldPaths[]", ".messages[].content[].document.context",
              ".messages[].content[].audio.format", ".messages[].content[].audio.source.bytes",
              ".messages[].content[].toolResult.content[].image.source.bytes",
              ".additionalModelRequestFields.reasoningConfig.type",
              ".additionalModelRequestFields.reasoningConfig.maxReasoningEffort",
              ".additionalModelRequestFields.thinking.display", ".additionalModelRequestFields.top_k"}) {
            recorded.insert(path);
        }
        const std::vector<std::pair<std::string, DialectId>> sources{{"anthropic/messages", DialectId::anthropic},
                                                                     {"openai/chat", DialectId::openai_chat},
                                                                     {"openai/responses", DialectId::openai_responses},
                                                                     {"gemini/generateContent", DialectId::gemini}};
        int written = 0;
        int refusals = 0;
        for (const auto& [below, id] : sources) {
            if (!fs::exists(fixtures_dir() / below)) { continue; }
            for (const auto& entry : fs::directory_iterator(fixtures_dir() / below)) {
                if (!fs::exists(entry.path() / "request.json")) { continue; }
                CAPTURE(entry.path().string());
                const auto decoded =
                    dialects().get(id).codec()->decode_request(read_file(entry.path() / "request.json"));
                if (!decoded) { continue; }
                for (const auto* model : {"us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us.amazon.nova-pro-v1:0"}) {
                    TargetTraits target;
                    target.model = model;
                    Drops drops;
                    const auto made = converse().encode_request(*decoded, target, drops);
                    if (!made) {
                        // Its conversation is elsewhere, or a tool's schema is none.
                        CHECK(made.error().kind == ErrorKind::bad_request);
                        ++refusals;
                        continue;
                    }
                    const auto body = Json::parse(made->body);
                    if (!decoded->messages.empty()) { CHECK(refused(body) == ""); }
                    std::set<std::string> paths;
                    add_paths(body, "", paths);
                    for (const auto& path : paths) {
                        CAPTURE(path);
                        CHECK(recorded.contains(path));
                    }
                    ++written;
                }
            }
        }
        TELL("requests of other dialects written for Converse: " << written << ", refused " << refusals);
        CHECK(written > 500);
    }
}
