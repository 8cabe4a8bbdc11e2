// Writes `messages`: strings, images beside them, one of each kind in an assistant's.
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "core/util/json_scan.hpp"
#include "core/util/json_valid.hpp"
#include "core/util/text.hpp"
#include "providers/dialects/custom_input.hpp"
#include "providers/dialects/media_words.hpp"
#include "providers/dialects/ollama_chat/request_write.hpp"
#include "providers/dialects/openai_chat/request_write.hpp"
#include "providers/dialects/text_document.hpp"

namespace llmgw::wire::ollama {

namespace {

using chat::CallResult;
using chat::paragraph;
using chat::Step;
using part::Media;
using part::MediaKind;

constexpr std::array<std::string_view, 5> image_types{"", "image/png", "image/jpeg", "image/jpg", "image/webp"};
// What Ollama does not know for audio by its first bytes it takes for an image.
constexpr std::array<std::string_view, 6> audio_types{"audio/wav",      "audio/x-wav", "audio/wave",
                                                      "audio/vnd.wave", "audio/mpeg",  "audio/mp3"};

// Why it cannot be shown, "" when it can.
std::string_view refusal_of(const Media& media) {
    if (media.kind == MediaKind::document) { return "ollama-chat takes documents as text only"; }
    if (media.kind == MediaKind::video) { return "ollama-chat takes no video"; }
    if (!media.file_id.empty()) { return "the file is in another provider's store"; }
    if (media.data.empty()) { return "Ollama does not fetch addresses"; }
    if (media.kind == MediaKind::audio) {
        const bool known = std::ranges::find(audio_types, media.media_type) != audio_types.end();
        return known ? "" : "ollama-chat takes WAV and MP3";
    }
    const bool known = std::ranges::find(image_types, media.media_type) != image_types.end();
    return known ? "" : "ollama-chat takes PNG, JPEG and WebP";
}

// The model is told that something was there.
std::string placeholder(const Media& media) {
    std::string text = fmt::format("[{} not shown", word(media.kind));
    if (!media.name.empty()) { text += ": " + media.name; }
    if (!media.url.empty()) { text += " (" + media.url + ")"; }
    return text + "]";
}

// What one message says.
struct Said {
    std::string text;
    std::string thinking;
    std::vector<const Media*> images;

    void add(std::string_view more) {
        if (more.empty()) { return; }
        if (!text.empty()) { text += paragraph; }
        text += more;
    }
};

class MessageWriter {
public:
    MessageWriter(Writing& writing, JsonWriter& writer) : writing_(writing), writer_(writer) {}

    void write() {
        const auto steps = chat::plan_steps(writing_.request);
        writer_.begin_array();
        bool leading = true;
        for (const auto& step : steps) {
            const bool system = step.role == Role::system || step.role == Role::developer;
            if (leading && !system) { write_instructions(); }
            leading = leading && system;
            if (step.role == Role::assistant) {
                write_assistant(step);
                write_results(step);
            } else {
                write_message(system ? "system" : "user", collect(step.parts));
            }
            if (!writing_.request.messages[step.message].name.empty()) {
                writing_.drops.note("messages: name", "ollama-chat has no participants' names");
            }
        }
        if (leading) { write_instructions(); }
        // Without a message Ollama would load the model and answer nothing.
        if (!said_) { open("user", "").end_object(); }
        writer_.end_array();
    }

private:
    JsonWriter& open(std::string_view role, std::string_view content) {
        said_ = true;
        return writer_.begin_object().member("role", role).member("content", content);
    }

    void write_instructions() {
        for (const auto& text : writing_.instructions) {
            open("system", text).end_object();
        }
        writing_.instructions.clear();
    }

    Said collect(const std::vector<const Part*>& parts) {
        Said said;
        bool together = false;  // the part before was text too
        for (const Part* part : parts) {
            const auto* text = std::get_if<part::Text>(part);
            if (text != nullptr) {
                add_text(*text, together, said);
            } else if (const auto* media = std::get_if<Media>(part)) {
                add_media(*media, said);
            } else if (const auto* result = std::get_if<part::ToolResult>(part)) {
                add_orphan(*result, said);
            } else if (const auto* refusal = std::get_if<part::Refusal>(part)) {
                said.add(refusal->text);
            } else if (const auto* reasoning = std::get_if<part::Reasoning>(part)) {
                add_thinking(*reasoning, said);
            } else if (const auto* foreign = std::get_if<part::Foreign>(part);
                       foreign != nullptr && !foreign->carried) {
                writing_.drops.note(fmt::format("messages: {}", foreign->type), "ollama-chat has no such block");
            }
            together = text != nullptr && (together || !text->text.empty());
        }
        return said;
    }

    // A citation cuts one text in several parts.
    void add_text(const part::Text& text, bool together, Said& said) {
        note_cache(text.cache);
        if (!text.phase.empty()) { writing_.drops.note("messages: phase", "ollama-chat has no such member"); }
        if (together && assistant_) {
            said.text += text.text;
        } else {
            said.add(text.text);
        }
    }

