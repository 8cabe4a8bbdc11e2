#include "providers/dialects/gemini/grounding.hpp"

#include <algorithm>
#include <optional>

#include "core/util/json_scan.hpp"
#include "core/util/json_writer.hpp"
#include "providers/dialects/gemini/json.hpp"

namespace llmgw::wire::gemini {

using json_scan::Value;

namespace {

bool starts_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

std::int64_t count_characters(std::string_view text) {
    return std::ranges::count_if(text, starts_character);
}

// The byte at which the character with this number begins, at most the text's end.
std::size_t byte_of(std::string_view text, std::int64_t character) {
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
        if (starts_character(text[at]) && character-- == 0) { break; }
    }
    return at;
}

struct Segment {
    std::size_t begin = 0;
    std::optional<std::size_t> end;
    std::size_t part = 0;
    std::string text;
};

Segment read_segment(std::string_view object) {
    Segment segment;
    each_camel(object, [&](std::string_view key, const Value& value) {
        const auto number = static_cast<std::size_t>(std::max<std::int64_t>(0, whole_number(value).value_or(0)));
        if (key == "startIndex") { segment.begin = number; }
        if (key == "endIndex") { segment.end = number; }
        if (key == "partIndex") { segment.part = number; }
        if (key == "text") { segment.text = value.as_string().value_or(""); }
        return true;
    });
    return segment;
}

// Sets begin, end and the cited words, in the open part's characters.
void place(const Segment& segment, const SaidText& said, part::Citation& citation) {
    const std::size_t base = segment.part < said.part_starts.size() ? said.part_starts[segment.part] : 0;
    citation.cited_text = segment.text;
    if (!segment.end) { return; }
    const std::size_t begin = base + segment.begin;
    const std::size_t end = base + *segment.end;
    if (begin < said.open_start || end < begin || end > said.text.size()) { return; }
    const std::string_view text = said.text;
    citation.begin = count_characters(text.substr(said.open_start, begin - said.open_start));
    citation.end = *citation.begin + count_characters(text.substr(begin, end - begin));
    if (citation.cited_text.empty()) { citation.cited_text = text.substr(begin, end - begin); }
}

// web {uri, title}, retrievedContext {uri, title, text, fileSearchStore}, maps {uri, title}: named alike.
part::Citation read_chunk(const Value& chunk) {
    part::Citation citation;
    citation.origin = DialectId::gemini;
    citation.raw = chunk.text;
    json_scan::each_member(chunk.text, [&](std::string_view, const Value& source) {
        if (!source.is_object()) { return true; }
        each_camel(source.text, [&](std::string_view key, const Value& value) {
            if (key == "uri") { citation.url = value.as_string().value_or(""); }
            if (key == "title") { citation.title = value.as_string().value_or(""); }
            return true;
        });
        return true;
    });
    return citation;
}

}  // namespace

std::vector<part::Citation> citations_of_grounding(std::string_view grounding, const SaidText& said) {
    std::vector<part::Citation> chunks;
    std::optional<Value> supports;
    each_camel(grounding, [&](std::string_view key, const Value& value) {
        if (key == "groundingChunks" && value.is_array()) {
            json_scan::each_element(value.text, [&](const Value& chunk) {
                chunks.push_back(read_chunk(chunk));
                return true;
            });
        }
        if (key == "groundingSupports" && value.is_array()) { supports = value; }
        return true;
    });
    std::vector<part::Citation> citations;
    if (!supports) { return citations; }
    json_scan::each_element(supports->text, [&](const Value& support) {
        Segment segment;
        std::vector<std::size_t> sources;
        each_camel(support.text, [&](std::string_view key, const Value& value) {
            if (key == "segment") { segment = read_segment(value.text); }
            if (key == "groundingChunkIndices" && value.is_array()) {
                json_scan::each_element(value.text, [&](const Value& index) {
                    if (const auto number = whole_number(index); number && *number >= 0) {
                        sources.push_back(static_cast<std::size_t>(*number));
                    }
                    return true;
                });
            }
            return true;
        });
        for (const std::size_t source : sources) {
            if (source >= chunks.size()) { continue; }
            part::Citation citation = chunks[source];
            place(segment, said, citation);
            citations.push_back(std::move(citation));
        }
        return true;
    });
    return citations;
}

std::vector<part::Citation> citations_of_sources(std::string_view citation_metadata, const SaidText& said) {
    std::vector<part::Citation> citations;
    each_camel(citation_metadata, [&](std::string_view key, const Value& list) {
        if ((key != "citationSources" && key != "citations") || !list.is_array()) { return true; }
        json_scan::each_element(list.text, [&](const Value& source) {
            part::Citation citation = read_chunk(source);
            Segment segment = read_segment(source.text);
            each_camel(source.text, [&](std::string_view member, const Value& value) {
                if (member == "uri") { citation.url = value.as_string().value_or(""); }
                if (member == "title") { citation.title = value.as_string().value_or(""); }
                return true;
            });
            segment.text.clear();
            place(segment, said, citation);
            citations.push_back(std::move(citation));
            return true;
        });
        return true;
    });
    return citations;
}

JsonText grounding_of(const std::vector<PlacedCitation>& citations) {
    if (citations.empty()) { return {}; }
    std::vector<JsonText> chunks;
    JsonWriter supports;
    supports.begin_array();
    for (const auto& [citation, part_start, part_text] : citations) {
        const bool own = citation.origin == DialectId::gemini && !citation.raw.empty() &&
                         !json_scan::member(citation.raw, "endIndex");
        JsonWriter web;
        web.begin_object().key("web").begin_object().member("uri", citation.url).member_if("title", citation.title);
        web.end_object().end_object();
        const JsonText chunk = own ? citation.raw : web.text();
        const auto known = std::ranges::find(chunks, chunk);
        const auto index = known - chunks.begin();
        if (known == chunks.end()) { chunks.push_back(chunk); }
        supports.begin_object().key("segment").begin_object();
        if (citation.begin && citation.end) {
            supports.member("startIndex", static_cast<std::int64_t>(part_start + byte_of(part_text, *citation.begin)));
            supports.member("endIndex", static_cast<std::int64_t>(part_start + byte_of(part_text, *citation.end)));
        }
        supports.member_if("text", citation.cited_text).end_object();
        supports.key("groundingChunkIndices").begin_array().integer(index).end_array().end_object();
    }
    supports.end_array();
    JsonWriter json;
    json.begin_object().key("groundingChunks").begin_array();
    for (const auto& chunk : chunks) {
        json.raw(chunk);
    }
    json.end_array().raw_member("groundingSupports", supports.text()).end_object();
    return json.take();
}

}  // namespace llmgw::wire::gemini
