#include "providers/dialects/gemini/candidate_writer.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/util/json_scan.hpp"
#include "providers/dialects/gemini/logprobs.hpp"

namespace llmgw::wire::gemini {

using answer::DeltaKind;
using answer::PartKind;

namespace {

// Said by the decoder as blocks of their own; they stand beside the content.
constexpr std::array<std::string_view, 3> metadata_types{"groundingMetadata", "citationMetadata", "urlContextMetadata"};

bool can_take_signature(std::string_view part, IsThought thought) {
    if (part.ends_with(R"("})") && part.contains(R"(,"thoughtSignature":)")) { return false; }
    const bool is_thought = part.ends_with(R"(,"thought":true})");
    if (thought == IsThought::yes) { return is_thought; }
    return !is_thought && (part.starts_with(R"({"text":)") || part.starts_with(R"({"inlineData":)"));
}

}  // namespace

void CandidateWriter::add_signature(const std::string& signature, IsThought thought) {
    if (signature.empty()) { return; }
    if (form_ == AnswerForm::whole && !parts_.empty() && can_take_signature(parts_.back(), thought)) {
        std::string& part = parts_.back();
        part.pop_back();
        part += fmt::format(R"(,"thoughtSignature":{}}})", json_scan::quote(signature));
        return;
    }
    parts_.push_back(text_part("", signature, thought));
}

std::string CandidateWriter::next_signature(const Sealed& own) {
    return write_signature({std::exchange(owed_, {}), own});
}

void CandidateWriter::begin(const answer::PartBegin& begin) {
    open_ = begin;
    text_.clear();
    summary_.clear();
    open_citations_.clear();
    if (begin.kind == PartKind::foreign) { say_foreign(begin.foreign); }
    if (begin.kind != PartKind::media) { return; }
    if (begin.media.data.empty()) {
        settings_.drops.note("media", "the answer gives a file without its bytes");
        return;
    }
    parts_.push_back(inline_part(begin.media, next_signature({})));
}

void CandidateWriter::say_foreign(const part::Foreign& foreign) {
    if (foreign.origin != DialectId::gemini) {
        if (!foreign.carried) { settings_.drops.note(foreign.type, "gemini has no such block"); }
    } else if (std::ranges::find(metadata_types, foreign.type) != metadata_types.end()) {
        metadata_.push_back(foreign);
    } else {
        parts_.push_back(foreign.raw);
    }
}

void CandidateWriter::delta(const answer::Delta& delta) {
    const bool shown = settings_.wishes.show_reasoning;
    switch (delta.kind) {
        case DeltaKind::text:
            text_ += delta.text;
            if (open_.kind == PartKind::tool_call || delta.text.empty()) { return; }
            parts_.push_back(text_part(delta.text, owed_.empty() ? std::string() : next_signature({})));
            return;
        case DeltaKind::reasoning_text:
            text_ += delta.text;
            if (shown) { parts_.push_back(text_part(delta.text, "", IsThought::yes)); }
            return;
        case DeltaKind::summary:
            if (summary_.empty()) { summary_.emplace_back(); }
            summary_.back() += delta.text;
            if (shown) { parts_.push_back(text_part(delta.text, "", IsThought::yes)); }
            return;
        case DeltaKind::summary_break:
            summary_.emplace_back();
            if (shown) { parts_.push_back(text_part("\n\n", "", IsThought::yes)); }
            return;
        case DeltaKind::logprobs: logprobs_.push_back(delta.raw); return;
    }
}

void CandidateWriter::cited(const answer::Cited& cited) {
    open_citations_.push_back(citations_.size());
    citations_.push_back({cited.citation, said_bytes_, {}});
}

void CandidateWriter::say_call(const Sealed& sealed) {
    const Tool* tool = settings_.names.find(open_.call.name);
    const std::string_view name = tool != nullptr ? std::string_view(tool->name) : open_.call.name;
    if (!open_.call.custom && args_object(text_, false).starts_with("{\"_raw_arguments\"")) {
        settings_.drops.note("the arguments of " + open_.call.name, "they are no JSON object: given under a key");
    }
    parts_.push_back(call_part(open_.call.id, name, args_object(text_, open_.call.custom), next_signature(sealed)));
}

void CandidateWriter::end(const answer::PartEnd& end) {
    const bool own = end.sealed.origin == DialectId::gemini;
    if (open_.kind == PartKind::tool_call) { say_call(end.sealed.empty() ? open_.call.sealed : end.sealed); }
    if (open_.kind == PartKind::text || open_.kind == PartKind::refusal) {
        for (const auto index : open_citations_) {
            citations_[index].part_text = text_;
        }
        said_bytes_ += text_.size();
        if (own) { add_signature(end.sealed.data, IsThought::no); }
    }
    if (open_.kind == PartKind::media && own) { add_signature(end.sealed.data, IsThought::no); }
    if (open_.kind == PartKind::reasoning && !end.sealed.empty()) {
        const bool worded = !text_.empty() || !summary_.empty();
        if (own) {
            add_signature(end.sealed.data, worded && !end.redacted ? IsThought::yes : IsThought::no);
        } else {
            owed_.push_back({std::move(summary_), std::move(text_), end.sealed, end.redacted});
        }
    }
    open_ = {};
    text_.clear();
    summary_.clear();
}

void CandidateWriter::close() {
    if (!owed_.empty()) { parts_.push_back(text_part("", next_signature({}))); }
}

void CandidateWriter::write_metadata(JsonWriter& json) const {
    bool grounded = false;
    for (const auto& foreign : metadata_) {
        json.raw_member(foreign.type, foreign.raw);
        grounded = grounded || foreign.type != "urlContextMetadata";
    }
    if (!grounded) { json.raw_member_if("groundingMetadata", grounding_of(citations_)); }
}

JsonText CandidateWriter::take_logprobs() {
    if (logprobs_.empty()) { return {}; }
    return logprobs_result_of(std::exchange(logprobs_, {}));
}

}  // namespace llmgw::wire::gemini
