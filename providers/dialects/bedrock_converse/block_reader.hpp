// Content blocks of an answer, as a stream says them or whole, said as parts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/answer_event.hpp"
#include "core/util/json_scan.hpp"
#include "providers/dialects/unique_ids.hpp"

namespace llmgw::wire {

// The only member of a union, which is what Converse's blocks and deltas are. "type" stands beside it at times.
struct UnionMember {
    std::string_view name;
    json_scan::Value value;
};
std::optional<UnionMember> union_in(std::string_view object);

// A call that the service itself answers (Nova's code interpreter).
bool runs_there(std::string_view tool_use);

// A block may change its kind without a stop, and text has no start at all.
class ConverseBlockReader {
public:
    void say_to(std::vector<AnswerEvent>& out) { out_ = &out; }
    bool called() const { return called_; }

    // A block of a whole answer.
    void block(const UnionMember& block);

    void text(std::string text);
    void cite(std::string_view citation);
    // reasoningText of a whole answer, or a delta: text, signature or redactedContent.
    void reasoning(std::string_view json);
    void begin_call(std::string_view tool_use);
    // Text that continues a call's arguments; of a call of the service's own it is kept for its block.
    void input(std::string piece);
    // A block that only this service has, by its union's member. Said when it is over.
    void begin_foreign(std::string_view name, std::string_view json);
    // A toolResult's content comes behind its start.
    void foreign_content(std::string_view json);
    void image(std::string_view json);
    void stop();

private:
    void open(answer::PartKind kind);
    void delta(answer::DeltaKind kind, std::string text);
    std::string whole_block() const;

    std::vector<AnswerEvent>* out_ = nullptr;
    UniqueIds ids_;
    std::optional<answer::PartKind> open_;
    std::string sealed_;
    std::string foreign_name_;
    std::string foreign_;
    std::string foreign_input_;
    std::string foreign_content_;
    bool redacted_ = false;
    bool thought_ = false;
    bool called_ = false;
};

}  // namespace llmgw::wire
