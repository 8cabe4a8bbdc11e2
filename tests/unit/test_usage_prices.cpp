#include <array>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/usage/prices.hpp"

using namespace llmgw;

namespace {

constexpr PicoPerMillion usd(double dollars_per_million) {
    return static_cast<PicoPerMillion>(dollars_per_million * 1e12 + 0.5);
}

PriceLine line(std::string_view provider, std::string_view model, std::string_view variant, std::int64_t threshold,
               double input, double output) {
    PriceLine made;
    made.provider = provider;
    made.model = model;
    made.variant = variant;
    made.threshold = threshold;
    made.input = usd(input);
    made.output = usd(output);
    made.source = "list";
    made.date = "2026-08-21";
    return made;
}

// Sorted by provider, model, variant, threshold, as Prices asks for.
const std::vector<PriceLine>& table() {
    static const std::vector<PriceLine> lines = [] {
        auto sonnet = line("anthropic", "claude-sonnet-4-5", "", 0, 3, 15);
        sonnet.cache_read = usd(0.3);
        sonnet.cache_write_5m = usd(3.75);
        sonnet.cache_write_1h = usd(6);
        sonnet.web_search_pico = usd(0.01);
        auto sonnet_long = line("anthropic", "claude-sonnet-4-5", "", 200'000, 6, 22.5);
        sonnet_long.cache_read = usd(0.6);
        sonnet_long.cache_write_5m = usd(7.5);
        auto opus = line("anthropic", "claude-opus-5", "", 0, 5, 25);
        opus.us_percent = 110;
        opus.web_search_pico = usd(0.01);
        auto opus_fast = line("anthropic", "claude-opus-5", "fast", 0, 10, 50);
        opus_fast.us_percent = 110;
        auto gpt = line("openai", "gpt-5.5", "", 0, 5, 30);
        gpt.cache_read = usd(0.5);
        auto gpt_long = line("openai", "gpt-5.5", "", 272'000, 10, 45);
        auto gpt_flex = line("openai", "gpt-5.5", "flex", 0, 2.5, 15);
        auto gpt_priority = line("openai", "gpt-5.5", "priority", 0, 12.5, 75);
        gpt_priority.cache_read = usd(1.25);
        auto audio = line("openai", "gpt-audio", "", 0, 2.5, 10);
        audio.audio_input = usd(32);
        audio.audio_output = usd(64);
        auto audio_batch = line("openai", "gpt-audio", "batch", 0, 1.25, 5);
        auto sonar = line("perplexity", "deep", "", 0, 2, 8);
        sonar.reasoning = usd(3);
        auto tiny = line("x", "tiny", "", 0, 0.0005, 0.0005);
        return std::vector<PriceLine>{opus,     opus_fast,    sonnet, sonnet_long, gpt,   gpt_long,
                                      gpt_flex, gpt_priority, audio,  audio_batch, sonar, tiny};
    }();
    return lines;
}

Prices prices() {
    return Prices(table());
}

Usage tokens(std::int64_t input, std::int64_t output) {
    Usage usage;
    usage.counts.input = input;
    usage.counts.output = output;
    return usage;
}

std::optional<std::int64_t> nano(std::string_view provider, std::string_view model, const Usage& usage) {
    return prices().cost(provider, model, usage).nano;
}

}  // namespace

TEST_SUITE("usage/prices") {
    TEST_CASE("Prices: every bucket at its own price") {
        // 2500 x 3 + 16191 x 0.3 + 6093 x 6 + 28 x 15 = 49'335.3 micro-dollars, worked by hand.
        Usage usage = tokens(2500, 28);
        usage.counts.cache_read = 16191;
        usage.counts.cache_write_1h = 6093;
        const auto cost = prices().cost("anthropic", "claude-sonnet-4-5", usage);
        CHECK(cost.nano == 49'335'300);
        CHECK(cost.price_source == "list");
        CHECK(cost.price_date == "2026-08-21");
        CHECK(cost.basis == CostBasis::none);

        usage.counts.cache_write_1h = 0;
        usage.counts.cache_write_5m = 6093;
        CHECK(nano("anthropic", "claude-sonnet-4-5", usage) == 49'335'300 - 6093 * 2'250);
    }

    TEST_CASE("Prices: a one-hour cache write costs twice the input price") {
        // The recorded bill of an Opus 4.5 call: 2500 x 5 + 16191 x 0.5 + 6093 x 10 + 28 x 25 = 0.0822255 dollars.
        auto opus = line("anthropic", "claude-opus-4-5", "", 0, 5, 25);
        opus.cache_read = usd(0.5);
        opus.cache_write_1h = usd(10);
        Usage usage = tokens(2500, 28);
        usage.counts.cache_read = 16191;
        usage.counts.cache_write_1h = 6093;
        const std::array one = {opus};
        CHECK(Prices(one).cost("anthropic", "claude-opus-4-5", usage).nano == 82'225'500);
    }

    TEST_CASE("Prices: the whole prompt decides the tier, the output is billed at it too") {
        CHECK(nano("openai", "gpt-5.5", tokens(272'000, 1000)) == 1'360'000'000 + 30'000'000);
        CHECK(nano("openai", "gpt-5.5", tokens(272'001, 1000)) == 2'720'010'000 + 45'000'000);
        Usage usage = tokens(1000, 1000);
        usage.counts.cache_read = 199'001;
        CHECK(nano("anthropic", "claude-sonnet-4-5", usage) == 6'000'000 + 119'400'600 + 22'500'000);
        usage.counts.cache_read = 199'000;
        CHECK(nano("anthropic", "claude-sonnet-4-5", usage) == 3'000'000 + 59'700'000 + 15'000'000);
    }

    TEST_CASE("Prices: a tokens' bucket without a price makes the cost unknown, an empty one does not") {
        Usage usage = tokens(10, 10);
        usage.counts.cache_write_5m = 0;
        CHECK(nano("openai", "gpt-5.5", usage) == 350'000);
        usage.counts.cache_write_5m = 1;
        const auto cost = prices().cost("openai", "gpt-5.5", usage);
        CHECK_FALSE(cost.nano);
        CHECK(cost.price_source.empty());
        // The long-context line lacks the one-hour write that the base line has.
        usage = tokens(300'000, 10);
        usage.counts.cache_write_1h = 5;
        CHECK_FALSE(nano("anthropic", "claude-sonnet-4-5", usage));
    }

    TEST_CASE("Prices: nothing reported is unknown, zero tokens are free") {
        CHECK_FALSE(nano("openai", "gpt-5.5", Usage{}));
        CHECK(nano("openai", "gpt-5.5", tokens(0, 0)) == 0);
    }

    TEST_CASE("Prices: the service tier the answer names") {
        Usage usage = tokens(1000, 1000);
        for (const char* name :
             {"", "default", "standard", "standard_only", "auto", "on_demand", "ON_DEMAND", "not_available"}) {
            CAPTURE(name);
            usage.service_tier = name;
            CHECK(nano("openai", "gpt-5.5", usage) == 35'000'000);
        }
        for (const char* name : {"flex", "ON_DEMAND_FLEX", "Flex"}) {
            CAPTURE(name);
            usage.service_tier = name;
            CHECK(nano("openai", "gpt-5.5", usage) == 17'500'000);
        }
        usage.service_tier = "priority";
        CHECK(nano("openai", "gpt-5.5", usage) == 87'500'000);
        SUBCASE("a tier without lines is unknown, never the standard price") {
            for (const char* name : {"batch", "PROVISIONED_THROUGHPUT", "scale"}) {
                CAPTURE(name);
                usage.service_tier = name;
                CHECK_FALSE(nano("openai", "gpt-5.5", usage));
            }
        }
        SUBCASE("a tier without a line for so long a prompt is unknown") {
            usage.counts.input = 272'001;
            CHECK_FALSE(nano("openai", "gpt-5.5", usage));
        }
        SUBCASE("a tier's missing field is not taken from the standard line") {
            usage.service_tier = "flex";
            usage.counts.cache_read = 5;
            CHECK_FALSE(nano("openai", "gpt-5.5", usage));
        }
    }

    TEST_CASE("Prices: speed and region") {
        Usage usage = tokens(1000, 1000);
        usage.speed = "standard";
        usage.inference_geo = "global";
        CHECK(nano("anthropic", "claude-opus-5", usage) == 30'000'000);
        usage.speed = "fast";
        CHECK(nano("anthropic", "claude-opus-5", usage) == 60'000'000);
        usage.inference_geo = "us";
        CHECK(nano("anthropic", "claude-opus-5", usage) == 66'000'000);
        usage.web_search_requests = 2;  // fees know no tier and no region, but a line must say them
        CHECK(nano("anthropic", "claude-opus-5", usage) == 66'000'000 + 20'000'000);
        usage.service_tier = "batch";
        CHECK_FALSE(nano("anthropic", "claude-opus-5", usage));
    }

    TEST_CASE("Prices: searches without a fee in the list are unknown") {
        Usage usage = tokens(1, 1);
        usage.web_search_requests = 1;
        CHECK_FALSE(nano("openai", "gpt-5.5", usage));
        CHECK(nano("anthropic", "claude-sonnet-4-5", usage) == 18'000 + 10'000'000);
    }

    TEST_CASE("Prices: audio and reasoning are parts of their bucket") {
        Usage usage = tokens(1000, 500);
        usage.counts.audio_input = 400;
        usage.counts.audio_output = 300;
        // 600 x 2.5 + 400 x 32 + 200 x 10 + 300 x 64 = 35'500 micro-dollars
        CHECK(nano("openai", "gpt-audio", usage) == 35'500'000);
        usage.service_tier = "batch";
        CHECK_FALSE(nano("openai", "gpt-audio", usage));  // batch does not say what audio costs
        usage.counts.audio_input = usage.counts.audio_output = 0;
        CHECK(nano("openai", "gpt-audio", usage) == 3'750'000);

        Usage plain = tokens(1000, 500);
        plain.counts.audio_input = 400;
        plain.counts.reasoning = 200;
        CHECK(nano("openai", "gpt-5.5", plain) == 20'000'000);  // not priced apart

        Usage reasoned = tokens(1000, 500);
        reasoned.counts.reasoning = 200;
        CHECK(nano("perplexity", "deep", reasoned) == 2'000'000 + 300 * 8'000 + 200 * 3'000);
    }

    TEST_CASE("Prices: iterations are summed, each with its own model and tier") {
        Usage usage = tokens(682, 100);
        UsageIteration compaction;
        compaction.counts = tokens(210'000, 1000).counts;
        UsageIteration message;
        message.counts = usage.counts;
        UsageIteration advisor;
        advisor.model = "claude-opus-5";
        advisor.counts = tokens(1000, 100).counts;
        usage.iterations = {compaction, message, advisor};
        CHECK(nano("anthropic", "claude-sonnet-4-5", usage) ==
              (210'000 * 6'000LL + 1000 * 22'500LL) + (682 * 3'000 + 100 * 15'000) + (1000 * 5'000 + 100 * 25'000));
        usage.iterations.back().model = "a-model-nobody-priced";
        CHECK_FALSE(nano("anthropic", "claude-sonnet-4-5", usage));
    }

    TEST_CASE("Prices: the provider's own bill wins") {
        Usage usage = tokens(1000, 1000);
        usage.reported_cost_nano = 7;
        auto cost = prices().cost("openai", "gpt-5.5", usage);
        CHECK(cost.nano == 7);
        CHECK(cost.price_source == "provider");
        CHECK(cost.price_date.empty());
        usage.reported_cost_nano = 0;
        cost = prices().cost("nobody", "nothing", usage);
        CHECK(cost.nano == 0);
        CHECK(cost.price_source == "provider");
    }

    TEST_CASE("Prices: which names find a model") {
        const auto found = [](std::string_view provider, std::string_view model) {
            return prices().find(provider, model).size();
        };
        CHECK(found("anthropic", "claude-sonnet-4-5") == 2);
        CHECK(found("anthropic", "claude-sonnet-4-5-20250929") == 2);
        CHECK(found("anthropic", "claude-sonnet-4-5@20250929") == 2);
        CHECK(found("anthropic", "claude-sonnet-4-5-latest") == 2);
        CHECK(found("openai", "gpt-5.5-2026-04-23") == 4);
        CHECK(found("openai", "gpt-5.5-2026-04") == 0);
        CHECK(found("openai", "gpt-5.5-mini") == 0);
        CHECK(found("openai", "gpt-5") == 0);
        CHECK(found("openai", "") == 0);
        CHECK(found("openai", "-latest") == 0);
        CHECK(found("anthropic", "gpt-5.5") == 0);
        CHECK_FALSE(nano("openai", "gpt-7", tokens(1, 1)));

        const std::array tuned = {line("openai", "ft:gpt-4o-2024-08-06", "", 0, 3.75, 15)};
        CHECK(Prices(tuned).find("openai", "ft:gpt-4o-2024-08-06:team::abc").size() == 1);
        CHECK(Prices({}).find("openai", "gpt-5.5").empty());
    }

    TEST_CASE("Prices: a snapshot with lines of its own is found before the undated name") {
        const std::array two = {line("openai", "gpt-4o", "", 0, 2.5, 10),
                                line("openai", "gpt-4o-2024-05-13", "", 0, 5, 15)};
        CHECK(Prices(two).find("openai", "gpt-4o-2024-05-13").front().input == usd(5));
        CHECK(Prices(two).find("openai", "gpt-4o-2024-08-06").front().input == usd(2.5));
    }

    TEST_CASE("Prices: halves of a nano-dollar round up, once") {
        // 0.0005 $/M is half a nano-dollar a token.
        CHECK(nano("x", "tiny", tokens(1, 0)) == 1);
        CHECK(nano("x", "tiny", tokens(1, 1)) == 1);
        CHECK(nano("x", "tiny", tokens(3, 0)) == 2);
        CHECK(nano("x", "tiny", tokens(0, 0)) == 0);
    }

    TEST_CASE("Prices: large numbers do not overflow, absurd ones are unknown") {
        const std::array dear = {line("openai", "o1-pro", "", 0, 150, 600)};
        CHECK(Prices(dear).cost("openai", "o1-pro", tokens(1'000'000'000, 1'000'000'000)).nano == 750'000'000'000'000);
        CHECK_FALSE(Prices(dear).cost("openai", "o1-pro", tokens(1'000'000'000'001, 0)).nano);
        CHECK_FALSE(Prices(dear).cost("openai", "o1-pro", tokens(INT64_MAX, INT64_MAX)).nano);
        CHECK_FALSE(Prices(dear).cost("openai", "o1-pro", tokens(-1, 5)).nano);
        CHECK_FALSE(Prices(dear).cost("openai", "o1-pro", tokens(5, -1)).nano);
        auto absurd = dear;
        absurd[0].input = INT64_MAX;
        CHECK_FALSE(Prices(absurd).cost("openai", "o1-pro", tokens(1'000'000'000'000, 0)).nano);
    }
}
