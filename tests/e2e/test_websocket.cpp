// T10: the Responses API over a WebSocket, and previous_response_id where the provider keeps nothing.
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

#include <doctest/doctest.h>

#include "tests/e2e/world.hpp"
#include "tests/support/websocket_client.hpp"

using namespace llmgw;
using namespace llmgw::testing;
using nlohmann::json;

TEST_SUITE_BEGIN("websocket");

namespace {

const canned::Wire& responses() {
    return canned::wire(DialectId::openai_responses);
}

Request upgrade_of(World& world, const Headers& more = {}) {
    auto headers = upgrade_headers();
    headers.insert(headers.end(), more.begin(), more.end());
    return world.gateway().authorized(
        {.method = "GET", .target = "/v1/responses", .headers = headers, .body = "", .host = ""});
}

// A WebSocket that was let in.
WebSocketClient open_socket(World& world, const Headers& more = {}) {
    WebSocketClient client(world.gateway().port());
    const auto response = client.open(upgrade_of(world, more));
    REQUIRE(response.status == 101);
    // RFC 6455's own example of a key and its answer.
    CHECK(response.header("sec-websocket-accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    CHECK_FALSE(response.has("sec-websocket-extensions"));
    return client;
}

json create(json body) {
    body["type"] = "response.create";
    return body;
}

// The messages of one answer, up to its last.
std::vector<std::string> answer_to(WebSocketClient& client, const json& message) {
    REQUIRE(client.send_text(message.dump()));
    static const std::set<std::string> ends{"response.completed", "response.failed", "response.incomplete", "error"};
    std::vector<std::string> messages;
    while (auto text = client.read_text()) {
        const auto type = json::parse(*text).value("type", "");
        messages.push_back(std::move(*text));
        if (ends.contains(type)) { return messages; }
    }
    FAIL("the answer did not end");
    return messages;
}

json last(const std::vector<std::string>& messages) {
    return json::parse(messages.back());
}

std::string text_of(const json& response) {
    std::string text;
    for (const auto& item : response["output"]) {
        for (const auto& part : item.value("content", json::array())) {
            text += part.value("text", "");
        }
    }
    return text;
}

std::vector<DbRow> rows(World& world, std::size_t count) {
    return db_wait(world.home.database(), "SELECT * FROM calls ORDER BY started_ms, call_id", {}, count);
}

const json weather = json::parse(
    R"([{"type":"function","name":"get_weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}])");

struct Model {
    const char* name;
    DialectId dialect;
};
constexpr Model models[] = {{"openai/gpt-5-mini", DialectId::openai_responses},
                            {"anthropic/claude-haiku-4-5", DialectId::anthropic},
                            {"local/qwen3-coder", DialectId::openai_chat},
                            {"gemini/gemini-2.5-flash", DialectId::gemini}};

}  // namespace

TEST_CASE("WebSocket: the provider's events become messages unchanged, and the post has nothing of the message") {
    World world;
    auto client = open_socket(world, {{"x-llmgw-feature", "sockets"}, {"session-id", "s-1"}});
    const auto start = std::chrono::steady_clock::now();
    const auto messages = answer_to(client, create({{"model", responses().model}, {"input", "Say hello"}}));
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(sanitized ? 5 : 1));
    std::vector<std::string> expected;
    for (const auto& event : stream_events(canned::joined(responses().events))) {
        expected.push_back(event.data);
    }
    CHECK(messages == expected);

    const auto sent = world.upstream.last();
    REQUIRE(sent);
    CHECK(sent->method == "POST");
    CHECK(sent->target == "/v1/responses");
    CHECK(sent->body == R"({"stream":true,"input":"Say hello","model":")" + responses().model + "\"}");
    CHECK(find_header(sent->headers, "session-id") == "s-1");
    CHECK(find_header(sent->headers, "content-type") == "application/json");
    for (const auto* name : {"upgrade", "openai-beta", "sec-websocket-key", "sec-websocket-version"}) {
        CHECK(find_header(sent->headers, name) == "");
    }
    const auto row = rows(world, 1).at(0);
    CHECK(text(row, "feature") == "sockets");
    CHECK(text(row, "operation") == "responses");
    CHECK(text(row, "ending") == "done");
    CHECK(text(row, "stream") == "1");
    CHECK(text(row, "session_id") == "s-1");
    CHECK(text(row, "output_tokens") == std::to_string(canned::output_tokens));
}

