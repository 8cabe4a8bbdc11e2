// Content parts of messages and tool results: text, images, files, audio.
#include <utility>

#include "providers/dialects/common.hpp"
#include "providers/dialects/openai_responses/reading.hpp"
#include "providers/dialects/text_document.hpp"

namespace llmgw::wire::responses {

using json_scan::Type;
using json_scan::Value;

namespace {

struct DataUri {
    std::string media_type;
    std::string data;
};

// data:TYPE;base64,DATA; nullopt for any other URL, unencoded data included.
std::optional<DataUri> read_data_uri(std::string_view url) {
    constexpr std::string_view scheme = "data:";
    constexpr std::string_view encoding = ";base64";
    if (!url.starts_with(scheme)) { return std::nullopt; }
    const auto comma = url.find(',');
    if (comma == std::string_view::npos) { return std::nullopt; }
    const std::string_view head = url.substr(scheme.size(), comma - scheme.size());
    if (!head.ends_with(encoding)) { return std::nullopt; }
    return DataUri{std::string(head.substr(0, head.find(';'))), std::string(url.substr(comma + 1))};
}

std::string media_type_of(std::string_view file_name) {
    const auto dot = file_name.rfind('.');
    const std::string_view ending = dot == std::string_view::npos ? std::string_view() : file_name.substr(dot + 1);
    if (ending == "txt" || ending == "md") { return "text/plain"; }
    return "application/pdf";
}

part::MediaKind file_kind(std::string_view media_type) {
    if (media_type.starts_with("audio/")) { return part::MediaKind::audio; }
    if (media_type.starts_with("video/")) { return part::MediaKind::video; }
    return part::MediaKind::document;
}

class PartReader {
public:
    PartReader(const Value& part, const std::string& path, Reading& reading)
        : part_(part), path_(path), reading_(reading) {}

    bool read(std::vector<Part>& out) {
        if (!part_.is_object()) { return reading_.wrong(path_, "an object"); }
        json_scan::each_member(part_.text, [&](std::string_view key, const Value& value) {
            if (value.type == Type::null) { return true; }
            return take(key, value);
        });
        if (!reading_.ok()) { return false; }
        return put(out);
    }

private:
    bool take(std::string_view key, const Value& value) {
        if (key == "type") { return text(key, value, type_); }
        if (key == "text" || key == "refusal") { return text(key, value, text_); }
        if (key == "image_url") { return image_url(value); }
        if (key == "file_id") { return text(key, value, media_.file_id); }
        if (key == "file_url") { return text(key, value, media_.url); }
        if (key == "file_data") { return text(key, value, file_data_); }
        if (key == "filename") { return text(key, value, media_.name); }
        if (key == "detail") { return text(key, value, media_.detail); }
        if (key == "input_audio") { return audio(value); }
        if (key == "annotations" && value.is_array()) {
            json_scan::each_element(value.text, [&](const Value& annotation) {
                if (annotation.is_object()) { citations_.push_back(read_annotation(annotation)); }
                return true;
            });
        }
        if (key == "prompt_cache_breakpoint") { cache_ = CacheMark{}; }
        return true;
    }

    bool text(std::string_view key, const Value& value, std::string& out) {
        return reading_.text(value, path_ + "." + std::string(key), out);
    }

    // A string here, an object with `url` as openai-chat has it; clients mix them up.
    bool image_url(const Value& value) {
        Value url = value;
        if (value.is_object()) {
            if (const auto inner = json_scan::member(value.text, "url")) { url = *inner; }
            if (const auto detail = json_scan::member(value.text, "detail")) {
                media_.detail = string_or_empty(*detail);
            }
        }
        return text("image_url", url, media_.url);
    }

    bool audio(const Value& value) {
        if (!value.is_object()) { return reading_.wrong(path_ + ".input_audio", "an object"); }
        std::string format;
        json_scan::each_member(value.text, [&](std::string_view key, const Value& member) {
            if (key == "data") { media_.data = string_or_empty(member); }
            if (key == "format") { format = string_or_empty(member); }
            return true;
        });
        media_.media_type = format == "mp3" ? "audio/mpeg" : "audio/" + format;
        return true;
    }

    bool put(std::vector<Part>& out) {
        if (type_.empty()) { return reading_.wrong(path_ + ".type", "a string"); }
        if (type_ == "input_text" || type_ == "output_text" || type_ == "text") {
            out.emplace_back(part::Text{std::move(text_), std::move(citations_), {}, {}, cache_});
        } else if (type_ == "refusal") {
            out.emplace_back(part::Refusal{std::move(text_)});
        } else if (type_ == "input_image") {
            media_.kind = part::MediaKind::image;
            if (auto uri = read_data_uri(media_.url)) { take_data(std::move(*uri)); }
            put_media(out, "image_url or file_id");
        } else if (type_ == "input_file") {
            take_file();
            put_media(out, "file_data, file_url or file_id");
        } else if (type_ == "input_audio") {
            media_.kind = part::MediaKind::audio;
            put_media(out, "input_audio");
        } else {
            out.emplace_back(part::Foreign{DialectId::openai_responses, type_, std::string(part_.text), cache_});
        }
        return reading_.ok();
    }

    void take_data(DataUri uri) {
        media_.url.clear();
        media_.media_type = std::move(uri.media_type);
        media_.data = std::move(uri.data);
    }

    void take_file() {
        media_.kind = part::MediaKind::document;
        if (file_data_.empty()) { return; }
        if (auto uri = read_data_uri(file_data_)) {
            take_data(std::move(*uri));
        } else {
            media_.media_type = media_type_of(media_.name);
            media_.data = std::move(file_data_);
        }
        media_.kind = file_kind(media_.media_type);
        hold_plain_text(media_);
    }

    void put_media(std::vector<Part>& out, std::string_view members) {
        if (media_.data.empty() && media_.url.empty() && media_.file_id.empty()) {
            reading_.wrong(path_, members);
            return;
        }
        media_.origin = DialectId::openai_responses;
        media_.cache = cache_;
        out.emplace_back(std::move(media_));
    }

    const Value& part_;
    const std::string& path_;
    Reading& reading_;
    std::string type_;
    std::string text_;
    std::string file_data_;
    std::vector<part::Citation> citations_;
    part::Media media_;
    std::optional<CacheMark> cache_;
};

}  // namespace

part::Citation read_annotation(const Value& annotation) {
    part::Citation citation;
    citation.origin = DialectId::openai_responses;
    citation.raw = std::string(annotation.text);
    json_scan::each_member(annotation.text, [&](std::string_view key, const Value& value) {
        if (key == "url") { citation.url = string_or_empty(value); }
        if (key == "title" || key == "filename") { citation.title = string_or_empty(value); }
        if (key == "start_index") { citation.begin = value.as_int(); }
        if (key == "end_index") { citation.end = value.as_int(); }
        return true;
    });
    return citation;
}

bool read_parts(const Value& content, const std::string& path, Reading& reading, std::vector<Part>& out) {
    if (content.type == Type::string) {
        std::string text;
        if (!reading.text(content, path, text)) { return false; }
        out.emplace_back(part::Text{std::move(text), {}, {}, {}, {}});
        return true;
    }
    if (content.type == Type::null) { return true; }
    if (!content.is_array()) { return reading.wrong(path, "a string or an array"); }
    std::size_t index = 0;
    const bool whole = json_scan::each_element(content.text, [&](const Value& part) {
        const std::string at = path + "[" + std::to_string(index++) + "]";
        return PartReader(part, at, reading).read(out);
    });
    return reading.ok() && (whole || reading.wrong(path, "an array"));
}

}  // namespace llmgw::wire::responses
