// One output item of an answer as events: as it streams, or whole.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/model/answer_event.hpp"
#include "core/util/json_scan.hpp"
#include "providers/dialects/unique_ids.hpp"

namespace llmgw::wire::responses {

// What one answer has said so far, for its stop reason and its calls' ids.
struct Said {
    bool call = false;
    bool refusal = false;
    UniqueIds ids;
};

// Follows one item from output_item.added to output_item.done. Events are appended as soon as they can be said; what
// the deltas left out is taken from the finished item, so an item that comes whole is one that had no deltas.
class ItemReader {
public:
    // `out` and `said` outlive this.
    ItemReader(std::vector<AnswerEvent>& out, Said& said) : out_(&out), said_(&said) {}
    void say_to(std::vector<AnswerEvent>& out) { out_ = &out; }

    // The item as it begins, or as it is.
    void begin(const json_scan::Value& item);
    void part_begins(std::int64_t content_index, std::string_view type);
    // The finished part: says what the deltas left out, and ends it.
    void part_ends(std::int64_t content_index, const json_scan::Value& part);
    void text(std::int64_t content_index, std::string_view type, std::string text);
    void logprobs(const json_scan::Value& value);
    void annotation(const json_scan::Value& value);
    void summary_begins();
    void summary(std::string text);
    void reasoning_text(std::int64_t content_index, std::string text);
    void arguments(std::string text);
    // The item as it ended.
    void end(const json_scan::Value& item);
    // It ended without a word about how.
    void abandon();

private:
    enum class Kind { none, message, reasoning, call, other };

    void read(const json_scan::Value& item);
    void open(answer::PartKind kind);
    void close(Sealed sealed = {});
    void say(answer::DeltaKind kind, std::string text);
    void end_message(const json_scan::Value& item);
    void end_reasoning(const json_scan::Value& item);
    void end_call(const json_scan::Value& item);

    std::vector<AnswerEvent>* out_;
    Said* said_;
    Kind kind_ = Kind::none;
    std::string type_;
    std::string id_;
    std::string phase_;
    part::ToolCall call_;
    bool open_ = false;
    answer::PartKind part_ = answer::PartKind::text;
    std::int64_t content_index_ = -1;  // of the part that was opened last
    std::string told_;                 // of the open part: its text, refusal, arguments or reasoning text
    std::size_t summaries_ = 0;
    bool logprobs_told_ = false;
    std::size_t annotations_told_ = 0;
};

}  // namespace llmgw::wire::responses
