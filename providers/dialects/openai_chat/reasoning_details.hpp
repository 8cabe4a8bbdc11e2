// OpenRouter's reasoning_details, and citations as annotations: lists of small objects, whole in a message and in
// pieces in a stream.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/model/chat_request.hpp"
#include "core/util/json_scan.hpp"

namespace llmgw::wire::chat {

// What the details say for people: text, else summaries.
std::string details_text(std::string_view details);

// Whether a detail holds what only its maker can read, so that the list must go back as it came.
bool has_seals(std::string_view details);

// Puts the pieces of a stream together: pieces of one index, type and id are one detail. Only their text grows, the
// other members are replaced by what is said later.
class DetailsCollector {
public:
    void add(std::string_view details);
    bool empty() const { return details_.empty(); }
    // The list as JSON, "" when nothing was sealed.
    std::string sealed_json() const;

private:
    struct Detail {
        std::string type;
        std::string index;
        std::string id;
        std::vector<std::pair<std::string, std::string>> members;  // names and JSON
        std::optional<std::string> text;
        std::optional<std::string> summary;
    };
    Detail& detail_of(const json_scan::Value& piece);

    std::vector<Detail> details_;
};

// {type: url_citation, url_citation: {url, title, start_index, end_index, content}}; nullopt for other types.
std::optional<part::Citation> read_annotation(const json_scan::Value& annotation);

}  // namespace llmgw::wire::chat
