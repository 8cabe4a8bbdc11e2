// Costs through the real path, to the nano-dollar: what providers themselves charged for recorded answers.
#include <cstdlib>
#include <map>

#include <doctest/doctest.h>

#include "tests/e2e/world.hpp"

using namespace llmgw;
using namespace llmgw::testing;

TEST_SUITE_BEGIN("costs");

namespace {

std::string shared_directory() {
    const char* given = std::getenv("LLMGW_SHARED");
    return given != nullptr ? given : LLMGW_SOURCE_DIR "/../shared";
}

// Nano-dollars of a decimal amount in dollars, plain or with an exponent, half up. No floating point.
std::int64_t nano_dollars(std::string text) {
    int shift = 9;
    if (const auto e = text.find_first_of("eE"); e != std::string::npos) {
        shift += std::atoi(text.c_str() + e + 1);
        text.resize(e);
    }
    if (const auto dot = text.find('.'); dot != std::string::npos) {
        shift -= static_cast<int>(text.size() - dot - 1);
        text.erase(dot, 1);
    }
    if (shift >= 0) { return std::stoll(text + std::string(static_cast<std::size_t>(shift), '0')); }
    const auto cut = static_cast<std::size_t>(-shift);
    if (cut > text.size()) { return 0; }
    const auto kept = text.substr(0, text.size() - cut);
    return (kept.empty() ? 0 : std::stoll(kept)) + (text[text.size() - cut] >= '5' ? 1 : 0);
}

struct Bill {
    nlohmann::json usage;
    std::string model;
    std::string provider;
    bool stream = false;
    std::int64_t nano = 0;
};

// An answer with that usage.
UpstreamHandler answering(const Bill& bill) {
    return [bill](const RecordedRequest&, UpstreamConnection& connection) {
        nlohmann::json answer{{"id", "gen-1"},
                              {"object", bill.stream ? "chat.completion.chunk" : "chat.completion"},
                              {"created", 1790000000},
                              {"model", bill.model}};
        if (!bill.stream) {
            answer["choices"] = {
                {{"index", 0}, {"finish_reason", "stop"}, {"message", {{"role", "assistant"}, {"content", "hi"}}}}};
            answer["usage"] = bill.usage;
            connection.reply_json(200, answer.dump());
            return;
        }
        connection.start_sse();
        answer["choices"] = {{{"index", 0}, {"finish_reason", "stop"}, {"delta", {{"content", "hi"}}}}};
        connection.chunk("data: " + answer.dump() + "\n\n");
        answer["choices"] = nlohmann::json::array();
        answer["usage"] = bill.usage;
        connection.chunk("data: " + answer.dump() + "\n\ndata: [DONE]\n\n");
        connection.finish();
    };
}

std::map<std::string, nlohmann::json> usage_by_feature(World& world) {
    const auto report = world.cli({"usage", "--by", "feature", "--json"});
    REQUIRE(report.exit == 0);
    const auto json = nlohmann::json::parse(report.out);
    std::map<std::string, nlohmann::json> rows;
    for (const auto& row : json.at("rows")) {
        rows[row.at("feature").get<std::string>()] = row;
    }
    return rows;
}

std::string priced_providers(const FakeUpstream& upstream) {
    std::string more;
    for (const std::string name : {"openrouter", "xai"}) {
        more += "[providers." + name + "]\nbase_url = \"" + upstream.url() +
                "/v1\"\napi_key = \"env:LLMGW_TEST_PROVIDER_KEY\"\n";
    }
    return more;
}

}  // namespace

