// Answers of a provider: streams and whole ones. Items are known by output_index, because some hosts give each event
// another item id. Items that run side by side (hosted searches) are said one after the other, in their order.
#include <deque>
#include <utility>

#include "core/util/json_valid.hpp"
#include "providers/dialects/error_body.hpp"
#include "providers/dialects/openai_responses/codec.hpp"
#include "providers/dialects/openai_responses/item_reader.hpp"
#include "providers/dialects/openai_responses/openai_responses.hpp"

namespace llmgw::wire {

using json_scan::Reader;
using json_scan::Type;
using json_scan::Value;
using responses::ItemReader;
using responses::Said;

namespace {

answer::Begin begin_of(const Value& response) {
    answer::Begin begin;
    json_scan::each_member(response.text, [&](std::string_view key, const Value& value) {
        if (key == "id") { begin.id = string_or_empty(value); }
        if (key == "model") { begin.model = string_or_empty(value); }
        if (key == "created_at" && value.type == Type::number) {
            const std::string_view whole = value.text.substr(0, value.text.find('.'));
            begin.created_s = Value{Type::number, whole}.as_int().value_or(0);
        }
        return true;
    });
    return begin;
}

answer::StopReason reason_of(std::string_view word, const Said& said) {
    if (word == "max_output_tokens" || word == "max_tokens") { return answer::StopReason::max_tokens; }
    if (word == "content_filter") { return answer::StopReason::content_filter; }
    // Some hosts have another word for completed.
    for (const std::string_view unfinished : {"incomplete", "cancelled", "queued", "in_progress"}) {
        if (word == unfinished) { return answer::StopReason::other; }
    }
    if (said.call) { return answer::StopReason::tool_use; }
    return said.refusal ? answer::StopReason::refusal : answer::StopReason::end_turn;
}

// How the answer ended, from the response object.
void say_end(const Value& value, std::string_view word, const Said& said, std::vector<AnswerEvent>& out) {
    DecodedResponse response = read_response_object(value.text);
    if (response.usage) { out.emplace_back(answer::UsageSeen{std::move(*response.usage)}); }
    if (response.error) {
        out.emplace_back(answer::Failed{std::move(*response.error)});
    } else {
        std::string reason = response.finish_reason.empty() ? std::string(word) : response.finish_reason;
        out.emplace_back(answer::Finish{reason_of(reason, said), 0, std::move(reason), {}, {}});
    }
    out.emplace_back(answer::End{});
}

// An item of the answer: in front it is said as it comes, behind others it waits.
struct Item {
    Item(std::int64_t index, std::vector<AnswerEvent>& out, Said& said) : output_index(index), reader(out, said) {}

    std::int64_t output_index;
    ItemReader reader;
    std::vector<AnswerEvent> held;
    bool done = false;
};

class ResponsesAnswer final : public AnswerDecoder {
public:
    void decode(const SseEvent& sse, std::vector<AnswerEvent>& out) override {
        if (sse.comment_only || ended_ || !is_json(sse.data)) { return; }
        Members members;
        members.read(sse);
        if (members.type.empty()) { return; }
        dispatch(members, out);
    }

    // The dialect has an end of its own; without it the stream was cut.
    void finish(std::vector<AnswerEvent>&) override {}

private:
    struct Members {
        std::string_view type;
        std::optional<Value> delta, response, item, part, error, code, message, annotation, logprobs;
        std::optional<Value> content_index;
        std::int64_t output_index = -1;  // -1: not said

        void read(const SseEvent& sse) {
            type = sse.name;
            json_scan::each_member(sse.data, [&](std::string_view key, const Value& value) {
                if (key == "type") { type = value.raw_string(); }
                if (key == "output_index") { output_index = value.as_int().value_or(-1); }
                if (auto* slot = slot_of(key)) { *slot = value; }
                return true;
            });
        }

