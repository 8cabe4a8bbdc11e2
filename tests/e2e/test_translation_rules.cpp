// The rules around translation: nothing is lost in silence, strict providers refuse, and odd framings of an answer.
#include <doctest/doctest.h>

#include "tests/e2e/matrix_world.hpp"

using namespace llmgw;
using namespace llmgw::testing;
using namespace llmgw::testing::matrix;

namespace {

// Each has one thing, or more, that the target's dialect has no word for.
struct Lossy {
    std::string target;
    std::string body;
    std::vector<std::string> fields;
};

const std::vector<Lossy>& lossy() {
    static const std::vector<Lossy> all{
        {"/v1/messages",
         R"({"model":"MODEL","max_tokens":64,"top_k":7,"context_management":{"edits":[]},"messages":[{"role":"user","content":"Hi"}]})",
         {"top_k", "context_management"}},
        {"/v1/chat/completions",
         R"({"model":"MODEL","seed":7,"logit_bias":{"5":1},"n":2,"made_up":{"a":1},"messages":[{"role":"user","content":"Hi"}]})",
         {"seed", "logit_bias", "n", "made_up"}},
        {"/v1/responses",
         R"({"model":"MODEL","truncation":"auto","made_up":1,"input":"Hi"})",
         {"truncation", "made_up"}},
        {"/v1beta/models/MODEL:generateContent",
         R"({"safetySettings":[{"category":"HARM_CATEGORY_HARASSMENT","threshold":"BLOCK_NONE"}],"generationConfig":{"mediaResolution":"MEDIA_RESOLUTION_LOW"},"contents":[{"role":"user","parts":[{"text":"Hi"}]}]})",
         {"safetySettings", "mediaResolution"}}};
    return all;
}

std::string with_model(std::string text, const std::string& model) {
    if (const auto at = text.find("MODEL"); at != std::string::npos) { text.replace(at, 5, model); }
    return text;
}

// Of the four dialects' clients none is asked for at a provider of its own.
std::string foreign_model(const Lossy& one, const std::string& suffix = "") {
    return one.target == "/v1/messages" ? "resp" + suffix + "/gpt-5-mini" : "anthropic" + suffix + "/claude-sonnet-4-5";
}

}  // namespace

