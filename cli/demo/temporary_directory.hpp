// A directory that is gone when its owner is.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace llmgw {

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        const char* root = std::getenv("TMPDIR");
        std::string pattern = std::string(root != nullptr && *root != '\0' ? root : "/tmp") + "/llmgw-demo-XXXXXX";
        if (::mkdtemp(pattern.data()) != nullptr) { path_ = pattern; }
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        if (!path_.empty()) { std::filesystem::remove_all(path_, ignored); }
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    // "" when it could not be made.
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace llmgw
