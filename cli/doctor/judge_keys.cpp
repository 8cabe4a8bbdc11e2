#include <algorithm>
#include <cstdlib>
#include <iterator>

#include <fmt/format.h>

#include "cli/doctor/judge.hpp"

namespace llmgw::doctor {
namespace {

// A signature of AWS holds for five minutes, an assertion of Google's for less; certificates have their dates.
constexpr std::int64_t skew_ms_bad = 240'000;
constexpr std::int64_t skew_ms_odd = 30'000;

std::string joined(const std::vector<std::string>& names) {
    return fmt::format("{}", fmt::join(names, ", "));
}

Finding present(const KeyPresence& key) {
    return {Level::ok, key.provider.name, fmt::format("key {} from {}", key.tail, key.source)};
}

// `others`: it has another key that is there.
Finding missing(const KeyPresence& key, bool others) {
    auto why = key.problem;
    if (why.empty() && key.reference.kind == KeyKind::env) {
        why = "the variable " + key.reference.name + " is not set";
    }
    if (why.empty()) { why = "no key for " + origin_of(key.provider.base_url); }
    return {others ? Level::warning : Level::problem, key.provider.name, why, remedy_for(key)};
}

Finding unneeded(const KeyPresence& key) {
    return {Level::ok, key.provider.name,
            key.provider.passthrough() ? "clients bring their own key"
                                       : "called without a key at " + origin_of(key.provider.base_url)};
}

// Of a message about the keychain, why it is not there; what else there is to choose from is not asked for here.
std::string reason_of(std::string_view message) {
    constexpr std::string_view head = "the keychain cannot be reached: ";
    if (message.starts_with(head)) { message.remove_prefix(head.size()); }
    message = message.substr(0, std::min(message.find(" ("), message.find(". ")));
    return std::string(message);
}

Finding judge_trial(const KeyTrial& trial) {
    const auto& name = trial.provider.name;
    const auto remedy = trial.remedy.empty() ? "llmgw keys test " + name : trial.remedy;
    switch (trial.outcome) {
        case TrialOutcome::good:
            return {Level::ok, name, fmt::format("takes key {}, {} ms from here", trial.tail, trial.latency_ms)};
        case TrialOutcome::unproven: return {Level::note, name, trial.message};
        case TrialOutcome::failed:
            return {Level::problem, name, trial.message,
                    "see whether the network and proxy settings are right, then: " + ("llmgw keys test " + name)};
        default: return {Level::problem, name, trial.message, remedy};
    }
}

Finding judge_reached(const Reached& reached) {
    if (reached.status == 0) {
        return {Level::problem, reached.provider, reached.error, "start it, or mend its base_url"};
    }
    const auto answers =
        fmt::format("{} answers ({}), {} ms from here", reached.origin, reached.status, reached.latency_ms);
    if (!reached.passthrough && (reached.status == 401 || reached.status == 403)) {
        return {Level::problem, reached.provider, answers + ": it wants a key",
                fmt::format("set api_key in [providers.{}]", reached.provider)};
    }
    if (reached.status >= 500) { return {Level::warning, reached.provider, answers + ": it is in trouble"}; }
    return {Level::ok, reached.provider, answers};
}

Findings judge_clock(const std::vector<KeyTrial>& trials) {
    const KeyTrial* nearest = nullptr;
    for (const auto& trial : trials) {
        if (!trial.clock_ahead_ms) { continue; }
        if (nearest == nullptr || std::abs(*trial.clock_ahead_ms) < std::abs(*nearest->clock_ahead_ms)) {
            nearest = &trial;
        }
    }
    if (nearest == nullptr) { return {}; }
    const auto ahead = *nearest->clock_ahead_ms;
    if (std::abs(ahead) < skew_ms_odd) {
        return {{Level::ok, "clock", "agrees with " + nearest->provider.name + "'s"}};
    }
    return {{std::abs(ahead) < skew_ms_bad ? Level::warning : Level::problem, "clock",
             fmt::format("{} {} of {}'s: signatures, tokens and certificates may be refused",
                         span_text(std::abs(ahead)), ahead > 0 ? "ahead" : "behind", nearest->provider.name),
             "sudo timedatectl set-ntp true"}};
}

}  // namespace

Findings judge_keychain(const KeychainFacts& facts) {
    if (facts.error.empty()) {
        return {{Level::ok, "keychain",
                 fmt::format("{}, {} {}", facts.backend, facts.entries, facts.entries == 1 ? "entry" : "entries")}};
    }
    if (facts.wanted_by.empty()) { return {{Level::note, "keychain", "not here: " + reason_of(facts.error)}}; }
    return {{Level::problem, "keychain", facts.error + " Wanted by: " + joined(facts.wanted_by)}};
}

Findings judge_keys(const std::vector<KeyPresence>& keys, const std::vector<std::string>& configured,
                    bool keychain_works) {
    Findings out;
    Findings notes;
    std::vector<std::string> others;
    for (const auto& key : keys) {
        const bool is_configured = std::ranges::find(configured, key.provider.name) != configured.end();
        switch (key.state) {
            case KeyState::present: out.push_back(present(key)); break;
            case KeyState::unneeded: out.push_back(unneeded(key)); break;
            case KeyState::unasked:
                out.push_back({Level::ok, key.provider.name, "its key comes from a command, which --online runs"});
                break;
            case KeyState::missing:
                // Beside an agent's settings that is how it should be, unless this provider is to be used from here.
                if (!is_configured && key.source == "none" && !key.problem.empty()) {
                    notes.push_back({Level::note, key.provider.name, key.problem});
                } else if (is_configured || !key.problem.empty()) {
                    out.push_back(missing(key, std::ranges::any_of(keys, [&](const KeyPresence& other) {
                                              return other.provider.name == key.provider.name &&
                                                     other.state != KeyState::missing;
                                          })));
                } else {
                    others.push_back(key.provider.name);
                }
                break;
        }
    }
    const bool none = std::ranges::all_of(keys, [](const auto& key) { return key.state == KeyState::missing; });
    if (none && out.empty()) {
        notes.push_back({Level::problem, "provider keys",
                         std::string("none yet, so nobody can be asked; one is enough: ") +
                             (keychain_works ? "anthropic, openai, gemini, ..."
                                             : "ANTHROPIC_API_KEY, OPENAI_API_KEY, GEMINI_API_KEY, ..."),
                         first_key_remedy(keychain_works)});
        return notes;
    }
    std::ranges::move(notes, std::back_inserter(out));
    // Nobody asked for these.
    if (!others.empty()) { out.push_back({Level::note, joined(others), "no key, and no table in the config file"}); }
    return out;
}

Findings judge_client_key(const ClientKeyFacts& facts) {
    const std::string what = "llmgw's own key";
    if (!facts.error.empty()) { return {{Level::problem, what, facts.error}}; }
    if (!facts.where) { return {{Level::note, what, "none yet; the first `llmgw serve` or `llmgw env` makes it"}}; }
    return {{Level::ok, what, "for clients, in " + (*facts.where == "keychain" ? "the keychain" : *facts.where)}};
}

Findings judge_routes(const std::vector<RouteFacts>& routes) {
    Findings out;
    for (const auto& route : routes) {
        if (route.without_key.empty()) { continue; }
        const bool nothing_left = route.with_key.empty();
        out.push_back({nothing_left ? Level::problem : Level::warning, route.name,
                       (nothing_left ? "no target has a key: " : "no key for ") + joined(route.without_key),
                       joined(route.remedies)});
    }
    if (out.empty() && !routes.empty()) {
        out.push_back({Level::ok, "routes",
                       fmt::format("every target of {} {} has a key", routes.size(),
                                   routes.size() == 1 ? "route" : "routes and rules")});
    }
    return out;
}

Findings judge_online(const OnlineFacts& facts) {
    Findings out;
    for (const auto& trial : facts.trials) {
        out.push_back(judge_trial(trial));
    }
    for (const auto& reached : facts.reached) {
        out.push_back(judge_reached(reached));
    }
    for (auto& finding : judge_clock(facts.trials)) {
        out.push_back(std::move(finding));
    }
    if (out.empty()) { out.push_back({Level::note, "providers", "none has a key to be tested with"}); }
    return out;
}

}  // namespace llmgw::doctor
