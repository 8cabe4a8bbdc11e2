// What the checks found, as text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/doctor/finding.hpp"

namespace llmgw::doctor {

struct Section {
    std::string_view title;
    Findings findings;
};

struct View {
    int width = 0;  // columns; 0: no limit
    bool color = false;
    std::string home = {};  // shown as ~
};

// For people: a section each with its rows, what to do below those that want something, and a summary.
std::string text_report(const std::vector<Section>& sections, const View& view);
std::string json_report(const std::vector<Section>& sections, bool terminal);

// 0, or 1 when there is a problem.
int exit_code_of(const std::vector<Section>& sections);

}  // namespace llmgw::doctor
