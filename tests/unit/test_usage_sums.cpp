#include <random>

#include <doctest/doctest.h>

#include "core/usage/sums.hpp"

using namespace llmgw;

TEST_SUITE("usage_sums") {
    TEST_CASE("histogram: what is read back is within 1/32 of what was put in, at every size") {
        for (std::int64_t ms = 0; ms < 40'000'000'000; ms = ms < 5'000 ? ms + 1 : ms + ms / 997) {
            Histogram one;
            one.add(ms);
            const auto back = one.percentile(50);
            REQUIRE(back.has_value());
            if (ms < 32) { REQUIRE(*back == ms); }
            REQUIRE(std::abs(*back - ms) * 32 <= ms);
        }
        Histogram odd;
        odd.add(-5);
        odd.add(std::numeric_limits<std::int64_t>::max());
        CHECK(odd.count() == 2);
        CHECK(odd.percentile(50) == 0);
        CHECK(*odd.percentile(100) > std::numeric_limits<std::int64_t>::max() / 32 * 30);
    }

    TEST_CASE("histogram: percentiles are ranks; an empty one has none") {
        CHECK_FALSE(Histogram().percentile(50).has_value());
        Histogram twenty;
        for (int i = 1; i <= 20; ++i) {
            twenty.add(i);
        }
        CHECK(twenty.percentile(50) == 10);
        CHECK(twenty.percentile(95) == 19);
        CHECK(twenty.percentile(100) == 20);
        Histogram many;
        many.add(3, 4'000'000'000'000'000);
        many.add(9, 4'000'000'000'000'000);
        CHECK(many.percentile(50) == 3);
        CHECK(many.percentile(51) == 9);
    }

    TEST_CASE("sums: adding in any order and grouping, and writing and reading, change nothing") {
        std::mt19937_64 random(7);
        std::vector<ReportSums> parts(50);
        ReportSums forward;
        for (auto& part : parts) {
            for (const auto& member : sum_members) {
                part.*member.value = static_cast<std::int64_t>(random() >> (random() % 60)) >> 8;
                if (random() % 9 == 0) { part.*member.value *= -1; }
            }
            for (auto n = random() % 30; n > 0; --n) {
                part.duration_ms.add(static_cast<std::int64_t>(random() >> (random() % 64)));
                part.first_token_ms.add(static_cast<std::int64_t>(random() % 3'000), 3);
            }
            forward += part;
        }
        ReportSums backward;
        ReportSums pair;
        for (std::size_t i = parts.size(); i-- > 0;) {
            pair += parts[i];
            if (i % 2 == 0) {
                backward += pair;
                pair = {};
            }
        }
        CHECK(forward == backward);
        std::string bytes;
        write_sums(forward, bytes);
        write_sums(parts[0], bytes);
        std::string_view rest = bytes;
        ReportSums read;
        REQUIRE(read_sums(rest, read));
        CHECK(read == forward);
        REQUIRE(read_sums(rest, read));
        CHECK(read == parts[0]);
        CHECK(rest.empty());
        // Cut anywhere, it is refused or read, never more.
        for (std::size_t size = 0; size < bytes.size(); size += 7) {
            auto cut = std::string_view(bytes).substr(0, size);
            ReportSums some;
            while (!cut.empty() && read_sums(cut, some)) {}
        }
        std::string garbage(100, '\xff');
        std::string_view garbage_view = garbage;
        CHECK_FALSE(read_sums(garbage_view, read));
    }

    TEST_CASE("sums: shares and savings say nothing where nothing is known") {
        ReportSums sums;
        CHECK_FALSE(sums.cache_hit_permille().has_value());
        CHECK(sums.saved_nano() == 0);
        sums.input_tokens = 1;
        sums.cache_read_tokens = 2;
        sums.cache_saved_unknown_tokens = 2;
        CHECK(sums.cache_hit_permille() == 667);
        CHECK_FALSE(sums.saved_nano().has_value());
        sums.cache_saved_unknown_tokens = 1;
        sums.cache_saved_nano = 5;
        CHECK(sums.saved_nano() == 5);
    }
}
