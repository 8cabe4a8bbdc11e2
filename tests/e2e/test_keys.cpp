// The keys commands against a real GNOME Keyring and a provider that knows its keys.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <regex>
#include <set>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "tests/e2e/keyring_session.hpp"
#include "tests/support/canned.hpp"
#include "tests/support/fake_upstream.hpp"

using namespace llmgw;
using namespace llmgw::testing;

TEST_SUITE_BEGIN("keys");

namespace {

namespace fs = std::filesystem;

const std::string first_key = "sk-ant-first-canary-5f2a81c4d7e9-aaaa";
const std::string mistyped_key = "sk-ant-mistyped-canary-7b1d93e0-bbbb";
const std::string second_key = "sk-ant-second-canary-c83e5f1a9b02-cccc";
const std::vector<std::string> all_keys{first_key, mistyped_key, second_key};

// Knows which keys are good, and repeats the others in its refusal as some providers do.
class KeyHost {
public:
    explicit KeyHost(std::set<std::string> good) : good_(std::move(good)) {
        upstream.handle([this](const RecordedRequest& request, UpstreamConnection& connection) {
            std::string key(find_header(request.headers, "x-api-key"));
            if (key.empty()) {
                key = find_header(request.headers, "authorization");
                key.erase(0, key.find(' ') + 1);
            }
            const bool open = request.target.starts_with("/open/") || request.target == "/listed/v1/models";
            if (!open && !is_good(key)) {
                connection.reply_json(401, R"({"type":"error","error":{"type":"authentication_error",)"
                                           R"("message":"invalid x-api-key"},"echo":")" +
                                               key + "\"}");
            } else if (request.method == "GET") {
                connection.reply_json(200, R"({"data":[],"has_more":false})");
            } else if (request.body == "{}") {
                connection.reply_json(400, R"({"type":"error","error":{"type":"invalid_request_error",)"
                                           R"("message":"model: field required"}})");
            } else {
                canned::answer(request, connection);
            }
        });
    }
    void set_good(std::set<std::string> keys) {
        const std::lock_guard lock(mutex_);
        good_ = std::move(keys);
    }
    std::string last_key() const {
        const auto last = upstream.last();
        return last == nullptr ? "" : std::string(find_header(last->headers, "x-api-key"));
    }

private:
    bool is_good(const std::string& key) {
        const std::lock_guard lock(mutex_);
        return good_.contains(key);
    }
    std::mutex mutex_;
    std::set<std::string> good_;

public:
    // The last member: its threads ask the others until it is gone.
    FakeUpstream upstream;
};

std::string config_for(const std::string& url, const std::string& more = "") {
    return "[server]\nrequire_key = false\n[features]\non_missing = \"untagged\"\n[providers.anthropic]\nbase_url = "
           "\"" +
           url + "\"\napi_key = \"keychain:anthropic\"\n" + more;
}

// A home whose every output is looked through for keys.
class Desk {
public:
    explicit Desk(const std::string& config) { home.write_config(config); }
    ~Desk() {
        for (const auto& key : all_keys) {
            CHECK(output_.find(key) == std::string::npos);
            CHECK(files_holding(home.path(), key, {}).empty());
        }
    }
    Desk(const Desk&) = delete;
    Desk& operator=(const Desk&) = delete;

    CliResult run(std::vector<std::string> arguments, const std::string& input = "", Variables more = {}) {
        arguments.insert(arguments.begin(), "keys");
        if (session) {
            for (auto& variable : session->environment()) {
                more.push_back(std::move(variable));
            }
        }
        auto result = run_cli(home, std::move(arguments), input, more);
        output_ += result.out + result.err;
        return result;
    }
    void open_session() { session = std::make_unique<KeyringSession>(home); }
    void look_through(const std::string& text) { output_ += text; }

    TestHome home;
    std::unique_ptr<KeyringSession> session;

private:
    std::string output_;
};

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

// The provider's line of a list or a test.
std::string line_of(const std::string& out, const std::string& provider) {
    const auto at = ("\n" + out).find("\n" + provider + " ");
    return at == std::string::npos ? "" : out.substr(at, out.find('\n', at) - at);
}

constexpr const char* choices =
    "Without a keychain a key can come from ANTHROPIC_API_KEY or the like, where api_key is not set, or from api_key = "
    "\"env:NAME\", \"file:PATH\" (mode 0600) or \"cmd:COMMAND\".";

}  // namespace

