#include "core/route/mistyped.hpp"

#include <algorithm>
#include <string>

namespace llmgw {
namespace {

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// What neighbours of the part from `begin` to `end` are.
bool beside_digit(std::string_view text, std::size_t begin, std::size_t end) {
    return (begin > 0 && is_digit(text[begin - 1])) || (end < text.size() && is_digit(text[end]));
}

}  // namespace

bool one_slip(std::string_view a, std::string_view b) {
    const auto shorter = std::min(a.size(), b.size());
    std::size_t begin = 0;
    while (begin < shorter && a[begin] == b[begin]) {
        ++begin;
    }
    std::size_t behind = 0;
    while (behind < shorter - begin && a[a.size() - 1 - behind] == b[b.size() - 1 - behind]) {
        ++behind;
    }
    // What differs.
    const auto in_a = a.substr(begin, a.size() - behind - begin);
    const auto in_b = b.substr(begin, b.size() - behind - begin);
    const bool swapped = in_a.size() == 2 && in_b.size() == 2 && in_a[0] == in_b[1] && in_a[1] == in_b[0];
    const bool single = in_a.size() <= 1 && in_b.size() <= 1 && in_a.size() + in_b.size() > 0;
    if (!swapped && !single) { return false; }
    if (!std::ranges::all_of(in_a, is_letter) || !std::ranges::all_of(in_b, is_letter)) { return false; }
    return !beside_digit(a, begin, begin + in_a.size()) && !beside_digit(b, begin, begin + in_b.size());
}

Result<> check_spelling(std::string_view model, const Target& target, const RouteTable& table,
                        const std::vector<Provider>& providers, const Prices* prices) {
    if (model.find('/') != std::string_view::npos) { return {}; }
    std::string meant;
    for (const auto& provider : providers) {
        for (const auto& listed : provider.models) {
            if (listed == model) { return {}; }
            if (meant.empty() && one_slip(model, listed)) { meant = listed; }
        }
    }
    for (const auto& route : table.routes()) {
        if (route.name == model) { return {}; }
        if (one_slip(model, route.name)) { meant = route.name; }
    }
    if (meant.empty()) { return {}; }
    const auto& host = target.provider->price_list;
    if (table.catalogue().find(host, model) != nullptr) { return {}; }
    if (prices != nullptr && !prices->find(host, model).empty()) { return {}; }
    return fail(ErrorKind::not_found, "llmgw: nobody here lists the model \"" + std::string(model) +
                                          "\". Did you mean \"" + meant + "\"? To send it to " + target.provider->name +
                                          " as it is, ask for \"" + target.provider->name + "/" + std::string(model) +
                                          "\".");
}

}  // namespace llmgw
