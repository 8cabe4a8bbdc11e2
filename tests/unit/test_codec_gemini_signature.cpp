// Thought signatures (T4): through clients that have no field for them, and other providers' through Gemini's clients.
#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "core/dialect/envelope.hpp"
#include "core/util/base64.hpp"
#include "providers/dialects/gemini/signature.hpp"
#include "providers/registry.hpp"
#include "tests/support/answer_text.hpp"
#include "tests/support/tell.hpp"

using namespace llmgw;
using namespace llmgw::test;
using nlohmann::ordered_json;
using wire::gemini::read_signature;
using wire::gemini::Signature;
using wire::gemini::signature_dummy;
using wire::gemini::write_signature;

namespace {

const Codec& codec() {
    return *dialects().get(DialectId::gemini).codec();
}

// A Gemini 3 that gives each step's first call a signature and refuses a conversation in which one is missing or
// changed. Four answers: two calls at once, one call, one call after words, and the end.
class Mock {
public:
    // The answer's JSON, or what is wrong with the request.
    struct Reply {
        std::string body;
        std::string fault;
    };

    Reply answer(const std::string& request) {
        const auto body = ordered_json::parse(request);
        Reply reply;
        std::size_t step = forgotten_;
        std::size_t open = 0;
        for (const auto& content : body["contents"]) {
            if (content["role"] == "model") {
                if (!content["parts"][first_call(content)].contains("functionCall")) { continue; }
                reply.fault = check_step(content, step++);
                open = calls(content);
            } else if (open > 0) {
                std::size_t results = 0;
                for (const auto& part : content["parts"]) {
                    results += part.contains("functionResponse") ? 1 : 0;
                }
                if (results != open) { reply.fault = "not one result for each call"; }
                open = 0;
            }
            if (!reply.fault.empty()) { return reply; }
        }
        reply.body = next();
        return reply;
    }

    // The client will not send the oldest steps any more.
    void forget(std::size_t steps) { forgotten_ = steps; }
    std::size_t steps() const { return steps_.size(); }

private:
    static std::size_t first_call(const ordered_json& content) {
        std::size_t at = 0;
        while (at + 1 < content["parts"].size() && !content["parts"][at].contains("functionCall")) {
            ++at;
        }
        return at;
    }
    static std::size_t calls(const ordered_json& content) {
        std::size_t count = 0;
        for (const auto& part : content["parts"]) {
            count += part.contains("functionCall") ? 1 : 0;
        }
        return count;
    }

    std::string check_step(const ordered_json& content, std::size_t step) const {
        if (step >= steps_.size()) { return "a step that never was"; }
        bool first = true;
        for (const auto& part : content["parts"]) {
            if (!part.contains("functionCall")) { continue; }
            const std::string signature = part.value("thoughtSignature", "");
            if (first && signature != steps_[step]) {
                return "Function call is missing a thought_signature, or it was altered: " + signature;
            }
            if (!first && !signature.empty()) { return "a signature where there was none"; }
            first = false;
        }
        return "";
    }

    std::string next() {
        ordered_json parts = ordered_json::array();
        const auto call = [&](const char* name, const char* path, const std::string& signature) {
            ordered_json part{{"functionCall", {{"name", name}, {"args", {{"path", path}}}}}};
            if (!signature.empty()) { part["thoughtSignature"] = signature; }
            parts.push_back(part);
        };
        const auto sign = [&] {
            steps_.push_back(base64("step " + std::to_string(steps_.size()) + " \xFF\xFE of the mock"));
            return steps_.back();
        };
        switch (steps_.size() + (over_ ? 1 : 0)) {
            case 0:
                parts.push_back({{"text", "**Planning**"}, {"thought", true}});
                call("read_file", "a.txt", sign());
                call("read_file", "b.txt", "");
                break;
            case 1: call("list_dir", ".", sign()); break;
            case 2:
                parts.push_back({{"text", "One more."}});
                call("read_file", "c.txt", sign());
                break;
            default:
                parts.push_back({{"text", "Done."}});
                parts.push_back({{"text", ""}, {"thoughtSignature", base64("the end")}});
        }
        const ordered_json answer{
            {"candidates",
             {{{"content", {{"parts", parts}, {"role", "model"}}}, {"finishReason", "STOP"}, {"index", 0}}}},
            {"usageMetadata", {{"promptTokenCount", 10}, {"candidatesTokenCount", 5}, {"totalTokenCount", 15}}},
            {"modelVersion", "gemini-3-mock"},
            {"responseId", "resp-" + std::to_string(steps_.size())}};
        return answer.dump();
    }

