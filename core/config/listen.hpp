// host:port as written in server.listen and --listen.
#pragma once

#include <string>
#include <string_view>

#include "core/util/result.hpp"

namespace llmgw {

struct HostPort {
    std::string host;  // without the brackets of an IPv6 address
    int port = 0;      // 0: the system chooses
};

// 127.0.0.1:4117, localhost:0, [::1]:4117. ErrorKind::config otherwise.
Result<HostPort> parse_listen(std::string_view text);

// "host:port", an IPv6 host in brackets.
std::string to_string(const HostPort& address);

// localhost, 127.0.0.0/8 and ::1, in any spelling inet_pton takes. Names are not looked up.
bool is_loopback_host(std::string_view host);

// Loopback, private and link-local addresses, and names that no public DNS has (one label, .local, .lan, ...).
bool is_private_host(std::string_view host);

// A gateway that asks for no key may only be reached from this machine.
Result<> check_exposure(const HostPort& listen, bool require_key);

}  // namespace llmgw
