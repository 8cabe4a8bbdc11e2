#include "core/util/aws_sigv4.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>

#include <fmt/format.h>

#include "core/util/sha256.hpp"
#include "core/util/text.hpp"
#include "core/util/url.hpp"

namespace llmgw {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

using Pairs = std::vector<std::pair<std::string, std::string>>;

// The path without "." and ".." and doubled slashes, and encoded once more than it was sent: every service but S3
// reads it so.
std::string canonical_path(std::string_view path) {
    std::vector<std::string_view> segments;
    const bool closed = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
    while (!path.empty()) {
        const auto end = std::min(path.find('/'), path.size());
        const auto segment = path.substr(0, end);
        path.remove_prefix(std::min(end + 1, path.size()));
        if (segment.empty() || segment == ".") { continue; }
        if (segment != "..") {
            segments.push_back(segment);
        } else if (!segments.empty()) {
            segments.pop_back();
        }
    }
    std::string out;
    for (const auto segment : segments) {
        out += "/" + percent_encode(segment);
    }
    if (out.empty() || closed) { out += '/'; }
    return out;
}

// Parameters are read and encoded anew, and sorted by name and then by value, both as encoded.
std::string canonical_query(std::string_view query) {
    Pairs parameters;
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        const auto one = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (one.empty()) { continue; }
        const auto equals = one.find('=');
        const auto again = [](std::string_view text) {
            return percent_encode(percent_decode(text).value_or(std::string(text)));
        };
        parameters.emplace_back(again(one.substr(0, equals)),
                                equals == std::string_view::npos ? std::string() : again(one.substr(equals + 1)));
    }
    std::ranges::sort(parameters);
    std::string out;
    for (const auto& [name, value] : parameters) {
        out += (out.empty() ? "" : "&") + name + "=" + value;
    }
    return out;
}

// Runs of spaces inside a value count as one.
std::string canonical_value(std::string_view value) {
    std::string out;
    for (const char c : trim(value)) {
        if (c == ' ' && out.ends_with(' ')) { continue; }
        out += c;
    }
    return out;
}

struct SignedHeaders {
    std::string lines;
    std::string names;  // joined by ;
};

SignedHeaders canonical_headers(const Pairs& headers) {
    Pairs sorted;
    for (const auto& [name, value] : headers) {
        sorted.emplace_back(lower(name), canonical_value(value));
    }
    // Values of one name stay in the order they were sent.
    std::ranges::stable_sort(sorted, {}, &Pairs::value_type::first);
    SignedHeaders out;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        const bool again = i > 0 && sorted[i].first == sorted[i - 1].first;
        if (again) {
            out.lines.back() = ',';
            out.lines += sorted[i].second + "\n";
            continue;
        }
        out.lines += sorted[i].first + ":" + sorted[i].second + "\n";
        out.names += (out.names.empty() ? "" : ";") + sorted[i].first;
    }
    return out;
}

std::string time_text(std::int64_t at_s) {
    using namespace std::chrono;
    const sys_seconds at{seconds(at_s)};
    const auto day = floor<days>(at);
    const year_month_day date{day};
    const hh_mm_ss time{at - day};
    return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                       time.minutes().count(), time.seconds().count());
}

std::string hex(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) {
        out += fmt::format("{:02x}", static_cast<unsigned char>(c));
    }
    return out;
}

}  // namespace

std::string aws_canonical_request(const AwsRequest& request) {
    const auto headers = canonical_headers(request.headers);
    return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, canonical_path(request.path),
                       canonical_query(request.query), headers.lines, headers.names, sha256_hex(request.body));
}

Pairs aws_signature_headers(const AwsRequest& request, const AwsCredentials& credentials, const AwsScope& scope,
                            std::int64_t at_s) {
    const auto time = time_text(at_s);
    const auto date = time.substr(0, 8);
    Pairs added{{"x-amz-date", time}};
    if (!credentials.session_token.empty()) { added.emplace_back("x-amz-security-token", credentials.session_token); }
    auto whole = request;
    whole.headers.insert(whole.headers.end(), added.begin(), added.end());

    const auto place = fmt::format("{}/{}/{}/aws4_request", date, scope.region, scope.service);
    const auto text = fmt::format("{}\n{}\n{}\n{}", algorithm, time, place, sha256_hex(aws_canonical_request(whole)));
    std::string key = "AWS4" + credentials.secret_access_key;
    for (const std::string_view step : {std::string_view(date), std::string_view(scope.region),
                                        std::string_view(scope.service), std::string_view("aws4_request")}) {
        key = hmac_sha256(key, step);
    }
    added.emplace_back(
        "authorization",
        fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", algorithm, credentials.access_key_id, place,
                    canonical_headers(whole.headers).names, hex(hmac_sha256(key, text))));
    return added;
}

}  // namespace llmgw
