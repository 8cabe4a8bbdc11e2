#include "core/secrets/replace.hpp"

#include <fmt/format.h>

#include "core/secrets/child.hpp"

namespace llmgw {
namespace {

enum class Holds { the_new, the_old, neither, unknown };

Holds what_is_there(Keychain& keychain, const std::string& name, const Keychain::Entry& old_entry,
                    const Keychain::Entry& new_entry) {
    auto now = keychain.get(name);
    if (!now) { return now.error().kind == ErrorKind::not_found ? Holds::neither : Holds::unknown; }
    const auto is = [&](const Keychain::Entry& entry) {
        return now->secret == entry.secret && now->origin == entry.origin;
    };
    const auto holds = is(new_entry) ? Holds::the_new : is(old_entry) ? Holds::the_old : Holds::neither;
    wipe(now->secret);
    return holds;
}

}  // namespace

Result<> replace_key(Keychain& keychain, const std::string& name, const Keychain::Entry& old_entry,
                     const Keychain::Entry& new_entry) {
    const auto written = keychain.set(name, new_entry.origin, new_entry.secret);
    const std::string why = written ? "it was not there when it was read back" : written.error().message;
    switch (what_is_there(keychain, name, old_entry, new_entry)) {
        case Holds::the_new: return {};
        case Holds::the_old:
            return fail(ErrorKind::credential,
                        fmt::format("the new key was not stored, the old one is still there: {}", why));
        case Holds::unknown:
            return fail(ErrorKind::credential,
                        fmt::format("the keychain failed while the new key was stored ({}) and cannot be read now; "
                                    "\"llmgw keys list\" tells later which of the two it holds",
                                    why));
        case Holds::neither: break;
    }
    const auto restored = keychain.set(name, old_entry.origin, old_entry.secret);
    if (restored && what_is_there(keychain, name, old_entry, new_entry) == Holds::the_old) {
        return fail(ErrorKind::credential,
                    fmt::format("the new key was not stored, the old one was put back: {}", why));
    }
    return fail(ErrorKind::credential, fmt::format("the new key was not stored ({}), and the old one is gone: "
                                                   "store one again with: llmgw keys set {}",
                                                   why, name));
}

}  // namespace llmgw
