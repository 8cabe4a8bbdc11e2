// The scanner: never reads outside the text, and what it finds lies inside it.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/util/json_scan.hpp"

namespace json_scan = llmgw::json_scan;

namespace {

void check(std::string_view outer, std::string_view inner) {
    if (inner.data() < outer.data() || inner.data() + inner.size() > outer.data() + outer.size()) { std::abort(); }
}

void walk(std::string_view text, int depth) {
    const auto visit = [&](const json_scan::Value& value) {
        check(text, value.text);
        (void)value.as_int();
        (void)value.as_bool();
        const auto written = value.as_string();
        if (written) {
            // What was read can be written, and read again.
            const std::string again = json_scan::quote(*written);
            const json_scan::Value literal{json_scan::Type::string, again};
            if (!literal.as_string()) { std::abort(); }
        }
        if (depth < 5 && (value.is_object() || value.is_array())) { walk(value.text, depth + 1); }
        return true;
    };
    json_scan::each_element(text, visit);
    json_scan::each_member(text, [&](std::string_view key, const json_scan::Value& value) {
        check(text, key);
        return visit(value);
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    walk(text, 0);
    const auto found = json_scan::lookup(text, "model");
    if (found.unambiguous() && !json_scan::member(text, "model") && text.find('\\') == text.npos) { std::abort(); }
    (void)json_scan::at(text, {"a", "b"});
    return 0;
}
