// What a benchmark runs on: the mock, nginx and llmgw, each on a port of its own, with all their files in a temporary
// directory.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/process.hpp"

namespace llmgw::bench {

struct StageOptions {
    std::string llmgw_path;  // "" leaves llmgw out
    std::string nginx_path = "nginx";
    std::string mock_path;
    std::string nginx_template_path;
    std::string client_key;  // "" asks llmgw for the one it has made
};

// A place that calls can be sent to. `process` is null for the mock itself.
struct Target {
    std::string name;  // direct | nginx | llmgw
    int port = 0;
    std::string key;
    Process* process = nullptr;
};

class Stage {
public:
    explicit Stage(StageOptions options);
    ~Stage();
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    // Each says on stderr what is wrong, with the end of the program's output, and returns false.
    bool start_mock();
    bool start_nginx();
    bool start_llmgw();

    // Milliseconds from exec to the first answered GET /healthz of the last start.
    double ready_ms() const { return ready_ms_; }
    double stop_llmgw() { return llmgw_.stop(); }

    // Milliseconds `llmgw --version` takes, below 0 when it fails.
    double version_ms();

    Target direct() { return {"direct", mock_port_, "sk-bench-client", nullptr}; }
    Target nginx() { return {"nginx", nginx_port_, "sk-bench-client", &nginx_}; }
    Target llmgw() { return {"llmgw", llmgw_port_, client_key_, &llmgw_}; }
    const Process& mock() const { return mock_; }

    const std::string& directory() const { return directory_; }
    std::string usage_db_path() const { return directory_ + "/data/llmgw/usage.db"; }
    std::string mock_stats() const;
    void reset_mock_stats() const;

private:
    bool await_ready(Process& process, int port, const std::string& path, const std::string& name);
    std::vector<std::string> llmgw_environment() const;
    std::string find_client_key();
    void complain(const std::string& what, const std::string& log_name) const;

    StageOptions options_;
    std::string directory_;
    int mock_port_ = 0;
    int nginx_port_ = 0;
    int llmgw_port_ = 0;
    std::string client_key_;
    double ready_ms_ = 0;
    Process mock_;
    Process nginx_;
    Process llmgw_;
};

}  // namespace llmgw::bench
