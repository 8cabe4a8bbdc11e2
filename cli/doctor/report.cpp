#include "cli/doctor/report.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/term/style.hpp"
#include "core/util/utf8.hpp"
#include "core/util/version.hpp"

namespace llmgw::doctor {
namespace {

constexpr int indent = 2;
constexpr int level_width = 7;  // "problem"
constexpr int what_width_max = 24;
constexpr int text_width_min = 24;

std::size_t count(const std::vector<Section>& sections, Level level) {
    std::size_t n = 0;
    for (const auto& section : sections) {
        n += static_cast<std::size_t>(std::ranges::count(section.findings, level, &Finding::level));
    }
    return n;
}

std::string colored(Level level, const std::string& text, const Style& style) {
    switch (level) {
        case Level::ok: return style.green(text);
        case Level::note: return style.dim(text);
        case Level::warning: return style.yellow(text);
        case Level::problem: return style.red(text);
    }
    return text;
}

// Lines of at most `width` columns, broken at spaces where there are any; 0: no limit.
std::vector<std::string> wrapped(std::string_view text, int width) {
    std::vector<std::string> lines;
    for (;;) {
        const auto end = text.find('\n');
        std::string line;
        for (std::string_view rest = text.substr(0, end);;) {
            const auto space = rest.find(' ');
            const auto word = rest.substr(0, space);
            if (!line.empty() && width > 0 && display_width(line) + 1 + display_width(word) > width) {
                lines.push_back(std::move(line));
                line.clear();
            }
            if (!line.empty()) { line += ' '; }
            line += word;
            if (space == std::string_view::npos) { break; }
            rest.remove_prefix(space + 1);
        }
        lines.push_back(std::move(line));
        if (end == std::string_view::npos) { return lines; }
        text.remove_prefix(end + 1);
    }
}

// Line ends stay, everything else that could control a terminal goes.
std::string shown(std::string_view text, const std::string& home) {
    std::string out;
    for (;;) {
        const auto end = text.find('\n');
        out += printable(text.substr(0, end));
        if (end == std::string_view::npos) { break; }
        out += '\n';
        text.remove_prefix(end + 1);
    }
    if (home.size() < 2) { return out; }
    for (auto at = out.find(home + "/"); at != std::string::npos; at = out.find(home + "/", at + 1)) {
        // Not the end of some other path.
        if (at == 0 || std::string_view(" \n\"").contains(out[at - 1])) { out.replace(at, home.size(), "~"); }
    }
    return out;
}

class Text {
public:
    Text(const std::vector<Section>& sections, const View& view) : view_(view), style_(view.color) {
        for (const auto& section : sections) {
            for (const auto& finding : section.findings) {
                what_width_ = std::max(what_width_, std::min(display_width(finding.what), what_width_max));
            }
        }
        left_ = indent + level_width + 2 + what_width_ + 2;
        // What is left of a very narrow terminal is taken all the same.
        width_ = view.width > 0 ? std::max(view.width - left_, text_width_min) : 0;
    }

    void add(const Finding& finding) {
        auto level = std::string(to_string(finding.level));
        level.resize(level_width, ' ');
        const auto what = shown(finding.what, view_.home);
        out_ += std::string(indent, ' ') + colored(finding.level, level, style_) + "  " + what;
        int column = indent + level_width + 2 + display_width(what);
        if (column + 2 > left_) {  // too long a name has a line of its own
            out_ += '\n';
            column = 0;
        }
        const auto quiet = [&](const std::string& line) {
            return finding.level == Level::note ? style_.dim(line) : line;
        };
        for (const auto& line : wrapped(shown(finding.found, view_.home), width_)) {
            out_ += std::string(static_cast<std::size_t>(left_ - column), ' ') + quiet(line) + "\n";
            column = 0;
        }
        if (finding.remedy.empty()) { return; }
        const char* mark = "→ ";
        for (const auto& line : wrapped(shown(finding.remedy, view_.home), width_ > 0 ? width_ - 2 : 0)) {
            out_ += std::string(static_cast<std::size_t>(left_), ' ') + mark + style_.bold(line) + "\n";
            mark = "  ";
        }
    }

    void title(std::string_view text) { out_ += (out_.empty() ? "" : "\n") + style_.bold(text) + "\n"; }

    void summary(const std::vector<Section>& sections) {
        const auto problems = count(sections, Level::problem);
        const auto warnings = count(sections, Level::warning);
        out_ += '\n';
        if (problems == 0 && warnings == 0) {
            out_ += style_.green("Nothing is wrong.");
        } else {
            const auto counted = [](std::size_t n, const char* what) {
                return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
            };
            out_ += problems > 0 ? style_.red(counted(problems, "problem")) : "No problem";
            if (warnings > 0) { out_ += ", " + style_.yellow(counted(warnings, "warning")); }
            out_ += '.';
        }
        for (const auto level : {Level::problem, Level::warning, Level::note}) {
            for (const auto& section : sections) {
                for (const auto& finding : section.findings) {
                    if (finding.level != level || finding.remedy.empty()) { continue; }
                    out_ += "\nNext: " + style_.bold(shown(finding.remedy, view_.home)) + "\n";
                    return;
                }
            }
        }
        out_ += '\n';
    }

    std::string take() { return std::move(out_); }

private:
    const View& view_;
    Style style_;
    int what_width_ = 0;
    int left_ = 0;
    int width_ = 0;
    std::string out_;
};

}  // namespace

std::string text_report(const std::vector<Section>& sections, const View& view) {
    Text text(sections, view);
    for (const auto& section : sections) {
        if (section.findings.empty()) { continue; }
        text.title(section.title);
        for (const auto& finding : section.findings) {
            text.add(finding);
        }
    }
    text.summary(sections);
    return text.take();
}

std::string json_report(const std::vector<Section>& sections, bool terminal) {
    using nlohmann::ordered_json;
    ordered_json out = {{"version", version()},
                        {"problems", count(sections, Level::problem)},
                        {"warnings", count(sections, Level::warning)},
                        {"checks", ordered_json::array()}};
    for (const auto& section : sections) {
        for (const auto& finding : section.findings) {
            out["checks"].push_back(
                {{"section", section.title},
                 {"status", to_string(finding.level)},
                 {"what", to_utf8(finding.what)},
                 {"found", to_utf8(finding.found)},
                 {"remedy", finding.remedy.empty() ? ordered_json(nullptr) : ordered_json(to_utf8(finding.remedy))}});
        }
    }
    return out.dump(2, ' ', terminal) + "\n";
}

int exit_code_of(const std::vector<Section>& sections) {
    return count(sections, Level::problem) > 0 ? exit_code::failed : exit_code::done;
}

}  // namespace llmgw::doctor
