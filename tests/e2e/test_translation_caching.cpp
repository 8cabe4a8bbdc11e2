// T12: prompt caching over all pairs. The provider is a mock with a cache of its own: anthropic's keeps what is marked,
// the others keep every prompt. From the second turn on nearly all of what was sent before must be read from it.
#include <algorithm>

#include <doctest/doctest.h>

#include "tests/e2e/matrix_world.hpp"

using namespace llmgw;
using namespace llmgw::testing;
using namespace llmgw::testing::matrix;

namespace {

constexpr int marks_max = 4;

// A prompt as a cache sees it: its blocks in the order they are read, and up to which of them it is marked.
struct Prompt {
    std::vector<std::string> blocks;
    std::vector<std::size_t> marked;  // how many blocks each mark covers
};

void take_block(Json block, Prompt& prompt, const std::string& role = {}) {
    const bool marked = block.is_object() && block.erase("cache_control") > 0;
    prompt.blocks.push_back(role + block.dump());
    if (marked) { prompt.marked.push_back(prompt.blocks.size()); }
}

void take_blocks(const Json& list, Prompt& prompt, const std::string& role = {}) {
    if (!list.is_array()) { return take_block(list, prompt, role); }
    for (const auto& block : list) {
        take_block(block, prompt, role);
    }
}

Prompt prompt_of(DialectId provider, const std::string& request) {
    const auto body = Json::parse(request);
    Prompt prompt;
    if (body.contains("tools")) { take_blocks(body["tools"], prompt); }
    switch (provider) {
        case DialectId::anthropic:
            if (body.contains("system")) { take_blocks(body["system"], prompt); }
            for (const auto& message : body.at("messages")) {
                take_blocks(message.at("content"), prompt, message.at("role"));
            }
            break;
        case DialectId::openai_chat: take_blocks(body.at("messages"), prompt); break;
        case DialectId::openai_responses:
            if (body.contains("instructions")) { take_block(body["instructions"], prompt); }
            take_blocks(body.at("input"), prompt);
            break;
        case DialectId::gemini:
            if (body.contains("systemInstruction")) { take_block(body["systemInstruction"], prompt); }
            for (const auto& content : body.at("contents")) {
                take_blocks(content.at("parts"), prompt, content.at("role"));
            }
            break;
        case DialectId::ollama_chat:
        case DialectId::cohere_chat:
        case DialectId::bedrock_converse: break;  // none of this test's providers speaks it
    }
    return prompt;
}

int size_of(const Prompt& prompt, std::size_t blocks) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < std::min(blocks, prompt.blocks.size()); ++i) {
        size += prompt.blocks[i].size();
    }
    return static_cast<int>(size);
}

// How many tokens of the prompt the cache has, where a byte is a token.
class Cache {
public:
    explicit Cache(DialectId provider) : marks_(provider == DialectId::anthropic) {}

    Tokens read(const Prompt& prompt) {
        std::size_t best = 0;
        for (const auto& kept : kept_) {
            if (kept.size() > prompt.blocks.size() || kept.size() <= best) { continue; }
            if (std::equal(kept.begin(), kept.end(), prompt.blocks.begin())) { best = kept.size(); }
        }
        auto ends = marks_ ? prompt.marked : std::vector<std::size_t>{prompt.blocks.size()};
        for (const auto end : ends) {
            kept_.emplace_back(prompt.blocks.begin(), prompt.blocks.begin() + static_cast<std::ptrdiff_t>(end));
        }
        const int cached = size_of(prompt, best);
        return {.input = size_of(prompt, prompt.blocks.size()) - cached, .cache_read = cached, .output = 13};
    }

private:
    bool marks_;
    std::vector<std::vector<std::string>> kept_;
};