TEST_CASE("A key's life: set, listed, tested, rotated, removed, and a running gateway follows") {
    KeyHost host({first_key});
    Desk desk(config_for(host.upstream.url()));
    const auto url = host.upstream.url();
    desk.open_session();

    auto result = desk.run({"set", "anthropic"}, first_key + "\n");
    CHECK(result.exit == 0);
    CHECK(result.out == "");
    CHECK(result.err == "anthropic: key …aaaa is in the keychain, for " + url +
                            " only\nto see whether the provider takes it: llmgw keys test anthropic\n");
    CHECK(has(desk.run({"list"}).out, "anthropic  keychain  …aaaa  " + url + "\n"));
    result = desk.run({"test", "anthropic"});
    CHECK(result.exit == 0);
    CHECK(std::regex_match(result.out, std::regex("anthropic  ok        …aaaa  \\d+ ms  " + url + "\n")));

    Gateway gateway(desk.home, {.config = config_for(url), .environment = desk.session->environment(), .wrapper = {}});
    const auto& wire = canned::wires()[0];
    CHECK(gateway.post(wire.target, wire.body).status == 200);
    CHECK(host.last_key() == first_key);

    // The new key is a wrong one.
    result = desk.run({"rotate", "anthropic"}, mistyped_key + "\n");
    CHECK(result.exit == 4);
    CHECK(result.err ==
          "llmgw: the new key …bbbb was not stored, the old one stays: " + url + " answered 401: invalid x-api-key\n");
    CHECK(has(line_of(desk.run({"list"}).out, "anthropic"), "…aaaa"));

    // The provider cannot be asked.
    host.upstream.handle([](const RecordedRequest&, UpstreamConnection& connection) { connection.reset(); });
    result = desk.run({"rotate", "anthropic"}, second_key + "\n");
    CHECK(result.exit == 6);
    CHECK(has(result.err, "the new key …cccc was not stored, the old one stays: "));
    CHECK(has(result.err, "; --no-test stores it without asking the provider\n"));
    result = desk.run({"test"});
    CHECK(result.exit == 6);
    CHECK(has(line_of(result.out, "anthropic"), "failed    …aaaa"));
    host.upstream.handle(&canned::answer);
    CHECK(has(line_of(desk.run({"list"}).out, "anthropic"), "…aaaa"));
    desk.look_through(gateway.process().err());
}

TEST_CASE("After a rotation the running gateway uses the new key from its next call on") {
    KeyHost host({first_key, second_key});
    Desk desk(config_for(host.upstream.url()));
    desk.open_session();
    CHECK(desk.run({"set", "anthropic"}, first_key + "\n").exit == 0);
    Gateway gateway(
        desk.home,
        {.config = config_for(host.upstream.url()), .environment = desk.session->environment(), .wrapper = {}});
    const auto& wire = canned::wires()[0];
    CHECK(gateway.post(wire.target, wire.body).status == 200);
    CHECK(host.last_key() == first_key);
    CHECK(std::regex_search(read_file("/proc/" + std::to_string(gateway.process().pid()) + "/limits"),
                            std::regex("Max core file size +0 +0 ")));
    const auto noticed = [&](std::size_t from) { return gateway.process().wait_err("keys were changed", from); };

    // Both keys are good: only being told makes the gateway read the new one.
    auto from = gateway.process().err().size();
    const auto result = desk.run({"rotate", "anthropic"}, second_key + "\n");
    CHECK(result.exit == 0);
    CHECK(std::regex_match(
        result.err,
        std::regex("anthropic: new key …cccc \\(works, \\d+ ms\\) is in the keychain, for " + host.upstream.url() +
                   " only; the old one was …aaaa\nA running gateway uses it from its next call on\\. Revoke the old "
                   "one at the provider\\.\n")));
    CHECK(noticed(from));
    CHECK(gateway.post(wire.target, wire.body).status == 200);
    CHECK(host.last_key() == second_key);

    from = gateway.process().err().size();
    CHECK(desk.run({"remove", "anthropic"}).exit == 0);
    CHECK(noticed(from));
    const auto count = host.upstream.request_count();
    const auto refused = gateway.post(wire.target, wire.body);
    CHECK(refused.status == 403);
    CHECK(has(refused.body, "the keychain has no key named"));
    CHECK(host.upstream.request_count() == count);

    from = gateway.process().err().size();
    CHECK(desk.run({"set", "anthropic"}, first_key + "\n").exit == 0);
    CHECK(noticed(from));
    CHECK(gateway.post(wire.target, wire.body).status == 200);
    CHECK(host.last_key() == first_key);
    desk.look_through(gateway.process().out() + gateway.process().err());
}

