#include "tests/e2e/bedrock_upstream.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "tests/support/aws_frames.hpp"

namespace llmgw::testing::bedrock {
namespace {

using Json = nlohmann::json;

std::string hex(const std::string& bytes) {
    std::string out;
    for (const char c : bytes) {
        constexpr std::string_view digits = "0123456789abcdef";
        out += digits[static_cast<unsigned char>(c) >> 4];
        out += digits[static_cast<unsigned char>(c) & 15];
    }
    return out;
}

std::string digest(const std::string& bytes) {
    std::array<unsigned char, 32> out{};
    unsigned size = 0;
    EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, EVP_sha256(), nullptr);
    return {reinterpret_cast<const char*>(out.data()), size};
}

std::string keyed(const std::string& key, const std::string& text) {
    std::array<unsigned char, 32> out{};
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
         text.size(), out.data(), &size);
    return {reinterpret_cast<const char*>(out.data()), size};
}

// The path once more encoded than it was sent.
std::string encoded_again(const std::string& path) {
    std::string out;
    for (const char c : path) {
        const bool kept =
            std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("-._~/").find(c) != std::string::npos;
        if (kept) {
            out += c;
        } else {
            auto digits = hex(std::string(1, c));
            std::ranges::transform(digits, digits.begin(), [](unsigned char d) { return std::toupper(d); });
            out += "%" + digits;
        }
    }
    return out;
}

std::string between(const std::string& text, const std::string& before, char after) {
    const auto at = text.find(before);
    if (at == std::string::npos) { return {}; }
    const auto begin = at + before.size();
    return text.substr(begin, std::min(text.find(after, begin), text.size()) - begin);
}

std::string base64_of(const std::string& bytes) {
    std::string out(4 * ((bytes.size() + 2) / 3), '\0');
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(bytes.data()),
                    static_cast<int>(bytes.size()));
    return out;
}

Json usage() {
    return {{"inputTokens", 21},
            {"outputTokens", 13},
            {"totalTokens", 45},
            {"cacheReadInputTokens", 8},
            {"cacheWriteInputTokens", 3}};
}

}  // namespace

std::string signature_fault(const RecordedRequest& request, const AccessKey& key, const std::string& region) {
    const std::string sent(find_header(request.headers, "authorization"));
    const std::string time(find_header(request.headers, "x-amz-date"));
    if (time.size() != 16) { return "no x-amz-date"; }
    if (find_header(request.headers, "x-amz-security-token") != key.token) { return "another session token"; }
    const auto place = time.substr(0, 8) + "/" + region + "/bedrock/aws4_request";
    if (between(sent, "Credential=", ',') != key.id + "/" + place) { return "another credential: " + sent; }
    const auto names = between(sent, "SignedHeaders=", ',');
    if (!names.starts_with("host;x-amz-date")) { return "not all is signed: " + names; }
    std::string lines;
    for (std::size_t at = 0; at < names.size();) {
        const auto end = std::min(names.find(';', at), names.size());
        const auto name = names.substr(at, end - at);
        lines += name + ":" + std::string(find_header(request.headers, name)) + "\n";
        at = end + 1;
    }
    const auto question = std::min(request.target.find('?'), request.target.size());
    if (question != request.target.size()) { return "a query"; }
    const auto canonical = request.method + "\n" + encoded_again(request.target) + "\n\n" + lines + "\n" + names +
                           "\n" + hex(digest(request.body));
    const auto text = "AWS4-HMAC-SHA256\n" + time + "\n" + place + "\n" + hex(digest(canonical));
    auto signing = "AWS4" + key.secret;
    for (const auto& step : {time.substr(0, 8), region, std::string("bedrock"), std::string("aws4_request")}) {
        signing = keyed(signing, step);
    }
    return between(sent, "Signature=", ',') == hex(keyed(signing, text)) ? "" : "another signature";
}

std::string invoke_stream(const std::vector<std::string>& events) {
    std::string out;
    for (const auto& event : events) {
        out += test::aws_event("chunk", Json{{"bytes", base64_of(event)}, {"p", "abcdefgh"}}.dump());
    }
    return out;
}

std::string converse_stream(const std::string& text, bool call) {
    const auto event = [](const char* type, const Json& payload) { return test::aws_event(type, payload.dump()); };
    auto out = event("messageStart", {{"role", "assistant"}});
    // A character at a time, so that nothing hangs on how a provider cuts.
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at + 1;
        while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
            ++end;
        }
        out += event("contentBlockDelta", {{"contentBlockIndex", 0}, {"delta", {{"text", text.substr(at, end - at)}}}});
        at = end;
    }
    out += event("contentBlockStop", {{"contentBlockIndex", 0}});
    if (call) {
        out += event("contentBlockStart", {{"contentBlockIndex", 1},
                                           {"start", {{"toolUse", {{"toolUseId", "tooluse_1"}, {"name", "look"}}}}}});
        for (const char* piece : {"{\"a", "t\":1", ".0}"}) {
            out += event("contentBlockDelta", {{"contentBlockIndex", 1}, {"delta", {{"toolUse", {{"input", piece}}}}}});
        }
        out += event("contentBlockStop", {{"contentBlockIndex", 1}});
    }
    out += event("messageStop", {{"stopReason", call ? "tool_use" : "end_turn"}});
    return out + event("metadata", {{"usage", usage()}, {"metrics", {{"latencyMs", 5}}}});
}

std::string converse_answer(const std::string& text, bool call) {
    Json content = Json::array({{{"text", text}}});
    if (call) {
        content.push_back({{"toolUse", {{"toolUseId", "tooluse_1"}, {"name", "look"}, {"input", {{"at", 1.0}}}}}});
    }
    return Json{{"output", {{"message", {{"role", "assistant"}, {"content", content}}}}},
                {"stopReason", call ? "tool_use" : "end_turn"},
                {"usage", usage()}}
        .dump();
}

void send_stream(UpstreamConnection& connection, const std::string& bytes, std::size_t piece_bytes) {
    if (!connection.start(
            200, {{"Content-Type", "application/vnd.amazon.eventstream"}, {"x-amzn-RequestId", "aws-request-1"}})) {
        return;
    }
    for (std::size_t at = 0; at < bytes.size(); at += piece_bytes) {
        if (!connection.chunk(std::string_view(bytes).substr(at, piece_bytes))) { return; }
    }
    connection.finish();
}

}  // namespace llmgw::testing::bedrock
