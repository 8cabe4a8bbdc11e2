#include <map>
#include <string>

#include <doctest/doctest.h>

#include "core/provider/resolve.hpp"
#include "providers/catalogue.hpp"

using namespace llmgw;

namespace {

struct Case {
    Config config;
    ResolvedProviders resolved;
    const Provider* find(std::string_view name) const {
        for (const auto& provider : resolved.providers) {
            if (provider.name == name) { return &provider; }
        }
        return nullptr;
    }
    std::string findings() const {
        std::string out;
        for (const auto& finding : resolved.findings) {
            out += (finding.severity == Finding::Severity::error ? "error " : "warning ") + finding.message + "\n";
        }
        return out;
    }
};

EnvLookup env_of(std::map<std::string, std::string, std::less<>> values) {
    return [values = std::move(values)](std::string_view name) -> std::optional<std::string> {
        const auto found = values.find(name);
        if (found == values.end()) { return std::nullopt; }
        return found->second;
    };
}

Case resolve(const std::string& toml, std::map<std::string, std::string, std::less<>> env = {}) {
    auto config = parse_config(toml, "c.toml");
    REQUIRE_MESSAGE(config.has_value(), (config ? "" : config.error().message));
    auto resolved = resolve_providers(*config, catalogue(), env_of(std::move(env)));
    return {std::move(*config), std::move(resolved)};
}

}  // namespace

TEST_CASE("resolve: the native three without any file") {
    const auto c = resolve("");
    CHECK(c.resolved.ok());
    REQUIRE(c.resolved.providers.size() == 3);
    const auto* anthropic = c.find("anthropic");
    REQUIRE(anthropic);
    CHECK(anthropic->base_url == "https://api.anthropic.com");
    CHECK(anthropic->api_key == "auto:anthropic:ANTHROPIC_API_KEY");
    CHECK(anthropic->auth == AuthStyle::x_api_key);
    CHECK(anthropic->speaks(DialectId::anthropic));
    CHECK_FALSE(anthropic->speaks(DialectId::openai_chat));
    CHECK(c.find("openai")->speaks(DialectId::openai_responses));
    CHECK(c.find("gemini")->auth == AuthStyle::x_goog_api_key);
}

TEST_CASE("resolve: other hosts come with their variable or with a table") {
    const auto c = resolve("[providers.ollama]\n[providers.deepseek]\nmodels = [\"deepseek-chat\"]\n",
                           {{"GROQ_API_KEY", "x"}, {"XAI_API_KEY", ""}});
    CHECK(c.resolved.ok());
    CHECK(c.findings().empty());
    CHECK(c.resolved.providers.size() == 6);
    REQUIRE(c.find("groq"));
    CHECK(c.find("groq")->api_key == "auto:groq:GROQ_API_KEY");
    CHECK_FALSE(c.find("xai"));
    REQUIRE(c.find("ollama"));
    CHECK(c.find("ollama")->local);
    CHECK(c.find("ollama")->api_key.empty());
    CHECK(c.find("deepseek")->models == std::vector<std::string>{"deepseek-chat"});
}

TEST_CASE("resolve: llmgw's own client keys are keys of nobody but another llmgw") {
    const auto c = resolve(
        "[providers.deepseek]\napi_key = \"env:K\"\n"
        "[providers.bent]\ntype = \"openai\"\nbase_url = \"https://openrouter.ai/other\"\napi_key = \"env:K\"\n"
        "[providers.team]\ntype = \"openai\"\nbase_url = \"https://llm.team.example/v1\"\napi_key = \"env:K\"\n"
        "[providers.here]\ntype = \"anthropic\"\nbase_url = \"http://127.0.0.1:4118\"\napi_key = \"env:K\"\n"
        "[providers.azure]\nbase_url = \"https://x.openai.azure.com\"\napi_key = \"env:K\"\n",
        {{"GROQ_API_KEY", "llmgw-0123456789"}, {"XAI_API_KEY", "xai-1"}});
    CHECK_MESSAGE(c.resolved.ok(), c.findings());
    // A variable that holds one brings no provider.
    CHECK_FALSE(c.find("groq"));
    for (const auto* name : {"anthropic", "openai", "gemini", "xai", "deepseek", "bent", "azure"}) {
        CAPTURE(name);
        REQUIRE(c.find(name));
        CHECK_FALSE(c.find(name)->may_be_llmgw);
    }
    CHECK(c.find("team")->may_be_llmgw);
    CHECK(c.find("here")->may_be_llmgw);
}

