#include "providers/dialects/text_document.hpp"

#include <algorithm>
#include <array>

#include "core/util/base64.hpp"
#include "core/util/text.hpp"
#include "core/util/utf8.hpp"

namespace llmgw::wire {

namespace {

constexpr std::string_view plain = "text/plain";

// Text by another name than text/*.
constexpr std::array<std::string_view, 9> text_types{"application/json",   "application/xml",  "application/yaml",
                                                     "application/x-yaml", "application/toml", "application/javascript",
                                                     "application/x-sh",   "application/sql",  "application/x-ndjson"};

std::string_view without_parameters(std::string_view media_type) {
    return trim(media_type.substr(0, media_type.find(';')));
}

}  // namespace

bool is_text_type(std::string_view media_type) {
    const std::string type = lower(without_parameters(media_type));
    return type.starts_with("text/") || type.ends_with("+json") || type.ends_with("+xml") ||
           std::ranges::find(text_types, type) != text_types.end();
}

void hold_plain_text(part::Media& media) {
    if (media.kind != part::MediaKind::document || media.data.empty()) { return; }
    if (lower(without_parameters(media.media_type)) != plain) { return; }
    media.media_type = plain;
    media.data = to_utf8(base64_decode(media.data).value_or(media.data));
}

std::optional<std::string> text_of_document(const part::Media& media) {
    if (media.kind != part::MediaKind::document || media.data.empty()) { return std::nullopt; }
    if (media.media_type == plain) { return media.data; }
    if (!is_text_type(media.media_type)) { return std::nullopt; }
    auto bytes = base64_decode(media.data);
    return bytes ? std::optional(to_utf8(*bytes)) : std::nullopt;
}

}  // namespace llmgw::wire
