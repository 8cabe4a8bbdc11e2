// What to think of what was found. Pure.
#pragma once

#include <string>

#include "cli/doctor/facts.hpp"
#include "cli/doctor/finding.hpp"

namespace llmgw::doctor {

Findings judge_config(const ConfigFacts& facts);
Findings judge_directory(const DirectoryFacts& facts);
Findings judge_database(const DatabaseFacts& facts);
// Nothing when every call is in the database.
Findings judge_journal(const JournalFacts& facts);
Findings judge_keychain(const KeychainFacts& facts);
// `configured`: names of the providers that have a table of their own.
Findings judge_keys(const std::vector<KeyPresence>& keys, const std::vector<std::string>& configured,
                    bool keychain_works);
Findings judge_client_key(const ClientKeyFacts& facts);
Findings judge_gateway(const GatewayFacts& facts);
Findings judge_targets(const GatewayFacts& facts);
Findings judge_routes(const std::vector<RouteFacts>& routes);
Findings judge_shell(const ShellFacts& facts);
Findings judge_online(const OnlineFacts& facts);

// "12 s", "4 min", "3 h", "2 days"
std::string span_text(std::int64_t ms);
// "1.4 GB"
std::string bytes_text(std::int64_t bytes);

}  // namespace llmgw::doctor
