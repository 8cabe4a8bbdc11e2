// What was typed after `llmgw ask`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace llmgw {

struct AskOptions {
    std::vector<std::string> words;
    std::string config;  // "": the usual file
    std::string feature;
    std::string model;
    std::optional<std::string> system;  // given: also an empty one, which takes a conversation's away
    std::string user;
    std::vector<std::string> meta;   // k=v
    std::vector<std::string> files;  // paths; "-" is standard input
    std::string schema_file;
    std::int64_t max_tokens = 0;  // 0: not given
    std::optional<double> temperature;
    bool go_on = false;  // --continue
    std::string conversation;
    bool no_keep = false;
    bool no_stream = false;
    bool plain = false;
    bool json = false;
    bool verbose = false;
    bool dry_run = false;
    bool list = false;
    std::string forget;
    std::string prune;
};

}  // namespace llmgw
