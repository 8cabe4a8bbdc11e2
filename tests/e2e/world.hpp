// What most tests need: a provider under control, a home, and the gateway configured to use the one from the other.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/support/canned.hpp"
#include "tests/support/fake_upstream.hpp"
#include "tests/support/gateway_process.hpp"

namespace llmgw::testing {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

struct WorldOptions {
    std::string server;    // lines of [server]
    std::string timeouts;  // lines of [timeouts]
    std::string more;      // further tables
    bool start = true;
};

class World {
public:
    explicit World(WorldOptions options = {});
    // Stops the gateway and looks for secrets in everything that came out of it.
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    FakeUpstream upstream;
    TestHome home;

    Gateway& gateway() { return *gateway_; }
    std::string config() const;  // the configuration it starts with
    void start();
    void start_with(const std::string& config);
    // Ends the gateway with a signal and waits for it.
    std::optional<ExitCode> stop(int signal);
    // Another gateway on the same home.
    std::unique_ptr<Gateway> another();
    CliResult cli(std::vector<std::string> arguments);

    // Another text that no output and no file may hold, but for `allowed_file`.
    void guard(std::string secret, std::string allowed_file = {});

    // POST of that dialect's canned request, answered by whatever the upstream's handler is.
    Response ask(const canned::Wire& wire, bool stream = false, const Headers& more = {});

private:
    void scan();

    WorldOptions options_;
    std::unique_ptr<Gateway> gateway_;
    std::string output_;  // of gateways that ended and commands that ran
    std::vector<std::string> client_keys_;
    struct Guarded {
        std::string secret;
        std::string allowed_file;
    };
    std::vector<Guarded> guarded_;
};

inline std::string name_of(const canned::Wire& wire) {
    return std::string(to_string(wire.dialect));
}

// One SSE event of an answer.
struct StreamEvent {
    std::string name;
    std::string data;
    nlohmann::json json;  // discarded when the data is no JSON ([DONE])
};
std::vector<StreamEvent> stream_events(const std::string& body);

// Whether a body is an error in the dialect's own shape, with a message.
bool is_error_of(DialectId dialect, const std::string& body);
std::string error_message(const std::string& body);
// Whether an event ends a stream of that dialect with an error.
bool is_stream_error_of(DialectId dialect, const StreamEvent& event);

// Column of the log that says how a call ended, and the words in it.
inline constexpr const char* ending_column = "ending";

}  // namespace llmgw::testing