TEST_CASE("WebSocket: a tool loop by previous_response_id with store false, over every provider") {
    World world;
    std::size_t calls = 0;
    for (const auto& model : models) {
        CAPTURE(model.name);
        auto client = open_socket(world);
        const json common{{"model", model.name}, {"store", false}, {"tools", weather}};
        // Warmed up with the first item, as Codex does; nobody is asked.
        auto first = common;
        first["generate"] = false;
        first["input"] = json::parse(R"([{"role":"developer","content":"You know the weather."}])");
        const auto before = world.upstream.request_count();
        auto messages = answer_to(client, create(first));
        REQUIRE(messages.size() == 2);
        CHECK(json::parse(messages[0])["type"] == "response.created");
        CHECK(world.upstream.request_count() == before);

        auto second = common;
        second["previous_response_id"] = last(messages)["response"]["id"];
        second["input"] = json::parse(R"([{"role":"user","content":"The weather in Paris?"}])");
        messages = answer_to(client, create(second));
        auto response = last(messages)["response"];
        REQUIRE(last(messages)["type"] == "response.completed");
        std::string call_id;
        for (const auto& item : response["output"]) {
            if (item["type"] == "function_call") { call_id = item["call_id"]; }
        }
        REQUIRE(call_id != "");

        auto third = common;
        third["previous_response_id"] = response["id"];
        third["input"] =
            json::array({{{"type", "function_call_output"}, {"call_id", call_id}, {"output", "21 degrees"}}});
        messages = answer_to(client, create(third));
        CHECK(last(messages)["type"] == "response.completed");
        CHECK(text_of(last(messages)["response"]) != "");
        // All of it reached the provider, in order, and no id it does not know.
        const auto body = world.upstream.last()->body;
        const auto system = body.find("You know the weather.");
        const auto question = body.find("The weather in Paris?");
        const auto result = body.find("21 degrees");
        CHECK(question != std::string::npos);
        CHECK(system != std::string::npos);
        CHECK(result != std::string::npos);
        CHECK(question < result);
        CHECK(body.find("get_weather") != std::string::npos);
        CHECK(body.find("previous_response_id") == std::string::npos);
        calls += 2;
        CHECK(rows(world, calls).size() == calls);
    }
}

TEST_CASE("WebSocket: an id this connection does not know is the provider's own, or an error in OpenAI's words") {
    World world;
    auto client = open_socket(world);
    const auto ask = [&](const char* model) {
        return answer_to(client,
                         create({{"model", model}, {"input", "And?"}, {"previous_response_id", "resp_elsewhere"}}));
    };
    CHECK(last(ask("openai/gpt-5-mini"))["type"] == "response.completed");
    CHECK(json::parse(world.upstream.last()->body)["previous_response_id"] == "resp_elsewhere");

    const auto error = last(ask("anthropic/claude-haiku-4-5"));
    CHECK(error["type"] == "error");
    CHECK(error["status"] == 400);
    CHECK(error["error"]["code"] == "previous_response_not_found");
    CHECK(error["error"]["param"] == "previous_response_id");
    CHECK(error["error"]["message"] == "Previous response with id 'resp_elsewhere' not found.");
    CHECK(world.upstream.request_count() == 1);
    const auto warm = last(answer_to(
        client, create({{"model", "m"}, {"input", "x"}, {"generate", false}, {"previous_response_id", "resp_no"}})));
    CHECK(warm["error"]["code"] == "previous_response_not_found");
    // What one connection keeps with store false is its own.
    const auto kept = last(answer_to(
        client,
        create({{"model", "anthropic/claude-haiku-4-5"}, {"input", "Hi"}, {"store", false}})))["response"]["id"];
    auto other = open_socket(world);
    const auto refused = last(answer_to(
        other, create({{"model", "anthropic/claude-haiku-4-5"}, {"input", "Hi"}, {"previous_response_id", kept}})));
    CHECK(refused["error"]["code"] == "previous_response_not_found");
}

