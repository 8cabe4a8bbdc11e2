#include "providers/dialects/bedrock_converse/block_reader.hpp"

#include <utility>

#include "core/util/json_writer.hpp"
#include "core/util/sha256.hpp"
#include "providers/dialects/common.hpp"

namespace llmgw::wire {

using answer::DeltaKind;
using answer::PartKind;
using json_scan::Type;
using json_scan::Value;

namespace {

std::string member_text(std::string_view object, std::string_view key) {
    const auto value = json_scan::member(object, key);
    return value ? string_or_empty(*value) : "";
}

part::Citation citation_in(std::string_view json) {
    part::Citation citation;
    citation.origin = DialectId::bedrock_converse;
    citation.raw = json;
    citation.title = member_text(json, "title");
    if (const auto web = json_scan::at(json, {"location", "web", "url"})) { citation.url = string_or_empty(*web); }
    if (citation.url.empty()) { citation.url = member_text(json, "source"); }
    const auto pieces = json_scan::member(json, "sourceContent");
    const auto add = [&](const Value& piece) {
        citation.cited_text += member_text(piece.text, "text");
        return true;
    };
    if (pieces && pieces->is_array()) { json_scan::each_element(pieces->text, add); }
    if (pieces && pieces->is_object()) { add(*pieces); }
    return citation;
}

}  // namespace

std::optional<UnionMember> union_in(std::string_view object) {
    std::optional<UnionMember> found;
    json_scan::each_member(object, [&](std::string_view key, const Value& value) {
        if (key != "type" && key != "cachePoint" && value.type != Type::null && !found) {
            found = UnionMember{key, value};
        }
        return true;
    });
    return found;
}

bool runs_there(std::string_view tool_use) {
    return member_text(tool_use, "type") == "server_tool_use";
}

void ConverseBlockReader::block(const UnionMember& block) {
    const auto json = block.value.text;
    if (block.name == "text") {
        text(string_or_empty(block.value));
    } else if (block.name == "reasoningContent") {
        reasoning(json);
    } else if (block.name == "toolUse" && !runs_there(json)) {
        begin_call(json);
        const auto arguments = json_scan::member(json, "input");
        if (arguments && arguments->text != "{}") { input(std::string(arguments->text)); }
    } else if (block.name == "citationsContent") {
        const auto content = json_scan::member(json, "content");
        const auto citations = json_scan::member(json, "citations");
        if (content) {
            json_scan::each_element(content->text, [&](const Value& piece) {
                text(member_text(piece.text, "text"));
                return true;
            });
        }
        if (citations) {
            json_scan::each_element(citations->text, [&](const Value& citation) {
                cite(citation.text);
                return true;
            });
        }
    } else if (block.name == "image") {
        image(json);
    } else {
        begin_foreign(block.name, json);
    }
    stop();
}

void ConverseBlockReader::text(std::string text) {
    if (text.empty()) { return; }
    open(PartKind::text);
    delta(DeltaKind::text, std::move(text));
}

void ConverseBlockReader::cite(std::string_view citation) {
    open(PartKind::text);
    out_->emplace_back(answer::Cited{0, citation_in(citation)});
}

void ConverseBlockReader::reasoning(std::string_view json) {
    json_scan::each_member(json, [&](std::string_view key, const Value& value) {
        if (key == "reasoningText" && value.is_object()) { reasoning(value.text); }
        if (key == "text" && !value.raw_string().empty()) {
            open(PartKind::reasoning);
            thought_ = true;
            delta(DeltaKind::summary, string_or_empty(value));
        }
        if (key == "signature" && !value.raw_string().empty()) {
            open(PartKind::reasoning);
            sealed_ += string_or_empty(value);
        }
        if (key == "redactedContent" && !value.raw_string().empty()) {
            open(PartKind::reasoning);
            redacted_ = true;
            sealed_ += string_or_empty(value);
        }
        return true;
    });
}

void ConverseBlockReader::begin_call(std::string_view tool_use) {
    stop();
    answer::PartBegin part;
    part.kind = PartKind::tool_call;
    part.call.name = member_text(tool_use, "name");
    // Nobody can be called by no name.
    if (part.call.name.empty()) { return; }
    auto id = member_text(tool_use, "toolUseId");
    if (id.empty()) { id = "tooluse_" + sha256_hex(tool_use).substr(0, 22); }
    part.call.id = ids_.take(std::move(id));
    out_->emplace_back(std::move(part));
    open_ = PartKind::tool_call;
    called_ = true;
}

void ConverseBlockReader::input(std::string piece) {
    if (open_ == PartKind::foreign) {
        foreign_input_ += piece;
    } else if (open_ == PartKind::tool_call && !piece.empty()) {
        delta(DeltaKind::text, std::move(piece));
    }
}

void ConverseBlockReader::begin_foreign(std::string_view name, std::string_view json) {
    stop();
    open_ = PartKind::foreign;
    foreign_name_ = name;
    foreign_ = json;
}

void ConverseBlockReader::foreign_content(std::string_view json) {
    if (open_ == PartKind::foreign) { foreign_content_ = json; }
}

void ConverseBlockReader::image(std::string_view json) {
    stop();
    answer::PartBegin part;
    part.kind = PartKind::media;
    part.media.kind = part::MediaKind::image;
    part.media.media_type = "image/" + member_text(json, "format");
    const auto bytes = json_scan::at(json, {"source", "bytes"});
    part.media.data = bytes ? string_or_empty(*bytes) : "";
    if (part.media.data.empty()) {
        begin_foreign("image", json);
        return stop();
    }
    out_->emplace_back(std::move(part));
    out_->emplace_back(answer::PartEnd{});
}

void ConverseBlockReader::stop() {
    if (!open_) { return; }
    if (open_ == PartKind::foreign) {
        answer::PartBegin part;
        part.kind = PartKind::foreign;
        part.foreign.origin = DialectId::bedrock_converse;
        part.foreign.type = member_text(foreign_, "type");
        if (part.foreign.type.empty()) { part.foreign.type = foreign_name_; }
        part.foreign.raw = JsonWriter().begin_object().raw_member(foreign_name_, whole_block()).end_object().take();
        out_->emplace_back(std::move(part));
    }
    answer::PartEnd end;
    end.redacted = redacted_ && !thought_;
    if (open_ == PartKind::reasoning && !sealed_.empty()) {
        end.sealed = {DialectId::bedrock_converse, std::move(sealed_), {}};
    }
    out_->emplace_back(std::move(end));
    open_.reset();
    sealed_.clear();
    foreign_input_.clear();
    foreign_content_.clear();
    redacted_ = thought_ = false;
}

void ConverseBlockReader::open(PartKind kind) {
    if (open_ == kind) { return; }
    stop();
    answer::PartBegin part;
    part.kind = kind;
    out_->emplace_back(std::move(part));
    open_ = kind;
}

void ConverseBlockReader::delta(DeltaKind kind, std::string text) {
    out_->emplace_back(answer::Delta{kind, 0, std::move(text), {}});
}

// The block as a whole answer has it.
std::string ConverseBlockReader::whole_block() const {
    JsonWriter writer;
    writer.begin_object();
    json_scan::each_member(foreign_, [&](std::string_view key, const Value& value) {
        const bool replaced =
            (key == "input" && !foreign_input_.empty()) || (key == "content" && !foreign_content_.empty());
        if (!replaced) { writer.raw_member(key, value.text); }
        return true;
    });
    // Arguments that were cut are no JSON.
    const bool complete = json_scan::each_member(foreign_input_, [](std::string_view, const Value&) { return true; });
    if (!foreign_input_.empty()) {
        writer.raw_member("input", complete ? foreign_input_ : json_scan::quote(foreign_input_));
    }
    writer.raw_member_if("content", foreign_content_);
    return writer.end_object().take();
}

}  // namespace llmgw::wire
