#include "core/net/websocket_frame.hpp"

#include <algorithm>
#include <utility>

#include "core/util/utf8.hpp"

namespace llmgw::websocket {
namespace {

constexpr std::size_t control_bytes_max = 125;
constexpr unsigned char final_bit = 0x80;
constexpr unsigned char reserved_bits = 0x70;
constexpr unsigned char mask_bit = 0x80;

bool is_control(Opcode opcode) {
    return (static_cast<unsigned>(opcode) & 8U) != 0;
}

bool is_known(unsigned opcode) {
    return opcode <= 2 || (opcode >= 8 && opcode <= 10);
}

}  // namespace

std::string frame_head(Opcode opcode, std::size_t payload_bytes) {
    std::string head(1, static_cast<char>(final_bit | static_cast<unsigned>(opcode)));
    const auto append_size = [&](int bytes) {
        for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
            head += static_cast<char>((static_cast<std::uint64_t>(payload_bytes) >> shift) & 0xff);
        }
    };
    if (payload_bytes < 126) {
        append_size(1);
    } else if (payload_bytes <= 0xffff) {
        head += static_cast<char>(126);
        append_size(2);
    } else {
        head += static_cast<char>(127);
        append_size(8);
    }
    return head;
}

std::string close_frame(Close code) {
    const auto number = static_cast<unsigned>(code);
    auto frame = frame_head(Opcode::close, 2);
    frame += static_cast<char>(number >> 8);
    frame += static_cast<char>(number & 0xff);
    return frame;
}

std::size_t FrameReader::head_bytes_wanted() const {
    if (head_size_ < 2) { return 2; }
    const unsigned size = head_[1] & 0x7fU;
    const std::size_t mask = (head_[1] & mask_bit) != 0 ? 4 : 0;
    return 2 + mask + (size == 126 ? 2 : size == 127 ? 8 : 0);
}

Close FrameReader::begin_payload() {
    const unsigned opcode = head_[0] & 0x0fU;
    if ((head_[0] & reserved_bits) != 0 || !is_known(opcode) || (head_[1] & mask_bit) == 0) {
        return Close::protocol_error;
    }
    opcode_ = static_cast<Opcode>(opcode);
    final_ = (head_[0] & final_bit) != 0;
    left_ = head_[1] & 0x7fU;
    std::size_t at = 2;
    if (left_ >= 126) {
        const std::size_t end = at + (left_ == 126 ? 2 : 8);
        for (left_ = 0; at < end; ++at) {
            left_ = (left_ << 8) | head_[at];
        }
    }
    std::copy_n(head_.begin() + static_cast<std::ptrdiff_t>(at), mask_.size(), mask_.begin());
    mask_at_ = 0;
    in_payload_ = true;
    if (is_control(opcode_)) {
        control_.clear();
        return final_ && left_ <= control_bytes_max ? Close::none : Close::protocol_error;
    }
    if (opcode_ == Opcode::binary) { return Close::unsupported; }
    if (in_message_ != (opcode_ == Opcode::continuation)) { return Close::protocol_error; }
    in_message_ = true;
    return left_ <= message_bytes_max_ - std::min(message_bytes_max_, message_.size()) ? Close::none : Close::too_large;
}

void FrameReader::unmask(std::string_view bytes, std::string& into) {
    const std::size_t start = into.size();
    into.append(bytes);
    for (std::size_t i = start; i < into.size(); ++i) {
        into[i] = static_cast<char>(static_cast<unsigned char>(into[i]) ^ mask_[mask_at_++ & 3U]);
    }
}

Close FrameReader::end_frame(std::vector<Message>& out) {
    in_payload_ = false;
    head_size_ = 0;
    if (is_control(opcode_)) {
        out.push_back({opcode_, std::exchange(control_, {})});
        return Close::none;
    }
    if (!final_) { return Close::none; }
    in_message_ = false;
    if (!is_utf8(message_)) { return Close::not_utf8; }
    out.push_back({Opcode::text, std::exchange(message_, {})});
    return Close::none;
}

Close FrameReader::feed(std::string_view bytes, std::vector<Message>& out) {
    for (;;) {
        if (!in_payload_) {
            while (head_size_ < head_bytes_wanted() && !bytes.empty()) {
                head_[head_size_++] = static_cast<unsigned char>(bytes.front());
                bytes.remove_prefix(1);
            }
            if (head_size_ < head_bytes_wanted()) { return Close::none; }
            if (const auto wrong = begin_payload(); wrong != Close::none) { return wrong; }
        }
        const auto piece = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
        unmask(piece, is_control(opcode_) ? control_ : message_);
        bytes.remove_prefix(piece.size());
        left_ -= piece.size();
        if (left_ > 0) { return Close::none; }
        if (const auto wrong = end_frame(out); wrong != Close::none) { return wrong; }
    }
}

}  // namespace llmgw::websocket