TEST_CASE("WebSocket: errors are messages with their status, and the connection goes on") {
    World world;
    auto client = open_socket(world);
    for (const auto& model : models) {
        CAPTURE(model.name);
        const std::string provider(std::string_view(model.name).substr(0, std::string_view(model.name).find('/')));
        const auto limited =
            last(answer_to(client, create({{"model", provider + "/fake-429"}, {"input", "Hi"}, {"store", false}})));
        CHECK(limited["type"] == "error");
        CHECK(limited["status"] == 429);
        CHECK(limited["error"]["message"].get<std::string>() != "");
        CHECK(limited["headers"]["x-llmgw-call-id"].get<std::string>().size() == 36);
    }
    for (const auto* wrong : {"", "no json", "[]", R"({"type":"session.update"})", R"({"type":"response.create"})",
                              R"({"type":"response.create","model":"openai/gpt-5-mini","input":[7]})"}) {
        CAPTURE(wrong);
        REQUIRE(client.send_text(wrong));
        const auto answer = client.read_text();
        REQUIRE(answer);
        const auto error = json::parse(*answer);
        CHECK(error["type"] == "error");
        CHECK(error["status"] == 400);
        CHECK(error["error"]["type"] == "invalid_request_error");
    }
    CHECK(last(answer_to(client, create({{"model", "openai/gpt-5-mini"}, {"input", "Hi"}})))["type"] ==
          "response.completed");
    CHECK(rows(world, 5).size() >= 5);
}

TEST_CASE("WebSocket: a provider that breaks off in mid-stream is told as a failure") {
    World world;
    world.upstream.handle([](const RecordedRequest&, UpstreamConnection& connection) {
        connection.start_sse();
        connection.chunk(canned::without_last(responses().events, 1));
        connection.reset();
    });
    auto client = open_socket(world);
    CHECK(last(answer_to(client, create({{"model", "openai/gpt-5-mini"}, {"input", "Hi"}})))["type"] ==
          "response.failed");
    CHECK(text(rows(world, 1).at(0), "ending") == "truncated");
}

TEST_CASE("WebSocket: a client that closes cancels what runs, by a frame or without") {
    for (const bool by_frame : {true, false}) {
        for (const bool begun : {true, false}) {
            CAPTURE(by_frame);
            CAPTURE(begun);
            World world;
            const auto there = std::make_shared<Signal>();
            const auto gone = std::make_shared<Signal>();
            world.upstream.handle([=](const RecordedRequest&, UpstreamConnection& connection) {
                if (begun) {
                    connection.start_sse();
                    connection.chunk(responses().events[0]);
                }
                there->set();
                if (connection.wait_peer_closed()) { gone->set(); }
            });
            auto client = open_socket(world);
            REQUIRE(client.send_text(create({{"model", "openai/gpt-5-mini"}, {"input", "Hi"}}).dump()));
            REQUIRE(there->wait());
            if (begun) { REQUIRE(client.read_text()); }
            // A ping is answered while the call runs.
            REQUIRE(client.send_frame(9, "still there?"));
            const auto pong = client.read_frame();
            REQUIRE(pong);
            CHECK(pong->opcode == 10);
            CHECK(pong->payload == "still there?");
            if (by_frame) {
                REQUIRE(client.send_frame(8, "\x03\xe8"));
                const auto goodbye = client.read_frame();
                REQUIRE(goodbye);
                CHECK(goodbye->opcode == 8);
                CHECK(goodbye->payload == "\x03\xe8");
                CHECK(client.wait_closed());
            } else {
                client.close();
            }
            CHECK(gone->wait());
            CHECK(text(rows(world, 1).at(0), "ending") == "cancelled");
        }
    }
}

TEST_CASE("WebSocket: several creates in a row are answered one after the other") {
    World world;
    auto client = open_socket(world);
    for (const auto* question : {"one", "two", "three"}) {
        REQUIRE(client.send_text(create({{"model", "openai/gpt-5-mini"}, {"input", question}}).dump()));
    }
    std::size_t completed = 0;
    while (completed < 3) {
        const auto message = client.read_text();
        REQUIRE(message);
        completed += json::parse(*message)["type"] == "response.completed" ? 1 : 0;
    }
    std::string order;
    for (const auto& request : world.upstream.requests()) {
        order += json::parse(request->body)["input"].get<std::string>() + " ";
    }
    CHECK(order == "one two three ");
}

TEST_CASE("WebSocket: a close frame goes back as it came; one that is none of the protocol's is told so") {
    World world;
    for (const auto& [payload, code] : std::vector<std::pair<std::string, int>>{
             {"", 0}, {std::string("\x03\xe8", 2) + "bye", 1000}, {"x", 1002}, {std::string("\x03\xed", 2), 1002}}) {
        CAPTURE(code);
        auto client = open_socket(world);
        REQUIRE(client.send_frame(8, payload));
        const auto frame = client.read_frame();
        REQUIRE(frame);
        CHECK(frame->opcode == 8);
        const auto& told = frame->payload;
        const int got =
            told.size() < 2 ? 0 : static_cast<unsigned char>(told[0]) * 256 + static_cast<unsigned char>(told[1]);
        CHECK(got == code);
        CHECK(told.size() != 1);
        CHECK(client.wait_closed());
    }
}

