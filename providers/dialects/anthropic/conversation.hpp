// The order of a conversation as this dialect wants it, decided before a byte is written: system prompt apart, roles
// that alternate, user first, results of tool calls right after the calls and in front of everything else, ids that the
// wire allows.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/codec.hpp"
#include "core/model/chat_request.hpp"

namespace llmgw::wire {

struct WireBlock {
    const Part* part = nullptr;
    std::string id;    // of a call, or of the call that a result answers, as written
    std::string path;  // where the client had it, for members kept aside; "" for what is not from this dialect
    std::optional<CacheMark> cache;
};

struct WireTurn {
    Role role = Role::user;  // user, assistant or system
    std::vector<WireBlock> blocks;
    std::vector<std::string> paths;  // of the messages in it, as WireBlock::path
};

// Points into the request, which must outlive it.
struct Conversation {
    std::vector<WireBlock> system;
    std::vector<WireTurn> turns;
    std::deque<Part> made;  // what the request does not have and the wire needs
};

struct PartFacts;  // part_rules.hpp

Conversation build_conversation(const ChatRequest& request, const TargetTraits& target, Drops& drops);
// For another wire of the same order, without system messages inside the conversation.
Conversation build_conversation(const ChatRequest& request, const TargetTraits& target, Drops& drops,
                                const PartFacts& facts);

// ^[a-zA-Z0-9_-]+$: an id that is not gets its other characters replaced and a hash of the original added.
std::string wire_call_id(std::string_view id);

}  // namespace llmgw::wire
