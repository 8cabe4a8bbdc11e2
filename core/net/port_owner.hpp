// Who holds a TCP port, for the message when it cannot be bound.
#pragma once

#include <string>

namespace llmgw {

// " by NAME (pid N)", or "" when it cannot be found (another user's process, not Linux).
std::string port_owner(int port);

}  // namespace llmgw
