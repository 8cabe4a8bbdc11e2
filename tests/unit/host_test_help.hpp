// What the tests of hosts share: a provider as the configuration makes it, and what a call becomes.
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "core/provider/host.hpp"
#include "core/provider/resolve.hpp"
#include "providers/catalogue.hpp"
#include "tests/support/dialect_text.hpp"
#include "tests/support/tell.hpp"

namespace llmgw::test {

using Variables = std::map<std::string, std::string, std::less<>>;

inline ResolvedProviders resolved(const std::string& toml, const Variables& env = {}) {
    auto config = parse_config(toml, "c.toml");
    REQUIRE_MESSAGE(config.has_value(), (config ? "" : config.error().message));
    return resolve_providers(*config, catalogue(), [&](std::string_view name) -> std::optional<std::string> {
        const auto found = env.find(name);
        return found == env.end() ? std::nullopt : std::optional(found->second);
    });
}

// The one provider of that name; the configuration must be good.
inline Provider provider_of(const std::string& toml, const std::string& name, const Variables& env = {}) {
    const auto all = resolved(toml, env);
    CHECK(all.errors() == "");
    for (const auto& provider : all.providers) {
        if (provider.name == name) { return provider; }
    }
    REQUIRE_MESSAGE(false, "no provider " << name);
    return {};
}

struct Ask {
    DialectId dialect;
    Operation operation;
    std::string model;
    std::string path;
    bool stream = false;
    std::string query = {};
};

inline HostCall call_of(const Provider& provider, const Ask& ask) {
    return {.provider = provider,
            .dialect = ask.dialect,
            .operation = ask.operation,
            .model = ask.model,
            .stream = ask.stream,
            .method = "POST",
            .path = ask.path,
            .query = ask.query};
}

inline std::string url_of(const Provider& provider, const Ask& ask) {
    const auto url = provider.host->url(call_of(provider, ask));
    return url ? *url : "error: " + url.error().message;
}

// Recorded cases of one host, as paths below the fixtures; empty when they are not there.
inline std::vector<std::filesystem::path> recorded_of(const std::string& host) {
    std::vector<std::filesystem::path> found;
    const auto root = fixtures_dir() / host;
    if (!std::filesystem::exists(root)) {
        TELL("no recorded provider data at " << root.string() << ": skipped");
        return found;
    }
    for (const auto& api : std::filesystem::directory_iterator(root)) {
        for (const auto& one : std::filesystem::directory_iterator(api)) {
            found.push_back(one.path());
        }
    }
    std::ranges::sort(found);
    return found;
}

inline std::string text_at(std::string_view json, std::initializer_list<std::string_view> path) {
    const auto value = json_scan::at(json, path);
    return value ? value->as_string().value_or("") : "";
}

// Whether a recorded answer is read: an error as one, a stream and a whole answer to their ends.
inline bool reads_answer(const Dialect& dialect, const std::filesystem::path& dir) {
    const auto response = read_file(dir / "response.json");
    if (const auto error = json_scan::member(response, "error"); error && error->is_object()) {
        const auto read = dialect.decode_error(400, response);
        return !read.message.empty() && read.error_class == ErrorClass::bad_request;
    }
    std::vector<AnswerEvent> events;
    if (!response.empty()) { return dialect.codec()->decode_answer(response, events) && !events.empty(); }
    auto stream = read_file(dir / "stream.sse");
    if (stream.empty()) {
        const auto lines = read_file(dir / "stream.chunks.txt");
        for (std::size_t at = 0; at < lines.size();) {
            const auto end = std::min(lines.find('\n', at), lines.size());
            if (end > at) { stream += "data: " + lines.substr(at, end - at) + "\n\n"; }
            at = end + 1;
        }
    }
    SseFramer framer;
    const auto decoder = dialect.codec()->answer_decoder();
    for (const auto& event : framer.feed(stream)) {
        decoder->decode(event, events);
    }
    decoder->finish(events);
    return !events.empty() && std::holds_alternative<answer::End>(events.back());
}

}  // namespace llmgw::test
