#include "core/config/listen.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include <arpa/inet.h>

#include "core/util/text.hpp"

namespace llmgw {
namespace {

std::optional<std::uint32_t> ipv4(const std::string& host) {
    in_addr address{};
    if (::inet_pton(AF_INET, host.c_str(), &address) != 1) { return std::nullopt; }
    return ntohl(address.s_addr);
}

std::optional<std::array<unsigned char, 16>> ipv6(const std::string& host) {
    in6_addr address{};
    if (::inet_pton(AF_INET6, host.c_str(), &address) != 1) { return std::nullopt; }
    std::array<unsigned char, 16> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = address.s6_addr[i];
    }
    return bytes;
}

}  // namespace

Result<HostPort> parse_listen(std::string_view text) {
    const auto bad = [] { return fail(ErrorKind::config, "expected HOST:PORT, like 127.0.0.1:4117 or [::1]:4117"); };
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) { return bad(); }
    auto host = text.substr(0, colon);
    const auto port_text = text.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
        if (!ipv6(std::string(host))) { return bad(); }
    } else if (host.empty() || host.find_first_of(":[]/@?# \t") != std::string_view::npos) {
        return bad();
    }
    HostPort out{std::string(host), 0};
    const auto [end, error] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), out.port);
    if (error != std::errc() || end != port_text.data() + port_text.size() || out.port < 0 || out.port > 65535) {
        return fail(ErrorKind::config, "expected a port between 0 and 65535 after the last colon");
    }
    return out;
}

std::string to_string(const HostPort& address) {
    const bool v6 = address.host.find(':') != std::string::npos;
    return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

bool is_loopback_host(std::string_view host) {
    const std::string name = lower(host);
    if (name == "localhost" || name.ends_with(".localhost")) { return true; }
    if (const auto address = ipv4(name)) { return *address >> 24 == 127; }
    if (const auto address = ipv6(name)) {
        std::array<unsigned char, 16> one{};
        one[15] = 1;
        return *address == one;
    }
    return false;
}

bool is_private_host(std::string_view host) {
    if (is_loopback_host(host)) { return true; }
    const std::string name = lower(host);
    if (const auto address = ipv4(name)) {
        return *address >> 24 == 10 || *address >> 20 == 0xac1 || *address >> 16 == 0xc0a8 || *address >> 16 == 0xa9fe;
    }
    if (const auto address = ipv6(name)) {
        return ((*address)[0] & 0xfe) == 0xfc || ((*address)[0] == 0xfe && ((*address)[1] & 0xc0) == 0x80);
    }
    if (name.find('.') == std::string::npos) { return true; }
    for (const auto* suffix : {".local", ".lan", ".internal", ".home.arpa"}) {
        if (name.ends_with(suffix)) { return true; }
    }
    return false;
}

Result<> check_exposure(const HostPort& listen, bool require_key) {
    if (require_key || is_loopback_host(listen.host)) { return {}; }
    return fail(ErrorKind::config,
                "require_key = false is only allowed on a loopback address (127.0.0.1, ::1, localhost): anyone who "
                "reaches another one could spend your money");
}

}  // namespace llmgw
