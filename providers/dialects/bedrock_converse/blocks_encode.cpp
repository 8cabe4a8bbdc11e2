#include "providers/dialects/bedrock_converse/blocks_encode.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "core/util/base64.hpp"
#include "core/util/sha256.hpp"
#include "providers/dialects/anthropic/block_encode.hpp"
#include "providers/dialects/text_document.hpp"

namespace llmgw::wire {
namespace {

using part::MediaKind;

struct Format {
    MediaKind kind;
    std::string_view media_type;
    std::string_view word;  // Converse's
};

constexpr std::array<Format, 37> formats{{
    {MediaKind::image, "image/png", "png"},
    {MediaKind::image, "image/jpeg", "jpeg"},
    {MediaKind::image, "image/jpg", "jpeg"},
    {MediaKind::image, "image/gif", "gif"},
    {MediaKind::image, "image/webp", "webp"},
    {MediaKind::document, "application/pdf", "pdf"},
    {MediaKind::document, "text/plain", "txt"},
    {MediaKind::document, "text/csv", "csv"},
    {MediaKind::document, "text/html", "html"},
    {MediaKind::document, "text/markdown", "md"},
    {MediaKind::document, "application/msword", "doc"},
    {MediaKind::document, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"},
    {MediaKind::document, "application/vnd.ms-excel", "xls"},
    {MediaKind::document, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"},
    {MediaKind::document, "application/json", "txt"},
    {MediaKind::document, "application/xml", "txt"},
    {MediaKind::video, "video/mp4", "mp4"},
    {MediaKind::video, "video/quicktime", "mov"},
    {MediaKind::video, "video/x-matroska", "mkv"},
    {MediaKind::video, "video/webm", "webm"},
    {MediaKind::video, "video/x-flv", "flv"},
    {MediaKind::video, "video/mpeg", "mpeg"},
    {MediaKind::video, "video/x-ms-wmv", "wmv"},
    {MediaKind::video, "video/3gpp", "three_gp"},
    {MediaKind::audio, "audio/mpeg", "mp3"},
    {MediaKind::audio, "audio/mp3", "mp3"},
    {MediaKind::audio, "audio/wav", "wav"},
    {MediaKind::audio, "audio/x-wav", "wav"},
    {MediaKind::audio, "audio/wave", "wav"},
    {MediaKind::audio, "audio/ogg", "ogg"},
    {MediaKind::audio, "audio/flac", "flac"},
    {MediaKind::audio, "audio/aac", "aac"},
    {MediaKind::audio, "audio/opus", "opus"},
    {MediaKind::audio, "audio/webm", "webm"},
    {MediaKind::audio, "audio/mp4", "mp4"},
    {MediaKind::audio, "audio/x-m4a", "m4a"},
    {MediaKind::audio, "audio/pcm", "pcm"},
}};

std::string_view format_of(const part::Media& media) {
    for (const auto& row : formats) {
        if (row.kind == media.kind && row.media_type == media.media_type) { return row.word; }
    }
    const bool text = media.kind == MediaKind::document && is_text_type(media.media_type);
    return text ? "txt" : "";
}

std::string_view member_of(MediaKind kind) {
    switch (kind) {
        case MediaKind::image: return "image";
        case MediaKind::document: return "document";
        case MediaKind::audio: return "audio";
        case MediaKind::video: return "video";
    }
    return "document";
}

constexpr std::string_view s3 = "s3://";

std::string refusal_of(const part::Media& media) {
    if (!media.file_id.empty()) { return "the file is in another provider's store"; }
    if (!media.url.empty() && !media.url.starts_with(s3)) { return "bedrock-converse fetches no URLs but s3:// ones"; }
    if (media.data.empty() && media.url.empty()) { return "it is empty"; }
    if (format_of(media).empty()) {
        const std::string_view type = media.media_type;
        return "bedrock-converse takes no " + std::string(type.empty() ? "media of an unknown type" : type);
    }
    return {};
}

// [A-Za-z0-9_-], at most 64: what the wire takes. The rules have seen to the alphabet.
std::string tool_use_id(const std::string& id) {
    constexpr std::size_t id_max = 64;
    if (id.size() <= id_max) { return id; }
    return id.substr(0, 51) + "_" + sha256_hex(id).substr(0, 12);
}

}  // namespace

const PartFacts converse_parts{DialectId::bedrock_converse, "bedrock-converse", refusal_of};

void write_cache_point(JsonWriter& writer, const CacheMark& mark) {
    writer.begin_object().key("cachePoint").begin_object().member("type", "default").member_if("ttl", mark.ttl);
    writer.end_object().end_object();
}

void ConverseBlockWriter::cache_point(const WireBlock& block) {
    if (block.cache && facts_.cache_points) { write_cache_point(writer_, *block.cache); }
}

void ConverseBlockWriter::system(const std::vector<WireBlock>& blocks) {
    writer_.begin_array();
    for (const auto& one : blocks) {
        block(one);
    }
    writer_.end_array();
}

void ConverseBlockWriter::message(const std::vector<WireBlock>& blocks) {
    writer_.begin_array();
    const auto holds = [&](auto&& fits) { return std::ranges::any_of(blocks, fits); };
    const bool documents = holds([](const WireBlock& one) {
        const auto* media = std::get_if<part::Media>(one.part);
        return media != nullptr && media->kind == MediaKind::document;
    });
    const bool text = holds([](const WireBlock& one) { return std::holds_alternative<part::Text>(*one.part); });
    // A message with a document and without a word is refused.
    if (documents && !text) { block(rules_.made_text("The attached document:")); }
    for (const auto& one : blocks) {
        block(one);
    }
    writer_.end_array();
}

void ConverseBlockWriter::block(const WireBlock& block) {
    if (const auto* foreign = std::get_if<part::Foreign>(block.part)) {
        writer_.raw(foreign->raw);
    } else {
        writer_.begin_object();
        if (const auto* said = std::get_if<part::Text>(block.part)) { writer_.member("text", said->text); }
        if (const auto* held = std::get_if<part::Media>(block.part)) { media(*held); }
        if (const auto* given = std::get_if<part::ToolResult>(block.part)) { result(*given, block); }
        if (const auto* thought = std::get_if<part::Reasoning>(block.part)) { reasoning(*thought); }
        if (const auto* call = std::get_if<part::ToolCall>(block.part)) {
            writer_.key("toolUse").begin_object().member("toolUseId", tool_use_id(block.id));
            writer_.member("name", names_.flat(call->name_space, call->name));
            writer_.raw_member("input", input_object(*call)).end_object();
        }
        writer_.end_object();
    }
    cache_point(block);
}

// Letters, digits, single spaces, hyphens and brackets; twice the same name is refused.
std::string ConverseBlockWriter::document_name(const std::string& wanted) {
    std::string name;
    for (const char c : wanted.substr(0, std::min(wanted.rfind('.'), wanted.size()))) {
        const bool kept = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                          std::string_view("-()[]").find(c) != std::string_view::npos;
        if (kept) {
            name += c;
        } else if (!name.empty() && name.back() != ' ') {
            name += ' ';
        }
    }
    while (name.ends_with(' ') || name.size() > 180) {
        name.pop_back();
    }
    if (name.empty()) { name = "Document"; }
    std::string free = name;
    for (int n = 2; !document_names_.insert(free).second; ++n) {
        free = name + " (" + std::to_string(n) + ")";
    }
    return free;
}

void ConverseBlockWriter::media(const part::Media& media) {
    writer_.key(member_of(media.kind)).begin_object().member("format", format_of(media));
    if (media.kind == MediaKind::document) { writer_.member("name", document_name(media.name)); }
    writer_.key("source").begin_object();
    if (media.data.empty()) {
        writer_.key("s3Location").begin_object().member("uri", media.url).end_object();
    } else {
        const bool plain = media.kind == MediaKind::document && media.media_type == "text/plain";
        writer_.member("bytes", plain ? base64(media.data) : media.data);
    }
    writer_.end_object();
    if (media.kind == MediaKind::document) {
        writer_.member_if("context", media.context);
        if (media.citations) { writer_.key("citations").begin_object().member("enabled", true).end_object(); }
    }
    writer_.end_object();
}

void ConverseBlockWriter::result(const part::ToolResult& result, const WireBlock& block) {
    writer_.key("toolResult").begin_object().member("toolUseId", tool_use_id(block.id)).key("content").begin_array();
    bool said = false;
    if (!result.object.empty()) {
        writer_.begin_object().raw_member("json", result.object).end_object();
        said = true;
    }
    for (const auto& part : result.content) {
        const auto* media = std::get_if<part::Media>(&part);
        const bool audio = media != nullptr && media->kind == MediaKind::audio;
        auto inner =
            audio ? rules_.left_out("audio", "a tool result of bedrock-converse holds none") : rules_.in_result(part);
        if (inner.part == nullptr) { continue; }
        inner.cache.reset();  // a cache point stands behind the result only
        this->block(inner);
        said = true;
    }
    if (!said) { writer_.begin_object().member("text", "(no output)").end_object(); }
    writer_.end_array().member("status", result.is_error ? "error" : "success").end_object();
}

void ConverseBlockWriter::reasoning(const part::Reasoning& reasoning) {
    writer_.key("reasoningContent").begin_object();
    if (reasoning.redacted) {
        writer_.member("redactedContent", reasoning.sealed.data);
    } else {
        std::string text = reasoning.text;
        for (const auto& summary : reasoning.summary) {
            text += summary;
        }
        writer_.key("reasoningText").begin_object().member("text", text).member("signature", reasoning.sealed.data);
        writer_.end_object();
    }
    writer_.end_object();
}

}  // namespace llmgw::wire
