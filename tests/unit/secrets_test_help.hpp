// What the tests of core/secrets share: a directory of their own, variables put back, a keychain in memory.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>

#include <sys/stat.h>

#include "core/secrets/secrets.hpp"

namespace llmgw::test {

class TempDir {
public:
    TempDir() {
        std::string path = (std::filesystem::temp_directory_path() / "llmgw-test-XXXXXX").string();
        if (::mkdtemp(path.data()) == nullptr) { throw std::runtime_error("no temporary directory"); }
        path_ = path;
    }
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    const std::string& path() const { return path_; }
    std::string write(const std::string& name, const std::string& text, unsigned mode = 0600) const {
        const auto path = path_ + "/" + name;
        std::ofstream(path, std::ios::binary) << text;
        ::chmod(path.c_str(), mode);
        return path;
    }
    std::string read(const std::string& name) const {
        std::ifstream file(path_ + "/" + name, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

private:
    std::string path_;
};

class EnvGuard {
public:
    EnvGuard(std::string name, const std::optional<std::string>& value) : name_(std::move(name)) {
        if (const char* old = std::getenv(name_.c_str())) { old_ = old; }
        put(value);
    }
    ~EnvGuard() { put(old_); }
    EnvGuard(const EnvGuard&) = delete;
    EnvGuard& operator=(const EnvGuard&) = delete;

private:
    void put(const std::optional<std::string>& value) const {
        if (value) {
            ::setenv(name_.c_str(), value->c_str(), 1);
        } else {
            ::unsetenv(name_.c_str());
        }
    }
    std::string name_;
    std::optional<std::string> old_;
};

// The binary that was built beside the tests, or $LLMGW_BINARY. May not exist when only the tests were built.
inline std::string built_llmgw() {
    if (const char* given = std::getenv("LLMGW_BINARY")) { return given; }
    return (std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "llmgw").string();
}

// `broken` not empty: every call fails with it.
class FakeKeychain final : public Keychain {
public:
    std::map<std::string, Entry> entries;
    std::string broken;
    int calls = 0;

    std::string backend() const override { return "fake"; }
    Result<> set(const std::string& name, const std::string& origin, const std::string& secret) override {
        ++calls;
        if (!broken.empty()) { return fail(ErrorKind::credential, broken); }
        entries[name] = {secret, origin};
        return {};
    }
    Result<Entry> get(const std::string& name) override {
        ++calls;
        if (!broken.empty()) { return fail(ErrorKind::credential, broken); }
        const auto found = entries.find(name);
        if (found == entries.end()) { return fail(ErrorKind::not_found, "no such key"); }
        return found->second;
    }
    Result<> remove(const std::string& name) override {
        ++calls;
        if (!broken.empty()) { return fail(ErrorKind::credential, broken); }
        if (entries.erase(name) == 0) { return fail(ErrorKind::not_found, "no such key"); }
        return {};
    }
    Result<std::vector<std::string>> list() override {
        ++calls;
        if (!broken.empty()) { return fail(ErrorKind::credential, broken); }
        std::vector<std::string> names;
        for (const auto& [name, entry] : entries) {
            names.push_back(name);
        }
        return names;
    }
};

}  // namespace llmgw::test
