// SHA-256, its keyed form, and a comparison that takes the same time wherever two strings differ.
#pragma once

#include <string>
#include <string_view>

namespace llmgw {

// 64 lower-case hexadecimal digits. Throws std::bad_alloc only.
std::string sha256_hex(std::string_view bytes);

// HMAC (RFC 2104) with SHA-256: 32 bytes, not printable.
std::string hmac_sha256(std::string_view key, std::string_view bytes);

// False at once when the lengths differ: lengths of hashes are no secret.
bool constant_time_equal(std::string_view a, std::string_view b);

}  // namespace llmgw
