#include "tests/support/aws_frames.hpp"

#include <cstdint>

namespace llmgw::test {
namespace {

void put(std::string& out, std::uint64_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) {
        out += static_cast<char>(value >> (8 * i));
    }
}

std::uint32_t checksum(std::string_view bytes) {
    std::uint32_t value = ~0U;
    for (const char c : bytes) {
        value ^= static_cast<unsigned char>(c);
        for (int i = 0; i < 8; ++i) {
            value = (value & 1) != 0 ? value >> 1 ^ 0xEDB88320U : value >> 1;
        }
    }
    return ~value;
}

}  // namespace

std::string aws_message(const std::vector<std::pair<std::string, std::string>>& headers, std::string_view payload) {
    std::string block;
    for (const auto& [name, value] : headers) {
        put(block, name.size(), 1);
        block += name;
        put(block, 7, 1);
        put(block, value.size(), 2);
        block += value;
    }
    std::string out;
    put(out, 12 + block.size() + payload.size() + 4, 4);
    put(out, block.size(), 4);
    put(out, checksum(out), 4);
    out += block;
    out += payload;
    put(out, checksum(out), 4);
    return out;
}

std::string aws_event(std::string_view type, std::string_view payload) {
    return aws_message(
        {{":event-type", std::string(type)}, {":content-type", "application/json"}, {":message-type", "event"}},
        payload);
}

std::string aws_exception(std::string_view type, std::string_view payload) {
    return aws_message(
        {{":exception-type", std::string(type)}, {":content-type", "application/json"}, {":message-type", "exception"}},
        payload);
}

}  // namespace llmgw::test
