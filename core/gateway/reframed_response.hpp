// An upstream's answer whose body comes as server-sent events, though its host sends it in a framing of its own: all
// that reads answers (tap, translation, passthrough) knows of events only.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/net/transport.hpp"
#include "core/provider/host.hpp"

namespace llmgw {

class ReframedResponse final : public UpstreamResponse {
public:
    ReframedResponse(std::unique_ptr<UpstreamResponse> inner, std::unique_ptr<StreamFraming> framing);
    int status() const override { return inner_->status(); }
    // With Content-Type text/event-stream, and without the length the other framing had.
    const Headers& headers() const override { return headers_; }
    bool connection_reused() const override { return inner_->connection_reused(); }
    bool request_sent() const override { return inner_->request_sent(); }
    Result<Chunk> read(const Watch& watch, std::chrono::milliseconds wait) override {
        if (fault_) { return std::unexpected(*fault_); }
        return in_events(inner_->read(watch, wait));
    }
    int readable_fd() const override { return fault_ ? -1 : inner_->readable_fd(); }
    std::chrono::milliseconds idle_left() const override { return inner_->idle_left(); }
    Result<Chunk> read_ready() override {
        if (fault_) { return std::unexpected(*fault_); }
        return in_events(inner_->read_ready());
    }

private:
    Result<Chunk> in_events(Result<Chunk> chunk);

    std::unique_ptr<UpstreamResponse> inner_;
    std::unique_ptr<StreamFraming> framing_;
    Headers headers_;
    std::string events_;
    std::optional<Error> fault_;  // of the framing; told by the next read
};

}  // namespace llmgw
