// Reads a Messages request, and a count_tokens request, which is the same with less.
#include <utility>

#include "core/util/json_valid.hpp"
#include "core/util/utf8.hpp"
#include "providers/dialects/anthropic/block_decode.hpp"
#include "providers/dialects/anthropic/codec.hpp"
#include "providers/dialects/anthropic/request_reading.hpp"
#include "providers/dialects/anthropic/tool_decode.hpp"
#include "providers/dialects/common.hpp"

namespace llmgw::wire {

using json_scan::Type;
using json_scan::Value;

namespace {

void decode_message(RequestReading& reading, std::string_view text, const At& at) {
    Message message;
    bool said = false;
    each_member_at(reading, text, at, [&](std::string_view key, const Value& value, const At& here) {
        if (key == "role") {
            const std::string role = reading.text(value, here).value_or("");
            if (role == "user") {
                message.role = Role::user;
            } else if (role == "assistant") {
                message.role = Role::assistant;
            } else if (role == "system") {
                message.role = Role::system;
            } else {
                reading.wrong(here, "user, assistant or system");
            }
            said = true;
        } else if (key == "content") {
            message.parts = decode_content(reading, value, here);
        } else {
            reading.extra(value, here);
        }
    });
    if (!said) { reading.wrong(at.member("role"), "user, assistant or system"); }
    reading.request().messages.push_back(std::move(message));
}

void decode_thinking_wish(RequestReading& reading, const Value& thinking, const At& at) {
    if (!reading.is_object(thinking, at)) { return; }
    ReasoningWish& wish = reading.request().reasoning;
    each_member_at(reading, thinking.text, at, [&](std::string_view key, const Value& value, const At& here) {
        if (key == "type") {
            const std::string type = reading.text(value, here).value_or("");
            wish.enabled = type != "disabled";
            // Kinds that came later leave the amount to the model as well; the word itself is kept for this dialect.
            wish.adaptive = type != "disabled" && type != "enabled";
            if (wish.adaptive && type != "adaptive") { reading.extra(value, here); }
        } else if (key == "budget_tokens") {
            wish.budget_tokens = reading.integer(value, here);
        } else if (key == "display" && (value.raw_string() == "summarized" || value.raw_string() == "omitted")) {
            wish.show = value.raw_string() == "summarized";
        } else {
            reading.extra(value, here);
        }
    });
}

void decode_format(RequestReading& reading, const Value& format, const At& at) {
    if (!reading.is_object(format, at)) { return; }
    AnswerFormat& out = reading.request().format;
    each_member_at(reading, format.text, at, [&](std::string_view key, const Value& value, const At& here) {
        if (key == "type") {
            const std::string type = reading.text(value, here).value_or("");
            if (type != "json_schema") { return reading.wrong(here, "json_schema"); }
            out.kind = FormatKind::json_schema;
        } else if (key == "schema") {
            if (reading.is_object(value, here)) { out.schema = std::string(value.text); }
        } else if (key == "name") {
            out.name = reading.text(value, here).value_or("");
        } else {
            reading.extra(value, here);
        }
    });
}

void decode_output_config(RequestReading& reading, const Value& config, const At& at) {
    if (!reading.is_object(config, at)) { return; }
    each_member_at(reading, config.text, at, [&](std::string_view key, const Value& value, const At& here) {
        if (key == "effort") {
            reading.request().reasoning.effort = reading.text(value, here).value_or("");
        } else if (key == "format") {
            decode_format(reading, value, here);
        } else {
            reading.extra(value, here);
        }
    });
}

void decode_metadata(RequestReading& reading, const Value& metadata, const At& at) {
    if (!reading.is_object(metadata, at)) { return; }
    each_member_at(reading, metadata.text, at, [&](std::string_view key, const Value& value, const At& here) {
        if (key == "user_id") {
            reading.request().user_id = reading.text(value, here).value_or("");
        } else {
            reading.extra(value, here);
        }
    });
}

void decode_stop_sequences(RequestReading& reading, const Value& stop, const At& at) {
    if (!reading.is_array(stop, at)) { return; }
    auto& out = reading.request().sampling.stop;
    out.clear();
    each_element_at(reading, stop.text, at, [&](const Value& value, const At& here) {
        if (auto text = reading.text(value, here)) { out.push_back(std::move(*text)); }
    });
}

struct Later {
    Value system;
    Value messages;
    bool has_messages = false;
};

void decode_member(RequestReading& reading, std::string_view key, const Value& value, const At& at, Later& later) {
    ChatRequest& request = reading.request();
    if (key == "model") {
        request.model = reading.text(value, at).value_or("");
    } else if (key == "messages") {
        later.messages = value;
        later.has_messages = true;
    } else if (key == "system") {
        later.system = value;
    } else if (key == "max_tokens") {
        request.max_tokens = reading.integer(value, at);
    } else if (key == "tools") {
        decode_tools(reading, value, at);
    } else if (key == "tool_choice") {
        decode_tool_choice(reading, value, at);
    } else if (key == "stream") {
        request.stream = reading.boolean(value, at).value_or(false);
    } else if (key == "temperature") {
        request.sampling.temperature = reading.number(value, at);
    } else if (key == "top_p") {
        request.sampling.top_p = reading.number(value, at);
    } else if (key == "top_k") {
        request.sampling.top_k = reading.number(value, at);
    } else if (key == "stop_sequences") {
        decode_stop_sequences(reading, value, at);
    } else if (key == "metadata") {
        decode_metadata(reading, value, at);
    } else if (key == "thinking") {
        decode_thinking_wish(reading, value, at);
    } else if (key == "output_config") {
        decode_output_config(reading, value, at);
    } else if (key == "output_format") {
        decode_format(reading, value, at);  // as it was called before output_config
    } else if (key == "service_tier") {
        request.service_tier = reading.text(value, at).value_or("");
    } else if (key == "cache_control") {
        request.cache_all = decode_cache_mark(reading, value, at);
    } else {
        reading.extra(value, at);
    }
}

}  // namespace

Result<ChatRequest> AnthropicCodec::decode_request(std::string_view body) const {
    // What is kept as it was written goes out as it was written: it must be JSON all the way down.
    if (!is_json(body) || !is_utf8(body)) { return fail(ErrorKind::bad_request, "the request body is not JSON"); }
    ChatRequest request;
    request.origin = DialectId::anthropic;
    RequestReading reading(request);
    const At top;
    Later later;
    const auto first = body.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
    if (first == std::string_view::npos || body[first] != '{') {
        reading.wrong(top, "an object");
        return reading.error();
    }
    each_member_at(reading, body, top, [&](std::string_view key, const Value& value, const At& at) {
        decode_member(reading, key, value, at, later);
    });
    if (!reading.failed() && (later.system.type == Type::string || later.system.type == Type::array)) {
        Message system{Role::system, decode_content(reading, later.system, top.member("system")), {}, {}};
        if (!system.parts.empty()) { request.messages.push_back(std::move(system)); }
    } else if (!reading.failed() && later.system.type != Type::null) {
        reading.wrong(top.member("system"), "a string or an array of blocks");
    }
    if (!later.has_messages || later.messages.type != Type::array) {
        reading.wrong(top.member("messages"), "an array");
    } else if (!reading.failed()) {
        const At at = top.member("messages");
        each_element_at(reading, later.messages.text, at, [&](const Value& message, const At& here) {
            if (message.type != Type::object) { return reading.wrong(here, "an object"); }
            decode_message(reading, message.text, here);
        });
    }
    if (reading.failed()) { return reading.error(); }
    return request;
}

}  // namespace llmgw::wire
