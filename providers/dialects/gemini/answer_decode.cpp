// generateContent's answer, whole or as a stream: each datum of a stream is an answer with new parts.
#include <chrono>
#include <deque>

#include <fmt/format.h>

#include "core/util/json_valid.hpp"
#include "providers/dialects/error_body.hpp"
#include "providers/dialects/gemini/candidate_reader.hpp"
#include "providers/dialects/gemini/codec.hpp"
#include "providers/dialects/gemini/gemini.hpp"
#include "providers/dialects/gemini/json.hpp"
#include "providers/dialects/gemini/stop_words.hpp"
#include "providers/dialects/gemini/times.hpp"

namespace llmgw::wire::gemini {

using json_scan::Type;
using json_scan::Value;

namespace {

constexpr int candidates_max = 128;

struct Datum {
    std::vector<std::string_view> candidates;
    std::string_view usage;
    std::string_view feedback;
    std::string id;
    std::string model;
    std::int64_t created_s = 0;
    std::optional<Value> error;
    bool known = false;  // it has at least one member of an answer
};

Datum read_datum(std::string_view json) {
    Datum datum;
    each_camel(json, [&](std::string_view key, const Value& value) {
        if (value.type == Type::null) { return true; }
        if (key == "candidates" && value.is_array()) {
            json_scan::each_element(value.text, [&](const Value& candidate) {
                if (candidate.is_object()) { datum.candidates.push_back(candidate.text); }
                return true;
            });
        } else if (key == "usageMetadata" && value.is_object()) {
            datum.usage = value.text;
        } else if (key == "promptFeedback" && value.is_object()) {
            datum.feedback = value.text;
        } else if (key == "responseId") {
            datum.id = value.as_string().value_or("");
        } else if (key == "modelVersion") {
            datum.model = value.as_string().value_or("");
            if (datum.model.starts_with("models/")) { datum.model.erase(0, 7); }
        } else if (key == "createTime") {
            datum.created_s = seconds_of(value.as_string().value_or(""));
        } else if (key == "error") {
            datum.error = value;
        } else {
            return true;
        }
        datum.known = true;
        return true;
    });
    return datum;
}

class GeminiAnswer final : public AnswerDecoder {
public:
    explicit GeminiAnswer(const Gemini& dialect) : dialect_(dialect) {}

    void decode(const SseEvent& sse, std::vector<AnswerEvent>& out) override {
        if (!sse.comment_only && is_json(sse.data)) { read(sse.data, out); }
    }

    // Closing the connection is the only end this dialect has: it is one when a reason to stop was given.
    void finish(std::vector<AnswerEvent>& out) override { end(out, Ending::stream); }

    enum class Ending { stream, whole };
    // False when the text is no answer of this dialect.
    bool read(std::string_view json, std::vector<AnswerEvent>& out);
    void end(std::vector<AnswerEvent>& out, Ending ending);

private:
    void fail(ApiError error, std::vector<AnswerEvent>& out);
    CandidateReader& candidate(int index);
    answer::Finish finish_of(const CandidateReader& reader) const;
    bool say_spoiled(std::vector<AnswerEvent>& out);

