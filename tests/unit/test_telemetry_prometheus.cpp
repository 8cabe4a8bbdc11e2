#include <doctest/doctest.h>

#include "core/telemetry/prometheus.hpp"

using namespace llmgw;

TEST_CASE("Metrics are written as Prometheus reads them") {
    MetricsWriter writer;
    writer.metric("llmgw_a_total", MetricsWriter::Kind::counter, "How many.")
        .sample({}, 3)
        .sample({{"model", "a \"b\"\\c\nd"}, {"provider", "p"}}, 0.25);
    writer.metric("llmgw_b", MetricsWriter::Kind::gauge, "How much.");
    CHECK(writer.take() ==
          "# HELP llmgw_a_total How many.\n"
          "# TYPE llmgw_a_total counter\n"
          "llmgw_a_total 3\n"
          "llmgw_a_total{model=\"a \\\"b\\\"\\\\c\\nd\",provider=\"p\"} 0.25\n"
          "# HELP llmgw_b How much.\n"
          "# TYPE llmgw_b gauge\n");
}

TEST_CASE("Metrics are UTF-8 whatever a label holds") {
    MetricsWriter writer;
    writer.metric("llmgw_a_total", MetricsWriter::Kind::counter, "How many.")
        .sample({{"model", "\xFFx\xE2\x82 gr\xC3\xBC\xC3\x9F"}}, 1);
    CHECK(writer.take().ends_with(
        "\nllmgw_a_total{model=\"\xEF\xBF\xBDx\xEF\xBF\xBD\xEF\xBF\xBD gr\xC3\xBC\xC3\x9F\"} 1\n"));
}
