#include "core/gateway/model_listing.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>

#include "core/util/json_scan.hpp"

namespace llmgw {
namespace {

// No model has a longer name; what is longer is not one.
constexpr std::size_t name_bytes_max = 256;

// Where hosts say how much fits: Gemini, Anthropic, OpenRouter and Together and Fireworks, Groq, Mistral, vLLM.
constexpr std::array<std::string_view, 6> context_names{"inputTokenLimit", "max_input_tokens",   "context_length",
                                                        "context_window",  "max_context_length", "max_model_len"};
// Gemini, Groq. Anthropic's max_tokens and OpenRouter's nested member are looked at apart.
constexpr std::array<std::string_view, 2> output_names{"outputTokenLimit", "max_completion_tokens"};

std::optional<std::int64_t> positive(const json_scan::Value& value) {
    const auto number = value.as_int();
    return number && *number > 0 ? number : std::nullopt;
}

bool is_one_of(std::string_view key, const auto& names) {
    return std::ranges::find(names, key) != names.end();
}

ListedModel read_entry(std::string_view entry) {
    ListedModel model;
    std::string id;
    std::string name;
    std::string type;
    std::optional<std::int64_t> max_tokens;
    json_scan::each_member(entry, [&](std::string_view key, const json_scan::Value& value) {
        if (key == "id") {
            id = value.as_string().value_or("");
        } else if (key == "name") {
            name = value.as_string().value_or("");
        } else if (key == "type") {
            type = value.as_string().value_or("");
        } else if (key == "display_name" || key == "displayName") {
            model.title = value.as_string().value_or("");
        } else if (key == "created") {
            model.created_s = positive(value).value_or(0);
        } else if (key == "created_at") {
            model.created_s = seconds_of_rfc3339(value.as_string().value_or(""));
        } else if (key == "max_tokens") {
            max_tokens = positive(value);
        } else if (key == "top_provider" && value.is_object()) {
            if (const auto said = json_scan::member(value.text, "max_completion_tokens")) {
                model.output_tokens = positive(*said);
            }
        } else if (is_one_of(key, context_names)) {
            model.context_tokens = positive(value);
        } else if (is_one_of(key, output_names)) {
            model.output_tokens = positive(value);
        }
        return true;
    });
    if (id.empty() && name.starts_with("models/")) {
        model.form = ListingForm::gemini;
        model.name = name.substr(7);
        model.raw = entry;
    } else if (type == "model" && !id.empty()) {
        model.form = ListingForm::anthropic;
        model.output_tokens = max_tokens;
        model.name = id;
        model.raw = entry;
    } else {
        model.name = id.empty() ? name : id;
        if (model.title.empty() && !id.empty()) { model.title = name; }
    }
    if (model.name.size() > name_bytes_max) { model.name.clear(); }
    return model;
}

bool read_entries(std::string_view array, std::vector<ListedModel>& models) {
    return json_scan::each_element(array, [&](const json_scan::Value& value) {
        if (!value.is_object()) { return true; }
        auto model = read_entry(value.text);
        if (!model.name.empty()) { models.push_back(std::move(model)); }
        return true;
    });
}

}  // namespace

std::optional<ListingPage> read_listing(std::string_view body) {
    ListingPage page;
    const auto start = body.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos) { return std::nullopt; }
    if (body[start] == '[') {
        if (!read_entries(body, page.models)) { return std::nullopt; }
        return page;
    }
    bool found = false;
    bool more = false;
    std::string last;
    const bool whole = json_scan::each_member(body, [&](std::string_view key, const json_scan::Value& value) {
        if ((key == "data" || key == "models") && value.is_array()) {
            found = read_entries(value.text, page.models) || found;
        } else if (key == "has_more") {
            more = value.as_bool().value_or(false);
        } else if (key == "last_id") {
            last = value.as_string().value_or("");
        } else if (key == "nextPageToken") {
            page.next = value.as_string().value_or("");
        }
        return true;
    });
    if (!whole || !found) { return std::nullopt; }
    if (more && page.next.empty()) { page.next = last; }
    return page;
}

std::string rfc3339(std::int64_t seconds) {
    using namespace std::chrono;
    const sys_seconds time{std::chrono::seconds(seconds)};
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(time - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                       clock.minutes().count(), clock.seconds().count());
}

std::int64_t seconds_of_rfc3339(std::string_view text) {
    using namespace std::chrono;
    constexpr std::string_view form = "0000-00-00T00:00:00";
    if (text.size() < form.size()) { return 0; }
    for (std::size_t i = 0; i < form.size(); ++i) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        if (form[i] == '0' ? !digit : text[i] != form[i]) { return 0; }
    }
    const auto number = [&](std::size_t at, std::size_t size) {
        int value = 0;
        for (const char c : text.substr(at, size)) {
            value = value * 10 + (c - '0');
        }
        return value;
    };
    const year_month_day date(year(number(0, 4)), month(static_cast<unsigned>(number(5, 2))),
                              day(static_cast<unsigned>(number(8, 2))));
    if (!date.ok()) { return 0; }
    const auto time = sys_days(date) + hours(number(11, 2)) + minutes(number(14, 2)) + seconds(number(17, 2));
    return duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace llmgw
