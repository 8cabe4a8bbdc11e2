#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

#include "cli/app.hpp"

namespace {

// Whoever starts llmgw may have closed these. The next file opened, the usage log's journal for one, would then get the
// number, and all that is printed. So this comes before anything else is opened.
void open_standard_files() {
    for (const int wanted : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(wanted, F_GETFD) != -1) { continue; }
        // The lowest free number is the one, since those below it are open.
        if (::open("/dev/null", O_RDWR) != wanted) { std::_Exit(1); }
    }
}

}  // namespace

int main(int argc, char** argv) {
    open_standard_files();
    return llmgw::run_app(argc, argv);
}
