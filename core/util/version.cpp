#include "core/util/version.hpp"

namespace llmgw {

std::string_view version() {
    return LLMGW_VERSION;
}

}  // namespace llmgw
