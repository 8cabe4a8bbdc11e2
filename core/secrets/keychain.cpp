// The parent's side of the keychain: one child process for each request.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/secrets/child.hpp"
#include "core/secrets/keychain_child.hpp"
#include "core/secrets/secrets.hpp"
#include "core/telemetry/redact.hpp"

namespace llmgw {
namespace {

using nlohmann::json;

constexpr const char* choices =
    "Without a keychain a key can come from ANTHROPIC_API_KEY or the like, where api_key is not set, or from api_key = "
    "\"env:NAME\", \"file:PATH\" (mode 0600) or \"cmd:COMMAND\".";

class ChildKeychain final : public Keychain {
public:
    ChildKeychain(std::string self, std::chrono::milliseconds limit) : self_(std::move(self)), limit_(limit) {}

    std::string backend() const override { return std::string(native_keychain().backend); }

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
        if (const auto obstacle = native_keychain_obstacle(); !obstacle.empty()) {
            return fail(ErrorKind::credential,
                        fmt::format("the keychain cannot be reached: {}. {}", obstacle, choices));
        }
        ChildRun run;
        run.argv = {self_, std::string(keychain_child_command)};
        run.environment = environment_list(native_keychain().variables);
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
                return fail(ErrorKind::unauthorized,
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

class NoKeychain final : public Keychain {
public:
    explicit NoKeychain(std::string reason) : reason_(std::move(reason)) {}
    std::string backend() const override { return "none"; }
    Result<> set(const std::string&, const std::string&, const std::string&) override { return refused(); }
    Result<Entry> get(const std::string&) override { return refused(); }
    Result<> remove(const std::string&) override { return refused(); }
    Result<std::vector<std::string>> list() override { return refused(); }

private:
    std::unexpected<Error> refused() const { return fail(ErrorKind::credential, reason_); }
    std::string reason_;
};

}  // namespace

std::unique_ptr<Keychain> make_no_keychain(std::string reason) {
    return std::make_unique<NoKeychain>(std::move(reason));
}

std::unique_ptr<Keychain> make_system_keychain(std::string self, std::chrono::milliseconds limit) {
    return std::make_unique<ChildKeychain>(std::move(self), limit);
}

}  // namespace llmgw
