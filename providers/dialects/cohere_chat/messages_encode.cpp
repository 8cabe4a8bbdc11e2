#include "providers/dialects/cohere_chat/messages_encode.hpp"

#include <algorithm>
#include <array>

#include "core/util/json_valid.hpp"
#include "core/util/text.hpp"
#include "providers/dialects/cohere_chat/codec.hpp"
#include "providers/dialects/custom_input.hpp"
#include "providers/dialects/text_document.hpp"

namespace llmgw::wire {
namespace {

using part::MediaKind;

constexpr std::string_view self = "cohere-chat";
constexpr std::array<std::string_view, 4> image_types{"image/jpeg", "image/png", "image/gif", "image/webp"};

std::string refusal_of(const part::Media& media) {
    if (media.kind == MediaKind::audio || media.kind == MediaKind::video) {
        return "cohere-chat takes images and text documents only";
    }
    if (!media.file_id.empty()) { return "the file is in another provider's store"; }
    if (media.data.empty() && media.url.empty()) { return "it is empty"; }
    if (media.kind == MediaKind::document) {
        if (media.data.empty()) { return "cohere-chat fetches no documents"; }
        if (!is_text_type(media.media_type)) { return "cohere-chat takes documents as text only"; }
        return text_of_document(media) ? "" : "its text cannot be read";
    }
    if (!media.data.empty() && std::ranges::find(image_types, media.media_type) == image_types.end()) {
        return "cohere-chat takes image/jpeg, image/png, image/gif and image/webp only";
    }
    return {};
}

const part::Media* document_in(const Part& part) {
    const auto* media = std::get_if<part::Media>(&part);
    return media != nullptr && media->kind == MediaKind::document ? media : nullptr;
}

JsonText document_json(const part::Media& media) {
    JsonWriter writer;
    writer.begin_object().key("data").begin_object().member_if("title", media.name);
    writer.member_if("context", media.context).member("text", text_of_document(media).value_or(""));
    return writer.end_object().end_object().take();
}

std::string document_text(const part::Media& media) {
    std::string text = media.name.empty() ? "Document:\n" : "Document \"" + media.name + "\":\n";
    if (!media.context.empty()) { text += media.context + "\n"; }
    return text + text_of_document(media).value_or("");
}

std::string thinking_of(const part::Reasoning& reasoning) {
    std::string text = reasoning.text;
    for (const auto& summary : reasoning.summary) {
        if (!text.empty()) { text += "\n\n"; }
        text += summary;
    }
    return text;
}

std::string arguments_of(const part::ToolCall& call) {
    if (call.custom) { return bridged_arguments(call.arguments); }
    if (call.arguments.empty()) { return "{}"; }
    if (is_json_object(call.arguments)) { return call.arguments; }
    // Models say what is no JSON; a history with it is refused.
    return JsonWriter().begin_object().member("raw_arguments", call.arguments).end_object().take();
}

void join(std::string& text, std::string_view more) {
    if (!text.empty() && !more.empty()) { text += "\n\n"; }
    text += more;
}

void write_text(JsonWriter& writer, std::string_view text) {
    writer.begin_object().member("type", "text").member("text", text).end_object();
}

}  // namespace

const PartFacts& cohere_parts(std::string_view model) {
    static const PartFacts plain{DialectId::cohere_chat, self, refusal_of};
    static const PartFacts thinking{DialectId::cohere_chat, self, refusal_of, true};
    return cohere_thinks(model) ? thinking : plain;
}

void CohereMessageWriter::system(const std::vector<WireBlock>& blocks) {
    std::vector<const Part*> parts;
    for (const auto& block : blocks) {
        parts.push_back(block.part);
    }
    writer_.begin_object().member("role", "system").key("content");
    content(parts);
    writer_.end_object();
}

void CohereMessageWriter::turn(const WireTurn& turn) {
    turn.role == Role::assistant ? assistant(turn.blocks) : user(turn.blocks);
}

// One text as a string, else a list.
void CohereMessageWriter::content(const std::vector<const Part*>& parts) {
    const auto* only = parts.size() == 1 ? std::get_if<part::Text>(parts.front()) : nullptr;
    if (only != nullptr) {
        writer_.string(only->text);
        return;
    }
    writer_.begin_array();
    for (const auto* part : parts) {
        if (const auto* text = std::get_if<part::Text>(part)) { write_text(writer_, text->text); }
        const auto* media = std::get_if<part::Media>(part);
        if (media != nullptr && media->kind == MediaKind::document) { write_text(writer_, document_text(*media)); }
        if (media == nullptr || media->kind != MediaKind::image) { continue; }
        writer_.begin_object().member("type", "image_url").key("image_url").begin_object();
        writer_.member("url",
                       media->data.empty() ? media->url : "data:" + media->media_type + ";base64," + media->data);
        writer_.member_if("detail", media->detail).end_object().end_object();
    }
    writer_.end_array();
}

// What is said beside calls is their plan, in the place where Cohere's own models say it.
void CohereMessageWriter::assistant(const std::vector<WireBlock>& blocks) {
    std::vector<const WireBlock*> called;
    std::vector<std::string> thoughts;
    std::vector<std::string> texts;
    for (const auto& block : blocks) {
        if (std::holds_alternative<part::ToolCall>(*block.part)) { called.push_back(&block); }
        if (const auto* said = std::get_if<part::Text>(block.part)) { texts.push_back(said->text); }
        const auto* thought = std::get_if<part::Reasoning>(block.part);
        if (thought != nullptr) { thoughts.push_back(thinking_of(*thought)); }
    }
    if (called.empty() && thoughts.empty() && texts.empty()) { return; }
    writer_.begin_object().member("role", "assistant");
    if (!called.empty()) {
        std::string plan;
        for (const auto& text : texts) {
            join(plan, text);
        }
        texts.clear();
        writer_.member_if("tool_plan", plan);
    }
    if (thoughts.empty() && texts.size() == 1) {
        writer_.member("content", texts.front());
    } else if (!thoughts.empty() || !texts.empty()) {
        writer_.key("content").begin_array();
        for (const auto& thought : thoughts) {
            writer_.begin_object().member("type", "thinking").member("thinking", thought).end_object();
        }
        for (const auto& text : texts) {
            write_text(writer_, text);
        }
        writer_.end_array();
    }
    if (!called.empty()) { calls(called); }
    writer_.end_object();
}

void CohereMessageWriter::calls(const std::vector<const WireBlock*>& blocks) {
    writer_.key("tool_calls").begin_array();
    for (const auto* block : blocks) {
        const auto& call = std::get<part::ToolCall>(*block->part);
        writer_.begin_object().member("id", block->id).member("type", "function").key("function").begin_object();
        writer_.member("name", names_.flat(call.name_space, call.name)).member("arguments", arguments_of(call));
        writer_.end_object().end_object();
    }
    writer_.end_array();
}

// Results first, each a message; then what the user says.
void CohereMessageWriter::user(const std::vector<WireBlock>& blocks) {
    std::vector<WireBlock> said;
    for (const auto& block : blocks) {
        if (std::holds_alternative<part::ToolResult>(*block.part)) {
            result(block, said);
        } else {
            said.push_back(block);
        }
    }
    std::vector<const Part*> parts;
    const auto names = with_documents_aside(said, parts);
    if (parts.empty() && !names.empty()) {
        parts.push_back(rules_.made_text("The documents that came with this: " + names).part);
    }
    if (parts.empty()) { return; }
    writer_.begin_object().member("role", "user").key("content");
    content(parts);
    writer_.end_object();
}

// The names of those that were put aside.
std::string CohereMessageWriter::with_documents_aside(const std::vector<WireBlock>& blocks,
                                                      std::vector<const Part*>& said) {
    std::string names;
    for (const auto& block : blocks) {
        const auto* document = document_in(*block.part);
        if (document == nullptr || !documents_apart_) {
            said.push_back(block.part);
            continue;
        }
        documents_.push_back(document_json(*document));
        if (!names.empty()) { names += ", "; }
        names += document->name.empty() ? "one without a name" : document->name;
    }
    return names;
}

void CohereMessageWriter::result(const WireBlock& block, std::vector<WireBlock>& shown) {
    const auto& result = std::get<part::ToolResult>(*block.part);
    std::vector<WireBlock> texts;
    std::vector<WireBlock> images;
    if (!result.object.empty()) { texts.push_back(rules_.made_text(result.object)); }
    for (const auto& part : result.content) {
        auto inner = rules_.in_result(part);
        if (inner.part == nullptr) { continue; }
        const auto* media = std::get_if<part::Media>(inner.part);
        const bool image = media != nullptr && media->kind == MediaKind::image;
        (image ? images : texts).push_back(std::move(inner));
    }
    if (!images.empty()) {
        // A result holds text: what it shows follows behind all results.
        if (texts.empty()) { texts.push_back(rules_.made_text("What the tool shows follows in the next message.")); }
        shown.push_back(rules_.made_text("Shown by the tool (call " + block.id + "):"));
        std::ranges::copy(images, std::back_inserter(shown));
    }
    if (texts.empty() && !result.is_error) { texts.push_back(rules_.made_text("(no output)")); }
    if (result.is_error) {
        const auto* first = texts.empty() ? nullptr : std::get_if<part::Text>(texts.front().part);
        const auto begins = first == nullptr ? "" : lower(std::string_view(first->text).substr(0, 5));
        if (first == nullptr) {
            texts.insert(texts.begin(), rules_.made_text("Error"));
        } else if (!begins.starts_with("error")) {
            texts.front() = rules_.made_text("Error: " + first->text);
        }
    }
    writer_.begin_object().member("role", "tool").member("tool_call_id", block.id).key("content");
    const auto* only = texts.size() == 1 ? std::get_if<part::Text>(texts.front().part) : nullptr;
    if (only != nullptr) {
        writer_.string(only->text);
    } else {
        writer_.begin_array();
        for (const auto& text : texts) {
            if (const auto* document = document_in(*text.part)) {
                writer_.begin_object().member("type", "document");
                writer_.raw_member("document", document_json(*document)).end_object();
            } else if (const auto* said = std::get_if<part::Text>(text.part)) {
                write_text(writer_, said->text);
            }
        }
        writer_.end_array();
    }
    writer_.end_object();
}

}  // namespace llmgw::wire
