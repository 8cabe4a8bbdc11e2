#include "providers/dialects/gemini/results_encode.hpp"

#include <array>
#include <variant>

#include <fmt/format.h>

#include "providers/dialects/gemini/parts.hpp"
#include "providers/dialects/gemini/signature.hpp"
#include "providers/dialects/text_document.hpp"

namespace llmgw::wire::gemini {

namespace {

struct Suffix {
    std::string_view end;
    std::string_view media_type;
};

// For addresses whose type the client did not say; the API wants one.
constexpr std::array<Suffix, 13> suffixes{{
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"},
    {".webp", "image/webp"},
    {".gif", "image/gif"},
    {".heic", "image/heic"},
    {".pdf", "application/pdf"},
    {".mp3", "audio/mpeg"},
    {".wav", "audio/wav"},
    {".mp4", "video/mp4"},
    {".mov", "video/quicktime"},
    {".webm", "video/webm"},
    {".txt", "text/plain"},
}};

std::string_view type_of_url(std::string_view url, part::MediaKind kind) {
    url = url.substr(0, url.find_first_of("?#"));
    for (const auto& row : suffixes) {
        if (url.ends_with(row.end)) { return row.media_type; }
    }
    switch (kind) {
        case part::MediaKind::image: return "image/jpeg";
        case part::MediaKind::document: return "application/pdf";
        case part::MediaKind::audio: return "audio/mpeg";
        case part::MediaKind::video: return "video/mp4";
    }
    return "";
}

std::string file_part(std::string_view media_type, std::string_view uri) {
    JsonWriter json;
    json.begin_object().key("fileData").begin_object();
    json.member_if("mimeType", media_type).member("fileUri", uri).end_object().end_object();
    return json.take();
}

// What stands in a document's frame elsewhere, said in front of it.
std::string document_text(const part::Media& media, const std::string& said) {
    std::string text;
    for (const auto* line : {&media.name, &media.context}) {
        if (!line->empty()) { text += *line + "\n"; }
    }
    return text + (text.empty() ? "" : "\n") + said;
}

std::string_view resolution_of(std::string_view detail) {
    if (detail == "low") { return "MEDIA_RESOLUTION_LOW"; }
    if (detail == "high") { return "MEDIA_RESOLUTION_HIGH"; }
    return detail == "auto" ? "MEDIA_RESOLUTION_MEDIUM" : "";
}

}  // namespace

std::string media_part(RequestWriting& writing, const part::Media& media) {
    auto& drops = writing.drops;
    if (media.citations) { drops.note("citations", "gemini cites searches only, not documents"); }
    if (!writing.same_dialect()) {
        if (const auto text = text_of_document(media)) { return text_part(document_text(media, *text)); }
        if (!media.detail.empty()) { drops.note("detail", "gemini has no such member of an image"); }
        if (!media.context.empty()) { drops.note("context", "gemini has no such member of a document"); }
    }
    std::string part;
    if (!media.data.empty()) {
        part = inline_part(media);
    } else if (!media.url.empty()) {
        if (!writing.target.image_urls) {
            drops.note(media.url, "this provider does not fetch addresses itself: the model gets the address as text");
            return text_part("[a file that could not be opened: " + media.url + "]");
        }
        part = file_part(media.media_type.empty() ? type_of_url(media.url, media.kind) : media.media_type, media.url);
    } else if (media.origin == DialectId::gemini && !media.file_id.empty()) {
        part = file_part(media.media_type, media.file_id);
    } else {
        drops.note("file_id", "the file is in another provider's store");
        return {};
    }
    const auto resolution = resolution_of(media.detail);
    if (writing.same_dialect() && !resolution.empty()) {
        part.pop_back();
        part += fmt::format(R"(,"mediaResolution":{{"level":"{}"}}}})", resolution);
    }
    return part;
}

EncodedResult encode_result(RequestWriting& writing, const part::ToolResult& result, std::string_view name,
                            bool files_inside) {
    EncodedResult encoded;
    encoded.call_id = result.call_id;
    std::string text;
    std::vector<std::string> inside;
    std::size_t texts = 0;
    JsonText form = result.object;
    for (const auto& part : result.content) {
        if (const auto* piece = std::get_if<part::Text>(&part)) {
            if (texts++ > 0) { text += "\n"; }
            text += piece->text;
        } else if (const auto* media = std::get_if<part::Media>(&part)) {
            std::string file = media_part(writing, *media);
            const bool fits = files_inside && !file.starts_with("{\"text\"");
            if (!file.empty()) { (fits ? inside : encoded.files).push_back(std::move(file)); }
        } else if (const auto* foreign = std::get_if<part::Foreign>(&part); foreign != nullptr) {
            if (foreign->type == response_form && writing.same_dialect()) { form = foreign->raw; }
            if (foreign->carried) { continue; }
            writing.drops.note(foreign->type, "gemini has no such block in a tool's result");
        }
    }
    if (!encoded.files.empty()) {
        if (text.empty()) { text = "The files stand below."; }
        encoded.files.insert(encoded.files.begin(), text_part(fmt::format("Files that {} returned:", name)));
    }
    JsonWriter json;
    json.begin_object().key("functionResponse").begin_object();
    if (!is_made_call_id(result.call_id)) { json.member_if("id", result.call_id); }
    json.member("name", name).key("response");
    if (!form.empty()) {
        json.raw(form);
    } else {
        json.begin_object().member(result.is_error ? "error" : "output", text).end_object();
    }
    if (!inside.empty()) {
        json.key("parts").begin_array();
        for (const auto& file : inside) {
            json.raw(file);
        }
        json.end_array();
    }
    encoded.part = json.end_object().end_object().take();
    encoded.as_text = fmt::format("{} of an earlier call of {}:\n{}", result.is_error ? "Error" : "Result", name,
                                  form.empty() ? text : form);
    return encoded;
}

std::string missing_result(std::string_view call_id, std::string_view name) {
    JsonWriter json;
    json.begin_object().key("functionResponse").begin_object();
    if (!is_made_call_id(call_id)) { json.member_if("id", call_id); }
    json.member("name", name).key("response").begin_object().member("error", "no result was given");
    return json.end_object().end_object().end_object().take();
}

}  // namespace llmgw::wire::gemini
