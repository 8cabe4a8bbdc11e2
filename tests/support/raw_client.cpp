#include "tests/support/raw_client.hpp"

#include <cstdlib>
#include <mutex>

#include <sys/socket.h>

#include "tests/support/fake_upstream.hpp"

namespace llmgw::testing {
namespace {

std::mutex received_mutex;
std::string received;  // guarded by received_mutex

// Enough for every test that looks for secrets; load tests do not fill the memory with copies.
constexpr std::size_t received_bytes_max = 64 * 1024 * 1024;

Millis left(SteadyTime deadline) {
    return std::max(Millis{0}, std::chrono::duration_cast<Millis>(deadline - std::chrono::steady_clock::now()));
}

}  // namespace

bool Response::has(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (iequals(key, name)) { return true; }
    }
    return false;
}

std::string request_bytes(const Request& request, int port) {
    std::string bytes = request.method + " " + request.target + " HTTP/1.1\r\n";
    if (request.host.empty()) {
        bytes += "Host: 127.0.0.1:" + std::to_string(port) + "\r\n";
    } else if (request.host != "-") {
        bytes += "Host: " + request.host + "\r\n";
    }
    for (const auto& [name, value] : request.headers) {
        bytes += name + ": " + value + "\r\n";
    }
    if (!request.body.empty() || request.method == "POST") {
        bytes += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
    }
    return bytes + "\r\n" + request.body;
}

RawClient::RawClient(int port) : port_(port), socket_(connect_loopback(port)) {}

bool RawClient::fill(Response& response, SteadyTime deadline) {
    const auto before = buffer_.size();
    const auto result = read_some(socket_.fd(), buffer_, left(deadline));
    if (result == ReadResult::data) {
        const std::lock_guard lock(received_mutex);
        if (received.size() < received_bytes_max) { received.append(buffer_, before); }
        return true;
    }
    if (result == ReadResult::timed_out) { response.timed_out = true; }
    if (result == ReadResult::end && framing_ == Framing::until_close) { response.whole = true; }
    return false;
}

Response RawClient::read_head(Millis timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    Response response;
    framing_ = Framing::none;
    while (true) {
        std::size_t end = 0;
        while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
            if (!fill(response, deadline)) { return response; }
        }
        response.head = buffer_.substr(0, end);
        buffer_.erase(0, end + 4);
        response.headers.clear();
        const auto first = parse_head(response.head, response.headers);
        response.status = std::atoi(first.c_str() + std::min<std::size_t>(first.size(), 9));
        if (response.status >= 200 || response.status == 101) { break; }
    }
    if (iequals(response.header("transfer-encoding"), "chunked")) {
        framing_ = Framing::chunked;
        in_chunk_ = false;
    } else if (response.has("content-length")) {
        framing_ = Framing::length;
        left_ = std::strtoull(response.header("content-length").c_str(), nullptr, 10);
    } else if (response.status == 204 || response.status == 304 || response.status == 101) {
        framing_ = Framing::length;
        left_ = 0;
    } else {
        framing_ = Framing::until_close;
    }
    decode(response);
    return response;
}

void RawClient::decode(Response& response) {
    if (response.whole) { return; }
    if (framing_ == Framing::until_close) {
        response.body += buffer_;
        buffer_.clear();
        return;
    }
    if (framing_ == Framing::length) {
        const auto n = std::min(left_, buffer_.size());
        response.body.append(buffer_, 0, n);
        buffer_.erase(0, n);
        left_ -= n;
        response.whole = left_ == 0;
        return;
    }
    while (true) {
        if (!in_chunk_) {
            const auto end = buffer_.find("\r\n");
            if (end == std::string::npos) { return; }
            left_ = std::strtoull(buffer_.c_str(), nullptr, 16);
            if (left_ == 0) {
                if (buffer_.size() < end + 4) { return; }
                buffer_.erase(0, end + 4);
                response.whole = true;
                return;
            }
            buffer_.erase(0, end + 2);
            in_chunk_ = true;
        }
        const auto n = std::min(left_, buffer_.size());
        response.body.append(buffer_, 0, n);
        buffer_.erase(0, n);
        left_ -= n;
        if (left_ != 0 || buffer_.size() < 2) { return; }
        buffer_.erase(0, 2);
        in_chunk_ = false;
    }
}

bool RawClient::read_until(Response& response, std::string_view text, Millis timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (response.body.find(text) == std::string::npos) {
        if (response.whole || !fill(response, deadline)) { return false; }
        decode(response);
    }
    return true;
}

void RawClient::read_rest(Response& response, Millis timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (!response.whole && fill(response, deadline)) {
        decode(response);
    }
}

void RawClient::finish_sending() {
    ::shutdown(socket_.fd(), SHUT_WR);
}

Response RawClient::read_response(Millis timeout, bool head_only) {
    auto response = read_head(timeout);
    if (response.status == 0) { return response; }
    if (head_only) {
        response.whole = true;
        return response;
    }
    read_rest(response, timeout);
    return response;
}

Response http_call(int port, const Request& request, Millis timeout) {
    RawClient client(port);
    if (!client.connected()) { return {}; }
    // A server may answer before it has read the whole request (413); the answer is read all the same.
    client.send(request);
    return client.read_response(timeout, request.method == "HEAD");
}

std::string take_received_bytes() {
    const std::lock_guard lock(received_mutex);
    return std::exchange(received, {});
}

}  // namespace llmgw::testing
