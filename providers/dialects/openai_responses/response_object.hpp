// The response object: in three events of a stream, and the whole of an answer that is not streamed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/codec.hpp"
#include "core/util/json_writer.hpp"

namespace llmgw::wire::responses {

// What changes while an answer is made.
struct ResponseFacts {
    std::string id;
    std::string model;
    std::int64_t created_s = 0;
    std::string_view status = "in_progress";
    std::string_view incomplete_reason;  // "" for none
    JsonText error = "null";
    std::optional<Usage> usage;
    std::vector<JsonText> output;  // the items that are done
};

class ResponseObject {
public:
    // What is echoed of the request is written once. `request` may be null.
    explicit ResponseObject(const ChatRequest* request);
    void write(const ResponseFacts& facts, JsonWriter& json) const;

private:
    std::string echo_;  // members, without the braces around them
    std::string service_tier_;
};

}  // namespace llmgw::wire::responses
