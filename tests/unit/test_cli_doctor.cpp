// What `llmgw doctor` thinks of what it finds, and how it says so.
#include <algorithm>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/doctor/judge.hpp"
#include "cli/doctor/report.hpp"
#include "cli/term/style.hpp"
#include "core/secrets/client_key.hpp"

using namespace llmgw;
using namespace llmgw::doctor;

namespace {

Level worst(const Findings& findings) {
    Level level = Level::ok;
    for (const auto& finding : findings) {
        level = std::max(level, finding.level);
    }
    return level;
}

bool says(const Findings& findings, std::string_view text) {
    return std::ranges::any_of(findings, [&](const Finding& finding) {
        return finding.found.contains(text) || finding.what.contains(text) || finding.remedy.contains(text);
    });
}

KeyPresence key_of(std::string provider, KeyState state, std::string reference) {
    KeyPresence key;
    key.provider.name = std::move(provider);
    key.provider.base_url = "https://" + key.provider.name + ".example";
    key.provider.api_key = reference;
    key.reference = parse_reference(reference).value_or(KeyReference{});
    key.state = state;
    key.source = state == KeyState::present ? "env A_KEY" : "none";
    if (state == KeyState::present) { key.tail = "…abcd"; }
    return key;
}

KeyTrial trial(TrialOutcome outcome, std::optional<std::int64_t> ahead_ms = std::nullopt) {
    KeyTrial made;
    made.provider.name = "openai";
    made.tail = "…abcd";
    made.outcome = outcome;
    made.message = outcome == TrialOutcome::good ? "" : "api.openai.com said no";
    made.clock_ahead_ms = ahead_ms;
    return made;
}

GatewayFacts running() {
    GatewayFacts facts{.state = GatewayFacts::State::runs, .address = "127.0.0.1:4117"};
    facts.version = facts.our_version = "1.0";
    facts.owner = "llmgw (pid 7)";
    return facts;
}

}  // namespace

