// Where keys live and how they are read. A reference names a key (keychain:NAME, env:NAME, file:PATH, ...);
// only this folder turns one into the key itself. Keys never travel in argv, logs or messages.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/util/result.hpp"

namespace llmgw {

// The operating system's keychain. Every call returns within the time limit it was made with.
// A failure's message names the reason and the choices left; its kind is unauthorized where a keychain refused
// (locked).
class Keychain {
public:
    virtual ~Keychain() = default;
    virtual std::string backend() const = 0;  // "secret-service", "macos-keychain", ...
    // `origin` is stored beside the key: a credential is bound to the scheme://host:port it was set for.
    virtual Result<> set(const std::string& name, const std::string& origin, const std::string& secret) = 0;
    struct Entry {
        std::string secret;
        std::string origin;
    };
    // ErrorKind::not_found when there is no such entry.
    virtual Result<Entry> get(const std::string& name) = 0;
    virtual Result<> remove(const std::string& name) = 0;
    virtual Result<std::vector<std::string>> list() = 0;
};

// The keychain of this machine, reached through a child process (`llmgw` with a hidden command) so that its
// libraries never load into the gateway and a call that hangs can be killed. `self` is the llmgw binary.
std::unique_ptr<Keychain> make_system_keychain(std::string self, std::chrono::milliseconds limit);

// What the hidden child command runs: one request on standard input, one answer on standard output.
// Returns the exit code.
int run_keychain_child();

// What a reference is expected to lead to.
enum class SecretForm {
    key,       // one word
    document,  // one word, or a JSON object: a service account, what a credential process prints
};

// Resolves key references for one origin. Not for passthrough, which is no key.
class SecretResolver {
public:
    explicit SecretResolver(Keychain* keychain) : keychain_(keychain) {}  // keychain outlives this; may be null

    // keychain:NAME   refused when the key was stored for another origin
    // env:NAME        error when unset or empty
    // file:PATH       ~ allowed; refused when it, or what it links to, is another user's or open to group or others;
    //                 one trailing newline dropped
    // cmd:LINE        runs /bin/sh -c LINE, first line of its output (all of a document), 10 s limit
    // vault:...       not available yet: says so
    Result<std::string> resolve(std::string_view reference, const std::string& origin,
                                SecretForm form = SecretForm::key) const;

private:
    Keychain* keychain_;
};

// "…abcd": the last four characters, or fewer of a short key. For listing.
std::string masked(std::string_view secret);

}  // namespace llmgw
