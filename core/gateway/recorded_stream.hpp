// A kept reply on its way to a client: what is there already, then what comes, until its end.
#pragma once

#include <memory>

#include "core/net/http.hpp"
#include "core/replay/recording.hpp"

namespace llmgw {

std::unique_ptr<ReplyStream> recorded_stream(std::unique_ptr<Recording::Reader> reader);

}  // namespace llmgw
