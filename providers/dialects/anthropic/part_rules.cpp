#include "providers/dialects/anthropic/part_rules.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/util/text.hpp"
#include "providers/dialects/media_words.hpp"
#include "providers/dialects/text_document.hpp"

namespace llmgw::wire {
namespace {

constexpr std::array<std::string_view, 4> image_types{"image/jpeg", "image/png", "image/gif", "image/webp"};

// Why this wire cannot take it, "" when it can.
std::string refusal_of(const part::Media& media) {
    if (media.kind == part::MediaKind::audio || media.kind == part::MediaKind::video) {
        return "anthropic takes images and documents only";
    }
    if (!media.file_id.empty() && media.origin != DialectId::anthropic) {
        return "the file is in another provider's store";
    }
    if (media.kind == part::MediaKind::image && !media.data.empty() &&
        std::ranges::find(image_types, media.media_type) == image_types.end()) {
        return "anthropic takes image/jpeg, image/png, image/gif and image/webp only";
    }
    if (media.kind == part::MediaKind::document && !media.data.empty() && media.media_type != "application/pdf" &&
        !is_text_type(media.media_type)) {
        return "anthropic takes PDF and text documents only";
    }
    if (media.data.empty() && media.url.empty() && media.file_id.empty()) { return "it is empty"; }
    return {};
}

std::string refusal_of_urls(const part::Media& media) {
    return media.url.empty() ? refusal_of(media) : "this host fetches no URLs";
}

}  // namespace

const PartFacts anthropic_parts{DialectId::anthropic, "anthropic", refusal_of};

const PartFacts& anthropic_parts_for(const TargetTraits& target) {
    static const PartFacts without_urls{DialectId::anthropic, "anthropic", refusal_of_urls};
    return target.image_urls ? anthropic_parts : without_urls;
}

bool is_blank(std::string_view text) {
    return trim(text).find_first_not_of("\v\f") == std::string_view::npos;
}

WireBlock PartRules::made_text(std::string text) {
    made_.emplace_back(part::Text{std::move(text), {}, {}, {}, {}});
    return {&made_.back(), {}, {}, {}};
}

WireBlock PartRules::left_out(std::string_view what, const std::string& reason) {
    drops_.note(std::string(what), reason);
    return made_text("[" + std::string(what) + " left out: " + reason + "]");
}

const Part* PartRules::missing_result() {
    part::ToolResult result;
    result.content.emplace_back(part::Text{"No result was given for this call.", {}, {}, {}, {}});
    result.is_error = true;
    made_.emplace_back(std::move(result));
    return &made_.back();
}

WireBlock PartRules::media(const Part& part, const part::Media& media) {
    const std::string reason = facts_.refusal(media);
    if (!reason.empty()) { return left_out(word(media.kind), reason); }
    return {&part, {}, {}, media.cache};
}

WireBlock PartRules::in_system(const Part& part) {
    if (const auto* text = std::get_if<part::Text>(&part)) {
        if (is_blank(text->text)) { return {}; }
        return {&part, {}, {}, text->cache};
    }
    if (const auto* foreign = std::get_if<part::Foreign>(&part)) {
        if (foreign->origin == facts_.self) { return {&part, {}, {}, foreign->cache}; }
        if (!foreign->carried) { drops_.note(foreign->type, std::string(facts_.name) + " has no such item"); }
    } else if (const auto* held = std::get_if<part::Media>(&part)) {
        drops_.note("system: " + std::string(word(held->kind)),
                    std::string(facts_.name) + "'s system prompt is text only");
    }
    return {};
}

WireBlock PartRules::in_user(const Part& part) {
    if (const auto* held = std::get_if<part::Media>(&part)) { return media(part, *held); }
    if (const auto* refusal = std::get_if<part::Refusal>(&part)) {
        return is_blank(refusal->text) ? WireBlock{} : made_text(refusal->text);
    }
    if (std::holds_alternative<part::ToolCall>(part)) {
        drops_.note("tool call of the user", "only the model calls tools");
        return {};
    }
    if (std::holds_alternative<part::Reasoning>(part)) { return {}; }
    return in_system(part);
}

WireBlock PartRules::in_assistant(const Part& part) {
    if (const auto* call = std::get_if<part::ToolCall>(&part)) { return {&part, {}, {}, call->cache}; }
    if (const auto* reasoning = std::get_if<part::Reasoning>(&part)) {
        // Another provider's thinking is never stamped (T3b), and without a signature of this one's it is refused.
        const bool own = reasoning->sealed.origin == facts_.self && !reasoning->sealed.data.empty();
        const bool plain = facts_.plain_thinking && reasoning->sealed.data.empty() &&
                           !(reasoning->text.empty() && reasoning->summary.empty());
        return own || plain ? WireBlock{&part, {}, {}, {}} : WireBlock{};
    }
    if (const auto* held = std::get_if<part::Media>(&part)) {
        return left_out(word(held->kind), "in " + std::string(facts_.name) + "'s dialect the assistant says text only");
    }
    return in_user(part);
}

WireBlock PartRules::reminder(const Part& part) {
    const auto* text = std::get_if<part::Text>(&part);
    if (text == nullptr) {
        if (const auto* foreign = std::get_if<part::Foreign>(&part)) {
            const bool own = foreign->origin == facts_.self;
            if (own) { drops_.note(foreign->type, "the target has no system messages inside a conversation"); }
            return own ? WireBlock{} : in_system(part);
        }
        return in_user(part);
    }
    if (is_blank(text->text)) { return {}; }
    WireBlock block = made_text("<system-reminder>\n" + text->text + "\n</system-reminder>");
    block.cache = text->cache;
    return block;
}

std::vector<WireBlock> PartRules::orphan(const part::ToolResult& result) {
    std::vector<WireBlock> blocks;
    const std::string name = result.name.empty() ? result.call_id : result.name;
    std::string text = "Result of an earlier tool call (" + name + "):";
    if (!result.object.empty()) { text += "\n" + result.object; }
    blocks.push_back(made_text(std::move(text)));
    for (const Part& part : result.content) {
        WireBlock block = in_user(part);
        if (block.part != nullptr) { blocks.push_back(std::move(block)); }
    }
    return blocks;
}

}  // namespace llmgw::wire
