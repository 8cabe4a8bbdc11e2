#include "tests/e2e/matrix_world.hpp"

#include <csignal>

#include "core/dialect/dialect.hpp"
#include "core/util/sse.hpp"
#include "providers/registry.hpp"
#include "tests/e2e/matrix_converse.hpp"

namespace llmgw::testing::matrix {
namespace {

std::string table(const std::string& name, const std::string& type, const std::string& url, const std::string& more) {
    return "\n[providers." + name + "]\ntype = \"" + type + "\"\nbase_url = \"" + url +
           "\"\napi_key = \"env:LLMGW_TEST_PROVIDER_KEY\"\n" + more;
}

std::string expect_same(const std::string& body, const std::string& sent) {
    return body == sent ? "" : "other bytes than the provider's";
}

}  // namespace

MatrixWorld::MatrixWorld(const std::string& more_config, const std::string& timeouts)
    : world(WorldOptions{.server = "", .timeouts = timeouts, .more = "", .start = false}) {
    const auto url = world.upstream.url() + "/v1";
    const std::string chat = "dialects = [\"openai-chat\"]\n";
    config_ = world.config() + table("chat", "openai", url, chat) +
              table("resp", "openai", url, "dialects = [\"openai-responses\"]\n") +
              "\n[providers.bedrock]\nregion = \"eu-central-1\"\nbase_url = \"" + world.upstream.url() +
              "\"\napi_key = \"env:LLMGW_TEST_PROVIDER_KEY\"\ndialects = [\"bedrock-converse\"]\n" +
              table("deepseek", "deepseek", url, chat) + table("router", "openrouter", url, chat) + more_config;
    world.start_with(config_);
}

void MatrixWorld::restart() {
    world.stop(SIGTERM);
    world.start_with(config_);
}

std::string MatrixWorld::model(DialectId provider) {
    switch (provider) {
        case DialectId::anthropic: return "anthropic/claude-sonnet-4-5";
        case DialectId::openai_chat: return "chat/gpt-5.6";
        case DialectId::openai_responses: return "resp/gpt-5.6";
        case DialectId::ollama_chat:
        case DialectId::gemini: return "gemini/gemini-3-pro-preview";
        case DialectId::bedrock_converse: return "bedrock/eu.anthropic.claude-sonnet-4-5-20250929-v1:0";
        case DialectId::cohere_chat: break;
    }
    return {};
}

Response MatrixWorld::send(const Client& client, const Turn& turn, const Headers& more) {
    return world.gateway().post(client.target(turn.wish), client.body(turn.wish), more);
}

Got MatrixWorld::ask(const Client& client, const Turn& given) {
    Turn turn = given;
    const auto provider = turn.pair.provider;
    if (turn.wish.model.empty()) { turn.wish.model = model(provider); }
    world.upstream.clear();
    world.upstream.handle([turn, provider](const RecordedRequest& request, UpstreamConnection& connection) {
        const auto asked = read_request(provider, request);
        if (turn.before != nullptr) {
            if (const auto fault = seal_fault(provider, request.body, *turn.before); !fault.empty()) {
                connection.reply_json(400, canned::error_body(provider, 400, fault));
                return;
            }
        }
        if (!asked.stream) {
            connection.reply_json(200, whole_answer(provider, turn.answer));
            return;
        }
        provider == DialectId::bedrock_converse ? converse::start(connection) : connection.start_sse();
        for (const auto& event : answer_events(provider, turn.answer, turn.piece_bytes)) {
            connection.chunk(event);
        }
        connection.finish();
    });
    Got got;
    got.response = send(client, turn);
    const auto sent = world.upstream.last();
    if (sent) { got.asked = read_request(provider, *sent); }
    const auto& body = got.response.body;
    if (got.response.status != 200) {
        got.fault = "HTTP " + std::to_string(got.response.status) + ": " + body;
        return got;
    }
    if (const auto dropped = got.response.header("x-llmgw-dropped");
        !dropped.empty() && dropped != turn.may_drop_only && !turn.may_drop) {
        got.fault = "dropped " + dropped;
    }
    if (turn.wish.stream) {
        // Between equals the bytes are the provider's own.
        std::string fault =
            turn.pair.same() ? expect_same(body, canned::joined(answer_events(provider, turn.answer, turn.piece_bytes)))
                             : stream_fault(turn.pair.client, body);
        if (!fault.empty()) { got.fault = fault; }
        got.answer = put_together(turn.pair.client, body);
    } else {
        got.answer = Json::parse(body, nullptr, false);
    }
    if (!got.answer.is_object()) {
        got.fault = "no answer of the dialect: " + body;
        return got;
    }
    got.said = understood(turn.pair.client, got.answer);
    return got;
}

std::string stream_fault(DialectId dialect, const std::string& body) {
    const auto validator = dialects().get(dialect).codec()->stream_validator();
    SseFramer framer;
    for (const auto& sse : framer.feed(body)) {
        if (auto fault = validator->event(sse); !fault.empty()) { return fault + ": " + std::string(sse.data); }
    }
    if (!framer.pending().empty()) { return "bytes after the last whole event"; }
    return validator->end();
}

}  // namespace llmgw::testing::matrix
