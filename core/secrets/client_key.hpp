// The key that clients on this machine show to the gateway. Made at the first start, random, never a default.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/secrets/reference.hpp"
#include "core/secrets/secrets.hpp"
#include "core/util/result.hpp"

namespace llmgw {

struct ClientKey {
    bool created = false;
    std::string where;   // "keychain" or the path of a file with mode 0600
    std::string sha256;  // hexadecimal; all that the gateway needs
};

// Later starts read DATA_DIR/client_key.sha256 and nothing else: no keychain, no child process. The first one
// makes a key, keeps it in the keychain where one works and otherwise in DATA_DIR/client_key, and writes the hash.
// `keychain` may be null. Safe against a second process doing the same.
Result<ClientKey> ensure_client_key(const std::string& data_dir, Keychain* keychain);

// What is known of the key without reading it; nullopt when none was made yet, or its hash was damaged and will be made
// again from the key.
Result<std::optional<ClientKey>> known_client_key(const std::string& data_dir);

// The key itself, for `llmgw env` and `llmgw run`. ErrorKind::not_found when none was made yet,
// ErrorKind::credential when it cannot be read or is not the one the gateway knows.
Result<std::string> read_client_key(const std::string& data_dir, Keychain* keychain);

// Whether it has the form of a client key, of this machine's gateway or another's: it begins with "llmgw-", as no
// provider's key does; spaces around it do not count. `eval "$(llmgw env gemini)"` puts one where a provider's key
// usually is.
bool is_client_key(std::string_view key);

// Why the usual variable of an automatic reference counts as not set: that is what it holds.
std::string client_key_instead(const KeyReference& reference);

// "llmgw-" and `bytes` random bytes in URL-safe base64.
std::string make_client_key(std::size_t bytes = 32);

}  // namespace llmgw
