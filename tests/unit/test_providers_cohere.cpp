// Cohere as a provider: the compatible API as ever, its own where the configuration names it.
#include <doctest/doctest.h>

#include "providers/registry.hpp"
#include "tests/unit/host_test_help.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

using enum DialectId;

Provider own(const std::string& lines = "", const std::string& type = "cohere") {
    return provider_of("[providers." + type + "]\ntype = \"cohere\"\ndialects = [\"cohere-chat\"]\n" + lines, type);
}

std::string chat_url(const Provider& provider) {
    return url_of(provider, {cohere_chat, Operation::other, "command-a-03-2025", "/v2/chat"});
}

}  // namespace

TEST_SUITE("providers/cohere") {
    TEST_CASE("cohere: without a word about it the compatible API is spoken") {
        const auto usual = provider_of("[providers.cohere]\n", "cohere");
        CHECK(usual.host == nullptr);
        CHECK(usual.dialects == std::vector{openai_chat});
        CHECK(usual.base_url == "https://api.cohere.ai/compatibility/v1");
    }

    TEST_CASE("cohere: its own API, wherever the base URL points to") {
        const auto provider = own();
        REQUIRE(provider.host != nullptr);
        CHECK(provider.dialects == std::vector{cohere_chat});
        CHECK(provider.price_list == "cohere");
        CHECK(provider.api_key == "auto:cohere:COHERE_API_KEY");
        CHECK(chat_url(provider) == "https://api.cohere.ai/v2/chat");
        // The models are listed where they always were.
        CHECK(provider.base_url == "https://api.cohere.ai/compatibility/v1");
        CHECK(provider.host->lists_models);
        for (const auto* base : {"https://api.cohere.com", "https://api.cohere.com/", "https://api.cohere.com/v2",
                                 "https://api.cohere.com/v2/chat", "https://api.cohere.com/compatibility/v1"}) {
            CAPTURE(base);
            const auto elsewhere = own("base_url = \"" + std::string(base) + "\"\n");
            CHECK(chat_url(elsewhere) == "https://api.cohere.com/v2/chat");
            CHECK(elsewhere.api_key == "auto:cohere:COHERE_API_KEY");
        }
        CHECK(chat_url(own("base_url = \"http://127.0.0.1:9/x/v2\"\n", "mine")) == "http://127.0.0.1:9/x/v2/chat");
        const auto check = provider.host->check(provider);
        CHECK(check.method == "GET");
        CHECK(check.url == "https://api.cohere.ai/v1/models?page_size=1");
    }

    TEST_CASE("cohere: what cannot be is refused") {
        const auto errors = [](const std::string& lines) { return resolved("[providers.cohere]\n" + lines).errors(); };
        CHECK(
            errors("dialects = [\"cohere-chat\", \"openai-chat\"]\n").find("is not spoken together with cohere-chat") !=
            std::string::npos);
        CHECK(errors("dialects = [\"cohere-chat\"]\nbase_url = \"http://cohere.example\"\n").find("is not https") !=
              std::string::npos);
        CHECK(resolved("[providers.openai]\ndialects = [\"cohere-chat\"]\n")
                  .errors()
                  .find("a provider of type openai cannot speak cohere-chat") != std::string::npos);
        // The key of Cohere's goes to Cohere only.
        CHECK(own("base_url = \"https://other.example\"\n").api_key.empty());
    }

    TEST_CASE("cohere: errors, by status and by what they say") {
        const auto& dialect = dialects().get(cohere_chat);
        const auto removed =
            dialect.decode_error(404, R"({"id":"1","message":"model 'command-r' was removed on September 15, 2025."})");
        CHECK(removed.error_class == ErrorClass::not_found);
        CHECK(removed.message.starts_with("model 'command-r' was removed"));
        CHECK(dialect.decode_error(401, R"({"id":"1","message":"invalid api token"})").error_class ==
              ErrorClass::authentication);
        CHECK(dialect.decode_error(429, R"({"message":"trial key limit"})").error_class == ErrorClass::rate_limit);
        const auto denied = dialect.decode_error(498, R"({"id":"1","message":"blocked"})");
        CHECK(denied.error_class == ErrorClass::content_filter);
        CHECK(blame_of(denied.error_class) == Blame::request);
        const auto cancelled = dialect.decode_error(499, R"({"id":"1","message":"request cancelled by user"})");
        CHECK(cancelled.error_class == ErrorClass::server);
        CHECK(cancelled.status == 500);
        CHECK(cancelled.message == "request cancelled by user");
        const auto too_long = dialect.decode_error(
            400,
            R"({"id":"1","message":"too many tokens: size limit exceeded by 1234 tokens. Try using shorter or fewer inputs."})");
        CHECK(too_long.error_class == ErrorClass::context_length);
        for (const auto* message : {"total number of tokens in the prompt cannot exceed 4081 - received 4292.",
                                    "minimal context could not be added to prompt (size limit exceeded by 2 tokens)",
                                    "multi-hop prompt is too long even after truncation"}) {
            CAPTURE(message);
            const auto body = "{\"message\":\"too many tokens: " + std::string(message) + "\"}";
            CHECK(dialect.decode_error(400, body).error_class == ErrorClass::context_length);
        }
        // A shorter prompt would not help.
        CHECK(
            dialect
                .decode_error(
                    400,
                    R"({"message":"too many tokens: max tokens must be less than or equal to 4096, the maximum output for this model - received 8192."})")
                .error_class == ErrorClass::bad_request);
        CHECK(dialect.encode_error(too_long).starts_with(R"({"message":"too many tokens)"));
        CHECK(dialect.encode_stream_error(too_long, {}).ends_with("\n\n"));
    }
}