TEST_CASE("WebSocket: messages up to the limit, whole and in fragments; one above closes with 1009") {
    World world({.server = "max_body_mb = 24", .timeouts = "", .more = "", .start = true});
    auto client = open_socket(world);
    const std::string large(20U << 20, 'a');
    CHECK(last(answer_to(client, create({{"model", "openai/gpt-5-mini"}, {"input", large}})))["type"] ==
          "response.completed");
    CHECK(json::parse(world.upstream.last()->body)["input"] == large);

    const auto message = create({{"model", "openai/gpt-5-mini"}, {"input", "in two pieces"}}).dump();
    REQUIRE(client.send_frame(1, message.substr(0, 20), false));
    REQUIRE(client.send_frame(9, "between"));
    REQUIRE(client.send_frame(0, message.substr(20), true));
    CHECK(client.read_frame()->opcode == 10);
    REQUIRE(client.read_text());

    auto other = open_socket(world);
    other.send_frame(1, std::string((24U << 20) + 1, 'a'));
    const auto goodbye = other.read_frame();
    REQUIRE(goodbye);
    CHECK(goodbye->opcode == 8);
    CHECK(goodbye->payload == "\x03\xf1");
}

TEST_CASE("WebSocket: who is refused is refused before the upgrade") {
    World world;
    const auto port = world.gateway().port();
    const auto refused = [&](Request request) { return WebSocketClient(port).open(request); };
    auto stranger = upgrade_of(world);
    for (auto& [name, value] : stranger.headers) {
        if (iequals(name, "authorization")) { value = "Bearer somebody-else"; }
    }
    const auto response = refused(stranger);
    CHECK(response.status == 401);
    CHECK(is_error_of(DialectId::openai_responses, response.body));

    auto page = upgrade_of(world, {{"Origin", "https://evil.example"}});
    CHECK(refused(page).status == 403);
    auto rebound = upgrade_of(world);
    rebound.host = "evil.example";
    CHECK(refused(rebound).status == 403);
    auto nameless = upgrade_of(world);
    for (auto& [name, value] : nameless.headers) {
        if (iequals(name, "user-agent")) { value = "somebody/1"; }
    }
    CHECK(refused(nameless).status == 400);
    auto elsewhere = upgrade_of(world);
    elsewhere.target = "/v1/realtime";
    CHECK(refused(elsewhere).status == 426);
    auto old = upgrade_of(world);
    for (auto& [name, value] : old.headers) {
        if (iequals(name, "sec-websocket-version")) { value = "8"; }
    }
    CHECK(refused(old).status == 426);
    CHECK(world.upstream.request_count() == 0);
}

TEST_CASE("WebSocket: a gateway that stops lets the running call finish and says goodbye") {
    World world;
    const auto there = std::make_shared<Signal>();
    const auto go_on = std::make_shared<Signal>();
    world.upstream.handle([=](const RecordedRequest&, UpstreamConnection& connection) {
        connection.start_sse();
        connection.chunk(responses().events[0]);
        there->set();
        go_on->wait();
        for (std::size_t i = 1; i < responses().events.size(); ++i) {
            connection.chunk(responses().events[i]);
        }
        connection.finish();
    });
    auto client = open_socket(world);
    auto idle = open_socket(world);
    REQUIRE(client.send_text(create({{"model", "openai/gpt-5-mini"}, {"input", "Hi"}}).dump()));
    REQUIRE(there->wait());
    world.gateway().process().signal(SIGTERM);
    const auto goodbye = idle.read_frame();
    REQUIRE(goodbye);
    CHECK(goodbye->opcode == 8);
    CHECK(goodbye->payload == "\x03\xe9");
    idle.close();
    go_on->set();
    std::string type;
    while (const auto message = client.read_text()) {
        type = json::parse(*message)["type"];
    }
    CHECK(type == "response.completed");
    client.close();
    CHECK(world.gateway().process().wait() == 0);
}

