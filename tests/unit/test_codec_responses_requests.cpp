// Requests of other dialects as this one's, what is wrong with a request, and the history behind previous_response_id.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "core/dialect/envelope.hpp"
#include "providers/dialects/openai_responses/codec.hpp"
#include "providers/dialects/openai_responses/history.hpp"
#include "tests/support/answer_text.hpp"

using namespace llmgw;
using namespace llmgw::test;
using nlohmann::json;

namespace {

const wire::OpenAiResponsesCodec codec;

struct Encoded {
    json body;
    std::string drops;
};

Encoded encode(const ChatRequest& request, const std::string& model = "gpt-5.5") {
    TargetTraits target;
    target.model = model;
    Drops drops;
    const auto encoded = codec.encode_request(request, target, drops);
    REQUIRE(encoded);
    return {json::parse(encoded->body), drops_text(drops)};
}

part::Text text(std::string said) {
    part::Text made;
    made.text = std::move(said);
    return made;
}

Message message(Role role, std::vector<Part> parts) {
    Message made;
    made.role = role;
    made.parts = std::move(parts);
    return made;
}

part::ToolCall call(std::string id, std::string name, std::string arguments) {
    part::ToolCall made;
    made.id = std::move(id);
    made.name = std::move(name);
    made.arguments = std::move(arguments);
    return made;
}

part::ToolResult result(std::string id, std::vector<Part> content) {
    part::ToolResult made;
    made.call_id = std::move(id);
    made.content = std::move(content);
    return made;
}

part::Reasoning reasoning(std::string said, Sealed sealed) {
    part::Reasoning made;
    made.text = std::move(said);
    made.sealed = std::move(sealed);
    return made;
}

ChatRequest foreign(std::vector<Message> messages) {
    ChatRequest request;
    request.origin = DialectId::anthropic;
    request.model = "claude";
    request.messages = std::move(messages);
    return request;
}

}  // namespace

