// Reads a Chat Completions request: everything but its messages and tools.
#include "core/util/json_valid.hpp"
#include "core/util/utf8.hpp"
#include "providers/dialects/common.hpp"
#include "providers/dialects/openai_chat/codec.hpp"
#include "providers/dialects/openai_chat/request_read.hpp"
#include "providers/dialects/openai_chat/responses_shaped.hpp"

namespace llmgw::wire {

using json_scan::Type;
using json_scan::Value;

namespace chat {

std::string read_string(const Value& value, std::string_view path, Fault& fault) {
    if (value.type == Type::null) { return {}; }
    if (auto text = value.as_string()) { return std::move(*text); }
    fault.expected(path, "a string");
    return {};
}

std::optional<bool> read_bool(const Value& value, std::string_view path, Fault& fault) {
    if (value.type == Type::null) { return std::nullopt; }
    if (const auto said = value.as_bool()) { return said; }
    fault.expected(path, "true or false");
    return std::nullopt;
}

std::optional<std::int64_t> read_int(const Value& value, std::string_view path, Fault& fault) {
    if (value.type == Type::null) { return std::nullopt; }
    if (const auto number = value.as_int()) { return number; }
    fault.expected(path, "a whole number");
    return std::nullopt;
}

JsonText read_number(const Value& value, std::string_view path, Fault& fault) {
    if (value.type == Type::null) { return {}; }
    if (value.type == Type::number) { return JsonText(value.text); }
    fault.expected(path, "a number");
    return {};
}

JsonText read_object(const Value& value, std::string_view path, Fault& fault) {
    if (value.type == Type::null) { return {}; }
    if (value.is_object()) { return JsonText(value.text); }
    fault.expected(path, "an object");
    return {};
}

namespace {

class RequestReader {
public:
    Result<ChatRequest> read(std::string_view body) {
        request_.origin = DialectId::openai_chat;
        bool has_messages = false;
        json_scan::each_member(body, [&](std::string_view key, const Value& value) {
            if (key == "messages") {
                has_messages = true;
                read_messages(value, reading_, messages_);
            } else if (value.type != Type::null && !take_plain(key, value) && !take_sampling(key, value) &&
                       !take_reasoning(key, value) && !take_tools(key, value)) {
                reading_.extra(std::string(key), value);
            }
            return !reading_.fault.found();
        });
        if (!reading_.fault.found() && !has_messages) { reading_.fault.expected("messages", "a list"); }
        if (reading_.fault.found()) { return reading_.fault.error(); }
        for (auto& message : messages_) {
            request_.messages.push_back(std::move(message));
        }
        request_.extras = std::move(reading_.extras);
        return std::move(request_);
    }

private:
    bool take_plain(std::string_view key, const Value& value) {
        Fault& fault = reading_.fault;
        if (key == "model") {
            request_.model = read_string(value, key, fault);
        } else if (key == "stream") {
            request_.stream = read_bool(value, key, fault).value_or(false);
        } else if (key == "stream_options") {
            take_stream_options(value);
        } else if (key == "max_completion_tokens") {
            request_.max_tokens = read_int(value, key, fault);
        } else if (key == "max_tokens") {
            const auto number = read_int(value, key, fault);
            if (!request_.max_tokens) { request_.max_tokens = number; }
        } else if (key == "response_format") {
            take_format(value);
        } else if (key == "verbosity") {
            request_.verbosity = read_string(value, key, fault);
        } else if (key == "safety_identifier" || key == "user") {
            take_user(key, value);
        } else if (key == "metadata") {
            take_metadata(value);
        } else if (key == "service_tier") {
            request_.service_tier = read_string(value, key, fault);
        } else if (key == "prompt_cache_key") {
            request_.prompt_cache_key = read_string(value, key, fault);
        } else if (key == "store") {
            request_.store = read_bool(value, key, fault);
        } else if (key == "cache_control" && value.is_object()) {
            request_.cache_all = read_cache_mark(value);
        } else if (key == "system") {
            // Anthropic's place for it: some clients send it here for Claude models.
            request_.messages.push_back({Role::system, read_content(value, key, reading_), {}, {}});
        } else {
            return false;
        }
        return true;
    }

