// Requests of other dialects' clients, written for Anthropic: what it refuses must not go out, and what it cannot say
// must be noted.
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "core/dialect/envelope.hpp"
#include "core/model/reasoning_effort.hpp"
#include "providers/dialects/anthropic/codec.hpp"
#include "providers/dialects/anthropic/conversation.hpp"
#include "tests/support/answer_text.hpp"

using namespace llmgw;
using namespace llmgw::test;
using Json = nlohmann::json;

namespace {

const wire::AnthropicCodec& codec() {
    return wire::anthropic_codec();
}

part::Text text(std::string words) {
    part::Text out;
    out.text = std::move(words);
    return out;
}

part::ToolCall call(std::string id, std::string name, std::string arguments = "{}") {
    part::ToolCall out;
    out.id = std::move(id);
    out.name = std::move(name);
    out.arguments = std::move(arguments);
    return out;
}

part::ToolResult result(std::string id, std::string words) {
    part::ToolResult out;
    out.call_id = std::move(id);
    out.content.emplace_back(text(std::move(words)));
    return out;
}

Message message(Role role, std::vector<Part> parts) {
    return {role, std::move(parts), {}, {}};
}

Message user(std::string words) {
    return message(Role::user, {text(std::move(words))});
}

Message assistant(std::string words) {
    return message(Role::assistant, {text(std::move(words))});
}

Tool function(std::string name) {
    Tool tool;
    tool.name = std::move(name);
    tool.origin = DialectId::openai_chat;
    tool.parameters = R"({"type":"object","properties":{"a":{"type":"number","maximum":1e2}}})";
    return tool;
}

ChatRequest chat(std::vector<Message> messages) {
    ChatRequest request;
    request.origin = DialectId::openai_chat;
    request.model = "asked-for";
    request.messages = std::move(messages);
    return request;
}

struct Written {
    Json body;
    std::string drops;
};

Written written(const ChatRequest& request, std::string model = "claude-opus-4-6", TargetTraits target = {}) {
    target.model = std::move(model);
    Drops drops;
    const auto encoded = codec().encode_request(request, target, drops);
    REQUIRE(encoded.has_value());
    Json body = Json::parse(encoded->body);
    CHECK(body["model"] == target.model);
    return {std::move(body), drops_text(drops)};
}

Json without_marks(Json json) {
    if (json.is_object()) { json.erase("cache_control"); }
    if (json.is_structured()) {
        for (Json& child : json) {
            child = without_marks(child);
        }
    }
    // A text alone is a string.
    if (json.is_object() && json.contains("content") && json["content"].is_array() && json["content"].size() == 1 &&
        json["content"][0].value("type", "") == "text") {
        json["content"] = json["content"][0]["text"];
    }
    return json;
}

// The messages as "role: block block", texts in quotes.
std::string shape(const Json& body) {
    std::string out;
    for (const Json& each : without_marks(body["messages"])) {
        out += each["role"].get<std::string>() + ":";
        if (each["content"].is_string()) { out += " " + each["content"].dump(); }
        for (const Json& block : each["content"].is_array() ? each["content"] : Json::array()) {
            const std::string type = block["type"];
            out += " ";
            if (type == "text") { out += block["text"].dump(); }
            if (type == "tool_use") { out += "call(" + block["id"].get<std::string>() + ")"; }
            if (type == "tool_result") { out += "result(" + block["tool_use_id"].get<std::string>() + ")"; }
            if (type != "text" && type != "tool_use" && type != "tool_result") { out += type; }
        }
        out += "\n";
    }
    return out;
}

int marks(const Json& json) {
    int count = json.is_object() && json.contains("cache_control") ? 1 : 0;
    if (json.is_structured()) {
        for (const Json& child : json) {
            count += marks(child);
        }
    }
    return count;
}

}  // namespace

