// Reads a streamGenerateContent stream: each datum is a whole response with new parts and the usage so far.
#include "providers/dialects/error_body.hpp"
#include "providers/dialects/gemini/gemini.hpp"

namespace llmgw::wire {

namespace {

class GeminiStream final : public StreamDecoder {
public:
    explicit GeminiStream(const Gemini& dialect) : dialect_(dialect) {}

    void decode(const SseEvent& sse, std::vector<Event>& out) override {
        if (sse.comment_only) { return; }
        const GeminiChunk chunk = read_gemini_chunk(sse.data);
        if ((!chunk.id.empty() && chunk.id != id_) || (!chunk.model.empty() && chunk.model != model_)) {
            if (!chunk.id.empty()) { id_ = chunk.id; }
            if (!chunk.model.empty()) { model_ = chunk.model; }
            out.emplace_back(event::Started{id_, model_});
        }
        if (chunk.content_bytes > 0) { out.emplace_back(event::Content{chunk.content_bytes}); }
        // Cumulative: the last one holds. Repeated unchanged, it is no news.
        if (!chunk.usage.empty() && chunk.usage != usage_text_) {
            usage_text_ = chunk.usage;
            out.emplace_back(event::UsageSeen{dialect_.decode_usage(chunk.usage)});
        }
        if (!chunk.finish_reason.empty() && chunk.finish_reason != reason_) {
            reason_ = chunk.finish_reason;
            out.emplace_back(event::Finished{reason_});
        }
        if (chunk.error && !failed_) {
            failed_ = true;
            out.emplace_back(event::Failed{error_inside(*chunk.error)});
        }
    }

    // Closing the connection is the only end this dialect has: it is one when a reason to stop was given.
    void finish(std::vector<Event>& out) override {
        if (!reason_.empty() && !failed_) { out.emplace_back(event::Terminal{}); }
    }

    StreamState state() const override { return {0, id_, model_}; }

private:
    const Gemini& dialect_;
    std::string id_;
    std::string model_;
    std::string reason_;
    std::string usage_text_;
    bool failed_ = false;
};

}  // namespace

std::unique_ptr<StreamDecoder> Gemini::stream_decoder() const {
    return std::make_unique<GeminiStream>(*this);
}

}  // namespace llmgw::wire
