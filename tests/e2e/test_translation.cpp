// Translation works: every client's dialect against every provider's, through the real binary. The table that comes
// out is the README's.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>

#include <doctest/doctest.h>

#include "tests/e2e/matrix_errors.hpp"
#include "tests/e2e/matrix_world.hpp"

using namespace llmgw;
using namespace llmgw::testing;
using namespace llmgw::testing::matrix;

namespace {

constexpr std::array all_dialects{DialectId::anthropic, DialectId::openai_chat, DialectId::openai_responses,
                                  DialectId::gemini};
// Escapes, two- and four-byte characters, quotes.
constexpr std::array all_providers{DialectId::anthropic, DialectId::openai_chat, DialectId::openai_responses,
                                   DialectId::gemini, DialectId::bedrock_converse};
const std::string words = "Hello \u2603 \"there\"\n\U0001F600 caf\u00e9.";
const std::string png =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const std::string pdf = "JVBERi0xLjQKJcOkw7zDtsOfCjEgMCBvYmoKPDw+PgplbmRvYmoK";
const std::string wav = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";

const Json deep_arguments =
    Json::parse(R"({"city":"Z\u00fcrich \"old\"","days":2,"more":{"list":[1,2.5,null,true],"empty":{}}})");

std::string expect(bool good, const std::string& what) {
    return good ? "" : what + "; ";
}

Call call_of(std::string id, Json arguments, std::string name = "get_weather") {
    return {std::move(id), std::move(name), std::move(arguments)};
}

// Each with and without stream; what went wrong in the first that failed.
Cell both(const std::function<std::string(bool stream)>& one) {
    for (const bool stream : {false, true}) {
        if (auto fault = one(stream); !fault.empty()) { return fails_if((stream ? "streamed: " : "whole: ") + fault); }
    }
    return pass();
}

std::string same_calls(const std::vector<Call>& said, const std::vector<Call>& wanted) {
    if (said.size() != wanted.size()) { return std::to_string(said.size()) + " calls"; }
    std::string fault;
    std::set<std::string> ids;
    for (std::size_t i = 0; i < said.size(); ++i) {
        fault += expect(said[i].name == wanted[i].name, "call named " + said[i].name);
        fault += expect(said[i].arguments == wanted[i].arguments, "arguments " + said[i].arguments.dump());
        // Gemini's calls need no id.
        fault += expect(said[i].id.empty() || ids.insert(said[i].id).second, "two calls of one id");
    }
    return fault;
}

Cell text_cell(MatrixWorld& bench, Pair pair, bool stream) {
    Client client(pair.client);
    client.say("What \u2603?");
    const Wish wish{.model = {}, .stream = stream, .system = "Be brief."};
    for (const std::size_t size : {1U, 5U, 4096U}) {
        const auto got =
            bench.ask(client, {.pair = pair, .wish = wish, .answer = {.text = words}, .piece_bytes = size});
        const auto fault = got.fault + expect(got.said.text == words, "said " + got.said.text) +
                           expect(got.said.stopped_as(Stop::end), "stopped as " + got.said.stop) +
                           expect(got.asked.system == "Be brief.", "system " + got.asked.system) +
                           expect(got.asked.user == "What \u2603?\n", "user " + got.asked.user) +
                           expect(got.asked.stream == stream, "asked for the other framing");
        if (!fault.empty()) { return fails_if(fault); }
    }
    return pass();
}

Cell calls_cell(MatrixWorld& bench, Pair pair, const Answer& answer) {
    return both([&](bool stream) {
        std::string fault;
        // One byte at a time, and the whole arguments at once (T1).
        for (const std::size_t size : {1U, 3U, 4096U}) {
            if (!stream && size > 1) { break; }
            Client client(pair.client);
            client.say("Weather?");
            const Wish wish{.model = {}, .stream = stream, .tools = true};
            const auto got = bench.ask(client, {.pair = pair, .wish = wish, .answer = answer, .piece_bytes = size});
            fault += got.fault + same_calls(got.said.calls, answer.calls);
            fault += expect(got.said.text == answer.text, "said " + got.said.text);
            fault += expect(got.said.stopped_as(Stop::tool), "stopped as " + got.said.stop);
            fault += expect(got.asked.tools == std::vector<std::string>{"get_weather"}, "other tools");
            const auto schema = got.asked.tool_schemas.empty() ? Json() : got.asked.tool_schemas[0];
            fault += expect(schema.is_object() && schema.at("properties").at("city").at("type") == "string" &&
                                schema.at("properties").at("days").at("minimum") == 1 &&
                                schema.at("required").at(0) == "city",
                            "schema " + schema.dump());
        }
        return fault;
    });
}

