#include <array>
#include <filesystem>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "cli/doctor/base_url.hpp"
#include "cli/doctor/patient.hpp"
#include "core/net/port_owner.hpp"
#include "core/secrets/client_key.hpp"
#include "core/util/clock.hpp"
#include "core/util/sha256.hpp"
#include "core/util/text.hpp"
#include "core/util/version.hpp"

namespace llmgw::doctor {
namespace {

using nlohmann::json;
using State = GatewayFacts::State;

// It is on this machine: one that does not answer within this is stuck.
constexpr std::chrono::milliseconds answer_limit{2000};
constexpr std::size_t answer_bytes_max = std::size_t{1} << 20;

Result<std::string> get(Transport& transport, const std::string& url) {
    UpstreamRequest request;
    request.method = "GET";
    request.url = url;
    request.has_body = false;
    request.headers = {{"Accept", "application/json"}, {"User-Agent", "llmgw"}};
    request.connect_timeout = request.first_byte_timeout = request.idle_timeout = answer_limit;
    const auto response = transport.open(request, {});
    if (!response) { return std::unexpected(response.error()); }
    std::string body;
    while (body.size() < answer_bytes_max) {
        const auto chunk = (*response)->read({}, answer_limit);
        if (!chunk) { return std::unexpected(chunk.error()); }
        body += chunk->bytes;
        if (chunk->end || chunk->idle) { break; }
    }
    return body;
}

// Whether a gateway takes the key of this home; without one, whether it asks for none. A call that nobody has made is
// asked for: that comes after the key and costs nothing.
std::optional<bool> takes_our_key(Patient& patient, const HostPort& address) {
    // The key is shown on this machine only.
    if (!is_loopback_host(address.host)) { return std::nullopt; }
    auto key = read_client_key(patient.env().data_dir, patient.stored() ? &patient.keychain() : nullptr);
    if (!key && key.error().kind != ErrorKind::not_found) { return std::nullopt; }
    UpstreamRequest request;
    request.method = "GET";
    request.url = "http://" + to_string(address) + "/llmgw/v1/calls/none/stream";
    request.has_body = false;
    request.headers = {{"User-Agent", "llmgw"}};
    if (key) { request.headers.emplace_back("x-llmgw-key", *key); }
    request.connect_timeout = request.first_byte_timeout = request.idle_timeout = answer_limit;
    const auto response = patient.transport().open(request, {});
    if (!response) { return std::nullopt; }
    return (*response)->status() != 401;
}

// False when it is none of llmgw's.
bool read_ready(const std::string& body, GatewayFacts& facts) {
    const auto tree = json::parse(body, nullptr, false);
    try {
        if (!tree.is_object() || tree.value("status", "") != "ok" || !tree.contains("breakers")) { return false; }
        facts.version = tree.value("version", "");
        for (const auto& one : tree["breakers"]) {
            facts.breakers.push_back({one.value("provider", "") + "/" + one.value("model", ""), one.value("state", ""),
                                      one.value("open_left_ms", std::int64_t{0}),
                                      one.value("open_since_ms", std::int64_t{0})});
        }
        const auto keys = tree.value("keys", json::object());
        for (const auto& [provider, one] : keys.items()) {
            facts.keys.push_back({provider, one.value("good", std::int64_t{0}), one.value("resting", std::int64_t{0}),
                                  one.value("set_aside", std::int64_t{0})});
        }
    } catch (const json::exception&) { return false; }
    return true;
}

bool was_replaced(const std::string& pid) {
    std::error_code error;
    const auto binary = std::filesystem::read_symlink("/proc/" + pid + "/exe", error).string();
    return !error && binary.ends_with(" (deleted)");
}

// Variables that tell a client where to call, and where it has its key from.
struct ClientVariables {
    const char* url;
    const char* end;  // what the URL must have at its end
    std::array<const char*, 2> keys;
    const char* agent;
};
constexpr std::array<ClientVariables, 5> clients{{
    {"ANTHROPIC_BASE_URL", "", {"ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY"}, "claude"},
    {"GOOGLE_GEMINI_BASE_URL", "", {"GEMINI_API_KEY", nullptr}, "gemini"},
    {"OPENAI_BASE_URL", "/v1", {"OPENAI_API_KEY", nullptr}, ""},
    {"OPENAI_API_BASE", "/v1", {"OPENAI_API_KEY", nullptr}, ""},
    {"LLMGW_URL", "", {"LLMGW_KEY", nullptr}, "curl"},
}};

std::string value_of(const char* name) {
    return name == nullptr ? "" : process_env(name).value_or("");
}

// The key that such a client shows, which is none of ours where it brings its own credential and shows llmgw's in a
// header of its own.
void look_at_key(const ClientVariables& client, const std::string& sha256, BaseUrl& url) {
    for (const auto* headers : {"ANTHROPIC_CUSTOM_HEADERS", "GEMINI_CLI_CUSTOM_HEADERS"}) {
        const bool its_own = std::string_view(headers).substr(0, 6) == std::string_view(client.keys[0]).substr(0, 6);
        if (its_own && lower(value_of(headers)).contains("x-llmgw-key:")) { return; }
    }
    url.key = BaseUrl::Key::none;
    for (const auto* name : client.keys) {
        const auto key = value_of(name);
        if (key.empty()) { continue; }
        url.key_variable = name;
        url.key = sha256.empty()              ? BaseUrl::Key::unknown
                  : sha256_hex(key) == sha256 ? BaseUrl::Key::fits
                                              : BaseUrl::Key::another;
        return;
    }
}

// The first of them that is set.
std::string first_set(std::initializer_list<const char*> names) {
    for (const auto* name : names) {
        if (!value_of(name).empty()) { return name; }
    }
    return {};
}

bool names_host(std::string_view list, const std::string& host) {
    while (!list.empty()) {
        const auto comma = list.find(',');
        auto one = lower(trim(list.substr(0, comma)));
        // Clients differ in what they make of a port; an address is an address.
        if (const auto colon = one.rfind(':'); colon != std::string::npos && one.find(':') == colon) {
            one.resize(colon);
        }
        if (one == "*" || one == host || one == "[" + host + "]" || (one == "127.0.0.0/8" && host == "127.0.0.1")) {
            return true;
        }
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
    return false;
}

}  // namespace

GatewayFacts look_at_gateway(Patient& patient) {
    GatewayFacts facts;
    const auto address = patient.gateway_address();
    facts.config_unread = !patient.listen().has_value();
    if (!address) { return facts; }
    facts.address = to_string(*address);
    facts.our_version = version();
    facts.now_ms = SystemClock{}.now_ms();
    const auto body = get(patient.transport(), "http://" + facts.address + "/readyz");
    if (!body && body.error().kind == ErrorKind::connect) {
        facts.state = State::silent;
        return facts;
    }
    if (const auto owner = find_port_owner(address->port)) {
        facts.owner = owner->name + " (pid " + owner->pid + ")";
        facts.replaced = was_replaced(owner->pid);
    }
    if (!body) {
        facts.state = body.error().kind == ErrorKind::timeout ? State::stuck : State::other;
        return facts;
    }
    facts.state = read_ready(*body, facts) ? State::runs : State::other;
    if (facts.state == State::runs) { facts.takes_key = takes_our_key(patient, *address); }
    return facts;
}

ShellFacts look_at_shell(Patient& patient) {
    ShellFacts facts;
    const auto listen = patient.listen();
    if (const auto gateway = patient.gateway_address()) { facts.gateway_host = gateway->host; }
    facts.gateway_runs = patient.gateway().state == State::runs;
    facts.key_needed = patient.server() == nullptr || patient.server()->require_key;
    const auto known = known_client_key(patient.env().data_dir);
    const auto sha256 = known && *known ? (*known)->sha256 : std::string();
    for (const auto& client : clients) {
        const auto value = value_of(client.url);
        if (value.empty()) { continue; }
        BaseUrl url{.variable = client.url, .origin = origin_of(value), .agent = client.agent};
        follow(url, value, client.end, listen);
        if (url.leads == BaseUrl::Leads::here) { look_at_key(client, sha256, url); }
        facts.base_urls.push_back(std::move(url));
    }
    facts.http_proxy = first_set({"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"});
    facts.https_proxy = first_set({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
    if (!facts.https_proxy.empty()) {
        // Its user and password are nobody's business.
        facts.https_proxy_origin = origin_of(value_of(facts.https_proxy.c_str()));
        if (facts.https_proxy_origin.empty()) { facts.https_proxy_origin = "a proxy"; }
    }
    const auto no_proxy = first_set({"no_proxy", "NO_PROXY"});
    facts.no_proxy_covers =
        !no_proxy.empty() && !facts.gateway_host.empty() && names_host(value_of(no_proxy.c_str()), facts.gateway_host);
    for (const auto* name : {"SSL_CERT_FILE", "CURL_CA_BUNDLE"}) {
        const auto file = value_of(name);
        if (!file.empty() && ::access(file.c_str(), R_OK) != 0) { facts.unreadable_certificates.emplace_back(name); }
    }
    return facts;
}

}  // namespace llmgw::doctor
