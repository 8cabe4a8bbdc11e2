#include <set>
#include <string>

#include <doctest/doctest.h>

#include "providers/dialects/tool_names.hpp"

using namespace llmgw;
using namespace llmgw::wire;

namespace {

Tool tool(std::string name_space, std::string name, ToolKind kind = ToolKind::function) {
    Tool made;
    made.kind = kind;
    made.name = std::move(name);
    made.name_space = std::move(name_space);
    return made;
}

}  // namespace

TEST_SUITE("dialects/tool_names") {
    TEST_CASE("flat names: plain ones stay, the rest is shortened and told apart") {
        CHECK(flat_tool_name("", "shell") == "shell");
        CHECK(flat_tool_name("mcp__mail", "send") == "mcp__mail__send");
        CHECK(flat_tool_name("functions", "exec") == "exec");
        CHECK(flat_tool_name("", std::string(64, 'a')) == std::string(64, 'a'));

        std::set<std::string> seen;
        for (const std::string& name :
             {std::string(65, 'a'), std::string(65, 'a') + "b", std::string("a.b"), std::string("a:b"),
              std::string("a_b"), std::string("1st"), std::string(""), std::string("\xC3\xA9t\xC3\xA9")}) {
            const std::string flat = flat_tool_name("", name);
            CAPTURE(name);
            CHECK(flat.size() <= 64);
            CHECK_FALSE(flat.empty());
            CHECK(flat.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
                  std::string::npos);
            CHECK(flat.find_first_of("0123456789-") != 0);
            CHECK(seen.insert(flat).second);
            CHECK(flat == flat_tool_name("", name));
        }
    }

    TEST_CASE("a request's names lead back to its tools") {
        const std::vector<Tool> tools = {tool("functions", "exec", ToolKind::custom),
                                         tool("", "exec"),
                                         tool("ns", "only"),
                                         tool("a", "b__c"),
                                         tool("a__b", "c"),
                                         tool("", "web_search", ToolKind::server),
                                         tool("", std::string(100, 'x'))};
        const ToolNames names(tools);
        std::set<std::string> flats;
        for (const auto& each : tools) {
            if (each.kind == ToolKind::server) { continue; }
            const std::string flat = names.flat(each.name_space, each.name);
            CHECK(flats.insert(flat).second);
            CHECK(names.find(flat) == &each);
        }
        CHECK(names.flat("functions", "exec") == "exec");
        CHECK(names.flat("", "only") == "ns__only");
        CHECK(names.find("only") == &tools[2]);
        CHECK(names.flat("other", "only") == "other__only");
        CHECK(names.find("web_search") == nullptr);
        CHECK(names.find("nothing") == nullptr);
        CHECK(names.flat("gone", "tool") == "gone__tool");
    }

    TEST_CASE("names without a dash: told apart, and led back by who knows of no alphabet") {
        const std::vector<Tool> tools = {tool("", "mcp__my-server__do-thing"), tool("", "mcp__my_server__do_thing"),
                                         tool("mail", "read-all"), tool("", "look")};
        const ToolNames names(tools, NameAlphabet::no_dash);
        const ToolNames answers(tools);
        std::set<std::string> flats;
        for (const auto& each : tools) {
            const std::string flat = names.flat(each.name_space, each.name);
            CAPTURE(flat);
            CHECK(flats.insert(flat).second);
            CHECK(flat.find('-') == std::string::npos);
            CHECK(answers.find(flat) == &each);
            CHECK(names.find(flat) == &each);
        }
        CHECK(names.flat("", "look") == "look");
        CHECK(names.flat("", "mcp__my-server__do-thing").starts_with("mcp__my_server__do_thing_"));
        CHECK(names.flat("", "read-all") == names.flat("mail", "read-all"));
        // A call of the history whose tool is not offered any more.
        CHECK(names.flat("", "not-there").starts_with("not_there_"));
        CHECK(answers.flat("", "mcp__my-server__do-thing") == "mcp__my-server__do-thing");
    }

    TEST_CASE("a choice by name means one tool, in whatever form the name is given") {
        const std::vector<Tool> tools = {tool("my-mail", "send"), tool("chat", "send"), tool("", "look"),
                                         tool("far", "look"), tool("far", "only")};
        const auto chosen = [&](const ToolNames& names, std::string_view name) {
            std::string found;
            for (std::size_t i = 0; i < tools.size(); ++i) {
                if (names.means(name, tools[i])) { found += std::to_string(i); }
            }
            return found;
        };
        for (const auto alphabet : {NameAlphabet::with_dash, NameAlphabet::no_dash}) {
            const ToolNames names(tools, alphabet);
            CHECK(chosen(names, "my-mail__send") == "0");
            CHECK(chosen(names, names.flat("my-mail", "send")) == "0");
            CHECK(chosen(names, "send") == "01");  // nobody knows which
            CHECK(chosen(names, "look") == "2");
            CHECK(chosen(names, "far__look") == "3");
            CHECK(chosen(names, "only") == "4");
            CHECK(chosen(names, "gone") == "");
        }
    }
}
