#include "cli/doctor/patient.hpp"

#include "cli/keys/keys.hpp"
#include "core/config/load_server.hpp"
#include "core/net/http_transport.hpp"

namespace llmgw::doctor {

const Result<Setup>& Patient::setup() {
    if (!setup_) { setup_ = load_setup(env_, options_.config); }
    return *setup_;
}

const Config& Patient::config() {
    return setup() ? setup()->config : defaults_;
}

const ServerConfig* Patient::server() {
    if (setup()) { return &setup()->config.server; }
    if (!server_) { server_ = load_server_config(config_path(), !options_.config.empty() || env_.config_given); }
    return *server_ ? &**server_ : nullptr;
}

Keychain& Patient::keychain() {
    if (!keychain_) { keychain_ = make_system_keychain(env_.self, brisk); }
    return *keychain_;
}

const Result<std::vector<std::string>>& Patient::stored() {
    if (!stored_) { stored_ = keychain().list(); }
    return *stored_;
}

const std::vector<KeyPresence>& Patient::keys() {
    if (!keys_) {
        keys_ = setup() ? look_for_keys(setup()->providers, keychain(), stored()) : std::vector<KeyPresence>();
    }
    return *keys_;
}

std::optional<HostPort> Patient::listen() {
    const auto* said = server();
    auto parsed = said != nullptr ? parse_listen(said->listen) : Result<HostPort>(HostPort{});
    if (said == nullptr || !parsed) { return std::nullopt; }
    return std::move(*parsed);
}

std::optional<HostPort> Patient::gateway_address() {
    auto address = listen();
    if (!address || address->port == 0) { return std::nullopt; }
    // A server that listens everywhere is reached on loopback from here.
    if (address->host == "0.0.0.0" || address->host == "localhost") { address->host = "127.0.0.1"; }
    if (address->host == "::") { address->host = "::1"; }
    return address;
}

const GatewayFacts& Patient::gateway() {
    if (!gateway_) { gateway_ = look_at_gateway(*this); }
    return *gateway_;
}

Transport& Patient::transport() {
    if (!transport_) { transport_ = make_http_transport(); }
    return *transport_;
}

}  // namespace llmgw::doctor