TEST_SUITE("codec/anthropic/requests") {
    TEST_CASE("reasoning effort: words and budgets by one convention") {
        for (const auto& row : effort_budgets) {
            CHECK(budget_for(row.effort) == row.budget_tokens);
            CHECK(effort_for(row.budget_tokens) == row.effort);
        }
        CHECK(effort_for(8191) == "low");
        CHECK(effort_for(500) == "minimal");
        CHECK(effort_for(-1) == "none");
        CHECK(effort_for(1'000'000) == "max");
        CHECK(budget_for("extreme") == 8192);
    }

    TEST_CASE("conversation: what has to stand where") {
        struct Row {
            const char* name;
            std::vector<Message> messages;
            std::string shape;
        };
        const std::vector<Row> rows{
            {"neighbours of one role are one turn",
             {user("a"), user("b"), assistant("c")},
             "user: \"a\" \"b\"\nassistant: \"c\"\n"},
            {"an assistant first needs a user before it",
             {assistant("hi"), user("a")},
             "user: \"Continue.\"\nassistant: \"hi\"\nuser: \"a\"\n"},
            {"blank texts are not sent, nor are turns of nothing else",
             {user("a"), assistant(" \n"), user("b")},
             "user: \"a\" \"b\"\n"},
            {"a prefill does not end in white space",
             {user("a"), assistant("{\n ")},
             "user: \"a\"\nassistant: \"{\"\n"},
            {"results of parallel calls are first, in one turn, in the order of the calls",
             {user("a"), message(Role::assistant, {call("1", "f"), call("2", "f")}),
              message(Role::user, {text("and"), result("2", "two")}), message(Role::user, {result("1", "one")}),
              user("go on")},
             "user: \"a\"\nassistant: call(1) call(2)\nuser: result(1) result(2) \"and\" \"go on\"\n"},
            {"calls and results by turns stay so",
             {user("a"), message(Role::assistant, {call("1", "f")}), message(Role::user, {result("1", "one")}),
              message(Role::assistant, {call("2", "f")}), message(Role::user, {result("2", "two")})},
             "user: \"a\"\nassistant: call(1)\nuser: result(1)\nassistant: call(2)\nuser: result(2)\n"},
            {"a result that came late moves behind its call",
             {user("a"), message(Role::assistant, {call("1", "f")}), user("wait"), assistant("yes"),
              message(Role::user, {result("1", "one")})},
             "user: \"a\"\nassistant: call(1)\nuser: result(1) \"wait\"\nassistant: \"yes\"\n"},
            {"a call nobody answered gets a result",
             {user("a"), message(Role::assistant, {call("1", "f"), call("2", "f")}),
              message(Role::user, {result("2", "two")}), user("b")},
             "user: \"a\"\nassistant: call(1) call(2)\nuser: result(1) result(2) \"b\"\n"},
            {"calls at the end wait for theirs",
             {user("a"), message(Role::assistant, {call("1", "f")})},
             "user: \"a\"\nassistant: call(1)\n"},
            {"a result without its call is a text",
             {message(Role::user, {result("gone", "one")}), user("b")},
             "user: \"Result of an earlier tool call (gone):\" \"one\" \"b\"\n"},
            {"ids that come again are told apart",
             {user("a"), message(Role::assistant, {call("call_0", "f")}), message(Role::user, {result("call_0", "x")}),
              message(Role::assistant, {call("call_0", "f")}), message(Role::user, {result("call_0", "y")})},
             "user: \"a\"\nassistant: call(call_0)\nuser: result(call_0)\nassistant: call(call_0_2)\nuser: "
             "result(call_0_2)\n"},
            {"a system message on the way is a reminder where the model knows no better",
             {user("a"), message(Role::developer, {text("be brief")}), assistant("b"), user("c")},
             "user: \"a\" \"<system-reminder>\\nbe brief\\n</system-reminder>\"\nassistant: \"b\"\nuser: \"c\"\n"},
            {"instructions alone are what is asked", {message(Role::system, {text("say hi")})}, "user: \"say hi\"\n"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.name);
            ChatRequest request = chat(row.messages);
            request.tools.push_back(function("f"));
            const Written out = written(request);
            CHECK(shape(out.body) == row.shape);
            CHECK(out.drops == "");
        }
    }

    TEST_CASE("conversation: role system inside messages, where the model knows it") {
        TargetTraits target;
        target.system_in_messages = true;
        const auto shape_of = [&](std::vector<Message> messages) {
            return shape(written(chat(std::move(messages)), "claude-opus-4-8", target).body);
        };
        const Message system = message(Role::system, {text("S")});
        CHECK(shape_of({user("a"), system, assistant("b"), user("c")}) ==
              "user: \"a\"\nsystem: \"S\"\nassistant: \"b\"\nuser: \"c\"\n");
        // Before the user's turn it waits until after.
        CHECK(shape_of({user("a"), assistant("b"), system, user("c")}) ==
              "user: \"a\"\nassistant: \"b\"\nuser: \"c\"\nsystem: \"S\"\n");
        CHECK(shape_of({user("a"), system, user("c"), system}) == "user: \"a\" \"c\"\nsystem: \"S\" \"S\"\n");
        // Never between calls and their results.
        CHECK(shape_of({user("a"), message(Role::assistant, {call("1", "f")}), system,
                        message(Role::user, {result("1", "x")})}) ==
              "user: \"a\"\nassistant: call(1)\nuser: result(1)\nsystem: \"S\"\n");
        // No user turn before it: said as the user.
        CHECK(shape_of({user("a"), assistant("b"), system}) ==
              "user: \"a\"\nassistant: \"b\"\nuser: \"<system-reminder>\\nS\\n</system-reminder>\"\n");
    }

    TEST_CASE("system prompts: every leading one, in order") {
        const Written out = written(chat(
            {message(Role::system, {text("one"), text(" ")}), message(Role::developer, {text("two")}), user("a")}));
        REQUIRE(out.body["system"].size() == 2);
        CHECK(out.body["system"][0] == Json({{"type", "text"}, {"text", "one"}}));
        CHECK(out.body["system"][1]["text"] == "two");
    }

    TEST_CASE("call ids: the wire's alphabet, the same for call and result") {
        CHECK(wire::wire_call_id("toolu_1-A") == "toolu_1-A");
        const std::string odd = wire::wire_call_id("functions.Bash:0");
        CHECK(odd.starts_with("functions_Bash_0_"));
        CHECK(odd != wire::wire_call_id("functions.Bash_0"));
        CHECK(wire::wire_call_id("").size() == 9);
        const Written out = written(chat({user("a"), message(Role::assistant, {call("functions.f:0", "f")}),
                                          message(Role::user, {result("functions.f:0", "x")})}));
        CHECK(shape(out.body) == "user: \"a\"\nassistant: call(" + wire::wire_call_id("functions.f:0") +
                                     ")\nuser: result(" + wire::wire_call_id("functions.f:0") + ")\n");
    }

    TEST_CASE("reasoning: signed by this provider or not at all (T3b)") {
        part::Reasoning own;
        own.summary = {"Hm."};
        own.sealed = {DialectId::anthropic, "c2ln", {}};
        part::Reasoning redacted;
        redacted.sealed = {DialectId::anthropic, "b3BhcXVl", {}};
        redacted.redacted = true;
        part::Reasoning unsigned_text;
        unsigned_text.text = "plain thoughts";
        part::Reasoning foreign;
        foreign.summary = {"encrypted elsewhere"};
        foreign.sealed = {DialectId::openai_responses, "gAAA", "rs_1"};
        const Written out = written(
            chat({user("a"), message(Role::assistant, {own, redacted, unsigned_text, foreign, text("b")}), user("c")}));
        const Json& content = out.body["messages"][1]["content"];
        REQUIRE(content.size() == 3);
        CHECK(content[0] == Json({{"type", "thinking"}, {"thinking", "Hm."}, {"signature", "c2ln"}}));
        CHECK(content[1] == Json({{"type", "redacted_thinking"}, {"data", "b3BhcXVl"}}));
        CHECK(out.drops == "");
    }

    TEST_CASE("thinking: adaptive, by budget, or given up with a note") {
        struct Row {
            const char* model;
            const char* effort;
            std::optional<std::int64_t> budget;
            std::optional<std::int64_t> max_tokens;
            const char* thinking;  // "" for none
            const char* said_effort;
            std::int64_t said_max;
            bool noted;
        };
        const Row rows[] = {
            {"claude-opus-4-6", "medium", {}, {}, R"({"type":"adaptive"})", "medium", 64000, false},
            {"claude-opus-4-6", "minimal", {}, 4000, R"({"type":"adaptive"})", "low", 4000, false},
            {"claude-opus-4-6", "xhigh", {}, 4000, R"({"type":"adaptive"})", "high", 4000, true},
            {"claude-opus-4-8", "xhigh", {}, 4000, R"({"type":"adaptive"})", "xhigh", 4000, false},
            {"us.anthropic.claude-opus-4.6-v1", "", 30000, 4000, R"({"type":"adaptive"})", "high", 4000, false},
            {"claude-opus-4-6", "none", {}, 4000, "", "", 4000, false},
            {"claude-opus-4-6", "", 0, 4000, "", "", 4000, false},
            {"claude-opus-4-6", "", -1, 4000, R"({"type":"adaptive"})", "", 4000, false},
            {"claude-haiku-4-5", "low", {}, {}, R"({"type":"enabled","budget_tokens":2048})", "", 64000, false},
            {"claude-opus-4-1", "low", {}, {}, R"({"type":"enabled","budget_tokens":2048})", "", 32000, false},
            {"claude-haiku-4-5", "high", {}, 8000, R"({"type":"enabled","budget_tokens":6000})", "", 8000, false},
            {"claude-haiku-4-5", "", 9000, 8000, R"({"type":"enabled","budget_tokens":6000})", "", 8000, true},
            {"claude-haiku-4-5", "", 100, 8000, R"({"type":"enabled","budget_tokens":1024})", "", 8000, false},
            {"claude-haiku-4-5", "high", {}, 1024, "", "", 1024, true},
            {"claude-haiku-4-5", "max", {}, {}, R"({"type":"enabled","budget_tokens":48000})", "", 64000, false},
            {"claude-3-haiku-20240307", "high", {}, {}, "", "", 4096, true},
            {"claude-haiku-4-5", "", {}, 100000, "", "", 64000, true},
            {"MiniMax-M3", "low", {}, {}, R"({"type":"enabled","budget_tokens":2048})", "", 8192 + 2048, false},
        };
        for (const Row& row : rows) {
            CAPTURE(row.model);
            CAPTURE(row.effort);
            ChatRequest request = chat({user("a")});
            request.reasoning.effort = row.effort;
            request.reasoning.budget_tokens = row.budget;
            request.max_tokens = row.max_tokens;
            const Written out = written(request, row.model);
            CHECK(out.body.value("thinking", Json()) == (*row.thinking == 0 ? Json() : Json::parse(row.thinking)));
            CHECK((out.body.contains("output_config") ? out.body["output_config"].value("effort", "") : "") ==
                  row.said_effort);
            CHECK(out.body["max_tokens"] == row.said_max);
            CHECK(out.drops.empty() != row.noted);
        }
        ChatRequest shown = chat({user("a")});
        shown.reasoning.effort = "high";
        shown.reasoning.show = true;
        CHECK(written(shown).body["thinking"]["display"] == "summarized");
        shown.reasoning.show = false;
        CHECK(written(shown).body["thinking"]["display"] == "omitted");
        CHECK_FALSE(written(shown, "MiniMax-M3").body["thinking"].contains("display"));
    }

    TEST_CASE("thinking by budget gives way to forced calls and to a loop begun without it") {
        ChatRequest request = chat({user("a")});
        request.reasoning.effort = "high";
        request.tools.push_back(function("f"));
        request.tool_choice.mode = ToolChoiceMode::required;
        const Written forced = written(request, "claude-sonnet-4-5");
        CHECK_FALSE(forced.body.contains("thinking"));
        CHECK(forced.body["tool_choice"] == Json({{"type", "any"}}));
        CHECK(forced.drops == "reasoning_effort: anthropic does not think when a tool call is forced\n");
        // Adaptive thinking and a forced call go together.
        const Written adaptive = written(request, "claude-opus-4-6");
        CHECK(adaptive.body["thinking"]["type"] == "adaptive");
        CHECK(adaptive.drops == "");

        ChatRequest loop =
            chat({user("a"), message(Role::assistant, {call("1", "f")}), message(Role::user, {result("1", "x")})});
        loop.reasoning.effort = "high";
        loop.tools.push_back(function("f"));
        const Written without = written(loop, "claude-sonnet-4-5");
        CHECK_FALSE(without.body.contains("thinking"));
        CHECK(without.drops.starts_with("reasoning_effort: "));
        part::Reasoning own;
        own.sealed = {DialectId::anthropic, "c2ln", {}};
        loop.messages[1].parts.insert(loop.messages[1].parts.begin(), own);
        CHECK(written(loop, "claude-sonnet-4-5").body["thinking"]["type"] == "enabled");
    }

    TEST_CASE("sampling: what the model takes, the rest is noted") {
        ChatRequest request = chat({user("a")});
        request.sampling.temperature = "1.7";
        request.sampling.top_p = "0.9";
        request.sampling.top_k = "5";
        request.sampling.seed = "7";
        request.sampling.logprobs = true;
        request.sampling.candidates = 3;
        request.sampling.stop = {"END", "\n"};
        const Written old = written(request, "claude-3-5-haiku-latest");
        CHECK(old.body["temperature"] == 1);
        CHECK(old.body["top_p"] == 0.9);
        CHECK(old.body["top_k"] == 5);
        CHECK(old.body["stop_sequences"] == Json({"END"}));
        for (const char* field : {"temperature: ", "seed: ", "logprobs: ", "n: ", "stop: "}) {
            CHECK(old.drops.find(field) != std::string::npos);
        }
        const Written both = written(request, "claude-sonnet-4-5");
        CHECK(both.body.contains("temperature"));
        CHECK_FALSE(both.body.contains("top_p"));
        CHECK(both.drops.find("top_p: ") != std::string::npos);
        const Written newest = written(request, "claude-opus-4-8");
        for (const char* field : {"temperature", "top_p", "top_k"}) {
            CHECK_FALSE(newest.body.contains(field));
            CHECK(newest.drops.find(std::string(field) + ": ") != std::string::npos);
        }
        request.reasoning.effort = "high";
        CHECK_FALSE(written(request, "claude-opus-4-6").body.contains("temperature"));
        // A default said outright is no loss.
        ChatRequest plain = chat({user("a")});
        plain.sampling.temperature = "1";
        plain.sampling.top_p = "1";
        CHECK(written(plain, "claude-opus-4-8").drops == "");
    }

    TEST_CASE("tools: schemas as written where the wire takes them") {
        ChatRequest request = chat({user("a")});
        request.tools = {function("plain"), function("none"), function("union"), function("upper")};
        request.tools[1].parameters = "";
        request.tools[2].parameters =
            R"({"anyOf":[{"properties":{"a":{"type":"string"}},"required":["a","b"]},{"properties":{"b":{"type":"integer"}},"required":["b"]}],"description":"either"})";
        request.tools[3].parameters = R"({"type":"OBJECT","properties":{"type":{"type":"STRING","enum":["OBJECT"]}}})";
        request.tool_choice.parallel = false;
        TargetTraits target;
        target.model = "claude-opus-4-6";
        Drops drops;
        const auto encoded = codec().encode_request(request, target, drops);
        REQUIRE(encoded.has_value());
        CHECK(encoded->body.find(
                  R"("input_schema":{"type":"object","properties":{"a":{"type":"number","maximum":1e2}}})") !=
              std::string::npos);
        const Json body = Json::parse(encoded->body);
        CHECK(body["tools"][1]["input_schema"] == Json::parse(R"({"type":"object","properties":{}})"));
        CHECK(body["tools"][2]["input_schema"] ==
              Json::parse(R"({"type":"object","description":"either","required":["b"],)"
                          R"("properties":{"a":{"type":"string"},"b":{"type":"integer"}}})"));
        CHECK(body["tools"][3]["input_schema"] ==
              Json::parse(R"({"type":"object","properties":{"type":{"type":"string","enum":["OBJECT"]}}})"));
        CHECK(body["tool_choice"] == Json::parse(R"({"type":"auto","disable_parallel_tool_use":true})"));
        CHECK(drops_text(drops).starts_with("tools[2].function.parameters (union).anyOf: "));

        request.tools[0].parameters = "[1]";
        const auto refused = codec().encode_request(request, target, drops);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().kind == ErrorKind::bad_request);
        CHECK(refused.error().message.find("tools[0].function.parameters (plain)") == 0);
    }

    TEST_CASE("tools: custom ones and namespaces become functions, history included") {
        ChatRequest request = chat({user("a")});
        request.origin = DialectId::openai_responses;
        Tool patch = function("apply_patch");
        patch.kind = ToolKind::custom;
        patch.format = R"({"type":"grammar","syntax":"lark","definition":"start: WORD"})";
        Tool spawn = function("spawn");
        spawn.name_space = "agents";
        request.tools = {patch, spawn};
        part::ToolCall freeform = call("1", "apply_patch", "*** Begin\n\"x\"");
        freeform.custom = true;
        part::ToolCall spaced = call("2", "spawn", R"({"n": 1.0})");
        spaced.name_space = "agents";
        request.messages.push_back(message(Role::assistant, {freeform, spaced}));
        request.messages.push_back(message(Role::user, {result("1", "ok"), result("2", "ok")}));
        request.tool_choice.mode = ToolChoiceMode::named;
        request.tool_choice.name = "spawn";
        const Written out = written(request);
        const Json& tool = out.body["tools"][0];
        CHECK(tool["input_schema"]["required"] == Json({"input"}));
        CHECK(tool["input_schema"]["properties"]["input"]["description"].get<std::string>().find("start: WORD") !=
              std::string::npos);
        CHECK(out.body["tools"][1]["name"] == "agents__spawn");
        CHECK(out.body["tool_choice"] == Json({{"type", "tool"}, {"name", "agents__spawn"}}));
        const Json& content = out.body["messages"][1]["content"];
        CHECK(content[0]["input"] == Json({{"input", "*** Begin\n\"x\""}}));
        CHECK(content[1]["name"] == "agents__spawn");
        CHECK(content[1]["input"].dump() == R"({"n":1.0})");
        CHECK(out.drops == "");
    }

    TEST_CASE("tools: arguments that are no object are kept under a name of their own") {
        const auto input_of = [](std::string arguments) {
            const Written out =
                written(chat({user("a"), message(Role::assistant, {call("1", "f", std::move(arguments))}),
                              message(Role::user, {result("1", "x")})}));
            return out.body["messages"][1]["content"][0]["input"].dump();
        };
        CHECK(input_of("") == "{}");
        CHECK(input_of("null") == "{}");
        CHECK(input_of(" {\"a\" : 1} ") == R"({"a":1})");
        CHECK(input_of("{\"a\": ") == R"({"raw_arguments":"{\"a\": "})");
        CHECK(input_of("[1]") == R"({"raw_arguments":"[1]"})");
    }

    TEST_CASE("tools: choices") {
        ChatRequest request =
            chat({user("a"), message(Role::assistant, {call("1", "old")}), message(Role::user, {result("1", "x")})});
        // A history with calls needs tools; none are to be called.
        const Written none = written(request);
        CHECK(none.body["tools"][0]["name"] == "old");
        CHECK(none.body["tool_choice"] == Json({{"type", "none"}}));
        request.tools = {function("f"), function("g"), function("h")};
        request.tool_choice.mode = ToolChoiceMode::automatic;
        request.tool_choice.allowed = {"f", "h"};
        const Written some = written(request);
        CHECK(some.body["tools"].size() == 2);
        CHECK(some.body["tool_choice"] == Json({{"type", "auto"}}));
        request.tool_choice.mode = ToolChoiceMode::required;
        request.tool_choice.allowed = {"g"};
        CHECK(written(request).body["tool_choice"] == Json({{"type", "tool"}, {"name", "g"}}));
        ChatRequest forced = chat({user("a")});
        forced.tool_choice.mode = ToolChoiceMode::required;
        const Written nothing = written(forced);
        CHECK_FALSE(nothing.body.contains("tool_choice"));
        CHECK(nothing.drops == "tool_choice: no tools are sent\n");
    }

    TEST_CASE("tools: strict ones have closed schemas, and only where the target enforces them") {
        ChatRequest request = chat({user("a")});
        request.tools = {function("f")};
        request.tools[0].strict = true;
        const Written out = written(request, "claude-sonnet-4-5");
        CHECK(out.body["tools"][0]["strict"] == true);
        CHECK(out.body["tools"][0]["input_schema"] ==
              Json::parse(R"({"type":"object","additionalProperties":false,)"
                          R"("properties":{"a":{"type":"number","description":"{maximum: 100.0}"}}})"));
        CHECK(out.drops.starts_with("tools[0].function.parameters (f).properties.a.maximum: "));
        const Written old = written(request, "claude-sonnet-4-20250514");
        CHECK_FALSE(old.body["tools"][0].contains("strict"));
        CHECK(old.drops.starts_with("tools: strict (f): "));
    }

    TEST_CASE("web search of other dialects is this one's, other hosted tools are noted") {
        ChatRequest request = chat({user("a")});
        request.origin = DialectId::openai_responses;
        Tool search;
        search.kind = ToolKind::server;
        search.server_type = "web_search";
        search.origin = DialectId::openai_responses;
        search.raw =
            R"({"type":"web_search","filters":{"allowed_domains":["example.com"]},"user_location":{"type":"approximate","country":"DE","city":null}})";
        Tool files = search;
        files.server_type = "file_search";
        request.tools = {search, files};
        const Written out = written(request);
        REQUIRE(out.body["tools"].size() == 1);
        CHECK(without_marks(out.body["tools"][0]) ==
              Json::parse(R"({"type":"web_search_20250305","name":"web_search","allowed_domains":["example.com"],)"
                          R"("user_location":{"type":"approximate","country":"DE"}})"));
        CHECK(out.drops == "tools: file_search: anthropic has no such server tool\n");
    }

    TEST_CASE("structured output: held to, or asked for in words") {
        ChatRequest request = chat({user("a")});
        request.format.kind = FormatKind::json_schema;
        request.format.name = "answer";
        request.format.schema =
            R"({"type":"object","properties":{"n":{"type":"integer","minimum":1},"o":{"oneOf":[{"type":"object"},{"type":"string","format":"odd"}]}}})";
        const Written held = written(request, "claude-sonnet-4-5");
        CHECK(
            held.body["output_config"]["format"] ==
            Json::parse(
                R"({"type":"json_schema","schema":{"type":"object","additionalProperties":false,"properties":{)"
                R"("n":{"type":"integer","description":"{minimum: 1}"},)"
                R"("o":{"anyOf":[{"type":"object","additionalProperties":false},{"type":"string","description":"{format: \"odd\"}"}]}}}})"));
        CHECK(held.drops.find("response_format.json_schema.schema.properties.n.minimum: ") == 0);
        const Written asked = written(request, "claude-sonnet-4-20250514");
        CHECK_FALSE(asked.body.contains("output_config"));
        CHECK(asked.body["system"].dump().find("minimum") != std::string::npos);
        request.format = {};
        request.format.kind = FormatKind::json_object;
        const Written object = written(request);
        CHECK(object.body["system"][0]["text"].get<std::string>().find("one JSON object") != std::string::npos);
        CHECK(object.drops == "");
    }

    TEST_CASE("media: what goes, and what is said in its place") {
        part::Media png;
        png.media_type = "image/png";
        png.data = "iVBORw0KGgo=";
        part::Media svg = png;
        svg.media_type = "image/svg+xml";
        part::Media linked;
        linked.url = "https://example.com/a.png";
        part::Media pdf;
        pdf.kind = part::MediaKind::document;
        pdf.media_type = "application/pdf";
        pdf.data = "JVBERi0=";
        pdf.name = "a.pdf";
        part::Media csv = pdf;
        csv.media_type = "text/csv";
        csv.data = "YSxi";
        part::Media sound = png;
        sound.kind = part::MediaKind::audio;
        sound.media_type = "audio/wav";
        part::Media stored;
        stored.file_id = "file-1";
        stored.origin = DialectId::openai_responses;
        part::ToolResult shot = result("1", "a picture");
        shot.content.emplace_back(png);
        shot.is_error = true;
        const Written out = written(chat({user("a"), message(Role::assistant, {call("1", "f")}),
                                          message(Role::user, {shot, png, linked, pdf, csv, svg, sound, stored})}));
        const Json content = without_marks(out.body["messages"][2]["content"]);
        CHECK(content[0]["content"][1]["source"]["data"] == "iVBORw0KGgo=");
        CHECK(content[0]["is_error"] == true);
        CHECK(content[1]["source"] ==
              Json::parse(R"({"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="})"));
        CHECK(content[2]["source"] == Json::parse(R"({"type":"url","url":"https://example.com/a.png"})"));
        CHECK(content[3]["type"] == "document");
        CHECK(content[3]["title"] == "a.pdf");
        CHECK(content[4]["source"] == Json::parse(R"({"type":"text","media_type":"text/plain","data":"a,b"})"));
        for (const std::size_t i : {5U, 6U, 7U}) {
            CHECK(content[i]["text"].get<std::string>().find("left out: ") != std::string::npos);
        }
        CHECK(out.drops.find("audio: ") != std::string::npos);
        CHECK(out.drops.find("image: ") != std::string::npos);
    }

    TEST_CASE("cache marks (T12): placed for clients that cannot, never more than four") {
        ChatRequest request = chat({message(Role::system, {text("S")}), user("a")});
        request.tools = {function("f"), function("g")};
        const Json one = written(request).body;
        CHECK(marks(one) == 3);
        CHECK(one["tools"][1].contains("cache_control"));
        CHECK(one["system"][0].contains("cache_control"));
        CHECK(one["messages"][0]["content"][0]["cache_control"] == Json({{"type", "ephemeral"}}));
        for (int turn = 0; turn < 5; ++turn) {
            const std::string id = "c" + std::to_string(turn);
            request.messages.push_back(message(Role::assistant, {text("calling"), call(id, "f")}));
            request.messages.push_back(message(Role::user, {result(id, "x")}));
            const Json body = written(request).body;
            CHECK(marks(body) == 4);
            const Json& messages = body["messages"];
            CHECK(messages.back()["content"].back().contains("cache_control"));
            // Where the last request's prompt ended.
            CHECK(messages[messages.size() - 3]["content"].back().contains("cache_control"));
        }
        // The client's own marks win.
        std::get<part::Text>(request.messages[1].parts[0]).cache = CacheMark{"1h"};
        const Json own = written(request).body;
        CHECK(marks(own) == 1);
        CHECK(own["messages"][0]["content"][0]["cache_control"]["ttl"] == "1h");
        for (Message& each : request.messages) {
            if (auto* words = std::get_if<part::Text>(each.parts.data())) { words->cache = CacheMark{}; }
        }
        const Written many = written(request);
        CHECK(marks(many.body) == 4);
        CHECK(many.drops.find("cache marks: ") != std::string::npos);
        // A client of this dialect marks for itself.
        ChatRequest same = request;
        same.origin = DialectId::anthropic;
        same.messages = {user("a")};
        same.tools.clear();
        CHECK(marks(written(same).body) == 0);
    }

    TEST_CASE("the prefix does not depend on what comes later (T3c)") {
        ChatRequest request = chat({message(Role::system, {text("S")}), user("a")});
        request.tools = {function("f")};
        std::string before;
        for (int turn = 0; turn < 4; ++turn) {
            const std::string now = shape(written(request).body);
            CHECK(now.starts_with(before));
            before = now;
            // The same id each time, as some hosts do it, and an instruction on the way.
            request.messages.push_back(message(Role::assistant, {call("call_0", "f")}));
            request.messages.push_back(message(Role::user, {result("call_0", "x")}));
            request.messages.push_back(message(Role::developer, {text("note " + std::to_string(turn))}));
        }
    }

    TEST_CASE("settings: carried, or noted by the client's own name") {
        ChatRequest request = chat({user("a")});
        request.user_id = "u1";
        request.metadata = {{"team", "x"}};
        request.service_tier = "default";
        request.verbosity = "low";
        request.prompt_cache_key = "k";
        request.store = false;
        request.stream = true;
        request.extras.emplace_back("prediction", "{}");
        const Written out = written(request);
        CHECK(out.body["metadata"] == Json({{"user_id", "u1"}}));
        CHECK(out.body["service_tier"] == "standard_only");
        CHECK(out.body["stream"] == true);
        CHECK(out.body["max_tokens"] == 64000);
        for (const char* field : {"metadata.team: ", "verbosity: ", "prompt_cache_key: ", "prediction: "}) {
            CHECK(out.drops.find(field) != std::string::npos);
        }
        CHECK(out.drops.find("store") == std::string::npos);
        request.service_tier = "flex";
        CHECK_FALSE(written(request).body.contains("service_tier"));
        request.previous_response_id = "resp_1";
        Drops drops;
        const auto refused = codec().encode_request(request, {}, drops);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().message.starts_with("previous_response_id"));
        ChatRequest elsewhere = chat({user("and then?")});
        elsewhere.origin = DialectId::openai_responses;
        elsewhere.extras.emplace_back("conversation", "\"conv_1\"");
        CHECK_FALSE(codec().encode_request(elsewhere, {}, drops).has_value());
        elsewhere.extras[0].second = "null";
        CHECK(codec().encode_request(elsewhere, {}, drops).has_value());
    }

    TEST_CASE("count_tokens: the same prompt, without what is for the answer") {
        ChatRequest request = chat({message(Role::system, {text("S")}), user("a")});
        request.sampling.temperature = "0.1";
        request.max_tokens = 5;
        request.stream = true;
        Drops drops;
        TargetTraits target;
        target.model = "claude-sonnet-4-5";
        const auto encoded = codec().encode_count_request(request, target, drops);
        REQUIRE(encoded.has_value());
        const Json body = Json::parse(encoded->body);
        for (const char* field : {"max_tokens", "stream", "temperature"}) {
            CHECK_FALSE(body.contains(field));
        }
        CHECK(body.contains("system"));
    }

    TEST_CASE("bad requests name the path and what was expected") {
        struct Row {
            const char* body;
            const char* message;
        };
        const Row rows[] = {
            {"", "the request body is not JSON"},
            {"{", "the request body is not JSON"},
            {R"({"messages":[{"role":"user","content":"\ud83d"}]})",
             "messages[0].content: expected a string of whole characters (it holds half a surrogate pair)"},
            {"[]", "the request body: expected an object"},
            {"{}", "messages: expected an array"},
            {R"({"messages":{}})", "messages: expected an array"},
            {R"({"messages":[1]})", "messages[0]: expected an object"},
            {R"({"messages":[{"content":"a"}]})", "messages[0].role: expected user, assistant or system"},
            {R"({"messages":[{"role":"tool","content":"a"}]})", "messages[0].role: expected user, assistant or system"},
            {R"({"messages":[{"role":"user","content":5}]})",
             "messages[0].content: expected a string or an array of blocks"},
            {R"({"messages":[{"role":"user","content":[{"type":"image","source":"x"}]}]})",
             "messages[0].content[0].source: expected an object"},
            {R"({"messages":[{"role":"user","content":[{"text":"x"}]}]})",
             "messages[0].content[0].type: expected the name of a content block's type"},
            {R"({"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":1}]}]}]})",
             "messages[0].content[0].content[0].text: expected a string"},
            {R"({"messages":[],"system":5})", "system: expected a string or an array of blocks"},
            {R"({"messages":[],"max_tokens":"5"})", "max_tokens: expected an integer"},
            {R"({"messages":[],"stream":"yes"})", "stream: expected true or false"},
            {R"({"messages":[],"tools":[{"name":"a","input_schema":[]}]})",
             "tools[0].input_schema: expected an object"},
            {R"({"messages":[],"tools":[{"input_schema":{}}]})", "tools[0].name: expected the tool's name"},
            {R"({"messages":[],"tool_choice":{"type":"some"}})", "tool_choice.type: expected auto, any, tool or none"},
            {R"({"messages":[],"thinking":true})", "thinking: expected an object"},
            {R"({"messages":[],"output_config":{"format":{"type":"xml"}}})",
             "output_config.format.type: expected json_schema"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.body);
            const auto request = codec().decode_request(row.body);
            REQUIRE_FALSE(request.has_value());
            CHECK(request.error().kind == ErrorKind::bad_request);
            CHECK(request.error().message == row.message);
        }
        const std::string deep = std::string(1000, '[') + std::string(1000, ']');
        CHECK_FALSE(codec().decode_request(R"({"messages":[],"x":)" + deep + "}").has_value());
    }

    TEST_CASE("requests: null is not said, and of two members the last counts") {
        const auto request = codec().decode_request(
            R"({"messages":[{"role":"user","content":"no"}],"max_tokens":null,"tools":null,"system":null,)"
            R"("metadata":{"user_id":null},"thinking":null,"mess\u0061ges":[{"role":"user","content":"yes"}]})");
        REQUIRE(request.has_value());
        REQUIRE(request->messages.size() == 1);
        CHECK(std::get<part::Text>(request->messages[0].parts[0]).text == "yes");
        CHECK(request->extras.empty());
    }
}