TEST_CASE("A key that was revoked without anybody telling the gateway is read again at the next call") {
    KeyHost host({first_key});
    Desk desk(config_for(host.upstream.url()));
    desk.open_session();
    CHECK(desk.run({"set", "anthropic"}, first_key + "\n").exit == 0);
    Gateway gateway(
        desk.home,
        {.config = config_for(host.upstream.url()), .environment = desk.session->environment(), .wrapper = {}});
    const auto& wire = canned::wires()[0];
    CHECK(gateway.post(wire.target, wire.body).status == 200);
    // Another home's command cannot touch this one's stamp file: the keychain is the user's, the gateway another's.
    host.set_good({second_key});
    const auto other = desk.home.path() + "/other-data";
    auto variables = desk.home.environment();
    std::erase_if(variables, [](const auto& variable) { return variable.first == "XDG_DATA_HOME"; });
    variables.emplace_back("XDG_DATA_HOME", other);
    variables.push_back(desk.session->environment().front());
    ChildProcess rotate({gateway_binary(), "keys", "rotate", "anthropic"}, variables, second_key + "\n");
    CHECK(rotate.wait() == 0);
    CHECK(gateway.post(wire.target, wire.body).status == 403);
    CHECK(gateway.post(wire.target, wire.body).status == 200);
    CHECK(host.last_key() == second_key);
}

TEST_CASE("keys test: one line for each provider that has a key, and the exit code of the worst") {
    KeyHost host({first_key});
    const auto url = host.upstream.url();
    const auto closed = listen_loopback();  // nobody accepts there
    Desk desk("[providers.good]\ntype = \"anthropic\"\nbase_url = \"" + url +
              "\"\napi_key = \"env:GOOD\"\n"
              "[providers.listed]\ntype = \"openai\"\nbase_url = \"" +
              url +
              "/listed/v1\"\napi_key = \"env:GOOD\"\n"
              "[providers.wrong]\ntype = \"openai\"\nbase_url = \"" +
              url +
              "/v1\"\napi_key = \"env:WRONG\"\n"
              "[providers.any]\ntype = \"openai\"\nbase_url = \"" +
              url +
              "/open/v1\"\napi_key = \"env:GOOD\"\n"
              "[providers.missing]\ntype = \"openai\"\nbase_url = \"" +
              url +
              "/v1\"\napi_key = \"env:NOT_SET\"\n"
              "[providers.silent]\ntype = \"openai\"\nbase_url = \"http://127.0.0.1:" +
              std::to_string(closed.port) +
              "/v1\"\napi_key = \"env:GOOD\"\n"
              "[providers.nokey]\ntype = \"openai\"\nbase_url = \"" +
              url +
              "/v1\"\napi_key = \"none\"\n"
              "[providers.several]\ntype = \"openai\"\nbase_url = \"" +
              url +
              "/v1\"\napi_keys = [\"env:GOOD\", \"env:WRONG\"]\n"
              "[providers.theirs]\ntype = \"anthropic\"\nbase_url = \"" +
              url + "\"\napi_key = \"passthrough\"\n");
    const Variables keys{{"GOOD", first_key}, {"WRONG", mistyped_key}};

    const auto all = desk.run({"test", "--timeout", "2"}, "", keys);
    CHECK(all.exit == 4);
    CHECK(has(line_of(all.out, "good"), "ok        …aaaa"));
    CHECK(has(line_of(all.out, "listed"), "ok        …aaaa"));
    CHECK(has(line_of(all.out, "wrong"), "bad key   …bbbb  " + url + " answered 401: "));
    CHECK(has(line_of(all.out, "wrong"), "; put another into WRONG"));
    CHECK(has(line_of(all.out, "any"), "unproven  …aaaa  " + url + " answers a made-up key in the same way"));
    CHECK(has(line_of(all.out, "missing"), "no key           the environment variable NOT_SET is not set"));
    CHECK(has(line_of(all.out, "silent"),
              "failed    …aaaa  http://127.0.0.1:" + std::to_string(closed.port) + " did not answer within 2 s"));
    CHECK(std::count(all.out.begin(), all.out.end(), '\n') == 8);
    // Nobody wants anything from the keychain that cannot be reached.
    CHECK(all.err == "");
    CHECK(desk.run({"list"}, "", keys).err == "");

    CHECK(desk.run({"test", "good"}, "", keys).exit == 0);
    CHECK(desk.run({"test", "listed"}, "", keys).exit == 0);
    CHECK(desk.run({"test", "wrong"}, "", keys).exit == 4);
    CHECK(desk.run({"test", "missing"}, "", keys).exit == 4);
    CHECK(desk.run({"test", "silent", "--timeout", "1"}, "", keys).exit == 6);
    CHECK(desk.run({"test", "any"}, "", keys).exit == 1);
    const auto both = desk.run({"test", "several"}, "", keys);
    CHECK(both.exit == 4);
    CHECK(std::count(both.out.begin(), both.out.end(), '\n') == 2);
    CHECK(has(both.out, "several  ok        …aaaa"));
    CHECK(has(both.out, "several  bad key   …bbbb"));
    auto none = desk.run({"test", "nokey"}, "", keys);
    CHECK(none.exit == 4);
    CHECK(none.err == "llmgw: nokey is called without a key; there is none to test\n");
    none = desk.run({"test", "theirs"}, "", keys);
    CHECK(none.exit == 4);
    CHECK(none.err == "llmgw: theirs is called with the client's own key; there is none here to test\n");

    const auto json = desk.run({"test", "wrong", "--json"}, "", keys);
    CHECK(json.exit == 4);
    const auto row = nlohmann::json::parse(json.out).at("keys").at(0);
    CHECK(row.at("provider") == "wrong");
    CHECK(row.at("source") == "env WRONG");
    CHECK(row.at("last") == "…bbbb");
    CHECK(row.at("origin") == url);
    CHECK(row.at("result") == "bad_key");
    CHECK(row.at("latency_ms").is_null());
    CHECK(has(row.at("message").get<std::string>(), "answered 401"));
    // No key travels in a URL, and each goes to the provider it is for.
    for (const auto& request : host.upstream.requests()) {
        CHECK_FALSE(has(request->target, "canary"));
        const bool wrong = has(request->head, mistyped_key);
        CHECK((!wrong || request->target == "/v1/models"));
    }
}