TEST_SUITE("cli_doctor") {
    TEST_CASE("config: a missing file is fine; a bad one, one others may change and one that holds a key are not") {
        ConfigFacts facts{.path = "/etc/llmgw/c.toml"};
        CHECK(worst(judge_config(facts)) == Level::ok);
        facts.there = true;
        facts.mode = 0644;
        facts.providers = 1;
        facts.routes = 2;
        CHECK(worst(judge_config(facts)) == Level::ok);
        CHECK(says(judge_config(facts), "1 provider, 2 routes"));
        facts.mode = 0664;
        CHECK(worst(judge_config(facts)) == Level::warning);
        CHECK(says(judge_config(facts), "chmod go-w /etc/llmgw/c.toml"));
        facts.mode = 0644;
        facts.anothers = true;
        CHECK(worst(judge_config(facts)) == Level::warning);
        facts.anothers = false;
        facts.warnings = {"c.toml:3:1: no key is sent"};
        CHECK(worst(judge_config(facts)) == Level::warning);
        facts.error = "c.toml:2:1: unknown key \"x\"";
        CHECK(worst(judge_config(facts)) == Level::problem);
        CHECK(says(judge_config(facts), "llmgw config check"));
        facts.holds_key = true;
        CHECK(says(judge_config(facts), "chmod 600"));
        facts.mode = 0600;
        CHECK_FALSE(says(judge_config(facts), "chmod 600"));
    }

    TEST_CASE("data directory: one that is not there yet is fine, one that cannot be written or is full is not") {
        DirectoryFacts facts{.path = "/h/llmgw", .is_directory = true, .writable = true, .parent = "/h"};
        facts.free_bytes = std::int64_t{5} << 30;
        CHECK(worst(judge_directory(facts)) == Level::ok);
        CHECK(says(judge_directory(facts), "5.0 GiB free"));
        facts.there = true;
        facts.mode = 0700;
        CHECK(worst(judge_directory(facts)) == Level::ok);
        facts.mode = 0755;
        CHECK(worst(judge_directory(facts)) == Level::warning);
        facts.mode = 0700;
        facts.free_bytes = std::int64_t{100} << 20;
        CHECK(worst(judge_directory(facts)) == Level::warning);
        facts.free_bytes = 1 << 20;
        CHECK(worst(judge_directory(facts)) == Level::problem);
        facts.writable = false;
        CHECK(says(judge_directory(facts), "XDG_DATA_HOME"));
        facts.is_directory = false;
        CHECK(says(judge_directory(facts), "is no directory"));
    }

    TEST_CASE("usage log: none is a note; damaged, newer and unreadable ones are problems with different ways out") {
        DatabaseFacts facts{.path = "/h/usage.db"};
        facts.schema_known = 3;
        CHECK(worst(judge_database(facts)) == Level::note);
        facts.there = true;
        facts.schema = 3;
        facts.calls = 1;
        CHECK(worst(judge_database(facts)) == Level::ok);
        CHECK(says(judge_database(facts), "1 call,"));
        facts.schema = 2;
        CHECK(worst(judge_database(facts)) == Level::ok);
        CHECK(says(judge_database(facts), "becomes 3"));
        facts.checked.check = Database::Check::unfinished;
        CHECK(worst(judge_database(facts)) == Level::ok);
        facts.checked = {Database::Check::damaged, "row 3 missing from index"};
        CHECK(worst(judge_database(facts)) == Level::problem);
        CHECK(says(judge_database(facts), ".recover"));
        facts.error = "made by a newer llmgw";
        facts.schema = 4;
        CHECK(says(judge_database(facts), "install the llmgw that made it"));
        facts.schema = 0;
        facts.error = "/h/usage.db: file is not a database";
        CHECK(says(judge_database(facts), "aside"));
        // Nothing is wrong with the file itself.
        for (const char* error :
             {"/h/usage.db: unable to open database file", "cannot write /h/usage.db: Permission denied"}) {
            facts.error = error;
            CHECK(says(judge_database(facts), "sudo chown -R \"$USER\" /h"));
            CHECK_FALSE(says(judge_database(facts), "aside"));
        }
        facts.error = "/h/usage.db: database is locked";
        CHECK_FALSE(says(judge_database(facts), "aside"));

        JournalFacts journal;
        CHECK(judge_journal(journal).empty());
        journal.held = 3;
        CHECK(worst(judge_journal(journal)) == Level::ok);
        journal.left = 1;
        CHECK(worst(judge_journal(journal)) == Level::warning);
        CHECK(says(judge_journal(journal), "llmgw usage"));
        journal.counted_all = false;
        CHECK(says(judge_journal(journal), "at least 1 call "));
    }

    TEST_CASE("keychain: one that is missing matters to those who want it only") {
        KeychainFacts facts{.backend = "secret-service"};
        facts.entries = 2;
        CHECK(worst(judge_keychain(facts)) == Level::ok);
        facts.error = "the keychain cannot be reached: there is no session bus (NAME is not set). Use something else.";
        REQUIRE(judge_keychain(facts).size() == 1);
        CHECK(judge_keychain(facts)[0].level == Level::note);
        CHECK(judge_keychain(facts)[0].found == "not here: there is no session bus");
        facts.wanted_by = {"work", "home"};
        CHECK(worst(judge_keychain(facts)) == Level::problem);
        CHECK(says(judge_keychain(facts), "work, home"));
    }

    TEST_CASE("keys: without any the first step is said; of those nobody configured, no key is a note") {
        const std::vector<KeyPresence> none{key_of("anthropic", KeyState::missing, "auto:anthropic:ANTHROPIC_API_KEY"),
                                            key_of("openai", KeyState::missing, "auto:openai:OPENAI_API_KEY")};
        auto findings = judge_keys(none, {}, true);
        REQUIRE(findings.size() == 1);
        CHECK(findings[0].level == Level::problem);
        CHECK(findings[0].remedy.starts_with("llmgw keys set anthropic"));
        CHECK(judge_keys(none, {}, false)[0].remedy.starts_with("export ANTHROPIC_API_KEY="));

        auto some = none;
        some.push_back(key_of("work", KeyState::present, "env:A_KEY"));
        findings = judge_keys(some, {"work"}, true);
        CHECK(worst(findings) == Level::note);
        CHECK(says(findings, "key …abcd from env A_KEY"));
        CHECK(says(findings, "anthropic, openai"));
        // A table is a wish.
        findings = judge_keys(some, {"work", "openai"}, true);
        CHECK(worst(findings) == Level::problem);
        CHECK(says(findings, "llmgw keys set openai"));
        some[0].problem = "the keychain's key was stored for another host";
        CHECK(says(judge_keys(some, {"work"}, true), "another host"));
        CHECK(worst(judge_keys({key_of("a", KeyState::unasked, "cmd:x"), key_of("b", KeyState::unneeded, "none")},
                               {"a", "b"}, true)) == Level::ok);
        // One of several.
        const std::vector<KeyPresence> two{key_of("a", KeyState::present, "env:A_KEY"),
                                           key_of("a", KeyState::missing, "env:B_KEY")};
        CHECK(worst(judge_keys(two, {"a"}, true)) == Level::warning);
        CHECK(says(judge_keys(two, {"a"}, true), "the variable B_KEY is not set"));
        auto headless = none[0];
        headless.keychain_works = false;
        CHECK(remedy_for(headless) == "export ANTHROPIC_API_KEY=...");
        CHECK(remedy_for(none[0]) == "llmgw keys set anthropic");
        CHECK(remedy_for(key_of("a", KeyState::missing, "env:B_KEY")) == "export B_KEY=...");
        CHECK(remedy_for(key_of("a", KeyState::missing, "keychain:c")) == "llmgw keys set c");
        headless = key_of("a", KeyState::missing, "keychain:c");
        headless.keychain_works = false;
        CHECK(remedy_for(headless) == "make the keychain work, or set api_key = \"env:NAME\" in [providers.a]");
    }

    TEST_CASE(
        "keys: llmgw's own client key in a usual variable is told, and wrong only where that provider is wanted") {
        auto key = key_of("gemini", KeyState::missing, "auto:gemini:GEMINI_API_KEY");
        key.problem = client_key_instead(key.reference);
        CHECK(key.problem == "GEMINI_API_KEY holds llmgw's own client key, not a key of gemini's");
        const auto work = key_of("work", KeyState::present, "env:A_KEY");
        CHECK(worst(judge_keys({key, work}, {"work"}, true)) == Level::note);
        CHECK(says(judge_keys({key, work}, {"work"}, true), key.problem));
        CHECK(worst(judge_keys({key, work}, {"work", "gemini"}, true)) == Level::problem);
        const auto alone = judge_keys({key}, {}, true);
        CHECK(says(alone, key.problem));
        CHECK(says(alone, "none yet, so nobody can be asked"));
    }

    TEST_CASE("routes: a target without a key is a warning while another is left") {
        RouteFacts route{.name = "route fast", .with_key = {"a/m"}};
        CHECK(worst(judge_routes({route})) == Level::ok);
        route.without_key = {"b/m"};
        route.remedies = {"llmgw keys set b"};
        CHECK(worst(judge_routes({route})) == Level::warning);
        CHECK(says(judge_routes({route}), "llmgw keys set b"));
        route.with_key.clear();
        CHECK(worst(judge_routes({route})) == Level::problem);
        CHECK(judge_routes({}).empty());
    }

    TEST_CASE("gateway: one that does not take this home's key is somebody else's") {
        GatewayFacts facts{.state = GatewayFacts::State::runs, .address = "127.0.0.1:4117"};
        facts.version = facts.our_version = "1";
        for (const auto takes : {std::optional<bool>(), std::optional(true)}) {
            facts.takes_key = takes;
            CHECK(worst(judge_gateway(facts)) == Level::ok);
        }
        facts.takes_key = false;
        CHECK(worst(judge_gateway(facts)) == Level::problem);
        CHECK(says(judge_gateway(facts), "does not take this client key"));
    }

    TEST_CASE("gateway: who else has the port, another version, a replaced binary") {
        using State = GatewayFacts::State;
        GatewayFacts facts{.state = State::silent, .address = "127.0.0.1:4117"};
        CHECK(worst(judge_gateway(facts)) == Level::note);
        CHECK(says(judge_gateway(facts), "llmgw serve"));
        CHECK(judge_targets(facts).empty());
        facts.state = State::unknown;
        CHECK(says(judge_gateway(facts), "takes any free port"));
        facts.config_unread = true;
        CHECK(worst(judge_gateway(facts)) == Level::note);
        CHECK(says(judge_gateway(facts), "not looked for: the config file does not say where"));
        facts.state = State::other;
        facts.owner = "nginx (pid 9)";
        CHECK(worst(judge_gateway(facts)) == Level::problem);
        CHECK(says(judge_gateway(facts), "in use by nginx (pid 9)"));
        facts.state = State::stuck;
        CHECK(worst(judge_gateway(facts)) == Level::problem);
        facts = running();
        CHECK(worst(judge_gateway(facts)) == Level::ok);
        facts.replaced = true;
        CHECK(worst(judge_gateway(facts)) == Level::warning);
        facts.version = "0.9";
        CHECK(says(judge_gateway(facts), "version 0.9; this is version 1.0"));
    }

    TEST_CASE("gateway: breakers tell since when and until when; keys that are not good are counted") {
        auto facts = running();
        CHECK(worst(judge_targets(facts)) == Level::ok);
        facts.now_ms = 1'000'000'000'000;
        facts.breakers = {{"work/gpt-5", "open", 9'001, facts.now_ms - 130'000},
                          {"home/gpt-5", "half_open", 0, facts.now_ms - 40'000}};
        const auto findings = judge_targets(facts);
        REQUIRE(findings.size() == 2);
        CHECK(findings[0].level == Level::warning);
        CHECK(findings[0].found.ends_with("(2 min); one call tries it in 10 s"));
        CHECK(findings[0].remedy == "llmgw logs --where provider=work");
        CHECK(findings[1].found.ends_with("(40 s); the next call tries it"));
        facts.breakers.clear();
        facts.keys = {{"work", 1, 1, 0}};
        CHECK(worst(judge_targets(facts)) == Level::warning);
        facts.keys = {{"work", 0, 0, 2}};
        CHECK(worst(judge_targets(facts)) == Level::problem);
        CHECK(says(judge_targets(facts), "llmgw keys test work"));
    }

    TEST_CASE("shell: where clients are led, with which key, and proxies that would catch them") {
        using Leads = BaseUrl::Leads;
        using Key = BaseUrl::Key;
        ShellFacts facts{.gateway_host = "127.0.0.1"};
        facts.gateway_runs = true;
        CHECK(worst(judge_shell(facts)) == Level::note);
        CHECK(says(judge_shell(facts), "llmgw env claude"));
        facts.base_urls = {{.variable = "ANTHROPIC_BASE_URL",
                            .origin = "http://127.0.0.1:4117",
                            .leads = Leads::here,
                            .key = Key::fits,
                            .agent = "claude"}};
        auto& url = facts.base_urls[0];
        CHECK(worst(judge_shell(facts)) == Level::ok);
        for (const auto key : {Key::another, Key::none}) {
            url.key = key;
            CHECK(worst(judge_shell(facts)) == Level::problem);
            CHECK(says(judge_shell(facts), "401"));
        }
        facts.key_needed = false;
        CHECK(worst(judge_shell(facts)) == Level::ok);
        facts.gateway_runs = false;
        CHECK(says(judge_shell(facts), "does not run"));
        url.leads = Leads::nearby;
        CHECK(worst(judge_shell(facts)) == Level::warning);
        url.leads = Leads::unknown;
        CHECK(worst(judge_shell(facts)) == Level::note);
        CHECK(says(judge_shell(facts), "is not known"));
        url.leads = Leads::elsewhere;
        CHECK(worst(judge_shell(facts)) == Level::note);
        url.origin.clear();
        CHECK(worst(judge_shell(facts)) == Level::warning);

        ShellFacts proxied{.gateway_host = "127.0.0.1"};
        proxied.http_proxy = "HTTP_PROXY";
        CHECK(worst(judge_shell(proxied)) == Level::warning);
        CHECK(says(judge_shell(proxied), "NO_PROXY"));
        proxied.no_proxy_covers = true;
        CHECK(worst(judge_shell(proxied)) == Level::note);
        proxied.unreadable_certificates = {"SSL_CERT_FILE"};
        CHECK(worst(judge_shell(proxied)) == Level::problem);
    }

    TEST_CASE("online: what providers answered, and a clock that is wrong") {
        CHECK(worst(judge_online({})) == Level::note);
        CHECK(worst(judge_online({.trials = {trial(TrialOutcome::good, 1'000)}})) == Level::ok);
        CHECK(says(judge_online({.trials = {trial(TrialOutcome::good, 1'000)}}), "agrees with openai's"));
        // The nearest one counts: the others were slow to answer.
        CHECK(worst(judge_online({.trials = {trial(TrialOutcome::good, 90'000), trial(TrialOutcome::good, -900)}})) ==
              Level::ok);
        CHECK(worst(judge_online({.trials = {trial(TrialOutcome::good, -90'000)}})) == Level::warning);
        CHECK(says(judge_online({.trials = {trial(TrialOutcome::good, -90'000)}}), "90 s behind of openai's"));
        CHECK(worst(judge_online({.trials = {trial(TrialOutcome::good, 900'000)}})) == Level::problem);
        CHECK(worst(judge_online({.trials = {trial(TrialOutcome::unproven)}})) == Level::note);
        for (const auto outcome :
             {TrialOutcome::bad, TrialOutcome::refused, TrialOutcome::no_key, TrialOutcome::failed}) {
            CHECK(worst(judge_online({.trials = {trial(outcome)}})) == Level::problem);
            CHECK(says(judge_online({.trials = {trial(outcome)}}), "llmgw keys test openai"));
        }
        for (const auto& [status, level] :
             {std::pair{200, Level::ok}, std::pair{404, Level::ok}, std::pair{401, Level::problem},
              std::pair{403, Level::problem}, std::pair{500, Level::warning}, std::pair{503, Level::warning}}) {
            CAPTURE(status);
            Reached reached{.provider = "local", .origin = "http://h", .status = status};
            CHECK(worst(judge_online({.reached = {reached}})) == level);
            // A client brings the key that is missing here.
            reached.passthrough = true;
            CHECK(worst(judge_online({.reached = {reached}})) == (level == Level::problem ? Level::ok : level));
        }
        const OnlineFacts closed{.reached = {{.provider = "local", .origin = "http://h", .status = 401}}};
        CHECK(says(judge_online(closed), "http://h answers (401), 0 ms from here: it wants a key"));
        CHECK(says(judge_online(closed), "set api_key in [providers.local]"));
        CHECK(worst(judge_online({.reached = {{.provider = "local", .origin = "http://h", .error = "refused"}}})) ==
              Level::problem);
    }

    TEST_CASE("report: rows are aligned and no line is wider than the terminal") {
        const std::vector<Section> sections{
            {"Keys",
             {{Level::ok, "openai", "key …abcd from env OPENAI_API_KEY"},
              {Level::problem, "a-provider-with-quite-a-long-name",
               "a sentence that goes on and on, and so does not fit into what is left of the line of a terminal",
               "llmgw keys set a-provider-with-quite-a-long-name"}}},
            {"Empty", {}},
            {"Gateway", {{Level::note, "127.0.0.1:4117", "does not run", "llmgw serve"}}}};
        for (const int width : {80, 100, 140}) {
            const auto text = text_report(sections, {.width = width});
            CHECK_FALSE(text.contains("Empty"));
            CHECK_FALSE(text.contains('\x1b'));
            std::size_t at = 0;
            while (at < text.size()) {
                const auto end = text.find('\n', at);
                const auto line = text.substr(at, end - at);
                // What to do next may be taken into the shell as it is.
                if (!line.starts_with("Next: ")) { CHECK_MESSAGE(display_width(line) <= width, line); }
                CHECK_FALSE(line.ends_with(' '));
                at = end + 1;
            }
        }
        CHECK(text_report(sections, {}) ==
              "Keys\n"
              "  ok       openai                    key …abcd from env OPENAI_API_KEY\n"
              "  problem  a-provider-with-quite-a-long-name\n"
              "                                     a sentence that goes on and on, and so does not fit into what is "
              "left of the line of a terminal\n"
              "                                     → llmgw keys set a-provider-with-quite-a-long-name\n"
              "\n"
              "Gateway\n"
              "  note     127.0.0.1:4117            does not run\n"
              "                                     → llmgw serve\n"
              "\n"
              "1 problem.\nNext: llmgw keys set a-provider-with-quite-a-long-name\n");
        CHECK(exit_code_of(sections) == exit_code::failed);
        CHECK(exit_code_of({sections[2]}) == exit_code::done);
        CHECK(text_report({sections[2]}, {}).ends_with("\nNothing is wrong.\nNext: llmgw serve\n"));
        CHECK(text_report(sections, {.width = 80, .color = true}).contains("\x1b[31mproblem\x1b[0m"));
    }

    TEST_CASE("report: the home directory is ~, and nothing found can control the terminal") {
        const std::vector<Section> sections{
            {"S", {{Level::ok, "x\x1b[31m", "/ho/ann/a.toml:1:1: first\n/ho/ann/b and /srv/ho/ann/c"}}}};
        const auto text = text_report(sections, {.home = "/ho/ann"});
        CHECK(text.contains("~/a.toml:1:1: first\n"));
        CHECK(text.contains("~/b and /srv/ho/ann/c"));
        CHECK_FALSE(text.contains('\x1b'));
        const auto json = nlohmann::json::parse(json_report(sections, false));
        CHECK(json["problems"] == 0);
        CHECK(json["checks"][0]["status"] == "ok");
        CHECK(json["checks"][0]["remedy"].is_null());
        CHECK(json["checks"][0]["found"].get<std::string>().starts_with("/ho/ann/a.toml"));
        CHECK_FALSE(json_report(sections, true).contains('\x1b'));
    }

    TEST_CASE("spans and sizes") {
        CHECK(span_text(1) == "1 s");
        CHECK(span_text(119'000) == "119 s");
        CHECK(span_text(120'000) == "2 min");
        CHECK(span_text(3 * 3'600'000) == "3 h");
        CHECK(span_text(72 * 3'600'000) == "3 days");
        CHECK(bytes_text(1) == "1 KiB");
        CHECK(bytes_text(3 << 20) == "3 MiB");
        CHECK(bytes_text(std::int64_t{3} << 30) == "3.0 GiB");
    }
}
