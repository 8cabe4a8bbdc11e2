#include "providers/dialects/anthropic/block_decode.hpp"

#include <utility>

#include "core/dialect/envelope.hpp"
#include "providers/dialects/anthropic/answer_words.hpp"
#include "providers/dialects/common.hpp"
#include "providers/dialects/text_document.hpp"

namespace llmgw::wire {

using json_scan::Type;
using json_scan::Value;

namespace {

Sealed sealed_in(std::string field) {
    if (auto wrapped = unwrap_sealed(field)) { return std::move(*wrapped); }
    return Sealed{DialectId::anthropic, std::move(field), {}};
}

std::string type_of(std::string_view block) {
    const auto type = json_scan::last_member(block, "type");
    return type ? string_or_empty(*type) : "";
}

part::Text decode_text(RequestReading& reading, std::string_view block, const At& at) {
    part::Text text;
    each_member_at(reading, block, at, [&](std::string_view key, const Value& value, const At& here) {
        if (key == "type") { return; }
        if (key == "text") {
            text.text = reading.text(value, here).value_or("");
        } else if (key == "cache_control") {
            text.cache = decode_cache_mark(reading, value, here);
        } else if (key == "citations") {
            if (!reading.is_array(value, here)) { return; }
            each_element_at(reading, value.text, here, [&](const Value& citation, const At& element) {
                if (reading.is_object(citation, element)) { text.citations.push_back(decode_citation(citation.text)); }
            });
        } else {
            reading.extra(value, here);
        }
    });
    return text;
}

// The text of blocks that stand where only text is kept.
std::string joined_text(const std::vector<Part>& parts) {
    std::string joined;
    for (const auto& part : parts) {
        const auto* text = std::get_if<part::Text>(&part);
        if (text == nullptr || text->text.empty()) { continue; }
        if (!joined.empty()) { joined += '\n'; }
        joined += text->text;
    }
    return joined;
}

bool only_text(const std::vector<Part>& parts) {
    for (const auto& part : parts) {
        if (!std::holds_alternative<part::Text>(part)) { return false; }
    }
    return true;
}

// False when the source is of a kind that only this dialect has: the block is kept as it was written then.
bool decode_source(RequestReading& reading, const Value& source, part::Media& media, const At& at) {
    if (source.type != Type::object) {
        reading.wrong(at, "an object");
        return true;
    }
    bool known = true;
    const std::string type = type_of(source.text);
    each_member_at(reading, source.text, at, [&](std::string_view key, const Value& value, const At& here) {
        if (key == "type") { return; }
        if (key == "media_type") {
            media.media_type = reading.text(value, here).value_or("");
        } else if (key == "data" && (type == "base64" || type == "text")) {
            media.data = reading.text(value, here).value_or("");
        } else if (key == "url" && type == "url") {
            media.url = reading.text(value, here).value_or("");
        } else if (key == "file_id" && type == "file") {
            media.file_id = reading.text(value, here).value_or("");
        } else if (key == "content" && type == "content") {
            const auto parts = decode_content(reading, value, here);
            known = only_text(parts);
            media.data = joined_text(parts);
            media.media_type = "text/plain";
        } else {
            reading.extra(value, here);
        }
    });
    if (type == "text" && media.media_type.empty()) { media.media_type = "text/plain"; }
    if (type == "base64") { hold_plain_text(media); }
    if (media.data.empty() && media.url.empty() && media.file_id.empty()) { known = false; }
    return known;
}

std::optional<part::Media> decode_media(RequestReading& reading, std::string_view block, part::MediaKind kind,
                                        const At& at) {
    part::Media media;
    media.kind = kind;
    bool known = false;
    each_member_at(reading, block, at, [&](std::string_view key, const Value& value, const At& here) {
        if (key == "type") { return; }
        if (key == "source") {
            known = decode_source(reading, value, media, here);
        } else if (key == "title") {
            media.name = reading.text(value, here).value_or("");
        } else if (key == "context") {
            media.context = reading.text(value, here).value_or("");
        } else if (key == "citations") {
            if (!reading.is_object(value, here)) { return; }
            const auto enabled = json_scan::member(value.text, "enabled");
            media.citations = enabled && enabled->as_bool().value_or(false);
        } else if (key == "cache_control") {
            media.cache = decode_cache_mark(reading, value, here);
        } else {
            reading.extra(value, here);
        }
    });
    if (!known) { return std::nullopt; }
    return media;
}

part::ToolCall decode_tool_use(RequestReading& reading, std::string_view block, const At& at) {
    part::ToolCall call;
    each_member_at(reading, block, at, [&](std::string_view key, const Value& value, const At& here) {
        if (key == "type") { return; }
        if (key == "id") {
            CallId id = unwrap_call_id(reading.text(value, here).value_or(""));
            call.id = std::move(id.id);
            call.sealed = std::move(id.sealed);
        } else if (key == "name") {
            call.name = reading.text(value, here).value_or("");
        } else if (key == "input") {
            if (reading.is_object(value, here)) { call.arguments = std::string(value.text); }
        } else if (key == "cache_control") {
            call.cache = decode_cache_mark(reading, value, here);
        } else if (key == "caller" && value.is_object() && type_of(value.text) == "direct") {
            return;  // called by the model itself: what every call is
        } else {
            reading.extra(value, here);
        }
    });
    if (call.arguments == "{}") { call.arguments.clear(); }
    return call;
}

part::ToolResult decode_tool_result(RequestReading& reading, std::string_view block, const At& at) {
    part::ToolResult result;
    each_member_at(reading, block, at, [&](std::string_view key, const Value& value, const At& here) {
        if (key == "type") { return; }
        if (key == "tool_use_id") {
            result.call_id = unwrap_call_id(reading.text(value, here).value_or("")).id;
        } else if (key == "content") {
            result.content = decode_content(reading, value, here);
        } else if (key == "is_error") {
            result.is_error = reading.boolean(value, here).value_or(false);
        } else if (key == "cache_control") {
            result.cache = decode_cache_mark(reading, value, here);
        } else {
            reading.extra(value, here);
        }
    });
    return result;
}

part::Reasoning decode_thinking(RequestReading& reading, std::string_view block, const At& at) {
    part::Reasoning reasoning;
    each_member_at(reading, block, at, [&](std::string_view key, const Value& value, const At& here) {
        if (key == "type") { return; }
        if (key == "thinking") {
            std::string text = reading.text(value, here).value_or("");
            if (!text.empty()) { reasoning.summary.push_back(std::move(text)); }
        } else if (key == "signature") {
            reasoning.sealed = sealed_in(reading.text(value, here).value_or(""));
        } else if (key == "data") {
            reasoning.sealed = sealed_in(reading.text(value, here).value_or(""));
            reasoning.redacted = true;
        } else {
            reading.extra(value, here);
        }
    });
    return reasoning;
}

// A search result of the caller's own. No other dialect has such a block, and its words must not be lost to them.
part::Text decode_search_result(RequestReading& reading, std::string_view block, const At& at) {
    part::Text text;
    std::string source;
    std::string title;
    std::string content;
    each_member_at(reading, block, at, [&](std::string_view key, const Value& value, const At& here) {
        if (key == "source") { source = reading.text(value, here).value_or(""); }
        if (key == "title") { title = reading.text(value, here).value_or(""); }
        if (key == "content") { content = joined_text(decode_content(reading, value, here)); }
        if (key == "cache_control") { text.cache = decode_cache_mark(reading, value, here); }
    });
    text.text = title + (source.empty() ? "" : " (" + source + ")") + "\n" + content;
    return text;
}

part::Foreign decode_foreign(RequestReading& reading, std::string type, std::string_view block, const At& at) {
    part::Foreign foreign{DialectId::anthropic, std::move(type), std::string(block), {}};
    if (const auto mark = json_scan::last_member(block, "cache_control")) {
        // Its unknown members stay in the raw text.
        const std::size_t extras = reading.request().extras.size();
        foreign.cache = decode_cache_mark(reading, *mark, at.member("cache_control"));
        reading.request().extras.resize(extras);
    }
    return foreign;
}

Part decode_block(RequestReading& reading, std::string_view block, const At& at) {
    std::string type = type_of(block);
    if (type.empty()) { reading.wrong(at.member("type"), "the name of a content block's type"); }
    if (type == "text") { return decode_text(reading, block, at); }
    if (type == "image" || type == "document") {
        const auto kind = type == "image" ? part::MediaKind::image : part::MediaKind::document;
        const std::size_t extras = reading.request().extras.size();
        if (auto media = decode_media(reading, block, kind, at)) { return std::move(*media); }
        reading.request().extras.resize(extras);
    }
    if (type == "tool_use") { return decode_tool_use(reading, block, at); }
    if (type == "tool_result") { return decode_tool_result(reading, block, at); }
    if (type == "thinking" || type == "redacted_thinking") { return decode_thinking(reading, block, at); }
    if (type == "search_result") { return decode_search_result(reading, block, at); }
    return decode_foreign(reading, std::move(type), block, at);
}

// Undoes text_seal_field. False when the part is no such block.
bool rejoin_text_seal(std::vector<Part>& parts, const Part& next) {
    const auto* reasoning = std::get_if<part::Reasoning>(&next);
    if (reasoning == nullptr) { return false; }
    const std::string& mark = reasoning->sealed.item_id;
    if (mark != seal_of_text && mark != seal_of_empty_text) { return false; }
    Sealed sealed{reasoning->sealed.origin, reasoning->sealed.data, {}};
    auto* text = parts.empty() ? nullptr : std::get_if<part::Text>(&parts.back());
    if (mark == seal_of_text && text != nullptr && text->sealed.empty()) {
        text->sealed = std::move(sealed);
    } else {
        parts.emplace_back(part::Text{{}, {}, std::move(sealed), {}, {}});
    }
    return true;
}

}  // namespace

std::optional<CacheMark> decode_cache_mark(RequestReading& reading, const Value& value, const At& at) {
    if (!reading.is_object(value, at)) { return std::nullopt; }
    CacheMark mark;
    each_member_at(reading, value.text, at, [&](std::string_view key, const Value& inner, const At& here) {
        if (key == "ttl") {
            mark.ttl = reading.text(inner, here).value_or("");
        } else if (key != "type") {
            reading.extra(inner, here);
        }
    });
    return mark;
}

part::Citation decode_citation(std::string_view citation) {
    part::Citation out;
    out.raw = std::string(citation);
    json_scan::each_member(citation, [&](std::string_view key, const Value& value) {
        if (key == "url") { out.url = string_or_empty(value); }
        if (key == "source" && out.url.empty()) { out.url = string_or_empty(value); }
        if (key == "title" || key == "document_title") {
            if (is_present(value)) { out.title = string_or_empty(value); }
        }
        if (key == "cited_text") { out.cited_text = string_or_empty(value); }
        return true;
    });
    return out;
}

std::vector<Part> decode_content(RequestReading& reading, const Value& content, const At& at) {
    std::vector<Part> parts;
    if (content.type == Type::string) {
        part::Text text;
        text.text = reading.text(content, at).value_or("");
        if (!text.text.empty()) { parts.emplace_back(std::move(text)); }
        return parts;
    }
    if (content.type != Type::array) {
        if (content.type != Type::null) { reading.wrong(at, "a string or an array of blocks"); }
        return parts;
    }
    each_element_at(reading, content.text, at, [&](const Value& block, const At& here) {
        if (block.type != Type::object) { return reading.wrong(here, "an object"); }
        Part part = decode_block(reading, block.text, here);
        if (!rejoin_text_seal(parts, part)) { parts.push_back(std::move(part)); }
    });
    return parts;
}

}  // namespace llmgw::wire
