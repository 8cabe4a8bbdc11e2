// What Bedrock would refuse of a Converse request.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace llmgw::test {

// "" when nothing.
inline std::string refused(const nlohmann::json& body) {
    std::string last;
    std::vector<std::string> open;
    const bool tools = body.contains("toolConfig");
    for (const auto& message : body["messages"]) {
        const std::string role = message["role"];
        if (last.empty() && role != "user") { return "the first message is not the user's"; }
        if (role == last) { return "two messages of one role"; }
        last = role;
        if (message["content"].empty()) { return "a message without content"; }
        std::vector<std::string> calls;
        std::vector<std::string> results;
        for (const auto& block : message["content"]) {
            if (block.size() != 1) { return "a block with two members: " + block.dump().substr(0, 200); }
            if (block.contains("text") && block["text"] == "") { return "an empty text"; }
            if (block.contains("toolUse")) { calls.push_back(block["toolUse"]["toolUseId"]); }
            if (block.contains("toolResult")) {
                results.push_back(block["toolResult"]["toolUseId"]);
                if (block["toolResult"]["content"].empty()) { return "a result without content"; }
            }
        }
        if (!tools && (!calls.empty() || !results.empty())) { return "calls without toolConfig"; }
        if (results != open) { return "calls and results do not match"; }
        open = calls;
        for (const auto& id : calls) {
            if (id.empty() || id.size() > 64) { return "an id of " + std::to_string(id.size()); }
        }
    }
    return last.empty() ? "no messages" : "";
}

}  // namespace llmgw::test
