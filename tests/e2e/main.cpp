#define DOCTEST_CONFIG_IMPLEMENT
#include <csignal>
#include <cstdlib>

#include <doctest/doctest.h>

#include "tests/support/gateway_process.hpp"

int main(int argc, char** argv) {
    // A gateway that died is told by a failed write, not by a signal.
    std::signal(SIGPIPE, SIG_IGN);
    const char* other = std::getenv("LLMGW_BINARY");
    llmgw::testing::set_gateway_binary(other != nullptr ? other : LLMGW_BINARY);
    return doctest::Context(argc, argv).run();
}