// A conversation of four turns, one of them a tool's. What is wrong, "" when nothing.
std::string cached_session(MatrixWorld& bench, Pair pair) {
    Cache cache(pair.provider);
    Prompt before;
    Client client(pair.client, false);
    const Wish wish{
        .model = MatrixWorld::model(pair.provider), .tools = true, .system = std::string(3000, 's') + " Be brief."};
    std::string fault;
    for (int turn = 0; turn < 4; ++turn) {
        Answer answer{.text = "Well, turn " + std::to_string(turn)};
        if (turn == 0) {
            answer.text.clear();
            answer.calls = {{"call_one", "get_weather", {{"city", "Ulm"}}}};
            answer.stop = Stop::tool;
        }
        if (turn != 1) { client.say("Question " + std::to_string(turn) + std::string(200, 'q')); }
        Tokens tokens;
        Prompt prompt;
        bench.world.upstream.handle([&](const RecordedRequest& request, UpstreamConnection& connection) {
            prompt = prompt_of(pair.provider, request.body);
            answer.tokens = tokens = cache.read(prompt);
            connection.reply_json(200, whole_answer(pair.provider, answer));
        });
        const auto got = bench.send(client, {.pair = pair, .wish = wish});
        if (got.status != 200) { return "HTTP " + std::to_string(got.status) + ": " + got.body; }
        const auto said = understood(pair.client, Json::parse(got.body));
        if (said.cached_tokens != tokens.cache_read) { fault += "another count of cached tokens; "; }
        const int sent_before = size_of(before, before.blocks.size());
        if (turn > 0 && tokens.cache_read * 10 < sent_before * 9) {
            fault += "turn " + std::to_string(turn) + ": " + std::to_string(tokens.cache_read) + " of " +
                     std::to_string(sent_before) + " read from the cache; ";
        }
        if (prompt.marked.size() > marks_max) { fault += std::to_string(prompt.marked.size()) + " marks; "; }
        const auto row = bench.world.gateway().call_row(got);
        if (row.empty() || text(row, "cache_read_tokens") != std::to_string(tokens.cache_read)) {
            fault += "logged otherwise; ";
        }
        before = prompt;
        client.keep(Json::parse(got.body));
        if (turn == 0) { client.give({{said.calls.at(0).id, "get_weather", "Sunny.", false, ""}}); }
    }
    return fault;
}

}  // namespace

TEST_SUITE("translation") {
    TEST_CASE("T12: from the second turn on the prompt's beginning is read from the provider's cache, over all pairs") {
        MatrixWorld bench;
        for (const auto& client : dialect_names) {
            for (const auto& provider : dialect_names) {
                // Between equals the bytes are the client's own, and so are the marks.
                if (client.id == provider.id) { continue; }
                CAPTURE(client.name);
                CAPTURE(provider.name);
                CHECK(cached_session(bench, {client.id, provider.id}) == "");
            }
        }
    }

    TEST_CASE("T12: the caller's marks win, and there are never more than four") {
        MatrixWorld bench;
        bench.world.upstream.handle([](const RecordedRequest&, UpstreamConnection& connection) {
            connection.reply_json(200, whole_answer(DialectId::anthropic, {.text = "Well."}));
        });
        // OpenRouter's form in a Chat request: three marks of the caller's.
        const std::string marked = R"({"type":"text","text":"T","cache_control":{"type":"ephemeral","ttl":"1h"}})";
        const std::string plain = R"({"type":"text","text":"U"})";
        const auto body = [](const std::string& system, const std::string& user) {
            return R"({"model":"anthropic/claude-sonnet-4-5","messages":[{"role":"system","content":[)" + system +
                   R"(]},{"role":"user","content":[)" + user + R"(]},{"role":"assistant","content":"A"},)" +
                   R"({"role":"user","content":"And?"}]})";
        };
        const auto marks_of = [&](const std::string& request) {
            const auto got = bench.world.gateway().post("/v1/chat/completions", request);
            REQUIRE(got.status == 200);
            return prompt_of(DialectId::anthropic, bench.world.upstream.last()->body);
        };
        const auto own = marks_of(body(marked, marked + "," + plain));
        CHECK(own.marked == std::vector<std::size_t>{1, 2});
        CHECK(bench.world.upstream.last()->body.find(R"("ttl":"1h")") != std::string::npos);
        std::string many = marked;
        for (int i = 0; i < 6; ++i) {
            many += "," + marked;
        }
        CHECK(marks_of(body(marked, many)).marked.size() <= marks_max);
        CHECK_FALSE(marks_of(body(plain, plain)).marked.empty());
    }
}
