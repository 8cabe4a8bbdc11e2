// Who holds a TCP port, for messages.
#pragma once

#include <optional>
#include <string>

namespace llmgw {

struct PortOwner {
    std::string name;
    std::string pid;
};
// nullopt when it cannot be found (nobody, another user's process, not Linux).
std::optional<PortOwner> find_port_owner(int port);

// " by NAME (pid N)", or "" when it cannot be found.
std::string port_owner(int port);

}  // namespace llmgw
