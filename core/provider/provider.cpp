#include "core/provider/provider.hpp"

#include <cctype>

namespace llmgw {

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

}  // namespace llmgw
