// Content parts of messages and tool results, written.
#include <algorithm>

#include "core/util/base64.hpp"
#include "core/util/sha256.hpp"
#include "providers/dialects/openai_responses/writing.hpp"
#include "providers/dialects/text_document.hpp"

namespace llmgw::wire::responses {

namespace {

constexpr std::size_t call_id_max = 64;

std::string data_uri(const part::Media& media) {
    const bool plain = media.media_type == "text/plain" && media.kind == part::MediaKind::document;
    return "data:" + media.media_type + ";base64," + (plain ? base64(media.data) : media.data);
}

bool is_openai_file(const part::Media& media) {
    return media.origin == DialectId::openai_responses || media.origin == DialectId::openai_chat;
}

void write_cache(const std::optional<CacheMark>& cache, const Writing& writing, JsonWriter& json) {
    if (!cache) { return; }
    if (writing.own) {
        json.key("prompt_cache_breakpoint").begin_object().member("mode", "explicit").end_object();
    } else {
        writing.drops.note("cache_control", "openai-responses caches prompts by itself");
    }
}

bool write_text(const part::Text& text, Side side, const Writing& writing, JsonWriter& json) {
    if (text.text.empty() && !writing.own) { return false; }
    json.begin_object().member("type", side == Side::output ? "output_text" : "input_text").member("text", text.text);
    if (side == Side::output) {
        json.key("annotations").begin_array();
        for (const auto& citation : text.citations) {
            const JsonText annotation = annotation_json(citation, 0);
            const bool placed = citation.origin == DialectId::openai_responses || (citation.begin && citation.end);
            if (!annotation.empty() && placed) {
                json.raw(annotation);
            } else {
                writing.drops.note("citations", "openai-responses cites URLs at places in the text only");
            }
        }
        json.end_array();
    }
    write_cache(text.cache, writing, json);
    json.end_object();
    return true;
}

bool write_image(const part::Media& media, const Writing& writing, JsonWriter& json) {
    if (!media.file_id.empty() && !is_openai_file(media)) {
        writing.drops.note("image.file_id", "the file is in another provider's store");
        return false;
    }
    json.begin_object().member("type", "input_image");
    json.member_if("file_id", media.file_id);
    if (!media.url.empty()) { json.member("image_url", media.url); }
    if (!media.data.empty()) { json.member("image_url", data_uri(media)); }
    json.member_if("detail", media.detail);
    write_cache(media.cache, writing, json);
    json.end_object();
    return true;
}

bool write_file(const part::Media& media, const Writing& writing, JsonWriter& json) {
    if (!media.file_id.empty() && !is_openai_file(media)) {
        writing.drops.note("document.file_id", "the file is in another provider's store");
        return false;
    }
    if (!media.context.empty()) { writing.drops.note("document.context", "openai-responses has no such member"); }
    if (media.citations) { writing.drops.note("document.citations", "openai-responses does not cite documents"); }
    // Hosts differ in which files they read; text is text to all of them.
    if (const auto text = writing.own ? std::nullopt : text_of_document(media)) {
        const std::string head = media.name.empty() ? std::string() : media.name + "\n\n";
        json.begin_object().member("type", "input_text").member("text", head + *text).end_object();
        return true;
    }
    json.begin_object().member("type", "input_file");
    json.member_if("file_id", media.file_id).member_if("file_url", media.url);
    if (!media.data.empty()) {
        json.member("filename", media.name.empty() ? "document.pdf" : media.name).member("file_data", data_uri(media));
    } else if (writing.own) {
        json.member_if("filename", media.name);
    }
    write_cache(media.cache, writing, json);
    json.end_object();
    return true;
}

bool write_audio(const part::Media& media, const Writing& writing, JsonWriter& json) {
    // What came as a file with a name goes back as one.
    if (!media.name.empty() && writing.own) { return write_file(media, writing, json); }
    if (media.data.empty()) {
        writing.drops.note("audio", "openai-responses takes audio inline only");
        return false;
    }
    const bool mp3 = media.media_type == "audio/mpeg" || media.media_type == "audio/mp3";
    const auto slash = media.media_type.find('/');
    std::string format = slash == std::string::npos ? media.media_type : media.media_type.substr(slash + 1);
    if (format.starts_with("x-")) { format.erase(0, 2); }
    json.begin_object().member("type", "input_audio").key("input_audio").begin_object();
    json.member("data", media.data).member("format", mp3 ? std::string("mp3") : format).end_object().end_object();
    return true;
}

bool write_media(const part::Media& media, Side side, const Writing& writing, JsonWriter& json) {
    if (side == Side::output) {
        writing.drops.note("assistant media", "openai-responses takes none in what the model said");
        return false;
    }
    switch (media.kind) {
        case part::MediaKind::image: return write_image(media, writing, json);
        case part::MediaKind::document: return write_file(media, writing, json);
        case part::MediaKind::audio: return write_audio(media, writing, json);
        case part::MediaKind::video: break;
    }
    if (writing.own) { return write_file(media, writing, json); }
    writing.drops.note("video", "openai-responses takes no video");
    return false;
}

}  // namespace

std::string allowed_call_id(std::string_view id) {
    if (id.size() <= call_id_max) { return std::string(id); }
    return std::string(id.substr(0, 40)) + "_" + sha256_hex(id).substr(0, 16);
}

JsonText annotation_json(const part::Citation& citation, std::int64_t text_length) {
    if (citation.origin == DialectId::openai_responses && !citation.raw.empty()) { return citation.raw; }
    if (citation.url.empty()) { return {}; }
    JsonWriter json;
    json.begin_object().member("type", "url_citation").member("url", citation.url);
    json.member("title", citation.title.empty() ? citation.url : citation.title);
    json.member("start_index", citation.begin.value_or(0)).member("end_index", citation.end.value_or(text_length));
    return json.end_object().take();
}

bool write_part(const Part& part, Side side, const Writing& writing, JsonWriter& json) {
    if (const auto* text = std::get_if<part::Text>(&part)) { return write_text(*text, side, writing, json); }
    if (const auto* media = std::get_if<part::Media>(&part)) { return write_media(*media, side, writing, json); }
    if (const auto* refusal = std::get_if<part::Refusal>(&part)) {
        // Only the model refuses.
        if (side == Side::input) { return write_text({refusal->text, {}, {}, {}, {}}, side, writing, json); }
        json.begin_object().member("type", "refusal").member("refusal", refusal->text).end_object();
        return true;
    }
    if (const auto* foreign = std::get_if<part::Foreign>(&part)) {
        if (foreign->origin == DialectId::openai_responses) {
            json.raw(foreign->raw);
            return true;
        }
        if (!foreign->carried) { writing.drops.note(foreign->type, "openai-responses has no such content"); }
    }
    return false;
}

}  // namespace llmgw::wire::responses
