#include "cli/term/money.hpp"

namespace llmgw {
namespace {

constexpr std::uint64_t nano_per_dollar = 1'000'000'000;

// Also right for the most negative number.
std::uint64_t magnitude(std::int64_t number) {
    const auto bits = static_cast<std::uint64_t>(number);
    return number < 0 ? 0 - bits : bits;
}

std::string grouped_digits(std::uint64_t number) {
    auto digits = std::to_string(number);
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
        digits.insert(static_cast<std::size_t>(at), 1, ',');
    }
    return digits;
}

std::string nine_digits(std::uint64_t fraction) {
    auto digits = std::to_string(fraction);
    return std::string(9 - digits.size(), '0') + digits;
}

// What one unit of the last shown digit is worth: a cent, or less for an amount below a dollar.
std::uint64_t last_digit_nano(std::uint64_t nano) {
    constexpr std::uint64_t cent = nano_per_dollar / 100;
    if (nano >= nano_per_dollar) { return cent; }
    std::uint64_t unit = 1;
    while (nano >= unit * 10'000 && unit < cent) {
        unit *= 10;
    }
    return unit;
}

}  // namespace

std::string dollars(std::int64_t nano) {
    auto amount = magnitude(nano);
    const auto unit = last_digit_nano(amount);
    amount = (amount + unit / 2) / unit * unit;
    auto fraction = nine_digits(amount % nano_per_dollar);
    while (fraction.size() > 2 && fraction.back() == '0') {
        fraction.pop_back();
    }
    return (nano < 0 ? "-$" : "$") + grouped_digits(amount / nano_per_dollar) + "." + fraction;
}

std::string exact_dollars(std::int64_t nano) {
    const auto amount = magnitude(nano);
    return (nano < 0 ? "-" : "") + std::to_string(amount / nano_per_dollar) + "." +
           nine_digits(amount % nano_per_dollar);
}

std::string grouped(std::int64_t number) {
    return (number < 0 ? "-" : "") + grouped_digits(magnitude(number));
}

}  // namespace llmgw
