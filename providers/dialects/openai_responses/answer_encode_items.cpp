// Reasoning, tool calls, images and this dialect's own items in a stream.
#include <utility>

#include "core/dialect/envelope.hpp"
#include "core/util/json_scan.hpp"
#include "providers/dialects/common.hpp"
#include "providers/dialects/openai_responses/answer_encode.hpp"
#include "providers/dialects/openai_responses/item_ids.hpp"
#include "providers/dialects/openai_responses/tool_search.hpp"

namespace llmgw::wire::responses {

using answer::DeltaKind;

// --- reasoning

void StreamWriter::begin_reasoning(const answer::PartBegin& begin, std::string& out) {
    open_item(Kind::reasoning, reasoning_prefix, begin.item_id);
    open_.hidden = !wishes_.show_reasoning;
    // With neither words nor a seal nothing would be left of it.
    if (open_.hidden && !wishes_.wants_sealed) {
        open_ = Open{};
        return;
    }
    JsonWriter item;
    item.begin_object().member("id", open_.id).member("type", "reasoning").key("summary").begin_array().end_array();
    added(item.end_object().text(), out);
}

// The text of another dialect's reasoning is shown as a summary, which is what clients of this one look at. Items with
// an id come from this dialect, where both exist.
void StreamWriter::say_reasoning(DeltaKind kind, std::string_view text, std::string& out) {
    if (open_.hidden) { return; }
    if (kind == DeltaKind::summary_break) {
        // Before the first one there is nothing to break.
        if (open_.part_open) { end_summary(out); }
        return;
    }
    if (text.empty()) { return; }
    if (kind == DeltaKind::reasoning_text && !open_.source_id.empty()) {
        open_.text += text;
        JsonWriter json = placed("response.reasoning_text.delta");
        json.member("content_index", 0).member("delta", text);
        send("response.reasoning_text.delta", json, out);
        return;
    }
    if (!open_.part_open) { begin_summary(out); }
    open_.summary += text;
    JsonWriter json = placed("response.reasoning_summary_text.delta");
    json.member("summary_index", static_cast<std::int64_t>(open_.parts.size())).member("delta", text);
    send("response.reasoning_summary_text.delta", json, out);
}

void StreamWriter::begin_summary(std::string& out) {
    open_.part_open = true;
    JsonWriter json = placed("response.reasoning_summary_part.added");
    json.member("summary_index", static_cast<std::int64_t>(open_.parts.size()));
    json.key("part").begin_object().member("type", "summary_text").member("text", "").end_object();
    send("response.reasoning_summary_part.added", json, out);
}

void StreamWriter::end_summary(std::string& out) {
    const auto index = static_cast<std::int64_t>(open_.parts.size());
    JsonWriter text = placed("response.reasoning_summary_text.done");
    text.member("summary_index", index).member("text", open_.summary);
    send("response.reasoning_summary_text.done", text, out);
    JsonText part =
        JsonWriter().begin_object().member("type", "summary_text").member("text", open_.summary).end_object().take();
    JsonWriter ended = placed("response.reasoning_summary_part.done");
    ended.member("summary_index", index).raw_member("part", part);
    send("response.reasoning_summary_part.done", ended, out);
    open_.parts.push_back(std::move(part));
    open_.summary.clear();
    open_.part_open = false;
}

void StreamWriter::end_reasoning(const answer::PartEnd& end, std::string& out) {
    if (open_.part_open) { end_summary(out); }
    if (!open_.text.empty()) {
        JsonWriter json = placed("response.reasoning_text.done");
        json.member("content_index", 0).member("text", open_.text);
        send("response.reasoning_text.done", json, out);
    }
    const bool own = end.sealed.origin == DialectId::openai_responses;
    std::string sealed;
    if (wishes_.wants_sealed && !end.sealed.empty()) { sealed = own ? end.sealed.data : wrap_sealed(end.sealed); }
    if (end.redacted && !own && !sealed.empty()) { sealed += redacted_suffix; }
    JsonWriter item;
    item.begin_object().member("id", open_.id).member("type", "reasoning").key("summary").begin_array();
    for (const auto& part : open_.parts) {
        item.raw(part);
    }
    item.end_array();
    if (!open_.text.empty()) {
        item.key("content").begin_array().begin_object().member("type", "reasoning_text");
        item.member("text", open_.text).end_object().end_array();
    }
    item.member_if("encrypted_content", sealed).end_object();
    done(item.take(), out);
}

// --- calls

void StreamWriter::begin_call(const answer::PartBegin& begin, std::string& out) {
    part::ToolCall call = begin.call;
    Kind kind = call.custom ? Kind::custom : Kind::function;
    bool bridged = false;
    // What the client calls it, and what it is to the client.
    if (const Tool* tool = names_.find(call.name); tool != nullptr && call.name_space.empty()) {
        call.name = tool->name;
        call.name_space = is_default_namespace(tool->name_space) ? "" : tool->name_space;
        bridged = tool->kind == ToolKind::custom && !call.custom;
        if (bridged) { kind = Kind::custom; }
    }
    const std::string id = call.item_id.empty() ? begin.item_id : call.item_id;
    const bool searches = wishes_.request != nullptr ? is_tool_search(call.name, *wishes_.request)
                                                     : call.name == tool_search_name && id.starts_with("tsc_");
    if (searches) { kind = Kind::search; }
    open_item(kind, kind == Kind::search ? "tsc_" : kind == Kind::custom ? "ctc_" : "fc_", id);
    open_.call = std::move(call);
    open_.bridged = bridged;
    added(call_item("in_progress", wrap_call_id(open_.call.id, open_.call.sealed), ""), out);
}

JsonText StreamWriter::call_item(std::string_view status, std::string_view id, std::string_view arguments) const {
    JsonWriter json;
    json.begin_object().member("id", open_.id);
    if (open_.kind == Kind::search) {
        const bool object = arguments.starts_with('{');
        json.member("type", "tool_search_call").member("status", status).key("arguments");
        if (object || arguments.empty()) {
            json.raw(object ? arguments : "{}");
        } else {
            json.begin_object().member("query", arguments).end_object();
        }
        return json.member("call_id", id).member("execution", "client").end_object().take();
    }
    const bool custom = open_.kind == Kind::custom;
    json.member("type", custom ? "custom_tool_call" : "function_call").member("status", status);
    json.member(custom ? "input" : "arguments", arguments).member("call_id", id);
    json.member("name", open_.call.name).member_if("namespace", open_.call.name_space);
    return json.end_object().take();
}

void StreamWriter::say_arguments(std::string_view text, std::string& out) {
    const std::string unwrapped = open_.bridged ? open_.input.feed(text) : std::string();
    const std::string_view piece = open_.bridged ? std::string_view(unwrapped) : text;
    if (piece.empty()) { return; }
    open_.text += piece;
    // A search says its arguments as one object.
    if (open_.kind == Kind::search) { return; }
    const std::string_view type =
        open_.kind == Kind::custom ? "response.custom_tool_call_input.delta" : "response.function_call_arguments.delta";
    JsonWriter json = placed(type);
    json.member("delta", piece);
    send(type, json, out);
}

void StreamWriter::end_call(const answer::PartEnd& end, std::string& out) {
    if (open_.bridged) {
        const std::string rest = open_.input.finish();
        open_.bridged = false;
        say_arguments(rest, out);
    }
    if (open_.kind == Kind::function) {
        if (open_.text.empty()) { say_arguments("{}", out); }
        JsonWriter json = placed("response.function_call_arguments.done");
        json.member("arguments", open_.text);
        send("response.function_call_arguments.done", json, out);
    } else if (open_.kind == Kind::custom) {
        JsonWriter json = placed("response.custom_tool_call_input.done");
        json.member("input", open_.text);
        send("response.custom_tool_call_input.done", json, out);
    }
    const Sealed& sealed = open_.call.sealed.empty() ? end.sealed : open_.call.sealed;
    const bool own = sealed.origin == DialectId::openai_responses;
    const std::string id = own ? open_.call.id : wrap_call_id(open_.call.id, sealed);
    done(call_item("completed", id, open_.text), out);
}

// --- the rest

void StreamWriter::say_image(const part::Media& media, std::string& out) {
    if (media.kind != part::MediaKind::image || media.data.empty()) {
        drops_.note("media", "openai-responses answers with images only");
        return;
    }
    JsonWriter item;
    item.begin_object().member("id", made_item_id("ig_", wishes_.call_id, facts_.output.size()));
    item.member("type", "image_generation_call").member("status", "completed").member("result", media.data);
    item.end_object();
    added(item.text(), out);
    done(item.take(), out);
}

void StreamWriter::say_foreign(const part::Foreign& foreign, std::string& out) {
    if (foreign.origin != DialectId::openai_responses) {
        if (!foreign.carried) { drops_.note(foreign.type, "openai-responses has no such item"); }
        return;
    }
    const auto id = json_scan::member(foreign.raw, "id");
    if (id && !ids_.add(string_or_empty(*id))) { return drops_.note(foreign.type, "another item has its id"); }
    added(foreign.raw, out);
    done(foreign.raw, out);
}

}  // namespace llmgw::wire::responses
