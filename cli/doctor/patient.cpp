#include "cli/doctor/patient.hpp"

#include "cli/keys/keys.hpp"
#include "core/net/http_transport.hpp"

namespace llmgw::doctor {

const Result<Setup>& Patient::setup() {
    if (!setup_) { setup_ = load_setup(env_, options_.config); }
    return *setup_;
}

const Config& Patient::config() {
    return setup() ? setup()->config : defaults_;
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

std::optional<HostPort> Patient::gateway_address() {
    auto listen = parse_listen(config().server.listen);
    if (!listen || listen->port == 0) { return std::nullopt; }
    // A server that listens everywhere is reached on loopback from here.
    if (listen->host == "0.0.0.0" || listen->host == "localhost") { listen->host = "127.0.0.1"; }
    if (listen->host == "::") { listen->host = "::1"; }
    return *listen;
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
