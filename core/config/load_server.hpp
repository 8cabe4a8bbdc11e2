// Of a configuration file only where its gateway listens and whom it lets in.
#pragma once

#include <string>

#include "core/config/config.hpp"
#include "core/util/result.hpp"

namespace llmgw {

// [server] alone, of a file that may be wrong elsewhere: it is what a gateway was started with before. A missing file
// is the default when `must_exist` is false. Fails when the file cannot be read, is no TOML, or is wrong there.
Result<ServerConfig> load_server_config(const std::string& path, bool must_exist);

}  // namespace llmgw
