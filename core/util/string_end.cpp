#include "core/util/string_end.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace llmgw {
namespace {

constexpr std::ptrdiff_t block_bytes = 64;

// Byte by byte, for what is shorter than a block. `escaped`: a backslash stands before `from`.
const char* skip_bytes(const char* from, const char* end, bool escaped) {
    for (; from < end; ++from) {
        if (escaped) {
            escaped = false;
        } else if (*from == '\\') {
            escaped = true;
        } else if (*from == '"') {
            return from + 1;
        }
    }
    return nullptr;
}

#if defined(__x86_64__)

// One bit for each byte of a block.
struct Masks {
    std::uint64_t quotes;
    std::uint64_t backslashes;
};

// Which bytes stand after an odd number of backslashes. Adding a run of ones to its first bit carries to the bit after
// it; whether that is an odd or an even place, compared with where the run began, is its length's parity. `carry`: the
// next block's first byte is escaped.
[[gnu::always_inline]] inline std::uint64_t escaped_bytes(std::uint64_t backslashes, std::uint64_t& carry) {
    if (backslashes == 0) {
        const auto first = carry;
        carry = 0;
        return first;
    }
    constexpr std::uint64_t even = 0x5555'5555'5555'5555;
    backslashes &= ~carry;
    const std::uint64_t after = backslashes << 1 | carry;
    const std::uint64_t odd_starts = backslashes & ~even & ~after;
    std::uint64_t run_ends = 0;
    carry = __builtin_add_overflow(odd_starts, backslashes, &run_ends) ? 1 : 0;
    return (even ^ run_ends << 1) & after;
}

// Every x86-64 has SSE2.
[[gnu::always_inline]] inline Masks look_sse2(const char* block) {
    Masks masks{0, 0};
    for (int i = 0; i < 4; ++i) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block) + i);
        const auto quotes = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'))));
        const auto slashes = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
        masks.quotes |= std::uint64_t{quotes} << (16 * i);
        masks.backslashes |= std::uint64_t{slashes} << (16 * i);
    }
    return masks;
}

[[gnu::target("avx2"), gnu::always_inline]] inline Masks look_avx2(const char* block) {
    Masks masks{0, 0};
    for (int i = 0; i < 2; ++i) {
        const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block) + i);
        const auto quotes =
            static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"'))));
        const auto slashes =
            static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'))));
        masks.quotes |= std::uint64_t{quotes} << (32 * i);
        masks.backslashes |= std::uint64_t{slashes} << (32 * i);
    }
    return masks;
}

// The closing quote in a block, or nullptr.
[[gnu::always_inline]] inline const char* closing_quote(const char* block, const Masks& masks, std::uint64_t& carry) {
    const auto closing = masks.quotes & ~escaped_bytes(masks.backslashes, carry);
    return closing == 0 ? nullptr : block + std::countr_zero(closing);
}

// The same loop twice: a function can only be inlined into one that is compiled for the same processor.
const char* skip_sse2(const char* from, const char* end) {
    std::uint64_t carry = 0;
    for (; end - from >= block_bytes; from += block_bytes) {
        if (const char* quote = closing_quote(from, look_sse2(from), carry)) { return quote + 1; }
    }
    return skip_bytes(from, end, carry != 0);
}

[[gnu::target("avx2")]] const char* skip_avx2(const char* from, const char* end) {
    std::uint64_t carry = 0;
    for (; end - from >= block_bytes; from += block_bytes) {
        if (const char* quote = closing_quote(from, look_avx2(from), carry)) { return quote + 1; }
    }
    return skip_bytes(from, end, carry != 0);
}

using Skip = const char* (*)(const char*, const char*);
Skip best_skip() {
    static const Skip best = __builtin_cpu_supports("avx2") ? &skip_avx2 : &skip_sse2;
    return best;
}

#endif

}  // namespace

const char* skip_string_body(const char* from, const char* end) {
#if defined(__x86_64__)
    if (end - from >= block_bytes) { return best_skip()(from, end); }
#endif
    return skip_bytes(from, end, false);
}

}  // namespace llmgw
