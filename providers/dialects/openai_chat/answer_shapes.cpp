#include "providers/dialects/openai_chat/answer_shapes.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/util/json_scan.hpp"
#include "providers/dialects/common.hpp"
#include "providers/dialects/openai_chat/request_read.hpp"
#include "providers/dialects/openai_chat/request_write.hpp"

namespace llmgw::wire::chat {

using json_scan::Value;

std::string usage_json(const Usage& usage) {
    const TokenCounts& counts = usage.counts;
    const std::int64_t prompt = counts.prompt_total();
    const std::int64_t completion = counts.output.value_or(0);
    JsonWriter writer;
    writer.begin_object();
    writer.member("prompt_tokens", prompt).member("completion_tokens", completion);
    writer.member("total_tokens", prompt + completion);
    const auto details = [&](std::string_view name, std::initializer_list<std::pair<std::string_view, Tokens>> rows) {
        const bool known = std::ranges::any_of(rows, [](const auto& row) { return row.second.has_value(); });
        if (!known) { return; }
        writer.key(name).begin_object();
        for (const auto& [key, value] : rows) {
            if (value) { writer.member(key, *value); }
        }
        writer.end_object();
    };
    details("prompt_tokens_details", {{"cached_tokens", counts.cache_read},
                                      {"cache_write_tokens", add_tokens(counts.cache_write_5m, counts.cache_write_1h)},
                                      {"audio_tokens", counts.audio_input}});
    details("completion_tokens_details",
            {{"reasoning_tokens", counts.reasoning}, {"audio_tokens", counts.audio_output}});
    return writer.end_object().take();
}

std::string_view finish_word(answer::StopReason reason, bool called, bool refused, bool legacy) {
    using answer::StopReason;
    if (reason == StopReason::max_tokens || reason == StopReason::context_window) { return "length"; }
    if (reason == StopReason::content_filter) { return "content_filter"; }
    if (called) { return legacy ? "function_call" : "tool_calls"; }
    // A refusal in words is an ordinary end of this dialect.
    return reason == StopReason::refusal && !refused ? "content_filter" : "stop";
}

bool write_annotation(const part::Citation& citation, std::int64_t offset, std::int64_t said, JsonWriter& writer) {
    if (citation.url.empty()) { return false; }
    writer.begin_object().member("type", "url_citation").key("url_citation").begin_object();
    writer.member("start_index", offset + citation.begin.value_or(0));
    writer.member("end_index", citation.end ? offset + *citation.end : said);
    writer.member("url", citation.url).member("title", citation.title).member_if("content", citation.cited_text);
    writer.end_object().end_object();
    return true;
}

namespace {

// {token, logProbability} is {token, logprob, bytes}.
void write_gemini_token(const Value& token, JsonWriter& writer) {
    const auto text = json_scan::member(token.text, "token");
    const auto number = json_scan::member(token.text, "logProbability");
    writer.raw_member("token", text ? text->text : R"("")");
    writer.raw_member("logprob", number ? number->text : "0").key("bytes").null();
}

std::string gemini_logprobs(const Value& chosen, const std::optional<Value>& top) {
    std::vector<std::string_view> others;
    if (top) {
        json_scan::each_element(top->text, [&](const Value& place) {
            const auto list = json_scan::member(place.text, "candidates");
            others.push_back(list ? list->text : std::string_view{});
            return true;
        });
    }
    JsonWriter writer;
    writer.begin_object().key("content").begin_array();
    std::size_t place = 0;
    json_scan::each_element(chosen.text, [&](const Value& token) {
        writer.begin_object();
        write_gemini_token(token, writer);
        writer.key("top_logprobs").begin_array();
        json_scan::each_element(place < others.size() ? others[place] : std::string_view{}, [&](const Value& other) {
            writer.begin_object();
            write_gemini_token(other, writer);
            writer.end_object();
            return true;
        });
        writer.end_array().end_object();
        ++place;
        return true;
    });
    writer.end_array().key("refusal").null();
    return writer.end_object().take();
}

}  // namespace

std::string logprobs_json(const JsonText& raw) {
    if (raw.starts_with('[')) {  // Responses has the list alone
        return fmt::format(R"({{"content":{},"refusal":null}})", raw);
    }
    if (const auto chosen = json_scan::member(raw, "chosenCandidates")) {
        return gemini_logprobs(*chosen, json_scan::member(raw, "topCandidates"));
    }
    return raw;
}

std::string one_line(std::string_view json) {
    std::string line(json);
    std::ranges::replace_if(
        line, [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return line;
}

std::string image_address(const part::Media& media) {
    if (media.kind != part::MediaKind::image) { return {}; }
    if (media.data.empty()) { return media.url; }
    return fmt::format("data:{};base64,{}", media.media_type.empty() ? "image/png" : media.media_type, media.data);
}

std::int64_t code_points(std::string_view text) {
    return std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

ClientTools::ClientTools(const ChatRequest* request) {
    if (request == nullptr) { return; }
    names_ = ToolNames(request->tools);
    legacy_ = request->origin == DialectId::openai_chat && std::ranges::any_of(request->tools, [](const Tool& tool) {
                  return tool.kind == ToolKind::function && tool.server_type == legacy_functions;
              });
}

ClientCall ClientTools::find(const part::ToolCall& call) const {
    const Tool* tool = names_.find(call.name);
    ClientCall found;
    // Namespaces have no place here: such a tool keeps its flat name.
    const bool known = tool != nullptr && tool->name_space.empty();
    found.name = known ? tool->name : call.name_space.empty() ? call.name : flat_tool_name(call.name_space, call.name);
    found.custom = call.custom || (tool != nullptr && tool->kind == ToolKind::custom);
    found.bridged = found.custom && !call.custom;
    return found;
}

std::string answer_id(const answer::Begin& begin, const AnswerWishes& wishes) {
    return begin.id.empty() ? "chatcmpl-" + wishes.call_id : begin.id;
}

std::string answer_model(const answer::Begin& begin, const AnswerWishes& wishes) {
    return begin.model.empty() ? wishes.model : begin.model;
}

std::int64_t answer_time(const answer::Begin& begin, const AnswerWishes& wishes) {
    return begin.created_s != 0 ? begin.created_s : wishes.now_s;
}

}  // namespace llmgw::wire::chat
