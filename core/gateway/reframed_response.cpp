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
    if (auto read = framing_->feed(chunk->bytes, events_); !read) { return std::unexpected(read.error()); }
    if (chunk->end) {
        if (auto ended = framing_->finish(events_); !ended) { return std::unexpected(ended.error()); }
    }
    // Without a whole event this is empty, and no end: read again.
    return Chunk{.bytes = events_, .end = chunk->end, .idle = false};
}

}  // namespace llmgw
