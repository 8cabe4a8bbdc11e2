#include "providers/dialects/anthropic/block_encode.hpp"

#include "core/util/json_valid.hpp"
#include "core/util/text.hpp"
#include "providers/dialects/anthropic/request_reading.hpp"
#include "providers/dialects/custom_input.hpp"
#include "providers/dialects/text_document.hpp"

namespace llmgw::wire {
namespace {

// A citation this wire takes back: its own, with what makes it valid there.
bool is_own_citation(const part::Citation& citation) {
    if (citation.origin != DialectId::anthropic || citation.raw.empty()) { return false; }
    const auto type = json_scan::member(citation.raw, "type");
    if (!type || type->raw_string() != "web_search_result_location") { return true; }
    const auto index = json_scan::member(citation.raw, "encrypted_index");
    return index && !index->raw_string().empty();
}

bool is_plain_text(const std::vector<WireBlock>& blocks, const Extras& extras) {
    if (blocks.size() != 1 || blocks[0].cache) { return false; }
    if (!blocks[0].path.empty() && extras.at(blocks[0].path)) { return false; }
    const auto* text = std::get_if<part::Text>(blocks[0].part);
    return text != nullptr && text->citations.empty();
}

}  // namespace

Extras::Extras(const ChatRequest& request, Drops& drops) {
    for (const auto& [path, json] : request.extras) {
        if (request.origin != DialectId::anthropic) {
            drops.note(path, "anthropic has no such member");
            continue;
        }
        ExtraPath place = split_path(path);
        members_[std::move(place.parent)].emplace_back(std::move(place.key), json);
    }
}

void Extras::write(JsonWriter& writer, std::string_view parent) const {
    const auto found = members_.find(parent);
    if (found == members_.end()) { return; }
    for (const auto& [key, json] : found->second) {
        writer.raw_member(key, json);
    }
}

std::string_view Extras::find(std::string_view parent, std::string_view key) const {
    const auto found = members_.find(parent);
    if (found == members_.end()) { return {}; }
    for (const auto& [name, json] : found->second) {
        if (name == key) { return json; }
    }
    return {};
}

void write_cache_mark(JsonWriter& writer, const std::optional<CacheMark>& mark, const Extras& extras,
                      const std::string& path) {
    if (!mark) { return; }
    writer.key("cache_control").begin_object().member("type", "ephemeral").member_if("ttl", mark->ttl);
    if (!path.empty()) { extras.write(writer, path + ".cache_control"); }
    writer.end_object();
}

std::string input_object(const part::ToolCall& call) {
    if (call.custom) { return bridged_arguments(call.arguments); }
    const std::string_view arguments = trim(call.arguments);
    if (arguments.empty() || arguments == "null") { return "{}"; }
    if (arguments.front() == '{' && is_json(arguments)) { return std::string(arguments); }
    return JsonWriter().begin_object().member("raw_arguments", call.arguments).end_object().take();
}

void BlockWriter::content(const std::vector<WireBlock>& blocks) {
    if (is_plain_text(blocks, extras_)) {
        writer_.string(std::get<part::Text>(*blocks[0].part).text);
    } else {
        array(blocks);
    }
}

void BlockWriter::array(const std::vector<WireBlock>& blocks) {
    writer_.begin_array();
    for (const WireBlock& each : blocks) {
        block(each);
    }
    writer_.end_array();
}

void BlockWriter::block(const WireBlock& block) {
    if (const auto* foreign = std::get_if<part::Foreign>(block.part)) {
        writer_.raw(foreign->raw);
        return;
    }
    writer_.begin_object();
    if (const auto* said = std::get_if<part::Text>(block.part)) { text(*said); }
    if (const auto* held = std::get_if<part::Media>(block.part)) { media(*held, block.path); }
    if (const auto* called = std::get_if<part::ToolCall>(block.part)) { call(*called, block.id); }
    if (const auto* given = std::get_if<part::ToolResult>(block.part)) { result(*given, block); }
    if (const auto* thought = std::get_if<part::Reasoning>(block.part)) { reasoning(*thought); }
    write_cache_mark(writer_, block.cache, extras_, block.path);
    if (!block.path.empty()) { extras_.write(writer_, block.path); }
    writer_.end_object();
}

void BlockWriter::text(const part::Text& text) {
    writer_.member("type", "text").member("text", text.text);
    bool open = false;
    for (const part::Citation& citation : text.citations) {
        if (!is_own_citation(citation)) { continue; }
        if (!open) { writer_.key("citations").begin_array(); }
        open = true;
        writer_.raw(citation.raw);
    }
    if (open) { writer_.end_array(); }
}

void BlockWriter::media(const part::Media& media, const std::string& path) {
    const bool document = media.kind == part::MediaKind::document;
    writer_.member("type", document ? "document" : "image").key("source").begin_object();
    if (!media.url.empty()) {
        writer_.member("type", "url").member("url", media.url);
    } else if (!media.file_id.empty()) {
        writer_.member("type", "file").member("file_id", media.file_id);
    } else if (document && media.media_type != "application/pdf") {
        const std::string text = text_of_document(media).value_or(media.data);
        writer_.member("type", "text").member("media_type", "text/plain").member("data", text);
    } else {
        writer_.member("type", "base64").member("media_type", media.media_type).member("data", media.data);
    }
    if (!path.empty()) { extras_.write(writer_, path + ".source"); }
    writer_.end_object();
    if (!document) { return; }
    writer_.member_if("title", media.name).member_if("context", media.context);
    if (media.citations) { writer_.key("citations").begin_object().member("enabled", true).end_object(); }
}

void BlockWriter::call(const part::ToolCall& call, const std::string& id) {
    const std::string name = names_ != nullptr ? names_->flat(call.name_space, call.name) : call.name;
    writer_.member("type", "tool_use").member("id", id).member("name", name).raw_member("input", input_object(call));
}

void BlockWriter::result(const part::ToolResult& result, const WireBlock& block) {
    writer_.member("type", "tool_result").member("tool_use_id", block.id);
    std::vector<WireBlock> blocks;
    if (!result.object.empty()) { blocks.push_back(rules_.made_text(result.object)); }
    for (std::size_t i = 0; i < result.content.size(); ++i) {
        WireBlock inner = rules_.in_result(result.content[i]);
        if (inner.part == nullptr) { continue; }
        if (block.path.empty()) {
            inner.cache.reset();  // counted nowhere, and the result has its own
        } else {
            inner.path = block.path + ".content[" + std::to_string(i) + "]";
        }
        blocks.push_back(std::move(inner));
    }
    if (!blocks.empty()) {
        writer_.key("content");
        content(blocks);
    }
    if (result.is_error) { writer_.member("is_error", true); }
}

void BlockWriter::reasoning(const part::Reasoning& reasoning) {
    if (reasoning.redacted) {
        writer_.member("type", "redacted_thinking").member("data", reasoning.sealed.data);
        return;
    }
    std::string text = reasoning.text;
    for (const std::string& summary : reasoning.summary) {
        text += summary;
    }
    writer_.member("type", "thinking").member("thinking", text).member("signature", reasoning.sealed.data);
}

}  // namespace llmgw::wire
