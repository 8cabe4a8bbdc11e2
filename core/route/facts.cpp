#include "core/route/facts.hpp"

#include <ctime>
#include <utility>
#include <vector>

#include "core/gateway/token_estimate.hpp"
#include "core/util/json_scan.hpp"

namespace llmgw {
namespace {

using json_scan::Value;

// Between what small and large pictures cost.
constexpr std::int64_t tokens_per_media = 1'500;

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
    for (const auto word : words) {
        if (text == word) { return true; }
    }
    return false;
}

bool not_empty(const Value& list) {
    bool any = false;
    json_scan::each_element(list.text, [&](const Value&) {
        any = true;
        return false;
    });
    return any;
}

std::string_view word(const std::optional<Value>& value) {
    return value ? value->raw_string() : std::string_view{};
}

class FactReader {
public:
    FactReader(DialectId dialect, std::string_view body) : gemini_(dialect == DialectId::gemini), body_(body) {}

    BodyFacts read() {
        json_scan::each_member(body_, [&](std::string_view key, const Value& value) {
            member(key, value);
            return true;
        });
        facts_.needs.input_tokens = text_tokens() + tokens_per_media * media_;
        return std::move(facts_);
    }

private:
    void member(std::string_view key, const Value& value) {
        auto& needs = facts_.needs;
        if (key == "messages" || key == "input" || key == "contents") {
            turns(value);
        } else if (key == "tools" || key == "functions") {
            needs.tools = needs.tools || (value.is_array() && not_empty(value));
        } else if (key == "thinking") {
            needs.thinking = value.is_object() && word(json_scan::member(value.text, "type")) != "disabled";
        } else if (key == "reasoning_effort") {
            needs.thinking = value.type == json_scan::Type::string && value.raw_string() != "none";
        } else if (key == "reasoning") {
            const auto effort = word(json_scan::member(value.text, "effort"));
            needs.thinking = !effort.empty() && effort != "none";
        } else if (key == "response_format") {
            needs.structured |= word(json_scan::member(value.text, "type")) == "json_schema";
        } else if (key == "text") {
            needs.structured |= word(json_scan::at(value.text, {"format", "type"})) == "json_schema";
        } else if (key == "output_format") {
            needs.structured |= value.is_object();
        } else if (key == "output_config") {
            needs.structured |= json_scan::member(value.text, "format").has_value();
        } else if (key == "generationConfig" || key == "generation_config") {
            generation_config(value.text);
        } else if (key == "previous_response_id") {
            facts_.goes_on = value.type == json_scan::Type::string;
        } else if (key == "prompt_cache_key") {
            facts_.session = value.as_string().value_or("");
        } else if (key == "metadata" && facts_.session.empty()) {
            const auto user = json_scan::member(value.text, "user_id");
            if (user) { facts_.session = user->as_string().value_or(""); }
        }
    }

    void generation_config(std::string_view text) {
        json_scan::each_member(text, [&](std::string_view key, const Value& value) {
            if (is_one_of(key, {"responseSchema", "responseJsonSchema", "response_schema"})) {
                facts_.needs.structured = true;
            } else if (key == "thinkingConfig" || key == "thinking_config") {
                const auto budget = json_scan::member(value.text, "thinkingBudget");
                facts_.needs.thinking = !budget || budget->as_int().value_or(1) != 0;
            }
            return true;
        });
    }

    void turns(const Value& list) {
        if (!list.is_array()) { return; }
        json_scan::each_element(list.text, [&](const Value& turn) {
            if (!turn.is_object()) { return true; }
            json_scan::each_member(turn.text, [&](std::string_view key, const Value& value) {
                if (key == "content" || key == "parts" || key == "output" || key == "reasoning_details") {
                    parts(value, 0);
                } else if (key == "tool_calls") {
                    calls(value);
                } else if (is_sealed(key, value)) {
                    no_text_.push_back(value.text);
                } else if (key == "type" && is_one_of(value.raw_string(), {"additional_tools", "tool_search_output"})) {
                    // Codex declares tools in an item of the input.
                    facts_.needs.tools = true;
                }
                return true;
            });
            return true;
        });
    }

