#include "providers/dialects/gemini/parts.hpp"

#include "core/util/base64.hpp"
#include "core/util/json_valid.hpp"
#include "core/util/json_writer.hpp"
#include "providers/dialects/custom_input.hpp"
#include "providers/dialects/gemini/json.hpp"
#include "providers/dialects/gemini/signature.hpp"

namespace llmgw::wire::gemini {

std::string text_part(std::string_view text, std::string_view signature, IsThought thought) {
    JsonWriter json;
    json.begin_object().member("text", text);
    if (thought == IsThought::yes) { json.member("thought", true); }
    json.member_if("thoughtSignature", signature).end_object();
    return json.take();
}

std::string call_part(std::string_view id, std::string_view name, std::string_view args, std::string_view signature) {
    JsonWriter json;
    json.begin_object().key("functionCall").begin_object();
    if (!is_made_call_id(id)) { json.member_if("id", id); }
    json.member("name", name).raw_member("args", args).end_object();
    json.member_if("thoughtSignature", signature).end_object();
    return json.take();
}

std::string inline_part(const part::Media& media, std::string_view signature) {
    const bool plain = media.media_type == "text/plain";
    JsonWriter json;
    json.begin_object().key("inlineData").begin_object();
    json.member("mimeType", media.media_type).member("data", plain ? base64(media.data) : media.data);
    json.member_if("displayName", media.origin == DialectId::gemini ? media.name : std::string()).end_object();
    json.member_if("thoughtSignature", signature).end_object();
    return json.take();
}

JsonText args_object(std::string_view arguments, bool custom) {
    if (custom) { return bridged_arguments(arguments); }
    if (arguments.find_first_not_of(" \t\r\n") == std::string_view::npos) { return "{}"; }
    if (is_json_object(arguments)) { return std::string(arguments); }
    return JsonWriter().begin_object().member("_raw_arguments", arguments).end_object().take();
}

}  // namespace llmgw::wire::gemini
