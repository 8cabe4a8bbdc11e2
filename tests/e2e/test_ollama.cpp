// Ollama through the real binary: a model on this machine, asked in Ollama's own API with the context that the
// configuration gives it, by clients of every dialect.
#include <csignal>
#include <cstdlib>

#include <doctest/doctest.h>

#include "tests/e2e/world.hpp"

using namespace llmgw;
using namespace llmgw::testing;
using Json = nlohmann::json;

TEST_SUITE_BEGIN("ollama");

namespace {

constexpr std::string_view thought = "A file is asked for.";
const std::string words = "Reading \u2603 it.";

std::string line(const Json& message, bool done = false) {
    Json json{
        {"model", "qwen3:8b"}, {"created_at", "2026-11-21T20:00:00.123456789Z"}, {"message", message}, {"done", done}};
    json["message"]["role"] = "assistant";
    if (done) {
        json.update(
            {{"done_reason", "stop"}, {"total_duration", 5191566416}, {"prompt_eval_count", 21}, {"eval_count", 13}});
    }
    return json.dump() + "\n";
}

// Thoughts, text and two calls, as a server of today sends them, or one that gives no ids.
std::string lines(bool ids) {
    Json first{{"function", {{"name", "Read"}, {"arguments", {{"file_path", "/tmp/a"}, {"limit", 1.5}}}}}};
    Json second{{"function", {{"name", "Read"}, {"arguments", Json::object()}}}};
    if (ids) {
        first["id"] = "call_a";
        second["id"] = "call_b";
    }
    return line({{"content", ""}, {"thinking", thought}}) + line({{"content", words.substr(0, 8)}}) +
           line({{"content", words.substr(8)}}) + line({{"content", ""}, {"tool_calls", {first, second}}}) +
           line({{"content", ""}}, true);
}

Json whole(const std::string& text) {
    return Json::parse(line({{"content", text}}, true));
}

class OllamaWorld {
public:
    OllamaWorld() : world({.server = {}, .timeouts = {}, .more = {}, .start = false}) {
        const auto url = "base_url = \"" + world.upstream.url() + "/v1\"\n";
        world.start_with(world.config() + "[providers.ollama]\nnum_ctx = 65536\nkeep_alive = \"30m\"\n" + url +
                         "[providers.plain]\ntype = \"ollama\"\n" + url);
    }

    void stream(const std::string& bytes, std::size_t piece_bytes) {
        world.upstream.handle([bytes, piece_bytes](const RecordedRequest&, UpstreamConnection& connection) {
            if (!connection.start(200, {{"Content-Type", "application/x-ndjson"}})) { return; }
            for (std::size_t at = 0; at < bytes.size(); at += piece_bytes) {
                if (!connection.chunk(std::string_view(bytes).substr(at, piece_bytes))) { return; }
            }
            connection.finish();
        });
    }
    void answer(int status, const std::string& body) {
        world.upstream.handle([status, body](const RecordedRequest&, UpstreamConnection& connection) {
            connection.reply(status, {{"Content-Type", "application/json; charset=utf-8"}}, body);
        });
    }
    const RecordedRequest& last() {
        last_ = world.upstream.last();
        REQUIRE(last_);
        return *last_;
    }
    Response post(const std::string& target, const Json& body) { return world.gateway().post(target, body.dump()); }

    World world;

private:
    std::shared_ptr<const RecordedRequest> last_;
};

Json messages_request(bool stream) {
    return {{"model", "ollama/qwen3:8b"},
            {"max_tokens", 100},
            {"stream", stream},
            {"system", {{{"type", "text"}, {"text", "You are an agent."}}}},
            {"messages", {{{"role", "user"}, {"content", "Look."}}}},
            {"tools", {{{"name", "Read"}, {"description", "Reads."}, {"input_schema", {{"type", "object"}}}}}}};
}

// What an agent keeps of a streamed answer: its content blocks.
Json blocks_of(const std::vector<StreamEvent>& events) {
    Json blocks = Json::array();
    std::string arguments;
    for (const auto& event : events) {
        if (event.name == "content_block_start") {
            blocks.push_back(event.json["content_block"]);
            arguments.clear();
        } else if (event.name == "content_block_delta") {
            const auto& delta = event.json["delta"];
            auto& block = blocks.back();
            if (delta["type"] == "text_delta") { block["text"] = block.value("text", "") + delta.value("text", ""); }
            if (delta["type"] == "thinking_delta") {
                block["thinking"] = block.value("thinking", "") + delta.value("thinking", "");
            }
            if (delta["type"] == "signature_delta") { block["signature"] = delta["signature"]; }
            if (delta["type"] == "input_json_delta") { arguments += delta.value("partial_json", ""); }
        } else if (event.name == "content_block_stop" && blocks.back()["type"] == "tool_use") {
            blocks.back()["input"] = Json::parse(arguments.empty() ? "{}" : arguments);
        }
    }
    return blocks;
}

void check_row(const DbRow& row) {
    CHECK(text(row, "provider") == "ollama");
    CHECK(text(row, "input_tokens") == "21");
    CHECK(text(row, "output_tokens") == "13");
    CHECK(text(row, "cost_nano") == "0");
    CHECK(text(row, ending_column) == "done");
}

// The body of the longest request that Claude Code was recorded with; null where it is not there.
Json recorded_agent() {
    const char* shared = std::getenv("LLMGW_SHARED");
    const std::string root = shared != nullptr ? shared : LLMGW_SOURCE_DIR "/../shared";
    const auto file = read_file(root + "/agents/claude-code/claude-claude-opus-5-5-0002-POST-_v1_messages.json");
    const auto record = Json::parse(file, nullptr, false);
    return record.is_object() && record.contains("body") ? record["body"] : Json();
}

}  // namespace

