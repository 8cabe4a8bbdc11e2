// Cohere through the real binary: its own API where the configuration asks for it, to clients of every dialect; the
// compatible one, byte for byte, where it does not.
#include <csignal>

#include <doctest/doctest.h>

#include "tests/e2e/world.hpp"

using namespace llmgw;
using namespace llmgw::testing;
using Json = nlohmann::json;

TEST_SUITE_BEGIN("cohere");

namespace {

constexpr const char* model = "command-a-reasoning-08-2025";
const std::string words = "Hello \u2603 \"there\"\n\U0001F600.";

std::string sse(const Json& event) {
    return "event: " + event["type"].get<std::string>() + "\ndata: " + event.dump() + "\n\n";
}

Json message(Json what) {
    return {{"message", std::move(what)}};
}

Json usage() {
    return {{"billed_units", {{"input_tokens", 21}, {"output_tokens", 13}}},
            {"tokens", {{"input_tokens", 1410}, {"output_tokens", 57}}},
            {"cached_tokens", 992}};
}

// Thinks and says `words`, or thinks and calls `look`.
std::vector<std::string> events(bool calls) {
    std::vector<std::string> out{
        sse({{"type", "message-start"}, {"id", "co-1"}, {"delta", message({{"role", "assistant"}})}})};
    const auto content = [&](const char* type, int index, const char* kind, const std::string& text) {
        Json piece{{kind, text}};
        if (std::string_view(type) == "content-start") { piece["type"] = kind; }
        out.push_back(sse({{"type", type}, {"index", index}, {"delta", message({{"content", piece}})}}));
    };
    content("content-start", 0, "thinking", "");
    content("content-delta", 0, "thinking", "Well, ");
    content("content-delta", 0, "thinking", "well.");
    out.push_back(sse({{"type", "content-end"}, {"index", 0}}));
    if (calls) {
        out.push_back(sse({{"type", "tool-plan-delta"}, {"delta", message({{"tool_plan", "I will look."}})}}));
        out.push_back(sse({{"type", "tool-call-start"},
                           {"index", 0},
                           {"delta", message({{"tool_calls",
                                               {{"id", "look_1"},
                                                {"type", "function"},
                                                {"function", {{"name", "look"}, {"arguments", ""}}}}}})}}));
        for (const auto* piece : {"{\"at\"", ":1.0}"}) {
            out.push_back(sse({{"type", "tool-call-delta"},
                               {"index", 0},
                               {"delta", message({{"tool_calls", {{"function", {{"arguments", piece}}}}}})}}));
        }
        out.push_back(sse({{"type", "tool-call-end"}, {"index", 0}}));
    } else {
        content("content-start", 1, "text", "");
        content("content-delta", 1, "text", words.substr(0, 9));
        content("content-delta", 1, "text", words.substr(9));
        const Json source{{"type", "document"},
                          {"id", "doc:0"},
                          {"document", {{"id", "doc:0"}, {"title", "Sea"}, {"url", "https://sea.example/a"}}}};
        const Json citation{
            {"start", 0}, {"end", 5}, {"text", "Hello"}, {"sources", {source}}, {"type", "TEXT_CONTENT"}};
        out.push_back(sse({{"type", "citation-start"}, {"index", 0}, {"delta", message({{"citations", citation}})}}));
        out.push_back(sse({{"type", "citation-end"}, {"index", 0}}));
        out.push_back(sse({{"type", "content-end"}, {"index", 1}}));
    }
    out.push_back(sse({{"type", "message-end"},
                       {"delta", {{"finish_reason", calls ? "TOOL_CALL" : "COMPLETE"}, {"usage", usage()}}}}));
    out.emplace_back("data: [DONE]\n\n");
    return out;
}

std::string whole(bool calls) {
    Json said{{"role", "assistant"}, {"content", {{{"type", "thinking"}, {"thinking", "Well, well."}}}}};
    if (calls) {
        said["tool_plan"] = "I will look.";
        said["tool_calls"] = {
            {{"id", "look_1"}, {"type", "function"}, {"function", {{"name", "look"}, {"arguments", "{\"at\":1.0}"}}}}};
    } else {
        said["content"].push_back({{"type", "text"}, {"text", words}});
    }
    return Json{
        {"id", "co-1"}, {"message", said}, {"finish_reason", calls ? "TOOL_CALL" : "COMPLETE"}, {"usage", usage()}}
        .dump();
}

// What a client of any dialect got, read by this test's own hand.
struct Got {
    std::string text;
    std::string thought;
    std::string name;
    std::string arguments;
};

void take_chat(const Json& said, Got& got) {
    if (said.contains("content") && said["content"].is_string()) { got.text += said["content"]; }
    got.thought += said.value("reasoning_content", "");
    for (const auto& call : said.value("tool_calls", Json::array())) {
        got.name += call["function"].value("name", "");
        got.arguments += call["function"].value("arguments", "");
    }
}

void take_gemini(const Json& answer, Got& got) {
    if (!answer.contains("candidates")) { return; }
    for (const auto& part : answer["candidates"][0]["content"].value("parts", Json::array())) {
        (part.value("thought", false) ? got.thought : got.text) += part.value("text", "");
        if (!part.contains("functionCall")) { continue; }
        got.name += part["functionCall"]["name"];
        got.arguments += part["functionCall"]["args"].dump();
    }
}

void take_response(const Json& response, Got& got) {
    for (const auto& item : response["output"]) {
        const auto type = item["type"].get<std::string>();
        for (const auto& part : item.value("content", Json::array())) {
            (type == "reasoning" ? got.thought : got.text) += part.value("text", "");
        }
        for (const auto& part : item.value("summary", Json::array())) {
            got.thought += part.value("text", "");
        }
        if (type != "function_call") { continue; }
        got.name += item["name"];
        got.arguments += item["arguments"];
    }
}

Got got_of(DialectId client, const std::string& body, bool stream) {
    Got got;
    if (!stream) {
        const auto answer = Json::parse(body);
        if (client == DialectId::openai_chat) { take_chat(answer["choices"][0]["message"], got); }
        if (client == DialectId::gemini) { take_gemini(answer, got); }
        if (client == DialectId::openai_responses) { take_response(answer, got); }
        if (client != DialectId::anthropic) { return got; }
        for (const auto& block : answer["content"]) {
            got.text += block.value("text", "");
            got.thought += block.value("thinking", "");
            got.name += block.value("name", "");
            if (block.contains("input")) { got.arguments += block["input"].dump(); }
        }
        return got;
    }
    for (const auto& event : stream_events(body)) {
        const auto& json = event.json;
        if (!json.is_object()) { continue; }
        if (client == DialectId::openai_chat && json.contains("choices") && !json["choices"].empty()) {
            take_chat(json["choices"][0]["delta"], got);
        }
        if (client == DialectId::gemini) { take_gemini(json, got); }
        if (event.name == "response.completed") { take_response(json["response"], got); }
        if (event.name == "content_block_start") { got.name += json["content_block"].value("name", ""); }
        if (event.name != "content_block_delta") { continue; }
        got.text += json["delta"].value("text", "");
        got.thought += json["delta"].value("thinking", "");
        got.arguments += json["delta"].value("partial_json", "");
    }
    return got;
}

class CohereWorld {
public:
    explicit CohereWorld(const std::string& more = {})
        : world({.server = {}, .timeouts = {}, .more = {}, .start = false}) {
        const std::string rest = "\"\ntype = \"cohere\"\napi_key = \"env:LLMGW_TEST_PROVIDER_KEY\"\n";
        const std::string base = "\nbase_url = \"" + world.upstream.url() + "/compatibility/v1";
        world.start_with(world.config() + "[providers.native]" + base + rest + "dialects = [\"cohere-chat\"]\n" +
                         "[providers.compatible]" + base + rest + more);
    }

