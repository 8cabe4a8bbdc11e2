#include "tests/support/answer_text.hpp"

#include <fmt/format.h>

#include "core/util/json_scan.hpp"
#include "tests/support/dialect_text.hpp"

namespace llmgw::test {

using json_scan::quote;

namespace {

template <class... Visitors>
struct Overload : Visitors... {
    using Visitors::operator()...;
};

// " name=value" for what was said.
class Line {
public:
    explicit Line(std::string_view head) : text_(head) {}

    Line& add(std::string_view name, std::string_view value) {
        if (!value.empty()) { text_ += fmt::format(" {}={}", name, quote(value)); }
        return *this;
    }
    Line& json(std::string_view name, std::string_view value) {
        if (!value.empty()) { text_ += fmt::format(" {}={}", name, value); }
        return *this;
    }
    Line& flag(std::string_view name, bool value) {
        if (value) { text_ += fmt::format(" {}", name); }
        return *this;
    }
    Line& flag(std::string_view name, std::optional<bool> value) {
        if (value) { text_ += fmt::format(" {}={}", name, *value); }
        return *this;
    }
    Line& number(std::string_view name, std::optional<std::int64_t> value) {
        if (value) { text_ += fmt::format(" {}={}", name, *value); }
        return *this;
    }
    Line& sealed(const Sealed& value) {
        if (value.empty()) { return *this; }
        text_ += fmt::format(" sealed={}:{}", to_string(value.origin), quote(value.data));
        return add("sealed_id", value.item_id);
    }
    Line& cache(const std::optional<CacheMark>& mark) {
        if (mark) { text_ += fmt::format(" cache={}", quote(mark->ttl)); }
        return *this;
    }
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

std::string_view word(part::MediaKind kind) {
    switch (kind) {
        case part::MediaKind::image: return "image";
        case part::MediaKind::document: return "document";
        case part::MediaKind::audio: return "audio";
        case part::MediaKind::video: return "video";
    }
    return "?";
}

std::string_view word(Role role) {
    switch (role) {
        case Role::system: return "system";
        case Role::developer: return "developer";
        case Role::user: return "user";
        case Role::assistant: return "assistant";
    }
    return "?";
}

std::string_view word(ToolChoiceMode mode) {
    switch (mode) {
        case ToolChoiceMode::unset: return "";
        case ToolChoiceMode::automatic: return "automatic";
        case ToolChoiceMode::none: return "none";
        case ToolChoiceMode::required: return "required";
        case ToolChoiceMode::named: return "named";
    }
    return "?";
}

std::string_view word(FormatKind kind) {
    switch (kind) {
        case FormatKind::unset: return "";
        case FormatKind::text: return "text";
        case FormatKind::json_object: return "json_object";
        case FormatKind::json_schema: return "json_schema";
    }
    return "?";
}

std::string_view word(answer::PartKind kind) {
    switch (kind) {
        case answer::PartKind::text: return "text";
        case answer::PartKind::reasoning: return "reasoning";
        case answer::PartKind::tool_call: return "tool_call";
        case answer::PartKind::refusal: return "refusal";
        case answer::PartKind::media: return "media";
        case answer::PartKind::foreign: return "foreign";
    }
    return "?";
}

std::string_view word(answer::DeltaKind kind) {
    switch (kind) {
        case answer::DeltaKind::text: return "text";
        case answer::DeltaKind::reasoning_text: return "reasoning_text";
        case answer::DeltaKind::summary: return "summary";
        case answer::DeltaKind::summary_break: return "summary_break";
        case answer::DeltaKind::logprobs: return "logprobs";
    }
    return "?";
}

std::string_view word(answer::StopReason reason) {
    switch (reason) {
        case answer::StopReason::end_turn: return "end_turn";
        case answer::StopReason::stop_sequence: return "stop_sequence";
        case answer::StopReason::max_tokens: return "max_tokens";
        case answer::StopReason::context_window: return "context_window";
        case answer::StopReason::tool_use: return "tool_use";
        case answer::StopReason::refusal: return "refusal";
        case answer::StopReason::content_filter: return "content_filter";
        case answer::StopReason::pause: return "pause";
        case answer::StopReason::other: return "other";
    }
    return "?";
}

std::string citation_text(const part::Citation& citation) {
    return Line("citation")
        .add("url", citation.url)
        .add("title", citation.title)
        .add("cited_text", citation.cited_text)
        .number("begin", citation.begin)
        .number("end", citation.end)
        .json("raw", citation.raw)
        .text();
}

void add_media(Line& line, const part::Media& media) {
    line.add("type", media.media_type)
        .add("data", media.data)
        .add("url", media.url)
        .add("file_id", media.file_id)
        .add("name", media.name)
        .add("context", media.context)
        .add("detail", media.detail)
        .flag("citations", media.citations)
        .cache(media.cache);
}

void add_call(Line& line, const part::ToolCall& call) {
    line.add("id", call.id)
        .add("name", call.name)
        .add("name_space", call.name_space)
        .add("arguments", call.arguments)
        .flag("custom", call.custom)
        .sealed(call.sealed)
        .add("item_id", call.item_id)
        .cache(call.cache);
}

void say_part(const Part& part, const std::string& indent, std::string& out) {
    const auto say = [&](const Line& line) { out += indent + line.text() + "\n"; };
    std::visit(
        Overload{
            [&](const part::Text& text) {
                say(Line("text " + quote(text.text)).add("phase", text.phase).sealed(text.sealed).cache(text.cache));
                for (const auto& citation : text.citations) {
                    out += indent + "  " + citation_text(citation) + "\n";
                }
            },
            [&](const part::Media& media) {
                Line line(word(media.kind));
                add_media(line, media);
                say(line);
            },
            [&](const part::ToolCall& call) {
                Line line("tool_call");
                add_call(line, call);
                say(line);
            },
            [&](const part::ToolResult& result) {
                say(Line("tool_result")
                        .add("call_id", result.call_id)
                        .add("name", result.name)
                        .json("object", result.object)
                        .flag("error", result.is_error)
                        .flag("custom", result.custom)
                        .add("item_id", result.item_id)
                        .cache(result.cache));
                for (const auto& inner : result.content) {
                    say_part(inner, indent + "  ", out);
                }
            },
            [&](const part::Reasoning& reasoning) {
                Line line("reasoning");
                for (const auto& summary : reasoning.summary) {
                    line.add("summary", summary);
                }
                say(line.add("text", reasoning.text).flag("redacted", reasoning.redacted).sealed(reasoning.sealed));
            },
            [&](const part::Refusal& refusal) { say(Line("refusal " + quote(refusal.text))); },
            [&](const part::Foreign& foreign) {
                say(Line("foreign")
                        .add("origin", to_string(foreign.origin))
                        .add("type", foreign.type)
                        .json("raw", foreign.raw)
                        .cache(foreign.cache));
            },
        },
        part);
}

std::string tool_text(const Tool& tool) {
    const char* kind = tool.kind == ToolKind::function ? "function"
                       : tool.kind == ToolKind::custom ? "custom"
                                                       : "server";
    return Line(std::string("tool ") + kind)
        .add("name", tool.name)
        .add("name_space", tool.name_space)
        .add("description", tool.description)
        .json("parameters", tool.parameters)
        .flag("strict", tool.strict)
        .json("format", tool.format)
        .flag("defer_loading", tool.defer_loading)
        .add("server_type", tool.server_type)
        .json("raw", tool.raw)
        .cache(tool.cache)
        .text();
}

std::string sampling_text(const Sampling& sampling) {
    Line line("sampling");
    line.json("temperature", sampling.temperature)
        .json("top_p", sampling.top_p)
        .json("top_k", sampling.top_k)
        .json("seed", sampling.seed)
        .json("presence_penalty", sampling.presence_penalty)
        .json("frequency_penalty", sampling.frequency_penalty)
        .flag("logprobs", sampling.logprobs)
        .json("top_logprobs", sampling.top_logprobs)
        .json("logit_bias", sampling.logit_bias)
        .number("candidates", sampling.candidates);
    for (const auto& stop : sampling.stop) {
        line.add("stop", stop);
    }
    return line.text();
}

std::string tool_choice_text(const ToolChoice& choice) {
    Line line("tool_choice");
    line.add("mode", word(choice.mode)).add("name", choice.name);
    for (const auto& name : choice.allowed) {
        line.add("allowed", name);
    }
    return line.flag("parallel", choice.parallel).text();
}

std::string format_text(const AnswerFormat& format) {
    return Line("format")
        .add("kind", word(format.kind))
        .add("name", format.name)
        .add("description", format.description)
        .json("schema", format.schema)
        .flag("strict", format.strict)
        .text();
}

std::string reasoning_text(const ReasoningWish& wish) {
    return Line("reasoning_wish")
        .flag("enabled", wish.enabled)
        .flag("adaptive", wish.adaptive)
        .number("budget_tokens", wish.budget_tokens)
        .add("effort", wish.effort)
        .flag("show", wish.show)
        .add("summary", wish.summary)
        .text();
}

void add_finish(Line& line, const answer::Finish& finish) {
    line.add("reason", word(finish.reason))
        .add("word", finish.word)
        .add("stop_sequence", finish.stop_sequence)
        .add("message", finish.message);
}

// " @1" for candidates other than the first.
std::string at(int candidate) {
    return candidate == 0 ? std::string() : fmt::format(" @{}", candidate);
}

std::string part_begin_text(const answer::PartBegin& begin) {
    Line line(fmt::format("part {}{}", word(begin.kind), at(begin.candidate)));
    line.add("phase", begin.phase).add("item_id", begin.item_id);
    if (begin.kind == answer::PartKind::tool_call) { add_call(line, begin.call); }
    if (begin.kind == answer::PartKind::media) {
        line.add("media", word(begin.media.kind));
        add_media(line, begin.media);
    }
    if (begin.kind == answer::PartKind::foreign) {
        line.add("foreign", begin.foreign.type).json("raw", begin.foreign.raw);
    }
    return line.text();
}

}  // namespace

std::string request_text(const ChatRequest& request) {
    std::string out = Line(fmt::format("request {}", to_string(request.origin)))
                          .add("model", request.model)
                          .flag("stream", request.stream)
                          .flag("stream_usage", request.stream_usage)
                          .number("max_tokens", request.max_tokens)
                          .add("verbosity", request.verbosity)
                          .add("user_id", request.user_id)
                          .add("service_tier", request.service_tier)
                          .add("prompt_cache_key", request.prompt_cache_key)
                          .cache(request.cache_all)
                          .flag("store", request.store)
                          .add("previous_response_id", request.previous_response_id)
                          .flag("wants_sealed", request.wants_sealed)
                          .text() +
                      "\n";
    // A line that says nothing but its own name is left out.
    const auto say = [&](std::string line) {
        if (line.find(' ') != std::string::npos) { out += line + "\n"; }
    };
    say(sampling_text(request.sampling));
    say(reasoning_text(request.reasoning));
    say(tool_choice_text(request.tool_choice));
    say(format_text(request.format));
    for (const auto& [key, value] : request.metadata) {
        out += fmt::format("metadata {}={}\n", quote(key), quote(value));
    }
    for (const auto& [path, value] : request.extras) {
        out += fmt::format("extra {}={}\n", path, value);
    }
    for (const auto& tool : request.tools) {
        out += tool_text(tool) + "\n";
    }
    for (const auto& message : request.messages) {
        out += Line(word(message.role)).add("name", message.name).add("item_id", message.item_id).text() + "\n";
        for (const auto& part : message.parts) {
            say_part(part, "  ", out);
        }
    }
    return out;
}

std::string event_text(const AnswerEvent& event) {
    return std::visit(
        Overload{
            [](const answer::Begin& begin) {
                Line line("begin");
                line.add("id", begin.id).add("model", begin.model);
                if (begin.created_s != 0) { line.number("created_s", begin.created_s); }
                return line.text();
            },
            [](const answer::PartBegin& begin) { return part_begin_text(begin); },
            [](const answer::Delta& delta) {
                std::string text = fmt::format("{}{}", word(delta.kind), at(delta.candidate));
                if (delta.kind == answer::DeltaKind::logprobs) { return text + " " + delta.raw; }
                if (delta.kind == answer::DeltaKind::summary_break) { return text; }
                return text + " " + quote(delta.text);
            },
            [](const answer::Cited& cited) { return citation_text(cited.citation) + at(cited.candidate); },
            [](const answer::PartEnd& end) {
                return Line("end_part" + at(end.candidate)).flag("redacted", end.redacted).sealed(end.sealed).text();
            },
            [](const answer::UsageSeen& seen) { return "usage" + text_of(seen.usage); },
            [](const answer::Finish& finish) {
                Line line("finish" + at(finish.candidate));
                add_finish(line, finish);
                return line.text();
            },
            [](const answer::Failed& failed) { return "failed" + text_of(failed.error); },
            [](const answer::End&) { return std::string("end"); },
        },
        event);
}

std::string events_text(const std::vector<AnswerEvent>& events) {
    std::string out;
    for (const auto& event : events) {
        out += event_text(event) + "\n";
    }
    return out;
}

std::string whole_text(const WholeAnswer& answer) {
    std::string out = event_text(answer.begin) + "\n";
    for (const auto& candidate : answer.candidates) {
        for (const auto& part : candidate.parts) {
            out += part_begin_text(part.begin) + "\n";
            if (!part.text.empty()) { out += "  text " + quote(part.text) + "\n"; }
            for (const auto& summary : part.summary) {
                out += "  summary " + quote(summary) + "\n";
            }
            for (const auto& citation : part.citations) {
                out += "  " + citation_text(citation) + "\n";
            }
            for (const auto& raw : part.logprobs) {
                out += "  logprobs " + raw + "\n";
            }
            if (part.redacted || !part.sealed.empty()) {
                out += Line(" ").flag("redacted", part.redacted).sealed(part.sealed).text() + "\n";
            }
        }
        if (candidate.finish) { out += event_text(*candidate.finish) + "\n"; }
    }
    if (answer.usage) { out += "usage" + text_of(*answer.usage) + "\n"; }
    if (answer.error) { out += "failed" + text_of(*answer.error) + "\n"; }
    return out;
}

std::string drops_text(const Drops& drops) {
    std::string out;
    for (const auto& drop : drops.all()) {
        out += drop.field + ": " + drop.reason + "\n";
    }
    return out;
}

std::vector<AnswerEvent> read_answer(const Codec& codec, std::string_view stream, std::size_t piece_bytes,
                                     std::size_t first_bytes) {
    std::vector<AnswerEvent> events;
    SseFramer framer;
    const auto decoder = codec.answer_decoder();
    std::size_t at = 0;
    while (at < stream.size()) {
        const std::size_t size = at == 0 && first_bytes != 0 ? first_bytes : piece_bytes;
        // A copy of its own for each piece, so that a view that outlives its call is seen by the sanitizers.
        const std::string piece(stream.substr(at, size));
        for (const auto& sse : framer.feed(piece)) {
            decoder->decode(sse, events);
        }
        at += piece.size();
    }
    SseEvent tail;
    if (framer.finish(tail)) { decoder->decode(tail, events); }
    decoder->finish(events);
    return events;
}

std::string stream_fault(const Codec& codec, std::string_view stream) {
    const auto validator = codec.stream_validator();
    SseFramer framer;
    const std::string bytes(stream);
    for (const auto& sse : framer.feed(bytes)) {
        if (auto fault = validator->event(sse); !fault.empty()) { return fault + ": " + std::string(sse.data); }
    }
    if (!framer.pending().empty()) { return "bytes after the last whole event"; }
    return validator->end();
}

std::string write_answer(const Codec& codec, const std::vector<AnswerEvent>& events, const AnswerWishes& wishes,
                         Drops& drops) {
    std::string out;
    const auto encoder = codec.answer_encoder(wishes, drops);
    for (const auto& event : events) {
        encoder->encode(event, out);
    }
    return out;
}

}  // namespace llmgw::test