TEST_CASE("Without any key there is nothing to test, and that is said") {
    Desk desk("");
    const auto result = desk.run({"test"});
    CHECK(result.exit == 4);
    CHECK(result.out == "");
    CHECK(has(result.err, "llmgw: no provider has a key; a first one: export ANTHROPIC_API_KEY=...\n"));
    CHECK(has(result.err, "there is no D-Bus session bus"));
    CHECK(has(desk.run({"list"}).err, "there is no D-Bus session bus"));
    CHECK(desk.run({"list"}, "", {{"OPENAI_API_KEY", first_key}}).err == "");
    const auto named = desk.run({"test", "openai"});
    CHECK(named.exit == 4);
    CHECK(has(named.out, "openai  no key           no key for openai: store one with \"llmgw keys set openai\""));
}

TEST_CASE("llmgw's own client key, where `llmgw env` puts it, is sent to no provider, and to another llmgw only") {
    // Whatever would go to the internet comes to this proxy.
    FakeUpstream proxy;
    proxy.handle([](const RecordedRequest&, UpstreamConnection& connection) { connection.reply_json(502, "{}"); });
    FakeUpstream second;
    second.handle(&canned::answer);
    Desk desk("[providers.second]\ntype = \"openai\"\nbase_url = \"" + second.url() +
              "/v1\"\napi_key = \"env:GEMINI_API_KEY\"\n[providers.deepseek]\napi_key = \"env:OPENAI_API_KEY\"\n");
    const std::string own = "llmgw-Zx81ownClientKeyDoNotSend0123456789abcdefghij";
    const Variables shell{{"GEMINI_API_KEY", own}, {"OPENAI_API_KEY", own},      {"ANTHROPIC_API_KEY", own},
                          {"GROQ_API_KEY", own},   {"HTTPS_PROXY", proxy.url()}, {"NO_PROXY", "127.0.0.1"},
                          {"LLMGW_FEATURE", "e2e"}};
    const auto run = [&](std::vector<std::string> arguments) {
        auto result = run_cli(desk.home, std::move(arguments), {}, shell);
        CHECK_FALSE(result.out.contains(own));
        CHECK_FALSE(result.err.contains(own));
        return result;
    };
    constexpr const char* instead = "GEMINI_API_KEY holds llmgw's own client key, not a key of gemini's";
    for (const auto* model : {"gemini/gemini-2.5-flash", "openai/gpt-5", "anthropic/claude-haiku-4-5"}) {
        const auto asked = run({"ask", "-m", model, "hello"});
        CHECK(asked.exit != 0);
        CHECK(asked.err.contains("holds llmgw's own client key, not a key of "));
    }
    const auto doctor = run({"doctor", "--online"});
    CHECK(doctor.out.contains("note     gemini"));
    CHECK(has(doctor.out, instead));
    CHECK(has(doctor.out, "problem  deepseek"));
    CHECK(has(doctor.out, "the environment variable OPENAI_API_KEY holds llmgw's own client key"));
    CHECK_FALSE(has(doctor.out, "groq"));
    const auto list = run({"keys", "list"});
    CHECK(has(line_of(list.out, "gemini"), "none"));
    CHECK(has(line_of(list.out, "gemini"), instead));
    CHECK(has(run({"keys", "test", "gemini"}).out, instead));
    CHECK(run({"keys", "test"}).exit != 0);
    CHECK(run_cli(desk.home, {"keys", "set", "gemini"}, own + "\n").err ==
          "llmgw: that is llmgw's own client key, not a key of gemini's; nothing was stored\n");
    CHECK(proxy.request_count() == 0);

    // Another llmgw is asked with the key that was named for it.
    CHECK(run({"ask", "-m", "second/gpt-5", "hello"}).exit == 0);
    REQUIRE(second.last() != nullptr);
    CHECK(find_header(second.last()->headers, "authorization") == "Bearer " + own);
}