TEST_CASE("resolve: a key stays with its origin") {
    SUBCASE("a built-in name at another host gets no key, and says so") {
        const auto c =
            resolve("[providers.anthropic]\nbase_url = \"https://evil.example\"\n", {{"ANTHROPIC_API_KEY", "x"}});
        CHECK(c.resolved.ok());
        CHECK(c.find("anthropic")->api_key.empty());
        CHECK(c.findings() ==
              "warning c.toml:1:12: providers.anthropic: no key is sent to https://evil.example. The usual key belongs "
              "to https://api.anthropic.com and goes nowhere else. Store one for this host with \"llmgw keys set "
              "anthropic\" and set api_key = \"keychain:anthropic\", or set \"env:NAME\", or \"none\" when it needs no "
              "key\n");
    }
    SUBCASE("a built-in name at a local host says so too") {
        const auto c = resolve("[providers.openai]\nbase_url = \"http://127.0.0.1:8080/v1\"\n");
        CHECK(c.find("openai")->api_key.empty());
        CHECK(c.findings().starts_with(
            "warning c.toml:1:12: providers.openai: no key is sent to http://127.0.0.1:8080."));
    }
    SUBCASE("the same origin under another path keeps it") {
        const auto c = resolve("[providers.openai]\nbase_url = \"https://API.openai.com:443/v2\"\n");
        CHECK(c.find("openai")->api_key == "auto:openai:OPENAI_API_KEY");
        CHECK(c.findings().empty());
    }
    SUBCASE("http in place of https is another origin") {
        const auto c = resolve("[providers.openai]\nbase_url = \"http://api.openai.com/v1\"\n");
        CHECK(c.find("openai")->api_key.empty());
    }
    SUBCASE("an explicit reference is an explicit binding") {
        const auto c = resolve("[providers.anthropic]\nbase_url = \"https://corp.example\"\napi_key = \"env:CORP\"\n");
        CHECK(c.find("anthropic")->api_key == "env:CORP");
        CHECK(c.findings().empty());
    }
    SUBCASE("none says that the host needs none") {
        const auto c = resolve("[providers.openai]\nbase_url = \"http://127.0.0.1:8080/v1\"\napi_key = \"none\"\n");
        CHECK(c.find("openai")->api_key.empty());
        CHECK(c.findings().empty());
    }
    SUBCASE("a custom local server needs none") {
        const auto c = resolve("[providers.mock]\ntype = \"anthropic\"\nbase_url = \"http://127.0.0.1:9\"\n",
                               {{"ANTHROPIC_API_KEY", "x"}});
        CHECK(c.find("mock")->api_key.empty());
        CHECK(c.findings().empty());
    }
    SUBCASE("a custom public host without api_key is asked about") {
        const auto c = resolve("[providers.corp]\ntype = \"openai\"\nbase_url = \"https://llm.example/v1\"\n",
                               {{"OPENAI_API_KEY", "x"}});
        CHECK(c.find("corp")->api_key.empty());
        CHECK(c.findings().find("no key is sent to https://llm.example") != std::string::npos);
    }
    SUBCASE("a second account at the same host has its own entry") {
        const auto c = resolve("[providers.work]\ntype = \"anthropic\"\n");
        CHECK(c.find("work")->api_key == "auto:work:ANTHROPIC_API_KEY");
        CHECK(c.find("anthropic"));
    }
}

