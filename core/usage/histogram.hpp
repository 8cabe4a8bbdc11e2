// How often each duration was seen, in buckets that are the same everywhere, so that histograms can be added up and
// a percentile is the same before and after single calls were rolled up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmgw {

// Milliseconds below 32 have a bucket each; above, every doubling is cut into 16 equal parts. A value read back is
// its bucket's middle: at most 1/32 (3.2 %) away from what was put in.
class Histogram {
public:
    void add(std::int64_t ms, std::int64_t times = 1);
    Histogram& operator+=(const Histogram& other);
    bool operator==(const Histogram&) const = default;

    std::int64_t count() const;
    // The smallest value that at least `percent` % of the values do not exceed; nullopt of an empty histogram.
    std::optional<std::int64_t> percentile(int percent) const;

    // Appends the histogram to `out`. read() takes it off the front of `bytes`; false when they are not one.
    void write(std::string& out) const;
    bool read(std::string_view& bytes);

private:
    struct Entry {
        std::uint32_t bucket = 0;
        std::int64_t times = 0;
        bool operator==(const Entry&) const = default;
    };
    std::vector<Entry> entries_;  // by bucket; few, because a group's calls are alike
};

// Integers of any size in few bytes: seven bits each, the lowest first; negative ones as their zigzag.
void write_varint(std::int64_t value, std::string& out);
bool read_varint(std::string_view& bytes, std::int64_t& value);

}  // namespace llmgw
