// Writes `messages` from the steps of the plan.
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "core/util/json_scan.hpp"
#include "core/util/json_valid.hpp"
#include "core/util/text.hpp"
#include "providers/dialects/custom_input.hpp"
#include "providers/dialects/openai_chat/request_write.hpp"

namespace llmgw::wire::chat {

namespace {

template <class Wanted>
bool is(const Part* part) {
    return std::holds_alternative<Wanted>(*part);
}

class MessageWriter {
public:
    MessageWriter(Writing& writing, JsonWriter& writer) : writing_(writing), writer_(writer) {}

    void write() {
        const std::vector<Step> steps = plan_steps(writing_.request);
        mark_ends(steps);
        writer_.begin_array();
        bool leading = true;
        for (const auto& step : steps) {
            const bool system = step.role == Role::system || step.role == Role::developer;
            if (leading && !system) { write_instruction(); }
            leading = leading && system;
            if (step.role == Role::assistant) {
                write_assistant(step);
                write_results(step);
            } else {
                write_said(step);
            }
        }
        if (leading) { write_instruction(); }
        writer_.end_array();
    }

private:
    // Where marks are the only way to a cache and the client set none: the system prompt, and the last two things said
    // to the model, so that the next turn finds what this one wrote (T12).
    void mark_ends(const std::vector<Step>& steps) {
        if (writing_.target.cache_marks != "cache_control" || writing_.own() || has_marks()) { return; }
        const auto last_text = [](const Step& step) -> const Part* {
            const auto found = std::find_if(step.parts.rbegin(), step.parts.rend(), is<part::Text>);
            return found != step.parts.rend() ? *found : nullptr;
        };
        const Part* system = nullptr;
        for (const auto& step : steps) {
            if (step.role != Role::system && step.role != Role::developer) { break; }
            if (const Part* text = last_text(step)) { system = text; }
        }
        if (system != nullptr) { writing_.marks.insert(system); }
        int left = 2;
        for (auto step = steps.rbegin(); step != steps.rend() && left > 0; ++step) {
            const Part* text = step->role == Role::user ? last_text(*step) : nullptr;
            if (step->role == Role::assistant && !step->results.empty()) { text = step->results.back().part; }
            if (text == nullptr) { continue; }
            writing_.marks.insert(text);
            --left;
        }
    }

    bool has_marks() const {
        const ChatRequest& request = writing_.request;
        const auto marked = [](const Part& part) {
            return std::visit(
                [](const auto& said) {
                    if constexpr (requires { said.cache; }) { return said.cache.has_value(); }
                    return false;
                },
                part);
        };
        const bool tools = std::ranges::any_of(request.tools, [](const Tool& tool) { return tool.cache.has_value(); });
        return tools || std::ranges::any_of(request.messages, [&](const Message& message) {
                   return std::ranges::any_of(message.parts, marked);
               });
    }

    void write_instruction() {
        if (writing_.instruction.empty()) { return; }
        writer_.begin_object().member("role", "system").member("content", writing_.instruction).end_object();
        writing_.instruction.clear();
    }

    std::string_view role_word(Role role) const {
        if (role == Role::user) { return "user"; }
        return role == Role::developer && writing_.target.developer_role ? "developer" : "system";
    }

    void write_said(const Step& step) {
        const auto items = content_items(writing_, step.parts);
        if (items.empty() && !writing_.own()) { return; }
        writer_.begin_object().member("role", role_word(step.role));
        write_tail(step.message);
        writer_.key("content");
        write_content(writing_, items, writer_);
        writer_.end_object();
    }

    // The message's name and what else the client wrote in it.
    void write_tail(std::size_t index) {
        writer_.member_if("name", writing_.request.messages[index].name);
        write_extras(index);
    }

    void write_extras(std::size_t index) {
        if (!writing_.own()) { return; }
        const std::string prefix = fmt::format("messages[{}].", index);
        for (const auto& [path, json] : writing_.request.extras) {
            const std::string_view key = std::string_view(path).substr(std::min(path.size(), prefix.size()));
            if (path.starts_with(prefix) && key.find_first_of(".[") == std::string_view::npos) {
                writer_.raw_member(key, json);
            }
        }
    }

