#include "cli/keys/stamp.hpp"

#include <cstdio>
#include <filesystem>
#include <string>

#include "core/util/clock.hpp"
#include "core/util/file.hpp"

namespace llmgw {

void tell_keys_changed(const Environment& env) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(env.data_dir, ignored)) { return; }
    const auto told = write_private_file(env.data_dir + "/" + std::string(keys_stamp_name),
                                         std::to_string(SystemClock().now_ms()) + "\n");
    if (told) { return; }
    std::fprintf(stderr, "llmgw: a running gateway could not be told and keeps its keys until it is restarted: %s\n",
                 told.error().message.c_str());
}

}  // namespace llmgw
