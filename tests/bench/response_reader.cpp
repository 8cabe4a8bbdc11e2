#include "tests/bench/response_reader.hpp"

#include <charconv>

#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "tests/bench/sys.hpp"

namespace llmgw::bench {

std::string_view find_header(std::string_view head, std::string_view name) {
    std::size_t line = head.find("\r\n");
    while (line != std::string_view::npos) {
        std::size_t begin = line + 2;
        std::size_t end = head.find("\r\n", begin);
        std::string_view text = head.substr(begin, end == std::string_view::npos ? end : end - begin);
        if (text.size() > name.size() && text[name.size()] == ':' &&
            strncasecmp(text.data(), name.data(), name.size()) == 0) {
            text.remove_prefix(name.size() + 1);
            while (text.starts_with(' ')) {
                text.remove_prefix(1);
            }
            return text;
        }
        line = end;
    }
    return {};
}

void ResponseReader::take_head(std::string_view& bytes) {
    std::size_t before = text_.size();
    text_.append(bytes.substr(0, 16384));
    std::size_t end = text_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
    if (end == std::string::npos) {
        bytes.remove_prefix(text_.size() - before);
        if (text_.size() > 65536) { state_ = State::failed; }
        return;
    }
    bytes.remove_prefix(end + 4 - before);
    text_.resize(end);
    if (text_.size() < 12 || !text_.starts_with("HTTP/1.")) {
        state_ = State::failed;
        return;
    }
    std::from_chars(text_.data() + 9, text_.data() + 12, status_);
    closes_ = find_header(text_, "connection") == "close";
    std::string_view length = find_header(text_, "content-length");
    if (find_header(text_, "transfer-encoding") == "chunked") {
        state_ = State::chunk_size;
    } else if (!length.empty()) {
        std::from_chars(length.data(), length.data() + length.size(), left_);
        state_ = left_ > 0 ? State::sized : State::done;
    } else {
        state_ = State::failed;
    }
    text_.clear();
}

void ResponseReader::take_line(std::string_view& bytes) {
    std::size_t end = bytes.find('\n');
    text_.append(bytes.substr(0, end == std::string_view::npos ? end : end + 1));
    if (end == std::string_view::npos) {
        bytes = {};
        if (text_.size() > 4096) { state_ = State::failed; }
        return;
    }
    bytes.remove_prefix(end + 1);
    finish_line();
    text_.clear();
}

void ResponseReader::finish_line() {
    bool empty = text_ == "\r\n";
    if (!text_.ends_with("\r\n")) {
        state_ = State::failed;
    } else if (state_ == State::chunk_end) {
        state_ = empty ? State::chunk_size : State::failed;
    } else if (state_ == State::trailer) {
        state_ = empty ? State::done : State::trailer;
    } else {
        left_ = 0;
        auto [after, error] = std::from_chars(text_.data(), text_.data() + text_.size(), left_, 16);
        bool good = error == std::errc() && (*after == '\r' || *after == ';');
        state_ = !good ? State::failed : left_ > 0 ? State::chunk_data : State::trailer;
    }
}

std::optional<std::string> http_get(int port, std::string_view path) {
    Fd fd = connect_loopback(port, true);
    if (!fd) { return std::nullopt; }
    timeval patience{5, 0};
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::string request =
        "GET " + std::string(path) + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\n\r\n";
    if (send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) { return std::nullopt; }
    ResponseReader reader;
    std::string body;
    char buffer[4096];
    while (!reader.done()) {
        ssize_t got = recv(fd.get(), buffer, sizeof buffer, 0);
        if (got <= 0) { return std::nullopt; }
        if (!reader.feed({buffer, static_cast<std::size_t>(got)}, [&](std::string_view piece) { body += piece; })) {
            return std::nullopt;
        }
    }
    return reader.status() == 200 ? std::optional(body) : std::nullopt;
}

}  // namespace llmgw::bench