    void write_assistant(const Step& step) {
        Spoken spoken = collect(step);
        const bool has_calls = !step.call_ids.empty();
        const bool reasons = !spoken.thinking.empty() && !writing_.target.reasoning_back.empty();
        const bool speaks = !spoken.items.empty() || !spoken.refusal.empty() || !spoken.audio.empty();
        if (!speaks && !reasons && !has_calls && !writing_.own()) { return; }
        writer_.begin_object().member("role", "assistant");
        write_tail(step.message);
        write_reasoning(spoken, has_calls);
        writer_.key("content");
        if (writing_.target.reasoning_back == "thinking_parts" && !spoken.thinking.empty()) {
            write_thinking_parts(spoken);
        } else if (spoken.items.empty() && (has_calls || !writing_.own())) {
            writer_.null();
        } else {
            write_content(writing_, spoken.items, writer_);
        }
        writer_.member_if("refusal", spoken.refusal);
        writer_.raw_member_if("audio", spoken.audio).raw_member_if("extra_content", spoken.seal);
        if (has_calls) { write_calls(step); }
        writer_.end_object();
    }

    struct Spoken {
        std::vector<ContentItem> items;
        std::string thinking;
        std::string details;  // elements of reasoning_details, without brackets
        std::string refusal;
        JsonText audio;
        JsonText seal;  // extra_content, of Gemini's compatible endpoint
    };

    Spoken collect(const Step& step) {
        Spoken spoken;
        bool together = false;  // the part before was text too
        for (const Part* part : step.parts) {
            if (const auto* text = std::get_if<part::Text>(part)) {
                add_text(*text, together, spoken);
                together = !text->text.empty() || together;
                continue;
            }
            together = false;
            if (const auto* reasoning = std::get_if<part::Reasoning>(part)) {
                add_reasoning(*reasoning, spoken);
            } else if (const auto* refusal = std::get_if<part::Refusal>(part)) {
                add_refusal(*refusal, spoken);
            } else if (const auto* foreign = std::get_if<part::Foreign>(part)) {
                add_foreign(*foreign, *part, spoken);
            } else if (is<part::Media>(part)) {
                writing_.drops.note("messages: media said by the assistant", "openai-chat takes text only there");
            }
        }
        return spoken;
    }

    // Anthropic cuts one text into several where it cites: those follow each other without a break. Texts with
    // something between them are paragraphs.
    void add_text(const part::Text& text, bool together, Spoken& spoken) {
        if (!text.citations.empty() && !writing_.own()) {
            writing_.drops.note("messages: citations", "the history says texts without their sources");
        }
        if (text.sealed.origin == DialectId::openai_chat && !text.sealed.data.empty()) {
            spoken.seal = text.sealed.data;
        }
        if (!text.phase.empty()) { writing_.drops.note("messages: phase", "openai-chat has no such member"); }
        if (text.text.empty()) { return; }
        if (together && !writing_.own() && !spoken.items.empty() && spoken.items.back().raw.empty()) {
            spoken.items.back().text += text.text;
            if (text.cache) { spoken.items.back().mark = text.cache; }
            return;
        }
        spoken.items.push_back({text.text, {}, text.cache});
    }

    static void add_reasoning(const part::Reasoning& reasoning, Spoken& spoken) {
        if (reasoning.sealed.origin == DialectId::openai_chat && !reasoning.sealed.data.empty()) {
            const std::string_view data = reasoning.sealed.data;
            if (data.starts_with('{')) {
                spoken.seal = data;
            } else if (data.starts_with('[') && data.size() > 2) {
                if (!spoken.details.empty()) { spoken.details += ','; }
                spoken.details += data.substr(1, data.size() - 2);
            }
        }
        std::string text = reasoning.text;
        for (const auto& summary : reasoning.summary) {
            if (!text.empty()) { text += paragraph; }
            text += summary;
        }
        if (text.empty()) { return; }
        if (!spoken.thinking.empty()) { spoken.thinking += paragraph; }
        spoken.thinking += text;
    }

    void add_refusal(const part::Refusal& refusal, Spoken& spoken) {
        if (writing_.own()) {
            spoken.refusal += refusal.text;
        } else {
            spoken.items.push_back({refusal.text, {}, {}});  // hosts know `content`
        }
    }

    void add_foreign(const part::Foreign& foreign, const Part& part, Spoken& spoken) {
        if (foreign.origin == DialectId::openai_chat && foreign.type == "audio") {
            spoken.audio = foreign.raw;
            return;
        }
        for (auto& item : content_items(writing_, {&part})) {
            spoken.items.push_back(std::move(item));
        }
    }

    void write_reasoning(const Spoken& spoken, bool has_calls) {
        const std::string_view form = writing_.target.reasoning_back;
        if (form == "reasoning_details" && !spoken.details.empty()) {
            writer_.key(form).raw(fmt::format("[{}]", spoken.details));
        } else if (form == "reasoning" || form == "reasoning_details") {
            writer_.member_if("reasoning", spoken.thinking);
        } else if (form == "reasoning_content" && (has_calls || !spoken.thinking.empty())) {
            // DeepSeek and Moonshot refuse a call without it; for one of another provider's it is empty.
            writer_.member("reasoning_content", spoken.thinking);
        }
    }