TEST_CASE("T24: without a D-Bus session every command names the reason and the choices, and writes nothing") {
    Desk desk(config_for("http://127.0.0.1:1"));
    const std::string reason =
        "the keychain cannot be reached: there is no D-Bus session bus (DBUS_SESSION_BUS_ADDRESS is not set and "
        "$XDG_RUNTIME_DIR/bus does not exist). ";
    struct Row {
        std::vector<std::string> arguments;
        int exit;
    };
    for (const auto& [arguments, exit] : std::vector<Row>{{{"set", "anthropic"}, 4},
                                                          {{"rotate", "anthropic"}, 4},
                                                          {{"remove", "anthropic"}, 4},
                                                          {{"list"}, 0},
                                                          {{"test", "anthropic"}, 4},
                                                          {{"test"}, 4}}) {
        CAPTURE(arguments[0]);
        const auto result = desk.run(arguments, first_key + "\n");
        CHECK(result.exit == exit);
        CHECK(has(result.out + result.err, reason + choices));
    }
    std::vector<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(desk.home.path())) {
        if (entry.is_regular_file()) { files.push_back(entry.path().string()); }
    }
    CHECK(files == std::vector{desk.home.config_file()});
}

TEST_CASE("T24: a locked keyring is called locked, at once") {
    KeyHost host({first_key, second_key});
    Desk desk(config_for(host.upstream.url()));
    desk.open_session();
    CHECK(desk.run({"set", "anthropic"}, first_key + "\n").exit == 0);
    desk.session->lock();
    const auto start = std::chrono::steady_clock::now();
    struct Row {
        std::vector<std::string> arguments;
        int exit;
        const char* message;
    };
    for (const auto& [arguments, exit, message] :
         std::vector<Row>{{{"set", "anthropic"}, 4, "the key was not stored: the keychain refused: "},
                          {{"rotate", "anthropic"}, 4, "the keychain refused: the keyring is locked"},
                          {{"remove", "anthropic"}, 4, "the keychain refused: "},
                          {{"list"}, 0, "the keychain refused: the keyring is locked"},
                          {{"test", "anthropic"}, 4, "the keychain refused: the keyring is locked"},
                          {{"test"}, 4, "the keychain refused: the keyring is locked"},
                          {{"test", "openai"}, 4, "no key for openai: store one with"}}) {
        CAPTURE(arguments[0]);
        const auto result = desk.run(arguments, second_key + "\n");
        CAPTURE(result.err);
        CHECK(result.exit == exit);
        CHECK(has(result.out + result.err, message));
        CHECK(has(result.out + result.err, choices));
    }
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(60));
    CHECK(host.upstream.request_count() == 0);
}

TEST_CASE("A keyring that hangs is given up after the time limit, and is unharmed") {
    KeyHost host({first_key, second_key});
    Desk desk(config_for(host.upstream.url(), "[providers.other]\ntype = \"anthropic\"\nbase_url = \"" +
                                                  host.upstream.url() + "\"\napi_key = \"env:OTHER\"\n"));
    desk.open_session();
    CHECK(desk.run({"set", "anthropic"}, first_key + "\n").exit == 0);
    desk.session->hang();
    const std::string message =
        "the keychain did not answer within 1 s; it may be locked and waiting for a password "
        "on another screen. ";
    for (const std::string command : {"set", "rotate", "remove", "list", "test"}) {
        CAPTURE(command);
        std::vector<std::string> arguments{command, "--timeout", "1"};
        if (command != "list") { arguments.emplace_back("anthropic"); }
        const auto result = desk.run(arguments, second_key + "\n");
        CHECK(result.exit == (command == "list" ? 0 : 4));
        CHECK(has(result.out + result.err, message + choices));
    }
    // A provider whose key is elsewhere is tested all the same.
    const auto all = desk.run({"test", "--timeout", "1"}, "", {{"OTHER", second_key}});
    CHECK(has(line_of(all.out, "other"), "ok        …cccc"));
    CHECK(all.exit == 4);
    desk.session->go_on();
    CHECK(has(line_of(desk.run({"list"}).out, "anthropic"), "keychain"));
    CHECK(desk.run({"test", "anthropic"}).exit == 0);
}

