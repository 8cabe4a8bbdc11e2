#include "core/net/content_decoder.hpp"

#include <array>

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include "core/net/http.hpp"

namespace llmgw {
namespace {

constexpr std::size_t piece_bytes = 16 * 1024;
using Piece = std::array<char, piece_bytes>;

class Zlib final : public ContentDecoder {
public:
    // 32: gzip or zlib, whichever the header says.
    Zlib() : ok_(inflateInit2(&stream_, MAX_WBITS + 32) == Z_OK) {}
    ~Zlib() override { inflateEnd(&stream_); }
    Zlib(const Zlib&) = delete;
    Zlib& operator=(const Zlib&) = delete;

    bool decode(std::string_view bytes, std::string& out) override {
        Piece piece;
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
        stream_.avail_in = static_cast<uInt>(bytes.size());
        while (ok_ && !ended_) {
            stream_.next_out = reinterpret_cast<Bytef*>(piece.data());
            stream_.avail_out = static_cast<uInt>(piece.size());
            const int code = inflate(&stream_, Z_SYNC_FLUSH);
            out.append(piece.data(), piece.size() - stream_.avail_out);
            ended_ = code == Z_STREAM_END;
            if (code == Z_BUF_ERROR || (code == Z_OK && stream_.avail_out > 0)) { break; }
            ok_ = code == Z_OK || ended_;
        }
        return ok_;
    }

private:
    z_stream stream_{};
    bool ok_;
    bool ended_ = false;
};

class Brotli final : public ContentDecoder {
public:
    Brotli() : state_(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)) {}
    ~Brotli() override { BrotliDecoderDestroyInstance(state_); }
    Brotli(const Brotli&) = delete;
    Brotli& operator=(const Brotli&) = delete;

    bool decode(std::string_view bytes, std::string& out) override {
        Piece piece;
        std::size_t left = bytes.size();
        const auto* next = reinterpret_cast<const std::uint8_t*>(bytes.data());
        for (;;) {
            std::size_t room = piece.size();
            auto* to = reinterpret_cast<std::uint8_t*>(piece.data());
            const auto result = BrotliDecoderDecompressStream(state_, &left, &next, &room, &to, nullptr);
            out.append(piece.data(), piece.size() - room);
            if (result == BROTLI_DECODER_RESULT_ERROR) { return false; }
            if (result != BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) { return true; }
        }
    }

private:
    BrotliDecoderState* state_;
};

class Zstd final : public ContentDecoder {
public:
    Zstd() : stream_(ZSTD_createDStream()) {}
    ~Zstd() override { ZSTD_freeDStream(stream_); }
    Zstd(const Zstd&) = delete;
    Zstd& operator=(const Zstd&) = delete;

    bool decode(std::string_view bytes, std::string& out) override {
        Piece piece;
        ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
        for (;;) {
            ZSTD_outBuffer to{piece.data(), piece.size(), 0};
            if (ZSTD_isError(ZSTD_decompressStream(stream_, &to, &in)) != 0) { return false; }
            out.append(piece.data(), to.pos);
            if (in.pos == in.size && to.pos < piece.size()) { return true; }
        }
    }

private:
    ZSTD_DStream* stream_;
};

}  // namespace

std::unique_ptr<ContentDecoder> make_content_decoder(std::string_view encoding) {
    if (iequals(encoding, "gzip") || iequals(encoding, "x-gzip") || iequals(encoding, "deflate")) {
        return std::make_unique<Zlib>();
    }
    if (iequals(encoding, "br")) { return std::make_unique<Brotli>(); }
    if (iequals(encoding, "zstd")) { return std::make_unique<Zstd>(); }
    return nullptr;
}

}  // namespace llmgw
