#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/secrets/child.hpp"
#include "core/secrets/client_key.hpp"
#include "core/secrets/reference.hpp"
#include "core/secrets/secrets.hpp"
#include "core/telemetry/redact.hpp"
#include "core/util/text.hpp"

namespace llmgw {
namespace {

constexpr std::size_t key_bytes_max = 16 * 1024;
constexpr std::chrono::seconds command_limit{10};

bool is_document(std::string_view text, SecretForm form) {
    return form == SecretForm::document && trim(text).starts_with('{');
}

// A key goes into a header: a line end or a control character in it is a mistake, or an attack. A document goes
// nowhere; what is taken from it is registered where that is done, and looked at like a key. Whether it ends is not
// known here: obtain_credential() registers for good what does not.
Result<std::string> checked(std::string key, const std::string& where, SecretForm form) {
    const auto complaint = [&](const char* what) {
        wipe(key);
        return fail(ErrorKind::credential, fmt::format("{} {}", where, what));
    };
    if (key.empty()) { return complaint("is empty"); }
    if (key.size() > key_bytes_max) { return complaint("is too long to be a key"); }
    if (is_document(key, form)) {
        register_passing_secret(key);
        return key;
    }
    if (is_example_key(key)) { return complaint("holds an example value, not a key"); }
    if (std::ranges::any_of(key, [](char c) {
            const auto byte = static_cast<unsigned char>(c);
            return byte <= 0x20 || byte == 0x7f;
        })) {
        return complaint("holds spaces, line ends or control characters, which no key does");
    }
    register_passing_secret(key);
    return key;
}

Result<std::string> from_env(const std::string& name, SecretForm form) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') {
        return fail(ErrorKind::credential, fmt::format("the environment variable {} is not set", name));
    }
    return checked(std::string(trim(value)), "the environment variable " + name, form);
}

Result<std::string> from_file(std::string path, SecretForm form) {
    if (path.starts_with("~/")) {
        const char* home = std::getenv("HOME");
        if (home == nullptr) { return fail(ErrorKind::credential, "HOME is not set, so " + path + " cannot be found"); }
        path = home + path.substr(1);
    }
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return fail(ErrorKind::credential, fmt::format("cannot read the key file {}: {}", path, std::strerror(errno)));
    }
    struct stat info {};
    const bool known = ::fstat(fd, &info) == 0;
    if (!known || !S_ISREG(info.st_mode)) {
        ::close(fd);
        return fail(ErrorKind::credential, path + " is not a file");
    }
    if (info.st_uid != ::geteuid()) {
        ::close(fd);
        return fail(ErrorKind::credential,
                    fmt::format("the key file {} belongs to another user (uid {}); llmgw reads only its own user's",
                                path, info.st_uid));
    }
    if ((info.st_mode & 077) != 0) {
        ::close(fd);
        return fail(ErrorKind::credential,
                    fmt::format("others may read the key file {} (mode {:04o}); run: chmod 600 {}", path,
                                info.st_mode & 07777, path));
    }
    std::string key;
    char buffer[4096];
    while (key.size() <= key_bytes_max) {
        const auto n = ::read(fd, buffer, sizeof buffer);
        if (n <= 0) { break; }
        key.append(buffer, static_cast<std::size_t>(n));
    }
    ::explicit_bzero(buffer, sizeof buffer);
    ::close(fd);
    if (key.ends_with('\n')) { key.pop_back(); }
    if (key.ends_with('\r')) { key.pop_back(); }
    return checked(std::move(key), "the key file " + path, form);
}

