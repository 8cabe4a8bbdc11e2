#pragma once

#include "core/model/chat_request.hpp"
#include "core/model/usage.hpp"

namespace llmgw::wire::gemini {

// usageMetadata. Numbers nobody reported stay out.
JsonText usage_metadata(const Usage& usage);

}  // namespace llmgw::wire::gemini
