// Writes the content of messages: text, images, documents, audio, and their cache marks.
#include <fmt/format.h>

#include "core/util/json_scan.hpp"
#include "providers/dialects/media_words.hpp"
#include "providers/dialects/openai_chat/request_write.hpp"
#include "providers/dialects/text_document.hpp"

namespace llmgw::wire::chat {

namespace {

using part::Media;
using part::MediaKind;

std::string audio_format(std::string_view media_type) {
    if (media_type == "audio/mpeg" || media_type == "audio/mp3") { return "mp3"; }
    if (media_type == "audio/x-wav" || media_type == "audio/wave" || media_type.empty()) { return "wav"; }
    const auto slash = media_type.find('/');
    return std::string(media_type.substr(slash == std::string_view::npos ? 0 : slash + 1));
}

std::string data_uri(const Media& media, std::string_view default_type) {
    return fmt::format("data:{};base64,{}", media.media_type.empty() ? default_type : media.media_type, media.data);
}

class MediaWriter {
public:
    MediaWriter(Writing& writing, const Media& media) : writing_(writing), media_(media) {}

    ContentItem item() {
        ContentItem item;
        item.mark = media_.cache;
        // Hosts differ in which files they read; text is text to all of them. The client's own host may know its files.
        const bool own_file = writing_.own() && media_.media_type != "text/plain";
        if (const auto text = own_file ? std::nullopt : text_of_document(media_)) {
            item.text = above(media_.name) + above(media_.context) + *text;
            return item;
        }
        item.raw = raw();
        if (item.raw.empty()) { item.text = placeholder(); }
        return item;
    }

private:
    JsonText raw() {
        switch (media_.kind) {
            case MediaKind::image: return image();
            case MediaKind::document: return document();
            case MediaKind::audio: return audio();
            case MediaKind::video: return video();
        }
        return {};
    }

    JsonText address(std::string_view type, std::string_view url) {
        JsonWriter writer;
        writer.begin_object().member("type", type).key(type).begin_object();
        writer.member("url", url).member_if("detail", media_.detail).end_object();
        return writer.take();
    }

    JsonText image() {
        if (!media_.data.empty()) { return address("image_url", data_uri(media_, "image/png")); }
        if (media_.url.empty()) { return lost("the file is in another provider's store"); }
        if (!writing_.target.image_urls) { return lost("this provider does not fetch addresses"); }
        return address("image_url", media_.url);
    }

    JsonText document() {
        const bool same_store = media_.origin == DialectId::openai_chat || media_.origin == DialectId::openai_responses;
        if (media_.citations) { lost("sources cannot be asked for", "document.citations"); }
        if (!media_.context.empty()) { lost("the context of a document has no place", "document.context"); }
        JsonWriter writer;
        if (!media_.url.empty()) {
            if (!writing_.own()) { return lost("documents cannot be given by address"); }
            writer.begin_object().member("type", "file").key("file").begin_object();  // OpenRouter
            writer.member_if("filename", media_.name).member("file_data", media_.url).end_object();
            return writer.take();
        }
        if (media_.data.empty() && !same_store) { return lost("the file is in another provider's store"); }
        writer.begin_object().member("type", "file").key("file").begin_object();
        if (!media_.data.empty()) {
            writer.member("filename", media_.name.empty() ? std::string("document.pdf") : media_.name);
            writer.member("file_data", data_uri(media_, "application/pdf"));
        } else {
            writer.member("file_id", media_.file_id).member_if("filename", media_.name);
        }
        writer.end_object();
        return writer.take();
    }

    JsonText audio() {
        if (media_.data.empty()) { return lost("audio is taken as data only"); }
        JsonWriter writer;
        writer.begin_object().member("type", "input_audio").key("input_audio").begin_object();
        writer.member("data", media_.data).member("format", audio_format(media_.media_type)).end_object();
        return writer.take();
    }

    JsonText video() {
        if (!writing_.own()) { return lost("this dialect has no video"); }
        return address("video_url", media_.url.empty() ? data_uri(media_, "video/mp4") : media_.url);
    }

    static std::string above(const std::string& line) { return line.empty() ? line : line + "\n"; }

    // The model is told that something was there.
    std::string placeholder() const {
        std::string text = fmt::format("[{} not shown", word(media_.kind));
        if (!media_.name.empty()) { text += ": " + media_.name; }
        if (!media_.url.empty()) { text += " (" + media_.url + ")"; }
        return text + "]";
    }