TEST_CASE("resolve: types and dialects") {
    const auto c = resolve(R"([providers.local]
type = "openai"
base_url = "http://127.0.0.1:8080/v1"
dialects = ["openai-chat", "anthropic"]
)");
    CHECK(c.resolved.ok());
    const auto* local = c.find("local");
    REQUIRE(local);
    CHECK(local->dialects == std::vector{DialectId::openai_chat, DialectId::anthropic});
    CHECK(local->type == "openai");
    CHECK(local->price_list == "openai");
    CHECK_FALSE(local->local);  // a relay on this machine may well cost money

    CHECK(resolve("[providers.local]\ntype = \"opnai\"\n").resolved.errors() ==
          "c.toml:1:12: providers.local.type is no type llmgw knows; did you mean \"openai\"?");
    CHECK(resolve("[providers.groqq]\n").resolved.errors() ==
          "c.toml:1:12: providers.groqq needs a type: \"openai\" for an OpenAI-compatible server, \"anthropic\", "
          "\"gemini\", or a host llmgw knows; did you mean \"groq\"?");
    CHECK(resolve("[providers.x]\ntype = \"gemini\"\ndialects = [\"openai-chat\"]\n").resolved.errors() ==
          "c.toml:1:12: providers.x.dialects: a provider of type gemini cannot speak openai-chat");
    CHECK(resolve("[providers.x]\ntype = \"anthropic\"\nbase_url = \"https://h.example/v1\"\napi_key = \"none\"\n")
              .resolved.errors() ==
          "c.toml:1:12: providers.x.base_url of type anthropic goes without the version at its end: drop \"/v1\"");
    CHECK(resolve("[providers.x]\ntype = \"openai\"\nbase_url = \"http://127.0.0.1:8080\"\n").findings() ==
          "warning c.toml:1:12: providers.x.base_url has no path; most OpenAI-compatible servers want \"/v1\" at its "
          "end\n");
    CHECK(resolve("[providers.deepseek]\nbase_url = \"https://api.deepseek.com\"\n").findings().empty());
}

TEST_CASE("resolve: local hosts cost nothing only at home") {
    CHECK(resolve("[providers.ollama]\nbase_url = \"http://gpu.lan:11434/v1\"\n").find("ollama")->local);
    const auto c = resolve("[providers.ollama]\nbase_url = \"https://ollama.com/v1\"\napi_key = \"env:K\"\n");
    CHECK_FALSE(c.find("ollama")->local);
    CHECK(c.find("ollama")->api_key == "env:K");
}

TEST_CASE("resolve: v1_provider must exist") {
    CHECK(resolve("[server]\nv1_provider = \"opanai\"\n").resolved.errors() ==
          "c.toml:2:15: server.v1_provider names no provider; did you mean \"openai\"?");
    CHECK(resolve("[server]\nv1_provider = \"local\"\n[providers.local]\ntype = \"openai\"\nbase_url = "
                  "\"http://127.0.0.1:1/v1\"\n")
              .resolved.ok());
}

TEST_CASE("resolve: where a key comes from, for people") {
    const auto env = env_of({{"A", "x"}, {"EMPTY", ""}, {"OURS", "llmgw-0123456789"}});
    Provider provider;
    const auto says = [&](const std::string& reference, bool in_keychain = false) {
        provider.api_key = reference;
        return describe_key_source(provider, in_keychain, env);
    };
    CHECK(says("") == "none");
    CHECK(says("passthrough") == "client's own");
    CHECK(says("keychain:x", true) == "keychain");
    CHECK(says("keychain:x") == "none");
    CHECK(says("env:A") == "env A");
    CHECK(says("env:EMPTY") == "none");
    CHECK(says("file:~/k") == "file ~/k");
    CHECK(says("cmd:op read x") == "command");
    CHECK(says("auto:x:A") == "env A");
    CHECK(says("auto:x:A", true) == "keychain");
    CHECK(says("auto:x:EMPTY") == "none");
    CHECK(says("auto:x:") == "none");
    CHECK(says("auto:x:OURS") == "none");
    CHECK(says("env:OURS") == "env OURS");
}
