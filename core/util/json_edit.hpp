// Members of a JSON object set and taken out without parsing what is in the others: their bytes stay as they are.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace llmgw {

struct MemberEdit {
    std::string_view key;
    std::optional<std::string> value;  // JSON text; nullopt: the member is taken out
};

// The object with these members, in front of all others; every member of such a name that it had is gone, however the
// name is written. nullopt when `object` is no whole JSON object.
std::optional<std::string> edit_members(std::string_view object, std::initializer_list<MemberEdit> edits);

}  // namespace llmgw
