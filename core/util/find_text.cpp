#include "core/util/find_text.hpp"

#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace llmgw {

bool contains_text(std::string_view haystack, std::string_view needle) {
    std::size_t at = 0;
#if defined(__SSE2__)
    // Where both the first and the last byte match, 16 places at a time; the rest is compared only there.
    const __m128i first = _mm_set1_epi8(needle.front());
    const __m128i last = _mm_set1_epi8(needle.back());
    const std::size_t apart = needle.size() - 1;
    for (; at + apart + 16 <= haystack.size(); at += 16) {
        const char* place = haystack.data() + at;
        const __m128i begins = _mm_cmpeq_epi8(first, _mm_loadu_si128(reinterpret_cast<const __m128i*>(place)));
        const __m128i ends = _mm_cmpeq_epi8(last, _mm_loadu_si128(reinterpret_cast<const __m128i*>(place + apart)));
        for (auto hits = static_cast<unsigned>(_mm_movemask_epi8(_mm_and_si128(begins, ends))); hits != 0;
             hits &= hits - 1) {
            if (std::memcmp(place + std::countr_zero(hits), needle.data(), needle.size()) == 0) { return true; }
        }
    }
#endif
    return haystack.substr(at).find(needle) != std::string_view::npos;
}

}  // namespace llmgw
