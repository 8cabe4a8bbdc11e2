#include <algorithm>
#include <deque>
#include <utility>

#include "core/dialect/whole_answer.hpp"
#include "providers/dialects/gemini/candidate_writer.hpp"
#include "providers/dialects/gemini/codec.hpp"
#include "providers/dialects/gemini/gemini.hpp"
#include "providers/dialects/gemini/stop_words.hpp"
#include "providers/dialects/gemini/times.hpp"
#include "providers/dialects/gemini/usage_encode.hpp"

namespace llmgw::wire::gemini {

namespace {

constexpr int candidates_max = 128;

template <class... Visitors>
struct Overload : Visitors... {
    using Visitors::operator()...;
};

ToolNames names_of(const AnswerWishes& wishes) {
    return wishes.request != nullptr ? ToolNames(wishes.request->tools) : ToolNames();
}

// The members after `candidates`, the same in every datum.
void write_frame(const answer::Begin& begin, const AnswerWishes& wishes, JsonWriter& json) {
    json.member("modelVersion", begin.model.empty() ? wishes.model : begin.model);
    if (begin.created_s != 0) { json.member("createTime", rfc3339_of(begin.created_s)); }
    json.member("responseId", begin.id.empty() ? wishes.call_id : begin.id);
}

void write_content(const std::vector<std::string>& parts, JsonWriter& json) {
    json.key("content").begin_object().key("parts").begin_array();
    for (const auto& part : parts) {
        json.raw(part);
    }
    json.end_array().member("role", "model").end_object();
}

void write_finish(const answer::Finish& finish, Drops& drops, JsonWriter& json) {
    // A word of this dialect's own stays, as long as it says what the reason says.
    const bool own = !finish.word.empty() && is_stop_word(finish.word);
    const bool calls = finish.reason == answer::StopReason::tool_use && finish.word == "STOP";
    const bool as_written = calls || (own && stop_word(finish.word).reason == finish.reason);
    json.member("finishReason", as_written ? std::string_view(finish.word) : word_of(finish.reason));
    json.member_if("finishMessage", finish.message);
    if (!finish.stop_sequence.empty()) { drops.note("stop_sequence", "gemini does not say which one it was"); }
}

class GeminiStreamWriter final : public AnswerEncoder {
public:
    GeminiStreamWriter(const Gemini& dialect, const AnswerWishes& wishes, Drops& drops)
        : dialect_(dialect), wishes_(wishes), settings_{wishes_, drops, names_of(wishes)} {}

    void encode(const AnswerEvent& event, std::string& out) override;

private:
    CandidateWriter& at(int candidate);
    // A datum with what the candidate has said by now, if anything.
    void flush(int candidate, std::string& out);
    void write_end(std::string& out);
    void write_datum(std::string_view candidates, std::string_view usage, std::string& out);