        std::optional<Value>* slot_of(std::string_view key) {
            if (key == "delta") { return &delta; }
            if (key == "content_index") { return &content_index; }
            if (key == "logprobs") { return &logprobs; }
            if (key == "item") { return &item; }
            if (key == "part") { return &part; }
            if (key == "annotation") { return &annotation; }
            if (key == "response") { return &response; }
            if (key == "error") { return &error; }
            if (key == "code") { return &code; }
            if (key == "message") { return &message; }
            return nullptr;
        }

        std::string delta_text() const { return delta ? string_or_empty(*delta) : std::string(); }
        std::int64_t content() const { return content_index ? content_index->as_int().value_or(0) : 0; }
    };

    void dispatch(const Members& members, std::vector<AnswerEvent>& out) {
        const std::string_view type = members.type;
        if (type == "response.created" || type == "response.in_progress" || type == "response.queued") {
            if (members.response) { begin(begin_of(*members.response), out); }
        } else if (type == "response.output_item.added") {
            if (members.item && members.item->is_object()) { item_added(members, out); }
        } else if (type == "response.output_item.done") {
            if (members.item && members.item->is_object()) { item_done(members, out); }
        } else if (type == "response.completed" || type == "response.incomplete" || type == "response.failed" ||
                   type == "response.cancelled") {
            if (members.response && members.response->is_object()) { end(members, out); }
        } else if (type == "error") {
            fail(members, out);
        } else if (Item* item = find(members)) {
            aim(out);
            inside(members, item->reader);
        }
    }

    static void inside(const Members& members, ItemReader& reader) {
        const std::string_view type = members.type;
        if (type == "response.output_text.delta") {
            reader.text(members.content(), "output_text", members.delta_text());
            if (members.logprobs) { reader.logprobs(*members.logprobs); }
        } else if (type == "response.function_call_arguments.delta" ||
                   type == "response.custom_tool_call_input.delta") {
            reader.arguments(members.delta_text());
        } else if (type == "response.reasoning_summary_text.delta") {
            reader.summary(members.delta_text());
        } else if (type == "response.reasoning_text.delta") {
            reader.reasoning_text(members.content(), members.delta_text());
        } else if (type == "response.refusal.delta") {
            reader.text(members.content(), "refusal", members.delta_text());
        } else if (type == "response.reasoning_summary_part.added") {
            reader.summary_begins();
        } else if (type == "response.output_text.annotation.added") {
            if (members.annotation) { reader.annotation(*members.annotation); }
        } else if (type == "response.content_part.done") {
            if (members.part) { reader.part_ends(members.content(), *members.part); }
        } else if (type == "response.content_part.added") {
            const auto kind = members.part ? json_scan::member(members.part->text, "type") : std::nullopt;
            reader.part_begins(members.content(), kind ? kind->raw_string() : std::string_view("output_text"));
        }
    }

    void begin(answer::Begin begin, std::vector<AnswerEvent>& out) {
        if (!std::exchange(begun_, true)) { out.emplace_back(std::move(begin)); }
    }

    // By its index; hosts that give none mean the item that began last.
    Item* find(const Members& members) {
        for (auto at = items_.rbegin(); at != items_.rend(); ++at) {
            if (!at->done && (members.output_index < 0 || at->output_index == members.output_index)) { return &*at; }
        }
        return nullptr;
    }

    std::int64_t index_of(const Members& members) const {
        return members.output_index >= 0 ? members.output_index : static_cast<std::int64_t>(items_seen_);
    }

    Item& add(std::int64_t index, std::vector<AnswerEvent>& out) {
        begin({}, out);
        items_.emplace_back(index, out, said_);
        ++items_seen_;
        return items_.back();
    }

    // The list where what this item says goes: readers keep it only for one event.
    void aim(std::vector<AnswerEvent>& out) {
        for (auto& item : items_) {
            item.reader.say_to(&item == &items_.front() ? out : item.held);
        }
    }

