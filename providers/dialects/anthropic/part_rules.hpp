// Which parts may stand where in this dialect, and what is said in the place of those that may not.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/codec.hpp"
#include "core/model/chat_request.hpp"
#include "providers/dialects/anthropic/conversation.hpp"

namespace llmgw::wire {

// What differs between the wires that share these rules: Messages, and Bedrock's Converse, which was made after it.
struct PartFacts {
    DialectId self;
    std::string_view name;                             // for people
    std::string (*refusal)(const part::Media& media);  // why it takes no such media, "" when it does
    // Thinking goes back as its words, unsigned; what was signed by another provider goes to no one else.
    bool plain_thinking = false;
};
extern const PartFacts anthropic_parts;
// Anthropic's own API fetches URLs; Bedrock, Vertex and most local servers that speak its dialect do not.
const PartFacts& anthropic_parts_for(const TargetTraits& target);

// Each gives a block without a part where nothing is to be written. Parts that are made live in `made`.
class PartRules {
public:
    PartRules(std::deque<Part>& made, Drops& drops, const PartFacts& facts = anthropic_parts)
        : made_(made), drops_(drops), facts_(facts) {}

    WireBlock in_system(const Part& part);
    WireBlock in_user(const Part& part);
    WireBlock in_assistant(const Part& part);
    // A system message said as the user, marked so that it is not taken for the user's own words.
    WireBlock reminder(const Part& part);
    // A result whose call is not in the conversation.
    std::vector<WireBlock> orphan(const part::ToolResult& result);

    WireBlock made_text(std::string text);
    // A result for a call that never got one: without it the whole conversation would be refused.
    const Part* missing_result();

    // What stands in the place of something that cannot be said.
    WireBlock left_out(std::string_view what, const std::string& reason);

    // Inside a tool result.
    WireBlock in_result(const Part& part) { return in_user(part); }

private:
    WireBlock media(const Part& part, const part::Media& media);

    std::deque<Part>& made_;
    Drops& drops_;
    const PartFacts& facts_;
};

// Nothing but white space: this wire refuses such a text block.
bool is_blank(std::string_view text);

}  // namespace llmgw::wire
