// Nothing that is written for people or kept in a log may hold a secret. This is the one filter all such text
// passes last, after it has been put together.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace llmgw {

inline constexpr std::string_view redacted_mark = "[redacted]";

// From now on redact() removes this value, and the forms it takes inside JSON and URLs. Thread-safe.
// Values shorter than 6 bytes are not registered: they are no keys, and would eat ordinary text.
void register_secret(std::string_view secret);

// The same for a secret that ends, such as a token: of these the last `passing_secrets_max` are known, because new ones
// come for as long as the process runs. Thread-safe.
void register_passing_secret(std::string_view secret);
inline constexpr std::size_t passing_secrets_max = 256;

// `text` with every registered secret and everything that looks like a key replaced by redacted_mark:
// the prefixes providers give their keys, "Bearer X", key headers and members, ?key=X in URLs, and keys a
// provider has masked itself (sk-ab****yz). Thread-safe.
std::string redact(std::string_view text);

// Only the registered secrets are looked for; for short values that come from outside and are kept by the
// thousand. True when something was replaced. Thread-safe.
bool scrub_known_secrets(std::string& text);

}  // namespace llmgw
