// Every recording next to the source tree, host by host: its streams, answers and requests are read by their dialect's
// codec, and written again in the same dialect, without a word of loss; answers of a dialect that no client speaks are
// written for the clients of all others. Prints how many of how many.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/dialect/emitted_check.hpp"
#include "core/dialect/whole_answer.hpp"
#include "providers/catalogue.hpp"
#include "providers/registry.hpp"
#include "tests/support/answer_text.hpp"
#include "tests/support/dialect_text.hpp"
#include "tests/support/recorded.hpp"
#include "tests/support/tell.hpp"

using namespace llmgw;
using namespace llmgw::test;
using nlohmann::json;

namespace {

struct Tally {
    int good = 0;
    int all = 0;
    std::string text() const { return all == 0 ? "-" : fmt::format("{} of {}", good, all); }
};

struct Row {
    Tally streams;
    Tally answers;
    Tally requests;
    int errors = 0;  // recordings of a call that failed
    int odd = 0;     // of exceptions()
};

std::string as_tree(const std::string& text) {
    const json tree = json::parse(text, nullptr, false);
    return tree.is_discarded() ? text : tree.dump();
}

// All that an answer says, whatever pieces and forms its dialect has for it.
std::string said(const WholeAnswer& answer) {
    std::string out = fmt::format("model {}\n", answer.begin.model);
    for (const auto& candidate : answer.candidates) {
        std::string text;
        std::string reasoning;
        std::string calls;
        for (const auto& part : candidate.parts) {
            switch (part.begin.kind) {
                case answer::PartKind::text: text += part.text; break;
                case answer::PartKind::refusal: text += "refusal " + part.text; break;
                case answer::PartKind::reasoning:
                    reasoning += part.text;
                    for (const auto& summary : part.summary) {
                        reasoning += summary;
                    }
                    break;
                case answer::PartKind::tool_call:
                    // Ids that were made up where the wire had none are made up again.
                    calls += fmt::format(
                        "call {} {} {} {}\n", part.begin.call.id.starts_with("call_0_") ? "" : part.begin.call.id,
                        part.begin.call.name, part.begin.call.custom, part.text.empty() ? "{}" : as_tree(part.text));
                    break;
                case answer::PartKind::media: calls += "media " + part.begin.media.data.substr(0, 40) + "\n"; break;
                case answer::PartKind::foreign: calls += "foreign " + as_tree(part.begin.foreign.raw) + "\n"; break;
            }
            for (const auto& citation : part.citations) {
                calls += fmt::format("cites {} {}\n", citation.url, citation.title);
            }
            if (!part.sealed.empty()) { calls += "sealed " + as_tree(part.sealed.data) + "\n"; }
        }
        std::erase(text, '\n');  // some dialects have paragraphs where others have parts
        std::erase(reasoning, '\n');
        out += text + "\n" + reasoning + "\n" + calls;
        if (candidate.finish) { out += fmt::format("finish {}\n", static_cast<int>(candidate.finish->reason)); }
    }
    if (answer.usage) { out += "usage" + text_of(answer.usage->counts) + "\n"; }
    return out;
}

bool is_ended(const std::vector<AnswerEvent>& events) {
    return !events.empty() && std::holds_alternative<answer::End>(events.back());
}

AnswerWishes wishes() {
    AnswerWishes wishes;
    wishes.call_id = "0190";
    wishes.stream_usage = true;
    return wishes;
}

bool has_clients(DialectId id) {
    return std::ranges::find(dialect_names, id, &DialectName::id) != dialect_names.end();
}

// What is said, in the words that every dialect has: not who said it, nor the ids of calls.
std::string words(const WholeAnswer& answer) {
    std::string text;
    std::string reasoning;
    std::string calls;
    for (const auto& part : answer.candidates.at(0).parts) {
        if (part.begin.kind == answer::PartKind::text) { text += part.text; }
        if (part.begin.kind == answer::PartKind::reasoning) {
            reasoning += part.text;
            for (const auto& summary : part.summary) {
                reasoning += summary;
            }
        }
        if (part.begin.kind != answer::PartKind::tool_call) { continue; }
        calls += part.begin.call.name + " " + as_tree(part.text.empty() ? "{}" : part.text) + "\n";
    }
    std::erase(text, '\n');
    std::erase(reasoning, '\n');
    return text + "\n" + reasoning + "\n" + calls;
}

// The same for a dialect that no client speaks: what a client of another one does not get.
std::string lost_to_clients(const std::vector<AnswerEvent>& events) {
    if (!is_ended(events)) { return "it has no end"; }
    AnswerWishes asked = wishes();
    asked.model = "asked-for";
    for (const auto& row : dialect_names) {
        const Codec& client = *dialects().get(row.id).codec();
        Drops drops;
        const std::string stream = write_answer(client, events, asked, drops);
        EmittedCheck check(client);
        check.add(stream);
        check.end();
        if (!check.fault().empty()) { return check.fault(); }
        const auto before = words(assemble(events));
        const auto after = words(assemble(read_answer(client, stream, stream.size())));
        if (before != after) { return before + "became for " + std::string(row.name) + "\n" + after; }
    }
    return {};
}

// What is lost of these events when they are written as a stream of their own dialect, "" when nothing.
std::string lost(const Codec& codec, const std::vector<AnswerEvent>& events) {
    Drops drops;
    const std::string stream = write_answer(codec, events, wishes(), drops);
    EmittedCheck check(codec);
    check.add(stream);
    if (is_ended(events)) { check.end(); }
    if (!check.fault().empty()) { return check.fault(); }
    if (!drops.empty()) { return drops_text(drops); }
    const WholeAnswer before = assemble(events);
    const WholeAnswer after = assemble(read_answer(codec, stream, stream.size()));
    if (before.error) { return after.error ? "" : "the error is gone"; }
    return said(before) == said(after) ? "" : said(before) + "became\n" + said(after);
}

std::string stream_lost(DialectId dialect, const std::string& stream) {
    const Codec& codec = *dialects().get(dialect).codec();
    const auto events = read_answer(codec, stream, stream.size());
    if (const auto fault = grammar_fault(events); !fault.empty()) { return fault; }
    if (events.empty()) { return "nothing was read"; }
    return has_clients(dialect) ? lost(codec, events) : lost_to_clients(events);
}

std::string answer_lost(DialectId dialect, const std::string& body) {
    const Codec& codec = *dialects().get(dialect).codec();
    std::vector<AnswerEvent> events;
    if (!codec.decode_answer(body, events)) { return "not read"; }
    if (const auto fault = grammar_fault(events); !fault.empty()) { return fault; }
    return has_clients(dialect) ? lost(codec, events) : lost_to_clients(events);
}

// What llmgw knows of the host, by the folder's name.
TargetTraits traits_of(const std::string& host) {
    for (const auto& entry : catalogue()) {
        if (host.starts_with(entry.name)) { return entry.traits; }
    }
    // Not in the catalogue: what its own recordings show.
    TargetTraits traits;
    if (host == "crusoe") { traits.reasoning_back = "reasoning"; }
    if (host == "snowflake") { traits.reasoning_back = "reasoning_details"; }
    return traits;
}

// Recordings of what is no answer, or says two things at once: what becomes of them is said here.
const std::map<std::string, std::string>& exceptions() {
    static const std::map<std::string, std::string> all{
        {"anthropic/messages/va-anthropic-programmatic-tool-calling.1", "stop_reason end_turn beside calls"},
        {"invalid-upstream/chat/pa-invalid_response", "no answer"},
        {"openai/responses/va-openai-error.1", "an error"},
        {"openai/responses/va-reasoning-model-temperature-error", "an error"},
        {"openai/responses/pa-background_mode_streaming_without_starting_after_vcr.0", "not answered yet"},
        {"openai/responses/pa-background_mode_streaming_without_starting_after_vcr.1", "not answered yet"},
        {"openai/responses/pa-background_mode_vcr.1", "not answered yet"},
        {"openai/responses/pa-background_mode_with_tool_vcr.0", "not answered yet"},
        {"openai/responses/pa-background_mode_with_tool_vcr.2", "not answered yet"},
        {"openai/responses/pa-background_mode_with_tool_vcr.3", "not answered yet"}};
    return all;
}

// What is one request in two writings: neighbours of one role, blank text, a name made for a file without one, `tools`
// and the older `functions`, the order of members nobody knows.
void level(ChatRequest& request) {
    std::vector<Message> joined;
    for (auto& message : request.messages) {
        std::erase_if(message.parts, [](const Part& part) {
            const auto* text = std::get_if<part::Text>(&part);
            return text != nullptr && text->text.find_first_not_of(" \n") == std::string::npos;
        });
        for (auto& part : message.parts) {
            if (auto* media = std::get_if<part::Media>(&part)) { media->name.clear(); }
        }
        if (!joined.empty() && joined.back().role == message.role) {
            auto& parts = joined.back().parts;
            parts.insert(parts.end(), message.parts.begin(), message.parts.end());
        } else {
            joined.push_back(message);
        }
    }
    request.messages = std::move(joined);
    for (auto& tool : request.tools) {
        if (tool.kind != ToolKind::server) { tool.raw.clear(), tool.server_type.clear(); }
    }
    std::ranges::stable_sort(request.tools, {}, &Tool::kind);  // gemini declares all functions in one tool
    std::ranges::sort(request.extras);
}

std::string request_lost(const Codec& codec, TargetTraits target, const std::string& body) {
    auto request = codec.decode_request(body);
    if (!request) { return request.error().message; }
    target.model = request->model;
    Drops drops;
    const auto written = codec.encode_request(*request, target, drops);
    if (!written) { return written.error().message; }
    if (!drops.empty()) { return drops_text(drops); }
    auto again = codec.decode_request(written->body);
    if (!again) { return again.error().message; }
    request->stream_usage = again->stream_usage;  // always asked for, because the log wants it
    level(*request);
    level(*again);
    const std::string before = request_text(*request);
    const std::string after = request_text(*again);
    return before == after ? "" : before + "became\n" + after;
}

}  // namespace