TEST_CASE("A key in another place is rotated there, and nobody is asked for one") {
    const auto provider = [](const std::string& name, const std::string& reference) {
        return "[providers." + name + "]\ntype = \"openai\"\nbase_url = \"http://127.0.0.1:1/v1\"\napi_key = \"" +
               reference + "\"\n";
    };
    Desk desk(provider("var", "env:SOME_KEY") + provider("filed", "file:~/some.key") +
              provider("told", "cmd:cat ~/some.key") + provider("theirs", "passthrough") + provider("open", "none"));
    const std::vector<std::pair<std::string, std::string>> rows{
        {"var", "var's key comes from the environment variable SOME_KEY; change it where that is set"},
        {"filed", "filed's key is in the file ~/some.key; write the new one there (mode 0600)"},
        {"told", "told's key comes from a command; change it where \"cat ~/some.key\" reads it"},
        {"theirs", "theirs is called with the client's own key"},
        {"open", "open is called without a key"}};
    for (const auto& [name, message] : rows) {
        // Standard input is at its end: reading it would be another error.
        const auto result = desk.run({"rotate", name});
        CHECK(result.exit == 4);
        CHECK(result.err == "llmgw: " + message + "\n");
    }
    desk.open_session();
    auto result = desk.run({"rotate", "openai"}, first_key + "\n");
    CHECK(result.exit == 4);
    CHECK(result.err == "llmgw: there is no key of openai to rotate; store one with: llmgw keys set openai\n");
    result = desk.run({"rotate", "openai"}, first_key + "\n", {{"OPENAI_API_KEY", second_key}});
    CHECK(result.exit == 4);
    CHECK(has(result.err, "comes from the environment variable OPENAI_API_KEY; change it where that is set"));
}

TEST_CASE("A key file that others may read is refused by every command that would use it") {
    KeyHost host({first_key});
    Desk desk("[providers.filed]\ntype = \"anthropic\"\nbase_url = \"" + host.upstream.url() +
              "\"\napi_key = \"file:~/some.key\"\n");
    const auto path = desk.home.path() + "/some.key";
    std::ofstream(path) << first_key << "\n";
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write | fs::perms::others_read);
    const std::string message = "others may read the key file " + path + " (mode 0604); run: chmod 600 " + path;
    auto result = desk.run({"test", "filed"});
    CHECK(result.exit == 4);
    CHECK(has(result.out, message));
    CHECK(has(desk.run({"list"}).out, message));
    CHECK(host.upstream.request_count() == 0);
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
    CHECK(desk.run({"test", "filed"}).exit == 0);
    fs::remove(path);
}