    void take_stream_options(const Value& value) {
        if (!value.is_object()) { return reading_.fault.expected("stream_options", "an object"); }
        json_scan::each_member(value.text, [&](std::string_view key, const Value& option) {
            const std::string path = path_to("stream_options", key);
            if (key == "include_usage") {
                request_.stream_usage = read_bool(option, path, reading_.fault).value_or(false);
            } else {
                reading_.extra(path, option);
            }
            return true;
        });
    }

    void take_user(std::string_view key, const Value& value) {
        std::string user = read_string(value, key, reading_.fault);
        if (key == "user" && !request_.user_id.empty()) {
            if (user != request_.user_id) { reading_.extra("user", value); }
            return;
        }
        if (key == "safety_identifier" && !request_.user_id.empty() && user != request_.user_id) {
            reading_.extras.emplace_back("user", json_scan::quote(request_.user_id));
        }
        request_.user_id = std::move(user);
    }

    void take_metadata(const Value& value) {
        if (!value.is_object()) { return reading_.fault.expected("metadata", "an object"); }
        json_scan::each_member(value.text, [&](std::string_view key, const Value& said) {
            if (auto text = said.as_string()) {
                request_.metadata.emplace_back(key, std::move(*text));
            } else {
                reading_.extra(path_to("metadata", key), said);
            }
            return true;
        });
    }

    void take_format(const Value& value) {
        if (!value.is_object()) { return reading_.fault.expected("response_format", "an object"); }
        const auto type = json_scan::member(value.text, "type");
        const std::string word = type ? string_or_empty(*type) : std::string();
        AnswerFormat& format = request_.format;
        if (word == "text") {
            format.kind = FormatKind::text;
        } else if (word == "json_object") {
            format.kind = FormatKind::json_object;
        } else if (word == "json_schema") {
            const auto schema = json_scan::member(value.text, "json_schema");
            if (!schema || !schema->is_object()) {
                return reading_.fault.expected("response_format.json_schema", "an object");
            }
            format.kind = FormatKind::json_schema;
            take_schema(*schema);
        } else {
            reading_.extra("response_format", value);
        }
    }

    void take_schema(const Value& value) {
        constexpr std::string_view base = "response_format.json_schema";
        AnswerFormat& format = request_.format;
        json_scan::each_member(value.text, [&](std::string_view key, const Value& said) {
            const std::string path = path_to(base, key);
            if (key == "name") {
                format.name = read_string(said, path, reading_.fault);
            } else if (key == "description") {
                format.description = read_string(said, path, reading_.fault);
            } else if (key == "schema") {
                format.schema = read_object(said, path, reading_.fault);
            } else if (key == "strict") {
                format.strict = read_bool(said, path, reading_.fault);
            } else {
                reading_.extra(path, said);
            }
            return true;
        });
    }

    bool take_sampling(std::string_view key, const Value& value) {
        Sampling& sampling = request_.sampling;
        Fault& fault = reading_.fault;
        const std::pair<std::string_view, JsonText*> numbers[] = {
            {"temperature", &sampling.temperature},
            {"top_p", &sampling.top_p},
            {"top_k", &sampling.top_k},
            {"seed", &sampling.seed},
            {"random_seed", &sampling.seed},  // Mistral
            {"presence_penalty", &sampling.presence_penalty},
            {"frequency_penalty", &sampling.frequency_penalty},
            {"top_logprobs", &sampling.top_logprobs},
        };
        for (const auto& [name, place] : numbers) {
            if (key != name) { continue; }
            *place = read_number(value, key, fault);
            return true;
        }
        if (key == "logit_bias") {
            sampling.logit_bias = read_object(value, key, fault);
        } else if (key == "logprobs") {
            sampling.logprobs = read_bool(value, key, fault);
        } else if (key == "n") {
            sampling.candidates = read_int(value, key, fault);
        } else if (key == "stop") {
            take_stop(value);
        } else {
            return false;
        }
        return true;
    }