Cell call_cell(MatrixWorld& bench, Pair pair) {
    const auto one = calls_cell(bench, pair, {.calls = {call_of("call_1", deep_arguments)}, .stop = Stop::tool});
    if (one.kind != Cell::Kind::pass) { return one; }
    return calls_cell(bench, pair, {.text = words, .calls = {call_of("call_2", Json::object())}, .stop = Stop::tool});
}

Answer parallel_answer(const std::string& thought = "") {
    return {.thought = thought,
            .text = thought.empty() ? "Let me look." : "",
            .calls = {call_of("call_A1", deep_arguments), call_of("call_B2", Json::object()),
                      call_of("call_C3", {{"city", "Oslo"}})},
            .stop = Stop::tool};
}

std::vector<Result> results_for(const Said& said) {
    std::vector<Result> results;
    for (std::size_t i = 0; i < said.calls.size(); ++i) {
        results.push_back({said.calls[i].id, said.calls[i].name, "result " + std::to_string(i), i == 1, {}});
    }
    return results;
}

Cell results_cell(MatrixWorld& bench, Pair pair) {
    return both([&](bool stream) -> std::string {
        const auto answer = parallel_answer();
        Client client(pair.client);
        client.say("Weather?");
        const Wish wish{.model = {}, .stream = stream, .tools = true};
        const auto first = bench.ask(client, {.pair = pair, .wish = wish, .answer = answer});
        if (!first.fault.empty()) { return first.fault; }
        client.keep(first.answer);
        client.give(results_for(first.said));
        const auto got = bench.ask(client, {.pair = pair, .wish = wish, .answer = {.text = words}});
        auto fault = got.fault + expect(got.said.text == words, "said " + got.said.text) +
                     same_calls(got.asked.calls, answer.calls);
        if (got.asked.results.size() != 3) { return fault + std::to_string(got.asked.results.size()) + " results"; }
        for (std::size_t i = 0; i < 3; ++i) {
            const auto& result = got.asked.results[i];
            fault +=
                expect(result.text.find("result " + std::to_string(i)) != std::string::npos, "result " + result.text);
            fault += expect(result.call_id == got.asked.calls[i].id, "the result of another call: " + result.call_id);
            if (pair.provider != DialectId::gemini) {
                fault += expect(got.asked.calls[i].id == answer.calls[i].id, "id " + got.asked.calls[i].id);
            } else {
                fault += expect(result.name == "get_weather", "the result of " + result.name);
            }
        }
        // Where both can say it, an error stays one.
        const auto can = [](DialectId id) {
            return id == DialectId::anthropic || id == DialectId::gemini || id == DialectId::bedrock_converse;
        };
        if (can(pair.client) && can(pair.provider)) {
            fault += expect(got.asked.results[1].is_error && !got.asked.results[0].is_error, "the error is lost");
        }
        return fault;
    });
}

Cell result_image_cell(MatrixWorld& bench, Pair pair) {
    if (pair.client == DialectId::openai_chat) { return impossible("its tool messages hold text only"); }
    return both([&](bool stream) -> std::string {
        Client client(pair.client);
        client.say("Look.");
        const Wish wish{.model = {}, .stream = stream, .tools = true};
        const Answer answer{.calls = {call_of("call_A1", Json::object())}, .stop = Stop::tool};
        const auto first = bench.ask(client, {.pair = pair, .wish = wish, .answer = answer});
        if (!first.fault.empty()) { return first.fault; }
        client.keep(first.answer);
        client.give({{first.said.calls.at(0).id, "get_weather", "a picture", false, png}});
        const auto got = bench.ask(client, {.pair = pair, .wish = wish, .answer = {.text = words}});
        if (got.asked.results.size() != 1) { return got.fault + std::to_string(got.asked.results.size()) + " results"; }
        return got.fault + expect(got.asked.results[0].image == png, "no picture") +
               expect(got.asked.results[0].text.find("a picture") != std::string::npos, got.asked.results[0].text);
    });
}

