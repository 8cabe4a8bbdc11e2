// How an entry is kept in any keychain: key and origin together in the part that is encrypted, so that setting a key
// again replaces both at once, and nobody moves a key to another origin by editing an attribute.
#pragma once

#include <string>
#include <string_view>

#include "core/secrets/secrets.hpp"

namespace llmgw {

std::string to_item(const std::string& secret, const std::string& origin);
// ErrorKind::credential when llmgw did not write it.
Result<Keychain::Entry> from_item(std::string_view item);

}  // namespace llmgw
