// How a sealed value of one provider travels through a client that speaks another dialect: inside a field that client
// gives back unchanged (a thinking signature, encrypted_content, a tool call's id). Stateless, so it survives restarts
// of llmgw and a client that cuts its history (T3c, T4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/model/chat_request.hpp"

namespace llmgw {

// What every envelope holds: a request without it has none of ours.
inline constexpr std::string_view envelope_mark = "llmgw1";

// For string fields: "llmgw1." + base64url of origin, item id and data. A value of the field's own dialect
// is never wrapped.
std::string wrap_sealed(const Sealed& sealed);
// nullopt when the field holds no envelope of ours (it is the dialect's own value then).
std::optional<Sealed> unwrap_sealed(std::string_view field);

// For tool call ids, whose alphabet is [A-Za-z0-9_-]: ID + "__llmgw1_" + base64url. A call without a sealed value keeps
// its id.
std::string wrap_call_id(std::string_view id, const Sealed& sealed);
struct CallId {
    std::string id;  // the provider's own
    Sealed sealed;   // empty when there was none
};
CallId unwrap_call_id(std::string_view id);

}  // namespace llmgw
