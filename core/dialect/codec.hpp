// Translation: one dialect's requests and answers to and from the normal form (core/model/chat_request.hpp,
// answer_event.hpp). Four codecs make sixteen pairs. No I/O, no clock, no randomness: same input, same bytes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/turns.hpp"
#include "core/model/answer_event.hpp"
#include "core/model/chat_request.hpp"
#include "core/util/result.hpp"
#include "core/util/sse.hpp"

namespace llmgw {

// What the target cannot say. Every loss is noted here: nothing is dropped silently.
class Drops {
public:
    // `field` as the client wrote it ("top_k", "tools[3].input_schema.propertyNames"); said once for each field.
    void note(std::string field, std::string reason);
    // The same of a tool that would have run at the provider, which this one has not.
    void note_server_tool(std::string field, std::string reason);

    struct Drop {
        std::string field;
        std::string reason;  // for people, without the field's name: "openai-chat has no such parameter"
    };
    const std::vector<Drop>& all() const { return drops_; }
    // Those of note_server_tool, each tool counted.
    const std::vector<Drop>& server_tools() const { return server_tools_; }
    bool empty() const { return drops_.empty(); }

private:
    std::vector<Drop> drops_;
    std::vector<Drop> server_tools_;
};

// What an encoder must know of the provider it writes for. Facts about a host are data (providers/catalogue.cpp).
struct TargetTraits {
    std::string model;                       // the upstream's name of it
    std::int64_t default_max_tokens = 8192;  // where the dialect requires a number and the client gave none
    // openai-chat hosts
    std::string max_tokens_field = "max_completion_tokens";  // or max_tokens
    // How reasoning goes back: "", reasoning_content, reasoning, reasoning_details, thinking_parts (a list in content).
    std::string reasoning_back;
    bool developer_role = true;       // false: developer becomes system
    bool strict_schema = true;        // knows `strict` and json_schema
    bool stream_options = true;       // knows stream_options.include_usage
    bool tool_result_images = false;  // images inside tool messages
    bool image_urls = true;           // fetches http(s) images itself
    bool openai_parameters = true;    // takes OpenAI's own: prompt_cache_key, verbosity, user, service_tier
    std::string thinking_switch;      // how reasoning is switched on and off: "", thinking, enable_thinking
    bool think_tags = false;          // its reasoning comes inside content, in <think>
    std::string cache_marks;          // how it takes cache marks: "", cache_control, prompt_cache_breakpoint
    // anthropic models
    bool adaptive_thinking = true;    // false: thinking needs a budget
    bool system_in_messages = false;  // role "system" inside messages
    // gemini
    bool parameters_json_schema = true;  // takes JSON Schema as it is; false: the OpenAPI subset (T5)
    bool thinking_level = false;         // thinkingLevel instead of thinkingBudget
};

// A request ready for the wire. The path is the endpoint's business.
struct EncodedRequest {
    std::string body;
};

// Reads one stream into the normal form.
class AnswerDecoder {
public:
    virtual ~AnswerDecoder() = default;
    // Appends what this event says, as soon as it can be said. Malformed events are ignored.
    virtual void decode(const SseEvent& sse, std::vector<AnswerEvent>& out) = 0;
    // Clean end of file: says what was held back; End only where the dialect ends by closing.
    virtual void finish(std::vector<AnswerEvent>& out) = 0;
};

// What the client asked that shapes its answer.
struct AnswerWishes {
    std::string call_id;     // for ids the wire needs and the upstream did not give
    std::string model;       // as the client asked for it: answers name it when the upstream says nothing
    std::int64_t now_s = 0;  // for `created` where the upstream says nothing
    bool stream_usage = false;
    bool wants_sealed = true;  // openai-responses: encrypted_content is wanted
    bool show_reasoning = true;
    // The request, for members that are echoed (openai-responses) and to turn bridged tools back into custom ones.
    // May be null. Outlives the encoder.
    const ChatRequest* request = nullptr;
};

// Writes one stream. Keeps its dialect's grammar (T2) whatever comes in, as long as the events keep theirs.
class AnswerEncoder {
public:
    virtual ~AnswerEncoder() = default;
    // Appends whole SSE events to `out`. Losses are noted in the Drops given at its making.
    virtual void encode(const AnswerEvent& event, std::string& out) = 0;
};

// Checks a stream of one dialect against that dialect's grammar (T2): for tests, and in debug builds for all that is
// sent. One object for each stream.
class StreamValidator {
public:
    virtual ~StreamValidator() = default;
    // What is wrong, "" when nothing is.
    virtual std::string event(const SseEvent& sse) = 0;
    // The stream is over.
    virtual std::string end() = 0;
};

class Codec {
public:
    virtual ~Codec() = default;

    // --- client side
    // bad_request names the member and what was expected. `model` and `stream` are the path's for gemini: the caller
    // sets them.
    virtual Result<ChatRequest> decode_request(std::string_view body) const = 0;
    // The dialect of a body that is another's although clients send it to this one's endpoint: decode_request reads it,
    // but no provider of this dialect would. nullopt for all others.
    virtual std::optional<DialectId> written_in(std::string_view) const { return std::nullopt; }
    virtual std::unique_ptr<AnswerEncoder> answer_encoder(const AnswerWishes& wishes, Drops& drops) const = 0;
    // A whole answer: the JSON body. The events are complete (they end with End) and have no Failed.
    virtual std::string encode_answer(const std::vector<AnswerEvent>& events, const AnswerWishes& wishes,
                                      Drops& drops) const = 0;
    virtual std::unique_ptr<StreamValidator> stream_validator() const = 0;

    // Requests that go on from an earlier answer by its id; null where the dialect has none.
    virtual const Turns* turns() const { return nullptr; }

    // --- provider side
    // bad_request when this target cannot take it at all (an unconvertible tool schema: names the tool and path).
    virtual Result<EncodedRequest> encode_request(const ChatRequest& request, const TargetTraits& target,
                                                  Drops& drops) const = 0;
    // The body for the dialect's own counting of a prompt's tokens; not_found where the dialect has none.
    virtual Result<EncodedRequest> encode_count_request(const ChatRequest&, const TargetTraits&, Drops&) const {
        return fail(ErrorKind::not_found, "this dialect cannot count tokens");
    }
    virtual std::unique_ptr<AnswerDecoder> answer_decoder() const = 0;
    // A whole JSON body. False when it is no answer of this dialect.
    virtual bool decode_answer(std::string_view body, std::vector<AnswerEvent>& out) const = 0;
    // The same for hosts whose answers differ by a trait (think_tags).
    virtual std::unique_ptr<AnswerDecoder> answer_decoder_for(const TargetTraits&) const { return answer_decoder(); }
    virtual bool decode_answer_for(const TargetTraits&, std::string_view body, std::vector<AnswerEvent>& out) const {
        return decode_answer(body, out);
    }
};

}  // namespace llmgw
