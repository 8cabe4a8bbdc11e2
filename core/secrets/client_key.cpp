#include "core/secrets/client_key.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/secrets/child.hpp"
#include "core/telemetry/redact.hpp"
#include "core/util/base64.hpp"
#include "core/util/sha256.hpp"
#include "core/util/text.hpp"

namespace llmgw {
namespace {

constexpr std::string_view key_prefix = "llmgw-";
constexpr const char* entry_name = "llmgw-client";
constexpr const char* entry_origin = "llmgw:client";  // bound to the gateway itself, so to no host

std::string hash_path(const std::string& dir) {
    return dir + "/client_key.sha256";
}
std::string key_path(const std::string& dir) {
    return dir + "/client_key";
}

std::unexpected<Error> broken(const std::string& what, const std::string& path) {
    return fail(ErrorKind::io, fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)));
}

// nullopt when there is no such file.
Result<std::optional<std::string>> read_small(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        if (errno == ENOENT) { return std::nullopt; }
        return broken("read", path);
    }
    char buffer[512];
    const auto n = ::read(fd, buffer, sizeof buffer);
    ::close(fd);
    if (n < 0) { return broken("read", path); }
    std::string text(trim(std::string_view(buffer, static_cast<std::size_t>(n))));
    ::explicit_bzero(buffer, sizeof buffer);
    return text;
}

// Whole or not at all: a crash leaves the old file or the new one.
Result<> write_private(const std::string& path, std::string_view text) {
    const std::string next = path + ".new";
    ::unlink(next.c_str());
    const int fd = ::open(next.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) { return broken("write", next); }
    const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
    if (::close(fd) != 0 || !written || ::rename(next.c_str(), path.c_str()) != 0) { return broken("write", path); }
    return {};
}

bool is_hash(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Held while the first start makes the key; a second process waits and then finds the hash.
class Lock {
public:
    explicit Lock(const std::string& path) : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
        if (fd_ >= 0) {
            while (::flock(fd_, LOCK_EX) != 0 && errno == EINTR) {}
        }
    }
    ~Lock() {
        if (fd_ >= 0) { ::close(fd_); }
    }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    bool held() const { return fd_ >= 0; }

private:
    int fd_;
};

}  // namespace

Result<std::optional<ClientKey>> known_client_key(const std::string& dir) {
    auto hash = read_small(hash_path(dir));
    if (!hash) { return std::unexpected(hash.error()); }
    if (!*hash || !is_hash(**hash)) { return std::nullopt; }
    struct stat info {};
    const bool in_file = ::stat(key_path(dir).c_str(), &info) == 0;
    return ClientKey{false, in_file ? key_path(dir) : "keychain", **hash};
}

std::string make_client_key(std::size_t bytes) {
    std::string random(bytes, '\0');
    if (::getentropy(random.data(), random.size()) != 0) {
        throw std::system_error(errno, std::generic_category(), "no random numbers");
    }
    auto key = std::string(key_prefix) + base64url(random);
    wipe(random);
    return key;
}

bool is_client_key(std::string_view key) {
    return trim(key).starts_with(key_prefix);
}

std::string client_key_instead(const KeyReference& reference) {
    return fmt::format("{} holds llmgw's own client key, not a key of {}'s", reference.env, reference.name);
}

Result<ClientKey> ensure_client_key(const std::string& dir, Keychain* keychain) {
    auto known = known_client_key(dir);
    if (!known) { return std::unexpected(known.error()); }
    if (*known) { return **known; }

    std::error_code error;
    const bool fresh = std::filesystem::create_directories(dir, error);
    if (error) { return fail(ErrorKind::io, fmt::format("cannot make the directory {}: {}", dir, error.message())); }
    if (fresh) { ::chmod(dir.c_str(), 0700); }
    const Lock lock(dir + "/client_key.lock");
    if (!lock.held()) { return broken("write in", dir); }
    known = known_client_key(dir);
    if (!known) { return std::unexpected(known.error()); }
    if (*known) { return **known; }

    // A key without its hash: the hash was lost. Clients have the key, so it stays.
    auto in_file = read_small(key_path(dir));
    if (!in_file) { return std::unexpected(in_file.error()); }
    ClientKey out;
    std::string key;
    if (*in_file && !(*in_file)->empty()) {
        key = **in_file;
        out.where = key_path(dir);
    } else if (keychain != nullptr) {
        if (auto entry = keychain->get(entry_name); entry && entry->origin == entry_origin) {
            key = entry->secret;
            out.where = "keychain";
        }
    }
    if (key.empty()) {
        out.created = true;
        key = make_client_key();
        if (keychain != nullptr && keychain->set(entry_name, entry_origin, key)) {
            out.where = "keychain";
        } else {
            if (const auto written = write_private(key_path(dir), key + "\n"); !written) {
                return std::unexpected(written.error());
            }
            out.where = key_path(dir);
        }
    }
    register_secret(key);
    out.sha256 = sha256_hex(key);
    wipe(key);
    if (const auto written = write_private(hash_path(dir), out.sha256 + "\n"); !written) {
        return std::unexpected(written.error());
    }
    return out;
}

Result<std::string> read_client_key(const std::string& dir, Keychain* keychain) {
    auto hash = read_small(hash_path(dir));
    if (!hash) { return std::unexpected(hash.error()); }
    if (!*hash) {
        return fail(ErrorKind::not_found, "there is no client key yet; \"llmgw serve\" makes one at its first start");
    }
    struct stat info {};
    std::string key;
    if (::stat(key_path(dir).c_str(), &info) == 0) {
        auto file = SecretResolver(nullptr).resolve("file:" + key_path(dir), "");
        if (!file) { return std::unexpected(file.error()); }
        key = std::move(*file);
    } else if (keychain != nullptr) {
        auto entry = keychain->get(entry_name);
        if (!entry && entry.error().kind != ErrorKind::not_found) { return std::unexpected(entry.error()); }
        if (entry && entry->origin == entry_origin) { key = std::move(entry->secret); }
    }
    if (key.empty() || !constant_time_equal(sha256_hex(key), **hash)) {
        return fail(ErrorKind::credential,
                    fmt::format("the client key is gone or is not the one that {} belongs to; delete that file and "
                                "start \"llmgw serve\" again to get a new one",
                                hash_path(dir)));
    }
    register_secret(key);
    return key;
}

}  // namespace llmgw