// The providers of a dialect that sign or want back what was thought.
struct Thinker {
    std::string model;
    ChatReasoning chat = ChatReasoning::content;
};
std::vector<Thinker> thinkers(DialectId provider) {
    if (provider != DialectId::openai_chat) { return {{MatrixWorld::model(provider)}}; }
    return {{"deepseek/deepseek-reasoner"}, {"router/anthropic/claude-sonnet-4.5", ChatReasoning::details}};
}

Cell thinking_cell(MatrixWorld& bench, Pair pair) {
    return both([&](bool stream) {
        std::string fault;
        for (const auto& thinker : thinkers(pair.provider)) {
            Client client(pair.client);
            client.say("Think.");
            const Wish wish{.model = thinker.model, .stream = stream, .thinking = true};
            const Answer answer{.thought = "First \u2603,\nthen.", .text = words, .chat_reasoning = thinker.chat};
            const auto got = bench.ask(client, {.pair = pair, .wish = wish, .answer = answer});
            fault += got.fault + expect(got.said.thought == answer.thought, "thought " + got.said.thought) +
                     expect(got.said.text == words, "said " + got.said.text) +
                     expect(got.asked.thinking, "nobody asked it to think");
        }
        return fault;
    });
}

// Three turns of a tool loop at a provider that refuses what it signed when it is missing or altered (T3b, T4).
std::string signed_turns(
    MatrixWorld& bench, Pair pair, bool stream, bool plain, const Thinker& thinker,
    const std::function<void()>& between = [] {}) {
    Client client(pair.client, plain);
    client.say("Weather?");
    const Wish wish{.model = thinker.model, .stream = stream, .tools = true, .thinking = true};
    auto answer = parallel_answer("I should look \u2603.");
    answer.chat_reasoning = thinker.chat;
    const auto first = bench.ask(client, {.pair = pair, .wish = wish, .answer = answer});
    if (!first.fault.empty()) { return "turn 1: " + first.fault; }
    client.keep(first.answer);
    client.give(results_for(first.said));
    for (const int turn : {2, 3}) {
        between();
        const auto got = bench.ask(client, {.pair = pair, .wish = wish, .answer = answer, .before = &answer});
        const auto fault = got.fault + same_calls(got.said.calls, answer.calls);
        if (!fault.empty()) { return "turn " + std::to_string(turn) + ": " + fault; }
        client.keep(got.answer);
        client.give(results_for(got.said));
    }
    const auto last = bench.ask(client, {.pair = pair, .wish = wish, .answer = {.text = words}, .before = &answer});
    return last.fault + expect(last.said.text == words, "said " + last.said.text);
}

Cell signed_cell(MatrixWorld& bench, Pair pair) {
    return both([&](bool stream) {
        std::string fault;
        for (const auto& thinker : thinkers(pair.provider)) {
            // A Chat client of a Chat host gives back that host's own fields, or the host would refuse it anyway.
            for (const bool plain : {true, false}) {
                if (plain ? pair.same() : pair.client != DialectId::openai_chat && !pair.same()) { continue; }
                const bool carried = pair.client == DialectId::openai_chat && pair.provider == DialectId::openai_chat;
                if (plain && carried) { continue; }
                const auto one = signed_turns(bench, pair, stream, plain, thinker);
                if (!one.empty()) { fault += thinker.model + (plain ? " (plain client): " : ": ") + one; }
            }
        }
        return fault;
    });
}

