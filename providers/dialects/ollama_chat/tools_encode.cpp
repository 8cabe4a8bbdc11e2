// Writes tools, and says to the model what is wished of the choice among them: the wire has no word for it.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/util/json_scan.hpp"
#include "providers/dialects/custom_input.hpp"
#include "providers/dialects/ollama_chat/request_write.hpp"

namespace llmgw::wire::ollama {

using json_scan::Type;
using json_scan::Value;

namespace {

// Ollama reads schemas into structures of its own. It passes over what it does not know, and refuses the whole request
// where one of these is not what it expects: a property's schema that is `true`, a property's `required` that is.
struct Expected {
    std::string_view key;
    Type type;
    std::string_view instead;
};
constexpr std::array<Expected, 6> expected{{{"type", Type::string, "[]"},
                                            {"description", Type::string, "\"\""},
                                            {"enum", Type::array, "[]"},
                                            {"required", Type::array, "[]"},
                                            {"anyOf", Type::array, "[]"},
                                            {"properties", Type::object, "{}"}}};

class SchemaMender {
public:
    explicit SchemaMender(std::string_view schema) : schema_(schema) {}

    // A tool's parameters, as written but for what would be refused.
    std::string parameters() {
        bool typed = false;
        bool has_properties = false;
        bool empty = true;
        json_scan::each_member(schema_, [&](std::string_view key, const Value& value) {
            empty = false;
            has_properties = has_properties || key == "properties";
            typed = typed || key == "type";
            // Several types are for properties only.
            if (key == "type" && value.type != Type::string) {
                replace(value, "\"object\"");
            } else if (key != "description" && key != "enum") {
                member(key, value);
            }
            return true;
        });
        std::string missing;
        if (!typed) { missing += R"("type":"object")"; }
        if (!has_properties) { missing += std::string(missing.empty() ? "" : ",") + R"("properties":{})"; }
        if (!missing.empty()) {
            const auto open = schema_.find('{');
            // A schema that is none, or a boolean one, is as good as empty.
            if (open == std::string_view::npos) { return "{" + missing + "}"; }
            edits_.push_back({open + 1, 0, missing + (empty ? "" : ",")});
        }
        return mended();
    }

private:
    struct Edit {
        std::size_t at;
        std::size_t size;
        std::string text;
    };

    void replace(const Value& value, std::string_view text) {
        const auto at = static_cast<std::size_t>(value.text.data() - schema_.data());
        edits_.push_back({at, value.text.size(), std::string(text)});
    }

    void property(const Value& value) {
        if (!value.is_object()) { return replace(value, "{}"); }
        json_scan::each_member(value.text, [&](std::string_view key, const Value& inner) {
            member(key, inner);
            return true;
        });
    }

    void member(std::string_view key, const Value& value) {
        const auto row = std::ranges::find(expected, key, &Expected::key);
        if (row == expected.end() || value.type == Type::null) { return; }
        const bool several_types = key == "type" && value.is_array();
        if (value.type != row->type && !several_types) { return replace(value, row->instead); }
        if (key == "anyOf") {
            json_scan::each_element(value.text, [&](const Value& one) {
                property(one);
                return true;
            });
        } else if (key == "properties") {
            json_scan::each_member(value.text, [&](std::string_view, const Value& one) {
                property(one);
                return true;
            });
        }
    }

    std::string mended() {
        std::ranges::sort(edits_, {}, &Edit::at);
        std::size_t from = 0;
        for (const auto& edit : edits_) {
            out_ += schema_.substr(from, edit.at - from);
            out_ += edit.text;
            from = edit.at + edit.size;
        }
        return std::move(out_ += schema_.substr(from));
    }

    std::string_view schema_;
    std::vector<Edit> edits_;
    std::string out_;
};

class ToolWriter {
public:
    ToolWriter(Writing& writing, JsonWriter& writer) : writing_(writing), writer_(writer) {}

    void write() {
        const ToolChoice& choice = writing_.request.tool_choice;
        std::vector<const Tool*> tools;
        for (std::size_t i = 0; i < writing_.request.tools.size(); ++i) {
            const Tool& tool = writing_.request.tools[i];
            if (tool.kind == ToolKind::server) {
                note(i, tool.server_type.empty() ? tool.name : tool.server_type,
                     "a tool that runs at its own provider only");
            } else if (is_offered(tool)) {
                tools.push_back(&tool);
                note_lost(i, tool);
            }
        }
        if (choice.parallel.has_value() && !*choice.parallel) {
            writing_.note(Field::tool_choice, "ollama-chat cannot say: one call at a time");
        }
        const bool forced = choice.mode == ToolChoiceMode::required || choice.mode == ToolChoiceMode::named;
        if (tools.empty()) {
            if (forced || !choice.allowed.empty()) {
                writing_.note(Field::tool_choice, "no tool is sent that it could mean");
            }
            return;
        }
        if (forced) { say_choice(choice.mode == ToolChoiceMode::named ? tools.front() : nullptr); }
        writer_.begin_array();
        for (const Tool* tool : tools) {
            write_tool(tool->kind == ToolKind::custom ? bridged_tool(*tool) : *tool);
        }
        writer_.end_array();
    }

private:
    // What may not be called is not offered.
    bool is_offered(const Tool& tool) const {
        const ToolChoice& choice = writing_.request.tool_choice;
        const auto is_it = [&](const std::string& name) { return writing_.names.means(name, tool); };
        if (choice.mode == ToolChoiceMode::none) { return false; }
        if (choice.mode == ToolChoiceMode::named) { return is_it(choice.name); }
        return choice.allowed.empty() || std::ranges::any_of(choice.allowed, is_it);
    }

    void say_choice(const Tool* named) {
        writing_.note(Field::tool_choice, "it is said to the model, not enforced");
        writing_.instructions.push_back(named != nullptr
                                            ? fmt::format("Call the tool {} in your next answer.",
                                                          writing_.names.flat(named->name_space, named->name))
                                            : "Call one of the tools in your next answer.");
    }

    void note(std::size_t index, std::string_view what, std::string reason) {
        writing_.drops.note(fmt::format("tools[{}] ({})", index, what), std::move(reason));
    }

    void note_lost(std::size_t index, const Tool& tool) {
        if (tool.kind == ToolKind::custom && !tool.format.empty()) {
            note(index, "format", "the grammar is described to the model, not enforced");
        }
        if (tool.defer_loading) { note(index, "defer_loading", "the tool is there from the beginning"); }
        if (tool.strict.value_or(false)) { note(index, "strict", "Ollama does not hold a model to this schema"); }
        if (tool.cache) { writing_.drops.note("cache_control", "Ollama caches prompts by itself"); }
    }

    void write_tool(const Tool& tool) {
        writer_.begin_object().member("type", "function").key("function").begin_object();
        writer_.member("name", writing_.names.flat(tool.name_space, tool.name));
        writer_.member_if("description", tool.description);
        writer_.raw_member("parameters", SchemaMender(tool.parameters).parameters());
        writer_.end_object().end_object();
    }

    Writing& writing_;
    JsonWriter& writer_;
};

}  // namespace

void write_tools(Writing& writing, JsonWriter& writer) {
    ToolWriter(writing, writer).write();
}

}  // namespace llmgw::wire::ollama