Result<std::string> from_command(const std::string& line, SecretForm form) {
    ChildRun run;
    run.argv = {"/bin/sh", "-c", line};
    run.environment = environment_list();
    run.limit = command_limit;
    run.output_bytes_max = key_bytes_max;
    auto ended = run_child(run);
    // The command line is the user's own and says which one failed; it names a secret, it holds none. It is
    // redacted all the same, for those who put one there.
    const auto shown = redact(line);
    if (!ended) {
        const auto why = ended.error().kind == ErrorKind::timeout
                             ? fmt::format("did not end within {} s", command_limit.count())
                             : ended.error().message;
        return fail(ErrorKind::credential, fmt::format("the key command \"{}\" {}", shown, why));
    }
    if (ended->code != 0) {
        wipe(ended->output);
        return fail(ErrorKind::credential,
                    fmt::format("the key command \"{}\" failed with exit code {}; run it in a terminal to see why",
                                shown, ended->code));
    }
    std::string_view said = ended->output;
    if (!is_document(said, form)) { said = said.substr(0, said.find('\n')); }
    std::string key(trim(said));
    wipe(ended->output);
    return checked(std::move(key), fmt::format("the output of the key command \"{}\"", shown), form);
}

Result<std::string> from_keychain(Keychain* keychain, const std::string& name, const std::string& origin,
                                  SecretForm form) {
    if (keychain == nullptr) { return fail(ErrorKind::credential, "there is no keychain here"); }
    auto entry = keychain->get(name);
    if (!entry) {
        if (entry.error().kind == ErrorKind::not_found) {
            return fail(ErrorKind::not_found, fmt::format("the keychain has no key named \"{}\"; store one with: "
                                                          "llmgw keys set {}",
                                                          name, name));
        }
        return fail(ErrorKind::credential, entry.error().message);
    }
    // A key goes where it was meant to go and nowhere else: whoever can change a base URL must not get the key.
    if (entry->origin != origin) {
        wipe(entry->secret);
        return fail(ErrorKind::credential,
                    fmt::format("the keychain's key \"{}\" was stored for {} and is not sent to {}; if that host is "
                                "right, store the key again with: llmgw keys set {}",
                                name, entry->origin.empty() ? "another host" : entry->origin, origin, name));
    }
    return checked(std::move(entry->secret), fmt::format("the keychain's key \"{}\"", name), form);
}

Result<std::string> from_usual_places(Keychain* keychain, const KeyReference& reference, const std::string& origin,
                                      SecretForm form) {
    auto stored = from_keychain(keychain, reference.name, origin, form);
    if (stored) { return stored; }
    std::string why_none;
    if (!reference.env.empty()) {
        const char* value = std::getenv(reference.env.c_str());
        if (value != nullptr && is_client_key(value)) {
            why_none = client_key_instead(reference) + "; ";
        } else if (value != nullptr && *value != '\0') {
            return from_env(reference.env, form);
        }
    }
    std::string message =
        fmt::format("no key for {0}: {1}store one with \"llmgw keys set {0}\"", reference.name, why_none);
    if (!reference.env.empty()) { message += " or set " + reference.env; }
    // That the keychain has none is what the sentence above says already.
    if (keychain != nullptr && stored.error().kind != ErrorKind::not_found) {
        message += " (" + stored.error().message + ")";
    }
    return fail(ErrorKind::credential, message);
}

}  // namespace

Result<std::string> SecretResolver::resolve(std::string_view text, const std::string& origin, SecretForm form) const {
    const auto reference = parse_reference(text);
    if (!reference) { return fail(ErrorKind::credential, "api_key is no reference to a key"); }
    switch (reference->kind) {
        case KeyKind::none:
        case KeyKind::passthrough: return std::string();
        case KeyKind::env: return from_env(reference->name, form);
        case KeyKind::file: return from_file(reference->name, form);
        case KeyKind::cmd: return from_command(reference->name, form);
        case KeyKind::automatic: return from_usual_places(keychain_, *reference, origin, form);
        case KeyKind::vault:
            return fail(ErrorKind::credential,
                        "\"vault:\" references cannot be read yet; use \"cmd:vault kv get -field=FIELD PATH\"");
        case KeyKind::keychain: break;
    }
    auto key = from_keychain(keychain_, reference->name, origin, form);
    if (!key && key.error().kind == ErrorKind::not_found) { return fail(ErrorKind::credential, key.error().message); }
    return key;
}

std::string masked(std::string_view secret) {
    // Four characters of a short key would be too much of it.
    const std::size_t shown = secret.size() >= 16 ? 4 : secret.size() >= 8 ? 2 : 0;
    return "\xe2\x80\xa6" + std::string(secret.substr(secret.size() - shown));
}

}  // namespace llmgw