Cell media_cell(MatrixWorld& bench, Pair pair, const Media& media) {
    return both([&](bool stream) {
        Client client(pair.client);
        client.say("Look.", {media});
        const Wish wish{.model = {}, .stream = stream};
        const auto got = bench.ask(client, {.pair = pair, .wish = wish, .answer = {.text = words}});
        if (got.asked.media.size() != 1) { return got.fault + "it did not arrive"; }
        const auto& arrived = got.asked.media[0];
        return got.fault + expect(arrived.data == media.data && arrived.url == media.url, "it is another one") +
               expect(arrived.kind == media.kind, "of another kind") + expect(got.said.text == words, "another answer");
    });
}

Cell image_url_cell(MatrixWorld& bench, Pair pair) {
    const Media media{MediaKind::image, {}, "https://example.com/a.png"};
    if (pair.provider != DialectId::bedrock_converse) { return media_cell(bench, pair, media); }
    Client client(pair.client);
    client.say("Look.", {media});
    const auto got = bench.ask(client, {.pair = pair, .answer = {.text = words}, .may_drop = true});
    const bool named = got.response.header("x-llmgw-dropped").find("image") != std::string::npos;
    return named ? impossible("bedrock-converse takes no addresses") : fails_if("it is lost without a word");
}

Cell audio_cell(MatrixWorld& bench, Pair pair) {
    if (pair.client == DialectId::anthropic) { return impossible("anthropic has no audio"); }
    if (pair.provider != DialectId::anthropic) { return media_cell(bench, pair, {MediaKind::audio, wav, {}}); }
    Client client(pair.client);
    client.say("Listen.", {{MediaKind::audio, wav, {}}});
    const auto got = bench.ask(client, {.pair = pair, .answer = {.text = words}, .may_drop = true});
    const bool named =
        got.response.status == 400 || got.response.header("x-llmgw-dropped").find("audio") != std::string::npos;
    if (!named) { return fails_if("audio is lost without a word: " + got.fault); }
    return impossible("anthropic has no audio");
}

Cell schema_cell(MatrixWorld& bench, Pair pair) {
    const auto schema = Json::parse(
        R"({"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name","age"],"additionalProperties":false})");
    return both([&](bool stream) {
        Client client(pair.client);
        client.say("Who?");
        const Wish wish{.model = {}, .stream = stream, .schema = schema};
        const std::string said = R"({"name":"Ada","age":36})";
        const auto got = bench.ask(client, {.pair = pair, .wish = wish, .answer = {.text = said}});
        const auto& asked = got.asked.schema;
        return got.fault + expect(got.said.text == said, "said " + got.said.text) +
               expect(asked.is_object() && asked.at("properties") == schema.at("properties") &&
                          asked.at("required") == schema.at("required"),
                      "schema " + asked.dump());
    });
}

Cell stop_cell(MatrixWorld& bench, Pair pair, Stop stop) {
    return both([&](bool stream) {
        Client client(pair.client);
        client.say("Go on.");
        const Wish wish{.model = {}, .stream = stream};
        const Answer answer{.text = stop == Stop::refusal ? "" : "Begun", .stop = stop};
        const auto got = bench.ask(client, {.pair = pair, .wish = wish, .answer = answer});
        return got.fault + expect(got.said.stopped_as(stop), "stopped as " + got.said.stop) +
               expect(got.said.text == answer.text || stop == Stop::refusal, "said " + got.said.text);
    });
}

Cell stop_sequence_cell(MatrixWorld& bench, Pair pair) {
    if (pair.client == DialectId::openai_responses) { return impossible("openai-responses has no stop sequences"); }
    const bool target_has_none = pair.provider == DialectId::openai_responses;
    bool named = false;
    const auto cell = both([&](bool stream) {
        Client client(pair.client);
        client.say("Count.");
        Wish wish{.model = pair.provider == DialectId::openai_chat ? "chat/gpt-4.1-mini" : "", .stream = stream};
        wish.stop = "END";
        const Answer answer{.text = "1 2 3 ", .stop = Stop::stop_sequence};
        const auto got = bench.ask(client, {.pair = pair,
                                            .wish = wish,
                                            .answer = answer,
                                            .may_drop = target_has_none,
                                            .may_drop_only = "stop_sequence"});
        named = got.response.header("x-llmgw-dropped").find("top") != std::string::npos;
        return got.fault + expect(got.said.stopped_as(Stop::stop_sequence), "stopped as " + got.said.stop) +
               expect(target_has_none ? named : got.asked.stop == std::vector<std::string>{"END"}, "not asked to stop");
    });
    if (cell.kind == Cell::Kind::pass && target_has_none) {
        return impossible("openai-responses has no stop sequences");
    }
    return cell;
}

