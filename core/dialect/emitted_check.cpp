#include "core/dialect/emitted_check.hpp"

#include <utility>

namespace llmgw {

EmittedCheck::EmittedCheck(const Codec& client) : validator_(client.stream_validator()) {}

void EmittedCheck::note(std::string what, std::string_view where) {
    if (!what.empty() && fault_.empty()) { fault_ = std::move(what) + ": " + std::string(where); }
}

void EmittedCheck::add(std::string_view bytes) {
    for (const auto& event : framer_.feed(bytes)) {
        if (!event.comment_only) { note(validator_->event(event), event.data); }
    }
    if (!framer_.pending().empty()) { note("half an event", framer_.pending()); }
}

void EmittedCheck::end() {
    note(validator_->end(), "at the end");
}

}  // namespace llmgw
