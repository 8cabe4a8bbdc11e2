#include "providers/dialects/openai_responses/history.hpp"

#include <set>

#include "core/util/json_scan.hpp"
#include "core/util/json_writer.hpp"

namespace llmgw::wire::responses {

using json_scan::Value;

namespace {

constexpr std::string_view white_space = " \t\r\n";

std::string_view member_text(const Value& item, std::string_view key) {
    const auto value = json_scan::member(item.text, key);
    return value ? value->raw_string() : std::string_view();
}

class Turn {
public:
    Turn() { json_.begin_array(); }

    bool add(std::string_view array) {
        if (array.empty()) { return true; }
        bool objects = true;
        const bool whole = json_scan::each_element(array, [&](const Value& item) {
            objects = item.is_object();
            if (objects) { put(item); }
            return objects;
        });
        return whole && objects;
    }

    void add_message(std::string_view text_json) {
        json_.begin_object().member("type", "message").member("role", "user");
        json_.raw_member("content", text_json).end_object();
    }

    JsonText take() { return json_.end_array().take(); }

private:
    void put(const Value& item) {
        const std::string_view type = member_text(item, "type");
        const std::string_view id = member_text(item, "id");
        const bool names_another =
            type == "item_reference" || (type.empty() && !id.empty() && !json_scan::member(item.text, "role"));
        if (names_another && ids_.contains(id)) { return; }
        if (!id.empty() && !names_another) { ids_.insert(std::string(id)); }
        json_.raw(item.text);
    }

    JsonWriter json_;
    std::set<std::string, std::less<>> ids_;
};

}  // namespace

Result<JsonText> append_turn(std::string_view items, std::string_view output, std::string_view input) {
    Turn turn;
    if (!turn.add(items)) { return fail(ErrorKind::bad_request, "items: expected an array of objects"); }
    if (!turn.add(output)) { return fail(ErrorKind::bad_request, "output: expected an array of objects"); }
    const auto first = input.find_first_not_of(white_space);
    if (first != std::string_view::npos && input[first] == '"') {
        // Read as an array of it, so that it is read strictly.
        const std::string list = "[" + std::string(input) + "]";
        json_scan::Reader reader(list, '[');
        Value text;
        if (!reader.next_element(text) || !text.as_string()) {
            return fail(ErrorKind::bad_request, "input: expected a string or an array of objects");
        }
        turn.add_message(text.text);
    } else if (!turn.add(input)) {
        return fail(ErrorKind::bad_request, "input: expected a string or an array of objects");
    }
    return turn.take();
}

}  // namespace llmgw::wire::responses
