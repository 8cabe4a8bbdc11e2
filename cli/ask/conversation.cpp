#include "cli/ask/conversation.hpp"

#include <array>

#include <nlohmann/json.hpp>

#include "cli/term/style.hpp"

namespace llmgw {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr int format_version = 1;

struct KindName {
    AskPart::Kind kind;
    std::string_view name;
};
constexpr std::array<KindName, 3> kinds{
    {{AskPart::Kind::text, "text"}, {AskPart::Kind::image, "image"}, {AskPart::Kind::pdf, "pdf"}}};

std::optional<AskPart::Kind> kind_from(const std::string& name) {
    for (const auto& row : kinds) {
        if (row.name == name) { return row.kind; }
    }
    return std::nullopt;
}

ordered_json part_json(const AskPart& part) {
    ordered_json object;
    object["kind"] = kinds[static_cast<std::size_t>(part.kind)].name;
    if (!part.name.empty()) { object["name"] = part.name; }
    if (!part.media_type.empty()) { object["media_type"] = part.media_type; }
    object["data"] = part.data;
    return object;
}

}  // namespace

std::string exchange_line(const AskExchange& exchange) {
    ordered_json object;
    object["v"] = format_version;
    object["at_ms"] = exchange.at_ms;
    object["call_id"] = exchange.call_id;
    object["model"] = exchange.model;
    object["system"] = exchange.system;
    object["question"] = ordered_json::array();
    for (const auto& part : exchange.question) {
        object["question"].push_back(part_json(part));
    }
    object["answer"] = exchange.answer;
    object["complete"] = exchange.complete;
    return object.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::optional<AskExchange> parse_exchange(std::string_view line) {
    const auto object = json::parse(line, nullptr, false);
    if (!object.is_object()) { return std::nullopt; }
    try {
        if (object.at("v").get<int>() != format_version) { return std::nullopt; }
        AskExchange exchange;
        exchange.at_ms = object.at("at_ms").get<std::int64_t>();
        exchange.call_id = object.at("call_id").get<std::string>();
        exchange.model = object.at("model").get<std::string>();
        exchange.system = object.at("system").get<std::string>();
        for (const auto& one : object.at("question")) {
            const auto kind = kind_from(one.at("kind").get<std::string>());
            if (!kind) { return std::nullopt; }
            exchange.question.push_back(
                {*kind, one.at("data").get<std::string>(), one.value("media_type", ""), one.value("name", "")});
        }
        exchange.answer = object.at("answer").get<std::string>();
        exchange.complete = object.at("complete").get<bool>();
        return exchange;
    } catch (const json::exception&) { return std::nullopt; }
}

std::vector<AskTurn> Conversation::turns() const {
    std::vector<AskTurn> turns;
    for (const auto& exchange : exchanges) {
        turns.push_back({AskRole::user, exchange.question});
        turns.push_back({AskRole::assistant, {AskPart{AskPart::Kind::text, exchange.answer, "", ""}}});
    }
    return turns;
}

std::string question_title(const AskExchange& exchange) {
    // Files come before the words that were asked about them.
    const auto& parts = exchange.question;
    if (parts.empty()) { return {}; }
    const auto& last = parts.back();
    std::string title = last.kind == AskPart::Kind::text ? last.data.substr(0, 400) : last.name;
    for (auto& c : title) {
        if (c == '\n' || c == '\t' || c == '\r') { c = ' '; }
    }
    return printable(title);
}

}  // namespace llmgw
