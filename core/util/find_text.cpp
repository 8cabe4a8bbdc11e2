#include "core/util/find_text.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace llmgw {
namespace {

#if defined(__x86_64__)

// Whether the needle begins at one of the places marked in `hits`.
[[gnu::always_inline]] inline bool any_of(std::uint64_t hits, const char* place, std::string_view needle) {
    for (; hits != 0; hits &= hits - 1) {
        if (std::memcmp(place + std::countr_zero(hits), needle.data(), needle.size()) == 0) { return true; }
    }
    return false;
}

// Where both the first and the last byte match, many places at a time; the rest is compared only there. `at` is where
// it stopped: less than a step is left.
bool find_sse2(std::string_view haystack, std::string_view needle, std::size_t& at) {
    const __m128i first = _mm_set1_epi8(needle.front());
    const __m128i last = _mm_set1_epi8(needle.back());
    const std::size_t apart = needle.size() - 1;
    for (; at + apart + 16 <= haystack.size(); at += 16) {
        const char* place = haystack.data() + at;
        const __m128i begins = _mm_cmpeq_epi8(first, _mm_loadu_si128(reinterpret_cast<const __m128i*>(place)));
        const __m128i ends = _mm_cmpeq_epi8(last, _mm_loadu_si128(reinterpret_cast<const __m128i*>(place + apart)));
        const auto hits = static_cast<unsigned>(_mm_movemask_epi8(_mm_and_si128(begins, ends)));
        if (hits != 0 && any_of(hits, place, needle)) { return true; }
    }
    return false;
}

[[gnu::target("avx2")]] bool find_avx2(std::string_view haystack, std::string_view needle, std::size_t& at) {
    const __m256i first = _mm256_set1_epi8(needle.front());
    const __m256i last = _mm256_set1_epi8(needle.back());
    const std::size_t apart = needle.size() - 1;
    for (; at + apart + 64 <= haystack.size(); at += 64) {
        const char* place = haystack.data() + at;
        const auto* begins = reinterpret_cast<const __m256i*>(place);
        const auto* ends = reinterpret_cast<const __m256i*>(place + apart);
        const __m256i low = _mm256_and_si256(_mm256_cmpeq_epi8(first, _mm256_loadu_si256(begins)),
                                             _mm256_cmpeq_epi8(last, _mm256_loadu_si256(ends)));
        const __m256i high = _mm256_and_si256(_mm256_cmpeq_epi8(first, _mm256_loadu_si256(begins + 1)),
                                              _mm256_cmpeq_epi8(last, _mm256_loadu_si256(ends + 1)));
        const __m256i both = _mm256_or_si256(low, high);
        if (_mm256_testz_si256(both, both) != 0) { continue; }
        const std::uint64_t hits = static_cast<std::uint32_t>(_mm256_movemask_epi8(low)) |
                                   std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(high))} << 32U;
        if (any_of(hits, place, needle)) { return true; }
    }
    return false;
}

#endif

}  // namespace

bool contains_text(std::string_view haystack, std::string_view needle) {
    std::size_t at = 0;
#if defined(__x86_64__)
    static const auto best = __builtin_cpu_supports("avx2") ? &find_avx2 : &find_sse2;
    if (best(haystack, needle, at)) { return true; }
#endif
    return haystack.substr(at).find(needle) != std::string_view::npos;
}

}  // namespace llmgw