    // Mistral's form.
    void write_thinking_parts(const Spoken& spoken) {
        writer_.begin_array();
        writer_.begin_object().member("type", "thinking").key("thinking").begin_array();
        writer_.begin_object().member("type", "text").member("text", spoken.thinking).end_object();
        writer_.end_array().end_object();
        for (const auto& item : spoken.items) {
            if (item.raw.empty()) {
                writer_.begin_object().member("type", "text").member("text", item.text).end_object();
            }
        }
        writer_.end_array();
    }

    void write_calls(const Step& step) {
        writer_.key("tool_calls").begin_array();
        std::size_t index = 0;
        for (const Part* part : step.parts) {
            const auto* call = std::get_if<part::ToolCall>(part);
            if (call == nullptr) { continue; }
            const bool custom = call->custom && writing_.own();
            const std::string_view type = custom ? "custom" : "function";
            writer_.begin_object().member("id", step.call_ids[index++]).member("type", type);
            writer_.key(type).begin_object().member("name", writing_.names.flat(call->name_space, call->name));
            if (custom) {
                writer_.member("input", call->arguments);
            } else {
                writer_.member("arguments", arguments_of(*call));
            }
            writer_.end_object();
            if (call->sealed.origin == DialectId::openai_chat && call->sealed.data.starts_with('{')) {
                writer_.raw_member("extra_content", call->sealed.data);
            }
            writer_.end_object();
        }
        writer_.end_array();
    }

    // Models say arguments that are no JSON, and some hosts refuse a history with them from then on.
    std::string arguments_of(const part::ToolCall& call) const {
        if (call.custom) { return bridged_arguments(call.arguments); }
        if (writing_.own() || is_json(call.arguments)) { return call.arguments; }
        if (call.arguments.empty()) { return "{}"; }
        return JsonWriter().begin_object().member("raw_arguments", call.arguments).end_object().take();
    }

    void write_results(const Step& step) {
        std::vector<ContentItem> moved;
        for (const auto& answer : step.results) {
            write_result(answer, moved);
        }
        if (moved.empty()) { return; }
        // After all tool messages: nothing may stand between them.
        writer_.begin_object().member("role", "user").key("content");
        write_content(writing_, moved, writer_);
        writer_.end_object();
    }

    void write_result(const CallResult& answer, std::vector<ContentItem>& moved) {
        const part::ToolResult& result = *answer.result;
        std::vector<const Part*> parts;
        for (const auto& part : result.content) {
            parts.push_back(&part);
        }
        std::vector<ContentItem> items = content_items(writing_, parts);
        if (!writing_.own() && !writing_.target.tool_result_images) { move_media(answer, items, moved); }
        if (!result.object.empty()) { items.insert(items.begin(), {result.object, {}, {}}); }
        if (result.is_error) { say_error(items); }
        if (result.cache && !items.empty()) { items.back().mark = result.cache; }
        if (writing_.marks.contains(answer.part) && !items.empty()) { items.back().mark = CacheMark{}; }
        writer_.begin_object().member("role", "tool").member("tool_call_id", answer.id);
        write_extras(answer.message);
        writer_.key("content");
        write_content(writing_, items, writer_);
        writer_.end_object();
    }

    static void say_error(std::vector<ContentItem>& items) {
        if (items.empty() || !items.front().raw.empty()) { items.insert(items.begin(), ContentItem{}); }
        std::string& text = items.front().text;
        if (!lower(std::string_view(text).substr(0, 5)).starts_with("error")) { text = "Error: " + text; }
    }

    static void move_media(const CallResult& answer, std::vector<ContentItem>& items, std::vector<ContentItem>& moved) {
        const auto first = std::ranges::stable_partition(items, [](const auto& item) { return item.raw.empty(); });
        if (first.empty()) { return; }
        moved.push_back({fmt::format("Shown by tool {} (call {}):", answer.call->name, answer.id), {}, {}});
        moved.insert(moved.end(), std::make_move_iterator(first.begin()), std::make_move_iterator(first.end()));
        items.erase(first.begin(), first.end());
        if (items.empty()) { items.push_back({"What the tool shows follows in the next message.", {}, {}}); }
    }

    Writing& writing_;
    JsonWriter& writer_;
};

}  // namespace

void write_messages(Writing& writing, JsonWriter& writer) {
    MessageWriter(writing, writer).write();
}

}  // namespace llmgw::wire::chat
