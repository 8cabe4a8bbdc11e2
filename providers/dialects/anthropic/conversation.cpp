#include "providers/dialects/anthropic/conversation.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "core/util/sha256.hpp"
#include "core/util/text.hpp"
#include "providers/dialects/anthropic/model_facts.hpp"
#include "providers/dialects/anthropic/part_rules.hpp"

namespace llmgw::wire {
namespace {

struct PendingCall {
    std::string original;
    std::string id;
    std::size_t turn = 0;
    const Part* result = nullptr;
    std::string path;  // the result's
};

class Builder {
public:
    Builder(const ChatRequest& request, const TargetTraits& target, Drops& drops, const PartFacts& facts)
        : request_(request), target_(target), facts_(facts), rules_(out_.made, drops, facts) {}

    Conversation build() {
        const std::size_t first = take_system();
        for (std::size_t i = first; i < request_.messages.size(); ++i) {
            take(request_.messages[i], path_of(i, first));
        }
        place_results();
        tidy();
        place_system_turns();
        tidy();
        complete();
        return std::move(out_);
    }

private:
    static bool is_system(const Message& message) {
        return message.role == Role::system || message.role == Role::developer;
    }

    // The system prompt is messages[0] of the normal form, when there is one: `first` is what it shifted the others by.
    std::string path_of(std::size_t message, std::size_t first) const {
        if (request_.origin != facts_.self) { return {}; }
        return "messages[" + std::to_string(message - first) + "]";
    }

    static std::string inside(const std::string& path, std::string_view list, std::size_t index) {
        if (path.empty()) { return {}; }
        return path + std::string(list) + "[" + std::to_string(index) + "]";
    }

    std::size_t take_system() {
        std::size_t i = 0;
        for (; i < request_.messages.size() && is_system(request_.messages[i]); ++i) {
            const auto& parts = request_.messages[i].parts;
            for (std::size_t j = 0; j < parts.size(); ++j) {
                WireBlock block = rules_.in_system(parts[j]);
                if (block.part == nullptr) { continue; }
                if (request_.origin == facts_.self) { block.path = "system[" + std::to_string(j) + "]"; }
                out_.system.push_back(std::move(block));
            }
        }
        return i;
    }

    WireTurn& turn_of(Role role) {
        if (out_.turns.empty() || out_.turns.back().role != role) { out_.turns.push_back({role, {}, {}}); }
        return out_.turns.back();
    }

    void take(const Message& message, const std::string& path) {
        const bool system = is_system(message);
        const bool as_system = system && facts_.self == DialectId::anthropic &&
                               (target_.system_in_messages || claude_facts(target_.model).system_in_messages);
        const Role role = as_system ? Role::system : system ? Role::user : message.role;
        WireTurn& turn = turn_of(role);
        if (!path.empty() && role == (system ? Role::system : message.role)) { turn.paths.push_back(path); }
        for (std::size_t j = 0; j < message.parts.size(); ++j) {
            const Part& part = message.parts[j];
            std::string here = inside(path, ".content", j);
            if (const auto* result = std::get_if<part::ToolResult>(&part)) {
                take_result(part, *result, std::move(here));
                continue;
            }
            WireBlock block = system && !as_system ? rules_.reminder(part)
                              : as_system          ? rules_.in_system(part)
                              : role == Role::user ? rules_.in_user(part)
                                                   : rules_.in_assistant(part);
            if (block.part == nullptr) { continue; }
            block.path = std::move(here);
            if (const auto* call = std::get_if<part::ToolCall>(block.part)) {
                block.id = unused_id(*call);
                calls_.push_back({call->id, block.id, out_.turns.size() - 1, nullptr, {}});
            }
            out_.turns.back().blocks.push_back(std::move(block));
        }
    }

    // Some hosts number their calls anew in each turn; this wire wants every id once.
    std::string unused_id(const part::ToolCall& call) {
        const std::string base = wire_call_id(call.id);
        std::string id = base;
        for (int n = 2; !ids_.insert(id).second; ++n) {
            id = base + "_" + std::to_string(n);
        }
        return id;
    }

    void take_result(const Part& part, const part::ToolResult& result, std::string path) {
        const auto waits = [&](const PendingCall& call) {
            return call.result == nullptr && call.original == result.call_id;
        };
        const auto call = std::find_if(calls_.rbegin(), calls_.rend(), waits);
        if (call != calls_.rend()) {
            call->result = &part;
            call->path = std::move(path);
            return;
        }
        // The call was cut from the history: its result is still worth reading, but no longer a result to this wire.
        for (WireBlock& block : rules_.orphan(result)) {
            turn_of(Role::user).blocks.push_back(std::move(block));
        }
    }

    bool all_empty_from(std::size_t turn) const {
        return std::all_of(out_.turns.begin() + static_cast<std::ptrdiff_t>(turn), out_.turns.end(),
                           [](const WireTurn& t) { return t.blocks.empty(); });
    }

