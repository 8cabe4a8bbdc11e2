// AWS Bedrock. Claude is asked by InvokeModel, in Anthropic's own format, so that its clients get its own events; every
// other model by Converse. Where a model's id does not say whose it is (an application inference profile), Converse
// serves, which all of them speak, or what `dialects` names.
#pragma once

#include "core/provider/host.hpp"

namespace llmgw {

const Host* bedrock_host();

}  // namespace llmgw
