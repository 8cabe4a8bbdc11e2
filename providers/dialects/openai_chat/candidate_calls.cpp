// The calls of a choice, put in order: the first is said as it comes, the next once the one before it is whole.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/util/sha256.hpp"
#include "providers/dialects/common.hpp"
#include "providers/dialects/openai_chat/candidate_reader.hpp"

namespace llmgw::wire::chat {

using json_scan::Value;

namespace {

std::string member_string(const Value& object, std::string_view key) {
    const auto found = json_scan::member(object.text, key);
    return found ? string_or_empty(*found) : std::string();
}

}  // namespace

void CandidateReader::take_calls(const Value& calls, std::string_view answer_id, std::vector<AnswerEvent>& out) {
    json_scan::each_element(calls.text, [&](const Value& value) {
        if (value.is_object()) { take_call(value, answer_id, out); }
        return true;
    });
    advance(out);
}

// Which call a piece belongs to. Index and id should both tell; some hosts leave one out, some give all calls the
// index 0, Mistral repeats an empty name.
CandidateReader::Call& CandidateReader::call_for(const std::optional<std::int64_t>& index, std::string_view id,
                                                 std::string_view name) {
    const auto fresh = [&]() -> Call& {
        Call call;
        call.index = index;
        call.wire_id = id;
        calls_.push_back(std::move(call));
        return calls_.back();
    };
    if (index) {
        // The last one with this index: an earlier one was ended by a new id.
        const auto found =
            std::find_if(calls_.rbegin(), calls_.rend(), [&](const Call& c) { return c.index == index; });
        if (found == calls_.rend()) { return fresh(); }
        const bool other = !id.empty() && !found->wire_id.empty() && id != found->wire_id && !name.empty();
        return other ? fresh() : *found;
    }
    if (!id.empty()) {
        const auto found = std::ranges::find_if(calls_, [&](const Call& call) { return call.wire_id == id; });
        return found == calls_.end() ? fresh() : *found;
    }
    return !name.empty() || calls_.empty() ? fresh() : calls_.back();
}

void CandidateReader::take_call(const Value& value, std::string_view answer_id, std::vector<AnswerEvent>& out) {
    std::optional<std::int64_t> index;
    std::string id;
    std::string type;
    std::optional<Value> function;
    std::optional<Value> custom;
    std::string_view extra;
    json_scan::each_member(value.text, [&](std::string_view key, const Value& said) {
        if (key == "index") { index = said.as_int(); }
        if (key == "id") { id = string_or_empty(said); }
        if (key == "type") { type = string_or_empty(said); }
        if (key == "function" && said.is_object()) { function = said; }
        if (key == "custom" && said.is_object()) { custom = said; }
        if (key == "extra_content" && said.is_object()) { extra = said.text; }
        return true;
    });
    // Snowflake writes an empty `custom` beside each function.
    const bool is_custom = custom && (type == "custom" || !function);
    const std::optional<Value>& body = is_custom ? custom : function;
    std::string name = body ? member_string(*body, "name") : std::string();
    Call& call = call_for(index, id, name);
    if (is_custom) { call.call.custom = true; }
    if (call.wire_id.empty()) { call.wire_id = id; }
    if (!extra.empty()) { call.call.sealed = {DialectId::openai_chat, std::string(extra), {}}; }
    if (call.call.name.empty() && !name.empty()) {
        call.call.name = std::move(name);
        name_call(call, answer_id);
    }
    const auto said = body ? json_scan::member(body->text, is_custom ? "input" : "arguments") : std::nullopt;
    if (!said) { return; }
    // Ollama's own form says the object itself.
    add_arguments(call, said->is_object() ? std::string(said->text) : call.cut.take(*said), out);
}

// The form before tool_calls: one call, without an id.
void CandidateReader::take_function_call(const Value& function, std::string_view answer_id,
                                         std::vector<AnswerEvent>& out) {
    std::string name = member_string(function, "name");
    const auto arguments = json_scan::member(function.text, "arguments");
    if (name.empty() && calls_.empty()) { return; }  // Snowflake writes an empty one into every message
    Call& call = call_for(0, {}, {});
    if (call.call.name.empty() && !name.empty()) {
        call.call.name = std::move(name);
        name_call(call, answer_id);
    }
    if (arguments) { add_arguments(call, call.cut.take(*arguments), out); }
    advance(out);
}

// The host's id, or one of ours where it gave none or gave it twice.
void CandidateReader::name_call(Call& call, std::string_view answer_id) {
    called_ = true;
    const bool taken = std::ranges::any_of(
        calls_, [&](const Call& other) { return &other != &call && other.call.id == call.wire_id; });
    if (!call.wire_id.empty() && !taken) {
        call.call.id = call.wire_id;
        return;
    }
    const std::string what = fmt::format("{}\n{}\n{}\n{}", answer_id, candidate_, calls_.size(), call.call.name);
    call.call.id = fmt::format("call_{}_{}", calls_.size(), sha256_hex(what).substr(0, 8));
}

void CandidateReader::add_arguments(Call& call, std::string_view piece, std::vector<AnswerEvent>& out) {
    if (piece.empty()) { return; }
    const auto place = static_cast<std::size_t>(&call - calls_.data());
    if (place < current_) { return; }  // it was whole already
    if (!call.call.custom) { call.progress.feed(piece); }
    if (call.begun) {
        out.emplace_back(answer::Delta{answer::DeltaKind::text, candidate_, std::string(piece), {}});
    } else {
        call.held += piece;
    }
}

void CandidateReader::begin_call(Call& call, std::vector<AnswerEvent>& out) {
    if (open_ != Open::none) { end_part(out); }
    say_seals(out);
    say_sealed(std::exchange(message_seal_, {}), out);
    answer::PartBegin begin;
    begin.kind = answer::PartKind::tool_call;
    begin.candidate = candidate_;
    begin.call = call.call;
    out.emplace_back(std::move(begin));
    open_ = Open::call;
    call.begun = true;
    if (call.held.empty()) { return; }
    out.emplace_back(answer::Delta{answer::DeltaKind::text, candidate_, std::exchange(call.held, {}), {}});
}

void CandidateReader::advance(std::vector<AnswerEvent>& out) {
    while (calls_wait()) {
        Call& call = calls_[current_];
        if (!call.begun) {
            if (call.call.name.empty()) { return; }
            begin_call(call, out);
        }
        if (current_ + 1 == calls_.size() || !call.progress.complete()) { return; }
        end_part(out);
    }
}

}  // namespace llmgw::wire::chat