    std::vector<std::string> steps_;
    std::size_t forgotten_ = 0;
    bool over_ = false;
};

// What a client of a dialect does between two requests: keeps the answer as it came and adds what its tools said.
struct Client {
    DialectId id;
    ordered_json request;
    std::function<void(ordered_json& request, const ordered_json& answer)> keep;
    std::function<void(ordered_json& request)> forget_first_step;
    std::function<bool(const ordered_json& answer)> is_over;
};

const ordered_json schema = ordered_json::parse(R"({"type":"object","properties":{"path":{"type":"string"}}})");

Client anthropic_client() {
    Client client;
    client.id = DialectId::anthropic;
    client.request = {
        {"model", "m"},
        {"max_tokens", 1000},
        {"tools",
         {{{"name", "read_file"}, {"input_schema", schema}}, {{"name", "list_dir"}, {"input_schema", schema}}}},
        {"messages", {{{"role", "user"}, {"content", "Look."}}}}};
    client.keep = [](ordered_json& request, const ordered_json& answer) {
        request["messages"].push_back({{"role", "assistant"}, {"content", answer["content"]}});
        ordered_json results = ordered_json::array();
        for (const auto& block : answer["content"]) {
            if (block["type"] != "tool_use") { continue; }
            results.push_back({{"type", "tool_result"}, {"tool_use_id", block["id"]}, {"content", "ok"}});
        }
        request["messages"].push_back({{"role", "user"}, {"content", results}});
    };
    client.forget_first_step = [](ordered_json& request) {
        request["messages"].erase(1);
        request["messages"].erase(1);
    };
    client.is_over = [](const ordered_json& answer) { return answer["stop_reason"] != "tool_use"; };
    return client;
}

Client chat_client() {
    Client client;
    client.id = DialectId::openai_chat;
    ordered_json tools = ordered_json::array();
    for (const char* name : {"read_file", "list_dir"}) {
        tools.push_back({{"type", "function"}, {"function", {{"name", name}, {"parameters", schema}}}});
    }
    client.request = {{"model", "m"}, {"tools", tools}, {"messages", {{{"role", "user"}, {"content", "Look."}}}}};
    client.keep = [](ordered_json& request, const ordered_json& answer) {
        const auto& message = answer["choices"][0]["message"];
        // As most clients do, only what the dialect's first version had.
        request["messages"].push_back(
            {{"role", "assistant"}, {"content", message["content"]}, {"tool_calls", message["tool_calls"]}});
        for (const auto& call : message["tool_calls"]) {
            request["messages"].push_back({{"role", "tool"}, {"tool_call_id", call["id"]}, {"content", "ok"}});
        }
    };
    client.forget_first_step = [](ordered_json& request) {
        auto& messages = request["messages"];
        messages.erase(1);
        while (messages[1]["role"] == "tool") {
            messages.erase(1);
        }
    };
    client.is_over = [](const ordered_json& answer) { return answer["choices"][0]["finish_reason"] != "tool_calls"; };
    return client;
}

Client responses_client() {
    Client client;
    client.id = DialectId::openai_responses;
    ordered_json tools = ordered_json::array();
    for (const char* name : {"read_file", "list_dir"}) {
        tools.push_back({{"type", "function"}, {"name", name}, {"parameters", schema}});
    }
    client.request = {{"model", "m"},
                      {"store", false},
                      {"include", {"reasoning.encrypted_content"}},
                      {"tools", tools},
                      {"input", {{{"type", "message"}, {"role", "user"}, {"content", "Look."}}}}};
    const auto has_call = [](const ordered_json& answer) {
        bool call = false;
        for (const auto& item : answer["output"]) {
            call = call || item["type"] == "function_call";
        }
        return call;
    };
    client.keep = [](ordered_json& request, const ordered_json& answer) {
        for (const auto& item : answer["output"]) {
            request["input"].push_back(item);
        }
        for (const auto& item : answer["output"]) {
            if (item["type"] != "function_call") { continue; }
            request["input"].push_back(
                {{"type", "function_call_output"}, {"call_id", item["call_id"]}, {"output", "ok"}});
        }
    };
    client.forget_first_step = [](ordered_json& request) {
        auto& input = request["input"];
        while (input[1]["type"] != "function_call_output") {
            input.erase(1);
        }
        while (input[1]["type"] == "function_call_output") {
            input.erase(1);
        }
    };
    client.is_over = [has_call](const ordered_json& answer) { return !has_call(answer); };
    return client;
}

TargetTraits gemini_3() {
    TargetTraits target;
    target.model = "gemini-3-pro-preview";
    target.thinking_level = true;
    return target;
}

// Runs the loop to its end, through the client's own dialect in both directions. How many requests were made.
int run_loop(Client client, bool streamed, bool forget) {
    const Codec& own = *dialects().get(client.id).codec();
    Mock mock;
    for (int turn = 1; turn < 10; ++turn) {
        Drops drops;
        const auto request = own.decode_request(client.request.dump());
        REQUIRE_MESSAGE(request.has_value(), request.error().message);
        const auto encoded = codec().encode_request(*request, gemini_3(), drops);
        REQUIRE_MESSAGE(encoded.has_value(), encoded.error().message);
        const auto reply = mock.answer(encoded->body);
        CAPTURE(encoded->body);
        REQUIRE(reply.fault == "");
        std::vector<AnswerEvent> events;
        REQUIRE(codec().decode_answer(reply.body, events));
        REQUIRE(grammar_fault(events) == "");
        AnswerWishes wishes;
        wishes.call_id = "call-" + std::to_string(turn);
        wishes.model = "m";
        wishes.now_s = 1;
        wishes.request = &*request;
        if (streamed) {
            const std::string stream = write_answer(own, events, wishes, drops);
            REQUIRE(stream_fault(own, stream) == "");
            events = read_answer(own, stream, 100);
        }
        const auto answer = ordered_json::parse(own.encode_answer(events, wishes, drops));
        if (client.is_over(answer)) { return turn; }
        client.keep(client.request, answer);
        if (forget && turn == 2) {
            client.forget_first_step(client.request);
            mock.forget(1);
        }
    }
    return 0;
}

}  // namespace