    void answer_whole(int status, const std::string& body) {
        world.upstream.handle(
            [=](const RecordedRequest&, UpstreamConnection& connection) { connection.reply_json(status, body); });
    }
    void answer_stream(const std::vector<std::string>& pieces) {
        world.upstream.handle([=](const RecordedRequest&, UpstreamConnection& connection) {
            connection.start_sse();
            for (const auto& piece : pieces) {
                connection.chunk(piece);
            }
            connection.finish();
        });
    }

    // The question, or with `result` what the tool said to the call in the answer before.
    Response ask(DialectId client, bool stream, bool result = false) {
        const std::string name = std::string("native/") + model;
        Json body{{"model", name}, {"stream", stream}};
        const Json schema = Json::parse(R"({"type":"object","properties":{"at":{"type":"number"}}})");
        switch (client) {
            case DialectId::anthropic:
                body["max_tokens"] = 100;
                body["messages"] = {{{"role", "user"}, {"content", "Look."}}};
                body["tools"] = {{{"name", "look"}, {"input_schema", schema}}};
                if (result) {
                    body["messages"].push_back(Json::parse(R"({"role":"assistant","content":[
                        {"type":"thinking","thinking":"Well, well.","signature":""},{"type":"text","text":"I will look."},
                        {"type":"tool_use","id":"look_1","name":"look","input":{"at":1.0}}]})"));
                    body["messages"].push_back(Json::parse(
                        R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"look_1","content":"Sun."}]})"));
                }
                return world.gateway().post("/v1/messages", body.dump());
            case DialectId::openai_chat:
                body["messages"] = {{{"role", "user"}, {"content", "Look."}}};
                body["tools"] = {{{"type", "function"}, {"function", {{"name", "look"}, {"parameters", schema}}}}};
                if (result) {
                    body["messages"].push_back(Json::parse(
                        R"({"role":"assistant","content":"I will look.","reasoning_content":"Well, well.","tool_calls":[
                            {"id":"look_1","type":"function","function":{"name":"look","arguments":"{\"at\":1.0}"}}]})"));
                    body["messages"].push_back({{"role", "tool"}, {"tool_call_id", "look_1"}, {"content", "Sun."}});
                }
                return world.gateway().post("/v1/chat/completions", body.dump());
            case DialectId::openai_responses:
                body["input"] = {{{"role", "user"}, {"content", "Look."}}};
                body["tools"] = {{{"type", "function"}, {"name", "look"}, {"parameters", schema}}};
                if (result) {
                    body["input"].push_back({{"role", "assistant"}, {"content", "I will look."}});
                    body["input"].push_back({{"type", "function_call"},
                                             {"call_id", "look_1"},
                                             {"name", "look"},
                                             {"arguments", "{\"at\":1.0}"}});
                    body["input"].push_back(
                        {{"type", "function_call_output"}, {"call_id", "look_1"}, {"output", "Sun."}});
                }
                return world.gateway().post("/v1/responses", body.dump());
            default: break;
        }
        body = {{"contents", {{{"role", "user"}, {"parts", {{{"text", "Look."}}}}}}},
                {"tools", {{{"functionDeclarations", {{{"name", "look"}, {"parameters", schema}}}}}}}};
        if (result) {
            body["contents"].push_back(Json::parse(R"({"role":"model","parts":[{"text":"I will look."},
                {"functionCall":{"id":"look_1","name":"look","args":{"at":1.0}}}]})"));
            body["contents"].push_back(Json::parse(R"({"role":"user","parts":[
                {"functionResponse":{"id":"look_1","name":"look","response":{"output":"Sun."}}}]})"));
        }
        return world.gateway().post(
            "/v1beta/models/" + name + (stream ? ":streamGenerateContent?alt=sse" : ":generateContent"), body.dump());
    }

    Json asked() {
        last_ = world.upstream.last();
        REQUIRE(last_);
        CHECK(last_->target == "/v2/chat");
        CHECK(find_header(last_->headers, "authorization") == std::string("Bearer ") + provider_key);
        return Json::parse(last_->body);
    }

    World world;