TEST_CASE("WebSocket: what Codex sent, over every provider") {
    const char* shared = std::getenv("LLMGW_SHARED");
    const auto directory =
        std::filesystem::path(shared != nullptr ? shared : LLMGW_SOURCE_DIR "/../shared") / "agents/codex";
    std::error_code none;
    std::map<std::string, std::vector<json>> sessions;
    std::set<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(directory, none)) {
        if (entry.path().filename().string().starts_with("codex-ws-")) { files.insert(entry.path().string()); }
    }
    std::string session;
    for (const auto& file : files) {
        const auto recorded = json::parse(read_file(file));
        if (recorded["method"] == "UPGRADE") {
            session = file;
        } else {
            sessions[session].push_back(recorded["body"]);
        }
    }
    if (sessions.empty()) {
        MESSAGE("no recorded frames here: skipped");
        return;
    }
    World world;
    std::size_t answered = 0;
    for (const auto& model : models) {
        for (const auto& [file, bodies] : sessions) {
            CAPTURE(file);
            CAPTURE(model.name);
            auto client = open_socket(world);
            json previous;
            json called;
            for (auto body : bodies) {
                body["model"] = model.name;
                // Ids are this run's own: of the answer before, and of the call it made, when it made one.
                if (body.contains("previous_response_id")) { body["previous_response_id"] = previous; }
                for (auto& item : body["input"]) {
                    if (item.contains("call_id") && !called.is_null()) { item["call_id"] = called; }
                }
                const auto end = last(answer_to(client, body));
                CHECK_MESSAGE(end["type"] == "response.completed", end.dump());
                previous = end["response"]["id"];
                called = nullptr;
                for (const auto& item : end["response"]["output"]) {
                    if (item.contains("call_id")) { called = item["call_id"]; }
                }
                ++answered;
            }
        }
    }
    MESSAGE(answered << " recorded messages answered");
}

TEST_CASE("previous_response_id over HTTP: kept for providers that keep nothing, for its own client, when it may") {
    World world;
    const auto post = [&](json body) { return world.gateway().post("/v1/responses", body.dump()); };
    for (const auto& model : models) {
        if (model.dialect == DialectId::openai_responses) { continue; }
        for (const bool stream : {false, true}) {
            CAPTURE(model.name);
            CAPTURE(stream);
            const auto first =
                post({{"model", model.name}, {"input", "My name is Ada."}, {"stream", stream}, {"tools", weather}});
            REQUIRE(first.status == 200);
            const auto answer = stream ? stream_events(first.body).back().json["response"] : json::parse(first.body);
            std::string call_id;
            for (const auto& item : answer["output"]) {
                if (item["type"] == "function_call") { call_id = item["call_id"]; }
            }
            REQUIRE(call_id != "");
            const auto second =
                post({{"model", model.name},
                      {"previous_response_id", answer["id"]},
                      {"tools", weather},
                      {"input",
                       json::array({{{"type", "function_call_output"}, {"call_id", call_id}, {"output", "wet"}}})}});
            REQUIRE(second.status == 200);
            CHECK(json::parse(second.body)["previous_response_id"] == answer["id"]);
            const auto sent = world.upstream.last()->body;
            CHECK(sent.find("My name is Ada.") < sent.find("wet"));
            CHECK(sent.find("wet") != std::string::npos);
            CHECK(sent.find("previous_response_id") == std::string::npos);
        }
    }
    const auto unknown = [&](const json& id) {
        const auto count = world.upstream.request_count();
        const auto response =
            post({{"model", "anthropic/claude-haiku-4-5"}, {"previous_response_id", id}, {"input", "And?"}});
        CHECK(response.status == 400);
        CHECK(world.upstream.request_count() == count);
        return json::parse(response.body)["error"];
    };
    const auto error = unknown("resp_nobody");
    CHECK(error["message"] == "Previous response with id 'resp_nobody' not found.");
    CHECK(error["code"] == "previous_response_not_found");
    CHECK(error["param"] == "previous_response_id");
    const auto not_stored = post({{"model", "local/qwen3-coder"}, {"input", "Hi"}, {"store", false}});
    REQUIRE(not_stored.status == 200);
    // The fake provider's answers all have one id, which earlier answers had as well.
    World fresh;
    const auto hidden = fresh.gateway().post(
        "/v1/responses", json({{"model", "local/qwen3-coder"}, {"input", "Hi"}, {"store", false}}).dump());
    const auto id = json::parse(hidden.body)["id"];
    const auto again = fresh.gateway().post(
        "/v1/responses", json({{"model", "local/qwen3-coder"}, {"input", "Hi"}, {"previous_response_id", id}}).dump());
    CHECK(again.status == 400);
    CHECK(json::parse(again.body)["error"]["code"] == "previous_response_not_found");
    // The provider that keeps answers itself gets the client's bytes.
    const std::string own = R"({ "model":"gpt-5-mini", "previous_response_id":"resp_theirs", "input":"x" })";
    CHECK(world.gateway().post("/v1/responses", own).status == 200);
    CHECK(world.upstream.last()->body == own);
}

TEST_SUITE_END();