    const Gemini& dialect_;
    CallIds ids_;
    std::deque<CandidateReader> candidates_;
    std::string usage_;       // the last one, as written
    std::string usage_said_;  // the one said so far
    std::string block_reason_;
    std::string block_message_;
    bool begun_ = false;
    bool failed_ = false;
    bool ended_ = false;
};

CandidateReader& GeminiAnswer::candidate(int index) {
    for (auto& reader : candidates_) {
        if (reader.index() == index) { return reader; }
    }
    return candidates_.emplace_back(index, ids_);
}

void GeminiAnswer::fail(ApiError error, std::vector<AnswerEvent>& out) {
    for (auto& reader : candidates_) {
        reader.close(out);
    }
    failed_ = true;
    out.emplace_back(answer::Failed{std::move(error)});
}

bool GeminiAnswer::read(std::string_view json, std::vector<AnswerEvent>& out) {
    if (failed_) { return true; }
    const Datum datum = read_datum(json);
    if (!datum.known) { return false; }
    if (datum.error) {
        fail(error_inside(*datum.error), out);
        return true;
    }
    if (!begun_) {
        begun_ = true;
        // Without an id the first datum, with its numbers, tells one answer from another.
        ids_.seed = datum.id.empty() ? std::string(json) : datum.id;
        out.emplace_back(answer::Begin{datum.id, datum.model, datum.created_s});
    }
    for (const auto text : datum.candidates) {
        const auto index = json_scan::member(text, "index");
        const auto number = index ? whole_number(*index).value_or(0) : 0;
        if (number >= 0 && number < candidates_max) { candidate(static_cast<int>(number)).read(text, out); }
    }
    if (!datum.feedback.empty()) {
        each_camel(datum.feedback, [&](std::string_view key, const Value& value) {
            if (key == "blockReason") { block_reason_ = value.as_string().value_or(""); }
            if (key == "blockReasonMessage") { block_message_ = value.as_string().value_or(""); }
            return true;
        });
    }
    if (!datum.usage.empty()) {
        usage_ = datum.usage;
        // Once early, for dialects that begin with it; the last one is said at the end.
        if (usage_said_.empty() && json_scan::member(usage_, "promptTokenCount")) {
            usage_said_ = usage_;
            out.emplace_back(answer::UsageSeen{dialect_.decode_usage(usage_)});
        }
    }
    return true;
}

answer::Finish GeminiAnswer::finish_of(const CandidateReader& reader) const {
    const StopWord stop = stop_word(reader.finish_reason());
    answer::Finish finish{stop.reason, reader.index(), reader.finish_reason(), {}, reader.finish_message()};
    if (stop.reason == answer::StopReason::end_turn && reader.said_call()) {
        finish.reason = answer::StopReason::tool_use;
    }
    return finish;
}

// A turn that broke on its own call ends like a success on the wire. To an agent that would be the end of its work.
bool GeminiAnswer::say_spoiled(std::vector<AnswerEvent>& out) {
    if (candidates_.size() != 1) { return false; }
    const CandidateReader& reader = candidates_.front();
    if (!stop_word(reader.finish_reason()).spoiled || reader.said_call()) { return false; }
    ApiError error;
    error.status = default_status(ErrorClass::server);
    error.error_class = ErrorClass::server;
    error.message = fmt::format("The model's answer was unusable ({}).", reader.finish_reason());
    if (!reader.finish_message().empty()) { error.message += " " + reader.finish_message(); }
    failed_ = true;
    out.emplace_back(answer::Failed{std::move(error)});
    return true;
}

void GeminiAnswer::end(std::vector<AnswerEvent>& out, Ending ending) {
    if (ended_) { return; }
    ended_ = true;
    if (failed_) {
        out.emplace_back(answer::End{});
        return;
    }
    bool reason = !block_reason_.empty() || (ending == Ending::whole && begun_);
    for (const auto& reader : candidates_) {
        reason = reason || !reader.finish_reason().empty();
    }
    if (!reason) { return; }
    for (auto& reader : candidates_) {
        reader.close(out);
    }
    if (usage_ != usage_said_) { out.emplace_back(answer::UsageSeen{dialect_.decode_usage(usage_)}); }
    if (!say_spoiled(out)) {
        for (const auto& reader : candidates_) {
            out.emplace_back(finish_of(reader));
        }
        if (candidates_.empty()) {
            const auto why = block_reason_.empty() ? answer::StopReason::other : answer::StopReason::content_filter;
            out.emplace_back(answer::Finish{why, 0, block_reason_, {}, block_message_});
        }
    }
    out.emplace_back(answer::End{});
}

}  // namespace

std::unique_ptr<AnswerDecoder> GeminiCodec::answer_decoder() const {
    return std::make_unique<GeminiAnswer>(dialect_);
}

// Without alt=sse a streamed answer is an array of what would have been the stream's data.
bool GeminiCodec::decode_answer(std::string_view body, std::vector<AnswerEvent>& out) const {
    if (!is_json(body)) { return false; }
    GeminiAnswer answer(dialect_);
    bool good = true;
    bool any = false;
    const bool is_array = json_scan::each_element(body, [&](const Value& element) {
        any = true;
        good = answer.read(element.text, out) && good;
        return good;
    });
    if (!is_array && !any) { any = good = answer.read(body, out); }
    if (!good || !any) { return false; }
    answer.end(out, GeminiAnswer::Ending::whole);
    return true;
}

}  // namespace llmgw::wire::gemini
