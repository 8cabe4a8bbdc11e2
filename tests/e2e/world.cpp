#include "tests/e2e/world.hpp"

#include <csignal>

#include <doctest/doctest.h>

namespace llmgw::testing {
namespace {

std::string lines(const std::vector<std::string>& texts) {
    std::string all;
    for (const auto& text : texts) {
        all += text + "\n";
    }
    return all;
}

// Long random-looking words only; an empty or short one would be found anywhere.
bool holds(const std::string& text, const std::string& secret) {
    return secret.size() >= 16 && text.find(secret) != std::string::npos;
}

}  // namespace

World::World(WorldOptions options) : options_(std::move(options)) {
    upstream.handle(canned::answer);
    take_received_bytes();
    if (options_.start) { start(); }
}

World::~World() {
    if (gateway_) {
        if (gateway_->process().running()) { CHECK(stop(SIGTERM).has_value()); }
        gateway_.reset();
    }
    scan();
}

std::string World::config() const {
    const auto url = upstream.url();
    const std::string key = "api_key = \"env:LLMGW_TEST_PROVIDER_KEY\"\n";
    // One attempt, so that each test sees what its one request leads to; the suite "failover" is about more.
    const std::string retries = options_.more.contains("[retries]") ? "" : "[retries]\nmax = 0\n";
    return "[server]\nshutdown_grace_s = 5\n" + options_.server + "\n[timeouts]\n" + options_.timeouts + "\n" +
           retries + "[providers.anthropic]\nbase_url = \"" + url + "\"\n" + key + "[providers.openai]\nbase_url = \"" +
           url + "/v1\"\n" + key + "[providers.gemini]\nbase_url = \"" + url + "\"\n" + key +
           "[providers.local]\ntype = \"openai\"\nbase_url = \"" + url + "/local/v1\"\n" + key +
           "dialects = [\"openai-chat\"]\nmodels = [\"qwen3-coder\"]\n" + options_.more;
}

void World::start() {
    start_with(config());
}

void World::start_with(const std::string& config) {
    gateway_ = std::make_unique<Gateway>(home, GatewayOptions{.config = config, .environment = {}, .wrapper = {}});
    client_keys_.push_back(gateway_->client_key());
}

std::optional<ExitCode> World::stop(int signal) {
    gateway_->process().signal(signal);
    const auto code = gateway_->process().wait();
    output_ += gateway_->process().out() + gateway_->process().err();
    return code;
}

std::unique_ptr<Gateway> World::another() {
    return std::make_unique<Gateway>(home, GatewayOptions{.config = config(), .environment = {}, .wrapper = {}});
}

CliResult World::cli(std::vector<std::string> arguments) {
    auto result = run_cli(home, std::move(arguments));
    output_ += result.out + result.err;
    return result;
}

Response World::ask(const canned::Wire& wire, bool stream, const Headers& more) {
    return gateway().post(stream ? wire.stream_target : wire.target, stream ? wire.stream_body : wire.body, more);
}

void World::guard(std::string secret, std::string allowed_file) {
    guarded_.push_back({std::move(secret), std::move(allowed_file)});
}

void World::scan() {
    const auto received = take_received_bytes();
    CHECK_FALSE(holds(received, provider_key));
    CHECK_FALSE(holds(output_, provider_key));
    CHECK(lines(files_holding(home.path(), provider_key, {})) == "");
    for (const auto& [secret, allowed_file] : guarded_) {
        CHECK_FALSE(holds(received, secret));
        CHECK_FALSE(holds(output_, secret));
        CHECK(lines(files_holding(home.path(), secret, {allowed_file})) == "");
    }
    for (const auto& key : client_keys_) {
        CHECK_FALSE(holds(received, key));
        CHECK_FALSE(holds(output_, key));
        CHECK(lines(files_holding(home.path(), key, {home.key_file()})) == "");
        for (const auto& request : upstream.requests()) {
            CHECK_FALSE(holds(request->head, key));
            CHECK_FALSE(holds(request->body, key));
        }
    }
}

std::vector<StreamEvent> stream_events(const std::string& body) {
    std::vector<StreamEvent> events;
    StreamEvent event;
    bool any = false;
    const auto deliver = [&] {
        if (any) {
            event.json = nlohmann::json::parse(event.data, nullptr, false);
            events.push_back(std::move(event));
        }
        event = {};
        any = false;
    };
    std::size_t at = 0;
    while (at < body.size()) {
        const auto end = std::min(body.find('\n', at), body.size());
        auto line = body.substr(at, end - at);
        at = end + 1;
        if (line.ends_with('\r')) { line.pop_back(); }
        if (line.empty()) {
            deliver();
        } else if (line.starts_with("event:")) {
            event.name = line.substr(line.find_first_not_of(' ', 6));
            any = true;
        } else if (line.starts_with("data:")) {
            const auto start = line.size() > 5 && line[5] == ' ' ? 6U : 5U;
            event.data += (event.data.empty() ? "" : "\n") + line.substr(start);
            any = true;
        }
    }
    deliver();
    return events;
}

bool is_error_of(DialectId dialect, const std::string& body) {
    const auto json = nlohmann::json::parse(body, nullptr, false);
    if (!json.is_object() || !json.contains("error") || !json["error"].is_object()) { return false; }
    const auto& error = json["error"];
    if (!error.contains("message") || !error["message"].is_string() || error["message"].get<std::string>().empty()) {
        return false;
    }
    switch (dialect) {
        case DialectId::anthropic: return json.value("type", "") == "error" && error.contains("type");
        case DialectId::openai_chat:
        case DialectId::openai_responses:
            return !json.contains("type") && error.contains("type") && error.contains("code");
        case DialectId::ollama_chat:
        case DialectId::cohere_chat:
        case DialectId::bedrock_converse:
        case DialectId::gemini: return error.contains("status") && error.contains("code") && error["code"].is_number();
    }
    return false;
}

std::string error_message(const std::string& body) {
    const auto json = nlohmann::json::parse(body, nullptr, false);
    return json.is_object() && json.contains("error") && json["error"].is_object() ? json["error"].value("message", "")
                                                                                   : "";
}

bool is_stream_error_of(DialectId dialect, const StreamEvent& event) {
    if (!event.json.is_object()) { return false; }
    switch (dialect) {
        case DialectId::anthropic: return event.name == "error" && is_error_of(dialect, event.data);
        case DialectId::openai_responses: {
            const auto type = event.json.value("type", "");
            return event.name == type && (type == "response.failed" || type == "error");
        }
        case DialectId::openai_chat: return event.json.contains("error") && event.json["error"].contains("message");
        case DialectId::ollama_chat:
        case DialectId::cohere_chat:
        case DialectId::bedrock_converse:
        case DialectId::gemini: return is_error_of(dialect, event.data);
    }
    return false;
}

}  // namespace llmgw::testing