TEST_CASE("an agent's tools round trip: asked with the context of the table, streamed back as Anthropic's events") {
    OllamaWorld ollama;
    for (const bool ids : {true, false}) {
        for (const std::size_t piece : {1U, 50U, 4096U}) {
            ollama.stream(lines(ids), piece);
            const auto response = ollama.post("/v1/messages", messages_request(true));
            CHECK(response.status == 200);
            CHECK(ollama.last().target == "/api/chat");
            const auto asked = Json::parse(ollama.last().body);
            CHECK(asked["options"] == Json{{"num_ctx", 65536}, {"num_predict", 100}});
            CHECK(asked["keep_alive"] == "30m");
            CHECK(asked["model"] == "qwen3:8b");
            CHECK(asked["stream"] == true);
            CHECK(asked["messages"][0] == Json{{"role", "system"}, {"content", "You are an agent."}});
            CHECK(asked["tools"][0]["function"]["name"] == "Read");

            const auto events = stream_events(response.body);
            CHECK(events.back().name == "message_stop");
            const auto blocks = blocks_of(events);
            REQUIRE(blocks.size() == 4);
            CHECK(blocks[0]["thinking"] == thought);
            CHECK(blocks[1]["text"] == words);
            CHECK(blocks[2]["input"] == Json{{"file_path", "/tmp/a"}, {"limit", 1.5}});
            CHECK(blocks[3]["input"] == Json::object());
            CHECK(blocks[2]["id"] != blocks[3]["id"]);
            check_row(ollama.world.gateway().call_row(response));

            // The next turn, as an agent says it.
            auto next = messages_request(false);
            next["messages"].push_back({{"role", "assistant"}, {"content", blocks}});
            next["messages"].push_back(
                {{"role", "user"},
                 {"content",
                  {{{"type", "tool_result"}, {"tool_use_id", blocks[2]["id"]}, {"content", "first"}},
                   {{"type", "tool_result"},
                    {"tool_use_id", blocks[3]["id"]},
                    {"content", "no"},
                    {"is_error", true}}}}});
            ollama.answer(200, whole("Done.").dump());
            const auto done = ollama.post("/v1/messages", next);
            CHECK(Json::parse(done.body)["content"][0]["text"] == "Done.");
            const auto said = Json::parse(ollama.last().body)["messages"];
            REQUIRE(said.size() == 5);
            CHECK(said[2]["thinking"] == thought);
            CHECK(said[2]["content"] == words);
            CHECK(said[2]["tool_calls"][0]["function"]["arguments"] == Json{{"file_path", "/tmp/a"}, {"limit", 1.5}});
            CHECK(said[3]["content"] == "first");
            CHECK(said[3]["tool_name"] == "Read");
            CHECK(said[3]["tool_call_id"] == said[2]["tool_calls"][0]["id"]);
            CHECK(said[4]["content"] == "Error: no");
            check_row(ollama.world.gateway().call_row(done));
        }
    }
}

TEST_CASE("Claude Code's own request, as it was recorded") {
    auto request = recorded_agent();
    if (request.is_null()) {
        MESSAGE("no recorded agents: skipped");
        return;
    }
    OllamaWorld ollama;
    const auto tools = request["tools"].size();
    request["model"] = "ollama/qwen3-coder:30b";
    request["stream"] = true;
    ollama.stream(lines(true), 64);
    const auto response = ollama.post("/v1/messages", request);
    CHECK(response.status == 200);
    // This agent wants no thoughts shown.
    std::string said;
    std::size_t calls = 0;
    for (const auto& block : blocks_of(stream_events(response.body))) {
        said += block.value("text", "");
        calls += block["type"] == "tool_use" ? 1 : 0;
    }
    CHECK(said == words);
    CHECK(calls == 2);
    const auto asked = Json::parse(ollama.last().body);
    CHECK(asked["options"]["num_ctx"] == 65536);
    CHECK(asked["tools"].size() == tools);
    CHECK(asked["messages"][0]["role"] == "system");
    CHECK_FALSE(asked.contains("think"));
    MESSAGE("dropped: " << response.header("x-llmgw-dropped"));
    check_row(ollama.world.gateway().call_row(response));
}

