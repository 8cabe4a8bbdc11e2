// groundingMetadata and citationMetadata, to citations and back. The wire counts bytes, the normal form code points.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/model/chat_request.hpp"

namespace llmgw::wire::gemini {

// The text of one candidate so far, as the wire's offsets count it.
struct SaidText {
    std::string text;                      // of all its text parts
    std::vector<std::size_t> part_starts;  // of each part of the wire, of any kind
    std::size_t open_start = 0;            // where the text part that is open began
};

// Citations for the open part. What lies outside it keeps its words and loses its place.
std::vector<part::Citation> citations_of_grounding(std::string_view grounding, const SaidText& said);
std::vector<part::Citation> citations_of_sources(std::string_view citation_metadata, const SaidText& said);

// A citation with where its part begins in the candidate's text, in bytes, and that part's text so far.
struct PlacedCitation {
    part::Citation citation;
    std::size_t part_start = 0;
    std::string part_text;
};
// A groundingMetadata object; "" when there is nothing to cite.
JsonText grounding_of(const std::vector<PlacedCitation>& citations);

}  // namespace llmgw::wire::gemini
