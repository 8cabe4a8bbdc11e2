#include "core/net/http1_response.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/util/text.hpp"

namespace llmgw {
namespace {

constexpr std::size_t head_bytes_max = 256 * 1024;
constexpr int chunk_digits_max = 15;  // 2^60 bytes

int hex_value(char c) {
    if (c >= '0' && c <= '9') { return c - '0'; }
    if (c >= 'a' && c <= 'f') { return c - 'a' + 10; }
    if (c >= 'A' && c <= 'F') { return c - 'A' + 10; }
    return -1;
}

bool has_token(std::string_view list, std::string_view token) {
    while (!list.empty()) {
        const auto comma = list.find(',');
        if (iequals(trim(list.substr(0, comma)), token)) { return true; }
        if (comma == std::string_view::npos) { break; }
        list.remove_prefix(comma + 1);
    }
    return false;
}

}  // namespace

std::string_view Http1Response::broken(std::string why) {
    state_ = State::broken;
    keep_alive_ = false;
    if (fault_.empty()) { fault_ = std::move(why); }
    return {};
}

std::string_view Http1Response::take(char* bytes, std::size_t size) {
    if (size == 0) { return {}; }
    switch (state_) {
        case State::head: break;
        case State::body: return take_body(bytes, size);
        case State::complete: surplus_ = true; return {};
        case State::broken: return {};
    }
    head_.append(bytes, size);
    // Interim answers (100, 103) stand before the one that counts.
    while (state_ == State::head) {
        // The end may have come in pieces; heads are short, so it is looked for from the start.
        const auto end = head_.find("\r\n\r\n");
        const auto bare = head_.find("\n\n");  // a server that ends lines with a line feed alone
        const auto stop =
            std::min(end == std::string::npos ? end : end + 4, bare == std::string::npos ? bare : bare + 2);
        if (stop == std::string::npos) {
            return head_.size() > head_bytes_max ? broken("a response head of more than 256 KiB") : std::string_view();
        }
        if (!read_head(std::string_view(head_).substr(0, stop))) { return {}; }
        head_.erase(0, stop);
        if (status_ >= 200) { decide_framing(); }
    }
    return head_.empty() ? std::string_view() : take_body(head_.data(), head_.size());
}

bool Http1Response::read_head(std::string_view head) {
    headers_.clear();
    transfer_encoding_.clear();
    length_said_ = false;
    left_ = 0;
    bool first = true;
    while (!head.empty()) {
        const auto end = head.find('\n');
        auto line = head.substr(0, end);
        head.remove_prefix(end + 1);
        if (line.ends_with('\r')) { line.remove_suffix(1); }
        if (line.empty()) { break; }
        if (first) {
            first = false;
            const bool known = line.size() >= 12 && line.starts_with("HTTP/1.") && line[8] == ' ';
            for (std::size_t i = 9; known && i < 12; ++i) {
                if (line[i] < '0' || line[i] > '9') { return broken("no HTTP status line"), false; }
            }
            if (!known || line[9] == '0') { return broken("no HTTP/1.1 answer"), false; }
            status_ = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
            http_1_0_ = line[7] == '0';
            continue;
        }
        if (!read_field(line)) { return false; }
    }
    if (status_ == 101) { return broken("an upgrade nobody asked for"), false; }
    return !first || (broken("no HTTP status line"), false);
}

bool Http1Response::read_field(std::string_view line) {
    const auto colon = line.find(':');
    // Old-style folded lines and lines without a colon say nothing a client may rely on.
    if (colon == std::string_view::npos || line.front() == ' ' || line.front() == '\t') { return true; }
    const auto name = trim(line.substr(0, colon));
    const auto value = trim(line.substr(colon + 1));
    if (iequals(name, "content-length")) {
        std::uint64_t length = 0;
        bool number = !value.empty() && value.size() <= 18;
        for (const char c : value) {
            number = number && c >= '0' && c <= '9';
            length = length * 10 + static_cast<std::uint64_t>(c - '0');
        }
        if (!number) { return broken("a Content-Length that is no number"), false; }
        if (length_said_ && length != left_) { return broken("two different Content-Lengths"), false; }
        length_said_ = true;
        left_ = length;
    }
    if (iequals(name, "transfer-encoding")) {
        transfer_encoding_ += (transfer_encoding_.empty() ? "" : ",") + std::string(value);
    }
    if (iequals(name, "connection")) {
        if (has_token(value, "close")) { keep_alive_ = false; }
        if (http_1_0_ && has_token(value, "keep-alive")) { http_1_0_ = false; }
    }
    headers_.emplace_back(name, value);
    return true;
}

// RFC 9112, 6.3.
void Http1Response::decide_framing() {
    keep_alive_ = keep_alive_ && !http_1_0_;
    state_ = State::body;
    if (answer_to_head_ || status_ == 204 || status_ == 304) {
        left_ = 0;
        state_ = State::complete;
        surplus_ = false;
        return;
    }
    if (!transfer_encoding_.empty()) {
        const auto comma = transfer_encoding_.rfind(',');
        const auto last = trim(std::string_view(transfer_encoding_).substr(comma == std::string::npos ? 0 : comma + 1));
        framing_ = iequals(last, "chunked") ? Framing::chunked : Framing::until_close;
        // Both at once is how requests are smuggled; the connection is not trusted with another one.
        if (length_said_) { keep_alive_ = false; }
        left_ = 0;
        return;
    }
    framing_ = length_said_ ? Framing::length : Framing::until_close;
    if (framing_ == Framing::until_close) { keep_alive_ = false; }
    if (length_said_ && left_ == 0) { state_ = State::complete; }
}

std::string_view Http1Response::take_body(char* bytes, std::size_t size) {
    if (state_ == State::complete) {
        surplus_ = true;
        return {};
    }
    if (framing_ == Framing::chunked) { return take_chunked(bytes, size); }
    if (framing_ == Framing::until_close) { return {bytes, size}; }
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(left_, size));
    surplus_ = part < size;
    left_ -= part;
    if (left_ == 0) { state_ = State::complete; }
    return {bytes, part};
}

