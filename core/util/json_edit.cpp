#include "core/util/json_edit.hpp"

#include <algorithm>
#include <vector>

#include "core/util/json_scan.hpp"

namespace llmgw {
namespace {

std::optional<std::string> spelled_out(std::string_view key_as_written) {
    const json_scan::Value literal{json_scan::Type::string,
                                   {key_as_written.data() - 1, key_as_written.size() + 2}};  // its quotes are around it
    return literal.as_string();
}

}  // namespace

std::optional<std::string> edit_members(std::string_view object, std::initializer_list<MemberEdit> edits) {
    const auto open = object.find('{');
    if (open == std::string_view::npos) { return std::nullopt; }
    std::vector<std::string_view> kept;  // each with the white space in front of it
    std::size_t end = open + 1;          // of the last member
    bool first = true;
    json_scan::Reader reader(object, '{');
    std::string_view key;
    json_scan::Value value;
    while (reader.next_member(key, value)) {
        // Between two members there is white space and a comma.
        const auto begin = first ? end : object.find(',', end) + 1;
        first = false;
        end = static_cast<std::size_t>(value.text.data() - object.data()) + value.text.size();
        const auto name = key.find('\\') == std::string_view::npos ? std::string(key) : spelled_out(key);
        if (std::ranges::any_of(edits, [&](const MemberEdit& edit) { return name == edit.key; })) { continue; }
        kept.push_back(object.substr(begin, end - begin));
    }
    if (!reader.complete()) { return std::nullopt; }
    std::string out(object.substr(0, open + 1));
    out.reserve(object.size() + 256);
    bool any = false;
    for (const auto& edit : edits) {
        if (!edit.value) { continue; }
        out += (any ? "," : "") + json_scan::quote(edit.key) + ":" + *edit.value;
        any = true;
    }
    for (const auto member : kept) {
        if (any) { out += ','; }
        out += member;
        any = true;
    }
    return out += object.substr(end);
}

}  // namespace llmgw
