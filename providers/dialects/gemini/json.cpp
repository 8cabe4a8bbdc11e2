#include "providers/dialects/gemini/json.hpp"

namespace llmgw::wire::gemini {

using json_scan::Type;
using json_scan::Value;

std::string_view camel(std::string_view key, std::string& buffer) {
    if (key.find('_', 1) == std::string_view::npos) { return key; }
    buffer.clear();
    bool raise = false;
    for (const char c : key) {
        if (c == '_' && !buffer.empty()) {
            raise = true;
            continue;
        }
        buffer.push_back(raise && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
        raise = false;
    }
    return buffer;
}

std::string_view number_text(const Value& value) {
    if (value.type == Type::number) { return value.text; }
    if (value.type != Type::string) { return {}; }
    const std::string_view inside = value.raw_string();
    // Read as the only element of an array: the scanner's own idea of a number.
    const std::string list = "[" + std::string(inside) + "]";
    std::size_t numbers = 0;
    std::size_t others = 0;
    const bool whole = json_scan::each_element(list, [&](const Value& element) {
        (element.type == Type::number ? numbers : others) += 1;
        return true;
    });
    return whole && numbers == 1 && others == 0 ? inside : std::string_view{};
}

std::optional<std::int64_t> whole_number(const Value& value) {
    return Value{Type::number, number_text(value)}.as_int();
}

}  // namespace llmgw::wire::gemini