TEST_SUITE("codec/gemini/signature") {
    TEST_CASE("three tool turns through clients without a field for signatures") {
        int clients = 0;
        for (const auto& client : {anthropic_client(), chat_client(), responses_client()}) {
            if (dialects().get(client.id).codec() == nullptr) {
                TELL("no codec yet: " << to_string(client.id));
                continue;
            }
            CAPTURE(to_string(client.id));
            ++clients;
            for (const bool streamed : {false, true}) {
                for (const bool forget : {false, true}) {
                    CAPTURE(streamed);
                    CAPTURE(forget);
                    CHECK(run_loop(client, streamed, forget) == 4);
                }
            }
        }
        TELL(clients << " of 3 client dialects");
    }

    TEST_CASE("three tool turns, the signature in the call's id as every other dialect's encoder puts it there") {
        Mock mock;
        ChatRequest request;
        request.origin = DialectId::openai_chat;
        Message user;
        user.parts.emplace_back(part::Text{"Look.", {}, {}, {}, {}});
        request.messages.push_back(user);
        int turn = 0;
        for (bool calls = true; calls && turn < 10;) {
            ++turn;
            Drops drops;
            const auto encoded = codec().encode_request(request, gemini_3(), drops);
            REQUIRE(encoded.has_value());
            const auto reply = mock.answer(encoded->body);
            REQUIRE(reply.fault == "");
            std::vector<AnswerEvent> events;
            REQUIRE(codec().decode_answer(reply.body, events));
            Message assistant;
            assistant.role = Role::assistant;
            Message results;
            calls = false;
            const WholeAnswer answer = assemble(events);
            for (const auto& said : answer.candidates[0].parts) {
                if (said.begin.kind != answer::PartKind::tool_call) { continue; }
                calls = true;
                // Known when the call begins: a stream has to say the id first.
                CHECK(said.begin.call.sealed == said.sealed);
                const CallId id = unwrap_call_id(wrap_call_id(said.begin.call.id, said.begin.call.sealed));
                part::ToolCall call;
                call.id = id.id;
                call.name = said.begin.call.name;
                call.arguments = said.text;
                call.sealed = id.sealed;
                assistant.parts.emplace_back(call);
                part::ToolResult result;
                result.call_id = id.id;
                result.content.emplace_back(part::Text{"ok", {}, {}, {}, {}});
                results.parts.emplace_back(result);
            }
            request.messages.push_back(assistant);
            request.messages.push_back(results);
        }
        CHECK(turn == 4);
    }

    TEST_CASE("calls of another provider's history get the dummy where the target wants one") {
        ChatRequest request;
        request.origin = DialectId::anthropic;
        Message user;
        user.parts.emplace_back(part::Text{"Look.", {}, {}, {}, {}});
        Message assistant;
        assistant.role = Role::assistant;
        Message results;
        for (const char* id : {"toolu_1", "toolu_2"}) {
            part::ToolCall call;
            call.id = id;
            call.name = "read_file";
            call.arguments = R"({"path":"a"})";
            call.sealed = Sealed{DialectId::anthropic, "foreign", {}};
            assistant.parts.emplace_back(call);
            part::ToolResult result;
            result.call_id = id;
            results.parts.emplace_back(result);
        }
        request.messages = {user, assistant, results};
        const auto signatures = [&](const TargetTraits& target) {
            Drops drops;
            const auto encoded = codec().encode_request(request, target, drops);
            std::vector<std::string> found;
            const auto body = ordered_json::parse(encoded->body);
            for (const auto& part : body["contents"][1]["parts"]) {
                found.push_back(part.value("thoughtSignature", ""));
            }
            return found;
        };
        const std::vector<std::string> first_only{std::string(signature_dummy), ""};
        CHECK(signatures(gemini_3()) == first_only);
        TargetTraits by_name;
        by_name.model = "models/gemini-3.1-flash";
        CHECK(signatures(by_name) == first_only);
        by_name.model = "gemini-2.5-pro";
        CHECK(signatures(by_name) == std::vector<std::string>{"", ""});
    }

    TEST_CASE("another provider's reasoning rides on the next part of a Gemini client's") {
        const part::Reasoning thought{{}, "Let me look.", Sealed{DialectId::anthropic, "sig/with+all=", {}}, false};
        const part::Reasoning hidden{{"one", "two"}, "", Sealed{DialectId::openai_responses, "gAAAA", "rs_1"}, true};
        std::vector<AnswerEvent> events{answer::Begin{"msg_1", "claude", 0}};
        const auto say = [&](const part::Reasoning& reasoning) {
            answer::PartBegin begin;
            begin.kind = answer::PartKind::reasoning;
            events.emplace_back(begin);
            if (!reasoning.text.empty()) {
                events.emplace_back(answer::Delta{answer::DeltaKind::reasoning_text, 0, reasoning.text, {}});
            }
            for (std::size_t i = 0; i < reasoning.summary.size(); ++i) {
                if (i > 0) { events.emplace_back(answer::Delta{answer::DeltaKind::summary_break, 0, {}, {}}); }
                events.emplace_back(answer::Delta{answer::DeltaKind::summary, 0, reasoning.summary[i], {}});
            }
            events.emplace_back(answer::PartEnd{0, reasoning.sealed, reasoning.redacted});
        };
        const auto call = [&](const char* id) {
            answer::PartBegin begin;
            begin.kind = answer::PartKind::tool_call;
            begin.call.id = id;
            begin.call.name = "read_file";
            events.emplace_back(begin);
            events.emplace_back(answer::Delta{answer::DeltaKind::text, 0, R"({"path":"a"})", {}});
            events.emplace_back(answer::PartEnd{});
        };
        say(thought);
        say(hidden);
        call("toolu_1");
        call("toolu_2");
        events.emplace_back(answer::Finish{answer::StopReason::tool_use, 0, "tool_use", {}, {}});
        events.emplace_back(answer::End{});
        REQUIRE(grammar_fault(events) == "");

        for (const bool show : {true, false}) {
            for (const bool url_alphabet : {false, true}) {
                for (const bool keeps_thoughts : {false, true}) {
                    Drops drops;
                    AnswerWishes wishes;
                    wishes.show_reasoning = show;
                    const std::string stream = write_answer(codec(), events, wishes, drops);
                    REQUIRE(stream_fault(codec(), stream) == "");
                    // The client puts the pieces together; Gemini CLI forgets the thoughts, others keep them.
                    ordered_json parts = ordered_json::array();
                    SseFramer framer;
                    for (const auto& sse : framer.feed(stream)) {
                        const auto datum = ordered_json::parse(sse.data);
                        for (auto part : datum["candidates"][0]["content"]["parts"]) {
                            const bool is_thought = part.value("thought", false);
                            CHECK((show || !is_thought));
                            if (is_thought && !keeps_thoughts) { continue; }
                            if (part.contains("thoughtSignature") && url_alphabet) {
                                const auto bytes = base64_decode(part["thoughtSignature"].get<std::string>());
                                REQUIRE(bytes.has_value());
                                part["thoughtSignature"] = base64url(*bytes);
                            }
                            parts.push_back(part);
                        }
                    }
                    const ordered_json next{{"contents",
                                             {{{"role", "user"}, {"parts", {{{"text", "Look."}}}}},
                                              {{"role", "model"}, {"parts", parts}}}}};
                    const auto request = codec().decode_request(next.dump());
                    REQUIRE(request.has_value());
                    const auto& said = request->messages.at(1).parts;
                    REQUIRE(said.size() == 4);
                    const auto& first = std::get<part::Reasoning>(said[0]);
                    CHECK(first.text == thought.text);
                    CHECK(first.sealed == thought.sealed);
                    CHECK_FALSE(first.redacted);
                    const auto& second = std::get<part::Reasoning>(said[1]);
                    CHECK(second.summary == hidden.summary);
                    CHECK(second.sealed == hidden.sealed);
                    CHECK(second.redacted);
                    CHECK(std::get<part::ToolCall>(said[2]).id == "toolu_1");
                    CHECK(std::get<part::ToolCall>(said[2]).sealed.empty());
                    CHECK(std::get<part::ToolCall>(said[3]).id == "toolu_2");
                }
            }
        }
    }

    TEST_CASE("signatures read and written") {
        CHECK(read_signature("").empty());
        CHECK(write_signature({}) == "");
        const Signature own{{}, Sealed{DialectId::gemini, "Cs4DAb4+9v/x==", {}}};
        CHECK(write_signature(own) == "Cs4DAb4+9v/x==");
        CHECK(read_signature("Cs4DAb4+9v/x==").own == own.own);
        CHECK(read_signature(signature_dummy).own.data == signature_dummy);
        // Looks like ours and is not.
        const std::string close_to = base64("{\"llmgw1\":[{");
        CHECK(read_signature(close_to).reasoning.size() <= 1);
        CHECK(read_signature("eyJsbG1ndzEi????").own.data == "eyJsbG1ndzEi????");

        using wire::gemini::is_made_call_id;
        using wire::gemini::made_call_id;
        CHECK(made_call_id(3, "seed") == made_call_id(3, "seed"));
        CHECK(made_call_id(3, "seed") != made_call_id(3, "seeds"));
        CHECK(made_call_id(3, "seed") != made_call_id(4, "seed"));
        CHECK(is_made_call_id(made_call_id(12, "seed")));
        for (const char* id : {"", "call_", "call_30QT8TKHJVZ7ktawZDPtvzjf", "call_1_0123456789ag",
                               "call_x_0123456789ab", "call__0123456789ab", "toolu_01"}) {
            CHECK_FALSE(is_made_call_id(id));
        }
    }
}
