// Watches what is sent to a client and checks it against the grammar of the client's dialect (T2). Debug builds keep
// one beside every translated stream; tests and fuzzers keep one beside theirs.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/dialect/codec.hpp"
#include "core/util/sse.hpp"

namespace llmgw {

class EmittedCheck {
public:
    explicit EmittedCheck(const Codec& client);
    // Whole events, as an encoder wrote them.
    void add(std::string_view bytes);
    // The client has been told the end.
    void end();
    // What was wrong first and the event it was in, "" when nothing was.
    const std::string& fault() const { return fault_; }

private:
    void note(std::string what, std::string_view where);

    SseFramer framer_;
    std::unique_ptr<StreamValidator> validator_;
    std::string fault_;
};

}  // namespace llmgw