private:
    std::shared_ptr<const RecordedRequest> last_;
};

}  // namespace

TEST_CASE("text, a call and its result, whole and streamed, for clients of every dialect") {
    CohereWorld cohere;
    for (const auto& row : dialect_names) {
        for (const bool stream : {false, true}) {
            CAPTURE(row.name);
            CAPTURE(stream);
            stream ? cohere.answer_stream(events(true)) : cohere.answer_whole(200, whole(true));
            const auto first = cohere.ask(row.id, stream);
            CHECK(first.status == 200);
            const auto called = got_of(row.id, first.body, stream);
            CHECK(called.name == "look");
            CHECK(Json::parse(called.arguments) == Json{{"at", 1.0}});
            CHECK(called.text == "I will look.");
            CHECK(called.thought == "Well, well.");
            const auto question = cohere.asked();
            CHECK(question["model"] == model);
            CHECK(question["stream"] == stream);
            CHECK(question["messages"] == Json::parse(R"([{"role":"user","content":"Look."}])"));
            CHECK(question["tools"][0]["function"]["name"] == "look");

            stream ? cohere.answer_stream(events(false)) : cohere.answer_whole(200, whole(false));
            const auto second = cohere.ask(row.id, stream, true);
            CHECK(second.status == 200);
            const auto said = got_of(row.id, second.body, stream);
            CHECK(said.text == words);
            CHECK(said.thought == "Well, well.");
            const auto turns = cohere.asked()["messages"];
            REQUIRE(turns.size() == 3);
            CHECK(turns[1]["tool_plan"] == "I will look.");
            CHECK(turns[1]["tool_calls"][0]["id"] == turns[2]["tool_call_id"]);
            CHECK(Json::parse(turns[1]["tool_calls"][0]["function"]["arguments"].get<std::string>()) ==
                  Json{{"at", 1.0}});
            CHECK(turns[2]["role"] == "tool");
            CHECK(turns[2]["content"].dump().contains("Sun."));
            CHECK(second.header("x-llmgw-dropped") == "");

            // What is billed, not what was read: 21 x 2.5 + 13 x 10 dollars a million.
            const auto logged = cohere.world.gateway().call_row(second);
            CHECK(text(logged, "provider") == "native");
            CHECK(text(logged, "input_tokens") == "21");
            CHECK(text(logged, "output_tokens") == "13");
            CHECK(is_null(logged, "cache_read_tokens"));
            CHECK(text(logged, "cost_nano") == "182500");
            CHECK(text(logged, ending_column) == "done");
            // What was read, to whoever has to know how full the context is: 1410 tokens, 992 of them cached.
            if (row.id == DialectId::openai_chat && stream) { continue; }  // it did not ask
            CHECK(second.body.contains(":992"));
            CHECK(second.body.contains(row.id == DialectId::anthropic ? ":418" : ":1410"));
        }
    }
    // A citation with an address comes along.
    cohere.answer_stream(events(false));
    CHECK(cohere.ask(DialectId::openai_chat, true).body.contains("https://sea.example/a"));
    CHECK(cohere.ask(DialectId::anthropic, true).body.contains("https://sea.example/a"));
}

