// Writes a usage log of many calls to measure reports with: llmgw_seed_log DIRECTORY CALLS DAYS. The same arguments
// give the same calls, spread over the days before now as work is: more by day than by night.
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "core/store/usage_store.hpp"
#include "core/usage/drain.hpp"
#include "core/util/clock.hpp"
#include "core/util/file.hpp"

namespace {

using namespace llmgw;

struct Model {
    const char* provider;
    const char* name;
    std::int64_t nano_per_token;
};
constexpr Model models[] = {{"anthropic", "claude-opus-5", 5'000},
                            {"anthropic", "claude-sonnet-5", 3'000},
                            {"anthropic", "claude-haiku-4-5", 1'000},
                            {"openai", "gpt-5", 1'250},
                            {"openai", "gpt-5-mini", 250},
                            {"gemini", "gemini-3-pro", 2'000},
                            {"openrouter", "mystery-1", -1},
                            {"local", "qwen3-coder", 0}};
constexpr const char* features[] = {"review", "search", "chat",      "nightly", "claude-code",
                                    "codex",  "triage", "summaries", "tests",   "docs"};
constexpr const char* users[] = {"ada", "grace", "edsger", "barbara", ""};

CallRecord make_call(std::mt19937_64& random, std::int64_t started_ms, int number) {
    const auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    CallRecord record;
    auto& call = record.call;
    char id[48];
    std::snprintf(id, sizeof id, "%08x-%04x-7%03x-8%03x-%012x", static_cast<unsigned>(started_ms >> 16),
                  static_cast<unsigned>(started_ms & 0xffff), static_cast<unsigned>(pick(4096)),
                  static_cast<unsigned>(pick(4096)), static_cast<unsigned>(number));
    const auto& model = models[pick(std::size(models))];
    call.call_id = id;
    call.started_ms = started_ms;
    call.duration_ms = static_cast<std::int64_t>(300 + pick(20'000));
    call.first_token_ms = call.duration_ms / 5;
    call.client_key = "default";
    call.client = "tool";
    call.agent = pick(2) == 0 ? "claude-code" : "";
    call.session_id = "session-" + std::to_string(number / 40);
    call.feature = features[pick(std::size(features))];
    call.user = users[pick(std::size(users))];
    call.metadata = pick(4) == 0 ? R"({"team":"blue"})" : "";
    call.operation = "messages";
    call.client_dialect = call.provider_dialect = "anthropic";
    call.provider = model.provider;
    call.requested_model = call.served_model = model.name;
    call.stream = true;
    call.http_status = 200;
    call.finish_reason = "end_turn";
    call.request_bytes = 20'000;
    call.response_bytes = 4'000;
    call.ending = pick(50) == 0 ? Ending::failed : Ending::done;
    call.usage.counts.input = static_cast<std::int64_t>(pick(5'000));
    call.usage.counts.cache_read = static_cast<std::int64_t>(pick(100'000));
    call.usage.counts.output = static_cast<std::int64_t>(pick(3'000));
    call.cost.basis = CostBasis::reported;
    if (model.nano_per_token >= 0) {
        const auto& counts = call.usage.counts;
        call.cost.nano = (*counts.input * 10 + *counts.cache_read + *counts.output * 50) * model.nano_per_token / 10;
        call.cost.cache_saved_nano = *counts.cache_read * 9 * model.nano_per_token / 10;
        call.cost.price_source = "seed";
    }
    auto& attempt = record.attempts.emplace_back();
    attempt.started_ms = started_ms;
    attempt.duration_ms = call.duration_ms;
    attempt.provider = call.provider;
    attempt.dialect = call.provider_dialect;
    attempt.model = attempt.served_model = call.served_model;
    attempt.http_status = 200;
    attempt.usage = call.usage;
    attempt.cost = call.cost;
    return record;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: %s DIRECTORY CALLS DAYS\n", argv[0]);
        return 2;
    }
    const std::string directory = argv[1];
    const int calls = std::atoi(argv[2]);
    const auto span_ms = std::int64_t{86'400'000} * std::atoi(argv[3]);
    if (!ensure_private_dir(directory)) { return 1; }
    auto store = UsageStore::open(database_path(directory), 5000);
    if (!store) {
        std::fprintf(stderr, "%s\n", store.error().message.c_str());
        return 1;
    }
    std::mt19937_64 random(1);
    const auto begin_ms = SystemClock{}.now_ms() - span_ms;
    constexpr int batch = 10'000;
    for (int done = 0; done < calls; done += batch) {
        std::vector<CallRecord> records;
        for (int i = done; i < std::min(done + batch, calls); ++i) {
            auto at =
                begin_ms + static_cast<std::int64_t>(static_cast<double>(i) / calls * static_cast<double>(span_ms));
            // Two of three calls of the night move to the afternoon.
            const auto in_day = at % 86'400'000;
            if (in_day < 28'800'000 && random() % 3 != 0) { at += 43'200'000 - in_day + in_day / 2; }
            records.push_back(make_call(random, std::min(at, begin_ms + span_ms - 1), i));
        }
        std::vector<const CallRecord*> pointers;
        for (const auto& record : records) {
            pointers.push_back(&record);
        }
        if (const auto inserted = store->insert(pointers); !inserted) {
            std::fprintf(stderr, "%s\n", inserted.error().message.c_str());
            return 1;
        }
    }
    return 0;
}
