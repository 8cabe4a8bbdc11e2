// A provider that lives inside `llmgw demo`: three wire formats, made-up answers, real usage numbers, no network.
#pragma once

#include <atomic>
#include <memory>
#include <string_view>
#include <thread>

#include "core/net/server.hpp"

namespace llmgw {

// Below this path it is overloaded.
inline constexpr std::string_view overloaded_path = "/overloaded";

class SimulatedProvider {
public:
    // `word_pause`: between two words of a streamed answer.
    explicit SimulatedProvider(std::chrono::milliseconds word_pause);
    ~SimulatedProvider();

    Result<int> start();  // the port

private:
    HttpReply answer(const HttpRequest& head, const BodyReader& read_body) const;

    std::chrono::milliseconds word_pause_;
    HttpServer server_;
    std::thread thread_;
};

}  // namespace llmgw
