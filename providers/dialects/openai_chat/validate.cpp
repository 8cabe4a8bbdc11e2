// Checks a stream of chunks against the grammar that clients of this dialect rely on. Stricter than hosts are: calls
// follow each other, every choice says its role first and its reason last, the stream ends with [DONE] or an error.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

#include "core/util/json_scan.hpp"
#include "core/util/json_valid.hpp"
#include "providers/dialects/common.hpp"
#include "providers/dialects/openai_chat/codec.hpp"

namespace llmgw::wire {

using json_scan::Type;
using json_scan::Value;

namespace chat {

namespace {

constexpr std::array<std::string_view, 5> finish_words{"stop", "length", "tool_calls", "content_filter",
                                                       "function_call"};

struct ChoiceState {
    bool begun = false;
    bool finished = false;
    int calls = 0;
    bool legacy_call = false;
    bool arguments_open = false;  // the last call is a function's without a word of arguments yet
};

class ChunkValidator final : public StreamValidator {
public:
    std::string event(const SseEvent& sse) override {
        if (sse.comment_only) { return {}; }
        fault_.clear();
        check(sse);
        return fault_;
    }

    std::string end() override {
        if (failed_ || done_) { return {}; }
        return "the stream ends without [DONE] or an error";
    }

private:
    void wrong(std::string what) {
        if (fault_.empty()) { fault_ = std::move(what); }
    }

    void check(const SseEvent& sse) {
        if (done_) { return wrong("an event after [DONE]"); }
        if (failed_) { return wrong("an event after an error"); }
        if (!sse.name.empty()) { return wrong("an event with a name"); }
        if (sse.data == "[DONE]") {
            done_ = true;
            for (const auto& [index, state] : choices_) {
                if (!state.finished) { wrong(fmt::format("[DONE] before choice {} has a finish_reason", index)); }
            }
            if (choices_.empty()) { wrong("[DONE] without any choice"); }
            return;
        }
        Reading chunk;
        const bool whole = json_scan::each_member(sse.data, [&](std::string_view key, const Value& value) {
            chunk.take(key, value);
            return true;
        });
        if (!whole || !is_json(sse.data)) { return wrong("data that is not a JSON object"); }
        if (chunk.error) {
            failed_ = true;
            if (!chunk.error->is_object()) { wrong("error is not an object"); }
            return;
        }
        check_envelope(chunk);
        if (chunk.usage) { check_usage(chunk); }
        json_scan::each_element(chunk.choices ? chunk.choices->text : std::string_view{}, [&](const Value& choice) {
            if (usage_said_) { wrong("a choice after the usage"); }
            check_choice(choice);
            return true;
        });
    }

    struct Reading {
        std::string id;
        std::string object;
        bool has_model = false;
        bool has_created = false;
        std::optional<Value> choices;
        std::optional<Value> usage;
        std::optional<Value> error;

        void take(std::string_view key, const Value& value) {
            if (key == "id") { id = string_or_empty(value); }
            if (key == "object") { object = string_or_empty(value); }
            if (key == "model") { has_model = value.type == Type::string; }
            if (key == "created") { has_created = value.as_int().has_value(); }
            if (key == "choices" && value.is_array()) { choices = value; }
            if (key == "usage" && value.type != Type::null) { usage = value; }
            if (key == "error") { error = value; }
        }
    };

    void check_envelope(const Reading& chunk) {
        if (chunk.object != "chat.completion.chunk") { wrong("object is not chat.completion.chunk"); }
        if (chunk.id.empty()) { wrong("no id"); }
        if (!id_.empty() && chunk.id != id_) { wrong("the id changes"); }
        id_ = chunk.id;
        if (!chunk.has_model) { wrong("no model"); }
        if (!chunk.has_created) { wrong("no created"); }
        if (!chunk.choices) { wrong("choices is not a list"); }
    }

    void check_usage(const Reading& chunk) {
        if (usage_said_) { wrong("a second usage"); }
        usage_said_ = true;
        if (chunk.choices && json_scan::Reader(chunk.choices->text, '[').rest().find('{') != std::string_view::npos) {
            wrong("usage on a chunk with choices");
        }
        for (const std::string_view key : {"prompt_tokens", "completion_tokens", "total_tokens"}) {
            const auto number = json_scan::member(chunk.usage->text, key);
            if (!number || !number->as_int()) { wrong(fmt::format("usage.{} is no number", key)); }
        }
        for (const auto& [index, state] : choices_) {
            if (!state.finished) { wrong("usage before the finish_reason"); }
        }
    }