TEST_SUITE("codec/responses/requests") {
    TEST_CASE("a session of another dialect: everything in its place, nothing stored") {
        part::Media image;
        image.media_type = "image/png";
        image.data = "iVBO";
        part::Media pdf;
        pdf.kind = part::MediaKind::document;
        pdf.media_type = "application/pdf";
        pdf.data = "JVBE";
        pdf.context = "why";
        part::Media plain;
        plain.kind = part::MediaKind::document;
        plain.media_type = "text/plain";
        plain.data = "the text";
        plain.name = "notes";
        part::Text marked = text("Two.");
        marked.cache = CacheMark{};
        part::ToolResult failed = result("toolu_1", {text("no such file"), image});
        failed.is_error = true;
        part::ToolResult refused = result("toolu_2", {text("denied")});
        refused.is_error = true;
        ChatRequest request = foreign({
            message(Role::system, {text("One."), marked}),
            message(Role::user, {text("Look."), image, pdf, plain}),
            message(Role::assistant,
                    {reasoning("thought", {DialectId::anthropic, "sig", ""}), text("I look."), text(""),
                     call("toolu_1", "read", R"({"path": "a", "n": 1.0})"), call("toolu_2", "list", "")}),
            message(Role::user, {failed, refused, text("And now?")}),
            message(Role::system, {text("Mind the time.")}),
        });
        request.stream = true;
        request.user_id = std::string(100, 'u');
        request.max_tokens = 1;
        const Encoded encoded = encode(request);
        const json& body = encoded.body;
        CHECK(body["model"] == "gpt-5.5");
        CHECK(body["stream"] == true);
        CHECK(body["store"] == false);
        CHECK(body["include"] == json::array({"reasoning.encrypted_content"}));
        CHECK(body["instructions"] == "One.\n\nTwo.");
        CHECK(body["max_output_tokens"] == 16);
        CHECK(body["safety_identifier"].get<std::string>().size() == 64);
        CHECK(body["input"] == json::parse(R"([
            {"type":"message","role":"user","content":[{"type":"input_text","text":"Look."},
             {"type":"input_image","image_url":"data:image/png;base64,iVBO"},
             {"type":"input_file","filename":"document.pdf","file_data":"data:application/pdf;base64,JVBE"},
             {"type":"input_text","text":"notes\n\nthe text"}]},
            {"type":"message","role":"assistant","content":[{"type":"output_text","text":"I look.","annotations":[]}]},
            {"type":"function_call","call_id":"toolu_1","name":"read","arguments":"{\"path\": \"a\", \"n\": 1.0}"},
            {"type":"function_call","call_id":"toolu_2","name":"list","arguments":"{}"},
            {"type":"function_call_output","call_id":"toolu_1","output":[{"type":"input_text","text":"Error:"},
             {"type":"input_text","text":"no such file"},{"type":"input_image","image_url":"data:image/png;base64,iVBO"}]},
            {"type":"function_call_output","call_id":"toolu_2","output":"Error: denied"},
            {"type":"message","role":"user","content":[{"type":"input_text","text":"And now?"}]},
            {"type":"message","role":"system","content":[{"type":"input_text","text":"Mind the time."}]}])"));
        CHECK(encoded.drops ==
              "cache_control: openai-responses caches prompts by itself\n"
              "document.context: openai-responses has no such member\n"
              "max_tokens: raised to 16, the least openai-responses takes\n");
    }

    TEST_CASE("reasoning: its own seal goes back before what followed it, others' never") {
        const Sealed own{DialectId::openai_responses, "gAAA", "rs_1"};
        const auto items = [&](std::vector<Message> messages) {
            return encode(foreign(std::move(messages))).body["input"];
        };
        const json sealed = {{"type", "reasoning"},
                             {"id", "rs_1"},
                             {"summary", json::array({{{"type", "summary_text"}, {"text", "thought"}}})},
                             {"encrypted_content", "gAAA"}};
        CHECK(items({message(Role::assistant, {reasoning("thought", own), call("c", "f", "{}")})})[0] == sealed);
        CHECK(items({message(Role::assistant, {reasoning("thought", own)}),
                     message(Role::assistant, {call("c", "f", "{}")})})[0] == sealed);
        // What stands alone is refused, so it is left out.
        CHECK(items({message(Role::assistant, {reasoning("thought", own)}), message(Role::user, {text("x")})}).size() ==
              1);
        CHECK(items({message(Role::assistant, {reasoning("t", {DialectId::gemini, "x", ""}), text("y")})}).size() == 1);
        CHECK(items({message(Role::assistant, {reasoning("t", {}), text("y")})}).size() == 1);
        // A host that seals nothing gets its own text back, without an id it would look up.
        const json open = items(
            {message(Role::assistant, {reasoning("t", {DialectId::openai_responses, "", "rs_2"}), text("y")})})[0];
        CHECK(open["content"][0]["text"] == "t");
        CHECK_FALSE(open.contains("id"));
    }

    TEST_CASE("call ids of any length stay together") {
        const std::string id(90, 'x');
        const json input =
            encode(foreign({message(Role::assistant, {call(id, "f", "{}"), call(id + "y", "f", "{}")}),
                            message(Role::user, {result(id, {text("a")}), result(id + "y", {text("b")})})}))
                .body["input"];
        CHECK(input[0]["call_id"].get<std::string>().size() <= 64);
        CHECK(input[0]["call_id"] == input[2]["call_id"]);
        CHECK(input[1]["call_id"] == input[3]["call_id"]);
        CHECK(input[0]["call_id"] != input[1]["call_id"]);
    }

    TEST_CASE("tools: strict only when it was said, custom ones as they are, searches mapped, others named") {
        ChatRequest request = foreign({message(Role::user, {text("x")})});
        const auto add = [&](ToolKind kind, std::string name) -> Tool& {
            request.tools.emplace_back();
            request.tools.back().kind = kind;
            request.tools.back().name = std::move(name);
            return request.tools.back();
        };
        add(ToolKind::function, "plain").parameters =
            R"({"type":"object","properties":{"n":{"maximum":12345678901234567890}}})";
        Tool& strict = add(ToolKind::function, "bare");
        strict.strict = true;
        strict.defer_loading = true;
        add(ToolKind::function, "a.b").description = "d";
        add(ToolKind::custom, "patch").format = R"({"type":"text"})";
        Tool& search = add(ToolKind::server, "web_search");
        search.server_type = "web_search_20250305";
        search.raw = R"({"type":"web_search_20250305","name":"web_search","allowed_domains":["a.org"],"max_uses":3})";
        add(ToolKind::server, "bash").server_type = "bash_20250124";
        request.tool_choice = {ToolChoiceMode::named, "patch", {}, false};
        const Encoded encoded = encode(request);
        const json& tools = encoded.body["tools"];
        REQUIRE(tools.size() == 5);
        CHECK(tools[0].dump() ==
              R"({"name":"plain","parameters":{"properties":{"n":{"maximum":12345678901234567890}},"type":"object"},)"
              R"("strict":false,"type":"function"})");
        CHECK(tools[1] == json::parse(R"({"type":"function","name":"bare","strict":true,
            "parameters":{"type":"object","properties":{}}})"));
        CHECK(tools[2]["name"].get<std::string>().starts_with("a_b_"));
        CHECK(tools[3] == json::parse(R"({"type":"custom","name":"patch","format":{"type":"text"}})"));
        CHECK(tools[4] == json::parse(R"({"type":"web_search","filters":{"allowed_domains":["a.org"]}})"));
        CHECK(encoded.body["tool_choice"] == json::parse(R"({"type":"custom","name":"patch"})"));
        CHECK(encoded.body["parallel_tool_calls"] == false);
        CHECK(encoded.drops ==
              "tools[bare].defer_loading: the tool is shown to the model at once\n"
              "web_search_20250305.max_uses: openai-responses' search has no such member\n"
              "tools[bash_20250124]: it runs at another provider\n");
        request.tools.clear();
        CHECK_FALSE(encode(request).body.contains("tool_choice"));
        CHECK_FALSE(encode(request).body.contains("parallel_tool_calls"));
    }

    TEST_CASE("tool choices") {
        ChatRequest request = foreign({message(Role::user, {text("x")})});
        request.tools.emplace_back();
        request.tools.back().name = "f";
        const auto choice = [&](ToolChoiceMode mode, std::vector<std::string> allowed = {}) {
            request.tool_choice.mode = mode;
            request.tool_choice.allowed = std::move(allowed);
            return encode(request).body.value("tool_choice", json());
        };
        CHECK(choice(ToolChoiceMode::unset).is_null());
        CHECK(choice(ToolChoiceMode::automatic) == "auto");
        CHECK(choice(ToolChoiceMode::none) == "none");
        CHECK(choice(ToolChoiceMode::required) == "required");
        CHECK(choice(ToolChoiceMode::required, {"f"}) ==
              json::parse(R"({"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"f"}]})"));
    }

    TEST_CASE("how much to think: words and budgets, models that do not") {
        struct Row {
            ReasoningWish wish;
            const char* reasoning;  // "" for none
        };
        ReasoningWish budget;
        budget.budget_tokens = 31999;
        budget.enabled = true;
        budget.show = false;
        ReasoningWish small = budget;
        small.budget_tokens = 1024;
        small.show.reset();
        ReasoningWish huge = small;
        huge.budget_tokens = 64000;
        ReasoningWish adaptive;
        adaptive.adaptive = true;
        adaptive.effort = "max";
        ReasoningWish off;
        off.enabled = false;
        ReasoningWish word;
        word.effort = "minimal";
        ReasoningWish dynamic;
        dynamic.budget_tokens = -1;
        dynamic.show = true;
        const Row rows[] = {
            {{}, ""},
            {budget, R"({"effort":"high"})"},
            {small, R"({"effort":"low","summary":"auto"})"},
            {huge, R"({"effort":"high","summary":"auto"})"},
            {adaptive, R"({"effort":"xhigh","summary":"auto"})"},
            {off, ""},
            {word, R"({"effort":"minimal"})"},
            {dynamic, R"({"summary":"auto"})"},
        };
        for (const auto& row : rows) {
            ChatRequest request = foreign({message(Role::user, {text("x")})});
            request.reasoning = row.wish;
            const json body = encode(request).body;
            CHECK((body.contains("reasoning") ? body["reasoning"].dump() : "") == row.reasoning);
            CHECK(body.contains("include"));
            const Encoded plain = encode(request, "openai/gpt-4.1-mini");
            CHECK_FALSE(plain.body.contains("reasoning"));
            CHECK_FALSE(plain.body.contains("include"));
        }
        ChatRequest request = foreign({message(Role::user, {text("x")})});
        request.reasoning = off;
        CHECK(encode(request).drops == "thinking: openai-responses' models decide it themselves\n");
        request.reasoning = budget;
        CHECK(encode(request, "gpt-4o").drops == "reasoning: this model does not reason\n");
    }

    TEST_CASE("settings: carried under this dialect's names, or named as the client wrote them") {
        ChatRequest request = foreign({message(Role::user, {text("x")})});
        request.sampling.temperature = "0.70";
        request.sampling.top_p = "1";
        request.sampling.top_k = "5";
        request.sampling.stop = {"END"};
        request.format.kind = FormatKind::json_schema;
        request.format.schema = R"({"type":"object"})";
        request.service_tier = "standard_only";
        request.extras = {{"context_management", "{}"}};
        const Encoded encoded = encode(request);
        CHECK(encoded.body["temperature"] == 0.7);
        CHECK(encoded.body["text"]["format"] ==
              json::parse(R"({"type":"json_schema","name":"answer","schema":{"type":"object"}})"));
        CHECK(encoded.body["service_tier"] == "default");
        CHECK(encoded.drops ==
              "top_k: openai-responses has no such parameter\n"
              "stop_sequences: openai-responses has no such parameter\n"
              "context_management: openai-responses has no such parameter\n");
        request = foreign({message(Role::user, {text("x")})});
        request.origin = DialectId::openai_chat;
        request.sampling.stop = {"END"};
        request.sampling.candidates = 2;
        request.sampling.seed = "1";
        request.sampling.logprobs = true;
        request.sampling.top_logprobs = "2";
        request.sampling.logit_bias = "{}";
        request.sampling.presence_penalty = "1";
        request.verbosity = "low";
        request.prompt_cache_key = "k";
        request.metadata = {{"a", "b"}};
        request.messages.front().name = "Ann";
        const Encoded chat = encode(request);
        CHECK(chat.body["include"] == json::array({"reasoning.encrypted_content", "message.output_text.logprobs"}));
        CHECK(chat.body["top_logprobs"] == 2);
        CHECK(chat.body["text"]["verbosity"] == "low");
        CHECK(chat.body["prompt_cache_key"] == "k");
        CHECK(chat.body["metadata"]["a"] == "b");
        CHECK(chat.drops ==
              "name: openai-responses does not name participants\n"
              "seed: openai-responses has no such parameter\n"
              "presence_penalty: openai-responses has no such parameter\n"
              "logit_bias: openai-responses has no such parameter\n"
              "n: openai-responses has no such parameter\n"
              "stop: openai-responses has no such parameter\n");
        request.origin = DialectId::gemini;
        CHECK(encode(request).drops.find("generationConfig.stopSequences: ") != std::string::npos);
    }

    TEST_CASE("what is wrong with a request is said with its path") {
        const std::pair<const char*, const char*> rows[] = {
            {"", "body: expected a JSON object"},
            {"[]", "body: expected a JSON object"},
            {R"({"model":7})", "model: expected a string"},
            {R"({"input":{}})", "input: expected a string or an array"},
            {R"({"input":[1]})", "input[0]: expected an object"},
            {R"({"input":[{"role":"user"}]})", "input[0].content: expected a string or an array"},
            {R"({"input":[{"role":"robot","content":"x"}]})",
             "input[0].role: expected user, assistant, system or developer"},
            {R"({"input":[{"role":"user","content":7}]})", "input[0].content: expected a string or an array"},
            {R"({"input":[{"role":"user","content":[{"text":"x"}]}]})", "input[0].content[0].type: expected a string"},
            {R"({"input":[{"role":"user","content":["x"]}]})", "input[0].content[0]: expected an object"},
            {R"({"input":[{"role":"user","content":[{"type":"input_text","text":[]}]}]})",
             "input[0].content[0].text: expected a string"},
            {R"({"input":[{"role":"user","content":[{"type":"input_image"}]}]})",
             "input[0].content[0]: expected image_url or file_id"},
            {R"({"input":[{"role":"user","content":"x"},{"type":"function_call","name":"f","arguments":"{}"}]})",
             "input[1].call_id: expected a string"},
            {R"({"input":[{"type":"function_call","call_id":"c","arguments":"{}"}]})",
             "input[0].name: expected a string"},
            {R"({"input":[{"type":"function_call","call_id":"c","name":"f","arguments":[]}]})",
             "input[0].arguments: expected a string"},
            {R"({"input":[{"type":"function_call_output","call_id":"c"}]})",
             "input[0].output: expected a string or an array"},
            {R"({"input":[{"type":"reasoning","summary":"x"}]})", "input[0].summary: expected an array"},
            {R"({"input":[{"type":"additional_tools","role":"developer"}]})", "input[0].tools: expected an array"},
            {R"({"tools":{}})", "tools: expected an array"},
            {R"({"tools":[{"name":"f"}]})", "tools[0].type: expected a string"},
            {R"({"tools":[{"type":"function"}]})", "tools[0].name: expected a string"},
            {R"({"tools":[{"type":"namespace","name":"n","tools":[{"type":"function","name":"f","parameters":"x"}]}]})",
             "tools[0].tools[0].parameters: expected an object"},
            {R"({"tool_choice":"maybe"})", "tool_choice: expected auto, none, required or an object"},
            {R"({"max_output_tokens":"x"})", "max_output_tokens: expected a whole number"},
            {R"({"temperature":"hot"})", "temperature: expected a number"},
            {R"({"stream":"yes"})", "stream: expected true or false"},
            {R"({"text":{"format":{"type":"json_schema","name":"a"}}})", "text.format.schema: expected an object"},
        };
        for (const auto& [body, problem] : rows) {
            CAPTURE(body);
            const auto request = codec.decode_request(body);
            REQUIRE_FALSE(request);
            CHECK(request.error().kind == ErrorKind::bad_request);
            CHECK(request.error().message == problem);
        }
    }

    TEST_CASE("shapes that clients mix up are read") {
        const auto request = codec.decode_request(R"({"model":"m","input":[
            {"role":"user","content":[{"type":"text","text":"a"},{"type":"input_image","image_url":{"url":"https://e.org/i","detail":"low"}}]},
            {"type":"function_call","call_id":"c","name":"f","arguments":{"a": 1.0}},
            {"type":"function_call_output","call_id":"c","output":{"ok":true}}],
            "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]})");
        REQUIRE(request);
        CHECK(request_text(*request) == R"(request openai-responses model="m"
tool function name="f" parameters={"type":"object"}
user
  text "a"
  image url="https://e.org/i" detail="low"
assistant
  tool_call id="c" name="f" arguments="{\"a\": 1.0}"
user
  tool_result call_id="c"
    text "{\"ok\":true}"
)");
        CHECK(encode(*request).body["tools"][0]["name"] == "f");
    }

    TEST_CASE("a tool search that was answered with words keeps them") {
        for (const std::string said : {"no such agent", "[no list", "{}"}) {
            const auto request = codec.decode_request(R"({"model":"m","input":[
                {"type":"tool_search_call","call_id":"c","execution":"client","arguments":{"query":"a"}},
                {"type":"function_call_output","call_id":"c","output":")" +
                                                      said + R"("}]})");
            REQUIRE(request);
            const auto output = encode(*request).body["input"][1];
            CHECK(output["type"] == "function_call_output");
            CHECK(output["output"] == said);
        }
    }
}

