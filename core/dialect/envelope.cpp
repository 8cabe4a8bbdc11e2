#include "core/dialect/envelope.hpp"

#include "core/model/dialect_id.hpp"
#include "core/util/base64.hpp"

namespace llmgw {
namespace {

constexpr std::string_view field_mark = "llmgw1.";
constexpr std::string_view call_mark = "__llmgw1_";

// "origin\nitem id\ndata": neither a dialect's name nor an item id has a line end.
std::string pack(const Sealed& sealed) {
    return base64url(std::string(to_string(sealed.origin)) + "\n" + sealed.item_id + "\n" + sealed.data);
}

std::optional<Sealed> unpack(std::string_view text) {
    const auto packed = base64_decode(text);
    if (!packed) { return std::nullopt; }
    const auto first = packed->find('\n');
    const auto second = first == std::string::npos ? first : packed->find('\n', first + 1);
    if (second == std::string::npos) { return std::nullopt; }
    const auto origin = dialect_from(std::string_view(*packed).substr(0, first));
    if (!origin) { return std::nullopt; }
    return Sealed{*origin, packed->substr(second + 1), packed->substr(first + 1, second - first - 1)};
}

}  // namespace

std::string wrap_sealed(const Sealed& sealed) {
    return std::string(field_mark) + pack(sealed);
}

std::optional<Sealed> unwrap_sealed(std::string_view field) {
    if (!field.starts_with(field_mark)) { return std::nullopt; }
    return unpack(field.substr(field_mark.size()));
}

std::string wrap_call_id(std::string_view id, const Sealed& sealed) {
    if (sealed.empty()) { return std::string(id); }
    return std::string(id) + std::string(call_mark) + pack(sealed);
}

CallId unwrap_call_id(std::string_view id) {
    const auto mark = id.rfind(call_mark);
    if (mark != std::string_view::npos) {
        if (auto sealed = unpack(id.substr(mark + call_mark.size()))) {
            return {std::string(id.substr(0, mark)), std::move(*sealed)};
        }
    }
    return {std::string(id), {}};
}

}  // namespace llmgw
