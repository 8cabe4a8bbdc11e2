// A request's own members; `input` and `tools` have files of their own.
#include <array>
#include <utility>

#include "core/util/json_valid.hpp"
#include "core/util/utf8.hpp"
#include "providers/dialects/common.hpp"
#include "providers/dialects/openai_responses/codec.hpp"
#include "providers/dialects/openai_responses/reading.hpp"

namespace llmgw::wire {

using json_scan::Type;
using json_scan::Value;
using responses::keep_extra;
using responses::Reading;

namespace {

class RequestReader {
public:
    Result<ChatRequest> read(std::string_view body) {
        request_.origin = DialectId::openai_responses;
        const bool whole = json_scan::each_member(body, [&](std::string_view key, const Value& value) {
            return value.type == Type::null || take(key, value);
        });
        if (!whole) { return fail(ErrorKind::bad_request, "body: expected a JSON object"); }
        // In this order, whatever the body's: the tools decide what some items are.
        if (reading_.ok() && tools_) { read_tools(); }
        if (reading_.ok() && instructions_) { read_instructions(); }
        if (reading_.ok() && input_) { responses::read_input(*input_, reading_, request_); }
        if (!reading_.ok()) { return fail(ErrorKind::bad_request, reading_.problem()); }
        if (request_.user_id.empty()) { request_.user_id = std::move(user_); }
        return std::move(request_);
    }

private:
    bool take(std::string_view key, const Value& value) {
        if (key == "input") { return set(input_, value); }
        if (key == "instructions") { return set(instructions_, value); }
        if (key == "tools") { return set(tools_, value); }
        if (key == "model") { return reading_.text(value, key, request_.model); }
        if (key == "stream") { return flag(key, value, request_.stream); }
        if (key == "store") { return reading_.flag(value, key, request_.store); }
        if (key == "tool_choice") { return responses::read_tool_choice(value, reading_, request_); }
        if (key == "parallel_tool_calls") { return reading_.flag(value, key, request_.tool_choice.parallel); }
        if (key == "max_output_tokens") { return whole_number(key, value, request_.max_tokens); }
        if (key == "temperature") { return number(key, value, request_.sampling.temperature); }
        if (key == "top_p") { return number(key, value, request_.sampling.top_p); }
        if (key == "top_logprobs") { return number(key, value, request_.sampling.top_logprobs); }
        if (key == "previous_response_id") { return reading_.text(value, key, request_.previous_response_id); }
        if (key == "prompt_cache_key") { return reading_.text(value, key, request_.prompt_cache_key); }
        if (key == "service_tier") { return reading_.text(value, key, request_.service_tier); }
        if (key == "safety_identifier") { return reading_.text(value, key, request_.user_id); }
        if (key == "user") { return reading_.text(value, key, user_); }
        if (key == "metadata") { return read_metadata(value); }
        if (key == "include") { return read_include(value); }
        if (key == "reasoning") { return read_reasoning(value); }
        if (key == "text") { return read_text(value); }
        keep_extra(request_, std::string(key), value);
        return true;
    }

    static bool set(std::optional<Value>& out, const Value& value) {
        out = value;
        return true;
    }

    bool flag(std::string_view key, const Value& value, bool& out) {
        const auto said = value.as_bool();
        if (!said) { return reading_.wrong(key, "true or false"); }
        out = *said;
        return true;
    }

    bool number(std::string_view key, const Value& value, JsonText& out) {
        if (value.type != Type::number) { return reading_.wrong(key, "a number"); }
        out = std::string(value.text);
        return true;
    }

    bool whole_number(std::string_view key, const Value& value, std::optional<std::int64_t>& out) {
        out = value.as_int();
        return out.has_value() || reading_.wrong(key, "a whole number");
    }

    void read_tools() {
        if (!tools_->is_array()) {
            reading_.wrong("tools", "an array");
            return;
        }
        std::size_t index = 0;
        json_scan::each_element(tools_->text, [&](const Value& tool) {
            return responses::read_tool(tool, "tools[" + std::to_string(index++) + "]", false, reading_, request_);
        });
    }

