// Writes a Converse request.
#include <algorithm>
#include <array>
#include <charconv>

#include "providers/dialects/anthropic/cache_plan.hpp"
#include "providers/dialects/anthropic/field_names.hpp"
#include "providers/dialects/anthropic/schema_rules.hpp"
#include "providers/dialects/anthropic/thinking_plan.hpp"
#include "providers/dialects/bedrock_converse/blocks_encode.hpp"
#include "providers/dialects/bedrock_converse/codec.hpp"
#include "providers/dialects/bedrock_converse/settings_encode.hpp"
#include "providers/dialects/bedrock_converse/tools_encode.hpp"

namespace llmgw::wire {
namespace {

enum class Purpose { answer, count };

class RequestWriter {
public:
    RequestWriter(const ChatRequest& request, const TargetTraits& target, Drops& drops)
        : request_(request),
          drops_(drops),
          facts_(converse_facts(target.model)),
          names_(request.tools),
          conversation_(build_conversation(request, target, drops, converse_parts)),
          rules_(conversation_.made, drops, converse_parts),
          tools_(plan_converse_tools(request, drops)),
          settings_(plan_settings(request, target, facts_, conversation_, drops)) {
        for (const auto& extra : request.extras) {
            drops.note(extra.first, "bedrock-converse has no such member");
        }
    }

    Result<EncodedRequest> write(Purpose purpose) {
        if (!request_.previous_response_id.empty()) {
            return fail(ErrorKind::bad_request,
                        "previous_response_id: bedrock-converse keeps no conversations. Send the whole input instead.");
        }
        instruct();
        plan_marks();
        writer_.begin_object();
        if (purpose == Purpose::count) { writer_.key("input").begin_object().key("converse").begin_object(); }
        ConverseBlockWriter blocks(writer_, rules_, names_, facts_);
        if (!conversation_.system.empty()) {
            writer_.key("system");
            blocks.system(conversation_.system);
        }
        writer_.key("messages").begin_array();
        for (const WireTurn& turn : conversation_.turns) {
            writer_.begin_object().member("role", turn.role == Role::assistant ? "assistant" : "user").key("content");
            blocks.message(turn.blocks);
            writer_.end_object();
        }
        writer_.end_array();
        if (purpose == Purpose::answer) { write_inference_config(writer_, request_, settings_, drops_); }
        if (auto done = write_tool_config(writer_, request_, tools_, names_, facts_, drops_); !done) {
            return std::unexpected(done.error());
        }
        write_fields(writer_, settings_, facts_);
        if (purpose == Purpose::count) {
            writer_.end_object().end_object();
        } else {
            if (auto done = write_format(writer_, request_, facts_, drops_); !done) {
                return std::unexpected(done.error());
            }
            write_call_settings(writer_, request_, facts_, drops_);
        }
        writer_.end_object();
        return EncodedRequest{writer_.take()};
    }

private:
    // What the wire has no word for is said to the model.
    void instruct() {
        const auto say = [&](std::string text) { conversation_.system.push_back(rules_.made_text(std::move(text))); };
        if (tools_.calls == CallsAllowed::not_now && !tools_.plan.tools.empty()) {
            say("Do not call a tool in your next answer.");
        }
        if (request_.format.kind == FormatKind::json_object) {
            say("Answer with one JSON object and nothing else: no words around it, no code fence.");
        } else if (request_.format.kind == FormatKind::json_schema && !facts_.structured_output) {
            say("Answer with one JSON value that matches this JSON Schema and nothing else: no words around it, no "
                "code fence.\n" +
                request_.format.schema);
        }
    }

    void plan_marks() {
        if (!facts_.cache_points) { return; }
        plan_cache_marks(request_, conversation_, tools_.plan, drops_);
        // A mark for all of it stands, as in Messages, at the conversation's end.
        if (request_.cache_all && !conversation_.turns.empty()) {
            auto& last = conversation_.turns.back().blocks.back().cache;
            if (!last) { last = request_.cache_all; }
        }
    }

    const ChatRequest& request_;
    Drops& drops_;
    ConverseFacts facts_;
    ToolNames names_;
    Conversation conversation_;
    PartRules rules_;
    ConverseTools tools_;
    AnswerPlan settings_;
    JsonWriter writer_;
};

}  // namespace

Result<EncodedRequest> BedrockConverseCodec::encode_request(const ChatRequest& request, const TargetTraits& target,
                                                            Drops& drops) const {
    return RequestWriter(request, target, drops).write(Purpose::answer);
}

Result<EncodedRequest> BedrockConverseCodec::encode_count_request(const ChatRequest& request,
                                                                  const TargetTraits& target, Drops& drops) const {
    return RequestWriter(request, target, drops).write(Purpose::count);
}

}  // namespace llmgw::wire
