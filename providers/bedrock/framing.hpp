// Bedrock's streams and errors in the shape that the dialect spoken has elsewhere.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "core/provider/host.hpp"

namespace llmgw::bedrock {

// Event-stream messages as server-sent events. InvokeModel's are Anthropic's own events, base64 in a `chunk`;
// Converse's keep their name and payload. An exception becomes the dialect's error event.
std::unique_ptr<StreamFraming> framing(DialectId dialect, std::string_view content_type);

// {message} with the error's name in a header. Newer models answer in Anthropic's shape: nullopt.
std::optional<ApiError> error(DialectId dialect, int status, const Headers& headers, std::string_view body);

}  // namespace llmgw::bedrock
