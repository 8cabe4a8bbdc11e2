#include "cli/ask/report.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/term/money.hpp"
#include "cli/term/style.hpp"
#include "core/util/text.hpp"
#include "core/util/utf8.hpp"

namespace llmgw {
namespace {

using nlohmann::ordered_json;

ordered_json number(const std::optional<std::int64_t>& value) {
    return value ? ordered_json(*value) : ordered_json();
}

std::string time_text(std::int64_t ms) {
    if (ms < 1000) { return std::to_string(ms) + " ms"; }
    return std::to_string(ms / 1000) + "." + std::to_string(ms % 1000 / 100) + " s";
}

const std::string& served(const CallRow& call) {
    return call.served_model.empty() ? call.requested_model : call.served_model;
}

// Each dialect's word for an answer that reached the limit of its tokens.
bool was_cut(const CallRow& call) {
    constexpr std::array<std::string_view, 5> words{"max_tokens", "length", "max_output_tokens",
                                                    "model_context_window_exceeded", "model_length"};
    const auto reason = lower(call.finish_reason);
    return std::find(words.begin(), words.end(), reason) != words.end();
}

// Each dialect's word for an answer that the model or the provider stopped for what it says.
bool was_withheld(const CallRow& call) {
    constexpr std::array<std::string_view, 14> words{
        "refusal",     "content_filter", "content_filtered", "guardrail_intervened",
        "safety",      "recitation",     "blocklist",        "prohibited_content",
        "spii",        "image_safety",   "language",         "error_toxic",
        "model_armor", "sensitive"};
    const auto reason = lower(call.finish_reason);
    return std::find(words.begin(), words.end(), reason) != words.end();
}

}  // namespace

std::string report_json(const AskReport& report) {
    const auto& call = report.call;
    const auto& counts = call.usage.counts;
    ordered_json object;
    object["text"] = to_utf8(report.answer.text);
    if (report.schema != nullptr) {
        object["data"] = report.schema->data != nullptr ? ordered_json(*report.schema->data) : ordered_json();
        object["schema_problems"] = report.schema->problems;
    }
    if (!report.answer.refusal.empty()) { object["refusal"] = to_utf8(report.answer.refusal); }
    object["model"] = to_utf8(served(call));
    object["provider"] = call.provider;
    object["feature"] = to_utf8(call.feature);
    object["call_id"] = call.call_id;
    object["conversation"] = report.conversation.empty() ? ordered_json() : ordered_json(report.conversation);
    object["ending"] = to_string(call.ending);
    object["finish_reason"] = to_utf8(call.finish_reason);
    object["duration_ms"] = call.duration_ms;
    auto& tokens = object["tokens"];
    tokens["input"] = number(counts.input);
    tokens["cache_read"] = number(counts.cache_read);
    tokens["cache_write_5m"] = number(counts.cache_write_5m);
    tokens["cache_write_1h"] = number(counts.cache_write_1h);
    tokens["output"] = number(counts.output);
    tokens["reasoning"] = number(counts.reasoning);
    object["cost_usd"] = call.cost.nano ? ordered_json(exact_dollars(*call.cost.nano)) : ordered_json();
    object["cost_nano_usd"] = number(call.cost.nano);
    object["cost_basis"] = to_string(call.cost.basis);
    return object.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string report_line(const AskReport& report) {
    const auto& call = report.call;
    const auto& counts = call.usage.counts;
    std::string line = served(call) + " via " + call.provider;
    const auto add = [&](const std::string& text) { line += " · " + text; };
    std::string tokens;
    const auto count = [&](const Tokens& value, const char* what) {
        if (value.value_or(0) > 0) { tokens += (tokens.empty() ? "" : ", ") + grouped(*value) + " " + what; }
    };
    count(counts.input, "in");
    count(counts.cache_read, "cache read");
    const auto written = counts.cache_write_5m.value_or(0) + counts.cache_write_1h.value_or(0);
    count(written, "cache write");
    count(counts.output, "out");
    if (counts.reasoning.value_or(0) > 0) { tokens += " (" + grouped(*counts.reasoning) + " reasoning)"; }
    add(tokens.empty() ? "no tokens reported" : tokens);
    std::string cost = call.cost.nano ? dollars(*call.cost.nano) : "cost unknown";
    if (call.cost.basis == CostBasis::partial || call.cost.basis == CostBasis::estimated) {
        cost += std::string(" (") + to_string(call.cost.basis) + ")";
    }
    add(cost);
    add(time_text(call.duration_ms));
    add("call " + call.call_id);
    if (!report.conversation.empty()) { add("conversation " + report.conversation); }
    return printable(line);
}

std::string finish_warning(const CallRow& call, const AnswerText& answer) {
    if (const auto& why = answer.refusal; was_withheld(call) || !why.empty()) {
        return "the answer was ended for what is in it (" + printable(call.finish_reason) + ")" +
               (why.empty() ? "" : ": " + printable(why));
    }
    if (!was_cut(call)) { return {}; }
    return "the answer was cut at the limit of its tokens (" + printable(call.finish_reason) +
           "); --max-tokens N allows more";
}

int failure_exit(const CallRow& call) {
    const bool ours = call.ending == Ending::refused;
    if (call.error_class == "authentication" || call.error_class == "permission") { return exit_code::credential; }
    if (!ours) { return exit_code::upstream; }
    if (call.error_class == "rate_limit" || call.error_class == "billing") { return exit_code::limit; }
    if (call.error_class == "content_filter") { return exit_code::guardrail; }
    return exit_code::usage;
}

bool key_was_refused(const CallRow& call) {
    return call.ending == Ending::failed && call.error_class == "authentication";
}

std::string failure_text(const CallRow& call, const std::string& body, const std::string& key_remedy) {
    auto message = body.empty() ? call.error_message : error_text(body);
    constexpr std::string_view own = "llmgw: ";
    if (message.starts_with(own)) { message.erase(0, own.size()); }
    if (message.empty()) { message = "no reason was given"; }
    constexpr std::size_t size_max = 2000;
    if (message.size() > size_max) { message = message.substr(0, size_max) + "…"; }
    std::string text = printable(message);
    if (call.ending == Ending::failed && call.http_status > 0 && call.error_class != "connect" &&
        call.error_class != "timeout") {
        text = call.provider + " answered with an error (" + call.error_class + "): " + text;
    }
    if (key_was_refused(call)) { text += "\nIs its key right? If not, " + key_remedy + "."; }
    if (call.ending == Ending::failed && call.error_class == "not_found") {
        text += "\nIs \"" + printable(call.requested_model) + "\" the model's name there?";
    }
    return text;
}

}  // namespace llmgw
