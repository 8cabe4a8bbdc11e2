#include "core/dialect/whole_answer.hpp"

#include <map>
#include <utility>

namespace llmgw {
namespace {

// More candidates than any provider gives; a wire that claims more is broken.
constexpr int candidates_max = 128;

template <class... Visitors>
struct Overload : Visitors... {
    using Visitors::operator()...;
};

void add_delta(AnswerPart& part, const answer::Delta& delta) {
    switch (delta.kind) {
        case answer::DeltaKind::text:
        case answer::DeltaKind::reasoning_text: part.text += delta.text; break;
        case answer::DeltaKind::summary:
            if (part.summary.empty()) { part.summary.emplace_back(); }
            part.summary.back() += delta.text;
            break;
        case answer::DeltaKind::summary_break: part.summary.emplace_back(); break;
        case answer::DeltaKind::logprobs: part.logprobs.push_back(delta.raw); break;
    }
}

void say_part(const AnswerPart& part, std::vector<AnswerEvent>& out) {
    const int candidate = part.begin.candidate;
    using answer::Delta;
    using answer::DeltaKind;
    out.emplace_back(part.begin);
    const bool reasoning = part.begin.kind == answer::PartKind::reasoning;
    if (!part.text.empty()) {
        out.emplace_back(Delta{reasoning ? DeltaKind::reasoning_text : DeltaKind::text, candidate, part.text, {}});
    }
    for (std::size_t i = 0; i < part.summary.size(); ++i) {
        if (i > 0) { out.emplace_back(Delta{DeltaKind::summary_break, candidate, {}, {}}); }
        out.emplace_back(Delta{DeltaKind::summary, candidate, part.summary[i], {}});
    }
    for (const auto& raw : part.logprobs) {
        out.emplace_back(Delta{DeltaKind::logprobs, candidate, {}, raw});
    }
    for (const auto& citation : part.citations) {
        out.emplace_back(answer::Cited{candidate, citation});
    }
    out.emplace_back(answer::PartEnd{candidate, part.sealed, part.redacted});
}

}  // namespace

AnswerCandidate& AnswerAssembler::at(int candidate) {
    const auto index = static_cast<std::size_t>(candidate < 0 || candidate >= candidates_max ? 0 : candidate);
    if (answer_.candidates.size() <= index) { answer_.candidates.resize(index + 1); }
    return answer_.candidates[index];
}

const AnswerPart* AnswerAssembler::last_part(int candidate) const {
    const auto index = static_cast<std::size_t>(candidate);
    if (index >= answer_.candidates.size() || answer_.candidates[index].parts.empty()) { return nullptr; }
    return &answer_.candidates[index].parts.back();
}

void AnswerAssembler::add(const AnswerEvent& event) {
    const auto part_of = [&](int candidate) -> AnswerPart* {
        auto& parts = at(candidate).parts;
        return parts.empty() ? nullptr : &parts.back();
    };
    std::visit(Overload{
                   [&](const answer::Begin& begin) { answer_.begin = begin; },
                   [&](const answer::PartBegin& begin) {
                       AnswerPart part;
                       part.begin = begin;
                       at(begin.candidate).parts.push_back(std::move(part));
                   },
                   [&](const answer::Delta& delta) {
                       if (auto* part = part_of(delta.candidate)) { add_delta(*part, delta); }
                   },
                   [&](const answer::Cited& cited) {
                       if (auto* part = part_of(cited.candidate)) { part->citations.push_back(cited.citation); }
                   },
                   [&](const answer::PartEnd& end) {
                       if (auto* part = part_of(end.candidate)) {
                           part->sealed = end.sealed;
                           part->redacted = end.redacted;
                       }
                   },
                   [&](const answer::UsageSeen& seen) { answer_.usage = seen.usage; },
                   [&](const answer::Finish& finish) { at(finish.candidate).finish = finish; },
                   [&](const answer::Failed& failed) { answer_.error = failed.error; },
                   [](const answer::End&) {},
               },
               event);
}

WholeAnswer assemble(const std::vector<AnswerEvent>& events) {
    AnswerAssembler assembler;
    for (const auto& event : events) {
        assembler.add(event);
    }
    return assembler.answer();
}

std::vector<AnswerEvent> to_events(const WholeAnswer& answer) {
    std::vector<AnswerEvent> out;
    out.emplace_back(answer.begin);
    for (const auto& candidate : answer.candidates) {
        for (const auto& part : candidate.parts) {
            say_part(part, out);
        }
    }
    if (answer.usage) { out.emplace_back(answer::UsageSeen{*answer.usage}); }
    if (answer.error) {
        out.emplace_back(answer::Failed{*answer.error});
    } else {
        for (const auto& candidate : answer.candidates) {
            if (candidate.finish) { out.emplace_back(*candidate.finish); }
        }
    }
    out.emplace_back(answer::End{});
    return out;
}

std::string grammar_fault(const std::vector<AnswerEvent>& events) {
    std::map<int, answer::PartKind> open;
    bool begun = false;
    bool ended = false;
    bool closing = false;
    std::string fault;
    const auto in_part = [&](int candidate, const char* what) {
        if (!open.contains(candidate)) { fault = std::string(what) + " outside a part"; }
    };
    for (std::size_t i = 0; i < events.size() && fault.empty(); ++i) {
        const auto& event = events[i];
        if (ended) { return "an event after End"; }
        if (!begun && !std::holds_alternative<answer::Begin>(event) && !std::holds_alternative<answer::Failed>(event) &&
            !std::holds_alternative<answer::End>(event)) {
            return "an event before Begin";
        }
        std::visit(Overload{
                       [&](const answer::Begin&) {
                           if (begun) { fault = "a second Begin"; }
                           begun = true;
                       },
                       [&](const answer::PartBegin& begin) {
                           if (closing) { fault = "a part after Finish or Failed"; }
                           if (!open.emplace(begin.candidate, begin.kind).second) { fault = "a part inside a part"; }
                       },
                       [&](const answer::Delta& delta) {
                           in_part(delta.candidate, "a delta");
                           if (!fault.empty()) { return; }
                           const bool reasoning = open[delta.candidate] == answer::PartKind::reasoning;
                           const bool plain =
                               delta.kind == answer::DeltaKind::text || delta.kind == answer::DeltaKind::logprobs;
                           if (reasoning == plain) { fault = "a delta of another kind than its part"; }
                       },
                       [&](const answer::Cited& cited) { in_part(cited.candidate, "a citation"); },
                       [&](const answer::PartEnd& end) {
                           in_part(end.candidate, "PartEnd");
                           open.erase(end.candidate);
                       },
                       [&](const answer::UsageSeen&) {},
                       [&](const answer::Finish& finish) {
                           if (open.contains(finish.candidate)) { fault = "Finish inside a part"; }
                           closing = true;
                       },
                       [&](const answer::Failed&) { closing = true; },
                       [&](const answer::End&) { ended = true; },
                   },
                   event);
        if (!fault.empty()) { return fault + " (event " + std::to_string(i) + ")"; }
    }
    if (ended && !closing) { return "End without Finish or Failed"; }
    return {};
}

}  // namespace llmgw
