#include "tests/support/gateway_process.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <unistd.h>

namespace llmgw::testing {
namespace {

namespace fs = std::filesystem;

std::string& binary() {
    static std::string path;
    return path;
}

}  // namespace

void set_gateway_binary(std::string path) {
    binary() = std::move(path);
}

const std::string& gateway_binary() {
    return binary();
}

TestHome::TestHome() {
    std::string name = (fs::temp_directory_path() / "llmgw-e2e-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) { throw std::runtime_error("cannot make a temporary directory"); }
    path_ = name;
    for (const char* part : {"/config/llmgw", "/data", "/state", "/cache", "/runtime"}) {
        fs::create_directories(path_ + part);
    }
    fs::permissions(path_ + "/runtime", fs::perms::owner_all);
}

TestHome::~TestHome() {
    std::error_code ignored;
    fs::permissions(data_dir(), fs::perms::owner_all, ignored);
    fs::remove_all(path_, ignored);
}

void TestHome::write_config(const std::string& toml) const {
    std::ofstream(config_file(), std::ios::binary | std::ios::trunc) << toml;
}

Variables TestHome::environment() const {
    Variables all{{"HOME", path_},
                  {"XDG_CONFIG_HOME", path_ + "/config"},
                  {"XDG_DATA_HOME", path_ + "/data"},
                  {"XDG_STATE_HOME", path_ + "/state"},
                  {"XDG_CACHE_HOME", path_ + "/cache"},
                  {"XDG_RUNTIME_DIR", path_ + "/runtime"},
                  {"LLMGW_TEST_PROVIDER_KEY", provider_key}};
    for (const char* name : {"PATH", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"}) {
        if (const char* value = std::getenv(name); value != nullptr) { all.emplace_back(name, value); }
    }
    return all;
}

CliResult run_cli(const TestHome& home, std::vector<std::string> arguments, std::string_view standard_input,
                  const Variables& more) {
    arguments.insert(arguments.begin(), gateway_binary());
    auto environment = home.environment();
    environment.insert(environment.end(), more.begin(), more.end());
    ChildProcess child(std::move(arguments), std::move(environment), standard_input);
    CliResult result;
    result.exit = child.wait().value_or(-1);
    result.out = child.out();
    result.err = child.err();
    return result;
}

int listening_port(const std::string& text) {
    constexpr std::string_view mark = "listening on http://";
    const auto at = text.find(mark);
    if (at == std::string::npos) { return 0; }
    const auto end = text.find('\n', at);
    if (end == std::string::npos) { return 0; }
    const auto line = text.substr(at + mark.size(), end - at - mark.size());
    const auto colon = line.rfind(':');
    return colon == std::string::npos ? 0 : std::atoi(line.c_str() + colon + 1);
}

Gateway::Gateway(TestHome& home, GatewayOptions options) : home_(home) {
    home.write_config(options.config);
    auto environment = home.environment();
    environment.insert(environment.end(), options.environment.begin(), options.environment.end());
    auto argv = std::move(options.wrapper);
    argv.insert(argv.end(), {gateway_binary(), "serve", "--listen", options.listen});
    process_ = std::make_unique<ChildProcess>(std::move(argv), std::move(environment));
    process_->wait_err("listening on http://");
    // The rest of that line may come in another read.
    process_->wait_err("\n", process_->err().find("listening on"));
    port_ = listening_port(process_->err());
    if (port_ == 0) {
        process_->signal(9);
        process_->wait();
        throw std::runtime_error("serve does not listen: " + process_->err());
    }
    client_key_ = read_file(home.key_file());
    while (!client_key_.empty() && client_key_.back() == '\n') {
        client_key_.pop_back();
    }
}

Request Gateway::authorized(Request request) const {
    request.headers.emplace_back("Authorization", "Bearer " + client_key_);
    return request;
}

Response Gateway::post(const std::string& target, const std::string& body, const Headers& more) const {
    Request request{.method = "POST", .target = target, .headers = more, .body = body, .host = ""};
    request.headers.emplace_back("Content-Type", "application/json");
    if (find_header(more, "x-llmgw-feature").empty()) { request.headers.emplace_back("x-llmgw-feature", "e2e"); }
    return call(authorized(std::move(request)));
}

Response Gateway::get(const std::string& target, const Headers& more) const {
    return call(authorized({.method = "GET", .target = target, .headers = more, .body = "", .host = ""}));
}

DbRow Gateway::call_row(const std::string& call_id) const {
    auto rows = db_wait(home_.database(), "SELECT * FROM calls WHERE call_id = ?1", {call_id}, 1);
    return rows.empty() ? DbRow{} : rows.front();
}

std::vector<DbRow> Gateway::attempt_rows(const std::string& call_id) const {
    call_row(call_id);
    return db_query(home_.database(), "SELECT * FROM attempts WHERE call_id = ?1", {call_id});
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> files_holding(const std::string& directory, const std::string& secret,
                                       const std::vector<std::string>& allowed) {
    std::vector<std::string> found;
    std::error_code ignored;
    for (const auto& entry : fs::recursive_directory_iterator(directory, ignored)) {
        if (!entry.is_regular_file(ignored)) { continue; }
        const auto path = entry.path().string();
        if (std::find(allowed.begin(), allowed.end(), path) != allowed.end()) { continue; }
        if (read_file(path).find(secret) != std::string::npos) { found.push_back(path); }
    }
    return found;
}

}  // namespace llmgw::testing
