// What users give besides text: files, and what tools returned.
#include <algorithm>

#include "core/dialect/envelope.hpp"
#include "providers/dialects/gemini/json.hpp"
#include "providers/dialects/gemini/parts.hpp"
#include "providers/dialects/gemini/request_reading.hpp"
#include "providers/dialects/gemini/signature.hpp"
#include "providers/dialects/text_document.hpp"

namespace llmgw::wire::gemini {

using json_scan::Type;
using json_scan::Value;

namespace {

part::MediaKind kind_of(std::string_view media_type) {
    if (media_type.starts_with("audio/")) { return part::MediaKind::audio; }
    if (media_type.starts_with("video/")) { return part::MediaKind::video; }
    return media_type.starts_with("image/") || media_type.empty() ? part::MediaKind::image : part::MediaKind::document;
}

// Clients that hold bytes write them in either alphabet; the others' APIs take the standard one only.
void standard_base64(std::string& data) {
    const bool url_safe = data.find_first_of("-_") != std::string::npos;
    if (url_safe) {
        std::ranges::replace(data, '-', '+');
        std::ranges::replace(data, '_', '/');
    }
    while (data.size() % 4 != 0) {
        data.push_back('=');
    }
}

// A file of Google's own stores; other addresses anyone can fetch.
bool is_google_file(std::string_view uri) {
    return uri.starts_with("gs://") || uri.find("generativelanguage.googleapis.com/") != std::string_view::npos ||
           (!uri.starts_with("http://") && !uri.starts_with("https://"));
}

// The call a result answers: by its id, else the first open one of that name, in order.
std::string call_of(std::string_view id, std::string_view name, RequestReading& reading) {
    auto& calls = reading.calls;
    const auto take = [&](auto matches) -> const CallMade* {
        const auto found = std::ranges::find_if(calls, matches);
        if (found == calls.end()) { return nullptr; }
        found->answered = true;
        return &*found;
    };
    if (!id.empty()) {
        if (take([&](const CallMade& call) { return call.id == id; }) != nullptr) { return std::string(id); }
    }
    const auto* open =
        take([&](const CallMade& call) { return call.name == name && !call.answered && (id.empty() || !call.had_id); });
    if (open != nullptr) { return open->id; }
    return id.empty() ? made_call_id(calls.size(), "result of " + std::string(name)) : std::string(id);
}

constexpr std::string_view text_members[] = {"output", "result", "content", "return_value", "error"};

// A response object says one text when, besides the function's name, it has a single member of these with a string.
// Where its form is not the one that is written from a text, it stays beside it for this dialect.
void read_response(const Value& object, part::ToolResult& result) {
    std::size_t members = 0;
    bool named = false;
    std::string key_of_text;
    Value value_of_text;
    json_scan::each_member(object.text, [&](std::string_view key, const Value& value) {
        if (key == "name" && value.raw_string() == result.name && !result.name.empty()) {
            named = true;
            return true;
        }
        ++members;
        if (std::ranges::find(text_members, key) != std::end(text_members)) {
            key_of_text = key;
            value_of_text = value;
        }
        return true;
    });
    const bool single = members == 1 && !key_of_text.empty();
    result.is_error = single && key_of_text == "error";
    const auto text = single ? value_of_text.as_string() : std::nullopt;
    if (!text) {
        result.object = object.text;
        return;
    }
    result.content.emplace_back(part::Text{*text, {}, {}, {}, {}});
    if (named || (key_of_text != "output" && key_of_text != "error")) {
        part::Foreign form{DialectId::gemini, std::string(response_form), std::string(object.text), {}};
        form.carried = true;
        result.content.emplace_back(std::move(form));
    }
}

}  // namespace

bool read_media(std::string_view kind, const Value& value, const std::string& path, RequestReading& reading,
                part::Media& media) {
    if (!value.is_object()) { return reading.refuse(path, "an object"); }
    std::string uri;
    const bool good = each_camel(value.text, [&](std::string_view key, const Value& field) {
        const std::string inside = path + "." + std::string(key);
        if (key == "mimeType") { return reading.take(field, inside, media.media_type); }
        if (key == "data") { return reading.take(field, inside, media.data); }
        if (key == "fileUri") { return reading.take(field, inside, uri); }
        if (key == "displayName") { return reading.take(field, inside, media.name); }
        reading.extra(inside, field);
        return true;
    });
    if (!good) { return reading.refuse(path, "valid JSON"); }
    media.origin = DialectId::gemini;
    media.kind = kind_of(media.media_type);
    if (kind == "inlineData") {
        standard_base64(media.data);
        hold_plain_text(media);
        return !media.data.empty() || reading.refuse(path + ".data", "base64 data");
    }
    (is_google_file(uri) ? media.file_id : media.url) = uri;
    return !uri.empty() || reading.refuse(path + ".fileUri", "a URI");
}

bool read_function_response(const Value& value, const std::string& path, RequestReading& reading,
                            part::ToolResult& result) {
    if (!value.is_object()) { return reading.refuse(path, "an object"); }
    std::string id;
    std::optional<Value> response;
    const bool good = each_camel(value.text, [&](std::string_view key, const Value& field) {
        const std::string inside = path + "." + std::string(key);
        if (field.type == Type::null) { return true; }
        if (key == "id") { return reading.take(field, inside, id); }
        if (key == "name") { return reading.take(field, inside, result.name); }
        if (key == "response") {
            response = field;
            return field.is_object() || reading.refuse(inside, "an object");
        }
        if (key == "parts") {
            return each_of(field, [&](const Value& part) {
                return each_camel(part.text, [&](std::string_view kind, const Value& data) {
                    part::Media media;
                    if (!read_media(kind, data, inside + "." + std::string(kind), reading, media)) { return false; }
                    result.content.emplace_back(std::move(media));
                    return true;
                });
            });
        }
        reading.extra(inside, field);
        return true;
    });
    if (!good) { return reading.refuse(path, "valid JSON"); }
    if (!reading.fault.empty()) { return false; }
    auto media = std::move(result.content);
    result.content.clear();
    if (response) { read_response(*response, result); }
    for (auto& part : media) {
        result.content.push_back(std::move(part));
    }
    result.call_id = call_of(unwrap_call_id(id).id, result.name, reading);
    return true;
}

}  // namespace llmgw::wire::gemini