TEST_CASE("rotate: the same key, no key, an example, and --no-test") {
    KeyHost host({first_key});
    Desk desk(config_for(host.upstream.url()));
    desk.open_session();
    CHECK(desk.run({"set", "anthropic"}, first_key + "\n").exit == 0);
    struct Row {
        std::string input;
        int exit;
        const char* message;
    };
    for (const auto& [input, exit, message] :
         std::vector<Row>{{first_key + "\n", 4, "llmgw: anthropic's key is …aaaa already; nothing was changed\n"},
                          {"", 4, "llmgw: no key was given\n"},
                          {"\n", 4, "llmgw: no key was given\n"},
                          {"sk-ant-...\n", 4, "llmgw: that is an example value, not a key; nothing was stored\n"},
                          {"two words\n", 4, "llmgw: a key has no spaces or control characters; nothing was stored\n"},
                          {std::string(70'000, 'x') + "\n", 4, "llmgw: the input is too long to be a key\n"}}) {
        const auto result = desk.run({"rotate", "anthropic"}, input.substr(0, 66'000));
        CHECK(result.exit == exit);
        CHECK(result.err == message);
    }
    CHECK(host.upstream.request_count() == 0);
    // Nobody is asked, so a key that the provider does not know is stored.
    const auto result = desk.run({"rotate", "anthropic", "--no-test"}, mistyped_key + "\n");
    CHECK(result.exit == 0);
    CHECK(has(result.err, "anthropic: new key …bbbb (not tested) is in the keychain"));
    CHECK(host.upstream.request_count() == 0);
    CHECK(has(line_of(desk.run({"list"}).out, "anthropic"), "…bbbb"));
}

TEST_CASE("set: what cannot be a key is refused and changes nothing, and a key that is replaced is named") {
    Desk desk(config_for("http://127.0.0.1:1"));
    desk.open_session();
    CHECK(desk.run({"set", "anthropic"}, first_key + "\n").exit == 0);
    const std::string nothing = "; nothing was stored\n";
    for (const auto& [input, message] : std::vector<std::pair<std::string, std::string>>{
             {second_key + "\n" + mistyped_key + "\n",
              "the input has more than one line, and a key is one line" + nothing},
             {"\n" + second_key + "\n\n" + mistyped_key,
              "the input has more than one line, and a key is one line" + nothing},
             {"ANTHROPIC_API_KEY=" + second_key + "\n",
              "that is NAME=VALUE, a line of a settings file; give the value alone" + nothing},
             {"export KEY='" + second_key + "'\n",
              "that is NAME=VALUE, a line of a settings file; give the value alone" + nothing},
             {"\"" + second_key + "\"\n", "there are quotes around it; give the key without them" + nothing},
             {"\u201c" + second_key + "\u201d\n", "there are quotes around it; give the key without them" + nothing},
             {"sk-\u00e4-0123456789\n", "a key has plain letters, digits and signs only (ASCII)" + nothing},
             {"x\n", "that is too short to be a key" + nothing},
             {"", "no key was given\n"},
             {"\n", "no key was given\n"},
             {" \n\n", "no key was given\n"}}) {
        const auto result = desk.run({"set", "anthropic"}, input);
        CAPTURE(message);
        CHECK(result.exit == 4);
        CHECK(result.err == "llmgw: " + message);
        CHECK(has(line_of(desk.run({"list"}).out, "anthropic"), "…aaaa"));
    }
    // Lines without anything in them are none, and base64 ends in what an assignment has in its middle.
    CHECK(has(desk.run({"set", "anthropic"}, "\n  " + second_key + "\r\n\n").err,
              "key …cccc is in the keychain, for http://127.0.0.1:1 only; the old key …aaaa was replaced\n"));
    CHECK(desk.run({"set", "anthropic"}, "QUJTSy1iZWRyb2NrLWtleS0xMjM0NTY3ODkw==\n").exit == 0);
}

TEST_CASE("A provider that uses another entry: set, test, rotate and remove mean that entry") {
    KeyHost host({first_key, second_key});
    Desk desk("[providers.work]\ntype = \"anthropic\"\nbase_url = \"" + host.upstream.url() +
              "\"\napi_key = \"keychain:team\"\n");
    desk.open_session();
    CHECK(has(desk.run({"test", "work"}).out,
              "the keychain has no key named \"team\"; store one with: llmgw keys set team"));
    CHECK(has(desk.run({"set", "team"}, first_key + "\n").err, "team: key …aaaa is in the keychain"));
    CHECK(desk.run({"test", "work"}).exit == 0);
    CHECK(has(desk.run({"rotate", "work"}, second_key + "\n").err, "team: new key …cccc (works"));
    CHECK(has(desk.run({"list"}).out, "work       keychain"));
    CHECK(desk.run({"remove", "work"}).err == "team: removed from the keychain\n");
    const auto gone = desk.run({"remove", "work"});
    CHECK(gone.exit == 4);
    CHECK(gone.err == "llmgw: the keychain has no key named \"team\"\n");
}

TEST_CASE("The key is in no process's arguments or environment while it is stored") {
    // Not one of the others, which tests running beside this one put into environments.
    const std::string key = "sk-ant-argv-canary-" + std::to_string(::getpid()) + "-dddd";
    Desk desk(config_for("http://127.0.0.1:1"));
    desk.open_session();
    desk.session->hang();
    auto variables = desk.home.environment();
    variables.push_back(desk.session->environment().front());
    ChildProcess set({gateway_binary(), "keys", "set", "anthropic"}, variables, key + "\n");
    // Its helper is there once it waits for the keyring.
    int helpers = 0;
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (helpers == 0 && std::chrono::steady_clock::now() < deadline) {
        for (const auto& process : fs::directory_iterator("/proc")) {
            const auto name = process.path().filename().string();
            if (name.find_first_not_of("0123456789") != std::string::npos) { continue; }
            const auto command = read_file(process.path().string() + "/cmdline");
            const auto environment = read_file(process.path().string() + "/environ");
            CHECK(command.find(key) == std::string::npos);
            CHECK(environment.find(key) == std::string::npos);
            const auto status = read_file(process.path().string() + "/status");
            helpers += has(command, "internal-keychain") && has(status, "PPid:\t" + std::to_string(set.pid()) + "\n");
        }
    }
    CHECK(helpers == 1);
    desk.session->go_on();
    CHECK(set.wait() == 0);
    CHECK_FALSE(has(set.out() + set.err(), key));
    CHECK(files_holding(desk.home.path(), key, {}).empty());
}

TEST_CASE("keys: wrong usage, from a fresh home") {
    Desk desk("");
    struct Row {
        std::vector<std::string> arguments;
        int exit;
        const char* message;
    };
    for (const auto& [arguments, exit, message] : std::vector<Row>{
             {{}, 2, "Usage: llmgw keys [OPTIONS] SUBCOMMAND\n"},
             {{"frob"}, 2, "llmgw: no command \"frob\"; there are set, list, test, rotate or remove\n"},
             {{"lst"}, 2, "llmgw: no command \"lst\"; did you mean \"list\"?\n"},
             {{first_key}, 2, "llmgw: that is no command\n"},
             {{"set"}, 2, "llmgw: PROVIDER is required\n\"llmgw keys set --help\" tells more.\n"},
             {{"rotate"}, 2, "PROVIDER is required"},
             {{"remove"}, 2, "PROVIDER is required"},
             {{"set", "antropic"}, 2, "llmgw: there is no provider \"antropic\"; did you mean \"anthropic\"?\n"},
             {{"test", "antropic"}, 2, "llmgw: there is no provider \"antropic\"; did you mean \"anthropic\"?\n"},
             {{"rotate", "zzzz"}, 2, "llmgw: there is no provider \"zzzz\"; known are anthropic, openai, gemini, "},
             {{"set", "anthropic", first_key}, 2, "llmgw: a key does not go on the command line, where "},
             {{"rotate", "anthropic", first_key}, 2, "llmgw: a key does not go on the command line, where "},
             {{"set", first_key}, 2, "llmgw: a key does not go on the command line, where "},
             {{"test", first_key}, 2, "llmgw: a key does not go on the command line, where "},
             {{"set", "anthropic", "--json"}, 2, "--json"},
             {{"set", "anthropic", "--no-test"}, 2, "--no-test"},
             {{"test", "--timeout", "0"}, 2, "--timeout"},
             {{"test", "--timeout", "601"}, 2, "--timeout"},
             {{"test", "--timeout", "soon"}, 2, "--timeout"},
             {{"list", "--timeout"}, 2, "--timeout"},
             {{"list", "--config", "/nonexistent.toml"}, 3, "/nonexistent.toml"},
             {{"test", "--config", "/nonexistent.toml"}, 3, "/nonexistent.toml"},
             {{"rotate", "anthropic", "--config", "/nonexistent.toml"}, 3, "/nonexistent.toml"},
             {{"set", "anthropic", "--config", "/nonexistent.toml"}, 3, "/nonexistent.toml"}}) {
        CAPTURE(arguments);
        const auto result = desk.run(arguments);
        CAPTURE(result.err);
        CHECK(result.exit == exit);
        CHECK(result.out == "");
        CHECK(has(result.err, message));
    }
    for (const std::string command : {"set", "list", "test", "rotate", "remove"}) {
        const auto help = desk.run({command, "--help"});
        CHECK(help.exit == 0);
        CHECK(has(help.out, "Example:\n  llmgw keys " + command));
    }
}

TEST_CASE("README: the keys example is what happens") {
    const auto readme = read_file(std::string(LLMGW_SOURCE_DIR) + "/README.md");
    const auto from = readme.find("<!-- keys:");
    const auto to = readme.find("<!-- /keys -->");
    REQUIRE(from < to);
    const auto block = readme.find("```console\n", from) + 11;
    REQUIRE(block < to);
    const auto example = readme.substr(block, readme.find("```\n", block) - block);

    KeyHost host({first_key, second_key});
    Desk desk("[providers.anthropic]\nbase_url = \"" + host.upstream.url() + "\"\napi_key = \"keychain:anthropic\"\n");
    desk.open_session();
    // The keys are beside the home, which no key may be left in.
    const TestHome files;
    const auto keep = [&](const std::string& name, const std::string& key) {
        std::ofstream(files.path() + "/" + name) << key << "\n";
    };
    keep("first.key", first_key);
    keep("mistyped.key", mistyped_key);
    keep("second.key", second_key);
    auto variables = desk.home.environment();
    variables.push_back(desk.session->environment().front());
    std::string script = "llmgw() { '" + gateway_binary() + "' \"$@\" 2>&1; }\ncd '" + files.path() + "'\n";
    for (std::size_t at = 0; at < example.size();) {
        const auto end = example.find('\n', at);
        const auto line = example.substr(at, end - at);
        if (line.starts_with("$ ")) { script += "echo '" + line + "'\n" + line.substr(2) + "\n"; }
        at = end + 1;
    }
    ChildProcess shell({"/bin/sh", "-c", script}, variables);
    REQUIRE(shell.wait().has_value());
    auto seen = shell.out();
    desk.look_through(seen);
    for (auto at = seen.find(host.upstream.url()); at != std::string::npos; at = seen.find(host.upstream.url(), at)) {
        seen.replace(at, host.upstream.url().size(), "https://api.anthropic.com");
    }
    const std::regex milliseconds("[0-9]+ ms");
    CHECK(std::regex_replace(seen, milliseconds, "N ms") == std::regex_replace(example, milliseconds, "N ms"));
}

TEST_SUITE_END();
