// Chat Completions with each other dialect that can be translated: streams of hosts written for the other's clients,
// the other's streams written for Chat clients, and requests both ways. What matters to an agent must arrive: text,
// reasoning, calls with their arguments, why it stopped.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/dialect/whole_answer.hpp"
#include "providers/dialects/tool_names.hpp"
#include "providers/registry.hpp"
#include "tests/support/answer_text.hpp"
#include "tests/support/dialect_text.hpp"
#include "tests/support/tell.hpp"

namespace fs = std::filesystem;
using namespace llmgw;
using namespace llmgw::test;
using nlohmann::json;

namespace {

const Codec& chat() {
    return *dialects().get(DialectId::openai_chat).codec();
}

std::vector<DialectId> others() {
    std::vector<DialectId> found;
    for (const auto& row : dialect_names) {
        if (row.id != DialectId::openai_chat && dialects().get(row.id).codec() != nullptr) { found.push_back(row.id); }
    }
    return found;
}

std::vector<fs::path> files_named(DialectId dialect, const char* name) {
    std::vector<fs::path> files;
    for (const auto& entry :
         fs::directory_iterator(fs::path(LLMGW_SOURCE_DIR) / "tests/dialects" / to_string(dialect))) {
        if (fs::exists(entry.path() / name)) { files.push_back(entry.path() / name); }
    }
    std::ranges::sort(files);
    return files;
}

// Arguments that were cut off are no object: dialects whose arguments are objects say them in ways of their own.
bool has_cut_call(const WholeAnswer& answer) {
    return std::ranges::any_of(answer.candidates[0].parts, [](const AnswerPart& part) {
        const bool function = part.begin.kind == answer::PartKind::tool_call && !part.begin.call.custom;
        return function && !part.text.empty() && !json::accept(part.text);
    });
}

// Text and calls of the first choice, which all dialects can say. Arguments as JSON trees: some dialects' are objects.
// A custom tool's input is the argument of a bridged function, a namespace the beginning of a name.
std::string gist(const std::vector<AnswerEvent>& events, bool with_arguments) {
    std::string text;
    std::string calls;
    const WholeAnswer answer = assemble(events);
    for (const auto& part : answer.candidates[0].parts) {
        const bool said = part.begin.kind == answer::PartKind::text || part.begin.kind == answer::PartKind::refusal;
        if (said) { text += part.text; }
        if (part.begin.kind != answer::PartKind::tool_call) { continue; }
        calls += "call " + wire::flat_tool_name(part.begin.call.name_space, part.begin.call.name);
        if (with_arguments) {
            const json arguments =
                part.begin.call.custom ? json{{"input", part.text}} : json::parse(part.text.empty() ? "{}" : part.text);
            calls += " " + arguments.dump();
        }
        calls += "\n";
    }
    std::erase(text, '\n');  // between paragraphs
    return text + "\n" + calls;
}

AnswerWishes wishes() {
    AnswerWishes wishes;
    wishes.call_id = "0190";
    wishes.model = "asked";
    wishes.stream_usage = true;
    return wishes;
}

// Writes the events for a client of `codec` and reads them back.
void check_pair(const Codec& codec, const std::vector<AnswerEvent>& events) {
    Drops drops;
    const std::string stream = write_answer(codec, events, wishes(), drops);
    CAPTURE(stream);
    REQUIRE(stream_fault(codec, stream) == "");
    const WholeAnswer answer = assemble(events);
    if (answer.error) { return; }
    const auto again = read_answer(codec, stream, stream.size());
    CHECK(grammar_fault(again) == "");
    const bool with_arguments = !has_cut_call(answer);
    CHECK(gist(again, with_arguments) == gist(events, with_arguments));
    const bool called = std::ranges::any_of(answer.candidates[0].parts, [](const AnswerPart& part) {
        return part.begin.kind == answer::PartKind::tool_call;
    });
    const auto finish = assemble(again).candidates[0].finish;
    REQUIRE(finish.has_value());
    if (answer.candidates[0].finish->reason == answer::StopReason::tool_use) {
        CHECK((finish->reason == answer::StopReason::tool_use) == called);
    }
    Drops more;
    std::vector<AnswerEvent> whole;
    REQUIRE(codec.decode_answer(codec.encode_answer(events, wishes(), more), whole));
    CHECK(gist(whole, with_arguments) == gist(events, with_arguments));
}

// A request of another dialect's client, written for a host.
void check_for_host(DialectId origin, const std::string& written) {
    const auto request = dialects().get(origin).codec()->decode_request(written);
    REQUIRE(request.has_value());
    TargetTraits traits;
    traits.model = "host-model";
    Drops drops;
    const auto encoded = chat().encode_request(*request, traits, drops);
    if (!encoded) {
        CHECK(encoded.error().kind == ErrorKind::bad_request);
        return;
    }
    REQUIRE(json::accept(encoded->body));
    const json body = json::parse(encoded->body);
    // Every tool message answers a call of the assistant's message before it.
    std::vector<std::string> open;
    for (const auto& message : body["messages"]) {
        if (message["role"] == "tool") {
            const auto found = std::ranges::find(open, message["tool_call_id"].get<std::string>());
            REQUIRE(found != open.end());
            open.erase(found);
            continue;
        }
        open.clear();
        for (const auto& call : message.value("tool_calls", json::array())) {
            open.push_back(call["id"]);
            CHECK(open.back().size() <= 40);
            CHECK(json::accept(call["function"]["arguments"].get<std::string>()));
        }
    }
    for (const auto& tool : body.value("tools", json::array())) {
        CHECK(tool["type"] == "function");
        CHECK(tool["function"]["parameters"].is_object());
        CHECK(tool["function"]["name"].get<std::string>().size() <= 64);
    }
    // A host of this dialect can read it.
    CHECK(chat().decode_request(encoded->body).has_value());
}

bool is_ended(const std::vector<AnswerEvent>& events) {
    return !events.empty() && std::holds_alternative<answer::End>(events.back());
}

}  // namespace

