// Listings as hosts write them.
#include <doctest/doctest.h>

#include "core/gateway/model_listing.hpp"

using namespace llmgw;

TEST_CASE("Model listing: OpenAI's form, with what hosts add") {
    const auto page = read_listing(R"({"object":"list","data":[
        {"id":"gpt-a","object":"model","created":1790000000,"owned_by":"x"},
        {"id":"vendor/b","name":"Vendor: B","context_length":131072,"top_provider":{"max_completion_tokens":16384}},
        {"id":"c","context_window":8192,"max_completion_tokens":1024},
        {"id":"d","max_model_len":4096,"created":null},
        {"id":"e","max_context_length":32768},
        {"id":"f","context_length":null},
        {"object":"model"}, "no object", 7]})");
    REQUIRE(page.has_value());
    REQUIRE(page->models.size() == 6);
    const auto& models = page->models;
    CHECK(models[0].name == "gpt-a");
    CHECK(models[0].created_s == 1790000000);
    CHECK_FALSE(models[0].context_tokens.has_value());
    CHECK(models[0].form == ListingForm::openai);
    CHECK(models[0].raw.empty());
    CHECK(models[1].title == "Vendor: B");
    CHECK(models[1].context_tokens == 131072);
    CHECK(models[1].output_tokens == 16384);
    CHECK(models[2].context_tokens == 8192);
    CHECK(models[2].output_tokens == 1024);
    CHECK(models[3].context_tokens == 4096);
    CHECK(models[3].created_s == 0);
    CHECK(models[4].context_tokens == 32768);
    CHECK_FALSE(models[5].context_tokens.has_value());
    CHECK(page->next.empty());
}

TEST_CASE("Model listing: Anthropic's form, and its pages") {
    const auto page = read_listing(
        R"({"data":[{"type":"model","id":"claude-x","display_name":"Claude X","created_at":"2026-02-03T04:05:06Z",
        "max_input_tokens":200000,"max_tokens":64000,"line":"x"}],"has_more":true,"first_id":"claude-x","last_id":"claude-x"})");
    REQUIRE(page.has_value());
    REQUIRE(page->models.size() == 1);
    const auto& model = page->models[0];
    CHECK(model.form == ListingForm::anthropic);
    CHECK(model.title == "Claude X");
    CHECK(model.context_tokens == 200000);
    CHECK(model.output_tokens == 64000);
    CHECK(rfc3339(model.created_s) == "2026-02-03T04:05:06Z");
    CHECK(model.raw.find(R"("line":"x")") != std::string::npos);
    CHECK(page->next == "claude-x");
    const auto last = read_listing(R"({"data":[],"has_more":false,"last_id":"claude-x"})");
    REQUIRE(last.has_value());
    CHECK(last->next.empty());
}

TEST_CASE("Model listing: Gemini's form, and its pages") {
    const auto page = read_listing(
        R"({"models":[{"name":"models/gemini-x","displayName":"Gemini X","inputTokenLimit":1048576,"outputTokenLimit":65536,
        "supportedGenerationMethods":["generateContent"]}],"nextPageToken":"more"})");
    REQUIRE(page.has_value());
    REQUIRE(page->models.size() == 1);
    CHECK(page->models[0].name == "gemini-x");
    CHECK(page->models[0].form == ListingForm::gemini);
    CHECK(page->models[0].context_tokens == 1048576);
    CHECK(page->models[0].output_tokens == 65536);
    CHECK(page->next == "more");
}

TEST_CASE("Model listing: a bare array is one, other things are none") {
    const auto bare = read_listing(R"( [{"id":"a","context_length":10},{"id":"b"}])");
    REQUIRE(bare.has_value());
    CHECK(bare->models.size() == 2);
    CHECK(bare->models[0].context_tokens == 10);
    for (const auto* body : {"", "  ", "<html>", "{}", R"({"data":{}})", R"({"data":[{"id":"a"})", R"([{"id":"a"},)",
                             R"({"error":{"message":"no"}})", "null", R"({"data":[{"id":"a"}],)"}) {
        CAPTURE(body);
        CHECK_FALSE(read_listing(body).has_value());
    }
    CHECK(read_listing(R"({"data":[{"id":")" + std::string(300, 'x') + R"("}]})")->models.empty());
}

TEST_CASE("Model listing: times") {
    CHECK(rfc3339(0) == "1970-01-01T00:00:00Z");
    for (const std::int64_t seconds : {0LL, 951782399LL, 1709164800LL, 1790000000LL, 4102444799LL}) {
        CHECK(seconds_of_rfc3339(rfc3339(seconds)) == seconds);
    }
    CHECK(seconds_of_rfc3339("2026-01-01T00:00:00.123456Z") == 1767225600);
    for (const auto* text : {"", "2026", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026/01/01T00:00:00Z", "x"}) {
        CAPTURE(text);
        CHECK(seconds_of_rfc3339(text) == 0);
    }
}
