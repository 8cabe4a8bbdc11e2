// Content blocks of a request, written from parts that part_rules let through.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/util/json_writer.hpp"
#include "providers/dialects/anthropic/conversation.hpp"
#include "providers/dialects/anthropic/part_rules.hpp"
#include "providers/dialects/tool_names.hpp"

namespace llmgw::wire {

// Members the client's own request of this dialect had and the normal form has no place for, by where they stood.
// Written back there; for requests of other dialects they are noted as dropped instead.
class Extras {
public:
    Extras(const ChatRequest& request, Drops& drops);

    void write(JsonWriter& writer, std::string_view parent) const;
    bool at(std::string_view parent) const { return members_.find(parent) != members_.end(); }
    // The member's text, "" when there is none.
    std::string_view find(std::string_view parent, std::string_view key) const;

private:
    std::map<std::string, std::vector<std::pair<std::string, std::string_view>>, std::less<>> members_;
};

class BlockWriter {
public:
    // `names` may be null: then calls keep their names.
    BlockWriter(JsonWriter& writer, const Extras& extras, PartRules& rules, const ToolNames* names)
        : writer_(writer), extras_(extras), rules_(rules), names_(names) {}

    // A string where one plain text is all there is, else an array of blocks.
    void content(const std::vector<WireBlock>& blocks);
    void array(const std::vector<WireBlock>& blocks);

private:
    void block(const WireBlock& block);
    void text(const part::Text& text);
    void media(const part::Media& media, const std::string& path);
    void call(const part::ToolCall& call, const std::string& id);
    void result(const part::ToolResult& result, const WireBlock& block);
    void reasoning(const part::Reasoning& reasoning);

    JsonWriter& writer_;
    const Extras& extras_;
    PartRules& rules_;
    const ToolNames* names_;
};

// `cache_control`, when there is a mark. `path` is that of the object it stands in.
void write_cache_mark(JsonWriter& writer, const std::optional<CacheMark>& mark, const Extras& extras,
                      const std::string& path);

// A call's arguments as the object this wire wants: as written when they are one, else kept under a name of their own.
std::string input_object(const part::ToolCall& call);

}  // namespace llmgw::wire
