#include "providers/dialects/openai_chat/model_family.hpp"

#include <optional>

namespace llmgw::wire::chat {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::string_view bare(std::string_view model) {
    if (const auto slash = model.rfind('/'); slash != std::string_view::npos) { model.remove_prefix(slash + 1); }
    if (model.starts_with("ft:")) { model.remove_prefix(3); }
    return model;
}

// gpt-5.2 is {5, 2}.
struct Version {
    int major = 0;
    int minor = 0;
};

std::optional<Version> gpt_version(std::string_view model) {
    constexpr std::string_view prefix = "gpt-";
    if (!model.starts_with(prefix)) { return std::nullopt; }
    model.remove_prefix(prefix.size());
    if (model.empty() || !is_digit(model.front())) { return std::nullopt; }
    Version version;
    version.major = model[0] - '0';
    if (model.size() > 2 && model[1] == '.' && is_digit(model[2])) { version.minor = model[2] - '0'; }
    return version;
}

bool is_o_series(std::string_view model) {
    return model.size() >= 2 && model[0] == 'o' && is_digit(model[1]);
}

}  // namespace

ModelFamily model_family(std::string_view model) {
    model = bare(model);
    if (is_o_series(model)) { return ModelFamily::reasoning; }
    if (model.starts_with("chatgpt-")) { return ModelFamily::plain; }
    const auto version = gpt_version(model);
    if (!version) { return ModelFamily::other; }
    return version->major < 5 || model.starts_with("gpt-5-chat") ? ModelFamily::plain : ModelFamily::reasoning;
}

std::int64_t output_tokens_max(std::string_view model) {
    struct Row {
        std::string_view prefix;
        std::int64_t tokens;
    };
    // The first row that fits holds.
    constexpr Row rows[] = {
        {"gpt-3.5", 4096},     {"gpt-4o", 16384},     {"gpt-4.1", 32768}, {"gpt-4-turbo", 4096}, {"gpt-4", 8192},
        {"chatgpt-4o", 16384}, {"gpt-5-chat", 16384}, {"gpt-5", 128000},  {"o1-mini", 65536},    {"o1-preview", 32768},
        {"o1", 100000},        {"o3", 100000},        {"o4", 100000},
    };
    model = bare(model);
    for (const auto& row : rows) {
        if (model.starts_with(row.prefix)) { return row.tokens; }
    }
    return 0;
}

std::string effort_known_to(std::string_view model, std::string_view effort) {
    model = bare(model);
    const bool none = effort == "none";
    const bool least = none || effort == "minimal";
    const bool most = effort == "xhigh" || effort == "max";
    if (is_o_series(model)) { return least ? "low" : most ? "high" : std::string(effort); }
    if (const auto version = gpt_version(model)) {
        const bool first = version->major == 5 && version->minor == 0;
        if (first) { return none ? "minimal" : most ? "high" : std::string(effort); }
        if (effort == "minimal") { return "low"; }
        const bool takes_xhigh =
            version->major > 5 || version->minor > 1 || model.find("codex-max") != std::string_view::npos;
        if (most) { return takes_xhigh ? "xhigh" : "high"; }
        return std::string(effort);
    }
    if (effort == "minimal") { return "low"; }
    return most ? "high" : std::string(effort);
}

}  // namespace llmgw::wire::chat
