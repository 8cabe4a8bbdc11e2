#include "cli/service.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace llmgw {

Service::Service(Gateway& gateway, const ServerOptions& options)
    : server_(options, [&gateway](HttpRequest head, const BodyReader& read_body,
                                  const Watch& watch) { return gateway.handle(std::move(head), read_body, watch); }),
      ended_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Service::~Service() {
    stop(std::chrono::milliseconds(0));
    ::close(ended_fd_);
}

Result<int> Service::start() {
    auto port = server_.bind();
    if (!port) { return port; }
    thread_ = std::thread([this] {
        server_.run();
        const std::uint64_t one = 1;
        [[maybe_unused]] auto n = ::write(ended_fd_, &one, sizeof one);
    });
    return port;
}

void Service::begin_stop() {
    server_.stop();
}

void Service::abort() {
    server_.abort();
}

void Service::stop(std::chrono::milliseconds grace) {
    if (!thread_.joinable()) { return; }
    server_.stop();
    pollfd ended{ended_fd_, POLLIN, 0};
    if (::poll(&ended, 1, static_cast<int>(grace.count())) <= 0) { server_.abort(); }
    thread_.join();
}

}  // namespace llmgw
