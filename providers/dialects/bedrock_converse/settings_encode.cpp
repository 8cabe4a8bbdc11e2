#include "providers/dialects/bedrock_converse/settings_encode.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "core/model/reasoning_effort.hpp"
#include "core/util/json_scan.hpp"
#include "providers/dialects/anthropic/field_names.hpp"
#include "providers/dialects/anthropic/part_rules.hpp"
#include "providers/dialects/anthropic/schema_rules.hpp"

namespace llmgw::wire {
namespace {

constexpr std::string_view no_setting = "bedrock-converse has no such setting";

std::string name(Field field, const ChatRequest& request) {
    return std::string(name_of(field, request.origin));
}

double number(const JsonText& text) {
    double value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

// The wish to think as one of three words, "" for none.
std::string effort_wish(const ChatRequest& request) {
    const auto& wish = request.reasoning;
    const bool off = (wish.enabled && !*wish.enabled) || wish.effort == "none" || wish.budget_tokens == 0;
    if (off) { return {}; }
    std::string effort = wish.effort;
    if (effort.empty() && wish.budget_tokens && *wish.budget_tokens > 0) { effort = effort_for(*wish.budget_tokens); }
    if (effort.empty() && (wish.enabled || wish.adaptive || wish.budget_tokens)) { effort = "medium"; }
    if (effort == "minimal") { return "low"; }
    return effort == "xhigh" || effort == "max" ? "high" : effort;
}

// At its highest effort Nova decides about all of these itself, and refuses requests that say them.
void leave_to_nova(AnswerPlan& plan, const ChatRequest& request, Drops& drops) {
    const auto leave_out = [&](Field field, bool said) {
        if (said) { drops.note(name(field, request), "not together with this model's highest effort"); }
    };
    leave_out(Field::max_tokens, plan.max_tokens > 0);
    leave_out(Field::temperature, !plan.temperature.empty());
    leave_out(Field::top_p, !plan.top_p.empty());
    plan.max_tokens = 0;
    plan.temperature.clear();
    plan.top_p.clear();
}

AnswerPlan plan_for_others(const ChatRequest& request, const ConverseFacts& facts, Drops& drops) {
    AnswerPlan plan;
    plan.max_tokens = request.max_tokens.value_or(0);
    plan.temperature = request.sampling.temperature;
    if (number(plan.temperature) > 1) {
        plan.temperature = "1";
        drops.note(name(Field::temperature, request), "bedrock-converse's highest is 1");
    }
    plan.top_p = request.sampling.top_p;
    plan.effort = effort_wish(request);
    if (!plan.effort.empty() && facts.thinking == ThinkingField::none) {
        drops.note(name(Field::reasoning, request), "this model has no switch for it");
        plan.effort.clear();
    }
    if (facts.thinking == ThinkingField::reasoning_config && plan.effort == "high") {
        leave_to_nova(plan, request, drops);
    }
    if (!request.sampling.top_k.empty()) { drops.note(name(Field::top_k, request), std::string(no_setting)); }
    return plan;
}

void write_thinking(JsonWriter& writer, const AnswerPlan& plan) {
    if (plan.mode != ThinkingMode::unsaid) {
        writer.key("thinking").begin_object();
        if (plan.mode == ThinkingMode::disabled) {
            writer.member("type", "disabled");
        } else if (plan.mode == ThinkingMode::enabled) {
            writer.member("type", "enabled").member("budget_tokens", plan.budget_tokens);
        } else {
            writer.member("type", "adaptive");
        }
        if (plan.thinks() && plan.show) { writer.member("display", *plan.show ? "summarized" : "omitted"); }
        writer.end_object();
    }
    if (!plan.effort.empty()) { writer.key("output_config").begin_object().member("effort", plan.effort).end_object(); }
}

void write_effort(JsonWriter& writer, const AnswerPlan& plan, ThinkingField field) {
    if (plan.effort.empty()) { return; }
    switch (field) {
        case ThinkingField::reasoning_config:
            writer.key("reasoningConfig").begin_object().member("type", "enabled");
            writer.member("maxReasoningEffort", plan.effort).end_object();
            break;
        case ThinkingField::reasoning_word: writer.member("reasoning_config", plan.effort); break;
        case ThinkingField::reasoning_effort: writer.member("reasoning_effort", plan.effort); break;
        case ThinkingField::claude:
        case ThinkingField::none: break;
    }
}

struct TierName {
    std::string_view theirs;
    std::string_view ours;
};
constexpr std::array<TierName, 6> tiers{{{"default", "default"},
                                         {"standard", "default"},
                                         {"standard_only", "default"},
                                         {"on_demand", "default"},
                                         {"flex", "flex"},
                                         {"priority", "priority"}}};

void write_tier(JsonWriter& writer, const ChatRequest& request, Drops& drops) {
    const std::string_view wanted = request.service_tier;
    if (wanted.empty() || wanted == "auto") { return; }
    const auto row = std::ranges::find(tiers, wanted, &TierName::theirs);
    if (row == tiers.end()) {
        drops.note(name(Field::service_tier, request), "bedrock-converse has no tier " + request.service_tier);
        return;
    }
    writer.key("serviceTier").begin_object().member("type", row->ours).end_object();
}

// Names and values as AWS takes them into its logs.
bool fits_metadata(std::string_view text, std::size_t bytes_max) {
    constexpr std::string_view marks = " :_@$#=/+,-.";
    return text.size() <= bytes_max && std::ranges::all_of(text, [&](char c) {
               return std::isalnum(static_cast<unsigned char>(c)) != 0 || marks.find(c) != std::string_view::npos;
           });
}

constexpr std::size_t metadata_bytes_max = 256;  // of a name, and of a value

using Metadata = std::vector<std::pair<std::string, std::string>>;

// Who the user is, as metadata: its own field Converse has not. Agents write several ids as JSON text, which holds
// marks that AWS does not take; each id is a member then. Empty when it cannot be said.
Metadata user_metadata(const ChatRequest& request) {
    if (fits_metadata(request.user_id, metadata_bytes_max)) { return {{"user_id", request.user_id}}; }
    Metadata ids;
    bool fits = true;
    const bool is_object = json_scan::each_member(request.user_id, [&](std::string_view key, json_scan::Value value) {
        std::string id = "user_id." + std::string(key);
        std::string text = value.as_string().value_or("");
        fits = fits && value.type == json_scan::Type::string && fits_metadata(id, metadata_bytes_max) &&
               fits_metadata(text, metadata_bytes_max);
        ids.emplace_back(std::move(id), std::move(text));
        return fits;
    });
    return is_object && fits ? ids : Metadata{};
}

void write_metadata(JsonWriter& writer, const ChatRequest& request, Drops& drops) {
    constexpr std::size_t members_max = 16;
    Metadata written;
    if (!request.user_id.empty()) {
        written = user_metadata(request);
        if (written.empty() || written.size() > members_max) {
            drops.note(name(Field::user, request), "bedrock-converse takes no such metadata");
            written.clear();
        }
    }
    for (const auto& [key, value] : request.metadata) {
        const bool taken = std::ranges::find(written, key, &Metadata::value_type::first) != written.end();
        if (taken || written.size() == members_max || key.empty() || !fits_metadata(key, metadata_bytes_max) ||
            !fits_metadata(value, metadata_bytes_max)) {
            drops.note(name(Field::metadata, request) + "." + key, "bedrock-converse takes no such metadata");
            continue;
        }
        written.emplace_back(key, value);
    }
    if (written.empty()) { return; }
    writer.key("requestMetadata").begin_object();
    for (const auto& [key, value] : written) {
        writer.member(key, value);
    }
    writer.end_object();
}

}  // namespace

AnswerPlan plan_settings(const ChatRequest& request, const TargetTraits& target, const ConverseFacts& facts,
                         const Conversation& conversation, Drops& drops) {
    if (!facts.claude) { return plan_for_others(request, facts, drops); }
    return plan_answer(request, target, claude_facts(target.model), conversation, drops);
}

void write_inference_config(JsonWriter& writer, const ChatRequest& request, const AnswerPlan& plan, Drops& drops) {
    std::vector<std::string_view> stops;
    for (const auto& stop : request.sampling.stop) {
        if (is_blank(stop)) {
            drops.note(name(Field::stop, request), "bedrock-converse takes no stop sequence of white space");
        } else {
            stops.push_back(stop);
        }
    }
    if (plan.max_tokens <= 0 && plan.temperature.empty() && plan.top_p.empty() && stops.empty()) { return; }
    writer.key("inferenceConfig").begin_object();
    if (plan.max_tokens > 0) { writer.member("maxTokens", plan.max_tokens); }
    writer.raw_member_if("temperature", plan.temperature).raw_member_if("topP", plan.top_p);
    if (!stops.empty()) {
        writer.key("stopSequences").begin_array();
        for (const auto stop : stops) {
            writer.string(stop);
        }
        writer.end_array();
    }
    writer.end_object();
}

void write_fields(JsonWriter& writer, const AnswerPlan& plan, const ConverseFacts& facts) {
    JsonWriter fields;
    fields.begin_object();
    if (facts.claude) {
        write_thinking(fields, plan);
        fields.raw_member_if("top_k", plan.top_k);
    } else {
        write_effort(fields, plan, facts.thinking);
    }
    fields.end_object();
    if (fields.text() != "{}") { writer.raw_member("additionalModelRequestFields", fields.text()); }
}

Result<void> write_format(JsonWriter& writer, const ChatRequest& request, const ConverseFacts& facts, Drops& drops) {
    if (request.format.kind != FormatKind::json_schema || !facts.structured_output) { return {}; }
    const auto schema = strict_schema(request.format.schema, name(Field::schema, request), drops);
    if (!schema) { return std::unexpected(schema.error()); }
    writer.key("outputConfig").begin_object().key("textFormat").begin_object().member("type", "json_schema");
    writer.key("structure").begin_object().key("jsonSchema").begin_object().member("schema", *schema);
    writer.member("name", request.format.name.empty() ? "answer" : request.format.name);
    writer.member_if("description", request.format.description);
    writer.end_object().end_object().end_object().end_object();
    return {};
}

void write_call_settings(JsonWriter& writer, const ChatRequest& request, const ConverseFacts& facts, Drops& drops) {
    // Converse itself does not say which one it was; Claude does.
    if (facts.claude && !request.sampling.stop.empty()) {
        writer.key("additionalModelResponseFieldPaths").begin_array().string("/stop_sequence").end_array();
    }
    write_tier(writer, request, drops);
    write_metadata(writer, request, drops);
    const auto note = [&](Field field, bool said) {
        if (said) { drops.note(name(field, request), std::string(no_setting)); }
    };
    each_openai_setting(request, note);
}

}  // namespace llmgw::wire