    static bool is_sealed(std::string_view key, const Value& value) {
        return value.type == json_scan::Type::string &&
               is_one_of(key, {"encrypted_content", "signature", "thoughtSignature", "thought_signature"});
    }

    void sealed(const Value& part) {
        json_scan::each_member(part.text, [&](std::string_view key, const Value& value) {
            if (is_sealed(key, value)) { no_text_.push_back(value.text); }
            return true;
        });
    }

    // Where Gemini's signatures are in Chat.
    void calls(const Value& list) {
        if (!list.is_array()) { return; }
        json_scan::each_element(list.text, [&](const Value& call) {
            const auto signature = json_scan::at(call.text, {"extra_content", "google", "thought_signature"});
            if (signature) { no_text_.push_back(signature->text); }
            return true;
        });
    }

    void parts(const Value& list, int depth) {
        if (!list.is_array() || depth > 3) { return; }
        json_scan::each_element(list.text, [&](const Value& part) {
            if (!part.is_object()) { return true; }
            if (gemini_) {
                gemini_part(part);
            } else if (const auto type = word(json_scan::member(part.text, "type")); type.ends_with("tool_result")) {
                if (const auto content = json_scan::member(part.text, "content")) { parts(*content, depth + 1); }
            } else if (is_one_of(type, {"image", "image_url", "input_image"})) {
                media(part, facts_.needs.images);
            } else if (is_one_of(type, {"document", "file", "input_file"})) {
                media(part, facts_.needs.documents);
            } else if (is_one_of(type, {"input_audio", "audio"})) {
                media(part, facts_.needs.audio);
            } else if (is_one_of(type, {"redacted_thinking", "reasoning.encrypted"})) {
                no_text_.push_back(part.text);
            } else {
                sealed(part);
            }
            return true;
        });
    }

    void gemini_part(const Value& part) {
        const auto found = no_text_.size();
        json_scan::each_member(part.text, [&](std::string_view key, const Value& value) {
            if (!is_one_of(key, {"inlineData", "inline_data", "fileData", "file_data"})) { return true; }
            auto type = word(json_scan::member(value.text, "mimeType"));
            if (type.empty()) { type = word(json_scan::member(value.text, "mime_type")); }
            auto& needs = facts_.needs;
            media(part, type.starts_with("image/")   ? needs.images
                        : type.starts_with("audio/") ? needs.audio
                                                     : needs.documents);
            return false;
        });
        if (no_text_.size() == found) { sealed(part); }
    }

    void media(const Value& part, bool& need) {
        need = true;
        ++media_;
        no_text_.push_back(part.text);
    }

    // Of everything but media, whose bytes are no text, and what is sealed, which the host opens and counts as it
    // likes.
    std::int64_t text_tokens() const {
        std::int64_t twentieths = 0;
        const char* at = body_.data();
        const auto count = [&](const char* end) {
            if (end > at) { twentieths += text_twentieths({at, static_cast<std::size_t>(end - at)}); }
        };
        for (const auto part : no_text_) {
            count(part.data());
            at = part.data() + part.size();
        }
        count(body_.data() + body_.size());
        return twentieths / 20;
    }

    bool gemini_;
    std::string_view body_;
    BodyFacts facts_;
    std::int64_t media_ = 0;
    std::vector<std::string_view> no_text_;  // in the body's order, none within another
};

}  // namespace

BodyFacts read_body_facts(DialectId dialect, std::string_view body) {
    return FactReader(dialect, body).read();
}

int local_hour(std::int64_t now_ms) {
    const auto seconds = static_cast<std::time_t>(now_ms / 1000);
    std::tm parts{};
    ::localtime_r(&seconds, &parts);
    return parts.tm_hour;
}

bool CallFacts::background() const {
    if (agent.empty() || !conversation) { return false; }
    const auto& facts = of_body();
    return !facts.needs.tools && !facts.goes_on && facts.needs.input_tokens <= background_tokens_max;
}

}  // namespace llmgw