    std::vector<WireBlock> results_of(std::size_t turn) {
        std::vector<WireBlock> blocks;
        bool answered = false;
        for (const PendingCall& call : calls_) {
            if (call.turn != turn) { continue; }
            answered = answered || call.result != nullptr;
            const Part* part = call.result != nullptr ? call.result : rules_.missing_result();
            WireBlock block{part, call.id, call.path, std::get<part::ToolResult>(*part).cache};
            blocks.push_back(std::move(block));
        }
        // Calls at the very end are not answered yet, which is no gap in the history.
        if (!answered && all_empty_from(turn + 1)) { blocks.clear(); }
        return blocks;
    }

    void place_results() {
        std::vector<WireTurn> turns;
        for (std::size_t i = 0; i < out_.turns.size(); ++i) {
            std::vector<WireBlock> results;
            if (out_.turns[i].role == Role::assistant) { results = results_of(i); }
            turns.push_back(std::move(out_.turns[i]));
            if (results.empty()) { continue; }
            const bool user_next = i + 1 < out_.turns.size() && out_.turns[i + 1].role == Role::user;
            if (user_next) {
                auto& next = out_.turns[i + 1].blocks;
                next.insert(next.begin(), std::make_move_iterator(results.begin()),
                            std::make_move_iterator(results.end()));
            } else {
                turns.push_back({Role::user, std::move(results), {}});
            }
        }
        out_.turns = std::move(turns);
    }

    // Without empty turns, and neighbours of one role in one.
    void tidy() {
        std::vector<WireTurn> turns;
        for (WireTurn& turn : out_.turns) {
            if (turn.blocks.empty()) { continue; }
            if (turns.empty() || turns.back().role != turn.role) {
                turns.push_back(std::move(turn));
                continue;
            }
            std::ranges::move(turn.blocks, std::back_inserter(turns.back().blocks));
            std::ranges::move(turn.paths, std::back_inserter(turns.back().paths));
        }
        out_.turns = std::move(turns);
    }

    // Role "system" stands between a user turn and the assistant's next one, or at the end. One that came before the
    // user spoke waits until after; one that no user turn precedes is said as the user.
    void place_system_turns() {
        auto& turns = out_.turns;
        for (std::size_t i = 0; i + 1 < turns.size(); ++i) {
            if (turns[i].role == Role::system && turns[i + 1].role == Role::user) { std::swap(turns[i], turns[i + 1]); }
        }
        bool user_before = false;
        for (WireTurn& turn : turns) {
            if (turn.role == Role::system && !user_before) {
                turn.role = Role::user;
                turn.paths.clear();
                for (WireBlock& block : turn.blocks) {
                    WireBlock said = rules_.reminder(*block.part);
                    said.path = block.path;
                    block = std::move(said);
                }
                std::erase_if(turn.blocks, [](const WireBlock& block) { return block.part == nullptr; });
            }
            user_before = turn.role == Role::user || (turn.role == Role::system && user_before);
        }
    }

    void complete() {
        auto& turns = out_.turns;
        if (turns.empty() && !out_.system.empty()) {
            // Instructions and nobody asking: they are what is asked.
            turns.push_back({Role::user, {}, {}});
            turns.back().blocks.push_back(std::move(out_.system.back()));
            out_.system.pop_back();
        }
        if (!turns.empty() && turns.front().role != Role::user) {
            turns.insert(turns.begin(), {Role::user, {rules_.made_text("Continue.")}, {}});
        }
        if (turns.empty() || turns.back().role != Role::assistant) { return; }
        // The beginning of an answer, to be gone on with: it must not end in white space.
        WireBlock& last = turns.back().blocks.back();
        const auto* text = std::get_if<part::Text>(last.part);
        if (text == nullptr || text->text.empty() || trim(text->text.substr(text->text.size() - 1)).size() == 1) {
            return;
        }
        part::Text trimmed = *text;
        trimmed.text.erase(trimmed.text.find_last_not_of(" \t\r\n") + 1);
        out_.made.emplace_back(std::move(trimmed));
        last.part = &out_.made.back();
    }

    const ChatRequest& request_;
    const TargetTraits& target_;
    const PartFacts& facts_;
    Conversation out_;
    PartRules rules_;
    std::vector<PendingCall> calls_;
    std::set<std::string> ids_;
};

}  // namespace

std::string wire_call_id(std::string_view id) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    if (!id.empty() && std::ranges::all_of(id, allowed)) { return std::string(id); }
    std::string out;
    for (const char c : id) {
        out += allowed(c) ? c : '_';
    }
    return out + "_" + sha256_hex(id).substr(0, 8);
}

Conversation build_conversation(const ChatRequest& request, const TargetTraits& target, Drops& drops) {
    return build_conversation(request, target, drops, anthropic_parts_for(target));
}

Conversation build_conversation(const ChatRequest& request, const TargetTraits& target, Drops& drops,
                                const PartFacts& facts) {
    return Builder(request, target, drops, facts).build();
}

}  // namespace llmgw::wire
