// What the checks share and what takes time to find out: each is looked at once, when a check first asks for it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/doctor/facts.hpp"
#include "cli/environment.hpp"
#include "cli/setup.hpp"
#include "core/config/listen.hpp"
#include "core/net/transport.hpp"
#include "core/secrets/secrets.hpp"

namespace llmgw::doctor {

struct Options {
    std::string config;
    bool online = false;
    bool json = false;
};

class Patient {
public:
    Patient(const Environment& env, const Options& options) : env_(env), options_(options) {}

    const Environment& env() const { return env_; }
    const Options& options() const { return options_; }
    std::string config_path() const { return options_.config.empty() ? env_.config_path : options_.config; }

    const Result<Setup>& setup();
    // The configuration, or the defaults where it is bad.
    const Config& config();
    // [server], also where something else in the file is bad; null where it cannot be told what it says.
    const ServerConfig* server();
    Keychain& keychain();
    const Result<std::vector<std::string>>& stored();
    // Empty where the configuration is bad.
    const std::vector<KeyPresence>& keys();
    const GatewayFacts& gateway();
    // Where it listens; nullopt where that cannot be told.
    std::optional<HostPort> listen();
    // Where clients of this machine find it; nullopt also for a port that the system chooses.
    std::optional<HostPort> gateway_address();
    Transport& transport();

private:
    const Environment& env_;
    const Options& options_;
    std::optional<Result<Setup>> setup_;
    std::optional<Result<ServerConfig>> server_;
    Config defaults_;
    std::unique_ptr<Keychain> keychain_;
    std::optional<Result<std::vector<std::string>>> stored_;
    std::optional<std::vector<KeyPresence>> keys_;
    std::optional<GatewayFacts> gateway_;
    std::unique_ptr<Transport> transport_;
};

// Looks, and changes nothing.
ConfigFacts look_at_config(Patient& patient);
DirectoryFacts look_at_directory(const Patient& patient);
DatabaseFacts look_at_database(const Patient& patient);
JournalFacts look_at_journal(const Patient& patient);
KeychainFacts look_at_keychain(Patient& patient);
ClientKeyFacts look_at_client_key(Patient& patient);
std::vector<RouteFacts> look_at_routes(Patient& patient);
GatewayFacts look_at_gateway(Patient& patient);
ShellFacts look_at_shell(Patient& patient);
OnlineFacts look_online(Patient& patient);

}  // namespace llmgw::doctor
