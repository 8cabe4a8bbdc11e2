#include "providers/dialects/custom_input.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/util/json_scan.hpp"
#include "core/util/json_writer.hpp"

namespace llmgw::wire {

namespace {

constexpr unsigned replacement = 0xFFFD;

void append_utf8(std::string& out, unsigned code) {
    const auto put = [&](unsigned byte) { out.push_back(static_cast<char>(byte)); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0 | (code >> 6));
        put(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        put(0xE0 | (code >> 12));
        put(0x80 | ((code >> 6) & 0x3F));
        put(0x80 | (code & 0x3F));
    } else {
        put(0xF0 | (code >> 18));
        put(0x80 | ((code >> 12) & 0x3F));
        put(0x80 | ((code >> 6) & 0x3F));
        put(0x80 | (code & 0x3F));
    }
}

bool is_high(unsigned unit) {
    return unit >= 0xD800 && unit <= 0xDBFF;
}

bool is_low(unsigned unit) {
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

char escaped(char c) {
    switch (c) {
        case 'b': return '\b';
        case 'f': return '\f';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        default: return c;
    }
}

// The grammar of a custom tool's format, said to a model that is not held to it.
std::string grammar_text(const JsonText& format) {
    std::string syntax;
    std::string definition;
    json_scan::each_member(format, [&](std::string_view key, const json_scan::Value& value) {
        if (key == "syntax") { syntax = value.as_string().value_or(""); }
        if (key == "definition") { definition = value.as_string().value_or(""); }
        return true;
    });
    if (definition.empty()) { return {}; }
    return " It must match this " + (syntax.empty() ? std::string("grammar") : syntax + " grammar") + ":\n" +
           definition;
}

}  // namespace

Tool bridged_tool(const Tool& custom) {
    Tool tool = custom;
    tool.kind = ToolKind::function;
    tool.raw.clear();
    tool.format.clear();
    tool.strict.reset();
    JsonWriter schema;
    schema.begin_object().member("type", "object").key("properties").begin_object().key("input").begin_object();
    schema.member("type", "string");
    schema.member("description", "The tool's whole input as plain text." + grammar_text(custom.format));
    schema.end_object().end_object();
    schema.key("required").begin_array().string("input").end_array();
    schema.member("additionalProperties", false).end_object();
    tool.parameters = schema.take();
    return tool;
}

JsonText bridged_arguments(std::string_view input) {
    return JsonWriter().begin_object().member("input", input).end_object().take();
}

std::string BridgedInput::feed(std::string_view piece) {
    if (state_ == State::over) { return {}; }
    if (state_ != State::searching) { return unescape(piece); }
    held_ += piece;
    if (!find_value()) { return {}; }
    state_ = State::inside;
    const std::string rest = std::exchange(held_, {});
    return unescape(rest);
}

// Leaves in held_ what follows the opening quote of the value.
bool BridgedInput::find_value() {
    json_scan::Reader reader(held_, '{');
    std::string_view key;
    json_scan::Value skipped;
    while (reader.next_key(key)) {
        const std::string_view rest = reader.rest();
        if (key == "input" && rest.starts_with('"')) {
            held_ = std::string(rest.substr(1));
            return true;
        }
        if (!reader.read_value(skipped)) { return false; }
    }
    return false;
}

std::string BridgedInput::unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size() && state_ != State::over;) {
        const char c = text[i];
        if (state_ == State::inside) {
            const std::size_t end = std::min(text.find_first_of("\"\\", i), text.size());
            if (end > i) {
                put_unit(0, out);
                out += text.substr(i, end - i);
                i = end;
                continue;
            }
            state_ = c == '"' ? State::over : State::escape;
        } else if (state_ == State::escape) {
            state_ = c == 'u' ? State::unicode : State::inside;
            if (c != 'u') {
                put_unit(0, out);
                out += escaped(c);
            }
        } else {
            held_ += c;
            if (held_.size() == 4) {
                unsigned unit = replacement;
                std::from_chars(held_.data(), held_.data() + held_.size(), unit, 16);
                held_.clear();
                put_unit(unit, out);
                state_ = State::inside;
            }
        }
        ++i;
    }
    if (state_ == State::over) { put_unit(0, out); }
    return out;
}

// 0 stands for whatever is no \u escape: half a pair that waits is then known to stay one.
void BridgedInput::put_unit(unsigned unit, std::string& out) {
    if (surrogate_ != 0) {
        const unsigned high = std::exchange(surrogate_, 0U);
        if (is_low(unit)) {
            append_utf8(out, 0x10000U + ((high - 0xD800U) << 10) + (unit - 0xDC00U));
            return;
        }
        append_utf8(out, replacement);
    }
    if (is_high(unit)) {
        surrogate_ = unit;
    } else if (is_low(unit)) {
        append_utf8(out, replacement);
    } else if (unit != 0) {
        append_utf8(out, unit);
    }
}

std::string BridgedInput::finish() {
    const bool searching = std::exchange(state_, State::over) == State::searching;
    std::string out;
    if (searching) {
        std::string all = std::exchange(held_, {});
        json_scan::Reader reader(all, '{');
        std::string_view key;
        if (!reader.next_key(key) && reader.complete()) { return {}; }
        return all;
    }
    put_unit(0, out);
    return out;
}

}  // namespace llmgw::wire
