#include "core/provider/provider.hpp"

#include <cctype>

#include "core/provider/host.hpp"

namespace llmgw {

bool Provider::speaks(DialectId id, std::string_view model) const {
    if (!speaks(id)) { return false; }
    // Where one dialect is left, by the configuration, it is what all its models speak.
    const bool by_model = host != nullptr && host->serves != nullptr && !model.empty() && dialects.size() > 1;
    return !by_model || host->serves(id, model);
}

std::string origin_of(std::string_view url) {
    const auto scheme_end = url.find("://");
    if (scheme_end == std::string_view::npos) { return {}; }
    std::string scheme;
    for (char c : url.substr(0, scheme_end)) {
        scheme += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    if (scheme != "http" && scheme != "https") { return {}; }
    auto rest = url.substr(scheme_end + 3);
    rest = rest.substr(0, rest.find_first_of("/?#"));
    // user:password@host is never a good idea in a base URL, and parsers disagree about it.
    if (rest.empty() || rest.find('@') != std::string_view::npos) { return {}; }
    std::string host;
    for (char c : rest) {
        host += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    const std::string default_port = scheme == "https" ? ":443" : ":80";
    if (host.ends_with(default_port)) { host.resize(host.size() - default_port.size()); }
    if (host.empty() || host.front() == ':') { return {}; }
    return scheme + "://" + host;
}

std::string host_of(std::string_view url) {
    auto host = origin_of(url);
    if (host.empty()) { return host; }
    host.erase(0, host.find("://") + 3);
    if (host.starts_with('[')) { return host.substr(1, host.find(']') - 1); }
    return host.substr(0, host.find(':'));
}

}  // namespace llmgw
