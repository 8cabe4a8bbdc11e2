// llmgw_fake_upstream: a provider that speaks all four dialects with canned answers, for tests in other languages
// and for trying things by hand. Prints where it listens, serves until it is told to end.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/support/canned.hpp"
#include "tests/support/fake_upstream.hpp"

int main(int argc, char** argv) {
    int port = 0;
    if (argc == 3 && std::strcmp(argv[1], "--port") == 0) {
        port = std::atoi(argv[2]);
    } else if (argc != 1) {
        std::fprintf(stderr, "usage: llmgw_fake_upstream [--port N]\n");
        return 2;
    }
    // Blocked before any thread starts, so that only sigwait below takes them.
    sigset_t ends;
    ::sigemptyset(&ends);
    ::sigaddset(&ends, SIGTERM);
    ::sigaddset(&ends, SIGINT);
    ::pthread_sigmask(SIG_BLOCK, &ends, nullptr);
    llmgw::testing::FakeUpstream upstream(port);
    upstream.handle(llmgw::testing::canned::answer);
    upstream.record(false);
    std::printf("listening on http://127.0.0.1:%d\n", upstream.port());
    std::fflush(stdout);
    int caught = 0;
    while (::sigwait(&ends, &caught) == EINTR) {}
    return 0;
}