    void item_added(const Members& members, std::vector<AnswerEvent>& out) {
        // An index that is used again means the item before it is over.
        for (auto& item : items_) {
            if (item.output_index == members.output_index && !item.done) {
                aim(out);
                item.reader.abandon();
                item.done = true;
            }
        }
        move_up(out);
        Item& item = add(index_of(members), out);
        aim(out);
        item.reader.begin(*members.item);
    }

    void item_done(const Members& members, std::vector<AnswerEvent>& out) {
        Item* item = find(members);
        if (item == nullptr) { item = &add(index_of(members), out); }
        aim(out);
        item->reader.end(*members.item);
        item->done = true;
        move_up(out);
    }

    // Items that are over leave the front; what the next one held is said.
    void move_up(std::vector<AnswerEvent>& out) {
        while (!items_.empty() && items_.front().done) {
            items_.pop_front();
            if (items_.empty()) { return; }
            auto& held = items_.front().held;
            out.insert(out.end(), std::make_move_iterator(held.begin()), std::make_move_iterator(held.end()));
            held.clear();
        }
    }

    // The last event holds the whole output: items that were never finished, or never streamed, are read from there.
    void end(const Members& members, std::vector<AnswerEvent>& out) {
        begin(begin_of(*members.response), out);
        const auto output = json_scan::member(members.response->text, "output");
        const bool none_streamed = items_seen_ == 0;
        std::int64_t index = 0;
        if (output && output->is_array()) {
            json_scan::each_element(output->text, [&](const Value& whole) {
                if (whole.is_object()) { complete(index, whole, none_streamed, out); }
                ++index;
                return true;
            });
        }
        aim(out);
        while (!items_.empty()) {
            if (!items_.front().done) { items_.front().reader.abandon(); }
            items_.front().done = true;
            move_up(out);
            aim(out);
        }
        say_end(*members.response, members.type.substr(std::string_view("response.").size()), said_, out);
        ended_ = true;
    }

    void complete(std::int64_t index, const Value& whole, bool none_streamed, std::vector<AnswerEvent>& out) {
        if (none_streamed) { add(index, out); }
        aim(out);
        for (auto& item : items_) {
            if (item.done || item.output_index != index) { continue; }
            item.reader.end(whole);
            item.done = true;
        }
        move_up(out);
    }

    // Flat by the specification, nested in an `error` member as recorded.
    void fail(const Members& members, std::vector<AnswerEvent>& out) {
        ErrorFacts facts;
        if (members.error) { facts = read_error_value(*members.error); }
        if (members.message && facts.message.empty()) { facts.message = string_or_empty(*members.message); }
        if (members.code) { facts.words.push_back(string_or_empty(*members.code)); }
        out.emplace_back(answer::Failed{classify_error(0, std::move(facts))});
        out.emplace_back(answer::End{});
        ended_ = true;
    }

    std::deque<Item> items_;  // those that are not over, and those behind them
    std::size_t items_seen_ = 0;
    Said said_;
    bool begun_ = false;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<AnswerDecoder> OpenAiResponsesCodec::answer_decoder() const {
    return std::make_unique<ResponsesAnswer>();
}

bool OpenAiResponsesCodec::decode_answer(std::string_view body, std::vector<AnswerEvent>& out) const {
    // Some hosts send blank lines before the body, to keep the connection alive.
    const auto start = body.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos || !is_json(body)) { return false; }
    const Value response{Type::object, body.substr(start)};
    const auto output = json_scan::member(response.text, "output");
    const auto status = json_scan::member(response.text, "status");
    if ((!output || !output->is_array()) && !status) { return false; }
    out.emplace_back(begin_of(response));
    Said said;
    if (output && output->is_array()) {
        json_scan::each_element(output->text, [&](const Value& item) {
            if (item.is_object()) { ItemReader(out, said).end(item); }
            return true;
        });
    }
    say_end(response, "completed", said, out);
    return true;
}

}  // namespace llmgw::wire
