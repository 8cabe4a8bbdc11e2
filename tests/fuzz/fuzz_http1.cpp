// The HTTP response reader (the first byte says how large the pieces are): any bytes, cut at any places, mean the same
// as when they come at once.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/net/http1_response.hpp"

namespace {

struct Reading {
    std::string body;
    bool complete = false;
    bool reusable = false;
    std::string fault;
    bool operator==(const Reading&) const = default;
};

Reading read(std::string_view wire, std::size_t piece_bytes) {
    Reading reading;
    llmgw::Http1Response response;
    for (std::size_t at = 0; at < wire.size(); at += piece_bytes) {
        std::string piece(wire.substr(at, piece_bytes));
        reading.body += response.take(piece.data(), piece.size());
    }
    reading.reusable = response.reusable();
    response.closed();
    reading.complete = response.complete();
    reading.fault = response.fault();
    return reading;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) { return 0; }
    const std::string_view wire(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (!(read(wire, data[0] % 64 + 1) == read(wire, wire.size() + 1))) { std::abort(); }
    return 0;
}
