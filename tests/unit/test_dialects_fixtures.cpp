// Walks the recorded provider answers next to the source tree, when they are there: framing keeps every byte,
// events do not depend on how the bytes were cut, and usage obeys the rules each provider's numbers obey.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "providers/registry.hpp"
#include "tests/support/dialect_text.hpp"
#include "tests/support/tell.hpp"

namespace fs = std::filesystem;
using namespace llmgw;
using namespace llmgw::test;

namespace {

struct Case {
    fs::path dir;
    std::string name;  // host/api/case
    DialectId dialect;
};

std::optional<DialectId> dialect_of(const std::string& host, const std::string& api) {
    if (api == "messages") { return DialectId::anthropic; }
    if (api == "generateContent" || api == "streamGenerateContent") { return DialectId::gemini; }
    if (api == "chat" || api == "openai-chat" || api == "completions-legacy") { return DialectId::openai_chat; }
    if (api == "responses") { return DialectId::openai_responses; }
    if (api == "embeddings" && (host == "openai" || host == "azure" || host == "mistral")) {
        return DialectId::openai_chat;
    }
    return std::nullopt;
}

std::vector<Case> cases() {
    std::vector<Case> found;
    if (!fs::exists(fixtures_dir())) {
        TELL("no recorded provider data at " << fixtures_dir().string() << ": skipped");
        return found;
    }
    for (const auto& host : fs::directory_iterator(fixtures_dir())) {
        if (!host.is_directory()) { continue; }
        for (const auto& api : fs::directory_iterator(host)) {
            const auto dialect = dialect_of(host.path().filename(), api.path().filename());
            if (!dialect || !api.is_directory()) { continue; }
            for (const auto& entry : fs::directory_iterator(api)) {
                const std::string name = fs::relative(entry.path(), fixtures_dir()).string();
                // Filed under responses, but a Chat recording.
                const bool is_chat = name.find("va-azure-deepseek-reasoning") != std::string::npos;
                found.push_back({entry.path(), name, is_chat ? DialectId::openai_chat : *dialect});
            }
        }
    }
    std::ranges::sort(found, {}, &Case::name);
    return found;
}

// The stream's bytes; where the source kept only the data lines, a framing is put around them.
std::string stream_of(const Case& item) {
    if (fs::exists(item.dir / "stream.sse")) { return read_file(item.dir / "stream.sse"); }
    if (!fs::exists(item.dir / "stream.chunks.txt")) { return {}; }
    const std::string lines = read_file(item.dir / "stream.chunks.txt");
    std::string out;
    for (std::size_t at = 0; at < lines.size();) {
        const std::size_t end = std::min(lines.find('\n', at), lines.size());
        if (end > at) { out += "data: " + lines.substr(at, end - at) + "\n\n"; }
        at = end + 1;
    }
    return out;
}

std::int64_t number_in(std::string_view json, std::initializer_list<std::string_view> path) {
    const auto value = json_scan::at(json, path);
    return value ? value->as_int().value_or(0) : 0;
}

// What the usage object, as written, says of the whole: README "check".
void check_against(std::string_view written, DialectId dialect, const Usage& usage) {
    const auto& counts = usage.counts;
    const std::int64_t output = counts.output.value_or(0);
    switch (dialect) {
        case DialectId::anthropic:
            if (!usage.iterations.empty()) { return; }
            CHECK(counts.input.value_or(0) == number_in(written, {"input_tokens"}));
            CHECK(counts.cache_write_5m.value_or(0) + counts.cache_write_1h.value_or(0) ==
                  number_in(written, {"cache_creation_input_tokens"}));
            CHECK(output == number_in(written, {"output_tokens"}));
            break;
        case DialectId::openai_chat: {
            if (json_scan::member(written, "billed_units")) { return; }
            const auto prompt = number_in(written, {"prompt_tokens"});
            const auto doubled = number_in(written, {"prompt_tokens_details", "cached_tokens"}) +
                                     number_in(written, {"prompt_tokens_details", "cache_write_tokens"}) >
                                 prompt;
            if (!doubled) { CHECK(counts.prompt_total() == prompt); }
            CHECK(prompt + output == number_in(written, {"total_tokens"}));
            break;
        }
        case DialectId::openai_responses:
            CHECK(counts.prompt_total() == number_in(written, {"input_tokens"}));
            CHECK(counts.prompt_total() + output == number_in(written, {"total_tokens"}));
            break;
        case DialectId::ollama_chat:
        case DialectId::cohere_chat: return;  // bills other numbers than it counts
        case DialectId::bedrock_converse:
        case DialectId::gemini: CHECK(counts.prompt_total() + output == number_in(written, {"totalTokenCount"})); break;
    }
    CHECK(counts.reasoning.value_or(0) <= output);
    CHECK(counts.audio_input.value_or(0) <= counts.input.value_or(0));
}

// Compares what was decoded with the last usage object in the stream's bytes, found by looking for its key.
void check_last_usage(const std::string& stream, DialectId dialect, const event::UsageSeen* seen) {
    const std::string key = dialect == DialectId::gemini ? "\"usageMetadata\":" : "\"usage\":";
    std::size_t at = stream.rfind(key);
    // `"usage":null` stands on the chunks and events that have none.
    while (at != std::string::npos && stream.find_first_not_of(' ', at + key.size()) != stream.find('{', at)) {
        at = at == 0 ? std::string::npos : stream.rfind(key, at - 1);
    }
    CHECK((seen != nullptr) == (at != std::string::npos || stream.find("\"timings\"") != std::string::npos));
    if (seen == nullptr || at == std::string::npos) { return; }
    const std::string_view written = std::string_view(stream).substr(at + key.size());
    // A message_delta may say only a part: message_start holds for the rest.
    if (dialect == DialectId::anthropic && !json_scan::member(written, "cache_creation_input_tokens")) { return; }
    check_against(written, dialect, seen->usage);
}

bool is_cut(const std::string& name) {
    return name.find("truncated") != std::string::npos || name.find("cancel") != std::string::npos;
}

}  // namespace

