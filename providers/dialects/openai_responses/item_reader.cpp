#include "providers/dialects/openai_responses/item_reader.hpp"

#include <utility>

#include "core/util/sha256.hpp"
#include "providers/dialects/common.hpp"
#include "providers/dialects/openai_responses/reading.hpp"
#include "providers/dialects/openai_responses/tool_search.hpp"

namespace llmgw::wire::responses {

using answer::DeltaKind;
using answer::PartKind;
using json_scan::Value;

namespace {

std::string text_member(const Value& object, std::string_view key) {
    const auto value = json_scan::member(object.text, key);
    return value ? string_or_empty(*value) : std::string();
}

bool is_text_part(PartKind kind) {
    return kind == PartKind::text || kind == PartKind::refusal;
}

}  // namespace

void ItemReader::read(const Value& item) {
    type_ = text_member(item, "type");
    if (const std::string id = text_member(item, "id"); !id.empty() && id_.empty()) { id_ = id; }
    if (const std::string phase = text_member(item, "phase"); !phase.empty()) { phase_ = phase; }
    if (type_ == "message") {
        kind_ = Kind::message;
    } else if (type_ == "reasoning") {
        kind_ = Kind::reasoning;
    } else if (type_ == "function_call" || type_ == "custom_tool_call" ||
               (type_ == "tool_search_call" && text_member(item, "execution") == "client")) {
        kind_ = Kind::call;
        call_.id = text_member(item, "call_id");
        call_.custom = type_ == "custom_tool_call";
        call_.name = type_ == "tool_search_call" ? std::string(tool_search_name) : text_member(item, "name");
        call_.name_space = text_member(item, "namespace");
        call_.item_id = id_;
    } else {
        kind_ = Kind::other;
    }
}

void ItemReader::begin(const Value& item) {
    read(item);
    if (kind_ == Kind::reasoning) { open(PartKind::reasoning); }
    // A call whose name or id comes later is said when it is whole.
    if (kind_ == Kind::call && !call_.name.empty() && !call_.id.empty()) { open(PartKind::tool_call); }
}

void ItemReader::open(PartKind kind) {
    answer::PartBegin begin;
    begin.kind = kind;
    begin.item_id = id_;
    if (is_text_part(kind)) { begin.phase = phase_; }
    if (kind == PartKind::tool_call) {
        call_.id = said_->ids.take(std::move(call_.id));
        begin.call = call_;
        said_->call = true;
    }
    if (kind == PartKind::refusal) { said_->refusal = true; }
    out_->emplace_back(std::move(begin));
    open_ = true;
    part_ = kind;
    told_.clear();
    logprobs_told_ = false;
    annotations_told_ = 0;
}

void ItemReader::close(Sealed sealed) {
    if (!std::exchange(open_, false)) { return; }
    out_->emplace_back(answer::PartEnd{0, std::move(sealed), false});
}

void ItemReader::say(DeltaKind kind, std::string text) {
    if (text.empty()) { return; }
    if (kind != DeltaKind::summary) { told_ += text; }
    out_->emplace_back(answer::Delta{kind, 0, std::move(text), {}});
}

void ItemReader::part_begins(std::int64_t content_index, std::string_view type) {
    // Some hosts announce the content of reasoning in the same way.
    if (kind_ != Kind::message || content_index == content_index_) { return; }
    close();
    content_index_ = content_index;
    open(type == "refusal" ? PartKind::refusal : PartKind::text);
}

void ItemReader::text(std::int64_t content_index, std::string_view type, std::string text) {
    part_begins(content_index, type);
    if (open_ && is_text_part(part_)) { say(DeltaKind::text, std::move(text)); }
}

void ItemReader::logprobs(const Value& value) {
    if (!open_ || part_ != PartKind::text || !value.is_array() || value.text.size() < 3) { return; }
    logprobs_told_ = true;
    out_->emplace_back(answer::Delta{DeltaKind::logprobs, 0, {}, std::string(value.text)});
}

void ItemReader::annotation(const Value& value) {
    if (!open_ || part_ != PartKind::text || !value.is_object()) { return; }
    ++annotations_told_;
    out_->emplace_back(answer::Cited{0, read_annotation(value)});
}

void ItemReader::summary_begins() {
    if (!open_ || part_ != PartKind::reasoning) { return; }
    if (summaries_ > 0) { out_->emplace_back(answer::Delta{DeltaKind::summary_break, 0, {}, {}}); }
    ++summaries_;
}

void ItemReader::summary(std::string text) {
    if (!open_ || part_ != PartKind::reasoning) { return; }
    if (summaries_ == 0) { summaries_ = 1; }
    say(DeltaKind::summary, std::move(text));
}

void ItemReader::reasoning_text(std::int64_t content_index, std::string text) {
    if (!open_ || part_ != PartKind::reasoning) { return; }
    if (content_index > content_index_ && content_index_ >= 0) { text.insert(0, "\n\n"); }
    content_index_ = content_index;
    say(DeltaKind::reasoning_text, std::move(text));
}

void ItemReader::arguments(std::string text) {
    if (open_ && part_ == PartKind::tool_call) { say(DeltaKind::text, std::move(text)); }
}

void ItemReader::end(const Value& item) {
    if (kind_ == Kind::none || (kind_ == Kind::call && !open_)) { read(item); }
    // Nobody can make a call of no name.
    if (kind_ == Kind::call && !open_ && call_.name.empty()) { kind_ = Kind::other; }
    switch (kind_) {
        case Kind::message: end_message(item); break;
        case Kind::reasoning: end_reasoning(item); break;
        case Kind::call: end_call(item); break;
        case Kind::none:
        case Kind::other: {
            answer::PartBegin begin;
            begin.kind = PartKind::foreign;
            begin.foreign = {DialectId::openai_responses, text_member(item, "type"), std::string(item.text), {}};
            begin.item_id = id_.empty() ? text_member(item, "id") : id_;
            out_->emplace_back(std::move(begin));
            out_->emplace_back(answer::PartEnd{});
        }
    }
}

void ItemReader::end_message(const Value& item) {
    if (phase_.empty()) { phase_ = text_member(item, "phase"); }
    const auto content = json_scan::member(item.text, "content");
    if (content && content->is_array()) {
        std::int64_t index = 0;
        json_scan::each_element(content->text, [&](const Value& part) {
            part_ends(index++, part);
            return true;
        });
    }
    close();
}

void ItemReader::part_ends(std::int64_t index, const Value& part) {
    if (kind_ != Kind::message || index < content_index_ || (index == content_index_ && !open_)) { return; }
    const std::string type = text_member(part, "type");
    part_begins(index, type);
    const std::string whole = text_member(part, type == "refusal" ? "refusal" : "text");
    if (whole.starts_with(told_)) { say(DeltaKind::text, whole.substr(told_.size())); }
    json_scan::each_member(part.text, [&](std::string_view key, const Value& value) {
        if (key == "logprobs" && !logprobs_told_) { logprobs(value); }
        if (key == "annotations" && value.is_array()) {
            std::size_t at = 0;
            json_scan::each_element(value.text, [&](const Value& one) {
                if (at++ >= annotations_told_) { annotation(one); }
                return true;
            });
        }
        return true;
    });
    close();
}

void ItemReader::end_reasoning(const Value& item) {
    if (!open_) { open(PartKind::reasoning); }
    const auto each_text = [&](std::string_view key, auto&& visit) {
        const auto list = json_scan::member(item.text, key);
        if (!list || !list->is_array()) { return; }
        json_scan::each_element(list->text, [&](const Value& part) {
            visit(text_member(part, "text"));
            return true;
        });
    };
    if (told_.empty()) {
        std::int64_t index = 0;
        content_index_ = -1;
        each_text("content", [&](std::string text) { reasoning_text(index++, std::move(text)); });
    }
    if (summaries_ == 0) {
        each_text("summary", [&](std::string text) {
            summary_begins();
            summary(std::move(text));
        });
    }
    // The one of the item's beginning is another, and not to be kept.
    close({DialectId::openai_responses, text_member(item, "encrypted_content"), id_});
}

void ItemReader::end_call(const Value& item) {
    if (call_.id.empty()) { call_.id = id_.empty() ? "call_" + sha256_hex(item.text).substr(0, 24) : "call_" + id_; }
    if (!open_) { open(PartKind::tool_call); }
    const std::string_view key = call_.custom ? "input" : "arguments";
    if (const auto value = json_scan::member(item.text, key)) {
        // tool_search says an object.
        const std::string whole = value->is_object() ? std::string(value->text) : string_or_empty(*value);
        if (whole.starts_with(told_)) { say(DeltaKind::text, whole.substr(told_.size())); }
    }
    close();
}

void ItemReader::abandon() {
    close(kind_ == Kind::reasoning ? Sealed{DialectId::openai_responses, {}, id_} : Sealed{});
}

}  // namespace llmgw::wire::responses