    // A string; in a template's answer, items.
    void read_instructions() {
        if (instructions_->is_array()) {
            responses::read_input(*instructions_, reading_, request_);
            return;
        }
        Message message;
        message.role = Role::system;
        std::string text;
        if (!reading_.text(*instructions_, "instructions", text) || text.empty()) { return; }
        message.parts.emplace_back(part::Text{std::move(text), {}, {}, {}, {}});
        request_.messages.push_back(std::move(message));
    }

    bool read_metadata(const Value& value) {
        if (!value.is_object()) { return reading_.wrong("metadata", "an object"); }
        json_scan::each_member(value.text, [&](std::string_view key, const Value& member) {
            // The key's quotes are next to it.
            const Value literal{Type::string, {key.data() - 1, key.size() + 2}};
            request_.metadata.emplace_back(literal.as_string().value_or(std::string(key)), string_or_empty(member));
            return true;
        });
        return true;
    }

    bool read_include(const Value& value) {
        if (!value.is_array()) { return reading_.wrong("include", "an array"); }
        std::string others;
        json_scan::each_element(value.text, [&](const Value& element) {
            const std::string_view word = element.raw_string();
            if (word == "reasoning.encrypted_content") {
                request_.wants_sealed = true;
            } else if (word == "message.output_text.logprobs") {
                request_.sampling.logprobs = true;
            } else {
                others += (others.empty() ? "" : ",") + std::string(element.text);
            }
            return true;
        });
        if (!others.empty()) { request_.extras.emplace_back("include", "[" + others + "]"); }
        return true;
    }

    bool read_reasoning(const Value& value) {
        if (!value.is_object()) { return reading_.wrong("reasoning", "an object"); }
        ReasoningWish& wish = request_.reasoning;
        json_scan::each_member(value.text, [&](std::string_view key, const Value& member) {
            if (member.type == Type::null) { return true; }
            if (key == "effort") { return reading_.text(member, "reasoning.effort", wish.effort); }
            if (key == "summary") { return reading_.text(member, "reasoning.summary", wish.summary); }
            keep_extra(request_, "reasoning." + std::string(key), member);
            return true;
        });
        if (wish.effort == "none") { wish.enabled = false; }
        if (!wish.summary.empty()) { wish.show = true; }
        return reading_.ok();
    }

    bool read_text(const Value& value) {
        if (!value.is_object()) { return reading_.wrong("text", "an object"); }
        json_scan::each_member(value.text, [&](std::string_view key, const Value& member) {
            if (member.type == Type::null) { return true; }
            if (key == "verbosity") { return reading_.text(member, "text.verbosity", request_.verbosity); }
            if (key == "format") { return read_format(member); }
            keep_extra(request_, "text." + std::string(key), member);
            return true;
        });
        return reading_.ok();
    }

    bool read_format(const Value& value) {
        if (!value.is_object()) { return reading_.wrong("text.format", "an object"); }
        AnswerFormat& format = request_.format;
        std::string type;
        json_scan::each_member(value.text, [&](std::string_view key, const Value& member) {
            if (member.type == Type::null) { return true; }
            if (key == "type") { return reading_.text(member, "text.format.type", type); }
            if (key == "name") { return reading_.text(member, "text.format.name", format.name); }
            if (key == "description") { return reading_.text(member, "text.format.description", format.description); }
            if (key == "schema") { format.schema = std::string(member.text); }
            if (key == "strict") { return reading_.flag(member, "text.format.strict", format.strict); }
            return true;
        });
        if (type == "text") {
            format.kind = FormatKind::text;
        } else if (type == "json_object") {
            format.kind = FormatKind::json_object;
        } else if (type == "json_schema") {
            format.kind = FormatKind::json_schema;
            if (!format.schema.starts_with('{')) { return reading_.wrong("text.format.schema", "an object"); }
        } else if (!type.empty()) {
            keep_extra(request_, "text.format", value);
        }
        return reading_.ok();
    }

    Reading reading_;
    ChatRequest request_;
    std::optional<Value> input_;
    std::optional<Value> instructions_;
    std::optional<Value> tools_;
    std::string user_;
};

}  // namespace

Result<ChatRequest> OpenAiResponsesCodec::decode_request(std::string_view body) const {
    // What is kept as it was written goes out as it was written: it must be JSON all the way down.
    if (!is_json(body) || !is_utf8(body)) { return fail(ErrorKind::bad_request, "body: expected a JSON object"); }
    return RequestReader().read(body);
}

}  // namespace llmgw::wire
