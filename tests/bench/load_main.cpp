// The load generator as a tool of its own: one mode, one target, one line of JSON.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/bench/load.hpp"
#include "tests/bench/sys.hpp"

namespace {

constexpr const char* usage_text =
    "usage: load small|body|streams --port N [--key K] [--messages]\n"
    "  small, body:  [--connections N] [--seconds S] [--warmup S] [--body-bytes N]\n"
    "  streams:      [--streams N] [--rate N] [--events N] [--ramp S]\n";

}  // namespace

int main(int argc, char** argv) {
    using namespace llmgw::bench;
    raise_open_files_limit();
    LoopOptions loop;
    StreamsOptions streams;
    RequestOptions request;
    std::string mode = argc > 1 ? argv[1] : "";
    if (mode == "body") { request.body_bytes = 300'000; }
    if (mode == "small") { loop.connections = 32; }
    bool good = mode == "small" || mode == "body" || mode == "streams";
    for (int i = 2; i < argc && good; ++i) {
        std::string name = argv[i];
        if (name == "--messages") {
            request.shape = Shape::messages;
            continue;
        }
        const char* value = ++i < argc ? argv[i] : "";
        if (name == "--port") {
            loop.port = streams.port = std::atoi(value);
        } else if (name == "--key") {
            request.key = value;
        } else if (name == "--connections") {
            loop.connections = std::atoi(value);
        } else if (name == "--seconds") {
            loop.seconds = std::atof(value);
        } else if (name == "--warmup") {
            loop.warmup_s = std::atof(value);
        } else if (name == "--body-bytes") {
            request.body_bytes = std::strtoull(value, nullptr, 10);
        } else if (name == "--streams") {
            streams.streams = std::atoi(value);
        } else if (name == "--rate") {
            request.pace.per_s = std::atoi(value);
        } else if (name == "--events") {
            request.pace.count = std::atoi(value);
        } else if (name == "--ramp") {
            streams.ramp_s = std::atof(value);
        } else {
            good = false;
        }
    }
    if (!good || loop.port == 0) {
        std::fputs(usage_text, stderr);
        return 2;
    }
    if (mode == "streams") {
        request.stream = true;
        streams.request = request;
        StreamsResult result = run_streams(streams);
        std::puts(to_json(result).c_str());
        return result.broken == 0 ? 0 : 1;
    }
    loop.request = request;
    LoopResult result = run_loop(loop);
    std::puts(to_json(result).c_str());
    return result.errors == 0 ? 0 : 1;
}
