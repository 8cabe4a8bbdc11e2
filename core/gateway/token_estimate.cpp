#include "core/gateway/token_estimate.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace llmgw {
namespace {

constexpr std::int64_t twentieths = 20;

// What stands around the text, measured on recorded calls. Open models' templates begin with some eighty tokens.
constexpr std::int64_t per_request = 100;
constexpr std::int64_t per_message = 8;
constexpr std::int64_t per_call = 12;
constexpr std::int64_t per_tool = 20;
constexpr std::int64_t any_tools = 500;
constexpr std::int64_t per_server_tool = 3000;
constexpr std::int64_t any_schema = 100;
// No provider's large picture has more, but for OpenAI's cheapest models, which multiply them.
constexpr std::int64_t per_image = 5000;

// The newest tokenizers make up to a third more tokens of the same text than the ones the rates are from.
constexpr std::int64_t safety_percent = 125;

enum class Kind { letter, digit, space, mark };

Kind kind_of(unsigned char c) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) { return Kind::letter; }
    if (c >= '0' && c <= '9') { return Kind::digit; }
    if (c == ' ' || (c >= '\t' && c <= '\r')) { return Kind::space; }
    return Kind::mark;
}

// A run of one kind. Words are four letters a token; longer ones are seldom words.
std::int64_t run_of(Kind kind, std::size_t size, bool one_blank) {
    constexpr std::size_t word_max = 16;
    const auto length = static_cast<std::int64_t>(size);
    switch (kind) {
        case Kind::letter: return size > word_max ? length * 10 : std::max<std::int64_t>(twentieths, length * 5);
        case Kind::digit: return std::max<std::int64_t>(twentieths, length * 10);
        case Kind::space: return one_blank ? 0 : twentieths * (1 + length / 16);
        case Kind::mark: break;
    }
    return length * 15;
}

// Beyond ASCII, a character by the length of its encoding; the bytes that follow the first one are in that.
std::int64_t wide_of(unsigned char c) {
    if (c >= 0xf0) { return 50; }
    if (c >= 0xe0) { return 26; }
    if (c >= 0xc0) { return 16; }
    return 0;
}

class Estimate {
public:
    std::optional<std::int64_t> of(const ChatRequest& request) {
        add(per_request);
        if (!request.previous_response_id.empty()) { return std::nullopt; }
        for (const auto& [path, value] : request.extras) {
            if (path == "conversation" || path == "cachedContent") { return std::nullopt; }
        }
        for (const auto& message : request.messages) {
            add(per_message);
            text(message.name);
            for (const auto& part : message.parts) {
                std::visit([this](const auto& one) { add_part(one); }, part);
            }
        }
        if (!request.tools.empty()) { add(any_tools); }
        for (const auto& tool : request.tools) {
            add_tool(tool);
        }
        if (!request.format.schema.empty()) {
            add(any_schema);
            text(request.format.description);
            text(request.format.schema);
        }
        if (!sound_) { return std::nullopt; }
        return (sum_ * safety_percent / 100 + twentieths - 1) / twentieths;
    }

private:
    void add(std::int64_t tokens) { sum_ += tokens * twentieths; }
    void text(std::string_view said) { sum_ += text_twentieths(said); }
    // Four characters of base64 are three bytes, which were about a token before they were encrypted.
    void sealed(const Sealed& seal) { add(static_cast<std::int64_t>(seal.data.size() / 4)); }

    void add_part(const part::Text& part) {
        text(part.text);
        for (const auto& citation : part.citations) {
            text(citation.cited_text);
        }
    }
    void add_part(const part::Media& part) {
        if (part.kind == part::MediaKind::image) { return add(per_image); }
        const bool readable = part.media_type.starts_with("text/") && !part.data.empty();
        if (part.kind != part::MediaKind::document || !readable) { sound_ = false; }
        text(part.data);
        text(part.name);
        text(part.context);
    }
    void add_part(const part::ToolCall& part) {
        add(per_call);
        text(part.name);
        text(part.name_space);
        text(part.arguments);
        sealed(part.sealed);
    }
    void add_part(const part::ToolResult& part) {
        add(per_call);
        text(part.object);
        for (const auto& one : part.content) {
            std::visit([this](const auto& inner) { add_part(inner); }, one);
        }
    }
    void add_part(const part::Reasoning& part) {
        for (const auto& summary : part.summary) {
            text(summary);
        }
        text(part.text);
        sealed(part.sealed);
    }
    void add_part(const part::Refusal& part) { text(part.text); }
    void add_part(const part::Foreign& part) {
        if (!part.carried) { text(part.raw); }
    }

    void add_tool(const Tool& tool) {
        if (tool.kind == ToolKind::server) {
            add(per_server_tool);
            return text(tool.raw);
        }
        add(per_tool);
        text(tool.name);
        text(tool.name_space);
        text(tool.description);
        text(tool.parameters);
        text(tool.format);
    }

    std::int64_t sum_ = 0;
    bool sound_ = true;
};

}  // namespace

std::int64_t text_twentieths(std::string_view text) {
    std::int64_t sum = 0;
    for (std::size_t at = 0; at < text.size();) {
        const auto c = static_cast<unsigned char>(text[at]);
        if (c >= 0x80) {
            sum += wide_of(c);
            ++at;
            continue;
        }
        const auto kind = kind_of(c);
        auto end = at + 1;
        while (end < text.size() && static_cast<unsigned char>(text[end]) < 0x80 &&
               kind_of(static_cast<unsigned char>(text[end])) == kind) {
            ++end;
        }
        sum += run_of(kind, end - at, end - at == 1 && c == ' ');
        at = end;
    }
    return sum;
}

std::optional<std::int64_t> estimate_tokens(const ChatRequest& request) {
    return Estimate().of(request);
}

}  // namespace llmgw
