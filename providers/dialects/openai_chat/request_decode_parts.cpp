// Reads `content`: a string, or a list of parts in the dialect's own forms, in those of some hosts (thinking, video,
// documents by address), and in the forms of Anthropic and Responses that clients of several APIs send here.
#include "core/dialect/envelope.hpp"
#include "providers/dialects/common.hpp"
#include "providers/dialects/openai_chat/call_seals.hpp"
#include "providers/dialects/openai_chat/request_read.hpp"
#include "providers/dialects/text_document.hpp"

namespace llmgw::wire::chat {

using json_scan::Type;
using json_scan::Value;

namespace {

using part::Media;
using part::MediaKind;

std::string string_at(const Value& object, std::initializer_list<std::string_view> path) {
    const auto found = json_scan::at(object.text, path);
    return found ? string_or_empty(*found) : std::string();
}

// {url, detail} or the address alone.
bool read_address(const Value& value, Media& media) {
    if (auto address = value.as_string()) {
        set_address(media, std::move(*address));
        return true;
    }
    if (!value.is_object()) { return false; }
    set_address(media, string_at(value, {"url"}));
    media.detail = string_at(value, {"detail"});
    return !media.url.empty() || !media.data.empty();
}

MediaKind kind_of(std::string_view media_type) {
    if (media_type.starts_with("image/")) { return MediaKind::image; }
    if (media_type.starts_with("audio/")) { return MediaKind::audio; }
    if (media_type.starts_with("video/")) { return MediaKind::video; }
    return MediaKind::document;
}

std::string audio_type(const std::string& format) {
    return format == "mp3" ? "audio/mpeg" : "audio/" + (format.empty() ? std::string("wav") : format);
}

class PartReader {
public:
    PartReader(const Value& value, const std::string& path, Reading& reading)
        : value_(value), path_(path), reading_(reading) {
        json_scan::each_member(value.text, [&](std::string_view key, const Value& said) {
            if (key == "type") { type_ = string_or_empty(said); }
            if ((key == "cache_control" || key == "prompt_cache_breakpoint") && said.is_object()) {
                mark_ = read_cache_mark(said);
            }
            return true;
        });
    }

    Part read() {
        if (type_ == "text" || type_ == "input_text" || type_ == "output_text") { return text(); }
        if (type_ == "image_url" || type_ == "input_image") { return address("image_url", MediaKind::image); }
        if (type_ == "video_url") { return address("video_url", MediaKind::video); }
        if (type_ == "document_url") { return address("document_url", MediaKind::document); }
        if (type_ == "input_audio") { return audio(); }
        if (type_ == "file") { return file(); }
        if (type_ == "refusal") { return part::Refusal{string_at(value_, {"refusal"})}; }
        if (type_ == "thinking") { return thinking(); }
        if (type_ == "image" || type_ == "document") { return source(); }
        if (type_ == "tool_use") { return tool_use(); }
        if (type_ == "tool_result") { return tool_result(); }
        if (type_ == "redacted_thinking") {
            part::Reasoning reasoning;
            reasoning.redacted = true;
            reasoning.sealed = seal(string_at(value_, {"data"}));
            return reasoning;
        }
        if (type_.empty()) { reading_.fault.expected(path_to(path_, "type"), "a string"); }
        return part::Foreign{DialectId::openai_chat, type_, JsonText(value_.text), mark_, false};
    }

private:
    Part text() {
        const auto said = json_scan::member(value_.text, "text");
        if (!said || said->type != Type::string) { reading_.fault.expected(path_to(path_, "text"), "a string"); }
        part::Text text;
        text.text = said ? string_or_empty(*said) : std::string();
        text.cache = mark_;
        return text;
    }

    Part address(std::string_view key, MediaKind kind) {
        Media media = blank(kind);
        const auto said = json_scan::member(value_.text, key);
        if (!said || !read_address(*said, media)) {
            reading_.fault.expected(path_to(path_, key), "an object with a url");
        }
        if (media.detail.empty()) { media.detail = string_at(value_, {"detail"}); }
        if (kind == MediaKind::document) { media.name = string_at(value_, {"document_name"}); }
        hold_plain_text(media);
        return media;
    }

    Part audio() {
        Media media = blank(MediaKind::audio);
        media.data = string_at(value_, {"input_audio", "data"});
        media.media_type = audio_type(string_at(value_, {"input_audio", "format"}));
        if (media.data.empty()) { reading_.fault.expected(path_to(path_, "input_audio.data"), "a string"); }
        return media;
    }