TEST_CASE("errors: before the answer, in the middle of a stream, and a stream that is cut") {
    CohereWorld cohere;
    for (const auto& row : dialect_names) {
        CAPTURE(row.name);
        cohere.answer_whole(404, R"({"id":"co-2","message":"model 'command' was removed on September 15, 2025."})");
        const auto gone = cohere.ask(row.id, false);
        CHECK(gone.status == 404);
        CHECK(is_error_of(row.id, gone.body));
        CHECK(error_message(gone.body).contains("was removed"));
        CHECK(text(cohere.world.gateway().call_row(gone), "error_class") == "not_found");

        auto begun = events(false);
        begun.resize(3);
        auto failed = begun;
        failed.push_back(
            sse({{"type", "message-end"},
                 {"delta", {{"finish_reason", "ERROR"}, {"error", "the engine broke"}, {"usage", usage()}}}}));
        for (const auto& [pieces, ending] : {std::pair{failed, "failed"}, std::pair{begun, "truncated"}}) {
            CAPTURE(ending);
            cohere.answer_stream(pieces);
            const auto answer = cohere.ask(row.id, true);
            const auto all = stream_events(answer.body);
            REQUIRE_FALSE(all.empty());
            CHECK(is_stream_error_of(row.id, all.back()));
            CHECK(answer.body.contains("the engine broke") == (std::string_view(ending) == "failed"));
            CHECK(text(cohere.world.gateway().call_row(answer), ending_column) == ending);
        }
    }
}

