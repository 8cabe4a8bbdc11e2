#include "core/util/rsa.hpp"

#include <memory>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace llmgw {
namespace {

template <auto free_it>
struct Freed {
    template <class T>
    void operator()(T* pointer) const {
        free_it(pointer);
    }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;

// Without one OpenSSL would ask the terminal.
int no_password(char*, int, int, void*) {
    return 0;
}

}  // namespace

Result<std::string> sign_rs256(std::string_view private_key, std::string_view text) {
    const Bio bio(BIO_new_mem_buf(private_key.data(), static_cast<int>(private_key.size())));
    const Key key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr) : nullptr);
    if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) {
        return fail(ErrorKind::credential, "its private key is no RSA key in PEM");
    }
    const Digest digest(EVP_MD_CTX_new());
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t size = 0;
    if (!digest || EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
        EVP_DigestSign(digest.get(), nullptr, &size, bytes, text.size()) != 1) {
        return fail(ErrorKind::credential, "nothing can be signed with its private key");
    }
    std::string signature(size, '\0');
    if (EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes, text.size()) !=
        1) {
        return fail(ErrorKind::credential, "nothing can be signed with its private key");
    }
    signature.resize(size);
    return signature;
}

}  // namespace llmgw
