#include <doctest/doctest.h>

#include "core/util/file.hpp"
#include "providers/prices/table.hpp"
#include "providers/prices/user_table.hpp"
#include "usage_fixture.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

Usage used(std::int64_t input, std::int64_t cache_read, std::int64_t output) {
    Usage usage;
    usage.counts.input = input;
    usage.counts.cache_read = cache_read;
    usage.counts.output = output;
    return usage;
}

Result<PriceTable> load(const TempDir& dir, const char* text) {
    const auto path = dir.path() + "/prices.tsv";
    REQUIRE(write_private_file(path, text).has_value());
    return PriceTable::load(path);
}

}  // namespace

TEST_SUITE("providers/prices") {
    TEST_CASE("price file: its models replace the built-in ones, the others stay") {
        const TempDir dir;
        const auto before = Prices(builtin_prices()).cost("anthropic", "claude-haiku-4-5", used(1'000'000, 0, 0));
        REQUIRE(before.nano.has_value());
        const auto table = load(dir,
                                "# my prices\r\n"
                                "openai\tmy-finetune\t\t0\t3\t12\t0.3\r\n"
                                "\n"
                                "openai\tgpt-5\t\t\t100\t200\t\t\t\t\t\t\t\t\tmy contract\t2026-11-01\n");
        REQUIRE_MESSAGE(table.has_value(), table.error().message);
        const Prices prices(table->lines());
        auto cost = prices.cost("openai", "my-finetune", used(1'000'000, 1'000'000, 1'000'000));
        CHECK(cost.nano == 15'300'000'000);
        CHECK(cost.price_source == "user");
        CHECK(cost.price_date.size() == 10);
        cost = prices.cost("openai", "gpt-5", used(1'000'000, 0, 0));
        CHECK(cost.nano == 100'000'000'000);
        CHECK(cost.price_source == "my contract");
        CHECK(cost.price_date == "2026-11-01");
        // The file says nothing of this tier and this bucket, and nothing is borrowed from the built-in list.
        CHECK_FALSE(prices.cost("openai", "gpt-5", used(1, 1, 1)).nano.has_value());
        CHECK(prices.cost("anthropic", "claude-haiku-4-5", used(1'000'000, 0, 0)).nano == before.nano);
        CHECK(table->lines().size() > builtin_prices().size() - 20);
        // A copy may outlive what it was copied from.
        auto copy = std::make_unique<PriceTable>(*table);
        const auto moved = std::move(*copy);
        copy.reset();
        CHECK(Prices(moved.lines()).cost("openai", "gpt-5", used(1'000'000, 0, 0)).nano == 100'000'000'000);
    }

    TEST_CASE("price file: what is wrong with it is told with its line") {
        const TempDir dir;
        for (const auto& [text, what] :
             {std::pair{"openai\tx\t\t0\tfree\t1\n", "line 1: a price is not"},
              std::pair{"# head\nopenai x 3 12\n",
                        "line 2: expected 5 to 16 columns with tabs between them: provider, model, "},
              std::pair{"openai\tx\t\t0\t1\t2\nopenai\tx\t\t\t1\t3\n", "given twice"},
              std::pair{"\tx\t\t0\t1\t2\n", "line 1: provider and model must not be empty"}}) {
            const auto table = load(dir, text);
            REQUIRE_FALSE(table.has_value());
            CHECK(table.error().kind == ErrorKind::config);
            CHECK_MESSAGE(table.error().message.find(what) != std::string::npos, table.error().message);
            CHECK(table.error().message.starts_with("prices.file: "));
        }
        CHECK(PriceTable::load(dir.path() + "/nothing").error().kind == ErrorKind::config);
        CHECK(PriceTable::load("")->lines().size() == builtin_prices().size());
    }

    TEST_CASE("caching: what it saved is known by the price line of the call, and only then") {
        const TempDir dir;
        const auto table = load(dir,
                                "anthropic\ta\t\t0\t3\t15\t0.3\n"
                                "anthropic\ta\t\t1000\t6\t30\t0.6\n"
                                "anthropic\tb\t\t0\t3\t15\n"
                                "anthropic\tc\t\t0\t1\t1\t2\n");
        REQUIRE(table.has_value());
        const Prices prices(table->lines());
        CHECK(prices.cost("anthropic", "a", used(100, 900, 10)).cache_saved_nano == 900 * 2'700);
        // A longer prompt has another line, with the cache reads and without.
        CHECK(prices.cost("anthropic", "a", used(200, 900, 10)).cache_saved_nano == 900 * 5'400);
        CHECK_FALSE(prices.cost("anthropic", "a", used(100, 0, 10)).cache_saved_nano.has_value());
        CHECK_FALSE(prices.cost("anthropic", "b", used(100, 900, 10)).cache_saved_nano.has_value());
        // A cache that costs more than it saves says so.
        CHECK(prices.cost("anthropic", "c", used(0, 1'000, 0)).cache_saved_nano == -1'000'000);
        auto billed = used(100, 900, 10);
        billed.reported_cost_nano = 5;
        CHECK_FALSE(prices.cost("anthropic", "a", billed).cache_saved_nano.has_value());
        auto passes = used(200, 1'800, 20);
        passes.iterations = {{"", used(100, 900, 10).counts}, {"a", used(100, 900, 10).counts}};
        CHECK(prices.cost("anthropic", "a", passes).cache_saved_nano == 2 * 900 * 2'700);
    }
}
