#include "core/gateway/reframed_response.hpp"

namespace llmgw {

ReframedResponse::ReframedResponse(std::unique_ptr<UpstreamResponse> inner, std::unique_ptr<StreamFraming> framing)
    : inner_(std::move(inner)), framing_(std::move(framing)) {
    for (const auto& header : inner_->headers()) {
        if (iequals(header.first, "content-type") || iequals(header.first, "content-length")) { continue; }
        headers_.push_back(header);
    }
    headers_.emplace_back("Content-Type", "text/event-stream");
}

Result<UpstreamResponse::Chunk> ReframedResponse::in_events(Result<Chunk> chunk) {
    if (!chunk || chunk->idle) { return chunk; }
    events_.clear();
    auto read = framing_->feed(chunk->bytes, events_);
    if (read && chunk->end) { read = framing_->finish(events_); }
    if (!read) {
        if (events_.empty()) { return std::unexpected(read.error()); }
        // What came before it in the same piece is the client's.
        fault_ = read.error();
        return Chunk{.bytes = events_, .end = false, .idle = false};
    }
    // Without a whole event this is empty, and no end: read again.
    return Chunk{.bytes = events_, .end = chunk->end, .idle = false};
}

}  // namespace llmgw
