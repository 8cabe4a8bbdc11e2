// The recorded traffic across dialects: other dialects' requests to Gemini, Gemini's answers to other dialects'
// clients. Dialects without a codec are left out.
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "providers/registry.hpp"
#include "tests/support/answer_text.hpp"
#include "tests/support/dialect_text.hpp"
#include "tests/support/tell.hpp"

namespace fs = std::filesystem;
using namespace llmgw;
using namespace llmgw::test;
using nlohmann::json;

namespace {

const Codec& codec() {
    return *dialects().get(DialectId::gemini).codec();
}

const Codec* codec_of(DialectId id) {
    return dialects().get(id).codec();
}

constexpr DialectId others[] = {DialectId::anthropic, DialectId::openai_chat, DialectId::openai_responses};

std::size_t count(const json& parts, const char* kind) {
    return static_cast<std::size_t>(
        std::ranges::count_if(parts, [&](const json& part) { return part.contains(kind); }));
}

// What the API would refuse in a conversation, "" when nothing.
std::string refused(const json& body) {
    std::string last;
    std::size_t open = 0;
    for (const auto& content : body["contents"]) {
        const std::string role = content["role"];
        if (last.empty() && role != "user") { return "the first content is not the user's"; }
        if (role == last) { return "two contents of one role"; }
        last = role;
        if (content["parts"].empty()) { return "a content without parts"; }
        for (const auto& part : content["parts"]) {
            const bool empty = part.contains("text") && part["text"] == "" && !part.contains("thoughtSignature");
            if (empty) { return "an empty text"; }
        }
        const std::size_t results = count(content["parts"], "functionResponse");
        if (results != (role == "user" ? open : 0)) { return "calls and results do not match"; }
        open = count(content["parts"], "functionCall");
    }
    return last.empty() ? "no contents" : "";
}

struct Recorded {
    DialectId dialect;
    fs::path file;
    std::string body;
};

void add_agents(std::vector<Recorded>& found) {
    const fs::path agents = fixtures_dir().parent_path() / "agents";
    if (!fs::exists(agents)) { return; }
    const std::map<std::string, DialectId> paths{{"/v1/messages", DialectId::anthropic},
                                                 {"/v1/chat/completions", DialectId::openai_chat},
                                                 {"/v1/responses", DialectId::openai_responses}};
    for (const auto& entry : fs::recursive_directory_iterator(agents)) {
        if (entry.path().extension() != ".json") { continue; }
        const auto record = json::parse(read_file(entry.path()), nullptr, false);
        if (record.is_discarded() || !record.is_object() || !record.contains("body") || !record["body"].is_object()) {
            continue;
        }
        const auto path = paths.find(record.value("path", ""));
        if (path == paths.end() || record.value("method", "") != "POST") { continue; }
        found.push_back({path->second, entry.path(), record["body"].dump()});
    }
}

void add_fixtures(std::vector<Recorded>& found) {
    if (!fs::exists(fixtures_dir())) { return; }
    const std::map<std::string, DialectId> apis{{"messages", DialectId::anthropic},
                                                {"chat", DialectId::openai_chat},
                                                {"responses", DialectId::openai_responses}};
    for (const auto& host : fs::directory_iterator(fixtures_dir())) {
        if (!host.is_directory()) { continue; }
        for (const auto& api : fs::directory_iterator(host)) {
            const auto known = apis.find(api.path().filename().string());
            if (known == apis.end()) { continue; }
            for (const auto& entry : fs::directory_iterator(api)) {
                if (!fs::exists(entry.path() / "request.json")) { continue; }
                found.push_back({known->second, entry.path(), read_file(entry.path() / "request.json")});
            }
        }
    }
}

}  // namespace

