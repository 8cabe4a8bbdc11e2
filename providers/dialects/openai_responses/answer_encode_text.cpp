// Messages in a stream: texts and refusals, with their citations and logprobs.
#include <algorithm>
#include <utility>

#include "core/util/json_scan.hpp"
#include "providers/dialects/openai_responses/answer_encode.hpp"
#include "providers/dialects/openai_responses/writing.hpp"

namespace llmgw::wire::responses {

using answer::PartKind;

namespace {

std::int64_t code_points(std::string_view text) {
    return std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
}

// The elements of an array of logprobs: bare as here, or in openai-chat's object.
std::string logprob_elements(const JsonText& raw) {
    std::string_view list = raw;
    if (const auto content = json_scan::member(raw, "content")) { list = content->text; }
    std::string elements;
    const bool whole = json_scan::each_element(list, [&](const json_scan::Value& element) {
        if (!json_scan::member(element.text, "token")) { return true; }
        elements += (elements.empty() ? "" : ",") + std::string(element.text);
        return true;
    });
    return whole ? elements : std::string();
}

}  // namespace

// Texts that follow each other are the content of one message, unless they came as several.
void StreamWriter::begin_text(const answer::PartBegin& begin, std::string& out) {
    const bool goes_on = open_.kind == Kind::message && open_.source_id == begin.item_id && open_.phase == begin.phase;
    if (!goes_on) {
        end_message("completed", out);
        open_item(Kind::message, "msg_", begin.item_id);
        open_.phase = begin.phase;
        JsonWriter item;
        item.begin_object().member("id", open_.id).member("type", "message").member("status", "in_progress");
        item.key("content").begin_array().end_array().member("role", "assistant");
        item.member_if("phase", open_.phase).end_object();
        added(item.text(), out);
    }
    open_.part_open = true;
    open_.refusal = begin.kind == PartKind::refusal;
    refused_ = refused_ || open_.refusal;
    JsonWriter json = placed("response.content_part.added");
    json.raw_member("part", content_part("", false));
    send("response.content_part.added", json, out);
}

JsonText StreamWriter::content_part(std::string_view text, bool whole) const {
    JsonWriter json;
    if (open_.refusal) {
        json.begin_object().member("type", "refusal").member("refusal", text).end_object();
        return json.take();
    }
    json.begin_object().member("type", "output_text").key("annotations").begin_array();
    for (const auto& annotation : open_.annotations) {
        json.raw(annotation);
    }
    json.end_array().raw_member("logprobs", whole ? "[" + open_.logprobs + "]" : "[]");
    json.member("text", text).end_object();
    return json.take();
}

void StreamWriter::say_text(std::string_view text, std::string& out) {
    if (!open_.part_open || text.empty()) { return; }
    open_.text += text;
    const std::string_view type = open_.refusal ? "response.refusal.delta" : "response.output_text.delta";
    JsonWriter json = placed(type);
    json.member("delta", text);
    if (!open_.refusal) { json.key("logprobs").begin_array().end_array(); }
    send(type, json, out);
}

// They belong to the text before; that text has been sent.
void StreamWriter::say_logprobs(const JsonText& raw, std::string& out) {
    if (!open_.part_open || open_.refusal) { return; }
    const std::string elements = logprob_elements(raw);
    if (elements.empty()) {
        drops_.note("logprobs", "they are in another provider's form");
        return;
    }
    open_.logprobs += (open_.logprobs.empty() ? "" : ",") + elements;
    JsonWriter json = placed("response.output_text.delta");
    json.member("delta", "").raw_member("logprobs", "[" + elements + "]");
    send("response.output_text.delta", json, out);
}

void StreamWriter::say_annotation(const JsonText& annotation, std::string& out) {
    if (!open_.part_open || open_.refusal) { return; }
    JsonWriter json = placed("response.output_text.annotation.added");
    json.member("annotation_index", static_cast<std::int64_t>(open_.annotations.size()));
    json.raw_member("annotation", annotation);
    send("response.output_text.annotation.added", json, out);
    open_.annotations.push_back(annotation);
}

void StreamWriter::end_text(std::string& out) {
    if (!open_.part_open) { return; }
    const std::int64_t length = code_points(open_.text);
    for (const auto& citation : std::exchange(open_.unplaced, {})) {
        say_annotation(annotation_json(citation, length), out);
    }
    const std::string_view type = open_.refusal ? "response.refusal.done" : "response.output_text.done";
    JsonWriter json = placed(type);
    json.member(open_.refusal ? "refusal" : "text", open_.text);
    if (!open_.refusal) { json.raw_member("logprobs", "[" + open_.logprobs + "]"); }
    send(type, json, out);
    JsonText part = content_part(open_.text, true);
    JsonWriter ended = placed("response.content_part.done");
    ended.raw_member("part", part);
    send("response.content_part.done", ended, out);
    open_.parts.push_back(std::move(part));
    open_.text.clear();
    open_.annotations.clear();
    open_.logprobs.clear();
    open_.part_open = false;
}

void StreamWriter::end_message(std::string_view status, std::string& out) {
    if (open_.kind != Kind::message) { return; }
    end_text(out);
    JsonWriter item;
    item.begin_object().member("id", open_.id).member("type", "message").member("status", status);
    item.key("content").begin_array();
    for (const auto& part : open_.parts) {
        item.raw(part);
    }
    item.end_array().member("role", "assistant").member_if("phase", open_.phase).end_object();
    done(item.take(), out);
}

}  // namespace llmgw::wire::responses