TEST_SUITE("dialects/fixtures") {
    TEST_CASE("recorded streams: every byte kept, the same events however they are cut") {
        int streams = 0;
        int events = 0;
        int ended = 0;
        int failed = 0;
        int with_usage = 0;
        int with_content = 0;
        int every_cut = 0;
        for (const auto& item : cases()) {
            const std::string stream = stream_of(item);
            if (stream.empty()) { continue; }
            CAPTURE(item.name);
            const Dialect& dialect = dialects().get(item.dialect);
            const StreamReading whole = read_stream(dialect, stream, stream.size());
            CHECK(whole.raw == stream);
            for (const std::size_t size : {1, 2, 3, 7, 64, 1000}) {
                const StreamReading cut = read_stream(dialect, stream, size);
                CHECK(cut.raw == stream);
                CHECK(cut.text == whole.text);
            }
            if (stream.size() < 4000) {
                ++every_cut;
                for (std::size_t first = 1; first < stream.size(); ++first) {
                    const StreamReading cut = read_stream(dialect, stream, stream.size(), first);
                    REQUIRE(cut.raw == stream);
                    REQUIRE(cut.text == whole.text);
                }
            }
            ++streams;
            events += static_cast<int>(whole.events.size());
            const bool has_failed = last_of<event::Failed>(whole.events) != nullptr;
            const bool has_ended = last_of<event::Terminal>(whole.events) != nullptr;
            failed += has_failed ? 1 : 0;
            ended += has_ended ? 1 : 0;
            with_usage += last_of<event::UsageSeen>(whole.events) != nullptr ? 1 : 0;
            with_content += last_of<event::Content>(whole.events) != nullptr ? 1 : 0;
            CHECK(last_of<event::Started>(whole.events) != nullptr);
            check_last_usage(stream, item.dialect, last_of<event::UsageSeen>(whole.events));
            if (!has_ended && !has_failed && !is_cut(item.name)) { TELL(item.name << " has no end"); }
            if (last_of<event::Content>(whole.events) == nullptr) { TELL(item.name << " has no content"); }
        }
        if (streams == 0) { return; }
        TELL(streams << " streams (" << every_cut << " cut at every place), " << events << " events; with usage "
                     << with_usage << ", content " << with_content << ", terminal " << ended << ", failed " << failed);
    }

    TEST_CASE("recorded answers: model and usage are found, and the numbers add up") {
        int answers = 0;
        int with_usage = 0;
        int errors = 0;
        for (const auto& item : cases()) {
            if (!fs::exists(item.dir / "response.json")) { continue; }
            CAPTURE(item.name);
            const std::string body = read_file(item.dir / "response.json");
            const auto meta = read_file(item.dir / "meta.json");
            const auto status = static_cast<int>(number_in(meta, {"status"}));
            const Dialect& dialect = dialects().get(item.dialect);
            if (status >= 400) {
                const ApiError error = dialect.decode_error(status, body);
                CHECK(error.status == status);
                CHECK_FALSE(error.message.empty());
                CHECK(error.error_class != ErrorClass::none);
                ++errors;
                continue;
            }
            ++answers;
            const DecodedResponse response = dialect.decode_response(body);
            const char* usage_key = item.dialect == DialectId::gemini ? "usageMetadata" : "usage";
            const auto written = json_scan::member(body, usage_key);
            CHECK(response.usage.has_value() == (written && written->is_object()));
            CHECK(response.model.empty() !=
                  (json_scan::member(body, "model") || json_scan::member(body, "modelVersion")));
            if (!response.usage) { continue; }
            ++with_usage;
            check_against(written->text, item.dialect, *response.usage);
        }
        if (answers == 0) { return; }
        TELL(answers << " answers, " << with_usage << " with usage; " << errors << " HTTP errors");
    }

    // Some recordings were made twice, streamed and not: the counts of the prompt must agree, by the same rules.
    TEST_CASE("recorded twins: a stream's usage has the shape of the answer's") {
        int twins = 0;
        for (const auto& item : cases()) {
            const std::string stream = stream_of(item);
            const std::string suffix = ".stream";
            if (stream.empty() || !item.name.ends_with(suffix)) { continue; }
            const std::string dir = item.dir.string();
            const fs::path twin = dir.substr(0, dir.size() - suffix.size());
            if (!fs::exists(twin / "response.json")) { continue; }
            CAPTURE(item.name);
            const Dialect& dialect = dialects().get(item.dialect);
            const DecodedResponse response = dialect.decode_response(read_file(twin / "response.json"));
            const StreamReading reading = read_stream(dialect, stream, stream.size());
            const auto* seen = last_of<event::UsageSeen>(reading.events);
            if (seen == nullptr || !response.usage) { continue; }
            ++twins;
            const auto& streamed = seen->usage;
            CHECK(streamed.counts.input.has_value() == response.usage->counts.input.has_value());
            CHECK(streamed.counts.output.has_value() == response.usage->counts.output.has_value());
            CHECK(streamed.reported_cost_nano.has_value() == response.usage->reported_cost_nano.has_value());
            CHECK(streamed.iterations.empty() == response.usage->iterations.empty());
        }
        if (twins > 0) { TELL(twins << " twins"); }
    }

    TEST_CASE("recorded errors: files under errors/ are classified") {
        struct Row {
            const char* path;
            DialectId dialect;
            int status;
            ErrorClass expected;
        };
        const Row rows[] = {
            {"anthropic/errors/400-thinking-enabled-unsupported", DialectId::anthropic, 400, ErrorClass::bad_request},
            {"anthropic/errors/404-not-found", DialectId::anthropic, 404, ErrorClass::not_found},
            {"anthropic/errors/413-request-too-large", DialectId::anthropic, 413, ErrorClass::too_large},
            {"anthropic/errors/429-rate-limit-input-tpm", DialectId::anthropic, 429, ErrorClass::rate_limit},
            {"anthropic/errors/529-overloaded", DialectId::anthropic, 529, ErrorClass::overloaded},
            {"deepseek/errors/401-invalid-key", DialectId::openai_chat, 401, ErrorClass::authentication},
            {"gemini/errors/400-api-key-invalid", DialectId::gemini, 400, ErrorClass::authentication},
            {"groq/errors/401-invalid-key", DialectId::openai_chat, 401, ErrorClass::authentication},
            {"llamacpp/errors/400-exceed-context-size", DialectId::openai_chat, 400, ErrorClass::context_length},
            {"mistral/errors/400-unknown-model", DialectId::openai_chat, 400, ErrorClass::not_found},
            {"mistral/errors/401-unauthorized", DialectId::openai_chat, 401, ErrorClass::authentication},
            {"ollama/errors/404-native-string-error", DialectId::openai_chat, 404, ErrorClass::not_found},
            {"openai/errors/401-invalid-key", DialectId::openai_responses, 401, ErrorClass::authentication},
            {"openai/errors/429-insufficient-quota", DialectId::openai_responses, 429, ErrorClass::billing},
            {"openai/errors/429-tpm-request-too-large", DialectId::openai_chat, 429, ErrorClass::rate_limit},
            {"openrouter/errors/403-guardrail", DialectId::openai_chat, 403, ErrorClass::content_filter},
            {"vllm/errors/401-error-is-string", DialectId::openai_chat, 401, ErrorClass::authentication},
        };
        for (const auto& row : rows) {
            const fs::path file = fixtures_dir() / row.path / "response.json";
            if (!fs::exists(file)) { continue; }
            CAPTURE(row.path);
            const ApiError error = dialects().get(row.dialect).decode_error(row.status, read_file(file));
            CHECK(to_string(error.error_class) == to_string(row.expected));
            CHECK(error.status == row.status);
            CHECK_FALSE(error.message.empty());
            CHECK(error.message.find("6789") == std::string::npos);
        }
    }
}
