#include "tests/e2e/matrix_errors.hpp"

#include "tests/e2e/matrix_converse.hpp"

namespace llmgw::testing::matrix {
namespace {

enum class Trouble { key, rate, overloaded, server, too_long, bad, no_model, no_money };

struct ErrorAnswer {
    int status = 0;
    std::string body;
    Headers headers;
};

Json openai_error(const std::string& message, const Json& type, const Json& code) {
    return {{"error", {{"message", message}, {"type", type}, {"param", nullptr}, {"code", code}}}};
}

ErrorAnswer anthropic_error(Trouble trouble) {
    const auto make = [](int status, const char* type, const std::string& message, Headers more = {}) {
        more.emplace_back("request-id", "req_011matrix");
        const Json body{
            {"type", "error"}, {"error", {{"type", type}, {"message", message}}}, {"request_id", "req_011matrix"}};
        return ErrorAnswer{status, body.dump(), std::move(more)};
    };
    switch (trouble) {
        case Trouble::key: return make(401, "authentication_error", "invalid x-api-key");
        case Trouble::rate:
            return make(429, "rate_limit_error", "This request would exceed your rate limit", {{"retry-after", "7"}});
        case Trouble::overloaded: return make(529, "overloaded_error", "Overloaded");
        case Trouble::server: return make(500, "api_error", "Internal server error");
        case Trouble::too_long:
            return make(400, "invalid_request_error", "prompt is too long: 210021 tokens > 200000 maximum");
        case Trouble::bad: return make(400, "invalid_request_error", "max_tokens: must be positive");
        case Trouble::no_model: return make(404, "not_found_error", "model: claude-none");
        case Trouble::no_money:
            return make(400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API.");
    }
    return {};
}

ErrorAnswer openai_error_answer(Trouble trouble) {
    const auto make = [](int status, const Json& body, Headers more = {}) {
        more.emplace_back("x-request-id", "req_011matrix");
        return ErrorAnswer{status, body.dump(), std::move(more)};
    };
    switch (trouble) {
        case Trouble::key:
            return make(401, openai_error("Incorrect API key provided: sk-ab*****cdef.", "invalid_request_error",
                                          "invalid_api_key"));
        case Trouble::rate:
            return make(429, openai_error("Rate limit reached for gpt-5-mini", "requests", "rate_limit_exceeded"),
                        {{"retry-after", "7"}});
        case Trouble::overloaded:
            return make(503, openai_error("The engine is currently overloaded", "server_error", nullptr));
        case Trouble::server: return make(500, openai_error("The server had an error", "server_error", nullptr));
        case Trouble::too_long:
            return make(400, openai_error("This model's maximum context length is 128000 tokens.",
                                          "invalid_request_error", "context_length_exceeded"));
        case Trouble::bad:
            return make(400, openai_error("Invalid value: 'x'.", "invalid_request_error", "invalid_value"));
        case Trouble::no_model:
            return make(
                404, openai_error("The model `gpt-none` does not exist", "invalid_request_error", "model_not_found"));
        case Trouble::no_money:
            return make(429,
                        openai_error("You exceeded your current quota", "insufficient_quota", "insufficient_quota"));
    }
    return {};
}

ErrorAnswer gemini_error(Trouble trouble) {
    const auto make = [](int status, const char* name, const std::string& message, const Json& details = {}) {
        Json body{{"error", {{"code", status}, {"message", message}, {"status", name}}}};
        if (!details.is_null()) { body["error"]["details"] = Json::array({details}); }
        return ErrorAnswer{status, body.dump(), {}};
    };
    switch (trouble) {
        case Trouble::key:
            return make(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.",
                        {{"@type", "type.googleapis.com/google.rpc.ErrorInfo"}, {"reason", "API_KEY_INVALID"}});
        case Trouble::rate:
            return make(429, "RESOURCE_EXHAUSTED", "Quota exceeded for requests per minute",
                        {{"@type", "type.googleapis.com/google.rpc.RetryInfo"}, {"retryDelay", "7s"}});
        case Trouble::overloaded: return make(503, "UNAVAILABLE", "The model is overloaded.");
        case Trouble::server: return make(500, "INTERNAL", "An internal error has occurred.");
        case Trouble::too_long:
            return make(400, "INVALID_ARGUMENT",
                        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).");
        case Trouble::bad: return make(400, "INVALID_ARGUMENT", "Invalid value at 'contents'");
        case Trouble::no_model: return make(404, "NOT_FOUND", "models/gemini-none is not found");
        case Trouble::no_money:
            return make(429, "RESOURCE_EXHAUSTED",
                        "You exceeded your current quota, please check your plan and billing details.");
    }
    return {};
}

ErrorAnswer converse_error(Trouble trouble) {
    const auto make = [](int status, const std::string& type, const std::string& message, Headers more = {}) {
        more.emplace_back("x-amzn-ErrorType", type + ":http://internal.amazon.com/coral/com.amazon.bedrock/");
        more.emplace_back("x-amzn-RequestId", "req_011matrix");
        return ErrorAnswer{status, Json{{"message", message}}.dump(), std::move(more)};
    };
    switch (trouble) {
        case Trouble::key:
            return make(403, "UnrecognizedClientException", "The security token included in the request is invalid.");
        case Trouble::rate:
            return make(429, "ThrottlingException", "Too many requests, please wait.", {{"retry-after", "7"}});
        case Trouble::overloaded: return make(503, "ServiceUnavailableException", "Bedrock is unable to process it.");
        case Trouble::server: return make(500, "InternalServerException", "The system encountered an error.");
        case Trouble::too_long: return make(400, "ValidationException", "Input is too long for requested model.");
        case Trouble::bad: return make(400, "ValidationException", "The number of stop sequences is too high.");
        case Trouble::no_model:
            return make(404, "ResourceNotFoundException", "The provided model identifier is not found.");
        case Trouble::no_money:
            return make(403, "AccessDeniedException",
                        "INVALID_PAYMENT_INSTRUMENT: A valid payment instrument must be "
                        "provided.");
    }
    return {};
}

ErrorAnswer error_of(DialectId provider, Trouble trouble) {
    switch (provider) {
        case DialectId::anthropic: return anthropic_error(trouble);
        case DialectId::gemini: return gemini_error(trouble);
        case DialectId::bedrock_converse: return converse_error(trouble);
        default: return openai_error_answer(trouble);
    }
}

// What a client of the dialect must be able to tell it by: its status and the word it looks at.
struct Wanted {
    int status = 0;
    std::string word;
};

Wanted wanted(DialectId client, Trouble trouble) {
    const bool anthropic = client == DialectId::anthropic;
    const bool gemini = client == DialectId::gemini;
    const auto pick = [&](const char* a, const char* o, const char* g) -> std::string {
        return anthropic ? a : gemini ? g : o;
    };
    switch (trouble) {
        case Trouble::key: return {403, pick("permission_error", "", "PERMISSION_DENIED")};
        case Trouble::rate: return {429, pick("rate_limit_error", "rate_limit", "RESOURCE_EXHAUSTED")};
        case Trouble::overloaded: return {anthropic ? 529 : 503, pick("overloaded_error", "", "UNAVAILABLE")};
        case Trouble::server: return {500, pick("api_error", "server_error", "INTERNAL")};
        case Trouble::too_long: return {400, pick("prompt is too long", "context_length_exceeded", "INVALID_ARGUMENT")};
        case Trouble::bad: return {400, pick("invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT")};
        case Trouble::no_model: return {404, pick("not_found_error", "model_not_found", "NOT_FOUND")};
        case Trouble::no_money:
            return {anthropic ? 402 : 429, pick("billing_error", "insufficient_quota", "RESOURCE_EXHAUSTED")};
    }
    return {};
}

std::string check_error(MatrixWorld& bench, Pair pair, Trouble trouble, bool stream) {
    const auto error = error_of(pair.provider, trouble);
    bench.world.upstream.handle([error](const RecordedRequest&, UpstreamConnection& connection) {
        auto headers = error.headers;
        headers.emplace_back("content-type", "application/json");
        connection.reply(error.status, headers, error.body);
    });
    Client client(pair.client);
    client.say("Hello");
    const auto got =
        bench.send(client, {.pair = pair, .wish = {.model = MatrixWorld::model(pair.provider), .stream = stream}});
    const std::string where = "error " + std::to_string(static_cast<int>(trouble)) + " (HTTP " +
                              std::to_string(got.status) + ": " + got.body + ") ";
    std::string fault;
    const auto expect = [&](bool good, const std::string& what) {
        if (!good) { fault += where + what + "; "; }
    };
    if (pair.same()) {
        // Between equals nothing is changed but the status of a key that is not the client's.
        expect(got.body == error.body, "other bytes");
        expect(got.status == (error.status == 401 ? 403 : error.status), "another status");
    } else {
        // Gemini says the same of an empty account and of a minute's limit.
        const bool maybe_limit = trouble == Trouble::no_money && pair.provider == DialectId::gemini;
        const auto want = wanted(pair.client, maybe_limit ? Trouble::rate : trouble);
        expect(got.status == want.status, "not " + std::to_string(want.status));
        expect(got.body.find(want.word) != std::string::npos, "without " + want.word);
        expect(is_error_of(pair.client, got.body), "not in the client's shape");
        const auto said = error_message(error.body);
        const auto told = error_message(got.body);
        expect(told.find(said) != std::string::npos || trouble == Trouble::key, "another message");
    }
    if (trouble == Trouble::key && error.status != got.status) {
        expect(got.header("x-llmgw-upstream-status") == std::to_string(error.status),
               "upstream status " + got.header("x-llmgw-upstream-status"));
    }
    if (trouble == Trouble::rate && (!pair.same() || pair.provider != DialectId::gemini)) {
        expect(got.header("retry-after") == "7", "retry-after " + got.header("retry-after"));
    }
    if (!error.headers.empty()) {
        const auto* name = pair.client == DialectId::anthropic ? "request-id" : "x-request-id";
        expect(pair.same() || got.header(name) == "req_011matrix", "request id " + got.header(name));
    }
    return fault;
}

const Answer begun{.text = "Begun and not ended at all"};

// A provider that says a few events and then something else.
void answer_partly(MatrixWorld& bench, DialectId provider, std::size_t events, const std::string& then, bool reset) {
    const auto all = answer_events(provider, begun, 5);
    bench.world.upstream.handle([=](const RecordedRequest&, UpstreamConnection& connection) {
        provider == DialectId::bedrock_converse ? converse::start(connection) : connection.start_sse();
        for (std::size_t i = 0; i < std::min(events, all.size()); ++i) {
            connection.chunk(all[i]);
        }
        if (!then.empty()) { connection.chunk(then); }
        reset ? connection.reset() : void(connection.finish());
    });
}

// The stream's events, the last of which must be the dialect's error; nothing may look like a good end.
std::string check_broken_stream(MatrixWorld& bench, Pair pair, const std::string& ending, const std::string& word) {
    Client client(pair.client);
    client.say("Hello");
    const auto got =
        bench.send(client, {.pair = pair, .wish = {.model = MatrixWorld::model(pair.provider), .stream = true}});
    if (got.status != 200) { return "HTTP " + std::to_string(got.status) + ": " + got.body; }
    const auto events = stream_events(got.body);
    std::string fault;
    if (got.body.find("Begun") == std::string::npos) { fault += "what came before is lost; "; }
    if (events.empty() || !is_stream_error_of(pair.client, events.back())) {
        fault += "no error at the end: " + got.body + "; ";
    }
    if (got.body.find(word) == std::string::npos) { fault += "without \"" + word + "\": " + got.body + "; "; }
    for (const char* good : {"message_stop", "[DONE]", "response.completed", "\"finishReason\"", "\"stop\""}) {
        if (got.body.find(good) != std::string::npos) { fault += std::string("looks whole: ") + good + "; "; }
    }
    if (const auto grammar = pair.same() ? std::string() : stream_fault(pair.client, got.body); !grammar.empty()) {
        fault += grammar;
    }
    const auto row = bench.world.gateway().call_row(got);
    if (row.empty() || text(row, "ending") != ending) {
        fault += "logged as " + (row.empty() ? "" : text(row, "ending"));
    }
    return fault;
}

}  // namespace

Cell errors_cell(MatrixWorld& bench, Pair pair) {
    std::string fault;
    for (const bool stream : {false, true}) {
        for (const auto trouble : {Trouble::key, Trouble::rate, Trouble::overloaded, Trouble::server, Trouble::too_long,
                                   Trouble::bad, Trouble::no_model, Trouble::no_money}) {
            fault += check_error(bench, pair, trouble, stream);
        }
    }
    return fails_if(fault);
}

Cell stream_error_cell(MatrixWorld& bench, Pair pair) {
    const std::string message = "the engine stalled";
    answer_partly(bench, pair.provider, 5,
                  pair.provider == DialectId::bedrock_converse ? converse::stream_error(message)
                                                               : canned::stream_error(pair.provider, message),
                  false);
    return fails_if(check_broken_stream(bench, pair, "failed", message));
}

Cell cut_cell(MatrixWorld& bench, Pair pair) {
    std::string fault;
    const auto next = answer_events(pair.provider, begun, 5).at(5);
    for (const bool reset : {false, true}) {
        for (const auto& half : {std::string(), next.substr(0, next.size() / 2)}) {
            answer_partly(bench, pair.provider, 5, half, reset);
            fault += check_broken_stream(bench, pair, "truncated", "llmgw: ");
        }
    }
    return fails_if(fault);
}

}  // namespace llmgw::testing::matrix
