// The conversation as contents: roles in turn, results right after their calls and in the calls' order.
#include <algorithm>
#include <optional>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "core/util/json_scan.hpp"
#include "providers/dialects/gemini/parts.hpp"
#include "providers/dialects/gemini/request_writing.hpp"
#include "providers/dialects/gemini/results_encode.hpp"
#include "providers/dialects/gemini/signature.hpp"

namespace llmgw::wire::gemini {

namespace {

struct Call {
    std::string id;
    std::string name;  // as the target knows it
};

struct Turn {
    bool model = false;
    std::vector<std::string> results;  // functionResponse parts: first in their content
    std::vector<std::string> files;    // of results, where they cannot stand inside
    std::vector<std::string> parts;
    std::vector<Call> calls;
    bool bare_media = false;  // the last part is a file that has no signature yet

    bool empty() const { return results.empty() && files.empty() && parts.empty(); }
};

struct Pending {
    EncodedResult result;
    std::size_t turn = 0;  // where the client said it
    bool placed = false;
};

class Contents {
public:
    explicit Contents(RequestWriting& writing) : writing_(writing), gemini_3_(is_gemini_3(writing.target)) {}

    void add(const Message& message, std::size_t index);
    void add_text(std::string_view text) { turn(false).parts.push_back(text_part(text)); }
    void place_results();
    void write(JsonWriter& json);
    bool empty() const { return std::ranges::all_of(turns_, &Turn::empty); }

private:
    Turn& turn(bool model);
    void add_part(const Part& part, bool model);
    void add_call(const part::ToolCall& call);
    void add_result(const part::ToolResult& result);
    void add_reasoning(const part::Reasoning& reasoning);
    void add_media(const part::Media& media, bool model);
    std::string name_of(const part::ToolResult& result) const;
    void answer_calls(std::size_t at);

