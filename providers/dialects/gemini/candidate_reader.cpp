#include "providers/dialects/gemini/candidate_reader.hpp"

#include <utility>

#include "providers/dialects/gemini/json.hpp"
#include "providers/dialects/gemini/logprobs.hpp"
#include "providers/dialects/gemini/signature.hpp"

namespace llmgw::wire::gemini {

using answer::DeltaKind;
using answer::PartKind;
using json_scan::Type;
using json_scan::Value;

struct CandidateReader::PartMembers {
    std::string_view raw;
    std::optional<Value> text;
    bool thought = false;
    std::string signature;
    std::string kind;
    Value data;
};

void CandidateReader::open(answer::PartBegin begin, std::vector<AnswerEvent>& out) {
    close_part(out);
    begin.candidate = index_;
    open_ = begin.kind;
    if (begin.kind == PartKind::text) { said_.open_start = said_.text.size(); }
    out.emplace_back(std::move(begin));
}

void CandidateReader::say(DeltaKind kind, std::string text, std::vector<AnswerEvent>& out) {
    if (!text.empty()) { out.emplace_back(answer::Delta{kind, index_, std::move(text), {}}); }
}

// What came with a text stands after it, as reasoning without words: that is how the other dialects can carry it to
// the next turn.
void CandidateReader::close_part(std::vector<AnswerEvent>& out) {
    if (!open_) { return; }
    if (partial_) {
        say(DeltaKind::text, partial_->text(), out);
        partial_.reset();
    }
    open_.reset();
    out.emplace_back(answer::PartEnd{index_, std::exchange(sealed_, {}), false});
    if (!text_signature_.empty()) { say_signature(std::exchange(text_signature_, {}), out); }
}

void CandidateReader::say_signature(std::string signature, std::vector<AnswerEvent>& out) {
    answer::PartBegin begin;
    begin.kind = PartKind::reasoning;
    begin.candidate = index_;
    out.emplace_back(std::move(begin));
    out.emplace_back(answer::PartEnd{index_, Sealed{DialectId::gemini, std::move(signature), {}}, true});
}

void CandidateReader::say_text(const PartMembers& part, std::vector<AnswerEvent>& out) {
    std::string text = part.text->as_string().value_or("");
    if (!part.signature.empty() && (!text_signature_.empty() || (text.empty() && open_ != PartKind::text))) {
        // A second one for the same text, or one with nothing to stand behind.
        close_part(out);
        if (text.empty()) {
            say_signature(part.signature, out);
            return;
        }
    }
    if (!text.empty()) {
        if (open_ != PartKind::text) {
            answer::PartBegin begin;
            begin.kind = PartKind::text;
            open(std::move(begin), out);
        }
        said_.text += text;
        say(DeltaKind::text, std::move(text), out);
    }
    if (!part.signature.empty()) { text_signature_ = part.signature; }
}

void CandidateReader::say_thought(const PartMembers& part, std::vector<AnswerEvent>& out) {
    std::string text = part.text->as_string().value_or("");
    const bool second = !part.signature.empty() && !sealed_.empty();
    if (open_ != PartKind::reasoning || second) {
        if (text.empty() && part.signature.empty()) { return; }
        answer::PartBegin begin;
        begin.kind = PartKind::reasoning;
        open(std::move(begin), out);
    }
    say(DeltaKind::summary, std::move(text), out);
    if (!part.signature.empty()) { sealed_ = Sealed{DialectId::gemini, part.signature, {}}; }
}

void CandidateReader::say_call(const PartMembers& part, std::vector<AnswerEvent>& out) {
    answer::PartBegin begin;
    begin.kind = PartKind::tool_call;
    std::string_view args;
    std::optional<Value> pieces;
    bool goes_on = false;
    each_camel(part.data.text, [&](std::string_view key, const Value& value) {
        if (key == "id") { begin.call.id = value.as_string().value_or(""); }
        if (key == "name") { begin.call.name = value.as_string().value_or(""); }
        if (key == "args" && value.is_object()) { args = value.text; }
        if (key == "partialArgs") { pieces = value; }
        if (key == "willContinue") { goes_on = value.as_bool().value_or(false); }
        return true;
    });
    if (!begin.call.name.empty()) {
        if (begin.call.id.empty()) { begin.call.id = made_call_id(ids_.calls, ids_.seed + "\n" + begin.call.name); }
        begin.call.id = ids_.unique.take(std::move(begin.call.id));
        ++ids_.calls;
        said_call_ = true;
        Sealed sealed;
        if (!part.signature.empty()) { sealed = {DialectId::gemini, part.signature, {}}; }
        begin.call.sealed = sealed;
        open(std::move(begin), out);
        sealed_ = std::move(sealed);
        say(DeltaKind::text, std::string(args), out);
        if (args.empty() && (goes_on || pieces)) { partial_.emplace(); }
    }
    if (open_ != PartKind::tool_call) { return; }
    if (partial_ && pieces) { partial_->add(*pieces); }
    if (!goes_on) { close_part(out); }
}

void CandidateReader::say_media(const PartMembers& part, std::vector<AnswerEvent>& out) {
    answer::PartBegin begin;
    begin.kind = PartKind::media;
    begin.media.origin = DialectId::gemini;
    each_camel(part.data.text, [&](std::string_view key, const Value& value) {
        if (key == "mimeType") { begin.media.media_type = value.as_string().value_or(""); }
        if (key == "data") { begin.media.data = value.as_string().value_or(""); }
        if (key == "fileUri") { begin.media.url = value.as_string().value_or(""); }
        return true;
    });
    const std::string_view type = begin.media.media_type;
    begin.media.kind = type.starts_with("audio/")   ? part::MediaKind::audio
                       : type.starts_with("video/") ? part::MediaKind::video
                       : type.starts_with("image/") ? part::MediaKind::image
                                                    : part::MediaKind::document;
    open(std::move(begin), out);
    close_part(out);
    if (!part.signature.empty()) { say_signature(part.signature, out); }
}

void CandidateReader::say_foreign(std::string type, std::string_view raw, std::vector<AnswerEvent>& out) {
    answer::PartBegin begin;
    begin.kind = PartKind::foreign;
    begin.foreign = part::Foreign{DialectId::gemini, std::move(type), std::string(raw), {}};
    open(std::move(begin), out);
    close_part(out);
}

void CandidateReader::read_part(const Value& part, std::vector<AnswerEvent>& out) {
    PartMembers members;
    members.raw = part.text;
    each_camel(part.text, [&](std::string_view key, const Value& value) {
        if (value.type == Type::null) { return true; }
        if (key == "text") {
            members.text = value;
        } else if (key == "thought") {
            members.thought = value.as_bool().value_or(false);
        } else if (key == "thoughtSignature") {
            members.signature = value.as_string().value_or("");
        } else {
            members.kind = key;
            members.data = value;
        }
        return true;
    });
    said_.part_starts.push_back(said_.text.size());
    if (members.kind == "functionCall") { return say_call(members, out); }
    if (members.kind == "inlineData" || members.kind == "fileData") { return say_media(members, out); }
    if (!members.kind.empty()) { return say_foreign(members.kind, members.raw, out); }
    if (!members.text) { return; }
    members.thought ? say_thought(members, out) : say_text(members, out);
}

void CandidateReader::read(std::string_view candidate, std::vector<AnswerEvent>& out) {
    std::string_view logprobs;
    each_camel(candidate, [&](std::string_view key, const Value& value) {
        if (key == "content" && value.is_object()) {
            if (const auto parts = json_scan::member(value.text, "parts")) {
                each_of(*parts, [&](const Value& part) {
                    if (part.is_object()) { read_part(part, out); }
                    return true;
                });
            }
        }
        if (key == "finishReason" && value.type == Type::string) { finish_reason_ = value.raw_string(); }
        if (key == "finishMessage") { finish_message_ = value.as_string().value_or(""); }
        // Said whole, and in the end at the latest: the last one that says something holds.
        const bool something = value.is_object() && value.text.find(':') != std::string_view::npos;
        if (key == "groundingMetadata" && something) { grounding_ = value.text; }
        if (key == "citationMetadata" && something) { sources_ = value.text; }
        if (key == "urlContextMetadata" && something) { url_context_ = value.text; }
        if (key == "logprobsResult" && something) { logprobs = value.text; }
        return true;
    });
    if (open_ == PartKind::text && !logprobs.empty()) {
        if (auto raw = logprobs_from(logprobs); !raw.empty()) {
            out.emplace_back(answer::Delta{DeltaKind::logprobs, index_, {}, std::move(raw)});
        }
    }
}

void CandidateReader::cite(std::vector<AnswerEvent>& out) {
    if (open_ != PartKind::text) { return; }
    const auto say_all = [&](std::vector<part::Citation> citations) {
        for (auto& citation : citations) {
            out.emplace_back(answer::Cited{index_, std::move(citation)});
        }
    };
    if (!grounding_.empty()) { say_all(citations_of_grounding(grounding_, said_)); }
    if (!sources_.empty()) { say_all(citations_of_sources(sources_, said_)); }
}

void CandidateReader::close(std::vector<AnswerEvent>& out) {
    cite(out);
    close_part(out);
    // Searches made, what to show with them: only this dialect has a place for it.
    if (!grounding_.empty()) { say_foreign("groundingMetadata", std::exchange(grounding_, {}), out); }
    if (!sources_.empty()) { say_foreign("citationMetadata", std::exchange(sources_, {}), out); }
    if (!url_context_.empty()) { say_foreign("urlContextMetadata", std::exchange(url_context_, {}), out); }
}

}  // namespace llmgw::wire::gemini
