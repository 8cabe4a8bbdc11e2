// Blocks that only this dialect has, between their two shapes: whole, and as a stream says them.
#pragma once

#include <string>
#include <string_view>

#include "core/model/chat_request.hpp"

namespace llmgw::wire {

struct ForeignBlock {
    JsonText start;     // what content_block_start shows
    std::string input;  // what input_json_delta then says, "" for none
};

// A whole block as a stream would say it: calls begin with an empty input, all others arrive whole.
ForeignBlock split_foreign(std::string_view whole);

// The block with this member's value replaced, or added at its end. Everything else stays as it was written.
JsonText with_member(std::string_view block, std::string_view key, std::string_view json);

}  // namespace llmgw::wire