    void take_stop(const Value& value) {
        if (auto one = value.as_string()) {
            request_.sampling.stop.push_back(std::move(*one));
            return;
        }
        if (!value.is_array()) { return reading_.fault.expected("stop", "a string or a list of strings"); }
        json_scan::each_element(value.text, [&](const Value& word) {
            if (auto text = word.as_string()) {
                request_.sampling.stop.push_back(std::move(*text));
            } else {
                reading_.fault.expected("stop", "a string or a list of strings");
            }
            return true;
        });
    }

    // OpenAI's word, OpenRouter's object, the switch of Z.ai and DeepSeek, Alibaba's pair.
    bool take_reasoning(std::string_view key, const Value& value) {
        ReasoningWish& wish = request_.reasoning;
        Fault& fault = reading_.fault;
        if (key == "reasoning_effort") {
            wish.effort = read_string(value, key, fault);
        } else if (key == "enable_thinking") {
            wish.enabled = read_bool(value, key, fault);
        } else if (key == "thinking_budget") {
            wish.budget_tokens = read_int(value, key, fault);
        } else if (key == "include_reasoning") {
            wish.show = read_bool(value, key, fault);
        } else if (key == "reasoning" && value.is_object()) {
            json_scan::each_member(value.text, [&](std::string_view name, const Value& said) {
                const std::string path = path_to(key, name);
                if (name == "effort") {
                    wish.effort = read_string(said, path, fault);
                } else if (name == "max_tokens") {
                    wish.budget_tokens = read_int(said, path, fault);
                } else if (name == "enabled") {
                    wish.enabled = read_bool(said, path, fault);
                } else if (name == "exclude") {
                    if (const auto exclude = read_bool(said, path, fault)) { wish.show = !*exclude; }
                } else if (name == "summary") {
                    wish.summary = read_string(said, path, fault);
                } else {
                    reading_.extra(path, said);
                }
                return true;
            });
        } else if (key == "thinking" && value.is_object()) {
            json_scan::each_member(value.text, [&](std::string_view name, const Value& said) {
                const std::string path = path_to(key, name);
                if (name == "type") {
                    const std::string type = read_string(said, path, fault);
                    wish.enabled = type != "disabled";
                    wish.adaptive = type == "adaptive" || type == "auto";
                } else if (name == "budget_tokens") {
                    wish.budget_tokens = read_int(said, path, fault);
                } else {
                    reading_.extra(path, said);
                }
                return true;
            });
        } else {
            return false;
        }
        return true;
    }

    bool take_tools(std::string_view key, const Value& value) {
        if (key == "tools") {
            read_tools(value, reading_, request_.tools);
        } else if (key == "functions") {
            read_functions(value, reading_, request_.tools);
        } else if (key == "tool_choice" || key == "function_call") {
            read_tool_choice(value, key, reading_, request_.tool_choice);
        } else if (key == "parallel_tool_calls") {
            request_.tool_choice.parallel = read_bool(value, key, reading_.fault);
        } else if (key == "web_search_options" && value.is_object()) {
            Tool tool;
            tool.kind = ToolKind::server;
            tool.name = "web_search";
            tool.server_type = key;
            tool.origin = DialectId::openai_chat;
            tool.raw = value.text;
            request_.tools.push_back(std::move(tool));
        } else {
            return false;
        }
        return true;
    }

    ChatRequest request_;  // its messages: those that come from elsewhere than `messages`
    std::vector<Message> messages_;
    Reading reading_;
};

}  // namespace

}  // namespace chat

Result<ChatRequest> OpenAiChatCodec::decode_request(std::string_view body) const {
    // Parts are kept as the text they were written in, so all of it must be JSON, not only what is looked at.
    if (!is_json(body) || !is_utf8(body)) {
        return fail(ErrorKind::bad_request, "The request body is not valid JSON.");
    }
    if (!json_scan::each_member(body, [](std::string_view, const Value&) { return false; })) {
        return fail(ErrorKind::bad_request, "The request body is not a JSON object.");
    }
    if (chat::is_responses_shaped(body)) { return chat::read_responses_shaped(body); }
    return chat::RequestReader().read(body);
}

std::optional<DialectId> OpenAiChatCodec::written_in(std::string_view body) const {
    if (chat::is_responses_shaped(body)) { return DialectId::openai_responses; }
    return std::nullopt;
}

}  // namespace llmgw::wire