TEST_CASE("an answer that names no model is counted as the model that was asked, whatever the client called it") {
    CohereWorld cohere("[routes]\nquick = \"native/" + std::string(model) + "\"\nslow = \"native/" + model + "\"\n");
    for (const bool stream : {false, true}) {
        CAPTURE(stream);
        stream ? cohere.answer_stream(events(false)) : cohere.answer_whole(200, whole(false));
        for (const char* name : {"quick", "slow"}) {
            const Json body{
                {"model", name}, {"stream", stream}, {"messages", {{{"role", "user"}, {"content", "Look."}}}}};
            const auto answer = cohere.world.gateway().post("/v1/chat/completions", body.dump());
            REQUIRE(answer.status == 200);
            const auto row = cohere.world.gateway().call_row(answer);
            CHECK(text(row, "requested_model") == name);
            CHECK(text(row, "served_model") == model);
            const auto attempts = cohere.world.gateway().attempt_rows(answer.header("x-llmgw-call-id"));
            REQUIRE(attempts.size() == 1);
            CHECK(text(attempts[0], "served_model") == model);
        }
    }
    // One that nobody answered is filed under the model it was meant for; its attempt was served by none.
    cohere.answer_whole(404, R"({"id":"co-2","message":"no such model"})");
    const auto gone = cohere.world.gateway().post("/v1/chat/completions", R"({"model":"quick","messages":[]})");
    CHECK(text(cohere.world.gateway().call_row(gone), "served_model") == model);
    const auto failed = cohere.world.gateway().attempt_rows(gone.header("x-llmgw-call-id"));
    REQUIRE(failed.size() == 1);
    CHECK(text(failed[0], "served_model") == "");
    const auto usage = cohere.world.cli({"usage", "--by", "model", "--where", "status=done", "--json"});
    const auto rows = Json::parse(usage.out).at("rows");
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].at("model") == model);
    CHECK(rows[0].at("calls") == 4);
}

TEST_CASE("without a word about it: the compatible API, byte for byte; both list the same models") {
    CohereWorld cohere;
    const std::string answer =
        R"({"id":"c","object":"chat.completion","created":1,"model":"command-a-03-2025","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hi"}}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}})";
    cohere.answer_whole(200, answer);
    const std::string body =
        R"({"model" : "compatible/command-a-03-2025","messages":[{"role":"user","content":"Hi"}],"temperature":1e0})";
    const auto response = cohere.world.gateway().post("/v1/chat/completions", body);
    CHECK(response.body == answer);
    const auto last = cohere.world.upstream.last();
    REQUIRE(last);
    CHECK(last->target == "/compatibility/v1/chat/completions");
    CHECK(last->body ==
          R"({"model" : "command-a-03-2025","messages":[{"role":"user","content":"Hi"}],"temperature":1e0})");

    cohere.answer_whole(200, R"({"object":"list","data":[{"id":"command-a-03-2025","object":"model"}]})");
    const auto models = cohere.world.gateway().get("/v1/models");
    CHECK(models.body.contains("compatible/command-a-03-2025"));
    CHECK(models.body.contains("native/command-a-03-2025"));
}

TEST_CASE("tokens are estimated, and the key is tested without a model") {
    CohereWorld cohere;
    const Json body{{"model", std::string("native/") + model},
                    {"messages", {{{"role", "user"}, {"content", "Look."}}}}};
    const auto counted = cohere.world.gateway().post("/v1/messages/count_tokens", body.dump());
    CHECK(counted.header("x-llmgw-token-count") == "estimate");
    CHECK(cohere.world.upstream.request_count() == 0);
    cohere.answer_whole(200, R"({"models":[]})");
    CHECK(cohere.world.cli({"keys", "test", "native"}).exit == 0);
    CHECK(cohere.world.upstream.last()->target == "/v1/models?page_size=1");
    cohere.answer_whole(401, R"({"id":"co-3","message":"invalid api token"})");
    const auto bad = cohere.world.cli({"keys", "test", "native"});
    CHECK(bad.exit == 4);
    CHECK(bad.out.contains("invalid api token"));
}

TEST_SUITE_END();
