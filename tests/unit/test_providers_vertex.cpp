// Vertex AI: what is asked, where, and in which body; and the recorded traffic, when it is there.
#include <doctest/doctest.h>

#include "core/util/json_edit.hpp"
#include "providers/registry.hpp"
#include "providers/vertex_body.hpp"
#include "tests/support/tell.hpp"
#include "tests/unit/host_test_help.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

using enum DialectId;

Provider vertex(const std::string& lines, const Variables& env = {}) {
    return provider_of("[providers.vertex]\n" + lines, "vertex", env);
}

const std::string global_google =
    "https://aiplatform.googleapis.com/v1beta1/projects/my-p/locations/global/publishers/google/models/";
const std::string eu_claude =
    "https://europe-west4-aiplatform.googleapis.com/v1/projects/my-p/locations/europe-west4/publishers/anthropic/"
    "models/";

}  // namespace

TEST_SUITE("providers/vertex") {
    TEST_CASE("vertex: project and location make the host and the path") {
        const auto here = [&](const std::string& location) {
            return vertex("project = \"my-p\"\nlocation = \"" + location + "\"\n").base_url;
        };
        CHECK(here("global") == "https://aiplatform.googleapis.com");
        CHECK(here("us") == "https://aiplatform.us.rep.googleapis.com");
        CHECK(here("europe-west4") == "https://europe-west4-aiplatform.googleapis.com");
        const auto by_env = vertex("", {{"GOOGLE_CLOUD_PROJECT", "env-p"}, {"GOOGLE_CLOUD_LOCATION", "us-east5"}});
        CHECK(by_env.settings.project == "env-p");
        CHECK(by_env.base_url == "https://us-east5-aiplatform.googleapis.com");
        CHECK(vertex("project = \"p\"\n").settings.location == "global");
        CHECK(vertex("project = \"p\"\n", {{"GOOGLE_CLOUD_LOCATION", ""}}).settings.location == "global");
        const auto wrong = [](const std::string& lines) { return resolved("[providers.vertex]\n" + lines).errors(); };
        CHECK(wrong("").contains("providers.vertex needs a project"));
        CHECK(wrong("project = \"p\"\nlocation = \"evil.example:1\"\n").contains("location that is none"));
        CHECK(wrong("project = \"p\"\nbase_url = \"http://vertex.example.com\"\n").contains("not https"));
        CHECK(wrong("project = \"p\"\napi_version = \"v1\"\n").contains("api_version means nothing"));
    }

    TEST_CASE("vertex: Gemini's calls") {
        const auto provider = vertex("project = \"my-p\"\n");
        CHECK(url_of(provider, {gemini, Operation::generate, "gemini-2.5-pro",
                                "/v1beta/models/gemini-2.5-pro:generateContent"}) ==
              global_google + "gemini-2.5-pro:generateContent");
        CHECK(url_of(provider, {gemini, Operation::generate, "gemini-2.5-pro",
                                "/v1beta/models/other:streamGenerateContent", true, "alt=sse"}) ==
              global_google + "gemini-2.5-pro:streamGenerateContent?alt=sse");
        CHECK(url_of(provider, {gemini, Operation::count_tokens, "g", "/v1/models/g:countTokens"}) ==
              "https://aiplatform.googleapis.com/v1/projects/my-p/locations/global/publishers/google/models/"
              "g:countTokens");
        CHECK(url_of(provider, {gemini, Operation::other, "", "/v1beta/files"}).starts_with("error: Vertex AI has no"));
    }

    TEST_CASE("vertex: Claude's calls") {
        const auto provider = vertex("project = \"my-p\"\nlocation = \"europe-west4\"\n");
        CHECK(provider.speaks(anthropic, "claude-sonnet-5"));
        CHECK_FALSE(provider.speaks(gemini, "claude-sonnet-5"));
        CHECK_FALSE(provider.speaks(anthropic, "gemini-2.5-pro"));
        const Ask ask{anthropic, Operation::messages, "claude-opus-4-5@20251101", "/v1/messages", false, "beta=true"};
        CHECK(url_of(provider, ask) == eu_claude + "claude-opus-4-5@20251101:rawPredict");
        auto streamed = ask;
        streamed.stream = true;
        CHECK(url_of(provider, streamed) == eu_claude + "claude-opus-4-5@20251101:streamRawPredict");
        CHECK(url_of(provider, {anthropic, Operation::count_tokens, "claude-sonnet-5", "/v1/messages/count_tokens"}) ==
              eu_claude + "count-tokens:rawPredict");
        // A model's name is no way out of its place in the path.
        CHECK(url_of(provider, {anthropic, Operation::messages, "claude/../../x?y", "/v1/messages"}) ==
              eu_claude + "claude%2F..%2F..%2Fx%3Fy:rawPredict");
    }

    TEST_CASE("vertex: Claude's body") {
        const std::string body =
            R"({"model":"claude-x","max_tokens":1e2, "stream":true,"messages":[{"model":"kept"}]})";
        CHECK(
            vertex_claude_body(body, false) ==
            R"({"anthropic_version":"vertex-2023-10-16","max_tokens":1e2, "stream":true,"messages":[{"model":"kept"}]})");
        CHECK(vertex_claude_body(body, true)
                  ->starts_with(R"({"anthropic_version":"vertex-2023-10-16","model":"claude-x","max_tokens")"));
        CHECK(vertex_claude_body("[]", false).error().kind == ErrorKind::bad_request);
    }

    TEST_CASE("vertex: Gemini's body loses the ids of calls, and nothing else") {
        const std::string body =
            R"({"contents":[{"parts":[{"text":"hi","id":"kept"}]},)"
            R"({"role":"model","parts":[{"functionCall":{"id":"a","name":"f","args":{"id":"kept"}},"thoughtSignature":"s"},)"
            R"({"function_call": {"name":"g", "id":"b"}}]},)"
            R"({"role":"user","parts":[{"functionResponse":{"name":"f","response":{"id":"kept"},"id":"a"}}]}],"x":1.50})";
        CHECK(vertex_gemini_body(body) ==
              R"({"contents":[{"role":"user","parts":[{"text":"hi","id":"kept"}]},)"
              R"({"role":"model","parts":[{"functionCall":{"name":"f","args":{"id":"kept"}},"thoughtSignature":"s"},)"
              R"({"function_call": {"name":"g"}}]},)"
              R"({"role":"user","parts":[{"functionResponse":{"name":"f","response":{"id":"kept"}}}]}],"x":1.50})");
        for (const auto* same : {R"({"contents":[{"role":"user","parts":[{"text":"hi"}]}]})", "{}", "[]", "",
                                 R"({"contents":"text"})", R"({"contents":[1,null,{"role":"user"}]})"}) {
            CAPTURE(same);
            CHECK(vertex_gemini_body(same) == same);
        }
        CHECK(vertex_gemini_body(R"({"contents":[{}]})") == R"({"contents":[{"role":"user"}]})");
        // Part of this is not JSON: what is sent is for Vertex to judge.
        CHECK(vertex_gemini_body(R"({"contents":[{"parts":[{"functionCall":{"id":1)").has_value());
    }

    TEST_CASE("vertex: errors of what stands in front of Claude") {
        const auto error = vertex("project = \"p\"\n").host->error;
        const std::string google =
            R"({"error":{"code":403,"message":"Permission denied","status":"PERMISSION_DENIED"}})";
        const auto foreign = error(anthropic, 403, {}, google);
        REQUIRE(foreign);
        CHECK(foreign->error_class == ErrorClass::permission);
        CHECK(foreign->message == "Permission denied");
        CHECK(error(anthropic, 404, {}, "<html>Not found</html>")->error_class == ErrorClass::not_found);
        CHECK(error(anthropic, 429, {}, "[" + google + "]")->error_class != ErrorClass::none);
        CHECK_FALSE(
            error(anthropic, 400, {}, R"({"type":"error","error":{"type":"invalid_request_error","message":"m"}})"));
        CHECK_FALSE(error(gemini, 403, {}, google));
    }

    TEST_CASE("vertex: where its credentials are") {
        CHECK(vertex("project = \"p\"\n").api_key == "auto:vertex:");
        CHECK(vertex("project = \"p\"\n", {{"GOOGLE_APPLICATION_CREDENTIALS", "/sa.json"}}).api_key == "file:/sa.json");
        CHECK(vertex("project = \"p\"\napi_key = \"cmd:gcloud auth print-access-token\"\n",
                     {{"GOOGLE_APPLICATION_CREDENTIALS", "/sa.json"}})
                  .api_key == "cmd:gcloud auth print-access-token");
        // The credentials of Google are for Google.
        CHECK(vertex("project = \"p\"\nbase_url = \"https://googleapis.com.example\"\n",
                     {{"GOOGLE_APPLICATION_CREDENTIALS", "/sa.json"}})
                  .api_key == "");
    }

    TEST_CASE("vertex: recorded calls are asked as they were recorded, and their answers read") {
        int all = 0;
        int urls = 0;
        int answers = 0;
        int bodies = 0;
        for (const auto& dir : recorded_of("vertex")) {
            CAPTURE(dir.string());
            ++all;
            const auto url = text_at(read_file(dir / "meta.json"), {"url"});
            const auto project = url.find("/projects/");
            const auto verb = url.rfind(':');
            const bool dialect_call = !url.ends_with(":predict") &&
                                      dir.parent_path().filename() != "embeddings";  // embeddings of Vertex's own
            // One came through a gateway, whose URLs are its own.
            if (project != std::string::npos && dialect_call) {
                ++urls;
                const auto part = [&](const std::string& name) {
                    const auto at = url.find("/" + name + "/") + name.size() + 2;
                    return url.substr(at, url.find_first_of("/:", at) - at);
                };
                const auto provider =
                    vertex("project = \"" + part("projects") + "\"\nlocation = \"" + part("locations") + "\"\n");
                const auto question = url.find('?');
                const auto model = part("models");
                const Ask ask{gemini, Operation::generate,
                              model,  "/v1beta/models/" + model + url.substr(verb, question - verb),
                              false,  question == std::string::npos ? "" : url.substr(question + 1)};
                CHECK(url_of(provider, ask) == url);
            }
            if (const auto request = read_file(dir / "request.json"); !request.empty() && dialect_call) {
                ++bodies;
                const auto body = vertex_gemini_body(request);
                REQUIRE(body);
                CHECK_FALSE(body->contains("\"id\": \"pyd_ai"));
                if (!request.contains("\"id\": ")) { CHECK(*body == request); }
                CHECK(dialects().get(gemini).codec()->decode_request(*body).has_value());
            }
            const auto api = dir.parent_path().filename();
            if (api != "generateContent" && api != "streamGenerateContent") { continue; }
            CHECK(reads_answer(dialects().get(gemini), dir));
            ++answers;
        }
        if (all > 0) {
            TELL("vertex: " << all << " cases, " << urls << " URLs, " << bodies << " bodies, " << answers
                            << " answers");
        }
    }
}