// Every bucket the provider's dialect tells, in the log and with the client, streamed or not; one cost (T14, T15).
Cell usage_cell(MatrixWorld& bench, Pair pair) {
    Tokens tokens{.input = 1021, .cache_read = 308, .output = 113};
    if (pair.provider != DialectId::gemini) { tokens.cache_write = 57; }
    if (pair.provider == DialectId::anthropic) { tokens.cache_write_1h = 31; }
    const bool tells_reasoning = pair.provider != DialectId::anthropic && pair.provider != DialectId::bedrock_converse;
    if (tells_reasoning) { tokens.reasoning = 45; }
    std::string cost;
    return both([&](bool stream) {
        Client client(pair.client);
        client.say("Count.");
        const Wish wish{.model = {}, .stream = stream};
        const auto got = bench.ask(client, {.pair = pair, .wish = wish, .answer = {.text = words, .tokens = tokens}});
        const auto row = bench.world.gateway().call_row(got.response);
        if (row.empty()) { return got.fault + "no row"; }
        const auto bucket = [&](const char* name, int wanted) {
            const auto logged = text(row, name);
            return expect(logged == std::to_string(wanted) || (wanted == 0 && logged.empty()), name + (" " + logged));
        };
        auto fault = got.fault + bucket("input_tokens", tokens.input) + bucket("cache_read_tokens", tokens.cache_read) +
                     bucket("cache_write_5m_tokens", tokens.cache_write) +
                     bucket("cache_write_1h_tokens", tokens.cache_write_1h) + bucket("output_tokens", tokens.output) +
                     bucket("reasoning_tokens", tokens.reasoning);
        fault += expect(text(row, "ending") == "done" && text(row, "cost_basis") == "reported", "not reported");
        if (!stream) { cost = text(row, "cost_nano"); }
        fault +=
            expect(!cost.empty() && cost != "0" && text(row, "cost_nano") == cost, "cost " + text(row, "cost_nano"));
        const auto& said = got.said;
        fault += expect(said.prompt_tokens == tokens.prompt(), "prompt " + std::to_string(said.prompt_tokens));
        fault += expect(said.cached_tokens == tokens.cache_read, "cached " + std::to_string(said.cached_tokens));
        fault += expect(said.output_tokens == tokens.output, "output " + std::to_string(said.output_tokens));
        const bool says_reasoning = pair.client != DialectId::anthropic && tokens.reasoning > 0;
        fault += expect(!says_reasoning || said.reasoning_tokens == tokens.reasoning,
                        "reasoning " + std::to_string(said.reasoning_tokens));
        return fault;
    });
}

struct Row {
    const char* name;
    std::function<Cell(MatrixWorld&, Pair)> cell;
};

const std::vector<Row>& rows() {
    static const std::vector<Row> all{
        {"text", [](auto& bench, Pair pair) { return text_cell(bench, pair, false); }},
        {"text, streamed", [](auto& bench, Pair pair) { return text_cell(bench, pair, true); }},
        {"tool call", call_cell},
        {"parallel tool calls", [](auto& bench, Pair pair) { return calls_cell(bench, pair, parallel_answer()); }},
        {"tool results, errors among them", results_cell},
        {"image in a tool result", result_image_cell},
        {"reasoning shown", thinking_cell},
        {"reasoning given back, four turns", signed_cell},
        {"image",
         [](auto& bench, Pair pair) {
             return media_cell(bench, pair, {MediaKind::image, png, {}});
         }},
        {"image by URL", image_url_cell},
        {"PDF",
         [](auto& bench, Pair pair) {
             return media_cell(bench, pair, {MediaKind::pdf, pdf, {}});
         }},
        {"audio", audio_cell},
        {"structured output", schema_cell},
        {"stop: token limit", [](auto& bench, Pair pair) { return stop_cell(bench, pair, Stop::length); }},
        {"stop: refusal", [](auto& bench, Pair pair) { return stop_cell(bench, pair, Stop::refusal); }},
        {"stop sequences", stop_sequence_cell},
        {"usage and cost", usage_cell},
        {"errors by class", errors_cell},
        {"error in mid-stream", stream_error_cell},
        {"stream that breaks off", cut_cell},
    };
    return all;
}

