#include "providers/dialects/gemini/logprobs.hpp"

#include <optional>

#include "core/util/json_scan.hpp"
#include "core/util/json_writer.hpp"
#include "providers/dialects/gemini/json.hpp"

namespace llmgw::wire::gemini {

using json_scan::Value;

namespace {

struct Token {
    std::string_view token;    // as written, quotes included
    std::string_view logprob;  // as written
    std::string_view others;   // the array of alternatives, "" for none
    bool complete() const { return !token.empty() && !logprob.empty(); }
};

Token read_token(const Value& object, std::string_view logprob_key, std::string_view others_key) {
    Token token;
    each_camel(object.text, [&](std::string_view key, const Value& value) {
        if (key == "token" && value.type == json_scan::Type::string) { token.token = value.text; }
        if (key == logprob_key && value.type == json_scan::Type::number) { token.logprob = value.text; }
        if (key == others_key && value.is_array()) { token.others = value.text; }
        return true;
    });
    return token;
}

std::vector<Token> read_tokens(std::string_view list, std::string_view logprob_key, std::string_view others_key) {
    std::vector<Token> tokens;
    if (list.empty()) { return tokens; }
    json_scan::each_element(list, [&](const Value& element) {
        tokens.push_back(read_token(element, logprob_key, others_key));
        return true;
    });
    return tokens;
}

}  // namespace

JsonText logprobs_from(std::string_view logprobs_result) {
    std::string_view chosen;
    std::vector<std::string_view> top;
    each_camel(logprobs_result, [&](std::string_view key, const Value& value) {
        if (key == "chosenCandidates" && value.is_array()) { chosen = value.text; }
        if (key == "topCandidates" && value.is_array()) {
            json_scan::each_element(value.text, [&](const Value& step) {
                const auto list = json_scan::member(step.text, "candidates");
                top.push_back(list && list->is_array() ? list->text : std::string_view{});
                return true;
            });
        }
        return true;
    });
    const auto tokens = read_tokens(chosen, "logProbability", "");
    if (tokens.empty()) { return {}; }
    JsonWriter json;
    json.begin_object().key("content").begin_array();
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (!tokens[i].complete()) { continue; }
        json.begin_object().raw_member("token", tokens[i].token).raw_member("logprob", tokens[i].logprob);
        json.key("bytes").null().key("top_logprobs").begin_array();
        for (const auto& other : read_tokens(i < top.size() ? top[i] : std::string_view{}, "logProbability", "")) {
            if (!other.complete()) { continue; }
            json.begin_object().raw_member("token", other.token).raw_member("logprob", other.logprob);
            json.key("bytes").null().end_object();
        }
        json.end_array().end_object();
    }
    return json.end_array().end_object().take();
}

JsonText logprobs_result_of(const std::vector<JsonText>& logprobs) {
    JsonWriter chosen;
    JsonWriter top;
    chosen.begin_array();
    top.begin_array();
    bool any = false;
    bool alternatives = false;
    for (const auto& raw : logprobs) {
        std::string_view list = raw;
        if (const auto content = json_scan::member(raw, "content")) { list = content->text; }
        for (const auto& token : read_tokens(list, "logprob", "topLogprobs")) {
            if (!token.complete()) { continue; }
            any = true;
            chosen.begin_object()
                .raw_member("token", token.token)
                .raw_member("logProbability", token.logprob)
                .end_object();
            top.begin_object().key("candidates").begin_array();
            for (const auto& other : read_tokens(token.others, "logprob", "")) {
                if (!other.complete()) { continue; }
                alternatives = true;
                top.begin_object().raw_member("token", other.token);
                top.raw_member("logProbability", other.logprob).end_object();
            }
            top.end_array().end_object();
        }
    }
    if (!any) { return {}; }
    JsonWriter json;
    json.begin_object().raw_member("chosenCandidates", chosen.end_array().text());
    if (alternatives) { json.raw_member("topCandidates", top.end_array().text()); }
    return json.end_object().take();
}

}  // namespace llmgw::wire::gemini
