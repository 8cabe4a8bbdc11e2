#include "tests/bench/stage.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <utility>

#include <fmt/core.h>
#include <pwd.h>
#include <unistd.h>

#include "tests/bench/response_reader.hpp"
#include "tests/bench/sys.hpp"

namespace llmgw::bench {
namespace {

const std::string upstream_key = "sk-bench-upstream";

std::string make_temporary_directory() {
    std::string path = (std::filesystem::temp_directory_path() / "llmgw-bench-XXXXXX").string();
    return mkdtemp(path.data()) == nullptr ? "" : path;
}

void write_file(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
}

std::string fill(std::string text, const std::map<std::string, std::string>& values) {
    for (const auto& [name, value] : values) {
        std::string mark = "@" + name + "@";
        for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += value.size()) {
            text.replace(at, mark.size(), value);
        }
    }
    return text;
}

}  // namespace

Stage::Stage(StageOptions options)
    : options_(std::move(options)), directory_(make_temporary_directory()), client_key_(options_.client_key) {
    clean_up_on_signals(directory_);
    for (const char* name : {"home", "config/llmgw", "data", "state", "cache", "run"}) {
        std::filesystem::create_directories(directory_ + "/" + name);
    }
    std::filesystem::permissions(directory_ + "/run", std::filesystem::perms::owner_all);
}

Stage::~Stage() {
    llmgw_.stop();
    nginx_.stop();
    mock_.stop();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

void Stage::complain(const std::string& what, const std::string& log_name) const {
    std::string log = read_file(directory_ + "/" + log_name);
    fmt::print(stderr, "bench: {}\n{}\n", what, log.size() > 2000 ? log.substr(log.size() - 2000) : log);
}

bool Stage::await_ready(Process& process, int port, const std::string& path, const std::string& name) {
    std::int64_t deadline_ns = process.started_ns() + 10'000'000'000LL;
    while (now_ns() < deadline_ns) {
        if (http_get(port, path)) {
            ready_ms_ = static_cast<double>(now_ns() - process.started_ns()) / 1e6;
            return true;
        }
        usleep(150);
    }
    complain(name + " is not ready after 10 s", name + ".log");
    return false;
}

bool Stage::start_mock() {
    mock_port_ = free_port();
    Command command{
        {options_.mock_path, "--port", std::to_string(mock_port_)}, own_environment(), directory_ + "/mock.log"};
    if (!mock_.start(command)) {
        complain(options_.mock_path + ": " + std::strerror(errno), "mock.log");
        return false;
    }
    return await_ready(mock_, mock_port_, "/stats", "mock");
}

bool Stage::start_nginx() {
    nginx_port_ = free_port();
    std::string directory = directory_ + "/nginx";
    std::filesystem::create_directories(directory);
    // Workers of a master that runs as root would be another user, who cannot write here.
    const passwd* user = geteuid() == 0 ? getpwuid(0) : nullptr;
    write_file(directory + "/nginx.conf",
               fill(read_file(options_.nginx_template_path),
                    {{"DIR", directory},
                     {"PORT", std::to_string(nginx_port_)},
                     {"MOCK_PORT", std::to_string(mock_port_)},
                     {"KEY", nginx().key},
                     {"UPSTREAM_KEY", upstream_key},
                     {"OPEN_FILES", std::to_string(raise_open_files_limit())},
                     {"USER", user == nullptr ? "" : fmt::format("user {};", user->pw_name)}}));
    Command command{
        {options_.nginx_path, "-p", directory, "-c", directory + "/nginx.conf", "-e", directory + "/error.log"},
        own_environment(),
        directory_ + "/nginx.log"};
    if (!nginx_.start(command)) {
        complain(options_.nginx_path + ": " + std::strerror(errno), "nginx.log");
        return false;
    }
    return await_ready(nginx_, nginx_port_, "/healthz", "nginx");
}

std::vector<std::string> Stage::llmgw_environment() const {
    const char* path = std::getenv("PATH");
    return {"PATH=" + std::string(path == nullptr ? "/usr/bin:/bin" : path),
            "HOME=" + directory_ + "/home",
            "XDG_CONFIG_HOME=" + directory_ + "/config",
            "XDG_DATA_HOME=" + directory_ + "/data",
            "XDG_STATE_HOME=" + directory_ + "/state",
            "XDG_CACHE_HOME=" + directory_ + "/cache",
            "XDG_RUNTIME_DIR=" + directory_ + "/run",
            "OPENAI_API_KEY=" + upstream_key,
            "ANTHROPIC_API_KEY=" + upstream_key,
            "NO_COLOR=1",
            "LANG=C.UTF-8"};
}

bool Stage::start_llmgw() {
    if (llmgw_port_ == 0) { llmgw_port_ = free_port(); }
    write_file(directory_ + "/config/llmgw/config.toml",
               fmt::format(
                   "[server]\nlisten = \"127.0.0.1:{0}\"\n\n"
                   "[providers.openai]\nbase_url = \"http://127.0.0.1:{1}/v1\"\napi_key = \"env:OPENAI_API_KEY\"\n\n"
                   "[providers.anthropic]\nbase_url = \"http://127.0.0.1:{1}\"\napi_key = \"env:ANTHROPIC_API_KEY\"\n\n"
                   "[providers.chat]\ntype = \"openai\"\nbase_url = \"http://127.0.0.1:{1}/v1\"\n"
                   "api_key = \"env:OPENAI_API_KEY\"\ndialects = [\"openai-chat\"]\n",
                   llmgw_port_, mock_port_));
    Command command{{options_.llmgw_path, "serve"}, llmgw_environment(), directory_ + "/llmgw.log"};
    if (!llmgw_.start(command)) {
        complain(options_.llmgw_path + ": " + std::strerror(errno), "llmgw.log");
        return false;
    }
    if (!await_ready(llmgw_, llmgw_port_, "/healthz", "llmgw")) { return false; }
    if (client_key_.empty()) { client_key_ = find_client_key(); }
    if (client_key_.empty()) {
        complain("no client key: neither a file client_key nor `llmgw env curl` has one", "env.log");
    }
    return !client_key_.empty();
}

// The file in the data directory, or else the value of the first variable `llmgw env curl` prints whose name says key.
std::string Stage::find_client_key() {
    std::string text = read_file(directory_ + "/data/llmgw/client_key");
    if (text.empty()) {
        Process process;
        if (!process.start({{options_.llmgw_path, "env", "curl"}, llmgw_environment(), directory_ + "/env.log"})) {
            return "";
        }
        process.wait(5000);
        std::string output = read_file(directory_ + "/env.log");
        std::size_t at = output.find("KEY=");
        if (at == std::string::npos) { return ""; }
        text = output.substr(at + 4);
        text.erase(0, text.find_first_not_of("'\""));
    }
    return text.substr(0, text.find_first_of("'\" \r\n;"));
}

double Stage::version_ms() {
    Process process;
    if (!process.start({{options_.llmgw_path, "--version"}, llmgw_environment(), directory_ + "/version.log"})) {
        return -1;
    }
    if (process.wait(5000) != 0) { return -1; }
    return static_cast<double>(now_ns() - process.started_ns()) / 1e6;
}

std::string Stage::mock_stats() const {
    return http_get(mock_port_, "/stats").value_or("");
}
void Stage::reset_mock_stats() const {
    http_get(mock_port_, "/stats/reset");
}

}  // namespace llmgw::bench
