// Content blocks of a request, written from parts that the rules let through.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/util/json_writer.hpp"
#include "providers/dialects/anthropic/conversation.hpp"
#include "providers/dialects/anthropic/part_rules.hpp"
#include "providers/dialects/bedrock_converse/model_facts.hpp"
#include "providers/dialects/tool_names.hpp"

namespace llmgw::wire {

// The order of a conversation and what may stand where are those of Messages, but for the media.
extern const PartFacts converse_parts;

class ConverseBlockWriter {
public:
    ConverseBlockWriter(JsonWriter& writer, PartRules& rules, const ToolNames& names, const ConverseFacts& facts)
        : writer_(writer), rules_(rules), names_(names), facts_(facts) {}

    // [{text}, ..., {cachePoint}]
    void system(const std::vector<WireBlock>& blocks);
    // The blocks of one message.
    void message(const std::vector<WireBlock>& blocks);

private:
    void block(const WireBlock& block);
    void media(const part::Media& media);
    void result(const part::ToolResult& result, const WireBlock& block);
    void reasoning(const part::Reasoning& reasoning);
    void cache_point(const WireBlock& block);
    std::string document_name(const std::string& wanted);

    JsonWriter& writer_;
    PartRules& rules_;
    const ToolNames& names_;
    const ConverseFacts& facts_;
    std::set<std::string> document_names_;  // each document has a name of its own
};

// {"cachePoint":{...}}
void write_cache_point(JsonWriter& writer, const CacheMark& mark);

}  // namespace llmgw::wire