    const Gemini& dialect_;
    AnswerWishes wishes_;
    AnswerSettings settings_;
    std::string frame_;  // from the comma on
    std::deque<CandidateWriter> candidates_;
    std::vector<answer::Finish> finishes_;
    JsonText usage_;
    bool over_ = false;
};

CandidateWriter& GeminiStreamWriter::at(int candidate) {
    const auto index = static_cast<std::size_t>(std::clamp(candidate, 0, candidates_max - 1));
    while (candidates_.size() <= index) {
        candidates_.emplace_back(settings_, AnswerForm::stream);
    }
    return candidates_[index];
}

void GeminiStreamWriter::write_datum(std::string_view candidates, std::string_view usage, std::string& out) {
    if (frame_.empty()) {
        JsonWriter json;
        write_frame({}, wishes_, json.begin_object());
        frame_ = "," + json.end_object().take().substr(1);
    }
    const std::size_t start = out.size();
    out += "data: {\"candidates\":[";
    out += candidates;
    out += ']';
    if (!usage.empty()) { out.append(",\"usageMetadata\":").append(usage); }
    out += frame_;
    // Arguments come as their provider wrote them. A line end in them is white space, and would end the event's line.
    for (auto at = out.find_first_of("\r\n", start); at != std::string::npos; at = out.find_first_of("\r\n", at)) {
        out[at] = ' ';
    }
    out += "\r\n\r\n";
}

void GeminiStreamWriter::flush(int candidate, std::string& out) {
    CandidateWriter& writer = at(candidate);
    const JsonText logprobs = writer.take_logprobs();
    if (!writer.has_parts() && logprobs.empty()) { return; }
    JsonWriter json;
    json.begin_object();
    if (writer.has_parts()) { write_content(writer.take_parts(), json); }
    json.member("index", candidate).raw_member_if("logprobsResult", logprobs).end_object();
    write_datum(json.text(), "", out);
}

// All candidates' ends in one datum, with the numbers.
void GeminiStreamWriter::write_end(std::string& out) {
    JsonWriter json;
    std::string list;
    for (const auto& finish : finishes_) {
        CandidateWriter& writer = at(finish.candidate);
        writer.close();
        std::vector<std::string> parts = writer.take_parts();
        if (parts.empty()) { parts.push_back(text_part("")); }
        JsonWriter one;
        one.begin_object();
        write_content(parts, one);
        write_finish(finish, settings_.drops, one);
        one.member("index", finish.candidate);
        writer.write_metadata(one);
        list += (list.empty() ? "" : ",") + one.end_object().take();
    }
    write_datum(list, usage_, out);
}

void GeminiStreamWriter::encode(const AnswerEvent& event, std::string& out) {
    if (over_) { return; }
    std::visit(Overload{
                   [&](const answer::Begin& begin) {
                       JsonWriter json;
                       write_frame(begin, wishes_, json.begin_object());
                       frame_ = "," + json.end_object().take().substr(1);
                   },
                   [&](const answer::PartBegin& begin) {
                       at(begin.candidate).begin(begin);
                       flush(begin.candidate, out);
                   },
                   [&](const answer::Delta& delta) {
                       at(delta.candidate).delta(delta);
                       flush(delta.candidate, out);
                   },
                   [&](const answer::Cited& cited) { at(cited.candidate).cited(cited); },
                   [&](const answer::PartEnd& end) {
                       at(end.candidate).end(end);
                       flush(end.candidate, out);
                   },
                   [&](const answer::UsageSeen& seen) { usage_ = usage_metadata(seen.usage); },
                   // Kept for the last datum: the usage may still come.
                   [&](const answer::Finish& finish) { finishes_.push_back(finish); },
                   [&](const answer::Failed& failed) {
                       over_ = true;
                       out += dialect_.encode_stream_error(failed.error, {});
                   },
                   [&](const answer::End&) {
                       over_ = true;
                       write_end(out);
                   },
               },
               event);
}

}  // namespace

std::unique_ptr<AnswerEncoder> GeminiCodec::answer_encoder(const AnswerWishes& wishes, Drops& drops) const {
    return std::make_unique<GeminiStreamWriter>(dialect_, wishes, drops);
}

std::string GeminiCodec::encode_answer(const std::vector<AnswerEvent>& events, const AnswerWishes& wishes,
                                       Drops& drops) const {
    const WholeAnswer answer = assemble(events);
    const AnswerSettings settings{wishes, drops, names_of(wishes)};
    std::deque<CandidateWriter> writers;
    for (std::size_t i = 0; i < answer.candidates.size(); ++i) {
        writers.emplace_back(settings, AnswerForm::whole);
    }
    // Each part's text in one piece.
    for (const auto& event : to_events(answer)) {
        if (const auto* begin = std::get_if<answer::PartBegin>(&event)) {
            writers.at(static_cast<std::size_t>(begin->candidate)).begin(*begin);
        } else if (const auto* delta = std::get_if<answer::Delta>(&event)) {
            writers.at(static_cast<std::size_t>(delta->candidate)).delta(*delta);
        } else if (const auto* cited = std::get_if<answer::Cited>(&event)) {
            writers.at(static_cast<std::size_t>(cited->candidate)).cited(*cited);
        } else if (const auto* end = std::get_if<answer::PartEnd>(&event)) {
            writers.at(static_cast<std::size_t>(end->candidate)).end(*end);
        }
    }
    JsonWriter json;
    json.begin_object().key("candidates").begin_array();
    for (std::size_t i = 0; i < writers.size(); ++i) {
        writers[i].close();
        json.begin_object();
        write_content(writers[i].take_parts(), json);
        if (const auto& finish = answer.candidates[i].finish) { write_finish(*finish, drops, json); }
        json.member("index", static_cast<std::int64_t>(i)).raw_member_if("logprobsResult", writers[i].take_logprobs());
        writers[i].write_metadata(json);
        json.end_object();
    }
    json.end_array();
    if (answer.usage) { json.raw_member("usageMetadata", usage_metadata(*answer.usage)); }
    write_frame(answer.begin, wishes, json);
    return json.end_object().take();
}

}  // namespace llmgw::wire::gemini
