// Where a client's base URL leads, and whether the gateway answers there.
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "cli/doctor/base_url.hpp"
#include "cli/doctor/judge.hpp"
#include "core/provider/provider.hpp"

using namespace llmgw;
using namespace llmgw::doctor;

namespace {

using Leads = BaseUrl::Leads;

BaseUrl followed(const std::string& value, const std::string& end, const std::string& listen) {
    BaseUrl url{.variable = "A_BASE_URL", .origin = origin_of(value)};
    std::optional<HostPort> address;
    if (!listen.empty()) { address = *parse_listen(listen); }
    follow(url, value, end, address);
    return url;
}

}  // namespace

TEST_SUITE("cli_doctor") {
    TEST_CASE("base URLs: where each leads") {
        struct Row {
            const char* url;
            const char* listen;
            Leads leads;
        };
        for (const auto& [url, listen, leads] : std::vector<Row>{
                 {"http://127.0.0.1:4117", "127.0.0.1:4117", Leads::here},
                 {"http://localhost:4117", "127.0.0.1:4117", Leads::here},
                 {"HTTP://LocalHost:4117/", "127.0.0.1:4117", Leads::here},
                 {"https://127.0.0.1:4117", "127.0.0.1:4117", Leads::here},  // and does not get far
                 {"http://127.0.0.1", "127.0.0.1:80", Leads::here},
                 {"http://127.0.0.1:4118", "127.0.0.1:4117", Leads::nearby},
                 {"http://127.0.0.2:4117", "127.0.0.1:4117", Leads::nearby},
                 {"http://[::1]:4117", "127.0.0.1:4117", Leads::nearby},
                 {"http://127.0.0.1:4117", "[::1]:4117", Leads::nearby},
                 {"http://[::1]:4117", "[::1]:4117", Leads::here},
                 {"http://[0:0:0:0:0:0:0:1]:4117", "[::1]:4117", Leads::here},
                 {"http://localhost:4117", "[::1]:4117", Leads::here},
                 {"http://[::1]", "[::1]:80", Leads::here},
                 {"http://127.0.0.2:4117", "0.0.0.0:4117", Leads::here},
                 {"http://[::1]:4117", "0.0.0.0:4117", Leads::nearby},
                 {"http://localhost:4117", "0.0.0.0:4117", Leads::here},
                 {"http://[::1]:4117", "[::]:4117", Leads::here},
                 {"http://127.0.0.1:4117", "[::]:4117", Leads::here},
                 {"http://127.0.0.1:4117", "localhost:4117", Leads::here},
                 {"http://192.168.7.7:4117", "192.168.7.7:4117", Leads::here},
                 {"http://192.168.7.8:4117", "192.168.7.7:4117", Leads::elsewhere},
                 {"http://127.0.0.1:4117", "192.168.7.7:4117", Leads::nearby},
                 {"https://api.anthropic.com", "127.0.0.1:4117", Leads::elsewhere},
                 {"https://127.0.0.1", "127.0.0.1:4117", Leads::nearby},
                 {"http://127.0.0.1:4117", "127.0.0.1:0", Leads::unknown},
                 {"http://127.0.0.1:4117", "", Leads::unknown},
                 {"https://api.anthropic.com", "", Leads::elsewhere},
             }) {
            CAPTURE(url);
            CAPTURE(listen);
            CHECK(followed(url, "", listen).leads == leads);
        }
    }

    TEST_CASE("base URLs: what each client adds to its own, and what stays unanswered") {
        struct Row {
            const char* end;
            const char* url;
            const char* wrong;
        };
        const std::string here = "127.0.0.1:4117";
        for (const auto& [end, url, wrong] : std::vector<Row>{
                 {"", "http://127.0.0.1:4117", ""},
                 {"", "http://127.0.0.1:4117/", ""},
                 {"", "http://127.0.0.1:4117/f/review", ""},
                 {"", "http://127.0.0.1:4117/f/a%20b/", ""},
                 {"", "http://127.0.0.1:4117/v1", "with /v1 at its end, which this client adds itself"},
                 {"", "http://127.0.0.1:4117/v1/", "with /v1 at its end, which this client adds itself"},
                 {"", "http://127.0.0.1:4117/f/review/v1", "with /v1 at its end, which this client adds itself"},
                 {"", "http://127.0.0.1:4117/v1beta", "with /v1beta at its end, which this client adds itself"},
                 {"", "http://127.0.0.1:4117/f/", "with a path that it does not have"},
                 {"", "http://127.0.0.1:4117/anthropic", "with a path that it does not have"},
                 {"", "https://127.0.0.1:4117", "with https, and it speaks plain http"},
                 {"/v1", "https://localhost:4117/v1", "with https, and it speaks plain http"},
                 {"/v1", "http://127.0.0.1:4117/v1", ""},
                 {"/v1", "http://127.0.0.1:4117/v1/", ""},
                 {"/v1", "http://127.0.0.1:4117/f/review/v1", ""},
                 {"/v1", "http://127.0.0.1:4117", "without /v1 at its end, which this client does not add itself"},
                 {"/v1", "http://127.0.0.1:4117/f/v1", "without /v1 at its end, which this client does not add itself"},
                 {"/v1", "http://127.0.0.1:4117/v1/chat",
                  "without /v1 at its end, which this client does not add itself"},
             }) {
            CAPTURE(end);
            CAPTURE(url);
            auto found = followed(url, end, here);
            CHECK(found.leads == Leads::here);
            CHECK(found.wrong == wrong);
            found.key = BaseUrl::Key::fits;
            ShellFacts facts{.base_urls = {found}, .gateway_host = "127.0.0.1"};
            facts.gateway_runs = true;
            CHECK(judge_shell(facts)[0].level == (*wrong == '\0' ? Level::ok : Level::problem));
        }
    }
}
