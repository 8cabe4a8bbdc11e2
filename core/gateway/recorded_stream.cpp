#include "core/gateway/recorded_stream.hpp"

#include <array>
#include <utility>

namespace llmgw {
namespace {

// So that one fast stream does not keep the loop to itself; a stream's own thread takes more at a time.
constexpr std::size_t piece_bytes = 16 * 1024;
constexpr int pieces_a_turn_max = 2;

class RecordedStream final : public ReplyStream {
public:
    explicit RecordedStream(std::unique_ptr<Recording::Reader> reader) : reader_(std::move(reader)) {}

    Progress advance(ClientStream& client, Wake wake) override {
        if (wake == Wake::cancelled) { return Progress::cut; }
        std::array<char, piece_bytes> piece;
        for (;;) {
            auto state = Recording::State::running;
            const auto n = reader_->next(piece.data(), piece.size(), state);
            if (n > 0) {
                if (!client.write({piece.data(), n}) || !client.flush()) { return Progress::cut; }
                continue;
            }
            if (!client.flush()) { return Progress::cut; }
            switch (state) {
                case Recording::State::pending:
                case Recording::State::running: return wake == Wake::aborted ? Progress::cut : Progress::parked;
                case Recording::State::whole: return Progress::whole;
                case Recording::State::cut:
                case Recording::State::dropped: return Progress::cut;
            }
        }
    }

    int fd() const override { return reader_->fd(); }
    // Its maker pings.
    std::chrono::milliseconds idle() const override { return std::chrono::hours(1); }

    bool turn(ClientStream& client) override {
        std::array<char, piece_bytes> piece;
        for (int i = 0; i < pieces_a_turn_max; ++i) {
            auto state = Recording::State::running;
            const auto n = reader_->next(piece.data(), piece.size(), state);
            if (n == 0) { return state == Recording::State::running; }
            if (!client.write({piece.data(), n}) || !client.try_flush()) { return false; }
        }
        return false;
    }

private:
    std::unique_ptr<Recording::Reader> reader_;
};

}  // namespace

std::unique_ptr<ReplyStream> recorded_stream(std::unique_ptr<Recording::Reader> reader) {
    return std::make_unique<RecordedStream>(std::move(reader));
}

}  // namespace llmgw