TEST_SUITE("translation") {
    TEST_CASE("What is left out is named, whole and streamed") {
        MatrixWorld bench;
        for (const auto& one : lossy()) {
            CAPTURE(one.target);
            const auto model = foreign_model(one);
            const auto got = bench.world.gateway().post(with_model(one.target, model), with_model(one.body, model));
            CHECK(got.status == 200);
            const auto dropped = got.header("x-llmgw-dropped");
            for (const auto& field : one.fields) {
                CAPTURE(dropped);
                CHECK(dropped.find(field) != std::string::npos);
            }
        }
        // Between equals nothing is left out, whatever it is.
        const auto same = bench.world.gateway().post("/v1/messages", with_model(lossy()[0].body, "anthropic/claude-x"));
        CHECK(same.status == 200);
        CHECK_FALSE(same.has("x-llmgw-dropped"));
    }

    TEST_CASE("Headers of the client's dialect are named with the body members they belong to (T6b)") {
        MatrixWorld bench;
        const auto got = bench.world.gateway().post(
            "/v1/messages",
            R"({"model":"chat/gpt-5-mini","max_tokens":64,"messages":[{"role":"user","content":"Hi"}]})",
            {{"anthropic-beta", "made-up-2027-01-01"}, {"anthropic-version", "2023-06-01"}});
        CHECK(got.status == 200);
        CHECK(got.header("x-llmgw-dropped").find("anthropic-beta") != std::string::npos);
        CHECK(find_header(bench.world.upstream.last()->headers, "anthropic-beta").empty());
        CHECK(find_header(bench.world.upstream.last()->headers, "anthropic-version").empty());
    }

    TEST_CASE("A strict provider refuses what it would have to leave out, before anything is sent") {
        const auto table = [](const std::string& name, const std::string& rest) {
            return "[providers." + name + "]\nstrict = true\n" + rest;
        };
        MatrixWorld bench(
            table("anthropic2", "type = \"anthropic\"\nbase_url = \"http://127.0.0.1:9\"\napi_key = \"none\"\n") +
            table("resp2",
                  "type = \"openai\"\nbase_url = \"http://127.0.0.1:9/v1\"\napi_key = \"none\"\n"
                  "dialects = [\"openai-responses\"]\n"));
        for (const auto& one : lossy()) {
            CAPTURE(one.target);
            const auto model = foreign_model(one, "2");
            const auto got = bench.world.gateway().post(with_model(one.target, model), with_model(one.body, model));
            CHECK(got.status == 400);
            const auto message = error_message(got.body);
            CAPTURE(message);
            for (const auto& field : one.fields) {
                CHECK(message.find(field) != std::string::npos);
            }
            CHECK(message.find(model.substr(0, model.find('/'))) != std::string::npos);
            CHECK(message.find(model.substr(model.find('/') + 1)) != std::string::npos);
            const auto row = bench.world.gateway().call_row(got);
            REQUIRE_FALSE(row.empty());
            CHECK(text(row, "ending") == "refused");
            CHECK(bench.world.gateway().attempt_rows(text(row, "call_id")).empty());
        }
        CHECK(bench.world.upstream.request_count() == 0);
    }

    TEST_CASE("A request about a tool of another provider's own is refused clearly; beside others it is left out") {
        MatrixWorld bench;
        bench.world.upstream.handle([](const RecordedRequest&, UpstreamConnection& connection) {
            connection.reply_json(200, whole_answer(DialectId::openai_chat, {.text = "Hi"}));
        });
        struct About {
            std::string target;
            std::string before;  // the other tools
            std::string after;
            std::string beside;
            std::string tool;
        };
        const std::vector<About> all{
            // Claude Code's search, asked beside its work.
            {"/v1/messages",
             R"({"model":"MODEL","max_tokens":64,"messages":[{"role":"user","content":"Hi"}],"tools":[)",
             R"({"type":"web_search_20250305","name":"web_search","max_uses":8}]})",
             R"({"name":"look","input_schema":{"type":"object"}},)", "web_search_20250305"},
            {"/v1/responses", R"({"model":"MODEL","input":"Hi","tools":[)",
             R"({"type":"code_interpreter","container":{"type":"auto"}}]})",
             R"({"type":"function","name":"look","parameters":{"type":"object"}},)", "code_interpreter"},
            {"/v1beta/models/MODEL:generateContent",
             R"({"contents":[{"role":"user","parts":[{"text":"Hi"}]}],"tools":[)", R"({"googleSearch":{}}]})",
             R"({"functionDeclarations":[{"name":"look"}]},)", "googleSearch"}};
        for (const auto& about : all) {
            CAPTURE(about.target);
            bench.world.upstream.clear();
            const auto ask = [&](const std::string& body) {
                return bench.world.gateway().post(with_model(about.target, "chat/gpt-5.6"),
                                                  with_model(body, "chat/gpt-5.6"));
            };
            const auto refused = ask(about.before + about.after);
            CHECK(refused.status == 400);
            const auto message = error_message(refused.body);
            CAPTURE(message);
            CHECK(message.find(about.tool) != std::string::npos);
            CHECK(message.find("chat/gpt-5.6") != std::string::npos);
            CHECK(bench.world.upstream.request_count() == 0);
            const auto served = ask(about.before + about.beside + about.after);
            CHECK(served.status == 200);
            CHECK(served.header("x-llmgw-dropped").find(about.tool) != std::string::npos);
        }
        // Demanded by name: no other tool can stand in.
        const auto demanded = bench.world.gateway().post(
            "/v1/messages",
            R"({"model":"chat/gpt-5.6","max_tokens":64,"messages":[{"role":"user","content":"Hi"}],"tool_choice":{"type":"tool","name":"code_execution"},"tools":[{"name":"look","input_schema":{"type":"object"}},{"type":"code_execution_20250522","name":"code_execution"}]})");
        CHECK(demanded.status == 400);
        CHECK(error_message(demanded.body).find("code_execution_20250522") != std::string::npos);
    }

    TEST_CASE("T5: tool schemas reach Gemini in the form its model takes, or are refused before anything is sent") {
        MatrixWorld bench;
        bench.world.upstream.handle([](const RecordedRequest&, UpstreamConnection& connection) {
            connection.reply_json(200, whole_answer(DialectId::gemini, {.text = "Hi"}));
        });
        struct Place {
            std::string target;
            std::string before;  // the schema
            std::string after;
            std::string field;
        };
        const std::vector<Place> places{
            {"/v1/messages",
             R"({"model":"MODEL","max_tokens":64,"messages":[{"role":"user","content":"Hi"}],"tools":[{"name":"look","input_schema":)",
             "}]}", "tools[0].input_schema"},
            {"/v1/chat/completions",
             R"({"model":"MODEL","messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"function","function":{"name":"look","parameters":)",
             "}}]}", "tools[0].function.parameters"},
            {"/v1/responses",
             R"({"model":"MODEL","input":"Hi","tools":[{"type":"function","strict":false,"name":"look","parameters":)",
             "}]}", "tools[0].parameters"}};
        // Words that agents' tools have and older endpoints refuse, and a place that leads nowhere.
        const std::string agents =
            R"({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"limit":{"type":"integer","exclusiveMinimum":0,"multipleOf":5},"five":{"const":5},"kind":{"anyOf":[{"const":"a"},{"const":"b"}]},"env":{"type":"object","propertyNames":{"type":"string"},"additionalProperties":true}},"additionalProperties":false})";
        const std::string lost =
            R"({"type":"object","properties":{"deep":{"type":"array","items":{"$ref":"#/$defs/b"}}}})";
        for (const auto& place : places) {
            CAPTURE(place.target);
            const auto ask = [&](const std::string& model, const std::string& schema) {
                bench.world.upstream.clear();
                return bench.world.gateway().post(place.target,
                                                  with_model(place.before + schema + place.after, "gemini/" + model));
            };
            const auto declared = [&] {
                return Json::parse(bench.world.upstream.last()->body)["tools"][0]["functionDeclarations"][0];
            };
            // As the client wrote it, where JSON Schema is understood.
            for (const auto& schema : {agents, lost}) {
                const auto kept = ask("gemini-3-pro-preview", schema);
                CHECK(kept.status == 200);
                CHECK(kept.header("x-llmgw-dropped") == "");
                CHECK(bench.world.upstream.last()->body.find("\"parametersJsonSchema\":" + schema) !=
                      std::string::npos);
            }
            const auto cleaned = ask("gemini-1.5-pro", agents);
            CHECK(cleaned.status == 200);
            const auto sent = declared();
            CAPTURE(sent.dump());
            CHECK_FALSE(sent.contains("parametersJsonSchema"));
            for (const auto* word :
                 {"$schema", "exclusiveMinimum", "const", "additionalProperties", "propertyNames", "multipleOf"}) {
                CHECK(sent.dump().find("\"" + std::string(word) + "\"") == std::string::npos);
            }
            const auto& limit = sent["parameters"]["properties"]["limit"];
            CHECK(limit["type"] == "INTEGER");
            CHECK(limit.value("description", "").find("multipleOf: 5") != std::string::npos);
            CHECK(cleaned.header("x-llmgw-dropped").find(place.field + ".properties.limit.multipleOf") !=
                  std::string::npos);

            const auto refused = ask("gemini-1.5-pro", lost);
            CHECK(refused.status == 400);
            const auto message = error_message(refused.body);
            CAPTURE(message);
            CHECK(message.find("\"look\"") != std::string::npos);
            CHECK(message.find(place.field + ".properties.deep.items") != std::string::npos);
            CHECK(bench.world.upstream.request_count() == 0);
        }
    }

    TEST_CASE("A Gemini client without alt=sse gets its array, whatever the provider streams") {
        MatrixWorld bench;
        for (const bool answered_whole : {false, true}) {
            CAPTURE(answered_whole);
            bench.world.upstream.handle([&](const RecordedRequest&, UpstreamConnection& connection) {
                const Answer answer{.text = "Hello there"};
                if (answered_whole) {
                    connection.reply_json(200, whole_answer(DialectId::anthropic, answer));
                    return;
                }
                connection.start_sse();
                for (const auto& event : answer_events(DialectId::anthropic, answer, 4)) {
                    connection.chunk(event);
                }
                connection.finish();
            });
            const auto got =
                bench.world.gateway().post("/v1beta/models/anthropic/claude-sonnet-4-5:streamGenerateContent",
                                           R"({"contents":[{"role":"user","parts":[{"text":"Hi"}]}]})");
            CHECK(got.status == 200);
            CHECK(got.header("content-type").starts_with("application/json"));
            CAPTURE(got.body);
            const auto array = Json::parse(got.body, nullptr, false);
            REQUIRE(array.is_array());
            std::string said;
            for (const auto& chunk : array) {
                for (const auto& part :
                     chunk["candidates"][0].value("content", Json::object()).value("parts", Json::array())) {
                    said += part.value("text", "");
                }
            }
            CHECK(said == "Hello there");
            CHECK(array.back()["candidates"][0]["finishReason"] == "STOP");
        }
    }

    TEST_CASE(
        "A whole answer to a streamed question is streamed on, a streamed one to a whole question is put together") {
        MatrixWorld bench;
        Client client(DialectId::anthropic);
        client.say("Hi");
        const Answer answer{.text = "Hello there"};
        bench.world.upstream.handle([&](const RecordedRequest& request, UpstreamConnection& connection) {
            if (read_request(DialectId::openai_chat, request).stream) {
                connection.reply_json(200, whole_answer(DialectId::openai_chat, answer));
                return;
            }
            connection.start_sse();
            for (const auto& event : answer_events(DialectId::openai_chat, answer, 4)) {
                connection.chunk(event);
            }
            connection.finish();
        });
        const Pair pair{DialectId::anthropic, DialectId::openai_chat};
        const auto streamed = bench.send(client, {.pair = pair, .wish = {.model = "chat/gpt-5-mini", .stream = true}});
        CHECK(streamed.header("content-type").starts_with("text/event-stream"));
        CHECK(stream_fault(DialectId::anthropic, streamed.body) == "");
        CHECK(understood(DialectId::anthropic, put_together(DialectId::anthropic, streamed.body)).text ==
              "Hello there");
        const auto whole = bench.send(client, {.pair = pair, .wish = {.model = "chat/gpt-5-mini"}});
        CHECK(understood(DialectId::anthropic, Json::parse(whole.body)).text == "Hello there");
        CHECK(text(bench.world.gateway().call_row(whole), "output_tokens") == "13");
    }

    TEST_CASE("A date in retry-after reaches the client of another dialect as it is") {
        MatrixWorld bench;
        bench.world.upstream.handle([](const RecordedRequest&, UpstreamConnection& connection) {
            connection.reply(429,
                             {{"content-type", "application/json"}, {"retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"}},
                             canned::error_body(DialectId::openai_chat, 429, "slow down"));
        });
        const auto got = bench.world.gateway().post(
            "/v1/messages",
            R"({"model":"chat/gpt-5-mini","max_tokens":64,"messages":[{"role":"user","content":"Hi"}]})");
        CHECK(got.status == 429);
        CHECK(got.header("retry-after") == "Wed, 21 Oct 2026 07:28:00 GMT");
    }

    TEST_CASE("An error inside a 200 is the client's error") {
        MatrixWorld bench;
        bench.world.upstream.handle([](const RecordedRequest&, UpstreamConnection& connection) {
            connection.reply_json(200, R"({"error":{"message":"Provider returned error","code":429}})");
        });
        const auto got = bench.world.gateway().post(
            "/v1/messages",
            R"({"model":"router/some/model","max_tokens":64,"messages":[{"role":"user","content":"Hi"}]})");
        CHECK(got.status == 429);
        CHECK(is_error_of(DialectId::anthropic, got.body));
        CHECK(got.has("retry-after"));
        CHECK(text(bench.world.gateway().call_row(got), "ending") == "failed");
    }
}