std::string read_text(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

void hold_readme(const std::string& table) {
    const std::string path = std::string(LLMGW_SOURCE_DIR) + "/README.md";
    const std::string open = "<!-- translation: made by the e2e suite \"translation\" -->\n";
    const auto readme = read_text(path);
    const auto from = readme.find(open);
    REQUIRE(from != std::string::npos);
    const auto begin = from + open.size();
    const auto end = readme.find("<!-- /translation -->");
    REQUIRE(end != std::string::npos);
    if (std::getenv("LLMGW_UPDATE_DOCS") != nullptr) {
        std::ofstream(path, std::ios::binary) << readme.substr(0, begin) << table << readme.substr(end);
        return;
    }
    CHECK_MESSAGE(readme.substr(begin, end - begin) == table,
                  "README.md is out of date: LLMGW_UPDATE_DOCS=1 llmgw_e2e -ts=translation");
}

}  // namespace

TEST_SUITE("translation") {
    TEST_CASE("Every client works with every provider") {
        MatrixWorld bench;
        std::string table =
            "| a client of | anthropic | openai-chat | openai-responses | gemini |\n|---|---|---|---|---|\n";
        std::vector<std::string> notes;
        for (const auto& row : rows()) {
            if (const char* only = std::getenv("LLMGW_MATRIX_ROW"); only != nullptr && row.name != std::string(only)) {
                continue;
            }
            table += std::string("| ") + row.name;
            for (const auto client : all_dialects) {
                table += " |";
                for (const auto provider : all_providers) {
                    Cell cell;
                    try {
                        cell = row.cell(bench, {client, provider});
                    } catch (const std::exception& error) {
                        cell = fails_if(std::string("cannot be read: ") + error.what());
                    }
                    CHECK_MESSAGE(cell.kind != Cell::Kind::fail, row.name << ", " << to_string(client) << " -> "
                                                                          << to_string(provider) << ": " << cell.why);
                    if (cell.kind == Cell::Kind::fail) { table += " FAIL"; }
                    if (cell.kind == Cell::Kind::pass) { table += " yes"; }
                    if (cell.kind != Cell::Kind::impossible) { continue; }
                    auto note = std::ranges::find(notes, cell.why);
                    if (note == notes.end()) { note = notes.insert(notes.end(), cell.why); }
                    table += " " + std::string(1, static_cast<char>('a' + (note - notes.begin())));
                }
            }
            table += " |\n";
        }
        table +=
            "\nIn each cell the providers stand in the same order: anthropic, openai-chat, openai-responses, gemini, "
            "bedrock-converse. Not possible: ";
        for (std::size_t i = 0; i < notes.size(); ++i) {
            table += (i == 0 ? "" : "; ") + std::string(1, static_cast<char>('a' + i)) + ": " + notes[i];
        }
        table += ".\n";
        if (std::getenv("LLMGW_MATRIX_ROW") == nullptr) { hold_readme(table); }
    }

    TEST_CASE("What was signed survives a restart of llmgw between two turns (T4)") {
        MatrixWorld bench;
        for (const auto client : {DialectId::anthropic, DialectId::openai_chat, DialectId::openai_responses}) {
            CAPTURE(to_string(client));
            const auto fault = signed_turns(bench, {client, DialectId::gemini}, true, true,
                                            {MatrixWorld::model(DialectId::gemini)}, [&] { bench.restart(); });
            CHECK(fault == "");
        }
    }
}
