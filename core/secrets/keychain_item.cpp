#include "core/secrets/keychain_item.hpp"

#include <nlohmann/json.hpp>

namespace llmgw {

using nlohmann::json;

std::string to_item(const std::string& secret, const std::string& origin) {
    return json{{"key", secret}, {"origin", origin}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<Keychain::Entry> from_item(std::string_view item) {
    const auto parsed = json::parse(item, nullptr, false);
    if (!parsed.is_object() || !parsed.contains("key") || !parsed["key"].is_string() || !parsed.contains("origin") ||
        !parsed["origin"].is_string()) {
        return fail(ErrorKind::credential, "the entry was not written by llmgw");
    }
    return Keychain::Entry{parsed["key"].get<std::string>(), parsed["origin"].get<std::string>()};
}

}  // namespace llmgw
