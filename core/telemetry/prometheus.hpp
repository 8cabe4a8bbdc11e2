// Writes numbers in Prometheus's text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/).
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace llmgw {

class MetricsWriter {
public:
    using Label = std::pair<std::string_view, std::string_view>;

    enum class Kind { gauge, counter };
    // Begins a metric; its samples follow. Counters' names end in _total, units stand in names: seconds, bytes.
    MetricsWriter& metric(std::string_view name, Kind kind, std::string_view help);
    // Of the metric begun last. Labels' values may be any text.
    MetricsWriter& sample(std::initializer_list<Label> labels, double value);

    std::string take() { return std::move(text_); }
    static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

private:
    std::string name_;
    std::string text_;
};

}  // namespace llmgw
