#include <algorithm>

#include <fmt/format.h>

#include "cli/doctor/judge.hpp"
#include "core/usage/period.hpp"

namespace llmgw::doctor {
namespace {

using State = GatewayFacts::State;

std::string by_owner(const GatewayFacts& facts) {
    return facts.owner.empty() ? "" : " by " + facts.owner;
}

Finding judge_base_url(const BaseUrl& url, const ShellFacts& shell) {
    using Leads = BaseUrl::Leads;
    using Key = BaseUrl::Key;
    const auto mend = url.agent.empty() ? std::string() : "eval \"$(llmgw env " + url.agent + ")\"";
    if (url.origin.empty()) { return {Level::warning, url.variable, "is no http URL", mend}; }
    if (url.leads == Leads::elsewhere) {
        return {Level::note, url.variable, "leads to " + url.origin + ": those calls do not pass llmgw", mend};
    }
    if (url.leads == Leads::unknown) {
        return {Level::note, url.variable, "leads to " + url.origin + "; where this gateway listens is not known"};
    }
    if (url.leads == Leads::nearby) {
        return {Level::warning, url.variable, "leads to " + url.origin + ", where this gateway does not listen", mend};
    }
    if (!url.wrong.empty()) {
        return {Level::problem, url.variable, "leads to this gateway " + url.wrong + ": its calls fail", mend};
    }
    if (!shell.gateway_runs) {
        return {Level::problem, url.variable, "leads to this gateway, which does not run", "llmgw serve"};
    }
    if (shell.key_needed && url.key == Key::none) {
        return {Level::problem, url.variable, "leads to this gateway, with no key beside it: calls get 401", mend};
    }
    if (shell.key_needed && url.key == Key::another) {
        return {Level::problem, url.variable,
                fmt::format("leads to this gateway, but {} is not its key: calls get 401", url.key_variable), mend};
    }
    return {Level::ok, url.variable, "leads to this gateway"};
}

}  // namespace

Findings judge_gateway(const GatewayFacts& facts) {
    const auto& what = facts.address;
    switch (facts.state) {
        case State::unknown:
            return {{Level::note, "gateway",
                     facts.config_unread ? "not looked for: the config file does not say where"
                                         : "[server] listen takes any free port: not looked for"}};
        case State::silent:
            return {{Level::note, what, "does not run; agents need it, `llmgw ask` does not", "llmgw serve"}};
        case State::stuck:
            return {{Level::problem, what, "takes connections" + by_owner(facts) + " and does not answer",
                     "stop that program, then: llmgw serve"}};
        case State::other:
            return {{Level::problem, what, "is in use" + by_owner(facts) + ", which is no llmgw",
                     "stop that program, or set [server] listen to another port"}};
        case State::runs: break;
    }
    const auto runs = "runs" + (facts.owner.empty() ? "" : " as " + facts.owner);
    if (facts.takes_key == false) {
        return {{Level::problem, what,
                 runs + ", and does not take this client key: it was started in another home, or by another user",
                 "stop it, then: llmgw serve"}};
    }
    if (facts.version != facts.our_version) {
        return {{Level::warning, what,
                 fmt::format("{}, version {}; this is version {}", runs,
                             facts.version.empty() ? "unknown" : facts.version, facts.our_version),
                 "restart it"}};
    }
    if (facts.replaced) {
        return {{Level::warning, what, runs + ", from a binary that has been replaced since", "restart it"}};
    }
    return {{Level::ok, what, fmt::format("{}, version {}", runs, facts.version)}};
}

Findings judge_targets(const GatewayFacts& facts) {
    if (facts.state != State::runs) { return {}; }
    Findings out;
    for (const auto& breaker : facts.breakers) {
        std::string text = "left alone";
        if (breaker.open_since_ms > 0) {
            text += " since " + local_text(breaker.open_since_ms) + " (" +
                    span_text(std::max<std::int64_t>(facts.now_ms - breaker.open_since_ms, 0)) + ")";
        }
        text += breaker.state == "open" ? "; one call tries it in " + span_text(breaker.open_left_ms)
                                        : "; the next call tries it";
        const auto provider = breaker.target.substr(0, breaker.target.find('/'));
        out.push_back({Level::warning, breaker.target, text, "llmgw logs --where provider=" + provider});
    }
    for (const auto& keys : facts.keys) {
        std::string text = fmt::format("{} of its keys {} good", keys.good, keys.good == 1 ? "is" : "are");
        if (keys.resting > 0) { text += fmt::format(", {} at the rate limit", keys.resting); }
        if (keys.set_aside > 0) { text += fmt::format(", {} refused by the provider", keys.set_aside); }
        out.push_back({keys.good > 0 || keys.set_aside == 0 ? Level::warning : Level::problem, keys.provider, text,
                       keys.set_aside > 0 ? "llmgw keys test " + keys.provider : ""});
    }
    if (out.empty()) { out.push_back({Level::ok, "targets", "none is left alone (circuit breakers are closed)"}); }
    return out;
}

Findings judge_shell(const ShellFacts& facts) {
    Findings out;
    for (const auto& url : facts.base_urls) {
        out.push_back(judge_base_url(url, facts));
    }
    if (facts.base_urls.empty()) {
        out.push_back({Level::note, "agents", "no variable here points one at llmgw", "eval \"$(llmgw env claude)\""});
    }
    if (!facts.http_proxy.empty() && !facts.no_proxy_covers && !facts.gateway_host.empty()) {
        out.push_back({Level::warning, facts.http_proxy,
                       fmt::format("is set, and NO_PROXY does not name {}: clients may ask the proxy for the gateway",
                                   facts.gateway_host),
                       "export NO_PROXY=127.0.0.1,localhost"});
    }
    if (!facts.https_proxy.empty()) {
        out.push_back({Level::note, facts.https_proxy, "providers are reached through " + facts.https_proxy_origin});
    }
    for (const auto& name : facts.unreadable_certificates) {
        out.push_back({Level::problem, name, "cannot be read: no provider's certificate can be checked",
                       "unset it, or name the file with your certificates"});
    }
    return out;
}

}  // namespace llmgw::doctor
