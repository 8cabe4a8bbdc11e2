#include <string>

#include <doctest/doctest.h>

#include "providers/dialects/common.hpp"
#include "providers/registry.hpp"
#include "tests/support/dialect_text.hpp"

using namespace llmgw;

TEST_SUITE("dialects/usage") {
    TEST_CASE("decode_usage: every form into disjoint buckets") {
        struct Row {
            DialectId dialect;
            const char* json;
            const char* expected;
        };
        const Row rows[] = {
            {DialectId::anthropic, R"({})", ""},
            {DialectId::anthropic, R"({"input_tokens":5,"output_tokens":2})", " input=5 output=2"},
            {DialectId::anthropic, R"({"input_tokens":null,"output_tokens":-3,"cache_read_input_tokens":1.5})", ""},
            {DialectId::anthropic, R"({"input_tokens":1,"cache_creation_input_tokens":100})",
             " input=1 cache_write_5m=100"},
            {DialectId::anthropic,
             R"({"cache_creation_input_tokens":90,"cache_creation":{"ephemeral_5m_input_tokens":50,"ephemeral_1h_input_tokens":70}})",
             " cache_write_5m=20 cache_write_1h=70"},
            {DialectId::anthropic,
             R"({"cache_creation_input_tokens":50,"cache_creation":{"ephemeral_5m_input_tokens":60,"ephemeral_1h_input_tokens":70}})",
             " cache_write_5m=0 cache_write_1h=50"},
            {DialectId::anthropic, R"({"input_tokens":1,"service_tier":"priority","iterations":[]})",
             " input=1 tier=priority"},
            {DialectId::openai_chat, R"({"prompt_tokens":8,"total_tokens":8})", " input=8"},
            {DialectId::openai_chat, R"({"prompt_tokens":8,"completion_tokens":0,"total_tokens":8})",
             " input=8 output=0"},
            {DialectId::openai_chat, R"({"prompt_tokens":66,"completion_tokens":6,"total_tokens":100})",
             " input=66 output=34"},
            {DialectId::openai_chat, R"({"prompt_tokens":66,"completion_tokens":6,"total_tokens":70})",
             " input=66 output=6"},
            {DialectId::openai_chat, R"({"completion_tokens":6,"total_tokens":70})", " output=6"},
            {DialectId::openai_chat,
             R"({"prompt_tokens":10,"completion_tokens":1,"total_tokens":11,"prompt_tokens_details":null})",
             " input=10 output=1"},
            {DialectId::openai_chat,
             R"({"prompt_tokens":171,"completion_tokens":14,"total_tokens":185,"num_cached_tokens":128,"prompt_tokens_details":{"cached_tokens":128}})",
             " input=43 cache_read=128 output=14"},
            {DialectId::openai_chat,
             R"({"prompt_tokens":10,"prompt_tokens_details":{"cached_tokens":4,"audio_tokens":9}})",
             " input=6 cache_read=4 audio_input=6"},
            {DialectId::openai_chat, R"({"prompt_tokens":1,"service_tier":"flex","cost":{"other":1}})",
             " input=1 tier=flex"},
            {DialectId::openai_chat,
             R"({"prompt_tokens":1,"completion_tokens":10,"total_tokens":11,"completion_tokens_details":{"reasoning_tokens":11}})",
             " input=1 output=10 reasoning=10"},
            {DialectId::openai_chat, R"({"prompt_tokens":1,"cost":-0.5})", " input=1"},
            {DialectId::openai_chat, R"({"prompt_tokens":1,"cost":0})", " input=1 cost_nano=0"},
            {DialectId::openai_chat,
             R"({"prompt_tokens":1,"cost":0,"is_byok":true,"cost_details":{"upstream_inference_cost":1.25e-3}})",
             " input=1 cost_nano=1250000"},
            {DialectId::openai_responses,
             R"({"input_tokens":10,"input_tokens_details":{"cached_tokens":30},"output_tokens":1})",
             " input=0 cache_read=30 output=1"},
            {DialectId::openai_responses, R"({"input_tokens":10,"output_tokens":1,"cost_in_usd_ticks":7})",
             " input=10 output=1 cost_nano=1"},
            {DialectId::gemini, R"({"promptTokenCount":7,"totalTokenCount":7})", " input=7 output=0"},
            {DialectId::gemini, R"({"totalTokenCount":7})", ""},
            {DialectId::gemini, R"({"promptTokenCount":7,"serviceTier":"","trafficType":"SOMETHING_NEW"})",
             " input=7 output=0 tier=SOMETHING_NEW"},
            {DialectId::gemini,
             R"({"candidatesTokenCount":7,"candidatesTokensDetails":[{"modality":"TEXT","tokenCount":2},{"modality":"AUDIO","tokenCount":5}]})",
             " output=7 audio_output=5"},
            {DialectId::gemini, R"(not json)", ""},
        };
        for (const auto& row : rows) {
            CAPTURE(row.json);
            CHECK(test::text_of(dialects().get(row.dialect).decode_usage(row.json)) == row.expected);
        }
    }

    TEST_CASE("scale_decimal: exact, rounded half up, nothing absurd") {
        using wire::scale_decimal;
        CHECK(scale_decimal("0.000837", 9) == 837'000);
        CHECK(scale_decimal("3.35e-05", 9) == 33'500);
        CHECK(scale_decimal("0.1", 9) == 100'000'000);
        // 0.3 is not a double: 0.1 + 0.2 in doubles is not 0.3 either.
        CHECK(scale_decimal("0.30000000000000004", 9) == 300'000'000);
        CHECK(scale_decimal("0.0000000005", 9) == 1);
        CHECK(scale_decimal("0.00000000049999", 9) == 0);
        CHECK(scale_decimal("1234567.891", 9) == 1'234'567'891'000'000);
        CHECK(scale_decimal("2E2", 9) == 200'000'000'000);
        CHECK(scale_decimal("0", 9) == 0);
        CHECK(scale_decimal("0e9", 9) == 0);
        CHECK(scale_decimal("5", -1) == 1);
        CHECK(scale_decimal("4", -1) == 0);
        CHECK(scale_decimal("1466250", -1) == 146'625);
        CHECK(scale_decimal("1e-300", 9) == 0);
        for (const char* bad :
             {"", "-1", "1e99", "1e999", "99999999999999999999", "1.2.3", "1e", "1e+", "abc", "0x1"}) {
            CAPTURE(bad);
            CHECK_FALSE(scale_decimal(bad, 9).has_value());
        }
    }

    TEST_CASE("state: what a terminal error event needs to know of its stream") {
        const Dialect& dialect = dialects().get(DialectId::openai_responses);
        const std::string stream =
            "event: response.created\n"
            "data: "
            "{\"response\":{\"model\":\"gpt-test\",\"id\":\"resp_9\"},\"type\":\"response.created\",\"sequence_"
            "number\":0}\n\n"
            "event: response.output_text.delta\n"
            "data: {\"type\":\"response.output_text.delta\",\"delta\":\"x\",\"sequence_number\":41}\n\n";
        const auto reading = test::read_stream(dialect, stream, stream.size());
        CHECK(reading.state.next_sequence == 42);
        CHECK(reading.state.response_id == "resp_9");
        CHECK(reading.state.model == "gpt-test");
        CHECK(dialect.stream_decoder()->state().next_sequence == 0);
    }
}
