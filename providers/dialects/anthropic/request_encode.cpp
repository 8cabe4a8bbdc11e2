// Writes a Messages request, in the order the wire caches it: tools, system, messages.
#include <algorithm>
#include <array>

#include "providers/dialects/anthropic/block_encode.hpp"
#include "providers/dialects/anthropic/cache_plan.hpp"
#include "providers/dialects/anthropic/codec.hpp"
#include "providers/dialects/anthropic/field_names.hpp"
#include "providers/dialects/anthropic/part_rules.hpp"
#include "providers/dialects/anthropic/schema_rules.hpp"
#include "providers/dialects/anthropic/thinking_plan.hpp"
#include "providers/dialects/anthropic/tool_encode.hpp"

namespace llmgw::wire {
namespace {

enum class Purpose { answer, count };

constexpr std::size_t user_id_max = 256;

struct TierName {
    std::string_view theirs;
    std::string_view ours;
};
constexpr std::array<TierName, 5> tiers{{{"auto", "auto"},
                                         {"standard_only", "standard_only"},
                                         {"default", "standard_only"},
                                         {"standard", "standard_only"},
                                         {"on_demand", "standard_only"}}};

class RequestWriter {
public:
    RequestWriter(const ChatRequest& request, const TargetTraits& target, Drops& drops, Purpose purpose)
        : request_(request),
          target_(target),
          drops_(drops),
          purpose_(purpose),
          facts_(claude_facts(target.model)),
          extras_(request, drops),
          names_(request.tools),
          conversation_(build_conversation(request, target, drops)),
          rules_(conversation_.made, drops, anthropic_parts_for(target)),
          tools_(plan_tools(request, drops)),
          plan_(plan_answer(request, target, facts_, conversation_, drops)) {}

    Result<EncodedRequest> write() {
        if (const std::string kept = kept_elsewhere(); !kept.empty()) {
            return fail(ErrorKind::bad_request,
                        kept + ": anthropic keeps no conversations. Send the whole input instead.");
        }
        instruct_format();
        plan_cache_marks(request_, conversation_, tools_, drops_);
        writer_.begin_object().member("model", target_.model.empty() ? request_.model : target_.model);
        if (purpose_ == Purpose::answer) { writer_.member("max_tokens", plan_.max_tokens); }
        const ToolNames* renamed = own() ? nullptr : &names_;
        if (auto done = write_tools(writer_, request_, tools_, names_, target_, extras_, drops_); !done) {
            return std::unexpected(done.error());
        }
        write_tool_choice(writer_, request_, tools_, names_, extras_, drops_);
        BlockWriter blocks(writer_, extras_, rules_, renamed);
        if (!conversation_.system.empty()) {
            writer_.key("system");
            blocks.content(conversation_.system);
        }
        write_messages(blocks);
        write_thinking();
        if (auto done = write_output_config(); !done) { return std::unexpected(done.error()); }
        if (request_.cache_all) { write_cache_mark(writer_, request_.cache_all, extras_, "cache_control"); }
        if (purpose_ == Purpose::answer) { write_answer_settings(); }
        note_the_rest();
        extras_.write(writer_, "");
        writer_.end_object();
        return EncodedRequest{writer_.take()};
    }

private:
    bool own() const { return request_.origin == DialectId::anthropic; }
    std::string name(Field field) const { return std::string(name_of(field, request_.origin)); }
    bool holds_to_schema() const { return target_.strict_schema && facts_.structured_output; }

    // The member that stands for messages which are not in the request. Without them the answer would be nonsense.
    std::string kept_elsewhere() const {
        if (!request_.previous_response_id.empty()) { return "previous_response_id"; }
        const bool named = std::ranges::any_of(
            request_.extras, [](const auto& extra) { return extra.first == "conversation" && extra.second != "null"; });
        return named && request_.origin == DialectId::openai_responses ? "conversation" : "";
    }

    // What the wire cannot hold the answer to is said to the model.
    void instruct_format() {
        std::string text;
        if (request_.format.kind == FormatKind::json_object) {
            text = "Answer with one JSON object and nothing else: no words around it, no code fence.";
        } else if (request_.format.kind == FormatKind::json_schema && !holds_to_schema()) {
            text =
                "Answer with one JSON value that matches this JSON Schema and nothing else: no words around it, no "
                "code fence.\n" +
                request_.format.schema;
        }
        if (!text.empty()) { conversation_.system.push_back(rules_.made_text(std::move(text))); }
    }