    RequestWriting& writing_;
    bool gemini_3_;
    bool new_turn_ = false;
    std::vector<Turn> turns_;
    std::vector<Pending> pending_;
};

Turn& Contents::turn(bool model) {
    if (new_turn_ || turns_.empty() || turns_.back().model != model) {
        turns_.emplace_back();
        turns_.back().model = model;
    }
    new_turn_ = false;
    return turns_.back();
}

const std::string& gemini_signature(const Sealed& sealed) {
    static const std::string none;
    return sealed.origin == DialectId::gemini ? sealed.data : none;
}

void Contents::add_call(const part::ToolCall& call) {
    Turn& mine = turn(true);
    std::string signature = gemini_signature(call.sealed);
    // Only the first call of a step has one, and no step may be without.
    if (signature.empty() && mine.calls.empty() && gemini_3_) { signature = signature_dummy; }
    const std::string name = writing_.tool_name(call.name_space, call.name);
    mine.parts.push_back(call_part(call.id, name, args_object(call.arguments, call.custom), signature));
    mine.calls.push_back({call.id, name});
    mine.bare_media = false;
}

std::string Contents::name_of(const part::ToolResult& result) const {
    for (auto turn = turns_.rbegin(); turn != turns_.rend(); ++turn) {
        for (const auto& call : turn->calls) {
            if (call.id == result.call_id) { return call.name; }
        }
    }
    return result.name.empty() ? "unknown_function" : writing_.tool_name("", result.name);
}

void Contents::add_result(const part::ToolResult& result) {
    Turn& mine = turn(false);
    EncodedResult encoded = encode_result(writing_, result, name_of(result), gemini_3_ || writing_.same_dialect());
    if (writing_.same_dialect()) {
        mine.parts.push_back(encoded.part);
        mine.parts.insert(mine.parts.end(), encoded.files.begin(), encoded.files.end());
        return;
    }
    pending_.push_back({std::move(encoded), turns_.size() - 1, false});
}

// Another provider's thinking is not Gemini's business. What is signed by it goes back in its own part.
void Contents::add_reasoning(const part::Reasoning& reasoning) {
    const std::string& signature = gemini_signature(reasoning.sealed);
    const bool own = writing_.same_dialect() && reasoning.sealed.empty();
    if (signature.empty() && !own) { return; }
    Turn& mine = turn(true);
    std::string text = reasoning.text;
    for (const auto& summary : reasoning.summary) {
        text += (text.empty() ? "" : "\n\n") + summary;
    }
    if (text.empty() && mine.bare_media) {
        // {..."}} becomes {..."},"thoughtSignature":"..."}
        std::string& file = mine.parts.back();
        file.pop_back();
        file += fmt::format(R"(,"thoughtSignature":{}}})", json_scan::quote(signature));
    } else if (!text.empty() || !signature.empty()) {
        mine.parts.push_back(text_part(text, signature, text.empty() ? IsThought::no : IsThought::yes));
    }
    mine.bare_media = false;
}

void Contents::add_media(const part::Media& media, bool model) {
    std::string part = media_part(writing_, media);
    if (part.empty()) { return; }
    Turn& mine = turn(model);
    mine.bare_media = model && part.starts_with("{\"inlineData\"");
    mine.parts.push_back(std::move(part));
}

void Contents::add_part(const Part& part, bool model) {
    if (const auto* text = std::get_if<part::Text>(&part)) {
        if (!text->citations.empty()) { writing_.drops.note("citations", "gemini takes none back in a conversation"); }
        const std::string& signature = gemini_signature(text->sealed);
        if (text->text.empty() && signature.empty()) { return; }
        Turn& mine = turn(model);
        mine.parts.push_back(text_part(text->text, signature));
        mine.bare_media = false;
    } else if (const auto* media = std::get_if<part::Media>(&part)) {
        add_media(*media, model);
    } else if (const auto* call = std::get_if<part::ToolCall>(&part)) {
        add_call(*call);
    } else if (const auto* result = std::get_if<part::ToolResult>(&part)) {
        add_result(*result);
    } else if (const auto* reasoning = std::get_if<part::Reasoning>(&part)) {
        add_reasoning(*reasoning);
    } else if (const auto* refusal = std::get_if<part::Refusal>(&part)) {
        if (!refusal->text.empty()) { turn(model).parts.push_back(text_part(refusal->text)); }
    } else if (const auto* foreign = std::get_if<part::Foreign>(&part)) {
        if (foreign->origin == DialectId::gemini) {
            turn(model).parts.push_back(foreign->raw);
        } else if (!foreign->carried) {
            writing_.drops.note(foreign->type, "gemini has no such block");
        }
    }
}

void Contents::add(const Message& message, std::size_t index) {
    if (!message.name.empty()) {
        writing_.drops.note(fmt::format("messages[{}].name", index), "gemini does not tell participants apart");
    }
    if (message.role == Role::system || message.role == Role::developer) {
        writing_.drops.note(fmt::format("messages[{}].role", index),
                            "gemini has no system message inside a conversation: said by the user");
        std::string said;
        for (const auto& part : message.parts) {
            if (const auto* text = std::get_if<part::Text>(&part)) { said += (said.empty() ? "" : "\n") + text->text; }
        }
        if (!said.empty()) { add_text("<system>\n" + said + "\n</system>"); }
        return;
    }
    new_turn_ = writing_.same_dialect();
    for (const auto& part : message.parts) {
        add_part(part, message.role == Role::assistant);
    }
    new_turn_ = false;
}

// Every call of a turn is answered in the next one, or the API refuses the whole conversation.
void Contents::answer_calls(std::size_t at) {
    const auto result_of = [&](const Call& call) -> Pending* {
        const auto found = std::ranges::find_if(pending_, [&](const Pending& pending) {
            return !pending.placed && pending.turn > at && pending.result.call_id == call.id;
        });
        return found == pending_.end() ? nullptr : &*found;
    };
    const std::vector<Call> calls = turns_[at].calls;
    const bool last = at + 1 == turns_.size();
    if (last && std::ranges::none_of(calls, result_of)) { return; }
    if (last) { turns_.emplace_back(); }
    Turn& next = turns_[at + 1];
    for (const auto& call : calls) {
        if (Pending* pending = result_of(call)) {
            pending->placed = true;
            next.results.push_back(std::move(pending->result.part));
            auto& files = pending->result.files;
            next.files.insert(next.files.end(), files.begin(), files.end());
        } else {
            writing_.drops.note("the call " + call.id,
                                "it has no result, which gemini refuses: an error stands for it");
            next.results.push_back(missing_result(call.id, call.name));
        }
    }
}

void Contents::place_results() {
    for (std::size_t i = 0; i < turns_.size(); ++i) {
        if (!writing_.same_dialect() && !turns_[i].calls.empty()) { answer_calls(i); }
    }
    for (auto& pending : pending_) {
        if (pending.placed) { continue; }
        Turn& turn = turns_[pending.turn];
        turn.files.push_back(text_part(pending.result.as_text));
        turn.files.insert(turn.files.end(), pending.result.files.begin(), pending.result.files.end());
        writing_.drops.note("the result of " + pending.result.call_id,
                            "its call is not in the conversation: given as text");
    }
}

void Contents::write(JsonWriter& json) {
    json.key("contents").begin_array();
    std::optional<bool> open;  // the role being written
    for (const auto& turn : turns_) {
        if (turn.empty()) { continue; }
        // A conversation begins with the user.
        if (!open && turn.model && !writing_.same_dialect()) {
            json.begin_object().member("role", "user").key("parts").begin_array();
            json.raw(text_part("(The conversation goes on.)")).end_array().end_object();
        }
        if (!open || *open != turn.model || writing_.same_dialect()) {
            if (open) { json.end_array().end_object(); }
            json.begin_object().member("role", turn.model ? "model" : "user").key("parts").begin_array();
            open = turn.model;
        }
        for (const auto* list : {&turn.results, &turn.files, &turn.parts}) {
            for (const auto& part : *list) {
                json.raw(part);
            }
        }
    }
    if (open) { json.end_array().end_object(); }
    json.end_array();
}

bool leads(const Message& message) {
    return message.role == Role::system || message.role == Role::developer;
}

}  // namespace

void write_contents(RequestWriting& writing, JsonWriter& json) {
    const auto& messages = writing.request.messages;
    std::size_t first = 0;
    std::vector<std::string> system;
    for (; first < messages.size() && leads(messages[first]); ++first) {
        for (const auto& part : messages[first].parts) {
            if (const auto* text = std::get_if<part::Text>(&part)) {
                if (!text->text.empty()) { system.push_back(text->text); }
                continue;
            }
            const auto* foreign = std::get_if<part::Foreign>(&part);
            if (foreign == nullptr || !foreign->carried) {
                writing.drops.note(fmt::format("messages[{}]", first), "gemini's system instruction holds text only");
            }
        }
    }
    Contents contents(writing);
    for (std::size_t i = first; i < messages.size(); ++i) {
        contents.add(messages[i], i);
    }
    contents.place_results();
    // The API wants contents, so a system prompt alone is said by the user.
    if (contents.empty() && !system.empty() && !writing.same_dialect()) {
        writing.drops.note("messages", "gemini wants a user's message: the system prompt is said by the user");
        for (const auto& text : system) {
            contents.add_text(text);
        }
        system.clear();
    }
    contents.write(json);
    if (system.empty()) { return; }
    json.key("systemInstruction").begin_object().key("parts").begin_array();
    for (const auto& text : system) {
        json.raw(text_part(text));
    }
    json.end_array().end_object();
}

}  // namespace llmgw::wire::gemini