    Part file() {
        Media media = blank(MediaKind::document);
        media.file_id = string_at(value_, {"file", "file_id"});
        media.name = string_at(value_, {"file", "filename"});
        if (media.file_id.empty()) { set_address(media, string_at(value_, {"file", "file_data"})); }
        if (!media.media_type.empty()) { media.kind = kind_of(media.media_type); }
        hold_plain_text(media);
        if (media.file_id.empty() && media.data.empty() && media.url.empty()) {
            reading_.fault.expected(path_to(path_, "file"), "file_data or file_id");
        }
        return media;
    }

    // Mistral: a list of texts. Anthropic: the text, with a signature.
    Part thinking() {
        part::Reasoning reasoning;
        const auto said = json_scan::member(value_.text, "thinking");
        if (said && said->is_array()) {
            json_scan::each_element(said->text, [&](const Value& piece) {
                reasoning.text += piece.type == Type::string ? string_or_empty(piece) : string_at(piece, {"text"});
                return true;
            });
        } else if (said) {
            reasoning.text = string_or_empty(*said);
        }
        if (std::string signature = string_at(value_, {"signature"}); !signature.empty()) {
            reasoning.sealed = seal(std::move(signature));
        }
        return reasoning;
    }

    // Anthropic: {source: {type, media_type, data | url | file_id}}
    Part source() {
        Media media = blank(type_ == "image" ? MediaKind::image : MediaKind::document);
        media.media_type = string_at(value_, {"source", "media_type"});
        media.data = string_at(value_, {"source", "data"});
        media.url = string_at(value_, {"source", "url"});
        media.name = string_at(value_, {"title"});
        if (string_at(value_, {"source", "type"}) == "base64") { hold_plain_text(media); }
        if (media.data.empty() && media.url.empty()) {
            reading_.fault.expected(path_to(path_, "source"), "an object with data or url");
        }
        return media;
    }

    Part tool_use() {
        part::ToolCall call;
        SealedCall sealed = unseal_call_id(string_at(value_, {"id"}));
        call.id = std::move(sealed.id);
        call.sealed = std::move(sealed.own);
        call.name = string_at(value_, {"name"});
        if (const auto input = json_scan::member(value_.text, "input")) { call.arguments = input->text; }
        call.cache = mark_;
        return call;
    }

    Part tool_result() {
        part::ToolResult result;
        result.call_id = unseal_call_id(string_at(value_, {"tool_use_id"})).id;
        if (const auto error = json_scan::member(value_.text, "is_error")) {
            result.is_error = error->as_bool().value_or(false);
        }
        if (const auto content = json_scan::member(value_.text, "content")) {
            result.content = read_content(*content, path_to(path_, "content"), reading_);
        }
        result.cache = mark_;
        return result;
    }

    Media blank(MediaKind kind) const {
        Media media;
        media.kind = kind;
        media.origin = DialectId::openai_chat;
        media.cache = mark_;
        return media;
    }

    static Sealed seal(std::string field) {
        if (auto ours = unwrap_sealed(field)) { return std::move(*ours); }
        return {DialectId::anthropic, std::move(field), {}};
    }

    const Value& value_;
    const std::string& path_;
    Reading& reading_;
    std::string type_;
    std::optional<CacheMark> mark_;
};

}  // namespace

CacheMark read_cache_mark(const Value& value) {
    return {string_at(value, {"ttl"})};
}

void set_address(Media& media, std::string address) {
    constexpr std::string_view scheme = "data:";
    constexpr std::string_view base64_mark = ";base64,";
    const std::string_view text = address;
    const auto mark = text.find(base64_mark);
    if (!text.starts_with(scheme) || mark == std::string_view::npos || mark > 256) {
        media.url = std::move(address);
        return;
    }
    // Parameters ("image/png;name=a") are no part of the type.
    const std::string_view type = text.substr(scheme.size(), mark - scheme.size());
    media.media_type = type.substr(0, type.find(';'));
    media.data = text.substr(mark + base64_mark.size());
}

std::vector<Part> read_content(const Value& content, std::string_view path, Reading& reading) {
    std::vector<Part> parts;
    if (auto whole = content.as_string()) {
        parts.emplace_back(part::Text{std::move(*whole), {}, {}, {}, {}});
    } else if (content.is_array()) {
        json_scan::each_element(content.text, [&](const Value& value) {
            const std::string here = path_to(path, parts.size());
            if (auto text = value.as_string()) {
                parts.emplace_back(part::Text{std::move(*text), {}, {}, {}, {}});
            } else if (value.is_object()) {
                parts.push_back(PartReader(value, here, reading).read());
            } else {
                reading.fault.expected(here, "an object");
            }
            return !reading.fault.found();
        });
    } else if (content.type != Type::null) {
        reading.fault.expected(path, "a string or a list of parts");
    }
    return parts;
}

}  // namespace llmgw::wire::chat
