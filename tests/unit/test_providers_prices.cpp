#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "core/usage/prices.hpp"
#include "providers/prices/table.hpp"
#include "tests/support/tell.hpp"

using namespace llmgw;
using nlohmann::json;

namespace {

std::string shared_dir() {
    const char* set = std::getenv("LLMGW_SHARED");
    return set != nullptr ? set : LLMGW_SOURCE_DIR "/../shared";
}

std::int64_t number(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number() ? found->get<std::int64_t>() : 0;
}

json part(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_object() ? *found : json::object();
}

// The usage object of Chat Completions or Responses as the bills of the vectors count it. xAI's Chat leaves
// reasoning out of completion_tokens; through OpenRouter an explicit Gemini cache counts the same tokens as read
// and as written.
Usage usage_of(const json& object, bool xai_chat) {
    const bool chat = object.contains("prompt_tokens");
    const auto prompt = number(object, chat ? "prompt_tokens" : "input_tokens");
    const auto details = part(object, chat ? "prompt_tokens_details" : "input_tokens_details");
    const auto out_details = part(object, chat ? "completion_tokens_details" : "output_tokens_details");
    const auto read = number(details, "cached_tokens");
    const auto written = number(details, "cache_write_tokens");
    Usage usage;
    usage.counts.cache_read = read;
    usage.counts.cache_write_5m = written;
    usage.counts.input = read + written > prompt ? prompt - read : prompt - read - written;
    usage.counts.reasoning = number(out_details, "reasoning_tokens");
    usage.counts.output = number(object, chat ? "completion_tokens" : "output_tokens");
    if (xai_chat) { *usage.counts.output += *usage.counts.reasoning; }
    return usage;
}

// "3E-7" dollars a token as pico-dollars per million tokens: long double holds every such number exactly enough.
PicoPerMillion per_token(const json& text) {
    return text.is_string() ? std::llround(std::strtold(text.get<std::string>().c_str(), nullptr) * 1e18L) : no_price;
}

struct Vector {
    std::string fixture;
    std::string provider;
    std::string model;
    Usage usage;
    std::int64_t billed_nano = 0;
    PriceLine given;  // its names point into this object
};

std::vector<Vector> vectors(const json& document) {
    std::vector<Vector> found;
    for (const auto& one : document.at("vectors")) {
        if (!one.contains("match") || one["match"] != true) { continue; }
        Vector made;
        made.fixture = one["fixture"].get<std::string>();
        made.model = one["model"].get<std::string>();
        made.provider = made.fixture.starts_with("openrouter/") ? "openrouter" : "xai";
        made.usage = usage_of(one["usage"], made.fixture.find("/chat/va-xai") != std::string::npos);
        made.billed_nano = std::llround(std::strtold(one["reported_cost"].get<std::string>().c_str(), nullptr) * 1e9L);
        const auto& prices = one["prices_usd_per_token"];
        made.given.input = per_token(prices["input"]);
        made.given.output = per_token(prices["output"]);
        made.given.cache_read = per_token(prices.value("cache_read", json()));
        made.given.cache_write_5m = per_token(prices.value("cache_write", json()));
        found.push_back(std::move(made));
    }
    return found;
}

std::int64_t cost_at_given_prices(Vector& vector) {
    vector.given.provider = vector.provider;
    vector.given.model = vector.model;
    const std::array one = {vector.given};
    return Prices(one).cost(vector.provider, vector.model, vector.usage).nano.value_or(-1);
}

// Bills in the shape of shared/prices/cost_vectors.json, with numbers made for this test: a cached xAI chat with
// reasoning outside, an Anthropic cache write, a Gemini explicit cache counted twice.
constexpr const char* own_vectors = R"({"vectors": [
  {"fixture": "xai/chat/va-xai-own", "model": "grok-3-mini", "reported_cost": "0.000123", "match": true,
   "usage": {"prompt_tokens": 200, "completion_tokens": 20, "prompt_tokens_details": {"cached_tokens": 40},
             "completion_tokens_details": {"reasoning_tokens": 124}},
   "prices_usd_per_token": {"input": "3E-7", "output": "5E-7", "cache_read": "7.5E-8"}},
  {"fixture": "openrouter/chat/own-write", "model": "anthropic/claude-4.6-sonnet-20260217", "reported_cost": "0.004935",
   "match": true,
   "usage": {"prompt_tokens": 1500, "completion_tokens": 24,
             "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 100}},
   "prices_usd_per_token": {"input": "0.000003", "output": "0.000015", "cache_read": "3E-7", "cache_write": "0.00000375"}},
  {"fixture": "openrouter/chat/own-explicit", "model": "google/gemini-2.5-flash", "reported_cost": "0.000091666667",
   "match": true,
   "usage": {"prompt_tokens": 300, "completion_tokens": 10,
             "prompt_tokens_details": {"cached_tokens": 200, "cache_write_tokens": 200},
             "completion_tokens_details": {"reasoning_tokens": 0}},
   "prices_usd_per_token": {"input": "3E-7", "output": "0.000003", "cache_read": "7.5E-8", "cache_write": "8.333333333333334E-8"}}
]})";

