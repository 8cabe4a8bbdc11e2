// The parent's side of the keychain: one child process for each request.
#include <cstdlib>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "core/secrets/child.hpp"
#include "core/secrets/keychain_child.hpp"
#include "core/secrets/secrets.hpp"
#include "core/telemetry/redact.hpp"

namespace llmgw {
namespace {

using nlohmann::json;

constexpr const char* choices =
    "Without a keychain a key can come from api_key = \"env:NAME\", \"file:PATH\" (mode 0600) or \"cmd:COMMAND\".";

// Asked before a child is started, so that a server without a desktop pays nothing.
bool session_bus_exists() {
    const char* address = std::getenv("DBUS_SESSION_BUS_ADDRESS");
    if (address != nullptr && *address != '\0') { return true; }
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    if (runtime == nullptr || *runtime == '\0') { return false; }
    struct stat info {};
    return ::stat((std::string(runtime) + "/bus").c_str(), &info) == 0;
}

class ChildKeychain final : public Keychain {
public:
    ChildKeychain(std::string self, std::chrono::milliseconds limit) : self_(std::move(self)), limit_(limit) {}

    std::string backend() const override { return "secret-service"; }

    Result<> set(const std::string& name, const std::string& origin, const std::string& secret) override {
        auto answer = ask({{"op", "set"}, {"name", name}, {"origin", origin}, {"secret", secret}});
        if (!answer) { return std::unexpected(answer.error()); }
        return {};
    }
    Result<Entry> get(const std::string& name) override {
        auto answer = ask({{"op", "get"}, {"name", name}});
        if (!answer) { return std::unexpected(answer.error()); }
        Entry entry{answer->value("secret", ""), answer->value("origin", "")};
        register_secret(entry.secret);
        return entry;
    }
    Result<> remove(const std::string& name) override {
        auto answer = ask({{"op", "remove"}, {"name", name}});
        if (!answer) { return std::unexpected(answer.error()); }
        return {};
    }
    Result<std::vector<std::string>> list() override {
        auto answer = ask({{"op", "list"}});
        if (!answer) { return std::unexpected(answer.error()); }
        return answer->value("names", std::vector<std::string>());
    }

private:
    Result<json> ask(const json& request) const {
        if (!session_bus_exists()) {
            return fail(ErrorKind::credential,
                        fmt::format("the keychain cannot be reached: there is no D-Bus session bus "
                                    "(DBUS_SESSION_BUS_ADDRESS is not set and $XDG_RUNTIME_DIR/bus does not exist). {}",
                                    choices));
        }
        ChildRun run;
        run.argv = {self_, std::string(keychain_child_command)};
        run.environment = environment_list({"DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "HOME", "PATH", "LANG",
                                            "LC_ALL", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "LD_LIBRARY_PATH"});
        std::string text = request.dump(-1, ' ', false, json::error_handler_t::replace);
        run.input = text;
        run.limit = limit_;
        auto ended = run_child(run);
        wipe(text);
        if (!ended) {
            if (ended.error().kind == ErrorKind::timeout) {
                return fail(ErrorKind::credential,
                            fmt::format("the keychain did not answer within {:.3g} s; it may be locked and waiting for "
                                        "a password on another screen. {}",
                                        static_cast<double>(limit_.count()) / 1000.0, choices));
            }
            return fail(ErrorKind::credential,
                        fmt::format("the keychain cannot be reached: {}. {}", ended.error().message, choices));
        }
        auto answer = json::parse(ended->output, nullptr, false);
        wipe(ended->output);
        try {
            if (answer.is_object() && answer.value("ok", false)) { return answer; }
            if (answer.is_object() && answer.value("missing", false)) {
                return fail(ErrorKind::not_found, "the keychain has no such key");
            }
            if (answer.is_object()) {
                return fail(ErrorKind::credential,
                            fmt::format("the keychain refused: {}. {}",
                                        redact(answer.value("message", "no reason given")), choices));
            }
        } catch (const json::exception&) {
            // A member of the wrong type: no answer of ours.
        }
        return fail(
            ErrorKind::credential,
            fmt::format("the keychain's helper ended with exit code {} and no answer. {}", ended->code, choices));
    }

    std::string self_;
    std::chrono::milliseconds limit_;
};

}  // namespace

std::unique_ptr<Keychain> make_system_keychain(std::string self, std::chrono::milliseconds limit) {
    return std::make_unique<ChildKeychain>(std::move(self), limit);
}

}  // namespace llmgw
