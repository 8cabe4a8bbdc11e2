// The stream as a whole. Messages: answer_encode_text.cpp; reasoning, calls and the rest: answer_encode_items.cpp.
#include "providers/dialects/openai_responses/answer_encode.hpp"

#include <algorithm>
#include <utility>

#include "core/util/utf8.hpp"
#include "providers/dialects/openai_error.hpp"
#include "providers/dialects/openai_responses/codec.hpp"
#include "providers/dialects/openai_responses/item_ids.hpp"
#include "providers/dialects/openai_responses/writing.hpp"

namespace llmgw::wire::responses {

using answer::DeltaKind;
using answer::PartKind;
using answer::StopReason;

namespace {

// Ids of answers elsewhere begin with what they are there.
std::string response_id(const std::string& id, const std::string& call_id) {
    if (id.empty()) { return "resp_" + call_id; }
    for (const std::string_view prefix : {"msg_", "chatcmpl-", "chatcmpl_"}) {
        if (id.starts_with(prefix)) { return "resp_" + id.substr(prefix.size()); }
    }
    return id;
}

}  // namespace

StreamWriter::StreamWriter(const AnswerWishes& wishes, Drops& drops)
    : wishes_(wishes),
      drops_(drops),
      names_(wishes.request != nullptr ? ToolNames(wishes.request->tools) : ToolNames()),
      object_(wishes.request) {}

void StreamWriter::encode(const AnswerEvent& event, std::string& out) {
    if (ended_) { return; }
    std::visit([&](const auto& one) { on(one, out); }, event);
}

std::string StreamWriter::response() const {
    JsonWriter json;
    object_.write(facts_, json);
    return json.take();
}

JsonWriter StreamWriter::event(std::string_view type) {
    JsonWriter json;
    json.begin_object().member("type", type).member("sequence_number", sequence_++);
    return json;
}

JsonWriter StreamWriter::placed(std::string_view type) {
    JsonWriter json = event(type);
    json.member("item_id", open_.id).member("output_index", static_cast<std::int64_t>(facts_.output.size()));
    if (open_.kind == Kind::message) { json.member("content_index", static_cast<std::int64_t>(open_.parts.size())); }
    return json;
}

void StreamWriter::send(std::string_view type, JsonWriter& json, std::string& out) {
    json.end_object();
    out += "event: ";
    out += type;
    out += "\ndata: ";
    const std::size_t start = out.size();
    out += json.text();
    // What was taken over as it was written may be spread over lines. Inside strings there are no line ends.
    std::replace_if(
        out.begin() + static_cast<std::ptrdiff_t>(start), out.end(), [](char c) { return c == '\n' || c == '\r'; },
        ' ');
    out += "\n\n";
}

void StreamWriter::send_response(std::string_view type, std::string& out) {
    JsonWriter json = event(type);
    json.key("response");
    object_.write(facts_, json);
    send(type, json, out);
}

bool StreamWriter::is_other(int candidate) {
    if (candidate == 0) { return false; }
    drops_.note("n", "openai-responses has one answer only");
    return true;
}

void StreamWriter::begin_response(const answer::Begin& begin, std::string& out) {
    if (std::exchange(begun_, true)) { return; }
    facts_.id = response_id(begin.id, wishes_.call_id);
    facts_.model = begin.model.empty() ? wishes_.model : begin.model;
    facts_.created_s = begin.created_s != 0 ? begin.created_s : wishes_.now_s;
    send_response("response.created", out);
    send_response("response.in_progress", out);
}

void StreamWriter::on(const answer::Begin& begin, std::string& out) {
    begin_response(begin, out);
}

void StreamWriter::on(const answer::PartBegin& begin, std::string& out) {
    if (is_other(begin.candidate)) { return; }
    if (begin.kind != PartKind::text && begin.kind != PartKind::refusal) { end_message("completed", out); }
    switch (begin.kind) {
        case PartKind::text:
        case PartKind::refusal: begin_text(begin, out); break;
        case PartKind::reasoning: begin_reasoning(begin, out); break;
        case PartKind::tool_call: begin_call(begin, out); break;
        case PartKind::media: say_image(begin.media, out); break;
        case PartKind::foreign: say_foreign(begin.foreign, out); break;
    }
}

void StreamWriter::on(const answer::Delta& delta, std::string& out) {
    if (is_other(delta.candidate)) { return; }
    if (delta.kind == DeltaKind::logprobs) {
        if (open_.kind == Kind::message) { say_logprobs(delta.raw, out); }
        return;
    }
    if (!open_.tail.empty() && delta.kind != tail_kind_) { say_tail(out); }
    if (open_.tail.empty() && utf8_cut_tail(delta.text) == 0) {
        say_piece(delta.kind, delta.text, out);
        return;
    }
    // Some providers cut their text between the bytes of a character; JSON cannot say half of one.
    std::string text = std::exchange(open_.tail, {}) + delta.text;
    const std::size_t whole = text.size() - utf8_cut_tail(text);
    open_.tail = text.substr(whole);
    tail_kind_ = delta.kind;
    text.resize(whole);
    say_piece(delta.kind, text, out);
}

void StreamWriter::say_tail(std::string& out) {
    if (!open_.tail.empty()) { say_piece(tail_kind_, std::exchange(open_.tail, {}), out); }
}

void StreamWriter::say_piece(DeltaKind kind, std::string_view text, std::string& out) {
    switch (open_.kind) {
        case Kind::message: say_text(text, out); break;
        case Kind::reasoning: say_reasoning(kind, text, out); break;
        case Kind::function:
        case Kind::custom:
        case Kind::search: say_arguments(text, out); break;
        case Kind::none: break;
    }
}

void StreamWriter::on(const answer::Cited& cited, std::string& out) {
    if (is_other(cited.candidate) || open_.kind != Kind::message) { return; }
    const auto& citation = cited.citation;
    const bool own = citation.origin == DialectId::openai_responses && !citation.raw.empty();
    if (!own && !citation.url.empty() && !citation.end) {
        open_.unplaced.push_back(citation);
        return;
    }
    const JsonText annotation = annotation_json(citation, 0);
    if (annotation.empty()) {
        drops_.note("citations", "openai-responses cites URLs only");
    } else {
        say_annotation(annotation, out);
    }
}

void StreamWriter::on(const answer::PartEnd& end, std::string& out) {
    if (is_other(end.candidate)) { return; }
    say_tail(out);
    switch (open_.kind) {
        case Kind::message: end_text(out); break;
        case Kind::reasoning: end_reasoning(end, out); break;
        case Kind::function:
        case Kind::custom:
        case Kind::search: end_call(end, out); break;
        case Kind::none: break;
    }
}

void StreamWriter::on(const answer::UsageSeen& seen, std::string&) {
    facts_.usage = seen.usage;
}

void StreamWriter::on(const answer::Finish& finish, std::string& out) {
    if (is_other(finish.candidate)) { return; }
    facts_.status = "completed";
    switch (finish.reason) {
        case StopReason::max_tokens:
        case StopReason::context_window: facts_.incomplete_reason = "max_output_tokens"; break;
        case StopReason::content_filter: facts_.incomplete_reason = "content_filter"; break;
        case StopReason::refusal:
            // Said in words it is an answer. Without, the client is told by the status: some show no refusals.
            if (refused_) { break; }
            facts_.incomplete_reason = "content_filter";
            if (!finish.message.empty()) {
                answer::PartBegin begin;
                begin.kind = PartKind::refusal;
                begin_text(begin, out);
                say_text(finish.message, out);
                end_text(out);
            }
            break;
        case StopReason::stop_sequence:
            if (!finish.stop_sequence.empty()) {
                drops_.note("stop_sequence", "openai-responses does not say which one it was");
            }
            break;
        case StopReason::pause: drops_.note("pause_turn", "openai-responses has no such end"); break;
        case StopReason::end_turn:
        case StopReason::tool_use:
        case StopReason::other: break;
    }
    if (!facts_.incomplete_reason.empty()) { facts_.status = "incomplete"; }
    end_message(facts_.status, out);
}

// Codex resends after this event and dies of a stream that only stops.
void StreamWriter::on(const answer::Failed& failed, std::string& out) {
    if (!begun_) {
        facts_.id = response_id("", wishes_.call_id);
        facts_.model = wishes_.model;
        facts_.created_s = wishes_.now_s;
    }
    std::string_view code = openai_error_code(failed.error.error_class);
    if (code.empty()) { code = "invalid_request_error"; }
    facts_.status = "failed";
    facts_.error =
        JsonWriter().begin_object().member("code", code).member("message", failed.error.message).end_object().take();
    send_response("response.failed", out);
    ended_ = true;
}

void StreamWriter::on(const answer::End&, std::string& out) {
    begin_response({}, out);
    end_message("completed", out);
    if (facts_.status == "in_progress") { facts_.status = "completed"; }
    send_response("response." + std::string(facts_.status), out);
    ended_ = true;
}

// --- items

void StreamWriter::open_item(Kind kind, std::string_view made_prefix, const std::string& id) {
    open_ = Open{};
    open_.kind = kind;
    open_.source_id = id;
    open_.id = ids_.take(id.empty() ? made_item_id(made_prefix, wishes_.call_id, facts_.output.size()) : id);
}

void StreamWriter::added(const JsonText& item, std::string& out) {
    JsonWriter json = event("response.output_item.added");
    json.member("output_index", static_cast<std::int64_t>(facts_.output.size())).raw_member("item", item);
    send("response.output_item.added", json, out);
}

void StreamWriter::done(JsonText item, std::string& out) {
    JsonWriter json = event("response.output_item.done");
    json.member("output_index", static_cast<std::int64_t>(facts_.output.size())).raw_member("item", item);
    send("response.output_item.done", json, out);
    facts_.output.push_back(std::move(item));
    open_ = Open{};
}

}  // namespace llmgw::wire::responses

namespace llmgw::wire {

std::unique_ptr<AnswerEncoder> OpenAiResponsesCodec::answer_encoder(const AnswerWishes& wishes, Drops& drops) const {
    return std::make_unique<responses::StreamWriter>(wishes, drops);
}

std::string OpenAiResponsesCodec::encode_answer(const std::vector<AnswerEvent>& events, const AnswerWishes& wishes,
                                                Drops& drops) const {
    responses::StreamWriter writer(wishes, drops);
    std::string unsent;
    for (const auto& event : events) {
        writer.encode(event, unsent);
        unsent.clear();
    }
    return writer.response();
}

}  // namespace llmgw::wire
