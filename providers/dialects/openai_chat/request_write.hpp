// The parts a request is written by.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/codec.hpp"
#include "core/util/json_writer.hpp"
#include "providers/dialects/openai_chat/model_family.hpp"
#include "providers/dialects/tool_names.hpp"

namespace llmgw::wire::chat {

// A call and what it gave.
struct CallResult {
    std::string id;  // for this target
    const part::ToolCall* call = nullptr;
    const part::ToolResult* result = nullptr;
    const Part* part = nullptr;  // the result
    std::size_t message = 0;     // where the client put the result
};

// One message as Chat Completions orders them: what an assistant says in one turn is one message, and each of its
// calls is answered right after it.
struct Step {
    Role role = Role::user;
    std::vector<const Part*> parts;     // a ToolResult among them answers no call that is there
    std::vector<std::string> call_ids;  // assistant: for each ToolCall among the parts
    std::vector<CallResult> results;    // assistant: in the order of the calls
    std::size_t message = 0;            // index in the request, for its name and extras
};

// Ids of calls that are too long for OpenAI are replaced by a hash, those that are missing are made.
std::vector<Step> plan_steps(const ChatRequest& request);

// Everything the writing functions look at.
struct Writing {
    const ChatRequest& request;
    const TargetTraits& target;
    Drops& drops;
    ModelFamily family;
    ToolNames names;
    std::set<const Part*> marks;  // places marked for caching, where the client marked none
    std::string instruction;      // said as one more system message after the leading ones

    // The client speaks this dialect too and knows what its host takes.
    bool own() const { return request.origin == DialectId::openai_chat; }
};

void write_messages(Writing& writing, JsonWriter& writer);
void write_tools(Writing& writing, JsonWriter& writer);
void write_reasoning(Writing& writing, JsonWriter& writer);

// What a client of this dialect wrote besides in an object that is written anew; `prefix` ends with a dot.
void write_inner_extras(Writing& writing, std::string_view prefix, JsonWriter& writer);

// Notes that a setting is lost, under the name its client knows. `name` is this dialect's.
void note_setting(Writing& writing, std::string_view name, std::string reason);

// `, "cache_control": {...}` in the target's form, when there is a mark; noted where the target has no form.
void note_lost_mark(Writing& writing);
void write_cache_mark(Writing& writing, const std::optional<CacheMark>& mark, JsonWriter& writer);

// One part of a message's content.
struct ContentItem {
    std::string text;
    JsonText raw;  // instead of text; without its cache mark and its closing brace
    std::optional<CacheMark> mark;
};

// What of these parts can stand in the content of a message that is not an assistant's. The rest is noted.
std::vector<ContentItem> content_items(Writing& writing, const std::vector<const Part*>& parts);
// A string, where one says it all, or a list.
void write_content(Writing& writing, const std::vector<ContentItem>& items, JsonWriter& writer);

inline constexpr std::string_view paragraph = "\n\n";

}  // namespace llmgw::wire::chat
