// Checks a stream against the dialect's grammar: dense sequence numbers, items and parts that begin, say what they end
// with, and end; one terminal event, whose output is the items that were done.
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "core/util/json_scan.hpp"
#include "core/util/json_valid.hpp"
#include "providers/dialects/openai_responses/codec.hpp"

namespace llmgw::wire {

using json_scan::Value;

namespace {

std::string text_of(std::string_view object, std::string_view key) {
    const auto value = json_scan::member(object, key);
    return value ? value->as_string().value_or("") : std::string();
}

std::int64_t number_of(std::string_view object, std::string_view key) {
    const auto value = json_scan::member(object, key);
    return value ? value->as_int().value_or(-1) : -1;
}

class ResponsesValidator final : public StreamValidator {
public:
    std::string event(const SseEvent& sse) override {
        if (sse.comment_only) { return {}; }
        if (over_) { return "an event after the terminal one"; }
        if (!is_json_object(sse.data)) { return "data is not a JSON object"; }
        const std::string type = text_of(sse.data, "type");
        if (type.empty()) { return "no type"; }
        if (sse.name != type) { return "the event's name is not its type " + type; }
        if (number_of(sse.data, "sequence_number") != sequence_++) { return type + ": sequence_number is not dense"; }
        const std::string fault = check(type, sse.data);
        return fault.empty() ? fault : type + ": " + fault;
    }

    std::string end() override { return over_ ? "" : "no terminal event"; }

private:
    struct Item {
        std::string id;
        std::string type;
        std::string text;                // arguments, input, reasoning text
        std::vector<std::string> parts;  // ended content parts or summaries: their texts
        std::string part;                // the open one's text
        std::string part_type;
        bool part_open = false;
        bool text_ended = false;
        std::size_t annotations = 0;
    };

    std::string check(const std::string& type, std::string_view data) {
        if (type == "error") {
            over_ = true;
            return {};
        }
        if (type == "response.created" || type == "response.in_progress" || type == "response.queued") {
            return check_start(type, data);
        }
        if (type == "response.completed" || type == "response.incomplete" || type == "response.failed") {
            return check_end(type.substr(9), data);
        }
        if (stage_ == 0) { return "before response.created"; }
        if (type == "response.output_item.added") { return check_added(data); }
        const auto found = open_.find(number_of(data, "output_index"));
        if (found == open_.end()) { return "no open item with this output_index"; }
        Item& item = found->second;
        if (type == "response.output_item.done") {
            std::string fault = check_done(item, data);
            done_[found->first] = item.id;
            open_.erase(found);
            return fault;
        }
        if (text_of(data, "item_id") != item.id) { return "item_id is not the item's"; }
        return check_inside(type, item, data);
    }

    std::string check_start(const std::string& type, std::string_view data) {
        const auto response = json_scan::member(data, "response");
        if (!response || !response->is_object()) { return "no response"; }
        if (type == "response.created") {
            if (stage_ != 0) { return "a second one"; }
            stage_ = 1;
            id_ = text_of(response->text, "id");
            return id_.empty() ? "no id" : "";
        }
        if (stage_ == 0) { return "before response.created"; }
        return text_of(response->text, "id") == id_ ? "" : "another id than response.created has";
    }

    std::string check_end(const std::string& status, std::string_view data) {
        over_ = true;
        const auto response = json_scan::member(data, "response");
        if (!response || !response->is_object()) { return "no response"; }
        if (text_of(response->text, "status") != status) { return "the status is another"; }
        if (stage_ != 0 && text_of(response->text, "id") != id_) { return "another id than response.created has"; }
        const auto output = json_scan::member(response->text, "output");
        if (!output || !output->is_array()) { return "no output"; }
        if (!json_scan::member(response->text, "usage")) { return "no usage"; }
        if (status == "failed") {
            const auto error = json_scan::member(response->text, "error");
            return error && !text_of(error->text, "message").empty() ? "" : "no error";
        }
        if (stage_ == 0) { return "before response.created"; }
        if (!open_.empty()) { return "an item is not done"; }
        std::int64_t index = 0;
        bool same = true;
        json_scan::each_element(output->text, [&](const Value& item) {
            const auto found = done_.find(index++);
            same = same && found != done_.end() && found->second == text_of(item.text, "id");
            return same;
        });
        return same && index == static_cast<std::int64_t>(done_.size()) ? "" : "the output is not the items done";
    }

    std::string check_added(std::string_view data) {
        const std::int64_t index = number_of(data, "output_index");
        if (index != next_index_++) { return "output_index is not dense"; }
        const auto value = json_scan::member(data, "item");
        if (!value || !value->is_object()) { return "no item"; }
        Item item;
        item.id = text_of(value->text, "id");
        item.type = text_of(value->text, "type");
        if (item.type.empty()) { return "no type"; }
        if (!item.id.empty() && !ids_.insert(item.id).second) { return "an id that was there before"; }
        open_.emplace(index, std::move(item));
        return {};
    }

    static bool is_call(const Item& item) { return item.type == "function_call" || item.type == "custom_tool_call"; }