TEST_SUITE("codec/gemini/cross") {
    TEST_CASE("requests of the other dialects become requests Gemini takes") {
        std::vector<Recorded> recorded;
        add_agents(recorded);
        const std::size_t agents = recorded.size();
        add_fixtures(recorded);
        std::ranges::sort(recorded, {}, &Recorded::file);
        std::size_t good = 0;
        std::size_t not_ours = 0;
        std::size_t refusals = 0;
        std::set<std::string> reasons;
        for (const auto& one : recorded) {
            const Codec* theirs = codec_of(one.dialect);
            if (theirs == nullptr) { continue; }
            CAPTURE(one.file.string());
            const auto request = theirs->decode_request(one.body);
            if (!request) {
                ++not_ours;
                continue;
            }
            for (const bool json_schema : {true, false}) {
                TargetTraits target;
                target.model = "gemini-3-pro-preview";
                target.thinking_level = true;
                target.parameters_json_schema = json_schema;
                Drops drops;
                const auto encoded = codec().encode_request(*request, target, drops);
                if (!encoded) {
                    CHECK(encoded.error().kind == ErrorKind::bad_request);
                    ++refusals;
                    reasons.insert(encoded.error().message.substr(0, 200));
                    continue;
                }
                const auto body = json::parse(encoded->body);
                CHECK(refused(body) == "");
                CHECK(codec().decode_request(encoded->body).has_value());
                ++good;
            }
        }
        TELL(good << " requests written from " << recorded.size() << " recorded (" << agents << " of agents); "
                  << refusals << " refused with a reason, " << not_ours << " their own codec does not take");
        for (const auto& reason : reasons) {
            TELL("refused: " << reason);
        }
    }

    TEST_CASE("Gemini's answers keep the grammar of every client's dialect") {
        std::size_t streams = 0;
        for (const auto& host : {"gemini", "vertex"}) {
            for (const auto& api : {"generateContent", "streamGenerateContent"}) {
                const fs::path dir = fixtures_dir() / host / api;
                if (!fs::exists(dir)) { continue; }
                for (const auto& entry : fs::directory_iterator(dir)) {
                    std::vector<AnswerEvent> events;
                    if (fs::exists(entry.path() / "stream.sse")) {
                        events = read_answer(codec(), read_file(entry.path() / "stream.sse"), 4096);
                    } else if (fs::exists(entry.path() / "response.json")) {
                        REQUIRE(codec().decode_answer(read_file(entry.path() / "response.json"), events));
                    } else {
                        continue;
                    }
                    for (const auto id : others) {
                        const Codec* client = codec_of(id);
                        if (client == nullptr) { continue; }
                        CAPTURE(entry.path().string());
                        CAPTURE(to_string(id));
                        AnswerWishes wishes;
                        wishes.call_id = "c1";
                        wishes.model = "m";
                        Drops drops;
                        const std::string stream = write_answer(*client, events, wishes, drops);
                        CHECK(stream_fault(*client, stream) == "");
                        ++streams;
                    }
                }
            }
        }
        TELL(streams << " streams written");
    }

    TEST_CASE("other providers' answers keep the grammar of Gemini's clients") {
        std::vector<Recorded> recorded;
        add_fixtures(recorded);
        const std::map<DialectId, const char*> names{{DialectId::anthropic, "anthropic"},
                                                     {DialectId::openai_chat, "openai-chat"},
                                                     {DialectId::openai_responses, "openai-responses"}};
        std::size_t streams = 0;
        for (const auto& one : recorded) {
            const Codec* theirs = codec_of(one.dialect);
            if (theirs == nullptr || !fs::exists(one.file / "stream.sse")) { continue; }
            CAPTURE(one.file.string());
            const auto events = read_answer(*theirs, read_file(one.file / "stream.sse"), 4096);
            if (events.empty() || !std::holds_alternative<answer::End>(events.back())) { continue; }
            Drops drops;
            const std::string stream = write_answer(codec(), events, {}, drops);
            CHECK(stream_fault(codec(), stream) == "");
            // The words and the calls arrive.
            const auto before = assemble(events);
            const auto after = assemble(read_answer(codec(), stream, 4096));
            const auto said = [](const WholeAnswer& answer) {
                std::string text;
                for (const auto& part : answer.candidates[0].parts) {
                    if (part.begin.kind == answer::PartKind::text || part.begin.kind == answer::PartKind::refusal) {
                        text += part.text;
                    }
                    if (part.begin.kind == answer::PartKind::tool_call) { text += "<" + part.begin.call.name + ">"; }
                }
                return text;
            };
            if (!before.error) { CHECK(said(before) == said(after)); }
            ++streams;
        }
        TELL(streams << " streams written");
    }
}
