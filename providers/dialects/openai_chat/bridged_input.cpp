#include "providers/dialects/openai_chat/bridged_input.hpp"

#include <algorithm>

#include "core/util/json_scan.hpp"

namespace llmgw::wire::chat {

namespace {

constexpr std::string_view beginning[] = {"{", "\"input\"", ":", "\""};

// Length of a whole escape, 0 when more must come. High surrogates need the low one behind them.
std::size_t whole_escape(std::string_view escape) {
    if (escape.size() < 2) { return 0; }
    if (escape[1] != 'u') { return 2; }
    if (escape.size() < 6) { return 0; }
    const char kind = static_cast<char>(escape[3] | 0x20);
    const bool high = (escape[2] | 0x20) == 'd' && (kind == '8' || kind == '9' || kind == 'a' || kind == 'b');
    if (!high) { return 6; }
    if (escape.size() >= 7 && escape[6] != '\\') { return 6; }
    if (escape.size() >= 8 && escape[7] != 'u') { return 6; }
    return escape.size() >= 12 ? 12 : 0;
}

std::string unescaped(std::string_view escape) {
    const std::string literal = '"' + std::string(escape) + '"';
    return json_scan::Value{json_scan::Type::string, literal}.as_string().value_or("\xEF\xBF\xBD");
}

}  // namespace

// Moves `held_` to what follows the opening quote. False while it is not there.
bool BridgedInput::find_beginning() {
    std::string_view rest = held_;
    for (const std::string_view token : beginning) {
        rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
        if (!rest.starts_with(token)) {
            if (!token.starts_with(rest)) { state_ = State::odd; }
            return false;
        }
        rest.remove_prefix(token.size());
    }
    held_ = std::string(rest);
    state_ = State::inside;
    return true;
}

void BridgedInput::take_inside(std::string_view piece, std::string& out) {
    std::size_t at = 0;
    while (at < piece.size()) {
        if (escape_.empty()) {
            const auto stop = std::min(piece.find_first_of("\\\"", at), piece.size());
            out += piece.substr(at, stop - at);
            at = stop;
            if (at == piece.size()) { return; }
            if (piece[at] == '"') {
                state_ = State::after;
                return;
            }
        }
        escape_ += piece[at++];
        if (const std::size_t size = whole_escape(escape_); size > 0) {
            out += unescaped(std::string_view(escape_).substr(0, size));
            // Where no low surrogate followed, what did is read again; it may have come in an earlier piece.
            const std::string again = escape_.substr(size);
            escape_.clear();
            take_inside(again, out);
            if (state_ == State::after) { return; }
        }
    }
}

std::string BridgedInput::feed(std::string_view piece) {
    std::string out;
    if (state_ == State::before) {
        held_ += piece;
        if (!find_beginning()) { return out; }
        const std::string rest = std::move(held_);
        held_.clear();
        take_inside(rest, out);
    } else if (state_ == State::inside) {
        take_inside(piece, out);
    } else if (state_ == State::odd) {
        held_ += piece;
    }
    return out;
}

std::string BridgedInput::finish() {
    if (held_.empty()) { return {}; }
    // The one argument may stand behind others the model made up.
    if (const auto input = json_scan::member(held_, "input")) {
        if (auto text = input->as_string()) { return std::move(*text); }
    }
    return std::move(held_);
}

}  // namespace llmgw::wire::chat
