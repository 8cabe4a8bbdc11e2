// The real binary, run as a user runs it: `llmgw serve` in a home of its own, and other commands beside it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/child_process.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/usage_db.hpp"

namespace llmgw::testing {

// The binary under test; set by the test program's main from its own compile definition or $LLMGW_BINARY.
void set_gateway_binary(std::string path);
const std::string& gateway_binary();

// The provider key that no output may ever hold. Fixed, so that it is found in any file left behind.
inline constexpr const char* provider_key = "sk-canary-Zx81-provider-key-do-not-leak-77f3";

// A user's home: HOME and the XDG directories under a temporary directory, removed at the end.
class TestHome {
public:
    TestHome();
    ~TestHome();
    TestHome(const TestHome&) = delete;
    TestHome& operator=(const TestHome&) = delete;

    const std::string& path() const { return path_; }
    std::string config_file() const { return path_ + "/config/llmgw/config.toml"; }
    std::string data_dir() const { return path_ + "/data/llmgw"; }
    std::string database() const { return data_dir() + "/usage.db"; }
    std::string key_file() const { return data_dir() + "/client_key"; }
    void write_config(const std::string& toml) const;
    // What a command is run with: nothing of the tests' own environment except PATH and sanitizer options.
    Variables environment() const;

private:
    std::string path_;
};

struct CliResult {
    ExitCode exit = -1;
    std::string out;
    std::string err;
};

// Runs one llmgw command to its end in that home.
CliResult run_cli(const TestHome& home, std::vector<std::string> arguments, std::string_view standard_input = {},
                  const Variables& more = {});

struct GatewayOptions {
    std::string config;  // config.toml; `[server] listen` is given on the command line
    std::string listen = "127.0.0.1:0";
    Variables environment;             // added to the home's
    std::vector<std::string> wrapper;  // put before the command: {"unshare", "-rn"}
};

class Gateway {
public:
    // Starts serve and waits until it listens. Throws std::runtime_error with its stderr when it does not.
    Gateway(TestHome& home, GatewayOptions options);

    int port() const { return port_; }
    const std::string& client_key() const { return client_key_; }
    ChildProcess& process() { return *process_; }
    TestHome& home() { return home_; }

    // Adds the client key as a bearer token.
    Request authorized(Request request) const;
    Response call(const Request& request) const { return http_call(port_, request); }
    // POST of JSON with the client key and a feature.
    Response post(const std::string& target, const std::string& body, const Headers& more = {}) const;
    Response get(const std::string& target, const Headers& more = {}) const;

    // The call's row, once it is in the database; fails the wait with an empty row.
    DbRow call_row(const std::string& call_id) const;
    DbRow call_row(const Response& response) const { return call_row(response.header("x-llmgw-call-id")); }
    std::vector<DbRow> attempt_rows(const std::string& call_id) const;

private:
    TestHome& home_;
    std::unique_ptr<ChildProcess> process_;
    int port_ = 0;
    std::string client_key_;
};

// The port from "listening on http://127.0.0.1:PORT"; 0 when it is not there.
int listening_port(const std::string& text);

std::string read_file(const std::string& path);

// Where `secret` occurs in files below `directory`, except in `allowed` files. Empty is good.
std::vector<std::string> files_holding(const std::string& directory, const std::string& secret,
                                       const std::vector<std::string>& allowed);

}  // namespace llmgw::testing
