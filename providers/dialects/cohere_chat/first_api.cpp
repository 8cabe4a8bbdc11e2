#include "providers/dialects/cohere_chat/first_api.hpp"

#include <string>
#include <utility>

#include "core/util/json_scan.hpp"
#include "providers/dialects/cohere_chat/cohere_chat.hpp"
#include "providers/dialects/common.hpp"

namespace llmgw::wire {

using json_scan::Value;

namespace {

std::string member_text(std::string_view object, std::string_view key) {
    const auto value = json_scan::member(object, key);
    return value ? string_or_empty(*value) : "";
}

std::string_view member_json(std::string_view object, std::string_view key) {
    const auto value = json_scan::member(object, key);
    return value ? value->text : std::string_view("null");
}

// Calls have no ids, and their arguments are an object.
void say_calls(std::string_view calls, CohereParts& parts) {
    json_scan::each_element(calls, [&](const Value& call) {
        parts.begin_call({}, member_text(call.text, "name"));
        const auto parameters = json_scan::member(call.text, "parameters");
        if (parameters && parameters->text != "{}") { parts.arguments(parameters->text); }
        parts.stop();
        return true;
    });
}

void say_citations(std::string_view citations, std::string_view documents, CohereParts& parts) {
    json_scan::each_element(citations, [&](const Value& citation) {
        parts.cite_documents(citation.text, documents);
        return true;
    });
}

void say_end(std::string_view answer, std::string reason, CohereParts& parts, std::vector<AnswerEvent>& out) {
    parts.stop();
    const auto meta = json_scan::member(answer, "meta");
    if (meta && meta->is_object() && !is_failure(reason)) {
        out.emplace_back(answer::UsageSeen{cohere_counted(meta->text)});
    }
    parts.finish(std::move(reason), member_text(answer, "error"));
}

}  // namespace

bool say_first_api_event(std::string_view line, CohereParts& parts, std::vector<AnswerEvent>& out) {
    const auto type = member_text(line, "event_type");
    if (type == "text-generation") {
        parts.text(member_text(line, "text"));
    } else if (type == "citation-generation") {
        say_citations(member_json(line, "citations"), "[]", parts);
    } else if (type == "tool-calls-generation") {
        parts.plan(member_text(line, "text"));
        say_calls(member_json(line, "tool_calls"), parts);
    } else if (type == "stream-end") {
        const auto answer = json_scan::member(line, "response");
        say_end(answer && answer->is_object() ? answer->text : "{}", member_text(line, "finish_reason"), parts, out);
        return true;
    }
    return false;
}

bool decode_first_api_answer(std::string_view body, std::vector<AnswerEvent>& out) {
    const auto text = json_scan::member(body, "text");
    if (!text || text->type != json_scan::Type::string) { return false; }
    answer::Begin begin;
    begin.id = member_text(body, "generation_id");
    out.emplace_back(std::move(begin));
    CohereParts parts;
    parts.say_to(out);
    parts.text(string_or_empty(*text));
    say_citations(member_json(body, "citations"), member_json(body, "documents"), parts);
    say_calls(member_json(body, "tool_calls"), parts);
    say_end(body, member_text(body, "finish_reason"), parts, out);
    return true;
}

}  // namespace llmgw::wire
