// The client of `llmgw demo`: puts calls to the gateway and prints what comes, as it comes.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/model/dialect_id.hpp"
#include "core/net/transport.hpp"
#include "core/util/result.hpp"

namespace llmgw {

struct DemoCall {
    std::string title;
    DialectId dialect = DialectId::openai_chat;
    std::string path;
    std::string feature;
    std::string body;
    std::size_t leave_after = 0;  // events, and come back for the rest; 0: stay
};

class DemoClient {
public:
    DemoClient(int port, std::string client_key);

    Result<> show(const DemoCall& call) const;

private:
    struct Got {
        std::string call_id;
        std::string body;  // of an answer that is no stream
        std::size_t events = 0;
    };
    // Prints a stream's text as it comes; stops after `events_max` events, 0 for never.
    Result<Got> put(const DemoCall& call, const UpstreamRequest& request, std::size_t events_max) const;
    Result<> come_back(const DemoCall& call, const Got& got) const;

    std::string base_;
    std::string client_key_;
    std::unique_ptr<Transport> transport_;
};

}  // namespace llmgw