    void write_messages(BlockWriter& blocks) {
        writer_.key("messages").begin_array();
        for (const WireTurn& turn : conversation_.turns) {
            const char* role = turn.role == Role::assistant ? "assistant" : turn.role == Role::user ? "user" : "system";
            writer_.begin_object().member("role", role).key("content");
            // A turn that is marked for the cache now and no more in the next request must be written the same way.
            const bool marked_once = !own() && turn.role != Role::assistant;
            marked_once ? blocks.array(turn.blocks) : blocks.content(turn.blocks);
            for (const std::string& path : turn.paths) {
                extras_.write(writer_, path);
            }
            writer_.end_object();
        }
        writer_.end_array();
    }

    void write_thinking() {
        if (plan_.mode == ThinkingMode::unsaid) { return; }
        writer_.key("thinking").begin_object();
        if (plan_.mode == ThinkingMode::disabled) {
            writer_.member("type", "disabled");
        } else if (plan_.mode == ThinkingMode::enabled) {
            writer_.member("type", "enabled").member("budget_tokens", plan_.budget_tokens);
        } else if (extras_.find("thinking", "type").empty()) {
            writer_.member("type", "adaptive");
        }
        if (plan_.thinks() && plan_.show) { writer_.member("display", *plan_.show ? "summarized" : "omitted"); }
        extras_.write(writer_, "thinking");
        writer_.end_object();
    }

    Result<void> write_output_config() {
        const bool schema = request_.format.kind == FormatKind::json_schema && holds_to_schema();
        if (plan_.effort.empty() && !schema && !extras_.at("output_config")) { return {}; }
        writer_.key("output_config").begin_object().member_if("effort", plan_.effort);
        if (schema) {
            JsonText text = request_.format.schema;
            if (!own()) {
                auto strict = strict_schema(text, name(Field::schema), drops_);
                if (!strict) { return std::unexpected(strict.error()); }
                text = std::move(*strict);
            }
            writer_.key("format").begin_object().member("type", "json_schema").raw_member_if("schema", text);
            extras_.write(writer_, "output_config.format");
            writer_.end_object();
        }
        extras_.write(writer_, "output_config");
        writer_.end_object();
        return {};
    }

    void write_answer_settings() {
        writer_.raw_member_if("temperature", plan_.temperature);
        writer_.raw_member_if("top_p", plan_.top_p);
        writer_.raw_member_if("top_k", plan_.top_k);
        write_stop();
        write_user();
        write_tier();
        if (request_.stream) { writer_.member("stream", true); }
    }

    void write_stop() {
        bool open = false;
        for (const std::string& stop : request_.sampling.stop) {
            if (!own() && is_blank(stop)) {
                drops_.note(name(Field::stop), "anthropic takes no stop sequence of white space");
                continue;
            }
            if (!open) { writer_.key("stop_sequences").begin_array(); }
            open = true;
            writer_.string(stop);
        }
        if (open) { writer_.end_array(); }
    }

    void write_user() {
        const bool too_long = !own() && request_.user_id.size() > user_id_max;
        if (too_long) { drops_.note(name(Field::user), "anthropic takes 256 characters"); }
        const bool user = !request_.user_id.empty() && !too_long;
        if (!user && !extras_.at("metadata")) { return; }
        writer_.key("metadata").begin_object();
        if (user) { writer_.member("user_id", request_.user_id); }
        extras_.write(writer_, "metadata");
        writer_.end_object();
    }

    void write_tier() {
        if (request_.service_tier.empty()) { return; }
        const auto row = std::ranges::find(tiers, std::string_view(request_.service_tier), &TierName::theirs);
        if (own()) {
            writer_.member("service_tier", request_.service_tier);
        } else if (row != tiers.end()) {
            writer_.member("service_tier", row->ours);
        } else {
            drops_.note(name(Field::service_tier), "anthropic has no tier " + request_.service_tier);
        }
    }

    void note(Field field, bool said) {
        if (said) { drops_.note(name(field), "anthropic has no such setting"); }
    }

    void note_the_rest() {
        each_openai_setting(request_, [this](Field field, bool said) { note(field, said); });
        for (const auto& [key, value] : request_.metadata) {
            drops_.note(name(Field::metadata) + "." + key, "anthropic knows user_id only");
        }
    }

    const ChatRequest& request_;
    const TargetTraits& target_;
    Drops& drops_;
    Purpose purpose_;
    ClaudeFacts facts_;
    Extras extras_;
    ToolNames names_;
    Conversation conversation_;
    PartRules rules_;
    ToolPlan tools_;
    AnswerPlan plan_;
    JsonWriter writer_;
};

}  // namespace

Result<EncodedRequest> AnthropicCodec::encode_request(const ChatRequest& request, const TargetTraits& target,
                                                      Drops& drops) const {
    return RequestWriter(request, target, drops, Purpose::answer).write();
}

Result<EncodedRequest> AnthropicCodec::encode_count_request(const ChatRequest& request, const TargetTraits& target,
                                                            Drops& drops) const {
    return RequestWriter(request, target, drops, Purpose::count).write();
}

}  // namespace llmgw::wire
