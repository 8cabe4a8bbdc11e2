#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "core/util/aws_sigv4.hpp"
#include "core/util/sha256.hpp"

namespace {

using llmgw::aws_canonical_request;
using llmgw::aws_signature_headers;
using llmgw::AwsRequest;

using Pairs = std::vector<std::pair<std::string, std::string>>;

// The credentials, place and time of the examples AWS publishes.
const llmgw::AwsCredentials example{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
constexpr std::int64_t example_time_s = 1440938160;  // 2015-08-30T12:36:00Z

std::string authorization(const AwsRequest& request, const llmgw::AwsCredentials& credentials = example,
                          const std::string& service = "service") {
    return aws_signature_headers(request, credentials, {"us-east-1", service}, example_time_s).back().second;
}

std::string signature(const AwsRequest& request) {
    const auto text = authorization(request);
    return text.substr(text.find("Signature=") + 10);
}

AwsRequest asked(std::string_view method, std::string_view path, std::string_view query = "", Pairs more = {},
                 std::string_view body = "") {
    AwsRequest request{method, path, query, {{"Host", "example.amazonaws.com"}}, body};
    request.headers.insert(request.headers.end(), more.begin(), more.end());
    return request;
}

}  // namespace

TEST_CASE("SigV4: the examples AWS publishes") {
    CHECK(authorization(asked("GET", "/")) ==
          "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
          "SignedHeaders=host;x-amz-date, "
          "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    const auto vanilla = signature(asked("GET", "/"));
    // Paths are normalised.
    for (const auto* path : {"", "//", "/./", "/example/..", "/example1/example2/../.."}) {
        CAPTURE(path);
        CHECK(signature(asked("GET", path)) == vanilla);
    }
    CHECK(signature(asked("POST", "/")) == "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
    CHECK(signature(asked("GET", "/", "Param2=value2&Param1=value1")) ==
          "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
    CHECK(signature(asked("POST", "/", "", {{"Content-Type", "application/x-www-form-urlencoded"}}, "Param1=value1")) ==
          "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
}

TEST_CASE("SigV4: the documented call of IAM") {
    const AwsRequest request{
        "GET",
        "/",
        "Action=ListUsers&Version=2010-05-08",
        {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"}, {"host", "iam.amazonaws.com"}},
        ""};
    const auto text = authorization(request, example, "iam");
    CHECK(text.substr(text.find("Signature=") + 10) ==
          "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

TEST_CASE("SigV4: a model's name is encoded twice in what is signed") {
    const auto text =
        aws_canonical_request(asked("POST", "/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/invoke"));
    CHECK(text.starts_with("POST\n/model/us.anthropic.claude-haiku-4-5-20251001-v1%253A0/invoke\n\n"));
    const auto profile =
        aws_canonical_request(asked("POST", "/model/arn%3Aaws%3Abedrock%3Ainference-profile%2Fa1/converse"));
    CHECK(profile.starts_with("POST\n/model/arn%253Aaws%253Abedrock%253Ainference-profile%252Fa1/converse\n\n"));
}

TEST_CASE("SigV4: the canonical request") {
    AwsRequest request{"GET",
                       "/a b/\xE1\x88\xB4",
                       "b=2&a=%7E&a=1&flag&e=%20x",
                       {{"My-Header2", "  a   b  c "}, {"HOST", "h"}, {"My-Header1", "v2"}, {"my-header1", "v1"}},
                       "body"};
    CHECK(aws_canonical_request(request) ==
          "GET\n/a%20b/%E1%88%B4\na=1&a=~&b=2&e=%20x&flag=\n"
          "host:h\nmy-header1:v2,v1\nmy-header2:a b c\n\nhost;my-header1;my-header2\n" +
              llmgw::sha256_hex("body"));
    CHECK(
        aws_canonical_request({"GET", "/a//b/./c/", "", {{"host", "h"}}, ""}).starts_with("GET\n/a/b/c/\n\nhost:h\n"));
}

TEST_CASE("SigV4: a session token is sent and signed") {
    auto temporary = example;
    temporary.session_token = "AQoDYXdz";
    const auto headers = aws_signature_headers(asked("POST", "/"), temporary, {"us-east-1", "service"}, example_time_s);
    REQUIRE(headers.size() == 3);
    CHECK(headers[0] == std::pair<std::string, std::string>{"x-amz-date", "20150830T123600Z"});
    CHECK(headers[1] == std::pair<std::string, std::string>{"x-amz-security-token", "AQoDYXdz"});
    CHECK(headers[2].second.find("SignedHeaders=host;x-amz-date;x-amz-security-token, ") != std::string::npos);
}

TEST_CASE("HMAC-SHA256: RFC 4231") {
    const auto hex = [](const std::string& bytes) {
        std::string out;
        for (const char c : bytes) {
            constexpr std::string_view digits = "0123456789abcdef";
            out += digits[static_cast<unsigned char>(c) >> 4];
            out += digits[static_cast<unsigned char>(c) & 15];
        }
        return out;
    };
    CHECK(hex(llmgw::hmac_sha256("Jefe", "what do ya want for nothing?")) ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(hex(llmgw::hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")) ==
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}
