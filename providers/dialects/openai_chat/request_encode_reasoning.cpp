// Writes whether and how much a model shall think, in the forms the hosts have for it.
#include <algorithm>

#include "core/model/reasoning_effort.hpp"
#include "providers/dialects/openai_chat/request_write.hpp"

namespace llmgw::wire::chat {

namespace {

// What a setting is called by clients of Gemini; the other three dialects agree in nearly all of them.
struct SettingName {
    std::string_view name;
    std::string_view gemini;
    std::string_view anthropic = {};
    std::string_view responses = {};
};
constexpr SettingName setting_names[] = {
    {"temperature", "generationConfig.temperature"},
    {"top_p", "generationConfig.topP"},
    {"top_k", "generationConfig.topK"},
    {"stop", "generationConfig.stopSequences", "stop_sequences"},
    {"logprobs", "generationConfig.responseLogprobs"},
    {"top_logprobs", "generationConfig.logprobs"},
    {"presence_penalty", "generationConfig.presencePenalty"},
    {"frequency_penalty", "generationConfig.frequencyPenalty"},
    {"max_tokens", "generationConfig.maxOutputTokens", "max_tokens", "max_output_tokens"},
    {"reasoning_effort", "generationConfig.thinkingConfig", "thinking", "reasoning.effort"},
    {"response_format", "generationConfig.responseJsonSchema", "output_config.format", "text.format"},
};

std::string client_name(DialectId origin, std::string_view name) {
    for (const auto& row : setting_names) {
        if (row.name != name) { continue; }
        if (origin == DialectId::gemini) { return std::string(row.gemini); }
        if (origin == DialectId::anthropic && !row.anthropic.empty()) { return std::string(row.anthropic); }
        if (origin == DialectId::openai_responses && !row.responses.empty()) { return std::string(row.responses); }
    }
    return std::string(name);
}

// "" when the client said nothing about how much.
std::string effort_of(const ReasoningWish& wish) {
    if (!wish.effort.empty()) { return wish.effort; }
    if (wish.enabled && !*wish.enabled) { return "none"; }
    if (wish.budget_tokens && *wish.budget_tokens >= 0) { return std::string(effort_for(*wish.budget_tokens)); }
    return {};
}

bool has_inner_extras(const Writing& writing, std::string_view prefix) {
    return writing.own() && std::ranges::any_of(writing.request.extras,
                                                [&](const auto& extra) { return extra.first.starts_with(prefix); });
}

// Z.ai's and DeepSeek's `thinking`, Alibaba's pair. A client of this dialect that wrote a switch knows its host.
bool write_switch(Writing& writing, JsonWriter& writer) {
    constexpr std::string_view inner = "thinking.";
    const ReasoningWish& wish = writing.request.reasoning;
    const std::string effort = effort_of(wish);
    const bool wished = wish.enabled || wish.adaptive || !effort.empty();
    std::string_view form = writing.target.thinking_switch;
    if (form.empty() && writing.own() && (wish.enabled || has_inner_extras(writing, inner))) { form = "thinking"; }
    if (form.empty() || (!wished && !has_inner_extras(writing, inner))) { return false; }
    const bool on = effort != "none" && wish.enabled.value_or(true);
    if (form == "enable_thinking") {
        writer.member("enable_thinking", on);
        if (on && wish.budget_tokens.value_or(-1) > 0) { writer.member("thinking_budget", *wish.budget_tokens); }
        return true;
    }
    writer.key("thinking").begin_object();
    if (wish.enabled || !writing.own()) { writer.member("type", on ? "enabled" : "disabled"); }
    if (writing.own() && wish.budget_tokens) { writer.member("budget_tokens", *wish.budget_tokens); }
    write_inner_extras(writing, inner, writer);
    writer.end_object();
    return true;
}

void write_openrouter(Writing& writing, JsonWriter& writer) {
    const ReasoningWish& wish = writing.request.reasoning;
    JsonWriter inner;
    inner.begin_object();
    if (!wish.effort.empty()) {
        inner.member("effort", wish.effort == "max" && !writing.own() ? "xhigh" : wish.effort);
    } else if (wish.budget_tokens && *wish.budget_tokens > 0) {
        inner.member("max_tokens", *wish.budget_tokens);
    }
    const bool said = inner.text().size() > 1;
    if (wish.enabled && (writing.own() || !said)) {
        inner.member("enabled", *wish.enabled);
    } else if (wish.adaptive && !said) {
        inner.member("enabled", true);
    }
    if (wish.show && !*wish.show) { inner.member("exclude", true); }
    write_inner_extras(writing, "reasoning.", inner);
    inner.end_object();
    if (inner.text().size() > 2) { writer.raw_member("reasoning", inner.text()); }
}

}  // namespace

void note_setting(Writing& writing, std::string_view name, std::string reason) {
    writing.drops.note(client_name(writing.request.origin, name), std::move(reason));
}

void write_inner_extras(Writing& writing, std::string_view prefix, JsonWriter& writer) {
    if (!writing.own()) { return; }
    for (const auto& [path, json] : writing.request.extras) {
        if (path.starts_with(prefix)) { writer.raw_member(path.substr(prefix.size()), json); }
    }
}

void write_reasoning(Writing& writing, JsonWriter& writer) {
    if (writing.target.reasoning_back == "reasoning_details") { return write_openrouter(writing, writer); }
    const ReasoningWish& wish = writing.request.reasoning;
    // Hosts whose reasoning comes in the answer show all of it, whatever was wished for.
    const bool shown = !writing.target.reasoning_back.empty() || writing.target.think_tags;
    if (!wish.summary.empty() && !writing.own() && !shown) {
        writing.drops.note("reasoning.summary", "openai-chat shows reasoning as the provider does");
    }
    const bool switched = write_switch(writing, writer);
    // A client of this dialect said the effort itself, or did not.
    const std::string effort = writing.own() ? wish.effort : effort_of(wish);
    if (effort.empty() || (effort == "none" && switched)) { return; }
    if (writing.own()) {
        writer.member("reasoning_effort", effort);
    } else if (writing.family == ModelFamily::plain) {
        if (effort != "none") { note_setting(writing, "reasoning_effort", "this model does not reason"); }
    } else if (writing.family == ModelFamily::other && wish.effort.empty() && effort == "none") {
        // Switched off without a word for how much: hosts of other models may refuse "none".
        note_setting(writing, "reasoning_effort", "this provider has no switch for it");
    } else {
        writer.member("reasoning_effort", effort_known_to(writing.target.model, effort));
    }
}

}  // namespace llmgw::wire::chat