TEST_CASE("Nano-dollars of decimal text") {
    CHECK(nano_dollars("0.00183") == 1'830'000);
    CHECK(nano_dollars("9.25e-06") == 9'250);
    CHECK(nano_dollars("0.0004970133333333333") == 497'013);
    CHECK(nano_dollars("4.01e-05") == 40'100);
    CHECK(nano_dollars("2") == 2'000'000'000);
    CHECK(nano_dollars("0.0000000005") == 1);
}

TEST_CASE("T15: bills reported by providers are reproduced, with the reported cost and without it") {
    const auto file = read_file(shared_directory() + "/prices/cost_vectors.json");
    if (file.empty()) {
        MESSAGE("no cost_vectors.json below " << shared_directory() << ": set LLMGW_SHARED");
        return;
    }
    World world({.server = "", .timeouts = "", .more = "", .start = false});
    Gateway gateway(world.home, {.config = priced_providers(world.upstream), .environment = {}, .wrapper = {}});
    std::map<std::string, Bill> bills;
    const auto vectors = nlohmann::json::parse(file);
    for (const auto& vector : vectors.at("vectors")) {
        if (!vector.value("match", false)) { continue; }
        const auto fixture = vector.at("fixture").get<std::string>();
        Bill bill;
        bill.usage = vector.at("usage");
        bill.model = vector.at("model");
        bill.provider = fixture.starts_with("openrouter/") ? "openrouter" : "xai";
        bill.stream = fixture.ends_with(".stream");
        bill.nano = nano_dollars(vector.at("reported_cost"));
        const auto number = std::to_string(bills.size());
        bills["told-" + number] = bill;
        bill.nano = nano_dollars(vector.at("computed"));
        for (const char* field : {"cost", "cost_details", "cost_in_usd_ticks"}) {
            bill.usage.erase(field);
        }
        bills["computed-" + number] = bill;
    }
    REQUIRE(bills.size() == 72);
    for (const auto& [feature, bill] : bills) {
        CAPTURE(feature);
        world.upstream.handle(answering(bill));
        const nlohmann::json body{{"model", bill.provider + "/" + bill.model},
                                  {"stream", bill.stream},
                                  {"messages", {{{"role", "user"}, {"content", "x"}}}}};
        const auto response = gateway.post("/v1/chat/completions", body.dump(), {{"x-llmgw-feature", feature}});
        CHECK(response.status == 200);
        CHECK(response.header("x-llmgw-provider") == bill.provider);
    }
    const auto rows = usage_by_feature(world);
    CHECK(rows.size() == bills.size());
    for (const auto& [feature, bill] : bills) {
        CAPTURE(feature);
        CAPTURE(bill.model);
        CAPTURE(bill.usage.dump());
        REQUIRE(rows.contains(feature));
        CHECK(rows.at(feature).at("cost_nano_usd").dump() == std::to_string(bill.nano));
        CHECK(rows.at(feature).at("calls") == 1);
    }
}

TEST_CASE("T15: hand-worked invoices") {
    // claude-haiku-4-5: 1 $ in, 5 $ out, 0.10 $ cache read, 1.25 $ and 2 $ cache writes, a million tokens.
    World world;
    world.upstream.handle([](const RecordedRequest&, UpstreamConnection& connection) {
        connection.reply_json(
            200,
            R"({"id":"msg_1","type":"message","role":"assistant","model":"claude-haiku-4-5-20251001","content":[],"stop_reason":"end_turn","usage":{"input_tokens":1000,"cache_read_input_tokens":20000,"cache_creation_input_tokens":7000,"cache_creation":{"ephemeral_5m_input_tokens":3000,"ephemeral_1h_input_tokens":4000},"output_tokens":500}})");
    });
    const auto row = world.gateway().call_row(world.ask(canned::wires()[0]));
    REQUIRE_FALSE(row.empty());
    CHECK(text(row, "input_tokens") == "1000");
    CHECK(text(row, "cache_read_tokens") == "20000");
    CHECK(text(row, "cache_write_5m_tokens") == "3000");
    CHECK(text(row, "cache_write_1h_tokens") == "4000");
    CHECK(text(row, "output_tokens") == "500");
    // 1000*1000 + 20000*100 + 3000*1250 + 4000*2000 + 500*5000 nano-dollars
    CHECK(text(row, "cost_nano") == "17250000");
}

TEST_SUITE_END();
