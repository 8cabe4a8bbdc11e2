// What single values of the configuration must look like. Each gives "" or what was expected, a phrase that
// follows the key's name; none repeats the value, which could be a key put in the wrong place.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace llmgw {

std::string check_listen(std::string& value);
std::string check_host(std::string& value);         // a Host name without port
std::string check_web_origin(std::string& value);   // scheme://host[:port], brought to lower case
std::string check_name(std::string& value);         // a provider's or a type's name
std::string check_base_url(std::string& value);     // drops trailing slashes
std::string check_api_key(std::string& value);      // a reference, never a key
std::string check_one_of_keys(std::string& value);  // of several: a reference to a key
std::string check_dialect(std::string& value);
std::string check_model(std::string& value);
std::string check_word(std::string& value);  // of letters, digits, ".", "-", "_" and ":"
std::string check_pattern(std::string& value);
std::string check_hours(std::string& value);          // "" too
std::string check_absolute_path(std::string& value);  // or "" for none
std::string check_model_or_none(std::string& value);  // "" too

// The hours of a day in "9-17" or "22-6", the second not included; nullopt when it is neither.
std::optional<std::pair<int, int>> parse_hours(std::string_view text);

}  // namespace llmgw
