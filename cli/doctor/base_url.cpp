#include "cli/doctor/base_url.hpp"

#include <algorithm>
#include <array>

#include <arpa/inet.h>

#include "core/provider/provider.hpp"

namespace llmgw::doctor {
namespace {

using Leads = BaseUrl::Leads;

bool is_ipv4(const std::string& host) {
    in_addr address{};
    return ::inet_pton(AF_INET, host.c_str(), &address) == 1;
}

// In any spelling of theirs.
bool is_one_address(const std::string& a, const std::string& b) {
    std::array<in6_addr, 2> six{};
    const bool both = ::inet_pton(AF_INET6, a.c_str(), &six[0]) == 1 && ::inet_pton(AF_INET6, b.c_str(), &six[1]) == 1;
    return both ? IN6_ARE_ADDR_EQUAL(&six[0], &six[1]) : a == b;
}

// Whether a client of this machine that connects to `host` finds who listens on `listening`.
bool reaches(const std::string& host, const std::string& listening) {
    const bool local = is_loopback_host(host);
    if (listening == "::") { return local; }
    if (listening == "0.0.0.0") { return local && (is_ipv4(host) || host == "localhost"); }
    // A name has addresses of both kinds, and clients try them all.
    if (host == "localhost" || listening == "localhost") { return local && is_loopback_host(listening); }
    return is_one_address(host, listening);
}

int port_of(const std::string& origin) {
    const auto colon = origin.rfind(':');
    const auto digits = origin.substr(colon + 1);
    const bool given = !digits.empty() && digits.size() <= 5 &&
                       std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
    if (given) { return std::stoi(digits); }
    return origin.starts_with("https://") ? 443 : 80;
}

// Without scheme, host, query, a slash at the end, and /f/NAME.
std::string_view path_of(std::string_view url) {
    url.remove_prefix(std::min(url.find("://") + 3, url.size()));
    url = url.substr(0, url.find_first_of("?#"));
    url.remove_prefix(std::min(url.find('/'), url.size()));
    while (url.ends_with('/')) {
        url.remove_suffix(1);
    }
    if (url.starts_with("/f/") && url.size() > 3) { url.remove_prefix(std::min(url.find('/', 3), url.size())); }
    return url;
}

}  // namespace

void follow(BaseUrl& url, std::string_view value, std::string_view end, const std::optional<HostPort>& listen) {
    const auto host = host_of(url.origin);
    const bool local = is_loopback_host(host);
    if (!listen || listen->port == 0) {
        url.leads = local ? Leads::unknown : Leads::elsewhere;
        return;
    }
    if (port_of(url.origin) != listen->port || !reaches(host, listen->host)) {
        url.leads = local ? Leads::nearby : Leads::elsewhere;
        return;
    }
    url.leads = Leads::here;
    if (url.origin.starts_with("https://")) {
        url.wrong = "with https, and it speaks plain http";
        return;
    }
    const auto path = path_of(value);
    if (path == end) { return; }
    if (!end.empty()) {
        url.wrong = "without " + std::string(end) + " at its end, which this client does not add itself";
    } else if (path == "/v1" || path == "/v1beta") {
        url.wrong = "with " + std::string(path) + " at its end, which this client adds itself";
    } else {
        url.wrong = "with a path that it does not have";
    }
}

}  // namespace llmgw::doctor
