// The messages of a request, from a conversation that is in order already.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/util/json_writer.hpp"
#include "providers/dialects/anthropic/conversation.hpp"
#include "providers/dialects/anthropic/part_rules.hpp"
#include "providers/dialects/tool_names.hpp"

namespace llmgw::wire {

// The order of a conversation is that of Messages, and so is what may stand where, but for media and thinking.
const PartFacts& cohere_parts(std::string_view model);

class CohereMessageWriter {
public:
    // Documents stand beside the messages, where they can be cited, or else (`documents_apart` false) as text in them.
    CohereMessageWriter(JsonWriter& writer, PartRules& rules, const ToolNames& names, bool documents_apart)
        : writer_(writer), rules_(rules), names_(names), documents_apart_(documents_apart) {}

    void system(const std::vector<WireBlock>& blocks);
    void turn(const WireTurn& turn);
    // {data: {text, title}} each, in the order of the messages.
    const std::vector<JsonText>& documents() const { return documents_; }

private:
    void assistant(const std::vector<WireBlock>& blocks);
    void calls(const std::vector<const WireBlock*>& blocks);
    void user(const std::vector<WireBlock>& blocks);
    void result(const WireBlock& block, std::vector<WireBlock>& shown);
    void content(const std::vector<const Part*>& parts);
    std::string with_documents_aside(const std::vector<WireBlock>& blocks, std::vector<const Part*>& said);

    JsonWriter& writer_;
    PartRules& rules_;
    const ToolNames& names_;
    bool documents_apart_;
    std::vector<JsonText> documents_;
};

}  // namespace llmgw::wire