std::int64_t builtin_nano(std::string_view provider, std::string_view model, std::int64_t input, std::int64_t output) {
    Usage usage;
    usage.counts.input = input;
    usage.counts.output = output;
    return Prices(builtin_prices()).cost(provider, model, usage).nano.value_or(-1);
}

}  // namespace

TEST_SUITE("providers/prices") {
    TEST_CASE("price table: the built-in one is whole and sorted") {
        const auto lines = builtin_prices();
        REQUIRE(lines.size() > 1500);
        std::set<std::string_view> providers;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const auto& line = lines[i];
            CAPTURE(line.provider);
            CAPTURE(line.model);
            CAPTURE(line.variant);
            providers.insert(line.provider);
            CHECK(line.input >= 0);
            CHECK_FALSE(line.source.empty());
            CHECK(line.date.size() == 10);
            CHECK((line.us_percent == 100 || line.us_percent == 110));
            // 600 dollars per million is the dearest model there is; more is a slip of the units.
            CHECK(line.input <= 600'000'000'000'000);
            CHECK(line.output <= 600'000'000'000'000);
            // Every model has its standard line, and it comes first.
            const bool first = i == 0 || lines[i - 1].provider != line.provider || lines[i - 1].model != line.model;
            if (first) { CHECK((line.variant.empty() && line.threshold == 0)); }
        }
        for (const char* name :
             {"anthropic", "openai", "gemini", "xai", "groq", "mistral", "deepseek", "openrouter", "together",
              "fireworks", "cerebras", "moonshot", "zai", "cohere", "nvidia", "azure", "vertex"}) {
            CAPTURE(name);
            CHECK(providers.contains(name));
        }
    }

    TEST_CASE("price table: known prices") {
        CHECK(builtin_nano("anthropic", "claude-opus-5", 1'000'000, 0) == 5'000'000'000);
        CHECK(builtin_nano("anthropic", "claude-haiku-4-5-20251001", 1000, 1000) == 6'000'000);
        // A change announced for 2026-09-01, in force when this table was made.
        CHECK(builtin_nano("anthropic", "claude-sonnet-5", 1000, 1000) == 18'000'000);
        CHECK(builtin_nano("openai", "gpt-5-mini-2025-08-07", 1000, 1000) == 2'250'000);
        CHECK(builtin_nano("gemini", "gemini-2.5-pro", 200'001, 1000) == 200'001 * 2'500 + 15'000'000);
        CHECK(builtin_nano("openrouter", "anthropic/claude-4.6-sonnet-20260217", 1000, 1000) == 18'000'000);
        CHECK(builtin_nano("openai", "text-embedding-3-small", 1000, 0) == 20'000);
        // By the name in the answer, which is not the deployment's; by that in Vertex's URL and in Claude's answer.
        CHECK(builtin_nano("azure", "gpt-5-mini-2025-08-07", 1000, 1000) == 2'250'000);
        CHECK(builtin_nano("azure", "my-deployment", 1000, 1000) == -1);
        for (const char* host : {"anthropic", "azure", "vertex"}) {
            CHECK(builtin_nano(host, "claude-sonnet-5", 1000, 1000) == 18'000'000);
        }
        for (const char* name : {"claude-haiku-4-5", "claude-haiku-4-5@20251001", "claude-haiku-4-5-20251001"}) {
            CHECK(builtin_nano("vertex", name, 1000, 1000) == 6'000'000);
        }
        CHECK(builtin_nano("vertex", "gemini-2.5-pro", 200'001, 1000) == 200'001 * 2'500 + 15'000'000);
        CHECK(builtin_nano("openai", "a-model-of-next-year", 1, 1) == -1);
        // The list's model is free only where it says so; the router's own names are not priced.
        CHECK(builtin_nano("openrouter", "openrouter/auto", 1, 1) == -1);

        Usage usage;  // fixture anthropic/messages/usage-cache-write-1h: 0.0822255 dollars
        usage.counts.input = 2500;
        usage.counts.cache_read = 16191;
        usage.counts.cache_write_5m = 0;
        usage.counts.cache_write_1h = 6093;
        usage.counts.output = 28;
        usage.service_tier = "standard";
        usage.speed = "standard";
        usage.inference_geo = "not_available";
        const auto cost = Prices(builtin_prices()).cost("anthropic", "claude-opus-4-5-20251101", usage);
        CHECK(cost.nano == 82'225'500);
        CHECK(cost.price_source == "litellm");
        CHECK(cost.price_date == "2026-07-24");
    }

    TEST_CASE("price table: every Claude writes the one-hour cache at twice its input price") {
        for (const auto& line : builtin_prices()) {
            if (line.provider != "anthropic" || line.cache_write_5m == no_price) { continue; }
            CAPTURE(line.model);
            CHECK(line.cache_write_1h == 2 * line.input);
        }
    }

    TEST_CASE("price table: bills made for this test") {
        const auto document = json::parse(own_vectors);
        for (auto& vector : vectors(document)) {
            CAPTURE(vector.fixture);
            CHECK(cost_at_given_prices(vector) == vector.billed_nano);
        }
    }

    TEST_CASE("price table: recorded bills, to the nano-dollar") {
        std::ifstream file(shared_dir() + "/prices/cost_vectors.json");
        if (!file) {
            TELL("skipped: no shared/prices/cost_vectors.json (set LLMGW_SHARED)");
            return;
        }
        auto recorded = vectors(json::parse(file));
        REQUIRE(recorded.size() == 36);
        for (auto& vector : recorded) {
            CAPTURE(vector.fixture);
            CAPTURE(vector.model);
            CHECK(cost_at_given_prices(vector) == vector.billed_nano);
            const auto builtin = Prices(builtin_prices()).cost(vector.provider, vector.model, vector.usage);
            CHECK(builtin.nano.value_or(-1) == vector.billed_nano);
        }
    }

    TEST_CASE("price table: reading a list") {
        SUBCASE("comments, empty cells, any order") {
            const auto lines = parse_price_table(
                "# head\n"
                "b\tm\t\t0\t3\t15\t\t\t\t\t\t\t\t100\tmine\t2026-09-01\n"
                "\n"
                "a\tm\tflex\t200000\t0.5\t1\t0.083333333333\t\t\t\t\t\t0.01\t110\tmine\t2026-09-01");
            REQUIRE(lines);
            REQUIRE(lines->size() == 2);
            CHECK((*lines)[0].provider == "a");
            CHECK((*lines)[0].variant == "flex");
            CHECK((*lines)[0].threshold == 200'000);
            CHECK((*lines)[0].cache_read == 83'333'333'333);
            CHECK((*lines)[0].web_search_pico == 10'000'000'000);
            CHECK((*lines)[0].us_percent == 110);
            CHECK((*lines)[1].input == 3'000'000'000'000);
            CHECK((*lines)[1].cache_read == no_price);
        }
        SUBCASE("errors name the line") {
            const auto message = [](std::string_view text) {
                const auto lines = parse_price_table(text);
                return lines ? std::string() : lines.error().message;
            };
            CHECK(message("# x\na\tm\t\t0\t3\n").find("line 2: expected 5 to 16 columns") != std::string::npos);
            CHECK(message("a\tm\t\t0\t3\t15\t\t\t\t\t\t\t\t100\tmine\t2026-09-01\textra").find("16 columns") !=
                  std::string::npos);
            CHECK(message("a\tm\t\t0\t3e-6\t15\t\t\t\t\t\t\t\t100\tmine\t2026-09-01").find("plain decimal") !=
                  std::string::npos);
            CHECK(message("a\tm\t\tx\t3\t15\t\t\t\t\t\t\t\t100\tmine\t2026-09-01").find("threshold") !=
                  std::string::npos);
            CHECK(message("a\tm\t\t0\t3\t15\t\t\t\t\t\t\t\t1.5\tmine\t2026-09-01").find("us_percent") !=
                  std::string::npos);
            CHECK(message("a\t\t\t0\t3\t15\t\t\t\t\t\t\t\t100\tmine\t2026-09-01").find("must not be empty") !=
                  std::string::npos);
            const std::string row = "a\tm\t\t0\t3\t15\t\t\t\t\t\t\t\t100\tmine\t2026-09-01\n";
            CHECK(message(row + row).find("given twice") != std::string::npos);
        }
    }

    TEST_CASE("price table: dollars as exact decimals") {
        CHECK(parse_dollars("3") == 3'000'000'000'000);
        CHECK(parse_dollars("0.3") == 300'000'000'000);
        CHECK(parse_dollars("0.000000000001") == 1);
        CHECK(parse_dollars("9223372.036854775807") == INT64_MAX);
        for (const char* bad : {"", ".", ".5", "1.", "-1", "+1", "1e3", "1,5", " 1", "0.0000000000001",
                                "9223372.036854775808", "99999999999999999999"}) {
            CAPTURE(bad);
            CHECK_FALSE(parse_dollars(bad));
        }
        for (const char* text : {"0", "3", "0.3", "0.083333333333", "22.5", "600", "0.000000000001"}) {
            CAPTURE(text);
            CHECK(format_dollars(*parse_dollars(text)) == text);
        }
    }
}
