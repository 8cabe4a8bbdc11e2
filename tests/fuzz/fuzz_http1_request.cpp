// The reader of requests' heads: where a head ends does not depend on how it was cut, and nothing that ends a line or a
// field gets into a name, a value or a target.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/net/http1_request.hpp"

namespace {

void must(bool good) {
    if (!good) { std::abort(); }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) { return 0; }
    const std::string_view wire(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto end = llmgw::find_head_end(wire);
    std::size_t in_pieces = 0;
    const std::size_t piece = data[0] % 64 + 1;
    for (std::size_t have = 0; have < wire.size() && in_pieces == 0;) {
        const auto looked_at = have;
        have = std::min(have + piece, wire.size());
        in_pieces = llmgw::find_head_end(wire.substr(0, have), looked_at);
    }
    must(end == in_pieces);
    if (end == 0) { return 0; }
    const auto head = llmgw::read_request_head(wire.substr(0, end));
    if (!head) { return 0; }
    constexpr std::string_view ends("\r\n\0", 3);
    must(head->request.target.find_first_of("\r\n ") == std::string::npos);
    must(!(head->chunked && head->body_bytes > 0));
    for (const auto& [name, value] : head->request.headers) {
        must(!name.empty() && name.find_first_of(": \t\r\n") == std::string::npos);
        must(value.find_first_of(ends) == std::string::npos);
    }
    return 0;
}
