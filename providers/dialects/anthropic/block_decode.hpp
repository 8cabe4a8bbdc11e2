// Content blocks of a request, read into parts.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/model/chat_request.hpp"
#include "providers/dialects/anthropic/request_reading.hpp"

namespace llmgw::wire {

// A string, or an array of blocks. A string is one text part, "" none at all.
std::vector<Part> decode_content(RequestReading& reading, const json_scan::Value& content, const At& at);

// {type: ephemeral, ttl}
std::optional<CacheMark> decode_cache_mark(RequestReading& reading, const json_scan::Value& value, const At& at);

// One citation of a text block.
part::Citation decode_citation(std::string_view citation);

}  // namespace llmgw::wire