TEST_CASE("clients of the other dialects, streamed and whole") {
    OllamaWorld ollama;
    const Json chat{{"model", "ollama/qwen3:8b"}, {"messages", {{{"role", "user"}, {"content", "Look."}}}}};
    const Json responses{{"model", "ollama/qwen3:8b"}, {"input", "Look."}};
    const Json gemini{{"contents", {{{"role", "user"}, {"parts", {{{"text", "Look."}}}}}}}};
    ollama.answer(200, whole("Hi").dump());
    const auto answered = ollama.post("/v1/chat/completions", chat);
    CHECK(Json::parse(answered.body)["choices"][0]["message"]["content"] == "Hi");
    CHECK(Json::parse(answered.body)["usage"]["total_tokens"] == 34);
    check_row(ollama.world.gateway().call_row(answered));
    CHECK(Json::parse(ollama.post("/v1/responses", responses).body)["output"][0]["content"][0]["text"] == "Hi");
    const auto generated = Json::parse(ollama.post("/v1beta/models/ollama/qwen3:8b:generateContent", gemini).body);
    CHECK(generated["candidates"][0]["content"]["parts"][0]["text"] == "Hi");

    ollama.stream(lines(false), 33);
    auto streamed = chat;
    streamed["stream"] = true;
    const auto sse = ollama.post("/v1/chat/completions", streamed);
    CHECK(sse.body.contains("\"finish_reason\":\"tool_calls\""));
    CHECK(sse.body.ends_with("data: [DONE]\n\n"));
    check_row(ollama.world.gateway().call_row(sse));
    streamed = responses;
    streamed["stream"] = true;
    CHECK(stream_events(ollama.post("/v1/responses", streamed).body).back().name == "response.completed");
    const auto parts = ollama.post("/v1beta/models/ollama/qwen3:8b:streamGenerateContent?alt=sse", gemini);
    CHECK(parts.body.contains("functionCall"));
    CHECK(ollama.last().target == "/api/chat");
}

TEST_CASE("errors: before an answer, in one, and one that breaks off") {
    OllamaWorld ollama;
    ollama.answer(404, R"({"error":"model 'qwen3:8b' not found"})");
    const auto missing = ollama.post("/v1/messages", messages_request(true));
    CHECK(missing.status == 404);
    CHECK(error_message(missing.body) == "model 'qwen3:8b' not found");
    CHECK(is_error_of(DialectId::anthropic, missing.body));

    ollama.answer(400, R"({"error":"the input length exceeds the context length"})");
    CHECK(ollama.post("/v1/messages", messages_request(false)).status == 400);
    const Json chat{{"model", "ollama/qwen3:8b"}, {"messages", {{{"role", "user"}, {"content", "Look."}}}}};
    CHECK(Json::parse(ollama.post("/v1/chat/completions", chat).body)["error"]["code"] == "context_length_exceeded");

    const auto begun = line({{"content", "So"}});
    ollama.stream(begun + R"({"error":"CUDA error: out of memory"})" + "\n", 20);
    const auto failed = ollama.post("/v1/messages", messages_request(true));
    CHECK(failed.status == 200);
    const auto events = stream_events(failed.body);
    CHECK(is_stream_error_of(DialectId::anthropic, events.back()));
    CHECK(events.back().data.contains("out of memory"));

    for (const auto& cut : {begun, begun + R"({"model":"qwen3:8b","mess)"}) {
        ollama.stream(cut, 9);
        const auto broken = ollama.post("/v1/messages", messages_request(true));
        CHECK(is_stream_error_of(DialectId::anthropic, stream_events(broken.body).back()));
        CHECK_FALSE(broken.body.contains("message_stop"));
    }
}

TEST_CASE("its models are listed, tokens are estimated, and without a setting it is a Chat host") {
    OllamaWorld ollama;
    ollama.world.upstream.handle([](const RecordedRequest& request, UpstreamConnection& connection) {
        const bool list = request.method == "GET" && request.target == "/v1/models";
        connection.reply(
            list ? 200 : 404, {{"Content-Type", "application/json"}},
            list ? R"({"object":"list","data":[{"id":"qwen3:8b","object":"model","created":1,"owned_by":"library"}]})"
                 : R"({"error":"nothing here"})");
    });
    const auto models = ollama.world.gateway().get("/v1/models").body;
    CHECK(models.contains("\"ollama/qwen3:8b\""));

    const auto before = ollama.world.upstream.request_count();
    auto count = messages_request(false);
    count.erase("max_tokens");
    count.erase("stream");
    const auto counted = ollama.post("/v1/messages/count_tokens", count);
    CHECK(counted.header("x-llmgw-token-count") == "estimate");
    CHECK(Json::parse(counted.body)["input_tokens"] > 5);
    CHECK(ollama.world.upstream.request_count() == before);

    const std::string asked = R"({ "model": "qwen3:8b", "messages":[{"role":"user","content":"Hi"}]})";
    ollama.answer(200, R"({"id":"c","object":"chat.completion","choices":[]})");
    const auto plain =
        ollama.world.gateway().post("/v1/chat/completions", std::string(asked).replace(12, 8, "plain/qwen3:8b"));
    CHECK(plain.status == 200);
    CHECK(ollama.last().target == "/v1/chat/completions");
    CHECK(ollama.last().body == asked);
}

TEST_SUITE_END();
