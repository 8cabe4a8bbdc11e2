// Two providers under control and a gateway with routes to them.
#pragma once

#include <memory>
#include <string>

#include "tests/e2e/world.hpp"

namespace llmgw::testing {

inline const std::string key_one = "sk-canary-first-of-two-keys-0001";
inline const std::string key_two = "sk-canary-second-of-two-keys-0002";

class RoutingWorld {
public:
    // `routes`: TOML of routes and rules. The providers have these names.
    explicit RoutingWorld(const std::string& routes, std::string first = "alpha", std::string second = "beta")
        : first_(std::move(first)), second_(std::move(second)) {
        answer();
        world.start_with(config(routes));
    }
    // Not started.
    RoutingWorld() { answer(); }
    void start(const std::string& config, const Variables& environment) {
        own_ = std::make_unique<Gateway>(world.home,
                                         GatewayOptions{.config = config, .environment = environment, .wrapper = {}});
    }

    FakeUpstream alpha;
    FakeUpstream beta;
    World world{{.server = "", .timeouts = "", .more = "", .start = false}};

    Gateway& gateway() { return own_ ? *own_ : world.gateway(); }
    std::string config(const std::string& routes) const {
        return provider(first_, alpha) + provider(second_, beta) + routes;
    }
    Response post(const std::string& body, Headers headers = {}) {
        if (find_header(headers, "x-llmgw-feature").empty()) { headers.emplace_back("x-llmgw-feature", "tests"); }
        return gateway().call(gateway().authorized(
            {.target = "/v1/chat/completions", .headers = std::move(headers), .body = body, .host = ""}));
    }
    Response chat(const std::string& model, const Headers& headers = {}) {
        return post(R"({"model":")" + model + R"(","messages":[{"role":"user","content":"x"}]})", headers);
    }

private:
    void answer() {
        alpha.handle(canned::answer);
        beta.handle(canned::answer);
    }
    static std::string provider(const std::string& name, const FakeUpstream& upstream) {
        return "[providers." + name + "]\ntype = \"" + (name == "openrouter" ? name : "openai") + "\"\nbase_url = \"" +
               upstream.url() + "/v1\"\ndialects = [\"openai-chat\"]\napi_key = \"env:LLMGW_TEST_PROVIDER_KEY\"\n";
    }

    std::string first_;
    std::string second_;
    std::unique_ptr<Gateway> own_;
};

}  // namespace llmgw::testing
