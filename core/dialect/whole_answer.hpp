// The events of an answer, put together: what an encoder of whole answers writes from, and what a stream's closing
// event repeats (openai-responses).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/model/answer_event.hpp"

namespace llmgw {

struct AnswerPart {
    answer::PartBegin begin;
    std::string text;                  // text, refusal, reasoning text, or tool arguments
    std::vector<std::string> summary;  // reasoning
    std::vector<part::Citation> citations;
    std::vector<JsonText> logprobs;
    Sealed sealed;
    bool redacted = false;
};

struct AnswerCandidate {
    std::vector<AnswerPart> parts;
    std::optional<answer::Finish> finish;
};

struct WholeAnswer {
    answer::Begin begin;
    std::vector<AnswerCandidate> candidates;  // at least one
    std::optional<Usage> usage;
    std::optional<ApiError> error;
};

// Takes events one at a time, so that a stream encoder can keep one beside it.
class AnswerAssembler {
public:
    void add(const AnswerEvent& event);
    const WholeAnswer& answer() const { return answer_; }
    // The part that is open in this candidate, or the last one; null when there is none.
    const AnswerPart* last_part(int candidate = 0) const;

private:
    AnswerCandidate& at(int candidate);

    WholeAnswer answer_{{}, std::vector<AnswerCandidate>(1), {}, {}};
};

WholeAnswer assemble(const std::vector<AnswerEvent>& events);

// The same answer as events again, each part's text in one delta: how a whole answer's decoder says it.
std::vector<AnswerEvent> to_events(const WholeAnswer& answer);

// What is wrong with a sequence of events by the grammar of answer_event.hpp, "" when nothing is. For tests and
// debug builds.
std::string grammar_fault(const std::vector<AnswerEvent>& events);

}  // namespace llmgw
