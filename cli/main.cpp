#include "cli/app.hpp"

int main(int argc, char** argv) {
    return llmgw::run_app(argc, argv);
}
