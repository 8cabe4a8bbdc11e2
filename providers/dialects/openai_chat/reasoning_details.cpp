#include "providers/dialects/openai_chat/reasoning_details.hpp"

#include <algorithm>

#include "core/util/json_writer.hpp"
#include "providers/dialects/common.hpp"

namespace llmgw::wire::chat {

using json_scan::Value;

std::string details_text(std::string_view details) {
    std::string text;
    json_scan::each_element(details, [&](const Value& detail) {
        for (const std::string_view key : {"text", "summary"}) {
            if (const auto said = json_scan::member(detail.text, key)) { text += string_or_empty(*said); }
        }
        return true;
    });
    return text;
}

bool has_seals(std::string_view details) {
    bool sealed = false;
    json_scan::each_element(details, [&](const Value& detail) {
        for (const std::string_view key : {"signature", "data"}) {
            const auto said = json_scan::member(detail.text, key);
            sealed = sealed || (said && is_present(*said));
        }
        return !sealed;
    });
    return sealed;
}

DetailsCollector::Detail& DetailsCollector::detail_of(const Value& piece) {
    std::string type;
    std::string index;
    std::string id;
    if (const auto said = json_scan::member(piece.text, "type")) { type = string_or_empty(*said); }
    if (const auto said = json_scan::member(piece.text, "index")) { index = said->text; }
    if (const auto said = json_scan::member(piece.text, "id")) { id = string_or_empty(*said); }
    const auto found = std::ranges::find_if(details_, [&](const Detail& detail) {
        return detail.type == type && detail.index == index && (id.empty() || detail.id.empty() || detail.id == id);
    });
    if (found != details_.end()) { return *found; }
    details_.push_back({std::move(type), std::move(index), std::move(id), {}, {}, {}});
    return details_.back();
}

void DetailsCollector::add(std::string_view details) {
    json_scan::each_element(details, [&](const Value& piece) {
        if (!piece.is_object()) { return true; }
        Detail& detail = detail_of(piece);
        json_scan::each_member(piece.text, [&](std::string_view key, const Value& said) {
            if (key == "text") {
                detail.text = detail.text.value_or("") + string_or_empty(said);
            } else if (key == "summary") {
                detail.summary = detail.summary.value_or("") + string_or_empty(said);
            } else {
                const auto known = std::ranges::find(detail.members, key, [](const auto& one) { return one.first; });
                if (known == detail.members.end()) {
                    detail.members.emplace_back(key, said.text);
                } else if (is_present(said)) {
                    known->second = said.text;
                }
            }
            return true;
        });
        return true;
    });
}

std::string DetailsCollector::sealed_json() const {
    JsonWriter writer;
    writer.begin_array();
    for (const auto& detail : details_) {
        writer.begin_object();
        for (const auto& [key, json] : detail.members) {
            writer.raw_member(key, json);
        }
        if (detail.text) { writer.member("text", *detail.text); }
        if (detail.summary) { writer.member("summary", *detail.summary); }
        writer.end_object();
    }
    writer.end_array();
    return has_seals(writer.text()) ? writer.take() : std::string();
}

std::optional<part::Citation> read_annotation(const Value& annotation) {
    if (!annotation.is_object()) { return std::nullopt; }
    const auto inner = json_scan::member(annotation.text, "url_citation");
    if (!inner || !inner->is_object()) { return std::nullopt; }
    part::Citation citation;
    citation.origin = DialectId::openai_chat;
    citation.raw = annotation.text;
    json_scan::each_member(inner->text, [&](std::string_view key, const Value& said) {
        if (key == "url") { citation.url = string_or_empty(said); }
        if (key == "title") { citation.title = string_or_empty(said); }
        if (key == "content") { citation.cited_text = string_or_empty(said); }
        if (key == "start_index") { citation.begin = said.as_int(); }
        if (key == "end_index") { citation.end = said.as_int(); }
        return true;
    });
    // OpenRouter writes 0, 0 where it does not know.
    if (citation.begin == 0 && citation.end == 0) {
        citation.begin.reset();
        citation.end.reset();
    }
    return citation;
}

}  // namespace llmgw::wire::chat
