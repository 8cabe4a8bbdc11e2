// One prompt as a request of the dialect its model is spoken to in. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/model/dialect_id.hpp"
#include "core/provider/provider.hpp"

namespace llmgw {

struct AskInput {
    std::string model;
    std::string system;
    std::string prompt;
    std::int64_t max_tokens = 0;  // 0: the dialect's own default, or 4096 where one is required
    bool stream = true;
};

struct AskRequest {
    std::string path;
    std::string body;
};

// The dialect to use: the first one its provider speaks; for a bare name, the one its maker speaks.
DialectId dialect_for(std::string_view model, const std::vector<Provider>& providers);

AskRequest ask_request(DialectId dialect, const AskInput& input);

}  // namespace llmgw
