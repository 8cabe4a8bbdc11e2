// What is wrong with a request's body: the first thing found, with the path to it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "core/util/result.hpp"

namespace llmgw::wire::chat {

class Fault {
public:
    void expected(std::string_view path, std::string_view what) {
        if (message_.empty()) { message_ = fmt::format("{}: expected {}", path, what); }
    }
    bool found() const { return !message_.empty(); }
    std::unexpected<Error> error() const { return fail(ErrorKind::bad_request, message_); }

private:
    std::string message_;
};

inline std::string path_to(std::string_view path, std::size_t index) {
    return fmt::format("{}[{}]", path, index);
}

inline std::string path_to(std::string_view path, std::string_view key) {
    return fmt::format("{}.{}", path, key);
}

}  // namespace llmgw::wire::chat
