// What a command may know about the process around it: paths, terminal, environment. Made once in app.cpp;
// tests make their own.
#pragma once

#include <optional>
#include <string>

namespace llmgw {

struct Environment {
    std::string config_path;    // $XDG_CONFIG_HOME/llmgw/config.toml, or --config
    bool config_given = false;  // --config was used: the file must exist
    std::string data_dir;       // $XDG_DATA_HOME/llmgw
    std::string self;           // path of the running binary
    bool stdout_is_tty = false;
    bool stderr_is_tty = false;
    bool color = false;  // stdout is a terminal and NO_COLOR is not set
    int width = 80;      // columns of the terminal, 80 when it is none

    std::string database_path() const { return data_dir + "/usage.db"; }
};

Environment detect_environment();

}  // namespace llmgw