    void check_choice(const Value& choice) {
        std::optional<std::int64_t> index;
        std::optional<Value> delta;
        std::optional<Value> reason;
        json_scan::each_member(choice.text, [&](std::string_view key, const Value& value) {
            if (key == "index") { index = value.as_int(); }
            if (key == "delta" && value.is_object()) { delta = value; }
            if (key == "finish_reason") { reason = value; }
            return true;
        });
        if (!index) { return wrong("a choice without an index"); }
        if (!delta) { return wrong("a choice without a delta"); }
        if (!reason) { return wrong("a choice without finish_reason"); }
        ChoiceState& state = choices_[*index];
        if (state.finished) { return wrong("a delta after the finish_reason"); }
        check_delta(*delta, state);
        if (reason->type != Type::null) { check_reason(string_or_empty(*reason), state); }
    }

    void check_delta(const Value& delta, ChoiceState& state) {
        json_scan::each_member(delta.text, [&](std::string_view key, const Value& value) {
            if (key == "role") {
                if (state.begun) { wrong("a second role"); }
                if (string_or_empty(value) != "assistant") { wrong("a role that is not assistant"); }
                state.begun = true;
            }
            const bool text = key == "content" || key == "refusal" || key == "reasoning_content";
            if (text && value.type != Type::string) { wrong(fmt::format("{} is not a string", key)); }
            if (text && state.arguments_open && value.text != "\"\"") { wrong("a call without arguments goes on"); }
            if (key == "function_call") { state.legacy_call = true; }
            if (key == "tool_calls") {
                json_scan::each_element(value.text, [&](const Value& call) {
                    check_call(call, state);
                    return true;
                });
            }
            return true;
        });
        if (!state.begun) { wrong("a choice that begins without a role"); }
    }

    void check_call(const Value& call, ChoiceState& state) {
        std::optional<std::int64_t> index;
        std::string id;
        std::string type;
        std::optional<Value> body;
        json_scan::each_member(call.text, [&](std::string_view key, const Value& value) {
            if (key == "index") { index = value.as_int(); }
            if (key == "id") { id = string_or_empty(value); }
            if (key == "type") { type = string_or_empty(value); }
            if ((key == "function" || key == "custom") && value.is_object()) { body = value; }
            return true;
        });
        if (!index) { return wrong("a call without an index"); }
        if (!body) { return wrong("a call without function or custom"); }
        const auto name = json_scan::member(body->text, "name");
        if (*index == state.calls) {
            if (state.arguments_open) { wrong("a call without arguments"); }
            if (id.empty() || type.empty() || !name) { wrong("a call that begins without id, type and name"); }
            if (!ids_.insert(id).second) { wrong("two calls with one id"); }
            ++state.calls;
            state.arguments_open = type == "function";
        } else if (*index == state.calls - 1) {
            if (!id.empty() || name) { wrong("a call that begins twice"); }
        } else {
            wrong("a call whose index is not the last or the next");
        }
        const auto arguments = json_scan::member(body->text, "arguments");
        if (arguments && arguments->raw_string().size() > 0) { state.arguments_open = false; }
    }

    void check_reason(const std::string& word, ChoiceState& state) {
        state.finished = true;
        if (std::ranges::find(finish_words, word) == finish_words.end()) { wrong("an unknown finish_reason"); }
        const bool cut = word == "length" || word == "content_filter";
        const bool calls = word == "tool_calls" || word == "function_call";
        const bool called = state.calls > 0 || state.legacy_call;
        if (!cut && calls != called) { wrong("finish_reason does not fit the calls"); }
        if (!cut && state.arguments_open) { wrong("a call without arguments"); }
    }

    std::string fault_;
    std::string id_;
    std::map<std::int64_t, ChoiceState> choices_;
    std::set<std::string> ids_;
    bool usage_said_ = false;
    bool done_ = false;
    bool failed_ = false;
};

}  // namespace

}  // namespace chat

std::unique_ptr<StreamValidator> OpenAiChatCodec::stream_validator() const {
    return std::make_unique<chat::ChunkValidator>();
}

}  // namespace llmgw::wire
