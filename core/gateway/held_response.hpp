// An upstream answer that was read in part, or to its end, to see what it is, and is passed on all the same.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/net/transport.hpp"

namespace llmgw {

class HeldResponse final : public UpstreamResponse {
public:
    // `held` has been read. What is read next comes from `upstream`; with `end`, nothing does, and its connection is
    // free at once.
    HeldResponse(std::unique_ptr<UpstreamResponse> upstream, std::string held, bool end)
        : upstream_(std::move(upstream)),
          status_(upstream_->status()),
          headers_(upstream_->headers()),
          reused_(upstream_->connection_reused()),
          held_(std::move(held)),
          end_(end) {
        if (end_) { upstream_.reset(); }
    }

    int status() const override { return status_; }
    const Headers& headers() const override { return headers_; }
    bool connection_reused() const override { return reused_; }
    bool request_sent() const override { return end_ || upstream_->request_sent(); }

    Result<Chunk> read(const Watch& watch, std::chrono::milliseconds wait) override {
        return given_ ? upstream_->read(watch, wait) : give();
    }
    Result<Chunk> read_ready() override { return given_ ? upstream_->read_ready() : give(); }
    int readable_fd() const override { return given_ ? upstream_->readable_fd() : -1; }
    std::chrono::milliseconds idle_left() const override {
        return end_ ? std::chrono::milliseconds(0) : upstream_->idle_left();
    }

private:
    Chunk give() {
        given_ = !end_;
        return Chunk{.bytes = held_, .end = end_, .idle = false};
    }

    std::unique_ptr<UpstreamResponse> upstream_;
    int status_;
    Headers headers_;
    bool reused_;
    std::string held_;
    bool end_;
    bool given_ = false;
};

}  // namespace llmgw
