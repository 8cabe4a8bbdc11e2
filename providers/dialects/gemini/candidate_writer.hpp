// One candidate of an answer for a Gemini client: events in, parts out. Text goes out piece by piece, a call when its
// arguments are complete: the wire has no pieces of them unless asked.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/codec.hpp"
#include "core/model/answer_event.hpp"
#include "core/util/json_writer.hpp"
#include "providers/dialects/gemini/grounding.hpp"
#include "providers/dialects/gemini/parts.hpp"
#include "providers/dialects/gemini/signature.hpp"
#include "providers/dialects/tool_names.hpp"

namespace llmgw::wire::gemini {

// What the candidates of one answer share. Outlives them.
struct AnswerSettings {
    const AnswerWishes& wishes;
    Drops& drops;
    ToolNames names;  // of the request, to call tools as the client does
};

// Whole: a signature that comes after its text joins it in one part.
enum class AnswerForm { stream, whole };

class CandidateWriter {
public:
    CandidateWriter(const AnswerSettings& settings, AnswerForm form) : settings_(settings), form_(form) {}

    void begin(const answer::PartBegin& begin);
    void delta(const answer::Delta& delta);
    void cited(const answer::Cited& cited);
    void end(const answer::PartEnd& end);
    // Nothing more comes: parts for what is still owed.
    void close();

    // Parts since the last call, as JSON.
    std::vector<std::string> take_parts() { return std::exchange(parts_, {}); }
    bool has_parts() const { return !parts_.empty(); }
    // The members of a candidate beside its content: groundingMetadata and the like.
    void write_metadata(JsonWriter& json) const;
    // A logprobsResult for what came since the last call, "" when nothing did.
    JsonText take_logprobs();

private:
    void add_signature(const std::string& signature, IsThought thought);
    void say_call(const Sealed& sealed);
    void say_foreign(const part::Foreign& foreign);
    std::string next_signature(const Sealed& own);

    const AnswerSettings& settings_;
    AnswerForm form_;
    std::vector<std::string> parts_;
    answer::PartBegin open_;
    std::string text_;  // of the open part
    std::vector<std::string> summary_;
    std::vector<part::Reasoning> owed_;  // another provider's, for the next part's signature
    std::size_t said_bytes_ = 0;         // text in the parts that are closed
    std::vector<PlacedCitation> citations_;
    std::vector<std::size_t> open_citations_;  // of the open part: their text is not yet whole
    std::vector<part::Foreign> metadata_;
    std::vector<JsonText> logprobs_;
};

}  // namespace llmgw::wire::gemini
