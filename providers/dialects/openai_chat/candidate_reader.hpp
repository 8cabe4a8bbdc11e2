// One choice of an answer. Hosts say its pieces in any order and interleave parallel calls; here they become parts that
// follow each other.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/answer_event.hpp"
#include "core/util/json_scan.hpp"
#include "providers/dialects/openai_chat/cut_text.hpp"
#include "providers/dialects/openai_chat/reasoning_details.hpp"
#include "providers/dialects/openai_chat/think_tags.hpp"

namespace llmgw::wire::chat {

// Whether JSON text that comes in pieces is a whole object by now.
class ObjectProgress {
public:
    void feed(std::string_view piece);
    bool complete() const { return seen_ && depth_ == 0 && !in_string_; }

private:
    int depth_ = 0;
    bool seen_ = false;
    bool in_string_ = false;
    bool escaped_ = false;
};

class CandidateReader {
public:
    CandidateReader(int candidate, bool think_tags) : candidate_(candidate), think_tags_(think_tags) {}

    // A stream's delta, or a whole message. `answer_id` makes ids of calls that came without.
    void take(const json_scan::Value& message, std::string_view answer_id, std::vector<AnswerEvent>& out);
    void take_logprobs(const json_scan::Value& logprobs, std::vector<AnswerEvent>& out);
    // Sources of the whole answer: cited in the text that is open.
    void cite(const part::Citation& citation, std::vector<AnswerEvent>& out);
    // Says what was held back. The last part stays open.
    void release(std::vector<AnswerEvent>& out);
    // ... and ends it.
    void close(std::vector<AnswerEvent>& out);

    bool called() const { return called_; }
    bool refused() const { return refused_; }

private:
    enum class Open { none, text, reasoning, refusal, call };

    struct Call {
        std::optional<std::int64_t> index;
        std::string wire_id;  // as the host says it
        part::ToolCall call;
        CutStrings cut;
        std::string held;  // arguments that could not be said yet
        ObjectProgress progress;
        bool begun = false;
    };

    struct Late {
        Open kind;
        std::string text;
    };

    void say(Open kind, std::string text, std::vector<AnswerEvent>& out);
    void say_late(std::vector<AnswerEvent>& out);
    void open_part(Open kind, std::vector<AnswerEvent>& out);
    void end_part(std::vector<AnswerEvent>& out);
    void say_seals(std::vector<AnswerEvent>& out);
    void say_sealed(std::string data, std::vector<AnswerEvent>& out);
    void whole_part(answer::PartBegin begin, std::vector<AnswerEvent>& out);

    void take_content(const json_scan::Value& content, std::vector<AnswerEvent>& out);
    void take_text(std::string text, std::vector<AnswerEvent>& out);
    void take_images(const json_scan::Value& images, std::vector<AnswerEvent>& out);
    void take_audio(const json_scan::Value& audio, std::vector<AnswerEvent>& out);

    void take_calls(const json_scan::Value& calls, std::string_view answer_id, std::vector<AnswerEvent>& out);
    Call& call_for(const std::optional<std::int64_t>& index, std::string_view id, std::string_view name);
    void take_call(const json_scan::Value& value, std::string_view answer_id, std::vector<AnswerEvent>& out);
    void take_function_call(const json_scan::Value& function, std::string_view answer_id,
                            std::vector<AnswerEvent>& out);
    void add_arguments(Call& call, std::string_view piece, std::vector<AnswerEvent>& out);
    void name_call(Call& call, std::string_view answer_id);
    void begin_call(Call& call, std::vector<AnswerEvent>& out);
    void advance(std::vector<AnswerEvent>& out);
    bool calls_wait() const { return current_ < calls_.size(); }

    int candidate_;
    bool think_tags_;
    Open open_ = Open::none;
    CutStrings content_;
    CutStrings reasoning_;
    CutStrings refusal_;
    ThinkSplitter thoughts_;
    DetailsCollector details_;
    std::string message_seal_;  // extra_content of the message
    std::string audio_;         // decoded
    std::vector<Call> calls_;
    std::size_t current_ = 0;  // of calls_: the one that is said now
    std::vector<Late> late_;   // said while calls were open
    bool called_ = false;
    bool reasoned_ = false;  // in words of its own: the details repeat them
    bool refused_ = false;
};

}  // namespace llmgw::wire::chat