    JsonText lost(std::string_view reason, std::string_view what = {}) {
        writing_.drops.note(fmt::format("messages: {}", what.empty() ? word(media_.kind) : what), std::string(reason));
        return {};
    }

    Writing& writing_;
    const Media& media_;
};

// Says a result whose call is not there any more.
std::string orphan_text(const part::ToolResult& result) {
    std::string text = "[Result of an earlier tool call";
    if (!result.name.empty()) { text += ": " + result.name; }
    text += "]\n" + result.object;
    for (const auto& part : result.content) {
        if (const auto* said = std::get_if<part::Text>(&part)) { text += said->text; }
    }
    return text;
}

std::string_view closing_of(std::string_view object) {
    return object.substr(0, object.find_last_of('}'));
}

}  // namespace

void note_lost_mark(Writing& writing) {
    writing.drops.note("cache_control", "this provider caches prompts by itself");
}

void write_cache_mark(Writing& writing, const std::optional<CacheMark>& mark, JsonWriter& writer) {
    if (!mark) { return; }
    const std::string_view form = writing.target.cache_marks;
    if (form == "prompt_cache_breakpoint") {
        writer.key(form).begin_object().member("mode", "explicit").end_object();
    } else if (form == "cache_control" || writing.own()) {
        writer.key("cache_control").begin_object().member("type", "ephemeral").member_if("ttl", mark->ttl);
        writer.end_object();
    } else {
        note_lost_mark(writing);
    }
}

std::vector<ContentItem> content_items(Writing& writing, const std::vector<const Part*>& parts) {
    std::vector<ContentItem> items;
    for (const Part* part : parts) {
        ContentItem item;
        if (const auto* text = std::get_if<part::Text>(part)) {
            if (text->text.empty() && !writing.own()) { continue; }
            item.text = text->text;
            item.mark = text->cache;
        } else if (const auto* media = std::get_if<Media>(part)) {
            item = MediaWriter(writing, *media).item();
        } else if (const auto* result = std::get_if<part::ToolResult>(part)) {
            items.push_back({orphan_text(*result), {}, result->cache});
            for (const auto& shown : result->content) {
                if (const auto* held = std::get_if<Media>(&shown)) {
                    items.push_back(MediaWriter(writing, *held).item());
                }
            }
            continue;
        } else if (const auto* refusal = std::get_if<part::Refusal>(part)) {
            item.text = refusal->text;
        } else if (const auto* foreign = std::get_if<part::Foreign>(part)) {
            if (foreign->carried) { continue; }
            if (foreign->origin != DialectId::openai_chat) {
                writing.drops.note(fmt::format("messages: {}", foreign->type), "openai-chat has no such block");
                continue;
            }
            item.raw = closing_of(foreign->raw);
        } else {
            continue;  // calls and reasoning are not said by users
        }
        if (writing.marks.contains(part)) { item.mark = CacheMark{}; }
        items.push_back(std::move(item));
    }
    return items;
}

void write_content(Writing& writing, const std::vector<ContentItem>& items, JsonWriter& writer) {
    bool plain = true;
    for (const auto& item : items) {
        const bool marked = item.mark && (writing.own() || !writing.target.cache_marks.empty());
        plain = plain && item.raw.empty() && !marked;
    }
    // Several hosts take a string only, so text alone is one, except where the client itself wrote a list.
    if (plain && (items.size() <= 1 || !writing.own())) {
        std::string text;
        for (const auto& item : items) {
            if (!text.empty()) { text += paragraph; }
            text += item.text;
            if (item.mark) { note_lost_mark(writing); }
        }
        writer.string(text);
        return;
    }
    writer.begin_array();
    for (const auto& item : items) {
        JsonWriter inner;
        if (item.raw.empty()) {
            writer.begin_object().member("type", "text").member("text", item.text);
            write_cache_mark(writing, item.mark, writer);
            writer.end_object();
        } else {
            inner.begin_object();
            write_cache_mark(writing, item.mark, inner);
            const std::string_view mark = std::string_view(inner.text()).substr(1);
            writer.raw(fmt::format("{}{}{}}}", item.raw, mark.empty() ? "" : ",", mark));
        }
    }
    writer.end_array();
}

}  // namespace llmgw::wire::chat
