// Reads a Responses stream: response.created, items with their deltas, and one of completed, incomplete, failed.
#include <algorithm>

#include "providers/dialects/error_body.hpp"
#include "providers/dialects/openai_responses/openai_responses.hpp"

namespace llmgw::wire {

using json_scan::Reader;
using json_scan::Type;
using json_scan::Value;

namespace {

class ResponsesStream final : public StreamDecoder {
public:
    void decode(const SseEvent& sse, std::vector<Event>& out) override {
        if (sse.comment_only) { return; }
        // Names are looked at first, so that an event of deltas is read no further than its delta.
        const bool is_delta = sse.name.ends_with(".delta");
        Members members;
        Reader reader(sse.data, '{');
        std::string_view key;
        while (reader.next_key(key)) {
            if (std::optional<Value>* slot = members.slot(key)) {
                Value value;
                if (!reader.read_value(value)) { break; }
                *slot = value;
                if (is_delta && members.delta && members.sequence) { break; }
            }
        }
        if (members.sequence) {
            if (const auto number = members.sequence->as_int()) { next_sequence_ = *number + 1; }
        }
        std::string_view type = sse.name;
        if (members.type && members.type->type == Type::string) { type = members.type->raw_string(); }
        dispatch(type, members, out);
    }

    // A stream without a terminal event was cut: nothing to add.
    void finish(std::vector<Event>&) override {}

    StreamState state() const override { return {next_sequence_, id_, model_}; }

private:
    // What any event's top level may have that is of interest.
    struct Members {
        std::optional<Value> type;
        std::optional<Value> sequence;
        std::optional<Value> delta;
        std::optional<Value> response;
        std::optional<Value> item;
        std::optional<Value> error;
        std::optional<Value> code;
        std::optional<Value> message;

        std::optional<Value>* slot(std::string_view key) {
            if (key == "type") { return &type; }
            if (key == "sequence_number") { return &sequence; }
            if (key == "delta") { return &delta; }
            if (key == "response") { return &response; }
            if (key == "item") { return &item; }
            if (key == "error") { return &error; }
            if (key == "code") { return &code; }
            if (key == "message") { return &message; }
            return nullptr;
        }
    };

    void dispatch(std::string_view type, const Members& members, std::vector<Event>& out) {
        if (type.ends_with(".delta")) {
            const std::size_t bytes = members.delta ? members.delta->raw_string().size() : 0;
            add_content(bytes, out);
        } else if (type == "response.output_item.added") {
            if (members.item) { item_added(*members.item, out); }
        } else if (type == "response.output_item.done") {
            if (members.item) { item_done(*members.item, out); }
        } else if (type == "response.completed" || type == "response.incomplete" || type == "response.failed" ||
                   type == "response.cancelled") {
            if (members.response) { end(type, *members.response, out); }
        } else if (type == "response.created" || type == "response.in_progress" || type == "response.queued") {
            if (members.response && !started_) { begin(*members.response, out); }
        } else if (type == "error") {
            fail(members, out);
        }
    }

    void begin(const Value& response, std::vector<Event>& out) {
        std::string id;
        std::string model;
        json_scan::each_member(response.text, [&](std::string_view key, const Value& value) {
            if (key == "id") { id = string_or_empty(value); }
            if (key == "model") { model = string_or_empty(value); }
            return id.empty() || model.empty();
        });
        tell_start(std::move(id), std::move(model), out);
    }

    void tell_start(std::string id, std::string model, std::vector<Event>& out) {
        const bool news = (!id.empty() && id != id_) || (!model.empty() && model != model_);
        if (!id.empty()) { id_ = std::move(id); }
        if (!model.empty()) { model_ = std::move(model); }
        started_ = true;
        if (news) { out.emplace_back(event::Started{id_, model_}); }
    }

    void add_content(std::size_t bytes, std::vector<Event>& out) {
        if (bytes == 0) { return; }
        item_has_content_ = true;
        out.emplace_back(event::Content{bytes});
    }

    // The name of a call counts: it is generated, and a call without arguments has no delta.
    void item_added(const Value& item, std::vector<Event>& out) {
        item_has_content_ = false;
        const auto type = json_scan::member(item.text, "type");
        const auto name = json_scan::member(item.text, "name");
        if (type && name && type->raw_string().ends_with("_call")) { add_content(name->raw_string().size(), out); }
    }

    // Shell, patch and search calls come whole, without deltas.
    void item_done(const Value& item, std::vector<Event>& out) {
        if (is_billed_search(item)) { ++searches_; }
        if (item_has_content_) { return; }
        std::size_t bytes = 0;
        json_scan::each_member(item.text, [&](std::string_view key, const Value& value) {
            if (key == "arguments" || key == "action" || key == "operation") { bytes += value.text.size(); }
            return true;
        });
        add_content(bytes, out);
    }

    void end(std::string_view type, const Value& value, std::vector<Event>& out) {
        DecodedResponse response = read_response_object(value.text);
        tell_start(std::move(response.id), std::move(response.model), out);
        if (response.usage) {
            // Some hosts leave the output of the last event empty: then the items counted on the way hold.
            auto& searches = response.usage->web_search_requests;
            searches = std::max(searches, searches_);
            out.emplace_back(event::UsageSeen{std::move(*response.usage)});
        }
        std::string reason = std::move(response.finish_reason);
        if (reason.empty()) { reason = type.substr(std::string_view("response.").size()); }
        out.emplace_back(event::Finished{std::move(reason)});
        if (response.error) { out.emplace_back(event::Failed{std::move(*response.error)}); }
        out.emplace_back(event::Terminal{});
    }

    // Flat by the specification, nested in an `error` member as recorded.
    static void fail(const Members& members, std::vector<Event>& out) {
        ErrorFacts facts;
        if (members.error) { facts = read_error_value(*members.error); }
        if (members.message && facts.message.empty()) { facts.message = string_or_empty(*members.message); }
        if (members.code) { facts.words.push_back(string_or_empty(*members.code)); }
        out.emplace_back(event::Failed{classify_error(0, std::move(facts))});
    }

    std::int64_t next_sequence_ = 0;
    std::string id_;
    std::string model_;
    std::int64_t searches_ = 0;
    bool started_ = false;
    bool item_has_content_ = false;  // since the last item was added
};

}  // namespace

std::unique_ptr<StreamDecoder> OpenAiResponses::stream_decoder() const {
    return std::make_unique<ResponsesStream>();
}

}  // namespace llmgw::wire