std::string_view Http1Response::take_chunked(char* bytes, std::size_t size) {
    char* const end = bytes + size;
    char* at = bytes;
    char* first = nullptr;  // the body bytes found so far are [first, to)
    char* to = nullptr;
    const auto found = [&] {
        return first == nullptr ? std::string_view() : std::string_view(first, static_cast<std::size_t>(to - first));
    };
    while (at < end) {
        switch (chunk_) {
            case Chunk::size: {
                const char c = *at++;
                const int digit = hex_value(c);
                if (digit >= 0) {
                    if (++chunk_digits_ > chunk_digits_max) {
                        broken("a chunk of impossible size");
                        return found();
                    }
                    left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
                } else if (chunk_digits_ == 0) {
                    broken("a chunk without a size");
                    return found();
                } else if (c == '\n') {
                    chunk_ = left_ > 0 ? Chunk::data : Chunk::trailer_start;
                } else if (c == ';' || c == ' ' || c == '\t' || c == '\r') {
                    chunk_ = Chunk::extension;
                } else {
                    broken("a chunk size that is no number");
                    return found();
                }
                break;
            }
            case Chunk::extension:
                if (*at++ == '\n') { chunk_ = left_ > 0 ? Chunk::data : Chunk::trailer_start; }
                break;
            case Chunk::data: {
                const auto part =
                    static_cast<std::size_t>(std::min<std::uint64_t>(left_, static_cast<std::uint64_t>(end - at)));
                if (first == nullptr) {
                    first = to = at;
                } else {
                    std::memmove(to, at, part);
                }
                to += part;
                at += part;
                left_ -= part;
                if (left_ == 0) { chunk_ = Chunk::data_end; }
                break;
            }
            case Chunk::data_end:
                if (*at != '\r' && *at != '\n') {
                    broken("a chunk longer than its size");
                    return found();
                }
                if (*at++ == '\n') {
                    chunk_ = Chunk::size;
                    chunk_digits_ = 0;
                }
                break;
            case Chunk::trailer_start:
                if (*at == '\r') {
                    ++at;
                } else if (*at == '\n') {
                    state_ = State::complete;
                    surplus_ = ++at < end;
                    return found();
                } else {
                    chunk_ = Chunk::trailer;
                }
                break;
            case Chunk::trailer:
                if (*at++ == '\n') { chunk_ = Chunk::trailer_start; }
                break;
        }
    }
    return found();
}

void Http1Response::closed() {
    if (state_ == State::body && framing_ == Framing::until_close) {
        state_ = State::complete;
    } else if (state_ == State::head) {
        broken(head_.empty() ? "closed the connection without an answer"
                             : "closed the connection in its answer's head");
    } else if (state_ == State::body) {
        broken("closed the connection in the middle of its answer");
    }
    keep_alive_ = false;
}

}  // namespace llmgw
