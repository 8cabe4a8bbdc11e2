#include "cli/ask_request.hpp"

#include <array>

#include <nlohmann/json.hpp>

#include "core/util/url.hpp"

namespace llmgw {
namespace {

using nlohmann::ordered_json;

constexpr std::int64_t default_max_tokens = 4096;
constexpr std::array<DialectId, 4> preference{DialectId::anthropic, DialectId::openai_chat, DialectId::gemini,
                                              DialectId::openai_responses};

DialectId first_spoken(const Provider& provider) {
    for (const auto dialect : preference) {
        if (provider.speaks(dialect)) { return dialect; }
    }
    return DialectId::openai_chat;
}

}  // namespace

DialectId dialect_for(std::string_view model, const std::vector<Provider>& providers) {
    const auto prefix = model.substr(0, model.find('/'));
    for (const auto& provider : providers) {
        if (prefix.size() < model.size() && provider.name == prefix) { return first_spoken(provider); }
    }
    for (const auto& provider : providers) {
        for (const auto& listed : provider.models) {
            if (listed == model) { return first_spoken(provider); }
        }
    }
    if (model.starts_with("claude")) { return DialectId::anthropic; }
    if (model.starts_with("gemini") || model.starts_with("gemma")) { return DialectId::gemini; }
    return DialectId::openai_chat;
}

AskRequest ask_request(DialectId dialect, const AskInput& input) {
    AskRequest request;
    ordered_json body;
    switch (dialect) {
        case DialectId::anthropic:
            request.path = "/v1/messages";
            body["model"] = input.model;
            body["max_tokens"] = input.max_tokens > 0 ? input.max_tokens : default_max_tokens;
            if (!input.system.empty()) { body["system"] = input.system; }
            body["messages"] = {{{"role", "user"}, {"content", input.prompt}}};
            break;
        case DialectId::gemini:
            request.path = "/v1beta/models/" + percent_encode(input.model, "/") +
                           (input.stream ? ":streamGenerateContent?alt=sse" : ":generateContent");
            if (!input.system.empty()) { body["systemInstruction"] = {{"parts", {{{"text", input.system}}}}}; }
            body["contents"] = {{{"role", "user"}, {"parts", {{{"text", input.prompt}}}}}};
            if (input.max_tokens > 0) { body["generationConfig"]["maxOutputTokens"] = input.max_tokens; }
            break;
        case DialectId::openai_responses:
            request.path = "/v1/responses";
            body["model"] = input.model;
            if (!input.system.empty()) { body["instructions"] = input.system; }
            body["input"] = input.prompt;
            body["store"] = false;
            if (input.max_tokens > 0) { body["max_output_tokens"] = input.max_tokens; }
            break;
        case DialectId::openai_chat:
            request.path = "/v1/chat/completions";
            body["model"] = input.model;
            body["messages"] = ordered_json::array();
            if (!input.system.empty()) { body["messages"].push_back({{"role", "system"}, {"content", input.system}}); }
            body["messages"].push_back({{"role", "user"}, {"content", input.prompt}});
            if (input.max_tokens > 0) { body["max_completion_tokens"] = input.max_tokens; }
            break;
    }
    if (input.stream && dialect != DialectId::gemini) { body["stream"] = true; }
    request.body = body.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
    return request;
}

}  // namespace llmgw
