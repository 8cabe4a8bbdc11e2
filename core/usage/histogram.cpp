#include "core/usage/histogram.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace llmgw {
namespace {

constexpr std::uint32_t parts = 16;
constexpr std::int64_t exact_below = 2 * parts;

std::uint32_t bucket_of(std::int64_t ms) {
    if (ms < exact_below) { return static_cast<std::uint32_t>(std::max<std::int64_t>(ms, 0)); }
    const auto value = static_cast<std::uint64_t>(ms);
    // value >> shift is in [16, 32).
    const auto shift = static_cast<std::uint32_t>(std::bit_width(value)) - 5;
    return static_cast<std::uint32_t>(value >> shift) + shift * parts;
}

std::int64_t middle_of(std::uint32_t bucket) {
    if (bucket < exact_below) { return bucket; }
    const auto shift = bucket / parts - 1;
    const auto first = static_cast<std::int64_t>(bucket % parts + parts) << shift;
    return first + (std::int64_t{1} << shift) / 2;
}

constexpr std::uint32_t buckets = 64 * parts;

}  // namespace

void Histogram::add(std::int64_t ms, std::int64_t times) {
    const auto bucket = bucket_of(ms);
    const auto at = std::lower_bound(entries_.begin(), entries_.end(), bucket,
                                     [](const Entry& entry, std::uint32_t b) { return entry.bucket < b; });
    if (at != entries_.end() && at->bucket == bucket) {
        at->times += times;
    } else {
        entries_.insert(at, {bucket, times});
    }
}

Histogram& Histogram::operator+=(const Histogram& other) {
    if (entries_.empty()) {
        entries_ = other.entries_;
        return *this;
    }
    auto at = entries_.begin();
    for (const auto& entry : other.entries_) {
        at = std::lower_bound(at, entries_.end(), entry.bucket,
                              [](const Entry& own, std::uint32_t b) { return own.bucket < b; });
        if (at != entries_.end() && at->bucket == entry.bucket) {
            at->times += entry.times;
        } else {
            at = entries_.insert(at, entry);
        }
    }
    return *this;
}

std::int64_t Histogram::count() const {
    std::int64_t all = 0;
    for (const auto& entry : entries_) {
        all += entry.times;
    }
    return all;
}

std::optional<std::int64_t> Histogram::percentile(int percent) const {
    const auto all = count();
    if (all == 0) { return std::nullopt; }
    // The rank, rounded up, without overflow for any count.
    const auto rank = all / 100 * percent + (all % 100 * percent + 99) / 100;
    std::int64_t seen = 0;
    for (const auto& entry : entries_) {
        seen += entry.times;
        if (seen >= rank) { return middle_of(entry.bucket); }
    }
    return middle_of(entries_.back().bucket);
}

void Histogram::write(std::string& out) const {
    write_varint(static_cast<std::int64_t>(entries_.size()), out);
    std::uint32_t before = 0;
    for (const auto& entry : entries_) {
        write_varint(entry.bucket - before, out);
        write_varint(entry.times, out);
        before = entry.bucket;
    }
}

bool Histogram::read(std::string_view& bytes) {
    std::int64_t size = 0;
    if (!read_varint(bytes, size) || size < 0 || size > buckets) { return false; }
    entries_.clear();
    entries_.reserve(static_cast<std::size_t>(size));
    std::int64_t bucket = 0;
    for (std::int64_t i = 0; i < size; ++i) {
        std::int64_t step = 0;
        std::int64_t times = 0;
        if (!read_varint(bytes, step) || !read_varint(bytes, times)) { return false; }
        if (step < 0 || step >= buckets || (i > 0 && step == 0)) { return false; }
        bucket += step;
        if (bucket >= buckets) { return false; }
        entries_.push_back({static_cast<std::uint32_t>(bucket), times});
    }
    return true;
}

void write_varint(std::int64_t value, std::string& out) {
    auto bits = (static_cast<std::uint64_t>(value) << 1) ^ (value < 0 ? ~std::uint64_t{0} : 0);
    for (; bits >= 0x80; bits >>= 7) {
        out += static_cast<char>(bits | 0x80);
    }
    out += static_cast<char>(bits);
}

bool read_varint(std::string_view& bytes, std::int64_t& value) {
    std::uint64_t bits = 0;
    for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
        bits |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
        if (byte < 0x80) {
            value = static_cast<std::int64_t>(bits >> 1) ^ -static_cast<std::int64_t>(bits & 1);
            return true;
        }
    }
    return false;
}

}  // namespace llmgw
