#include <random>
#include <string>

#include <doctest/doctest.h>

#include "core/telemetry/log.hpp"
#include "core/telemetry/redact.hpp"

using namespace llmgw;

namespace {

const std::string mark(redacted_mark);

std::string random_text(std::mt19937& random, std::string_view alphabet, std::size_t size) {
    std::string out;
    for (std::size_t i = 0; i < size; ++i) {
        out += alphabet[random() % alphabet.size()];
    }
    return out;
}

}  // namespace

TEST_CASE("redact: the shapes keys have") {
    const std::pair<std::string, std::string> cases[] = {
        {"Incorrect API key provided: sk-proj-abcdefgh12345678.", "Incorrect API key provided: " + mark + "."},
        {"key sk-ant-api03-AAAABBBBCCCC-dddd_eeee failed", "key " + mark + " failed"},
        {"AIzaSyA1234567890abcdefghijklmnopqrstuv", mark},
        {"xai-abcdefgh1234", mark},
        {"(gsk_abcdefgh1234)", "(" + mark + ")"},
        {"llmgw-0123456789012345678901234567890123456789012", mark},
        {"Authorization: Bearer abc.def-123", "Authorization: Bearer " + mark},
        {"authorization: bearer   tok", "authorization: bearer   " + mark},
        {"x-api-key: whatever", "x-api-key: " + mark},
        {"x-goog-api-key=whatever;q=1", "x-goog-api-key=" + mark + ";q=1"},
        {R"({"api_key": "hunter2hunter2", "n": 1})", R"({"api_key": ")" + mark + R"(", "n": 1})"},
        {R"({\"api_key\":\"hunter2\"})", R"({\"api_key\":\")" + mark + R"(\"})"},
        {"GET /v1beta/models?key=abc123&alt=sse HTTP/1.1", "GET /v1beta/models?key=" + mark + "&alt=sse HTTP/1.1"},
        {"GET /x?alt=sse&access_token=abc", "GET /x?alt=sse&access_token=" + mark},
        {"Incorrect API key provided: sk-abcd**********wxyz", "Incorrect API key provided: " + mark},
        {"Your api key: ****7890 is invalid", "Your api key: " + mark + " is invalid"},
    };
    for (const auto& [in, out] : cases) {
        CAPTURE(in);
        CHECK(redact(in) == out);
    }
}

TEST_CASE("redact: ordinary text stays as it is") {
    for (const std::string text :
         {"the task-runner-with-a-long-name failed", "a Bearer token is missing", "key=laptop model=gpt-5-mini",
          "risk-averse", "sk-", "llmgw-client", "set api_key = \"keychain:anthropic\", or \"env:NAME\"",
          "claude-sonnet-4-5-20250929", "019a2b3c-0000-7000-8000-000000000000",
          "api_key = \"none\" when it needs no key", ""}) {
        CAPTURE(text);
        CHECK(redact(text) == text);
    }
}

TEST_CASE("redact: registered values, overlapping and short ones") {
    register_secret("opaque.value/with+signs");
    CHECK(redact("a opaque.value/with+signs b") == "a " + mark + " b");
    CHECK(redact("u=opaque.value%2Fwith%2Bsigns") == "u=" + mark);
    register_secret("quote\"inside\\it");
    CHECK(redact(R"({"k":"quote\"inside\\it"})") == R"({"k":")" + mark + R"("})");
    register_secret("abcabcabc");
    CHECK(redact("abcabcabcabc!") == mark + "!");
    register_secret("tiny");
    CHECK(redact("tiny words stay") == "tiny words stay");
}

TEST_CASE("redact: of secrets that end the last ones are known, and those that do not stay") {
    const auto token = [](std::size_t i) { return "passing/token+number-" + std::to_string(1000 + i); };
    register_secret("lasting/secret+value");
    register_passing_secret("lasting/secret+value");
    register_passing_secret(token(0));
    CHECK(redact("u=passing%2Ftoken%2Bnumber-1000") == "u=" + mark);
    register_passing_secret("promoted/secret+value");
    register_secret("promoted/secret+value");
    for (std::size_t i = 1; i < passing_secrets_max; ++i) {
        register_passing_secret(token(i));
    }
    CHECK(redact(token(0)) == mark);
    // Seen again, it is the newest.
    register_passing_secret(token(0));
    register_passing_secret(token(passing_secrets_max));
    CHECK(redact(token(0)) == mark);
    CHECK(redact(token(1)) == token(1));
    CHECK(redact(token(2)) == mark);
    std::string text = token(2);
    CHECK(scrub_known_secrets(text));
    CHECK(redact("lasting/secret+value promoted/secret+value") == mark + " " + mark);
}

TEST_CASE("redact: random secrets at any place never come out") {
    std::mt19937 random(20261121);
    constexpr std::string_view secret_letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~+/=:@\"\\%&? ";
    constexpr std::string_view text_letters = "abc xyz\n\t\"\\{}=:,&?-_.*%0123\x01\x7f";
    for (int round = 0; round < 400; ++round) {
        const auto secret = random_text(random, secret_letters, 8 + random() % 60);
        register_secret(secret);
        const auto before = random_text(random, text_letters, random() % 40);
        const auto after = random_text(random, text_letters, random() % 40);
        const std::string text = before + secret + after;
        CAPTURE(text);
        CHECK(redact(text).find(secret) == std::string::npos);
        for (const auto& line : {format_log_line(0, LogLevel::info, text, {}),
                                 format_log_line(0, LogLevel::warn, "failed", {{"reason", text}})}) {
            CHECK(line.find(secret) == std::string::npos);
            CHECK(line.find('\n') == std::string::npos);
        }
    }
}
