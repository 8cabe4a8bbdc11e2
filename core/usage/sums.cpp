#include "core/usage/sums.hpp"

#include <cmath>

namespace llmgw {

ReportSums& ReportSums::operator+=(const ReportSums& other) {
    for (const auto& member : sum_members) {
        this->*member.value += other.*member.value;
    }
    duration_ms += other.duration_ms;
    first_token_ms += other.first_token_ms;
    return *this;
}

std::optional<std::int64_t> ReportSums::cache_hit_permille() const {
    const auto prompt = prompt_tokens();
    if (prompt <= 0) { return std::nullopt; }
    // In floating point, because a thousand times the tokens of years may not fit; the answer has four digits.
    return std::llround(1000.0 * static_cast<double>(cache_read_tokens) / static_cast<double>(prompt));
}

void write_sums(const ReportSums& sums, std::string& out) {
    for (const auto& member : sum_members) {
        write_varint(sums.*member.value, out);
    }
    sums.duration_ms.write(out);
    sums.first_token_ms.write(out);
}

bool read_sums(std::string_view& bytes, ReportSums& sums) {
    for (const auto& member : sum_members) {
        if (!read_varint(bytes, sums.*member.value)) { return false; }
    }
    return sums.duration_ms.read(bytes) && sums.first_token_ms.read(bytes);
}

}  // namespace llmgw