TEST_SUITE("codec/responses/history") {
    using wire::responses::append_turn;

    TEST_CASE("a turn is appended: stored items, the answer's output, the new input") {
        const auto first = append_turn("", "", "\"hello \\n\"");
        REQUIRE(first);
        CHECK(*first == R"([{"type":"message","role":"user","content":"hello \n"}])");
        const auto second = append_turn(
            *first, R"([{"type":"reasoning","id":"rs_1","n":1.0},{"type":"function_call","id":"fc_1"}])",
            R"([{"type":"item_reference","id":"fc_1"},{"id":"rs_1"},{"type":"item_reference","id":"elsewhere"},
                                        {"type":"function_call_output","call_id":"c","output":"x"},{"role":"user","id":"rs_1","content":"y"}])");
        REQUIRE(second);
        CHECK(json::parse(*second) == json::parse(R"([{"type":"message","role":"user","content":"hello \n"},
            {"type":"reasoning","id":"rs_1","n":1.0},{"type":"function_call","id":"fc_1"},
            {"type":"item_reference","id":"elsewhere"},{"type":"function_call_output","call_id":"c","output":"x"},
            {"role":"user","id":"rs_1","content":"y"}])"));
        CHECK(second->find("\"n\":1.0") != std::string::npos);
        CHECK(append_turn("[]", " [ ] ", "").value_or("") == "[]");
    }

    TEST_CASE("what is no list of items is refused, and it says which") {
        const auto problem = [](std::string_view items, std::string_view output, std::string_view input) {
            const auto turn = append_turn(items, output, input);
            REQUIRE_FALSE(turn);
            return turn.error().message;
        };
        CHECK(problem("{}", "", "") == "items: expected an array of objects");
        CHECK(problem("[1]", "", "") == "items: expected an array of objects");
        CHECK(problem("", "[{}", "") == "output: expected an array of objects");
        CHECK(problem("", "", "7") == "input: expected a string or an array of objects");
        CHECK(problem("", "", "\"half") == "input: expected a string or an array of objects");
    }

    TEST_CASE("a history of turns is a request like any") {
        const auto turn =
            append_turn(R"([{"role":"user","content":"q"}])",
                        R"([{"type":"function_call","id":"fc_1","call_id":"c","name":"f","arguments":"{}"}])",
                        R"([{"type":"function_call_output","call_id":"c","output":"r"}])");
        REQUIRE(turn);
        const auto request = codec.decode_request(R"({"model":"m","input":)" + *turn + "}");
        REQUIRE(request);
        CHECK(request->messages.size() == 3);
    }
}
