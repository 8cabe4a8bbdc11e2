// Text files of every client's dialect, written for every target: as text wherever the target reads text, never as
// base64 that the model would have to read.
#include <array>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "core/util/base64.hpp"
#include "providers/dialects/text_document.hpp"
#include "providers/registry.hpp"
#include "tests/support/answer_text.hpp"

using namespace llmgw;
using namespace llmgw::test;
using Json = nlohmann::json;

namespace {

const std::string words = "Hello \u2603 from a file.";

// A user's message of one text file.
Json request_of(DialectId client, const std::string& type) {
    const std::string uri = "data:" + type + ";base64," + base64(words);
    const Json user{{"role", "user"}};
    Json message = user;
    switch (client) {
        case DialectId::openai_chat:
            message["content"] = {{{"type", "file"}, {"file", {{"filename", "a.txt"}, {"file_data", uri}}}}};
            return {{"model", "m"}, {"messages", {message}}};
        case DialectId::openai_responses:
            message["content"] = {{{"type", "input_file"}, {"filename", "a.txt"}, {"file_data", uri}}};
            return {{"model", "m"}, {"input", {message}}};
        case DialectId::gemini:
            message["parts"] = {{{"inlineData", {{"mimeType", type}, {"data", base64(words)}}}}};
            return {{"contents", {message}}};
        default:
            message["content"] = {{{"type", "document"},
                                   {"source", {{"type", "base64"}, {"media_type", type}, {"data", base64(words)}}}}};
            return {{"model", "m"}, {"max_tokens", 100}, {"messages", {message}}};
    }
}

std::string written(DialectId target, const ChatRequest& request, std::string& dropped) {
    TargetTraits traits;
    traits.model = "m";
    Drops drops;
    const auto encoded = dialects().get(target).codec()->encode_request(request, traits, drops);
    REQUIRE(encoded);
    dropped = drops_text(drops);
    return encoded->body;
}

part::Media document(std::string type, std::string data) {
    part::Media media;
    media.kind = part::MediaKind::document;
    media.media_type = std::move(type);
    media.data = std::move(data);
    return media;
}

}  // namespace

TEST_SUITE("dialects/text_document") {
    TEST_CASE("a text file reaches every target as its text") {
        constexpr std::array clients{DialectId::openai_chat, DialectId::openai_responses, DialectId::gemini,
                                     DialectId::anthropic};
        constexpr std::array targets{DialectId::openai_chat, DialectId::openai_responses, DialectId::gemini,
                                     DialectId::anthropic,   DialectId::bedrock_converse, DialectId::cohere_chat,
                                     DialectId::ollama_chat};
        for (const auto client : clients) {
            for (const auto* type : {"text/plain", "text/plain;charset=utf-8", "text/markdown", "application/json"}) {
                const auto body = request_of(client, type).dump();
                const auto request = dialects().get(client).codec()->decode_request(body);
                REQUIRE(request);
                for (const auto target : targets) {
                    if (target == client) { continue; }
                    CAPTURE(to_string(client));
                    CAPTURE(type);
                    CAPTURE(to_string(target));
                    std::string dropped;
                    const auto sent = written(target, *request, dropped);
                    // Bytes are base64 there by definition, and their format says that they are text.
                    const bool bytes = target == DialectId::bedrock_converse;
                    CHECK(sent.contains(bytes ? base64(words) : words));
                    CHECK(sent.contains(base64(words)) == bytes);
                    CHECK_FALSE(sent.contains("left out"));
                    CHECK_FALSE(sent.contains("not shown"));
                    CHECK(dropped == "");
                }
            }
        }
    }

    TEST_CASE("what is text, and what its text is") {
        for (const auto* type : {"text/plain", "text/csv", "Text/HTML; charset=utf-8", "application/json",
                                 "application/ld+json", "application/atom+xml", "application/yaml"}) {
            CAPTURE(type);
            CHECK(wire::is_text_type(type));
            CHECK(wire::text_of_document(document(type, base64("a,b"))) != std::nullopt);
        }
        for (const auto* type : {"", "application/pdf", "application/octet-stream", "image/png", "application/zip"}) {
            CAPTURE(type);
            CHECK_FALSE(wire::is_text_type(type));
            CHECK(wire::text_of_document(document(type, base64("a,b"))) == std::nullopt);
        }
        CHECK(wire::text_of_document(document("text/plain", "a,b")) == "a,b");
        CHECK(wire::text_of_document(document("text/csv", base64("a,b"))) == "a,b");
        CHECK(wire::text_of_document(document("text/csv", base64("caf\xE9"))) == "caf\uFFFD");
        CHECK(wire::text_of_document(document("text/csv", "not base64!")) == std::nullopt);
        auto image = document("text/plain", "a");
        image.kind = part::MediaKind::image;
        CHECK(wire::text_of_document(image) == std::nullopt);
    }

    TEST_CASE("plain text is held as itself") {
        const auto held = [](std::string type, std::string data) {
            auto media = document(std::move(type), std::move(data));
            wire::hold_plain_text(media);
            return media.media_type + " " + media.data;
        };
        CHECK(held("text/plain", base64("Hi")) == "text/plain Hi");
        CHECK(held("text/plain; charset=utf-8", base64("Hi")) == "text/plain Hi");
        CHECK(held("text/plain", base64("caf\xE9")) == "text/plain caf\uFFFD");
        CHECK(held("text/plain", "Not base64 at all.") == "text/plain Not base64 at all.");
        CHECK(held("text/markdown", base64("Hi")) == "text/markdown " + base64("Hi"));
        CHECK(held("application/pdf", base64("Hi")) == "application/pdf " + base64("Hi"));
    }
}
