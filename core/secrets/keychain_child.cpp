#include "core/secrets/keychain_child.hpp"

#include <string>

#include <nlohmann/json.hpp>

#if defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#else
#include <sys/resource.h>
#endif
#include <unistd.h>

#include "core/secrets/child.hpp"

namespace llmgw {
namespace {

using nlohmann::json;

constexpr std::size_t request_bytes_max = 1 << 20;

std::string read_all(int fd) {
    std::string text;
    char buffer[4096];
    while (text.size() <= request_bytes_max) {
        const auto n = ::read(fd, buffer, sizeof buffer);
        if (n <= 0) { break; }
        text.append(buffer, static_cast<std::size_t>(n));
    }
    wipe(buffer, sizeof buffer);
    return text;
}

json refusal(const Error& error) {
    if (error.kind == ErrorKind::not_found) { return {{"ok", false}, {"missing", true}}; }
    return {{"ok", false}, {"message", error.message}};
}

json answer(Keychain& keychain, const json& request) {
    const auto op = request.value("op", "");
    const auto name = request.value("name", "");
    if (op == "list") {
        auto names = keychain.list();
        return names ? json{{"ok", true}, {"names", *names}} : refusal(names.error());
    }
    if (name.empty()) { return {{"ok", false}, {"message", "a request without a name"}}; }
    if (op == "get") {
        auto entry = keychain.get(name);
        return entry ? json{{"ok", true}, {"secret", entry->secret}, {"origin", entry->origin}}
                     : refusal(entry.error());
    }
    Result<> done = fail(ErrorKind::internal, "an unknown request");
    if (op == "set") { done = keychain.set(name, request.value("origin", ""), request.value("secret", "")); }
    if (op == "remove") { done = keychain.remove(name); }
    return done ? json{{"ok", true}} : refusal(done.error());
}

// No core file with a key in it, and no life after the parent has given up.
void limit_myself() {
#if defined(_WIN32)
    // The parent's job object ends this process with the parent. Line ends are not to be translated.
    ::_setmode(STDIN_FILENO, _O_BINARY);
    ::_setmode(STDOUT_FILENO, _O_BINARY);
#else
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::alarm(300);
#endif
}

}  // namespace

int run_keychain_child() {
    limit_myself();
    auto text = read_all(STDIN_FILENO);
    json reply;
    try {
        const auto request = json::parse(text);
        const auto keychain = make_native_keychain();
        reply = answer(*keychain, request);
    } catch (const json::exception&) {
        // what() may quote the request.
        reply = {{"ok", false}, {"message", "a request that is no JSON object"}};
    }
    wipe(text);
    std::string out = reply.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    for (std::string_view left = out; !left.empty();) {
        const auto n = ::write(STDOUT_FILENO, left.data(), left.size());
        if (n <= 0) { return 1; }
        left.remove_prefix(static_cast<std::size_t>(n));
    }
    wipe(out);
    return reply.value("ok", false) ? 0 : 1;
}

}  // namespace llmgw
