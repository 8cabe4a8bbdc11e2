#include <algorithm>
#include <future>

#include <fmt/format.h>

#include "cli/doctor/patient.hpp"
#include "cli/keys/keys.hpp"
#include "core/secrets/client_key.hpp"
#include "core/util/clock.hpp"

namespace llmgw::doctor {
namespace {

Reached reach(const Provider& provider, Transport& transport) {
    Reached reached{.provider = provider.name, .origin = origin_of(provider.base_url)};
    reached.passthrough = provider.passthrough();
    UpstreamRequest request;
    request.method = "GET";
    request.url = provider.base_url + "/models";
    request.has_body = false;
    request.headers = {{"Accept", "application/json"}, {"User-Agent", "llmgw"}};
    request.connect_timeout = request.first_byte_timeout = request.idle_timeout = test_limit;
    const SystemClock clock;
    const auto start_us = clock.steady_us();
    const auto response = transport.open(request, {});
    reached.latency_ms = (clock.steady_us() - start_us) / 1000;
    if (response) {
        reached.status = (*response)->status();
    } else {
        reached.error = response.error().message;
    }
    return reached;
}

}  // namespace

KeychainFacts look_at_keychain(Patient& patient) {
    KeychainFacts facts{.backend = patient.keychain().backend()};
    const auto& stored = patient.stored();
    if (stored) {
        facts.entries = stored->size();
        return facts;
    }
    facts.error = stored.error().message;
    for (const auto& key : patient.keys()) {
        if (key.reference.kind == KeyKind::keychain) { facts.wanted_by.push_back(key.provider.name); }
    }
    return facts;
}

ClientKeyFacts look_at_client_key(Patient& patient) {
    ClientKeyFacts facts;
    // A keychain that did not answer is not asked again.
    const auto key = read_client_key(patient.env().data_dir, patient.stored() ? &patient.keychain() : nullptr);
    if (key) {
        const auto known = known_client_key(patient.env().data_dir);
        facts.where = known && *known ? (*known)->where : "";
    } else if (key.error().kind != ErrorKind::not_found) {
        facts.error = key.error().message;
    }
    return facts;
}

std::vector<RouteFacts> look_at_routes(Patient& patient) {
    std::vector<RouteFacts> out;
    if (!patient.setup()) { return out; }
    const auto& keys = patient.keys();
    const auto add = [&](std::string name, const Route& route) {
        RouteFacts facts;
        facts.name = std::move(name);
        for (const auto& target : route.targets) {
            if (target.provider == nullptr) { continue; }  // another route, which has its own line
            bool has = false;
            const KeyPresence* first = nullptr;
            for (const auto& key : keys) {
                if (key.provider.name != target.provider->name) { continue; }
                if (first == nullptr) { first = &key; }
                has = has || key.state != KeyState::missing;
            }
            (has ? facts.with_key : facts.without_key).push_back(target.name());
            if (has || first == nullptr) { continue; }
            const auto remedy = remedy_for(*first);
            if (std::ranges::find(facts.remedies, remedy) == facts.remedies.end()) { facts.remedies.push_back(remedy); }
        }
        if (facts.with_key.empty() && facts.without_key.empty()) { return; }
        out.push_back(std::move(facts));
    };
    const auto& table = patient.setup()->routes;
    for (const auto& route : table.routes()) {
        add("route " + route.name, route);
    }
    int number = 0;
    for (const auto& rule : table.rules()) {
        ++number;
        // A rule that uses a named route points at that one.
        const bool named = std::ranges::any_of(table.routes(), [&](const Route& r) { return &r == rule.route; });
        if (!named && rule.route != nullptr) { add(fmt::format("rule {}", number), *rule.route); }
    }
    return out;
}

OnlineFacts look_online(Patient& patient) {
    OnlineFacts facts;
    std::vector<Provider> with_key;
    std::vector<std::future<Reached>> asked;
    auto& transport = patient.transport();
    for (const auto& key : patient.keys()) {
        if (key.state == KeyState::present || key.state == KeyState::unasked) {
            with_key.push_back(key.provider);
        } else if (key.state == KeyState::unneeded) {
            asked.push_back(std::async(std::launch::async, [&] { return reach(key.provider, transport); }));
        }
    }
    facts.trials = try_keys(with_key, patient.keychain(), patient.stored(), false, test_limit);
    for (auto& one : asked) {
        facts.reached.push_back(one.get());
    }
    return facts;
}

}  // namespace llmgw::doctor
