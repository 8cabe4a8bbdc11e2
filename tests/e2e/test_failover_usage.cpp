// What failed over, from what, why, and what it cost: as `llmgw usage` and `llmgw logs` say it.
#include <doctest/doctest.h>

#include "tests/e2e/failover_world.hpp"

using namespace llmgw;
using namespace llmgw::testing;
using nlohmann::json;

TEST_SUITE_BEGIN("failover");

namespace {

json usage(FailoverWorld& world, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "usage");
    arguments.push_back("--json");
    const auto result = world.world().cli(std::move(arguments));
    REQUIRE_MESSAGE(result.exit == 0, result.err);
    return json::parse(result.out);
}

json row_of(const json& tree, const std::string& provider, const std::string& status) {
    for (const auto& row : tree.at("rows")) {
        if (row.at("provider") == provider && row.value("status", status) == status) { return row; }
    }
    return nullptr;
}

}  // namespace

TEST_CASE("usage by provider and status has the failed attempts, their cost at the provider that billed it, once") {
    FailoverWorld world({.upstreams = 3,
                         .timeouts = "",
                         .more = "[routes.priced]\ntargets = [\"anthropic-0/claude-haiku-4-5\", "
                                 "\"anthropic-1/claude-haiku-4-5\", \"anthropic-2/claude-haiku-4-5\"]\n"});
    const auto& claude = canned::wire(DialectId::anthropic);
    // The first breaks off after it told what the prompt costs, the second is busy.
    world.up(0).handle(act::stream_and_cut(claude.events.front()));
    world.up(1).handle(act::error(claude, 529));
    const auto response = world.ask(claude, true, {{"x-llmgw-feature", "search"}}, "priced");
    REQUIRE(response.status == 200);
    CHECK(response.header("x-llmgw-attempts") == "3");
    const auto call = world.gateway().call_row(response);
    world.ask(claude, false, {{"x-llmgw-feature", "search"}}, "anthropic-2/claude-haiku-4-5");

    const auto tree = usage(world, {"--by", "provider,status,error"});
    CAPTURE(tree.dump(1));
    const auto cut = row_of(tree, "anthropic-0", "failed attempt");
    REQUIRE(cut.is_object());
    CHECK(cut["calls"] == 0);
    CHECK(cut["failed_attempts"] == 1);
    CHECK(cut["error"] == "truncated");
    CHECK(cut["input_tokens"] > 0);
    CHECK(cut["cost_nano_usd"] > 0);
    const auto busy = row_of(tree, "anthropic-1", "failed attempt");
    CHECK(busy["failed_attempts"] == 1);
    CHECK(busy["error"] == "overloaded");
    CHECK(busy["cost_nano_usd"] == 0);
    const auto done = row_of(tree, "anthropic-2", "done");
    CHECK(done["calls"] == 2);
    CHECK(done["failed_attempts"] == 0);
    // The sum over calls is the sum over attempts, is the sum of the rows.
    const auto sum_of = [&](const char* table) {
        const auto rows =
            db_query(world.world().home.database(), std::string("SELECT sum(cost_nano) AS s FROM ") + table);
        REQUIRE(rows.size() == 1);
        return std::stoll(text(rows[0], "s"));
    };
    CHECK(tree["total"]["calls"] == 2);
    CHECK(tree["total"]["failed_attempts"] == 2);
    CHECK(tree["total"]["cost_nano_usd"] == sum_of("calls"));
    CHECK(tree["total"]["cost_nano_usd"] == sum_of("attempts"));
    CHECK(cut["cost_nano_usd"].get<std::int64_t>() + done["cost_nano_usd"].get<std::int64_t>() == sum_of("calls"));
    const auto by_feature = usage(world, {"--by", "feature"});
    CHECK(by_feature["total"] == tree["total"]);
    REQUIRE(by_feature["rows"].size() == 1);
    CHECK(by_feature["rows"][0]["calls"] == 2);
    CHECK(row_of(usage(world, {"--by", "provider"}), "anthropic-0", "")["cost_nano_usd"] == cut["cost_nano_usd"]);

    const auto table = world.world().cli({"usage", "--by", "provider,status"});
    CHECK(table.out.contains("FAILED ATTEMPTS"));
    CHECK(world.world().cli({"usage", "--by", "provider,status", "--format", "csv"}).out.contains(",failed_attempts"));
    CHECK(world.world()
              .cli({"usage", "--by", "provider,status", "--format", "markdown"})
              .out.contains("| failed attempts |"));

    const auto logs = world.world().cli({"logs"});
    CHECK(logs.out.contains("done, after anthropic-0 truncated ($"));
    CHECK(logs.out.contains("), anthropic-1 overloaded"));
    // Who looks for a provider's or a kind of failure finds the calls that went on elsewhere, too.
    for (const char* where : {"provider=anthropic-0", "error=overloaded", "status=failed attempt"}) {
        const auto found = world.world().cli({"logs", "--where", where, "--json"});
        const auto line = json::parse(found.out, nullptr, false);
        REQUIRE(line.is_object());
        CHECK(line["call_id"] == text(call, "call_id"));
        CHECK(line["failed_attempts"] == 2);
        REQUIRE(line["tried_before"].size() == 2);
        CHECK(line["tried_before"][0]["provider"] == "anthropic-0");
        CHECK(line["tried_before"][0]["cost_nano"] == cut["cost_nano_usd"]);
        CHECK(line["tried_before"][1]["error_class"] == "overloaded");
    }
    const auto whole = world.world().cli({"logs", "--call", text(call, "call_id")});
    CHECK(whole.out.contains("attempt 3"));
}

TEST_SUITE_END();
