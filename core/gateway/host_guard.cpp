#include "core/gateway/host_guard.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "core/util/text.hpp"

namespace llmgw {
namespace {

ApiError refused(int status, std::string message) {
    return ApiError{.status = status,
                    .error_class = status == 403 ? ErrorClass::permission : ErrorClass::bad_request,
                    .message = std::move(message),
                    .retry_after_s = std::nullopt,
                    .request_id = {}};
}

bool host_characters(std::string_view host) {
    return !host.empty() && std::all_of(host.begin(), host.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == ':';
    });
}

}  // namespace

std::optional<HostPort> parse_host_header(std::string_view text) {
    HostPort parts;
    std::string_view port;
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == std::string_view::npos) { return std::nullopt; }
        parts.host = text.substr(1, close - 1);
        const auto rest = text.substr(close + 1);
        if (!rest.empty() && (rest[0] != ':' || rest.size() == 1)) { return std::nullopt; }
        if (!rest.empty()) { port = rest.substr(1); }
    } else {
        const auto colon = text.rfind(':');
        parts.host = text.substr(0, colon);
        if (parts.host.find(':') != std::string::npos) { return std::nullopt; }  // an IPv6 address needs brackets
        if (colon != std::string_view::npos) {
            port = text.substr(colon + 1);
            if (port.empty()) { return std::nullopt; }
        }
    }
    if (!host_characters(parts.host)) { return std::nullopt; }
    if (!port.empty()) {
        const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), parts.port);
        if (error != std::errc() || end != port.data() + port.size() || parts.port < 0 || parts.port > 65535) {
            return std::nullopt;
        }
    }
    return parts;
}

std::string allowed_origin(const Headers& headers, const ServerConfig& config) {
    const auto origin = find_header(headers, "origin");
    const auto& list = config.allowed_origins;
    return std::find(list.begin(), list.end(), origin) != list.end() ? std::string(origin) : std::string();
}

std::optional<ApiError> check_host_and_origin(const Headers& headers, const ServerConfig& config) {
    const auto hosts =
        std::count_if(headers.begin(), headers.end(), [](const Header& h) { return iequals(h.first, "host"); });
    if (hosts != 1) { return refused(400, "llmgw: a request carries exactly one Host header"); }
    const auto parts = parse_host_header(find_header(headers, "host"));
    if (!parts) { return refused(400, "llmgw: the Host header is malformed"); }
    const auto host = lower(parts->host);
    const auto listen = parse_listen(config.listen);
    const bool known = is_loopback_host(host) || (listen && listen->host != "0.0.0.0" && host == lower(listen->host)) ||
                       std::any_of(config.allowed_hosts.begin(), config.allowed_hosts.end(),
                                   [&](const std::string& allowed) { return host == lower(allowed); });
    if (!known) {
        return refused(403, "llmgw: Host \"" + host +
                                "\" is not on the list. Names besides localhost go into [server] allowed_hosts.");
    }
    if (!find_header(headers, "origin").empty() && allowed_origin(headers, config).empty()) {
        return refused(403,
                       "llmgw: requests from web pages are refused. Trusted origins go into [server] allowed_origins.");
    }
    return std::nullopt;
}

}  // namespace llmgw
