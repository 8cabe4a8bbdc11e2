#include "core/gateway/metrics_text.hpp"

#include <array>

#include "core/telemetry/prometheus.hpp"

namespace llmgw {
namespace {

using Kind = MetricsWriter::Kind;

struct TargetMetric {
    std::string_view name;
    Kind kind;
    std::string_view help;
    double (*value)(const TargetHealth& target);
};

double breaker(const TargetHealth& target) {
    switch (target.state) {
        case BreakerState::closed: return 0;
        case BreakerState::half_open: return 1;
        case BreakerState::open: return 2;
    }
    return 0;
}

constexpr std::array<TargetMetric, 5> target_metrics{{
    {"llmgw_breaker_state", Kind::gauge, "Circuit breaker of a target: 0 closed, 1 half open, 2 open.", breaker},
    {"llmgw_target_answers_total", Kind::counter, "Attempts that a target answered.",
     [](const TargetHealth& t) { return static_cast<double>(t.answers); }},
    {"llmgw_target_failures_total", Kind::counter, "Attempts that failed by the target's fault.",
     [](const TargetHealth& t) { return static_cast<double>(t.failures); }},
    {"llmgw_target_first_token_seconds", Kind::gauge, "Running average of the time to first token; 0: not known.",
     [](const TargetHealth& t) { return t.first_token_ms / 1000; }},
    {"llmgw_target_output_tokens_per_second", Kind::gauge, "Running average after the first token; 0: not known.",
     [](const TargetHealth& t) { return t.tokens_per_s; }},
}};

}  // namespace

std::string metrics_text(const Health& health, const KeyRing& keys) {
    MetricsWriter writer;
    const auto targets = health.all();
    for (const auto& metric : target_metrics) {
        writer.metric(metric.name, metric.kind, metric.help);
        for (const auto& target : targets) {
            writer.sample({{"provider", target.provider}, {"model", target.model}}, metric.value(target));
        }
    }
    writer.metric("llmgw_provider_keys", Kind::gauge, "Keys of providers that have one which is not good, by state.");
    for (const auto& provider : keys.troubled()) {
        const auto count = [](auto number) { return static_cast<double>(number); };
        writer.sample({{"provider", provider.provider}, {"state", "good"}}, count(provider.good));
        writer.sample({{"provider", provider.provider}, {"state", "resting"}}, count(provider.resting));
        writer.sample({{"provider", provider.provider}, {"state", "set_aside"}}, count(provider.set_aside));
    }
    return writer.take();
}

}  // namespace llmgw
