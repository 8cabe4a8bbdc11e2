// Writes a request to Cohere's own chat API.
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "core/model/reasoning_effort.hpp"
#include "core/util/json_scan.hpp"
#include "core/util/text.hpp"
#include "providers/dialects/anthropic/field_names.hpp"
#include "providers/dialects/cohere_chat/codec.hpp"
#include "providers/dialects/cohere_chat/messages_encode.hpp"
#include "providers/dialects/cohere_chat/schema_rules.hpp"
#include "providers/dialects/cohere_chat/tools_encode.hpp"

namespace llmgw::wire {
namespace {

constexpr std::string_view no_setting = "cohere-chat has no such setting";
constexpr std::size_t stops_max = 5;
// The answer needs the rest of what the models give.
constexpr std::int64_t thinking_budget_max = 31'000;

// A client of another dialect may give these by Cohere's own names.
constexpr std::array<std::string_view, 2> own_members{"citation_options", "safety_mode"};

double number_in(const JsonText& text) {
    double value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

class RequestWriter {
public:
    RequestWriter(const ChatRequest& request, const TargetTraits& target, Drops& drops)
        : request_(request),
          target_(target),
          drops_(drops),
          facts_(cohere_parts(target.model)),
          names_(request.tools, NameAlphabet::no_dash),
          tools_(request, names_, drops),
          conversation_(build_conversation(request, target, drops, facts_)),
          rules_(conversation_.made, drops, facts_) {}

    std::string write() {
        plan_format();
        instruct();
        writer_.begin_object().member("model", target_.model.empty() ? request_.model : target_.model);
        write_messages();
        tools_.write(writer_);
        write_format();
        write_limits();
        write_sampling();
        write_thinking();
        write_extras();
        note_the_rest();
        writer_.member("stream", request_.stream);
        return writer_.end_object().take();
    }

private:
    void drop(Field field, std::string_view reason) {
        drops_.note(std::string(name_of(field, request_.origin)), std::string(reason));
    }

    // --- messages
    bool wants_format() const {
        return request_.format.kind == FormatKind::json_object || request_.format.kind == FormatKind::json_schema;
    }
    bool has_schema() const {
        return request_.format.kind == FormatKind::json_schema && !request_.format.schema.empty();
    }
    bool holds_format() const { return wants_format() && not_held_.empty(); }

    bool has_own_documents() const {
        return std::ranges::any_of(request_.extras, [](const auto& extra) { return extra.first == "documents"; });
    }

    void say(std::string text) { conversation_.system.push_back(rules_.made_text(std::move(text))); }

    // A format is not taken together with tools, nor with documents, and a schema only within Cohere's rules.
    void plan_format() {
        if (!wants_format()) { return; }
        if (!tools_.empty() || has_own_documents()) {
            not_held_ = "cohere-chat holds to a format neither with tools nor with documents; it is said to the model";
            return;
        }
        if (!has_schema()) { return; }
        auto held = held_schema(request_.format.schema);
        if (!held.fault.empty()) {
            not_held_ = "cohere-chat cannot hold the model to this schema; it is said to the model: " + held.fault;
            return;
        }
        const std::string field(name_of(Field::schema, request_.origin));
        for (const auto& path : held.moved) {
            drops_.note(field + path, std::string(said_in_description));
        }
        schema_ = std::move(held.schema);
    }

    void instruct() {
        if (!wants_format()) { return; }
        // Without a schema the model has to be told, or it may never end.
        if (!has_schema()) {
            say("Answer with one JSON object and nothing else: no words around it, no code fence.");
        } else if (!holds_format()) {
            say("Answer with one JSON value that matches this JSON Schema and nothing else: no words around it, no "
                "code fence.\n" +
                request_.format.schema);
        }
        if (!holds_format()) { drop(Field::format, not_held_); }
    }

    void write_messages() {
        CohereMessageWriter messages(writer_, rules_, names_, !holds_format());
        writer_.key("messages").begin_array();
        if (!conversation_.system.empty()) { messages.system(conversation_.system); }
        for (const WireTurn& turn : conversation_.turns) {
            messages.turn(turn);
        }
        writer_.end_array();
        write_documents(messages.documents());
    }

    // Those that the client gave by Cohere's own name first.
    void write_documents(const std::vector<JsonText>& documents) {
        JsonWriter all;
        all.begin_array();
        std::size_t count = documents.size();
        for (const auto& [path, json] : request_.extras) {
            if (path != "documents") { continue; }
            const bool list = json_scan::each_element(json, [&](const json_scan::Value& document) {
                all.raw(document.text);
                ++count;
                return true;
            });
            if (!list) { drops_.note(path, "cohere-chat takes a list"); }
        }
        for (const auto& document : documents) {
            all.raw(document);
        }
        if (count > 0) { writer_.raw_member("documents", all.end_array().text()); }
    }

    // --- settings
    void write_format() {
        if (!holds_format()) { return; }
        writer_.key("response_format").begin_object().member("type", "json_object");
        writer_.raw_member_if("json_schema", schema_).end_object();
    }

    void write_limits() {
        if (request_.max_tokens) { writer_.member("max_tokens", *request_.max_tokens); }
        const auto& stop = request_.sampling.stop;
        if (stop.empty()) { return; }
        if (stop.size() > stops_max) { drop(Field::stop, "cohere-chat takes five of them"); }
        writer_.key("stop_sequences").begin_array();
        for (std::size_t i = 0; i < std::min(stop.size(), stops_max); ++i) {
            writer_.string(stop[i]);
        }
        writer_.end_array();
    }

    void number(Field field, std::string_view key, const JsonText& value, std::string_view least,
                std::string_view most) {
        if (value.empty()) { return; }
        const auto said = number_in(value);
        std::string_view written = value;
        if (said < number_in(std::string(least))) { written = least; }
        if (said > number_in(std::string(most))) { written = most; }
        if (written != value) { drop(field, "cohere-chat takes " + std::string(least) + " to " + std::string(most)); }
        writer_.raw_member(key, written);
    }

    void write_sampling() {
        const auto& sampling = request_.sampling;
        number(Field::temperature, "temperature", sampling.temperature, "0", "1");
        number(Field::top_p, "p", sampling.top_p, "0.01", "0.99");
        number(Field::top_k, "k", sampling.top_k, "0", "500");
        write_penalties();
        if (sampling.seed.starts_with('-')) {
            drop(Field::seed, "cohere-chat takes none below 0");
        } else {
            writer_.raw_member_if("seed", sampling.seed);
        }
    }

    // One of them is taken, and 0 is as good as nothing said.
    void write_penalties() {
        const auto& frequency = request_.sampling.frequency_penalty;
        const auto& presence = request_.sampling.presence_penalty;
        const bool both = number_in(frequency) != 0 && number_in(presence) != 0;
        if (both) { drop(Field::presence_penalty, "cohere-chat takes one of the two penalties"); }
        if (both || number_in(presence) == 0) {
            number(Field::frequency_penalty, "frequency_penalty", frequency, "0", "1");
        } else {
            number(Field::presence_penalty, "presence_penalty", presence, "0", "1");
        }
    }

    void write_thinking() {
        const auto& wish = request_.reasoning;
        const bool off = (wish.enabled && !*wish.enabled) || wish.effort == "none" || wish.budget_tokens == 0;
        const bool on = !off && (wish.enabled || wish.adaptive || wish.budget_tokens || !wish.effort.empty());
        if (!on && !off) { return; }
        if (!cohere_thinks(target_.model)) {
            if (on) { drop(Field::reasoning, "this model does not think"); }
            return;
        }
        writer_.key("thinking").begin_object().member("type", on ? "enabled" : "disabled");
        std::int64_t budget = wish.budget_tokens.value_or(0);
        if (budget <= 0 && !wish.effort.empty()) { budget = budget_for(wish.effort); }
        if (on && budget > 0) { writer_.member("token_budget", std::min(budget, thinking_budget_max)); }
        writer_.end_object();
    }

    void write_extras() {
        for (const auto& [path, json] : request_.extras) {
            if (std::ranges::find(own_members, path) != own_members.end()) {
                writer_.raw_member(path, json);
            } else if (path != "documents") {
                drops_.note(path, "cohere-chat has no such parameter");
            }
        }
    }

    void note_the_rest() {
        each_openai_setting(request_, [&](Field field, bool said) {
            const bool written =
                field == Field::seed || field == Field::presence_penalty || field == Field::frequency_penalty;
            const bool logprobs = field == Field::logprobs || field == Field::top_logprobs;
            const auto reason = logprobs ? "cohere-chat gives them for pieces of text, not for tokens" : no_setting;
            if (said && !written) { drop(field, reason); }
        });
        if (!request_.user_id.empty()) { drop(Field::user, no_setting); }
        if (!request_.metadata.empty()) { drop(Field::metadata, no_setting); }
        const auto& tier = request_.service_tier;
        const bool usual = tier.empty() || tier == "auto" || tier == "default" || tier == "standard_only";
        if (!usual) { drop(Field::service_tier, no_setting); }
    }

    const ChatRequest& request_;
    const TargetTraits& target_;
    Drops& drops_;
    const PartFacts& facts_;
    ToolNames names_;
    CohereTools tools_;
    Conversation conversation_;
    PartRules rules_;
    std::string not_held_;  // why the format is said to the model only
    JsonText schema_;       // that the model is held to
    JsonWriter writer_;
};

}  // namespace

// From Cohere's page of models.
bool cohere_thinks(std::string_view model) {
    const auto name = lower(model);
    return std::ranges::any_of(std::array<std::string_view, 3>{"reasoning", "command-a-plus", "north-"},
                               [&](std::string_view word) { return name.find(word) != std::string::npos; });
}

Result<EncodedRequest> CohereChatCodec::encode_request(const ChatRequest& request, const TargetTraits& target,
                                                       Drops& drops) const {
    if (!request.previous_response_id.empty()) {
        return fail(ErrorKind::bad_request,
                    "previous_response_id: cohere-chat keeps no conversations. Send the whole input instead.");
    }
    return EncodedRequest{RequestWriter(request, target, drops).write()};
}

}  // namespace llmgw::wire
