// What a model is told that it was not shown.
#pragma once

#include <string_view>

#include "core/model/chat_request.hpp"

namespace llmgw::wire {

constexpr std::string_view word(part::MediaKind kind) {
    switch (kind) {
        case part::MediaKind::image: return "image";
        case part::MediaKind::document: return "document";
        case part::MediaKind::audio: return "audio";
        case part::MediaKind::video: return "video";
    }
    return "media";
}

}  // namespace llmgw::wire
