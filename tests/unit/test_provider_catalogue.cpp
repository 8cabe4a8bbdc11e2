#include <set>

#include <doctest/doctest.h>

#include "core/config/listen.hpp"
#include "core/config/settings.hpp"
#include "core/provider/host.hpp"
#include "providers/catalogue.hpp"

using namespace llmgw;

TEST_CASE("catalogue: entries are complete and consistent") {
    std::set<std::string_view> names;
    std::set<std::string_view> urls;
    for (const auto& entry : catalogue()) {
        CAPTURE(entry.name);
        CHECK(names.insert(entry.name).second);
        CHECK((entry.base_url.empty() || urls.insert(entry.base_url).second));
        CHECK(check_provider_name(entry.name).empty());
        CHECK_FALSE(entry.title.empty());
        CHECK_FALSE(entry.dialects.empty());
        CHECK(entry.docs.starts_with("https://"));
        CHECK_FALSE(entry.base_url.ends_with('/'));
        // A host that is asked in a way of its own makes its address of its settings.
        if (entry.host != nullptr) {
            CHECK((entry.host->url != nullptr));
            CHECK((entry.host->complete != nullptr));
            CHECK_FALSE(entry.local);
            continue;
        }
        const auto origin = origin_of(entry.base_url);
        REQUIRE_FALSE(origin.empty());
        const auto host = origin.substr(origin.find("://") + 3);
        CHECK(entry.local == is_loopback_host(host.substr(0, host.find(':'))));
        CHECK(entry.local == entry.key_env.empty());
        // A key never goes over an open line to another machine.
        CHECK((entry.local || origin.starts_with("https://")));
        const bool native = entry.name == "anthropic" || entry.name == "gemini";
        CHECK((entry.auth == AuthStyle::bearer) == !native);
        CHECK((native || entry.dialects.front() == DialectId::openai_chat));
    }
    for (const std::string name :
         {"anthropic", "openai",      "gemini",  "ollama",     "llamacpp", "vllm",      "lmstudio", "openrouter",
          "groq",      "deepseek",    "mistral", "xai",        "together", "fireworks", "cerebras", "moonshot",
          "zai",       "huggingface", "github",  "perplexity", "cohere",   "nvidia",    "azure",    "vertex"}) {
        CAPTURE(name);
        CHECK(names.contains(name));
    }
}

TEST_CASE("catalogue: hosts that refuse stream_options are not sent any") {
    for (const auto& entry : catalogue()) {
        if (entry.name == "mistral" || entry.name == "cohere") { CHECK(entry.stream_usage == StreamUsage::always); }
        if (entry.name == "openai" || entry.name == "groq") { CHECK(entry.stream_usage == StreamUsage::on_request); }
    }
}
