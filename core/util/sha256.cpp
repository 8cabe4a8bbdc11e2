#include "core/util/sha256.hpp"

#include <array>
#include <cassert>

// The plain functions, deprecated in OpenSSL 3: those that replace them load its table of providers first, which takes
// 3 MB and a millisecond of a start that hashes one key.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

namespace llmgw {

std::string sha256_hex(std::string_view bytes) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256_CTX context;
    [[maybe_unused]] const bool made = SHA256_Init(&context) == 1 &&
                                       SHA256_Update(&context, bytes.data(), bytes.size()) == 1 &&
                                       SHA256_Final(digest.data(), &context) == 1;
    assert(made);
    static constexpr char digits[] = "0123456789abcdef";
    std::string hex;
    hex.reserve(2 * digest.size());
    for (const unsigned char byte : digest) {
        hex += digits[byte >> 4U];
        hex += digits[byte & 15U];
    }
    return hex;
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    [[maybe_unused]] const auto* made =
        HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data(), &size);
    assert(made != nullptr && size == 32);
    return {reinterpret_cast<const char*>(digest.data()), size};
}

bool constant_time_equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

}  // namespace llmgw
