#include "core/config/checks.hpp"

#include <array>
#include <charconv>
#include <string_view>

#include "core/config/listen.hpp"
#include "core/config/settings.hpp"
#include "core/model/dialect_id.hpp"
#include "core/secrets/reference.hpp"
#include "core/util/text.hpp"

namespace llmgw {
namespace {

bool has_blank_or_control(std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) { return true; }
    }
    return false;
}

}  // namespace

std::string check_provider_name(std::string_view name) {
    constexpr std::string_view first = "abcdefghijklmnopqrstuvwxyz0123456789";
    constexpr std::string_view rest = "abcdefghijklmnopqrstuvwxyz0123456789._-";
    if (name.empty() || name.size() > 64 || first.find(name.front()) == std::string_view::npos ||
        name.find_first_not_of(rest) != std::string_view::npos) {
        return "must be a name of small letters, digits, \".\", \"_\" and \"-\"";
    }
    return {};
}

std::string check_name(std::string& value) {
    return check_provider_name(value);
}

std::string check_absolute_path(std::string& value) {
    return value.empty() || value.starts_with('/') ? "" : "must be an absolute path";
}

std::string check_listen(std::string& value) {
    const auto parsed = parse_listen(value);
    return parsed ? std::string() : "is no address to listen on: " + parsed.error().message;
}

std::string check_host(std::string& value) {
    value = lower(value);
    if (value.empty() || value.size() > 253 || has_blank_or_control(value) ||
        value.find_first_of("/@?#*:") != std::string::npos) {
        return "must hold host names only, like \"llmgw.example\": no scheme, port, path or wildcard";
    }
    return {};
}

std::string check_web_origin(std::string& value) {
    auto origin = origin_of(value);
    if (origin.empty() || has_blank_or_control(value) || value.find('*') != std::string::npos ||
        value.find_first_of("/?#", value.find("://") + 3) != std::string::npos) {
        return "must hold origins like \"https://chat.example\" or \"http://localhost:3000\": no path, no wildcard";
    }
    value = std::move(origin);
    return {};
}

std::string check_base_url(std::string& value) {
    const auto scheme_end = value.find("://");
    const auto scheme = lower(value.substr(0, scheme_end == std::string::npos ? 0 : scheme_end));
    if (scheme != "http" && scheme != "https") { return "must be a URL that starts with http:// or https://"; }
    if (has_blank_or_control(value)) { return "must be a URL without spaces or control characters"; }
    if (value.find_first_of("?#") != std::string::npos) { return "must be a URL without a query (?) or fragment (#)"; }
    const std::string_view rest = std::string_view(value).substr(scheme_end + 3);
    const auto authority = rest.substr(0, rest.find('/'));
    if (authority.find('@') != std::string_view::npos) {
        return "must be a URL without a user or password before the host; a key belongs in api_key, as a reference";
    }
    auto host = authority;
    if (const auto colon = authority.rfind(':'); colon != std::string_view::npos && !authority.ends_with(']')) {
        const auto port = parse_listen(authority);
        if (!port || port->port == 0) { return "has a host and port that cannot be read"; }
        host = authority.substr(0, colon);
    }
    if (host.empty() || origin_of(value).empty()) { return "must be a URL with a host"; }
    while (value.ends_with('/')) {
        value.pop_back();
    }
    return {};
}

std::string check_api_key(std::string& value) {
    return check_reference(value);
}

std::string check_one_of_keys(std::string& value) {
    if (auto complaint = check_reference(value); !complaint.empty()) { return complaint; }
    const auto reference = parse_reference(value);
    if (!reference || reference->kind == KeyKind::none || reference->kind == KeyKind::passthrough) {
        return "must hold references to keys; none and passthrough stand alone, in api_key";
    }
    return {};
}

std::string check_dialect(std::string& value) {
    if (dialect_from(value)) { return {}; }
    std::array<std::string_view, dialect_names.size()> names{};
    for (std::size_t i = 0; i < names.size(); ++i) {
        names[i] = dialect_names[i].name;
    }
    return "must hold " + one_of(names) + did_you_mean(value, names);
}

std::string check_word(std::string& value) {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_:";
    if (value.empty() || value.size() > 128 || value.find_first_not_of(letters) != std::string::npos) {
        return "must be one word of letters, digits, \".\", \"-\", \"_\" and \":\"";
    }
    return {};
}

std::string check_pattern(std::string& value) {
    return value.empty() ? "must hold names, in which * stands for anything" : "";
}

std::optional<std::pair<int, int>> parse_hours(std::string_view text) {
    const auto hour = [](std::string_view part) {
        int value = -1;
        const auto* end = part.data() + part.size();
        const auto [stop, error] = std::from_chars(part.data(), end, value);
        return error == std::errc() && stop == end && part.size() <= 2 && value <= 24 ? value : -1;
    };
    const auto dash = text.find('-');
    if (dash == std::string_view::npos) { return std::nullopt; }
    const std::pair hours(hour(text.substr(0, dash)), hour(text.substr(dash + 1)));
    if (hours.first < 0 || hours.second < 0 || hours.first == hours.second) { return std::nullopt; }
    return hours;
}

std::string check_hours(std::string& value) {
    if (value.empty() || parse_hours(value)) { return {}; }
    return "must be hours of the day like \"9-17\" or \"22-6\"";
}

std::string check_model(std::string& value) {
    if (value.empty() || value.size() > 256 || has_blank_or_control(value)) {
        return "must hold model names: not empty, no spaces";
    }
    return {};
}

std::string check_model_or_none(std::string& value) {
    return value.empty() ? std::string() : check_model(value);
}

}  // namespace llmgw