    void add_media(const Media& media, Said& said) {
        note_cache(media.cache);
        if (media.citations) { note_media("document.citations", "sources cannot be asked for"); }
        if (const auto text = text_of_document(media)) {
            const auto above = [](const std::string& line) { return line.empty() ? line : line + "\n"; };
            return said.add(above(media.name) + above(media.context) + *text);
        }
        if (!media.context.empty()) { note_media("document.context", "the context of a document has no place"); }
        if (const auto reason = refusal_of(media); !reason.empty()) {
            note_media(word(media.kind), reason);
            return said.add(placeholder(media));
        }
        said.images.push_back(&media);
    }

    static void add_thinking(const part::Reasoning& reasoning, Said& said) {
        const auto add = [&](const std::string& text) {
            if (!text.empty() && !said.thinking.empty()) { said.thinking += paragraph; }
            said.thinking += text;
        };
        add(reasoning.text);
        for (const auto& summary : reasoning.summary) {
            add(summary);
        }
    }

    void note_media(std::string_view what, std::string_view reason) {
        writing_.drops.note(fmt::format("messages: {}", what), std::string(reason));
    }

    void note_cache(const std::optional<CacheMark>& mark) {
        if (mark) { writing_.drops.note("cache_control", "Ollama caches prompts by itself"); }
    }

    // A result whose call is not there any more.
    void add_orphan(const part::ToolResult& result, Said& said) {
        std::string text = "[Result of an earlier tool call";
        if (!result.name.empty()) { text += ": " + result.name; }
        text += "]\n" + result.object;
        for (const auto& part : result.content) {
            if (const auto* words = std::get_if<part::Text>(&part)) { text += words->text; }
        }
        said.add(text);
        for (const auto& part : result.content) {
            if (const auto* media = std::get_if<Media>(&part)) { add_media(*media, said); }
        }
    }

    void write_images(const Said& said) {
        if (said.images.empty()) { return; }
        writer_.key("images").begin_array();
        for (const Media* image : said.images) {
            writer_.string(image->data);
        }
        writer_.end_array();
    }

    void write_message(std::string_view role, const Said& said) {
        if (said.text.empty() && said.images.empty()) { return; }
        open(role, said.text);
        write_images(said);
        writer_.end_object();
    }

    void write_assistant(const Step& step) {
        assistant_ = true;
        const auto said = collect(step.parts);
        assistant_ = false;
        if (said.text.empty() && said.thinking.empty() && said.images.empty() && step.call_ids.empty()) { return; }
        open("assistant", said.text);
        writer_.member_if("thinking", said.thinking);
        write_images(said);
        if (!step.call_ids.empty()) { write_calls(step); }
        writer_.end_object();
    }

    // Servers of 2025 pass the ids over; newer ones find the results by them.
    void write_calls(const Step& step) {
        writer_.key("tool_calls").begin_array();
        std::size_t index = 0;
        for (const Part* part : step.parts) {
            const auto* call = std::get_if<part::ToolCall>(part);
            if (call == nullptr) { continue; }
            note_cache(call->cache);
            writer_.begin_object().member("id", step.call_ids[index++]).key("function").begin_object();
            writer_.member("name", writing_.names.flat(call->name_space, call->name));
            writer_.raw_member("arguments", arguments_of(*call)).end_object().end_object();
        }
        writer_.end_array();
    }

    // An object. Models say arguments that are none.
    static std::string arguments_of(const part::ToolCall& call) {
        if (call.custom) { return bridged_arguments(call.arguments); }
        if (is_json_object(call.arguments)) { return call.arguments; }
        if (call.arguments.empty()) { return "{}"; }
        return JsonWriter().begin_object().member("raw_arguments", call.arguments).end_object().take();
    }

    // What tools show stands in a message of the user's behind all of their results.
    void write_results(const Step& step) {
        Said shown;
        for (const auto& answer : step.results) {
            write_result(answer, shown);
        }
        write_message("user", shown);
    }

    void write_result(const CallResult& answer, Said& shown) {
        const part::ToolResult& result = *answer.result;
        std::vector<const Part*> parts;
        for (const auto& part : result.content) {
            parts.push_back(&part);
        }
        auto said = collect(parts);
        note_cache(result.cache);
        if (!result.object.empty()) {
            said.text = result.object + (said.text.empty() ? "" : std::string(paragraph) + said.text);
        }
        if (!said.images.empty()) {
            shown.add(fmt::format("Shown by tool {} (call {}):", answer.call->name, answer.id));
            std::ranges::copy(said.images, std::back_inserter(shown.images));
            if (said.text.empty()) { said.text = "What the tool shows follows in the next message."; }
        }
        if (result.is_error && !lower(std::string_view(said.text).substr(0, 5)).starts_with("error")) {
            said.text = "Error: " + said.text;
        }
        open("tool", said.text);
        writer_.member("tool_name", writing_.names.flat(answer.call->name_space, answer.call->name));
        writer_.member("tool_call_id", answer.id).end_object();
    }

    Writing& writing_;
    JsonWriter& writer_;
    bool assistant_ = false;
    bool said_ = false;
};

}  // namespace

void write_messages(Writing& writing, JsonWriter& writer) {
    MessageWriter(writing, writer).write();
}

}  // namespace llmgw::wire::ollama
