#include "providers/dialects/cohere_chat/answer_parts.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/util/json_scan.hpp"
#include "core/util/sha256.hpp"
#include "providers/dialects/cohere_chat/cohere_chat.hpp"
#include "providers/dialects/common.hpp"

namespace llmgw::wire {

using answer::DeltaKind;
using answer::PartKind;
using answer::StopReason;
using json_scan::Value;

namespace {

constexpr std::string_view no_arguments = "null";

struct StopName {
    std::string_view word;
    StopReason reason;
};

constexpr std::array<StopName, 7> stop_names{{{"COMPLETE", StopReason::end_turn},
                                              {"STOP_SEQUENCE", StopReason::stop_sequence},
                                              {"MAX_TOKENS", StopReason::max_tokens},
                                              {"TOOL_CALL", StopReason::tool_use},
                                              // The first API's.
                                              {"ERROR_LIMIT", StopReason::context_window},
                                              {"ERROR_TOXIC", StopReason::content_filter},
                                              {"USER_CANCEL", StopReason::other}}};

std::string member_text(std::string_view object, std::string_view key) {
    const auto value = json_scan::member(object, key);
    return value ? string_or_empty(*value) : "";
}

std::optional<std::int64_t> place_in(std::string_view citation, std::string_view key) {
    const auto value = json_scan::member(citation, key);
    const auto place = value ? value->as_int() : std::nullopt;
    return place && *place >= 0 ? place : std::nullopt;
}

part::Citation citation_in(std::string_view json) {
    part::Citation citation;
    citation.origin = DialectId::cohere_chat;
    citation.raw = json;
    citation.cited_text = member_text(json, "text");
    citation.begin = place_in(json, "start");
    citation.end = place_in(json, "end");
    if (!citation.begin || !citation.end || *citation.begin > *citation.end) {
        citation.begin.reset();
        citation.end.reset();
    }
    return citation;
}

// A document is known by its id where it has no address; a tool's result by the call, which is no address to anyone.
void take_source(std::string_view source, part::Citation& citation) {
    const auto id = member_text(source, "id");
    for (const auto key : {"document", "tool_output"}) {
        const auto held = json_scan::member(source, key);
        if (!held || !held->is_object()) { continue; }
        citation.url = member_text(held->text, "url");
        citation.title = member_text(held->text, "title");
    }
    if (citation.url.empty() && member_text(source, "type") == "document") { citation.url = id; }
    if (citation.title.empty()) { citation.title = id; }
}

}  // namespace

void CohereParts::open(Open kind) {
    const bool fresh = std::exchange(fresh_, false) && kind != Open::plan;
    if (open_ == kind && !fresh) { return; }
    stop();
    answer::PartBegin part;
    part.kind = kind == Open::thinking ? PartKind::reasoning : PartKind::text;
    out_->emplace_back(std::move(part));
    open_ = kind;
}

void CohereParts::delta(DeltaKind kind, std::string text) {
    out_->emplace_back(answer::Delta{kind, 0, std::move(text), {}});
}

void CohereParts::text(std::string text) {
    if (text.empty()) { return; }
    open(Open::text);
    delta(DeltaKind::text, std::move(text));
}

void CohereParts::thinking(std::string text) {
    if (text.empty()) { return; }
    open(Open::thinking);
    delta(DeltaKind::reasoning_text, std::move(text));
}

void CohereParts::plan(std::string text) {
    if (text.empty()) { return; }
    open(Open::plan);
    delta(DeltaKind::text, std::move(text));
}

void CohereParts::begin_call(std::string id, std::string name) {
    stop();
    // Nobody can be called by no name.
    if (name.empty()) { return; }
    ++calls_;
    if (id.empty()) { id = "call_" + std::to_string(calls_) + "_" + sha256_hex(name).substr(0, 8); }
    answer::PartBegin part;
    part.kind = PartKind::tool_call;
    part.call.id = ids_.take(std::move(id));
    part.call.name = std::move(name);
    out_->emplace_back(std::move(part));
    open_ = Open::call;
}

void CohereParts::arguments(std::string_view piece) {
    if (open_ != Open::call || piece.empty()) { return; }
    if (held_over_) { return delta(DeltaKind::text, std::string(piece)); }
    held_ += piece;
    if (no_arguments.starts_with(held_)) { return; }
    held_over_ = true;
    delta(DeltaKind::text, std::exchange(held_, {}));
}

void CohereParts::cite(std::string_view citation) {
    const auto where = member_text(citation, "type");
    const bool of_plan = where == "PLAN";
    const bool of_text = where.empty() || where == "TEXT_CONTENT";
    if (!(open_ == Open::text && of_text) && !(open_ == Open::plan && of_plan)) { return; }
    const auto made = citation_in(citation);
    bool said = false;
    const auto sources = json_scan::member(citation, "sources");
    if (sources && sources->is_array()) {
        json_scan::each_element(sources->text, [&](const Value& source) {
            auto one = made;
            take_source(source.text, one);
            out_->emplace_back(answer::Cited{0, std::move(one)});
            return said = true;
        });
    }
    if (!said) { out_->emplace_back(answer::Cited{0, made}); }
}

void CohereParts::cite_documents(std::string_view citation, std::string_view documents) {
    if (open_ != Open::text) { return; }
    const auto ids = json_scan::member(citation, "document_ids");
    if (!ids || !ids->is_array()) { return; }
    json_scan::each_element(ids->text, [&](const Value& id) {
        auto one = citation_in(citation);
        one.url = one.title = string_or_empty(id);
        json_scan::each_element(documents, [&](const Value& document) {
            if (member_text(document.text, "id") != string_or_empty(id)) { return true; }
            if (auto url = member_text(document.text, "url"); !url.empty()) { one.url = std::move(url); }
            if (auto title = member_text(document.text, "title"); !title.empty()) { one.title = std::move(title); }
            return false;
        });
        out_->emplace_back(answer::Cited{0, std::move(one)});
        return true;
    });
}

void CohereParts::stop() {
    if (!open_) { return; }
    // Cut in the middle of the word: as it was said.
    if (!held_.empty() && held_ != no_arguments) { delta(DeltaKind::text, std::move(held_)); }
    held_.clear();
    held_over_ = false;
    out_->emplace_back(answer::PartEnd{});
    open_.reset();
}

void CohereParts::finish(std::string reason, std::string message) {
    stop();
    if (is_failure(reason)) {
        out_->emplace_back(answer::Failed{cohere_failure(reason, std::move(message))});
    } else {
        answer::Finish finish;
        const auto row = std::ranges::find(stop_names, std::string_view(reason), &StopName::word);
        if (row != stop_names.end()) {
            finish.reason = row->reason;
        } else {
            finish.reason = reason.empty() ? StopReason::end_turn : StopReason::other;
        }
        const bool plain = finish.reason == StopReason::end_turn || finish.reason == StopReason::tool_use;
        if (plain) { finish.reason = calls_ > 0 ? StopReason::tool_use : StopReason::end_turn; }
        finish.word = std::move(reason);
        out_->emplace_back(std::move(finish));
    }
    out_->emplace_back(answer::End{});
}

}  // namespace llmgw::wire
