#include "core/telemetry/prometheus.hpp"

#include <fmt/format.h>

#include "core/util/utf8.hpp"

namespace llmgw {

MetricsWriter& MetricsWriter::metric(std::string_view name, Kind kind, std::string_view help) {
    name_ = name;
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, kind == Kind::counter ? "counter" : "gauge");
    return *this;
}

MetricsWriter& MetricsWriter::sample(std::initializer_list<Label> labels, double value) {
    text_ += name_;
    char before = '{';
    for (const auto& [label, text] : labels) {
        text_ += before;
        text_.append(label).append("=\"");
        // One byte that is none of UTF-8's, in one model's name, and nothing of the page is read.
        for (const char c : to_utf8(text)) {
            switch (c) {
                case '\\': text_ += "\\\\"; break;
                case '"': text_ += "\\\""; break;
                case '\n': text_ += "\\n"; break;
                default: text_ += c;
            }
        }
        text_ += '"';
        before = ',';
    }
    if (before == ',') { text_ += '}'; }
    text_ += fmt::format(" {}\n", value);
    return *this;
}

}  // namespace llmgw
