#include "providers/dialects/openai_chat/candidate_reader.hpp"

#include <utility>

#include "core/util/base64.hpp"
#include "providers/dialects/common.hpp"
#include "providers/dialects/openai_chat/request_read.hpp"

namespace llmgw::wire::chat {

using json_scan::Type;
using json_scan::Value;

void ObjectProgress::feed(std::string_view piece) {
    for (const char c : piece) {
        if (in_string_) {
            if (escaped_) {
                escaped_ = false;
            } else if (c == '\\') {
                escaped_ = true;
            } else if (c == '"') {
                in_string_ = false;
            }
        } else if (c == '"') {
            in_string_ = true;
        } else if (c == '{' || c == '[') {
            ++depth_;
            seen_ = true;
        } else if (c == '}' || c == ']') {
            --depth_;
        }
    }
}

// ------------------------------------------------------------------------------------------------- parts

void CandidateReader::open_part(Open kind, std::vector<AnswerEvent>& out) {
    if (open_ == kind) { return; }
    end_part(out);
    if (kind != Open::reasoning) { say_seals(out); }
    answer::PartBegin begin;
    begin.candidate = candidate_;
    begin.kind = kind == Open::text        ? answer::PartKind::text
                 : kind == Open::reasoning ? answer::PartKind::reasoning
                                           : answer::PartKind::refusal;
    out.emplace_back(std::move(begin));
    open_ = kind;
}

void CandidateReader::end_part(std::vector<AnswerEvent>& out) {
    if (open_ == Open::none) { return; }
    answer::PartEnd end;
    end.candidate = candidate_;
    if (open_ == Open::reasoning) {
        end.sealed.data = std::exchange(details_, {}).sealed_json();
    } else if (open_ == Open::text) {
        end.sealed.data = std::exchange(message_seal_, {});
    } else if (open_ == Open::call) {
        end.sealed = calls_[current_].call.sealed;
        ++current_;
    }
    if (!end.sealed.data.empty()) { end.sealed.origin = DialectId::openai_chat; }
    out.emplace_back(std::move(end));
    open_ = Open::none;
}

// Sealed reasoning of which no word was shown.
void CandidateReader::say_seals(std::vector<AnswerEvent>& out) {
    say_sealed(std::exchange(details_, {}).sealed_json(), out);
}

void CandidateReader::say_sealed(std::string data, std::vector<AnswerEvent>& out) {
    if (data.empty()) { return; }
    answer::PartBegin begin;
    begin.candidate = candidate_;
    begin.kind = answer::PartKind::reasoning;
    out.emplace_back(std::move(begin));
    out.emplace_back(answer::PartEnd{candidate_, {DialectId::openai_chat, std::move(data), {}}, true});
}

// A part without deltas.
void CandidateReader::whole_part(answer::PartBegin begin, std::vector<AnswerEvent>& out) {
    if (calls_wait()) { release(out); }
    end_part(out);
    say_seals(out);
    begin.candidate = candidate_;
    out.emplace_back(std::move(begin));
    out.emplace_back(answer::PartEnd{candidate_, {}, false});
}

void CandidateReader::say(Open kind, std::string text, std::vector<AnswerEvent>& out) {
    if (text.empty()) { return; }
    if (calls_wait()) {
        // Behind a call that is whole there is room; otherwise the text waits for the call's end.
        const bool last = current_ + 1 == calls_.size();
        if (open_ != Open::call || !last || !calls_[current_].progress.complete()) {
            late_.push_back({kind, std::move(text)});
            return;
        }
        end_part(out);
    }
    say_late(out);
    open_part(kind, out);
    const auto delta = kind == Open::reasoning ? answer::DeltaKind::reasoning_text : answer::DeltaKind::text;
    out.emplace_back(answer::Delta{delta, candidate_, std::move(text), {}});
}

void CandidateReader::release(std::vector<AnswerEvent>& out) {
    for (auto& piece : thoughts_.finish()) {
        say(piece.thought ? Open::reasoning : Open::text, std::move(piece.text), out);
    }
    while (calls_wait()) {
        Call& call = calls_[current_];
        if (call.call.name.empty()) {  // never said what to call
            ++current_;
            continue;
        }
        if (!call.begun) { begin_call(call, out); }
        if (current_ + 1 == calls_.size() && late_.empty()) { break; }
        end_part(out);
    }
    if (!calls_wait()) { say_late(out); }
}

void CandidateReader::say_late(std::vector<AnswerEvent>& out) {
    for (auto& late : std::exchange(late_, {})) {
        say(late.kind, std::move(late.text), out);
    }
}

void CandidateReader::close(std::vector<AnswerEvent>& out) {
    release(out);
    end_part(out);
    say_seals(out);
    say_sealed(std::exchange(message_seal_, {}), out);
    if (!audio_.empty()) {
        answer::PartBegin begin;
        begin.kind = answer::PartKind::media;
        begin.media.kind = part::MediaKind::audio;
        begin.media.origin = DialectId::openai_chat;
        begin.media.data = base64(std::exchange(audio_, {}));
        whole_part(std::move(begin), out);
    }
}

// ------------------------------------------------------------------------------------------------- messages

void CandidateReader::take(const Value& message, std::string_view answer_id, std::vector<AnswerEvent>& out) {
    std::optional<Value> content;
    std::optional<Value> refusal;
    std::optional<Value> calls;
    std::optional<Value> function;
    std::optional<Value> annotations;
    std::optional<Value> images;
    std::optional<Value> audio;
    std::optional<Value> executed;
    std::string_view details;
    std::string reasoning;
    json_scan::each_member(message.text, [&](std::string_view key, const Value& value) {
        if (value.type == Type::null) { return true; }
        if (key == "content") {
            content = value;
        } else if (key == "reasoning_content" || key == "reasoning") {
            // Hosts in transition send the same text under both names.
            if (reasoning.empty()) { reasoning = reasoning_.take(value); }
            reasoned_ = reasoned_ || !reasoning.empty();
        } else if (key == "reasoning_details" && value.is_array()) {
            details = value.text;
        } else if (key == "refusal") {
            refusal = value;
        } else if (key == "tool_calls" && value.is_array()) {
            calls = value;
        } else if (key == "function_call" && value.is_object()) {
            function = value;
        } else if (key == "annotations" && value.is_array()) {
            annotations = value;
        } else if (key == "images" && value.is_array()) {
            images = value;
        } else if (key == "audio" && value.is_object()) {
            audio = value;
        } else if (key == "executed_tools" && value.is_array()) {
            executed = value;
        } else if (key == "extra_content" && value.is_object()) {
            message_seal_ = value.text;
        }
        return true;
    });
    if (!details.empty()) {
        if (reasoning.empty() && !reasoned_) { reasoning = details_text(details); }
        details_.add(details);
    }
    say(Open::reasoning, std::move(reasoning), out);
    if (executed) {
        answer::PartBegin begin;
        begin.kind = answer::PartKind::foreign;
        begin.foreign = {DialectId::openai_chat, "executed_tools", JsonText(executed->text), {}, false};
        whole_part(std::move(begin), out);
    }
    if (content) { take_content(*content, out); }
    if (annotations) {
        json_scan::each_element(annotations->text, [&](const Value& value) {
            if (const auto citation = read_annotation(value)) {
                if (!calls_wait()) { open_part(Open::text, out); }
                cite(*citation, out);
            }
            return true;
        });
    }
    if (refusal) {
        refused_ = refused_ || is_present(*refusal);
        say(Open::refusal, refusal_.take(*refusal), out);
    }
    if (images) { take_images(*images, out); }
    if (audio) { take_audio(*audio, out); }
    if (function) { take_function_call(*function, answer_id, out); }
    if (calls) { take_calls(*calls, answer_id, out); }
}

void CandidateReader::take_content(const Value& content, std::vector<AnswerEvent>& out) {
    if (content.type == Type::string) { return take_text(content_.take(content), out); }
    // Mistral: {type: thinking, thinking: [{type: text, text}]} and {type: text, text}
    json_scan::each_element(content.text, [&](const Value& part) {
        if (auto plain = part.as_string()) {
            take_text(std::move(*plain), out);
            return true;
        }
        if (!part.is_object()) { return true; }
        if (const auto text = json_scan::member(part.text, "text")) { take_text(content_.take(*text), out); }
        if (const auto thinking = json_scan::member(part.text, "thinking")) {
            if (auto whole = thinking->as_string()) { say(Open::reasoning, std::move(*whole), out); }
            json_scan::each_element(thinking->text, [&](const Value& piece) {
                if (const auto text = json_scan::member(piece.text, "text")) {
                    say(Open::reasoning, reasoning_.take(*text), out);
                }
                return true;
            });
        }
        return true;
    });
}

void CandidateReader::take_text(std::string text, std::vector<AnswerEvent>& out) {
    if (!think_tags_) { return say(Open::text, std::move(text), out); }
    for (auto& piece : thoughts_.feed(text)) {
        say(piece.thought ? Open::reasoning : Open::text, std::move(piece.text), out);
    }
}

void CandidateReader::take_images(const Value& images, std::vector<AnswerEvent>& out) {
    json_scan::each_element(images.text, [&](const Value& image) {
        const auto url = json_scan::at(image.text, {"image_url", "url"});
        if (!url) { return true; }
        answer::PartBegin begin;
        begin.kind = answer::PartKind::media;
        begin.media.origin = DialectId::openai_chat;
        set_address(begin.media, string_or_empty(*url));
        whole_part(std::move(begin), out);
        return true;
    });
}

// Its words are text. Its sound comes in pieces that are base64 each for themselves, and is one part at the end.
void CandidateReader::take_audio(const Value& audio, std::vector<AnswerEvent>& out) {
    if (const auto transcript = json_scan::member(audio.text, "transcript")) {
        say(Open::text, string_or_empty(*transcript), out);
    }
    if (const auto data = json_scan::member(audio.text, "data")) {
        if (auto bytes = base64_decode(data->raw_string())) { audio_ += *bytes; }
    }
}

void CandidateReader::take_logprobs(const Value& logprobs, std::vector<AnswerEvent>& out) {
    if (open_ != Open::text && open_ != Open::refusal) { return; }
    bool said = false;
    json_scan::each_member(logprobs.text, [&](std::string_view, const Value& list) {
        said = said || (list.is_array() && json_scan::each_element(list.text, [](const Value&) { return false; }) &&
                        list.text.find('{') != std::string_view::npos);
        return true;
    });
    if (said) { out.emplace_back(answer::Delta{answer::DeltaKind::logprobs, candidate_, {}, JsonText(logprobs.text)}); }
}

void CandidateReader::cite(const part::Citation& citation, std::vector<AnswerEvent>& out) {
    if (open_ == Open::text) { out.emplace_back(answer::Cited{candidate_, citation}); }
}

}  // namespace llmgw::wire::chat