    static std::string check_inside(const std::string& type, Item& item, std::string_view data) {
        if (type == "response.content_part.added" || type == "response.content_part.done") {
            if (item.type == "reasoning") { return {}; }
            if (item.type != "message") { return "not in a message"; }
            return type.ends_with("added") ? begin_part(item, data, "content_index") : end_part(item, data, "part");
        }
        if (type == "response.reasoning_summary_part.added" || type == "response.reasoning_summary_part.done") {
            if (item.type != "reasoning") { return "not in reasoning"; }
            return type.ends_with("added") ? begin_part(item, data, "summary_index") : end_part(item, data, "part");
        }
        if (type == "response.output_text.annotation.added") {
            if (!item.part_open || item.part_type != "output_text") { return "not in a text"; }
            const auto index = number_of(data, "annotation_index");
            return index == static_cast<std::int64_t>(item.annotations++) ? "" : "annotation_index is not dense";
        }
        struct Row {
            std::string_view prefix;
            std::string_view item_type;
            std::string_view part_type;  // "" when it is said of the item itself
            std::string_view member;     // of the done event
        };
        static constexpr Row rows[] = {
            {"response.output_text.", "message", "output_text", "text"},
            {"response.refusal.", "message", "refusal", "refusal"},
            {"response.reasoning_summary_text.", "reasoning", "summary_text", "text"},
            {"response.reasoning_text.", "reasoning", "", "text"},
            {"response.function_call_arguments.", "function_call", "", "arguments"},
            {"response.custom_tool_call_input.", "custom_tool_call", "", "input"},
        };
        for (const auto& row : rows) {
            if (!type.starts_with(row.prefix)) { continue; }
            if (item.type != row.item_type) { return "in a " + item.type; }
            const bool in_part = !row.part_type.empty();
            if (in_part && (!item.part_open || item.part_type != row.part_type)) { return "no such part is open"; }
            if (item.text_ended) { return "after its done event"; }
            std::string& text = in_part ? item.part : item.text;
            if (type.ends_with(".delta")) {
                text += text_of(data, "delta");
                return {};
            }
            item.text_ended = true;
            return text_of(data, row.member) == text ? "" : "it is not what the deltas said";
        }
        return {};  // an event of a hosted tool
    }

    static std::string begin_part(Item& item, std::string_view data, std::string_view index_key) {
        if (item.part_open) { return "a part is open"; }
        if (number_of(data, index_key) != static_cast<std::int64_t>(item.parts.size())) {
            return std::string(index_key) + " is not dense";
        }
        const auto part = json_scan::member(data, "part");
        item.part_type = part ? text_of(part->text, "type") : "";
        item.part_open = true;
        item.text_ended = false;
        item.annotations = 0;
        item.part.clear();
        return {};
    }

    static std::string end_part(Item& item, std::string_view data, std::string_view part_key) {
        if (!item.part_open) { return "no part is open"; }
        if (!item.text_ended) { return "the text is not done"; }
        const auto part = json_scan::member(data, part_key);
        if (!part) { return "no part"; }
        item.part_open = false;
        item.parts.push_back(item.part);
        return part_text(part->text) == item.part ? "" : "it is not what the deltas said";
    }

    static std::string part_text(std::string_view part) {
        return text_of(part, text_of(part, "type") == "refusal" ? "refusal" : "text");
    }

    static std::string check_done(const Item& item, std::string_view data) {
        const auto value = json_scan::member(data, "item");
        if (!value || !value->is_object()) { return "no item"; }
        if (text_of(value->text, "id") != item.id) { return "another id than it began with"; }
        if (text_of(value->text, "type") != item.type) { return "another type than it began with"; }
        if (item.part_open) { return "a part is open"; }
        if (is_call(item)) {
            if (!item.text_ended) { return "its arguments are not done"; }
            const std::string_view key = item.type == "function_call" ? "arguments" : "input";
            if (text_of(value->text, key) != item.text) { return "it is not what the deltas said"; }
            if (text_of(value->text, "call_id").empty() || text_of(value->text, "name").empty()) {
                return "no call_id or no name";
            }
        }
        if (item.type == "message") { return same_parts(item, value->text, "content"); }
        if (item.type == "reasoning") { return same_parts(item, value->text, "summary"); }
        return {};
    }

    static std::string same_parts(const Item& item, std::string_view object, std::string_view key) {
        const auto list = json_scan::member(object, key);
        if (!list || !list->is_array()) { return "no " + std::string(key); }
        std::vector<std::string> texts;
        json_scan::each_element(list->text, [&](const Value& part) {
            texts.push_back(part_text(part.text));
            return true;
        });
        return texts == item.parts ? "" : "it is not what its parts said";
    }

    std::int64_t sequence_ = 0;
    std::int64_t next_index_ = 0;
    int stage_ = 0;  // 1: created
    bool over_ = false;
    std::string id_;
    std::map<std::int64_t, Item> open_;         // by output_index
    std::map<std::int64_t, std::string> done_;  // ids
    std::set<std::string> ids_;
};

}  // namespace

std::unique_ptr<StreamValidator> OpenAiResponsesCodec::stream_validator() const {
    return std::make_unique<ResponsesValidator>();
}

}  // namespace llmgw::wire