TEST_SUITE("dialects/hosts") {
    TEST_CASE("recordings of every host are read and written again without loss") {
        std::map<std::string, Row> table;
        for (const auto& one : recordings()) {
            CAPTURE(one.name);
            const Codec& codec = *dialects().get(one.dialect).codec();
            Row& row = table[one.host + " " + std::string(to_string(one.dialect))];
            const auto count = [](Tally& tally, const std::string& what) {
                ++tally.all;
                tally.good += what.empty() ? 1 : 0;
                CHECK(what == "");
            };
            const bool excepted = exceptions().contains(one.name);
            const bool failed = json_scan::member(one.read("meta.json"), "status")
                                    .value_or(json_scan::Value{json_scan::Type::number, "200"})
                                    .as_int()
                                    .value_or(200) >= 400;
            if (failed || excepted) {
                failed ? ++row.errors : ++row.odd;
            } else if (const std::string stream = one.stream(); !stream.empty()) {
                count(row.streams, stream_lost(one.dialect, stream));
            } else if (one.has("response.json")) {
                count(row.answers, answer_lost(one.dialect, one.read("response.json")));
            }
            if (one.has("request.json") && !failed && has_clients(one.dialect)) {
                count(row.requests, request_lost(codec, traits_of(one.host), one.read("request.json")));
            }
        }
        if (table.empty()) { return; }
        std::string text = fmt::format("\n{:34}{:>14}{:>14}{:>14}{:>8}{:>8}\n", "host and dialect", "streams",
                                       "answers", "requests", "errors", "odd");
        for (const auto& [name, row] : table) {
            text += fmt::format("{:34}{:>14}{:>14}{:>14}{:>8}{:>8}\n", name, row.streams.text(), row.answers.text(),
                                row.requests.text(), row.errors, row.odd);
        }
        TELL(text);
    }
}
