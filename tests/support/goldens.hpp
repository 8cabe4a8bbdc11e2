// What the golden tests of all dialects do with their folders (tests/dialects/<dialect>/<case>/).
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/dialect_text.hpp"

namespace llmgw::test {

// LLMGW_UPDATE_GOLDENS=1 writes what is said now, to be read before it is kept.
inline void compare_golden(const std::filesystem::path& file, const std::string& now) {
    if (std::getenv("LLMGW_UPDATE_GOLDENS") != nullptr) { std::ofstream(file, std::ios::binary) << now; }
    CAPTURE(file.string());
    CHECK(read_file(file) == now);
}

// The dialect's cases that have such a file, in order.
inline std::vector<std::filesystem::path> cases_with(const std::string& dialect, const char* name) {
    std::vector<std::filesystem::path> dirs;
    const auto folder = std::filesystem::path(LLMGW_SOURCE_DIR) / "tests/dialects" / dialect;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (std::filesystem::exists(entry.path() / name)) { dirs.push_back(entry.path()); }
    }
    std::ranges::sort(dirs);
    return dirs;
}

}  // namespace llmgw::test
