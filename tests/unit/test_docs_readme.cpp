// The README is held to the code. LLMGW_UPDATE_DOCS=1 rewrites its generated parts (./dev gen does that).
#include <cstdlib>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include <CLI/CLI.hpp>
#include <doctest/doctest.h>

#include "cli/app.hpp"
#include "cli/command.hpp"
#include "cli/completion_script.hpp"
#include "core/config/settings.hpp"
#include "core/store/db.hpp"
#include "core/store/migrations.hpp"
#include "providers/catalogue.hpp"

using namespace llmgw;

namespace {

const std::string source_dir = LLMGW_SOURCE_DIR;

bool updating() {
    return std::getenv("LLMGW_UPDATE_DOCS") != nullptr;
}

std::string read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

// Compares what stands between two markers, or writes it.
void hold(const std::string& name, const std::string& generated) {
    const std::string path = source_dir + "/README.md";
    const auto text = read(path);
    const std::string open = "<!-- " + name + " -->";
    const std::string close = "<!-- /" + name + " -->";
    const auto from = text.find(open) + open.size();
    const auto to = text.find(close);
    REQUIRE(from <= to);
    if (updating()) {
        std::ofstream(path, std::ios::binary) << text.substr(0, from) << generated << text.substr(to);
        return;
    }
    CHECK_MESSAGE(text.substr(from, to - from) == generated, "README.md is out of date: run ./dev gen");
}

std::string section(const std::string& name) {
    const auto text = read(source_dir + "/README.md");
    const auto from = text.find("<!-- " + name + " -->");
    return text.substr(from, text.find("<!-- /" + name + " -->") - from);
}

}  // namespace

TEST_CASE("README: the settings table is the code's") {
    std::string table = "\n| key | default | meaning |\n|---|---|---|\n";
    for (const auto& row : settings()) {
        table += "| `" + std::string(row.key) + "` | `" + std::string(row.initial) + "` | " + std::string(row.doc) +
                 (row.reloadable ? "" : "; takes effect at the next start") + " |\n";
    }
    for (const auto& row : provider_settings()) {
        table += "| `providers.NAME." + std::string(row.key) + "` | | " + std::string(row.doc) + " |\n";
    }
    for (const auto& row : route_settings()) {
        table += "| `routes.NAME." + std::string(row.key) + "` | | " + std::string(row.doc) + " |\n";
    }
    for (const auto& row : rule_settings()) {
        table += "| `rules." + std::string(row.key) + "` | | " + std::string(row.doc) + " |\n";
    }
    hold("settings", table);
}

TEST_CASE("README: the hosts are the catalogue's") {
    std::string list;
    for (const auto& entry : catalogue()) {
        list += (list.empty() ? "`" : ", `") + std::string(entry.name) + "`";
    }
    hold("hosts", list);
}

TEST_CASE("README: the schema's columns are the database's") {
    const auto text = section("schema");
    std::vector<std::string> documented;
    const std::regex cell("\\| `([a-z0-9_]+)` \\|");
    for (auto at = std::sregex_iterator(text.begin(), text.end(), cell); at != std::sregex_iterator(); ++at) {
        documented.push_back((*at)[1]);
    }
    std::vector<std::string> actual;
    auto database = Database::open(":memory:", Database::Mode::read_write, 0);
    REQUIRE(database.has_value());
    REQUIRE(migrate(*database).has_value());
    for (const std::string table : {"calls", "attempts"}) {
        auto statement = database->prepare("SELECT name FROM pragma_table_info('" + table + "')");
        REQUIRE(statement.has_value());
        bool shared_part = false;
        while (statement->step() == Statement::Step::row) {
            const std::string name(statement->text(0));
            // The README says once what both tables have from here on.
            shared_part = shared_part || (table == "attempts" && name == "input_tokens");
            if (!shared_part) { actual.push_back(name); }
        }
    }
    CHECK(documented == actual);
    documented.clear();
    const auto rollups = section("rollups");
    for (auto at = std::sregex_iterator(rollups.begin(), rollups.end(), cell); at != std::sregex_iterator(); ++at) {
        documented.push_back((*at)[1]);
    }
    actual.clear();
    auto statement = database->prepare("SELECT name FROM pragma_table_info('rollups')");
    REQUIRE(statement.has_value());
    while (statement->step() == Statement::Step::row) {
        actual.emplace_back(statement->text(0));
    }
    CHECK(documented == actual);
}

TEST_CASE("README: every command is shown, every one has help and an example") {
    const auto text = read(source_dir + "/README.md");
    for (const auto& command : commands()) {
        if (command.hidden) { continue; }
        CAPTURE(command.name);
        CHECK(text.find("llmgw " + std::string(command.name)) != std::string::npos);
        CHECK_FALSE(command.summary.empty());
        CHECK(command.example.find("llmgw " + std::string(command.name)) != std::string_view::npos);
    }
    Environment env;
    int code = 0;
    const auto app = build_app(env, code);
    for (const auto* sub : app->get_subcommands([](const CLI::App*) { return true; })) {
        for (const auto* option : sub->get_options()) {
            CAPTURE(sub->get_name() + " " + option->get_name());
            CHECK_FALSE(option->get_description().empty());
        }
    }
}

TEST_CASE("README: what it tells people to type exists") {
    Environment env;
    int code = 0;
    const auto app = build_app(env, code);
    const auto text = read(source_dir + "/README.md");
    const std::regex typed("llmgw ([a-z]+)((?: [^\\n#|)\"`]*)?)");
    std::size_t seen = 0;
    for (auto at = std::sregex_iterator(text.begin(), text.end(), typed); at != std::sregex_iterator(); ++at) {
        const auto name = (*at)[1].str();
        const auto subs = app->get_subcommands([&](const CLI::App* one) { return one->get_name() == name; });
        if (subs.empty()) { continue; }
        auto sub = subs.front();
        const auto inner = sub->get_subcommands(
            [&](const CLI::App* one) { return (*at)[2].str().starts_with(" " + one->get_name() + " "); });
        if (!inner.empty()) { sub = inner.front(); }
        const auto rest = (*at)[2].str();
        const std::regex option("--[a-z-]+");
        for (auto o = std::sregex_iterator(rest.begin(), rest.end(), option); o != std::sregex_iterator(); ++o) {
            CAPTURE(name + " " + o->str());
            CHECK(sub->get_option_no_throw(o->str()) != nullptr);
            ++seen;
        }
    }
    CHECK(seen >= 5);
}

TEST_CASE("Completions: the committed ones are those the command tree gives") {
    Environment env;
    int code = 0;
    const auto app = build_app(env, code);
    for (const std::string shell : {"bash", "zsh", "fish"}) {
        const auto path = source_dir + "/completions/" + (shell == "zsh" ? "_llmgw" : "llmgw." + shell);
        const auto script = completion_script(*app, shell);
        if (updating()) { std::ofstream(path, std::ios::binary) << script; }
        CHECK_MESSAGE(read(path) == script, path << " is out of date: run ./dev gen");
    }
}
