#include "providers/dialects/openai_responses/turns.hpp"

#include <algorithm>
#include <initializer_list>
#include <map>

#include "core/util/json_scan.hpp"
#include "core/util/json_writer.hpp"
#include "providers/dialects/openai_responses/codec.hpp"
#include "providers/dialects/openai_responses/history.hpp"
#include "providers/dialects/openai_responses/response_object.hpp"

namespace llmgw::wire::responses {

using json_scan::Value;

namespace {

std::string_view member_text(std::string_view object, std::string_view key) {
    const auto value = json_scan::last_member(object, key);
    return value && value->type != json_scan::Type::null ? value->text : std::string_view();
}

// The object without the members of these names, and with this text in front of those that stay.
std::string without(std::string_view object, std::initializer_list<std::string_view> names, std::string_view first) {
    std::string out = "{" + std::string(first);
    json_scan::each_member(object, [&](std::string_view key, const Value& value) {
        if (std::ranges::find(names, key) != names.end()) { return true; }
        if (out.size() > 1) { out += ','; }
        out.append("\"").append(key).append("\":").append(value.text);
        return true;
    });
    return out + "}";
}

// Some hosts leave the response's output empty at the end: the items were said one by one.
class Reader final : public TurnReader {
public:
    void event(const SseEvent& sse) override {
        if (turn_ || sse.comment_only) { return; }
        const auto type = json_scan::member(sse.data, "type");
        const auto name = type ? type->raw_string() : std::string_view();
        if (name == "response.output_item.done") {
            const auto item = json_scan::member(sse.data, "item");
            const auto index = json_scan::member(sse.data, "output_index");
            const auto place = index ? index->as_int() : std::nullopt;
            if (item && item->is_object()) {
                items_[place.value_or(static_cast<std::int64_t>(items_.size()))] = item->text;
            }
        } else if (name == "response.completed" || name == "response.incomplete") {
            if (const auto response = json_scan::member(sse.data, "response")) { whole(response->text); }
        }
    }

    void whole(std::string_view body) override {
        const auto id = json_scan::member(body, "id");
        const auto status = json_scan::member(body, "status");
        const auto ended = status ? status->raw_string() : std::string_view("completed");
        if (!id || !id->as_string() || (ended != "completed" && ended != "incomplete")) { return; }
        const auto output = json_scan::member(body, "output");
        bool any = false;
        if (output) {
            json_scan::each_element(output->text, [&](const Value&) {
                any = true;
                return false;
            });
        }
        turn_ = AnsweredTurn{*id->as_string(), any ? JsonText(output->text) : gathered()};
    }

    std::optional<AnsweredTurn> turn() const override { return turn_; }

private:
    JsonText gathered() const {
        JsonWriter json;
        json.begin_array();
        for (const auto& [index, item] : items_) {
            json.raw(item);
        }
        return json.end_array().take();
    }

    std::map<std::int64_t, JsonText> items_;
    std::optional<AnsweredTurn> turn_;
};

}  // namespace

TurnRequest ResponsesTurns::request(std::string_view body) const {
    TurnRequest said;
    if (const auto id = json_scan::last_member(body, "previous_response_id")) {
        said.previous_id = id->as_string().value_or("");
    }
    if (const auto store = json_scan::last_member(body, "store")) { said.store = store->as_bool().value_or(true); }
    return said;
}

Result<JsonText> ResponsesTurns::items(std::string_view body) const {
    return append_turn({}, {}, member_text(body, "input"));
}

Result<std::string> ResponsesTurns::continued(std::string_view body, std::string_view items) const {
    auto all = append_turn(items, {}, member_text(body, "input"));
    if (!all) { return std::unexpected(all.error()); }
    return without(body, {"input", "previous_response_id"}, "\"input\":" + *all);
}

Result<JsonText> ResponsesTurns::followed(std::string_view items, std::string_view output) const {
    return append_turn(items, output, {});
}

std::unique_ptr<TurnReader> ResponsesTurns::reader() const {
    return std::make_unique<Reader>();
}

Result<TurnMessage> ResponsesTurns::message(std::string_view text) const {
    std::string type;
    TurnMessage message;
    bool streams = false;
    const bool whole = json_scan::each_member(text, [&](std::string_view key, const Value& value) {
        if (key == "type") { type = value.as_string().value_or(""); }
        if (key == "generate") { message.generate = value.as_bool().value_or(true); }
        if (key == "stream") { streams = value.as_bool().value_or(false); }
        return true;
    });
    if (!whole) { return fail(ErrorKind::bad_request, "the message is not a JSON object"); }
    if (type != "response.create") {
        return fail(ErrorKind::bad_request, "type: expected \"response.create\", the one message there is");
    }
    // A stream is what a WebSocket always gives; the post has to say so.
    message.body = streams ? without(text, {"type", "generate"}, "")
                           : without(text, {"type", "generate", "stream"}, "\"stream\":true");
    message.request = request(message.body);
    return message;
}

std::vector<std::string> ResponsesTurns::kept_messages(const std::string& body, const std::string& id,
                                                       std::int64_t now_s) const {
    const auto asked = OpenAiResponsesCodec().decode_request(body);
    const ResponseObject object(asked ? &*asked : nullptr);
    ResponseFacts facts;
    facts.id = id;
    facts.model = asked ? asked->model : "";
    facts.created_s = now_s;
    std::vector<std::string> messages;
    for (const std::string_view status : {"in_progress", "completed"}) {
        const bool over = status == "completed";
        facts.status = status;
        if (over) {
            facts.usage.emplace();
            facts.usage->counts.input = 0;
            facts.usage->counts.output = 0;
        }
        JsonWriter json;
        json.begin_object().member("type", over ? "response.completed" : "response.created");
        json.member("sequence_number", static_cast<std::int64_t>(messages.size())).key("response");
        object.write(facts, json);
        messages.push_back(json.end_object().take());
    }
    return messages;
}

}  // namespace llmgw::wire::responses
