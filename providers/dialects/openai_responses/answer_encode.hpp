// Writes an answer as this dialect's stream; a whole answer is the response object that such a stream ends with.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/codec.hpp"
#include "providers/dialects/custom_input.hpp"
#include "providers/dialects/openai_responses/response_object.hpp"
#include "providers/dialects/tool_names.hpp"
#include "providers/dialects/unique_ids.hpp"

namespace llmgw::wire::responses {

class StreamWriter final : public AnswerEncoder {
public:
    StreamWriter(const AnswerWishes& wishes, Drops& drops);
    void encode(const AnswerEvent& event, std::string& out) override;
    // The response as it stands: after End, the whole answer.
    std::string response() const;

private:
    enum class Kind { none, message, reasoning, function, custom, search };

    // The item that is being written.
    struct Open {
        Kind kind = Kind::none;
        std::string id;
        std::string source_id;  // the id it had where it came from
        std::string phase;
        std::string text;                // of the part, or the arguments
        std::vector<std::string> parts;  // message: those that are over; reasoning: summaries
        std::vector<JsonText> annotations;
        std::vector<part::Citation> unplaced;  // citations of the whole part, however long it gets
        std::string logprobs;                  // array elements
        part::ToolCall call;
        bool bridged = false;  // a function's arguments that hold a custom tool's input
        BridgedInput input;
        bool part_open = false;  // message: a content part; reasoning: a summary
        bool refusal = false;
        bool summarised = false;  // reasoning: its text came as summaries
        std::string summary;      // the open one
        bool hidden = false;      // reasoning nobody wants to see: only what is sealed is said
        std::string tail;         // the bytes of a character that is not whole yet
    };

    void on(const answer::Begin& begin, std::string& out);
    void on(const answer::PartBegin& begin, std::string& out);
    void on(const answer::Delta& delta, std::string& out);
    void on(const answer::Cited& cited, std::string& out);
    void on(const answer::PartEnd& end, std::string& out);
    void on(const answer::UsageSeen& seen, std::string& out);
    void on(const answer::Finish& finish, std::string& out);
    void on(const answer::Failed& failed, std::string& out);
    void on(const answer::End& end, std::string& out);

    // Another candidate than the first: this dialect has one.
    bool is_other(int candidate);
    void begin_response(const answer::Begin& begin, std::string& out);

    // A piece of the open part's text, in whole characters.
    void say_piece(answer::DeltaKind kind, std::string_view text, std::string& out);
    void say_tail(std::string& out);

    void begin_text(const answer::PartBegin& begin, std::string& out);
    void begin_reasoning(const answer::PartBegin& begin, std::string& out);
    void begin_call(const answer::PartBegin& begin, std::string& out);
    void say_image(const part::Media& media, std::string& out);
    void say_foreign(const part::Foreign& foreign, std::string& out);

    void say_text(std::string_view text, std::string& out);
    void say_logprobs(const JsonText& raw, std::string& out);
    void say_annotation(const JsonText& annotation, std::string& out);
    void say_reasoning(answer::DeltaKind kind, std::string_view text, std::string& out);
    void begin_summary(std::string& out);
    void end_summary(std::string& out);
    void say_arguments(std::string_view text, std::string& out);

    void end_text(std::string& out);
    void end_reasoning(const answer::PartEnd& end, std::string& out);
    void end_call(const answer::PartEnd& end, std::string& out);
    // The message stays open after its text, because more text may follow.
    void end_message(std::string_view status, std::string& out);

    void open_item(Kind kind, std::string_view made_prefix, const std::string& id);
    JsonText call_item(std::string_view status, std::string_view id, std::string_view arguments) const;
    JsonText content_part(std::string_view text, bool whole) const;
    void added(const JsonText& item, std::string& out);
    void done(JsonText item, std::string& out);

    // One event, begun with what every event has; `place` adds the item's id and index.
    JsonWriter event(std::string_view type);
    JsonWriter placed(std::string_view type);
    void send(std::string_view type, JsonWriter& json, std::string& out);
    void send_response(std::string_view type, std::string& out);

    const AnswerWishes wishes_;
    Drops& drops_;
    ToolNames names_;
    ResponseObject object_;
    ResponseFacts facts_;
    Open open_;
    UniqueIds ids_;  // of items
    std::int64_t sequence_ = 0;
    bool begun_ = false;
    bool ended_ = false;
    bool refused_ = false;
    answer::DeltaKind tail_kind_ = answer::DeltaKind::text;
};

}  // namespace llmgw::wire::responses