TEST_SUITE("codec/openai-chat/pairs") {
    TEST_CASE("hosts' streams, for clients of the other dialects") {
        for (const DialectId other : others()) {
            int streams = 0;
            for (const auto& file : files_named(DialectId::openai_chat, "stream.sse")) {
                const std::string stream = read_file(file);
                const auto events = read_answer(chat(), stream, stream.size());
                if (!is_ended(events)) { continue; }
                ++streams;
                CAPTURE(to_string(other));
                CAPTURE(file.string());
                check_pair(*dialects().get(other).codec(), events);
            }
            CHECK(streams >= 30);
        }
    }

    TEST_CASE("the other dialects' streams, for Chat clients") {
        for (const DialectId other : others()) {
            int streams = 0;
            for (const auto& file : files_named(other, "stream.sse")) {
                const std::string stream = read_file(file);
                const auto events = read_answer(*dialects().get(other).codec(), stream, stream.size());
                if (!is_ended(events)) { continue; }
                ++streams;
                CAPTURE(to_string(other));
                CAPTURE(file.string());
                check_pair(chat(), events);
            }
            CHECK(streams >= 5);
        }
    }

    TEST_CASE("recorded streams of hosts, for clients of the other dialects") {
        if (!fs::exists(fixtures_dir())) { return; }
        for (const DialectId other : others()) {
            int streams = 0;
            for (const auto& host : fs::directory_iterator(fixtures_dir())) {
                if (!fs::is_directory(host.path() / "chat")) { continue; }
                for (const auto& entry : fs::directory_iterator(host.path() / "chat")) {
                    if (!fs::exists(entry.path() / "stream.sse")) { continue; }
                    const std::string stream = read_file(entry.path() / "stream.sse");
                    const auto events = read_answer(chat(), stream, stream.size());
                    if (!is_ended(events)) { continue; }
                    ++streams;
                    CAPTURE(to_string(other));
                    CAPTURE(entry.path().string());
                    check_pair(*dialects().get(other).codec(), events);
                }
            }
            TELL(to_string(other) << ": " << streams << " recorded streams");
        }
    }

    TEST_CASE("requests of the other dialects' clients, for hosts of this one: calls and results are paired") {
        for (const DialectId other : others()) {
            std::vector<fs::path> files = files_named(other, "request.json");
            CHECK(files.size() >= 1);
            for (const auto& file : files) {
                CAPTURE(file.string());
                check_for_host(other, read_file(file));
            }
        }
    }

    TEST_CASE("requests of real agents, for hosts of this one") {
        const fs::path agents = fixtures_dir().parent_path() / "agents";
        if (!fs::exists(agents)) { return; }
        int requests = 0;
        for (const DialectId other : others()) {
            for (const auto& entry : fs::recursive_directory_iterator(agents)) {
                if (!entry.is_regular_file()) { continue; }
                const json recorded = json::parse(read_file(entry.path()));
                const std::string path = recorded.value("path", "");
                const bool fits = (other == DialectId::anthropic && path == "/v1/messages") ||
                                  (other == DialectId::openai_responses && path == "/v1/responses") ||
                                  (other == DialectId::gemini && path.find("enerateContent") != std::string::npos);
                if (!fits || !recorded.contains("body") || !recorded["body"].is_object()) { continue; }
                if (recorded.value("method", "") != "POST") { continue; }
                ++requests;
                CAPTURE(entry.path().string());
                check_for_host(other, recorded["body"].dump());
            }
        }
        TELL(requests << " requests of agents");
    }

    TEST_CASE("requests of Chat clients, for the other dialects' providers") {
        for (const DialectId other : others()) {
            for (const auto& file : files_named(DialectId::openai_chat, "request.json")) {
                CAPTURE(to_string(other));
                CAPTURE(file.string());
                const auto request = chat().decode_request(read_file(file));
                REQUIRE(request.has_value());
                TargetTraits traits;
                traits.model = "target-model";
                Drops drops;
                const auto encoded = dialects().get(other).codec()->encode_request(*request, traits, drops);
                if (!encoded) {
                    CHECK(encoded.error().kind == ErrorKind::bad_request);
                    CHECK_FALSE(encoded.error().message.empty());
                    continue;
                }
                CHECK(json::accept(encoded->body));
                CHECK(dialects().get(other).codec()->decode_request(encoded->body).has_value());
            }
        }
    }
}
