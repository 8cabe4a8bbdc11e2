// What a tool is called towards a provider whose names have no namespaces, at most 64 characters and a small alphabet,
// and what the client calls it. The request's tools alone decide, so the map is the same again when the answer comes,
// and in the next turn (T3c).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/model/chat_request.hpp"

namespace llmgw::wire {

// What names consist of, besides letters, digits and `_`.
enum class NameAlphabet { with_dash, no_dash };

// `namespace__name`, or the name alone; "functions" is OpenAI's own word for having no namespace. Characters outside
// the alphabet become `_`; a name that was changed by that, is longer than 64 characters or does not begin with a
// letter or `_` gets a hash of what it was as its end.
std::string flat_tool_name(std::string_view name_space, std::string_view name,
                           NameAlphabet alphabet = NameAlphabet::with_dash);

// Whether calls of the namespace's tools go without it.
inline bool is_default_namespace(std::string_view name_space) {
    return name_space.empty() || name_space == "functions";
}

// The names of one request's tools.
class ToolNames {
public:
    ToolNames() = default;
    // `tools` outlive this. Of two tools that would get one name the later is told apart by a hash.
    explicit ToolNames(const std::vector<Tool>& tools, NameAlphabet alphabet = NameAlphabet::with_dash);

    // Also for names that only the history knows. A name without its namespace is taken for the one tool called so.
    std::string flat(std::string_view name_space, std::string_view name) const;
    // The function or custom tool with this flat name in any alphabet: who reads an answer does not know which one its
    // target has. Or else the one with this name in any namespace (models leave it out at times); null when there is
    // none.
    const Tool* find(std::string_view flat_name) const;
    // Whether a choice by this name means the tool: the one its name leads to, or else each that is called so.
    bool means(std::string_view chosen, const Tool& tool) const;

private:
    struct Names {
        Names() = default;
        Names(const std::vector<Tool>& tools, NameAlphabet alphabet);

        std::map<std::pair<std::string, std::string>, std::string> flat;
        std::map<std::string, const Tool*, std::less<>> tools;
    };

    const Names& said() const { return alphabet_ == NameAlphabet::no_dash ? without_dash_ : with_dash_; }
    const Tool* only_one_called(std::string_view name) const;

    NameAlphabet alphabet_ = NameAlphabet::with_dash;
    Names with_dash_;
    Names without_dash_;
};

}  // namespace llmgw::wire
