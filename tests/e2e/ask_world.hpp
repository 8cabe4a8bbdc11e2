// What the tests of `llmgw ask` share: a provider, a home of its own, and no gateway running.
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/e2e/world.hpp"

namespace llmgw::testing {

// Names by which the canned provider is asked in each dialect.
struct AskModel {
    DialectId dialect;
    std::string model;
};
inline const std::vector<AskModel>& ask_models() {
    static const std::vector<AskModel> all{{DialectId::anthropic, "claude-haiku-4-5"},
                                           {DialectId::openai_chat, "gpt-5-mini"},
                                           {DialectId::openai_responses, "resp/gpt-5-mini"},
                                           {DialectId::gemini, "gemini-2.5-flash"}};
    return all;
}

class AskWorld {
public:
    explicit AskWorld(const std::string& more_config = "") {
        const auto responses = "[providers.resp]\ntype = \"openai\"\nbase_url = \"" + world.upstream.url() +
                               "/v1\"\napi_key = \"env:LLMGW_TEST_PROVIDER_KEY\"\ndialects = [\"openai-responses\"]\n";
        world.home.write_config(world.config() + responses + more_config);
    }
    ~AskWorld() {
        // The key is in the environment of every command; nothing it prints or writes may hold it.
        CHECK(output.find(provider_key) == std::string::npos);
    }

    CliResult run(std::vector<std::string> arguments, std::string_view standard_input = {},
                  const Variables& more = {}) {
        arguments.insert(arguments.begin(), "ask");
        auto result = run_cli(world.home, std::move(arguments), standard_input, more);
        output += result.out + result.err;
        return result;
    }
    // With a feature and the Anthropic model.
    CliResult ask(std::vector<std::string> arguments, std::string_view standard_input = {}) {
        arguments.insert(arguments.begin(), {"--feature", "e2e", "-m", "claude-haiku-4-5"});
        return run(std::move(arguments), standard_input);
    }

    nlohmann::json sent() const { return nlohmann::json::parse(world.upstream.last()->body); }
    std::vector<DbRow> rows(std::size_t count = 1) const {
        return db_wait(world.home.database(), "SELECT * FROM calls ORDER BY id", {}, count);
    }
    std::string file(const std::string& name, const std::string& content) const {
        std::ofstream(world.home.path() + "/" + name, std::ios::binary) << content;
        return world.home.path() + "/" + name;
    }
    // From now on every Messages call is answered with this text, streamed in pieces of `size` bytes.
    void answer_with(const std::string& text, std::size_t size = 7);

    World world{WorldOptions{.server = "", .timeouts = "", .more = "", .start = false}};
    std::string output;
};

// The events of a Messages stream with that text.
std::vector<std::string> message_events(const std::string& text, std::size_t size);

}  // namespace llmgw::testing
