// llmgw config init|check|show|path
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "cli/commands/all.hpp"
#include "cli/setup.hpp"
#include "core/config/settings.hpp"
#include "providers/prices/user_table.hpp"

namespace llmgw {
namespace {

struct Options {
    std::string file;
    bool json = false;
};

int init(const Environment& env, const Options& options) {
    const std::string path = options.file.empty() ? env.config_path : options.file;
    std::error_code error;
    const auto folder = std::filesystem::path(path).parent_path();
    if (!folder.empty()) { std::filesystem::create_directories(folder, error); }
    if (error) { return report_error({ErrorKind::io, "cannot make " + folder.string() + ": " + error.message()}); }
    // O_EXCL: a file that is there is somebody's work, whatever is in it.
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST) {
        return report_error(
            {ErrorKind::config, path + " exists and is left as it is; \"llmgw config check\" reads it"});
    }
    if (fd < 0) { return report_error({ErrorKind::io, "cannot write " + path + ": " + std::strerror(errno)}); }
    const auto text = example_config();
    const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    if (::close(fd) != 0 || !written) { return report_error({ErrorKind::io, "cannot write all of " + path}); }
    std::printf("%s\n", path.c_str());
    return exit_code::done;
}

int check(const Environment& env, const Options& options) {
    const auto setup = load_setup(env, options.file);
    if (!setup) { return report_error(setup.error()); }
    // Without its prices nothing starts.
    if (const auto prices = PriceTable::load(setup->config.prices.file); !prices) {
        return report_error(prices.error());
    }
    print_warnings(*setup);
    if (setup->config.path.empty()) {
        std::fprintf(stderr, "llmgw: there is no file at %s; the defaults hold\n", env.config_path.c_str());
    } else {
        std::printf("%s: ok, %zu provider%s\n", setup->config.path.c_str(), setup->providers.size(),
                    setup->providers.size() == 1 ? "" : "s");
    }
    return exit_code::done;
}

nlohmann::ordered_json as_json(const Setup& setup) {
    using json = nlohmann::ordered_json;
    json out = json::object();
    out["path"] = setup.config.path.empty() ? json(nullptr) : json(setup.config.path);
    for (const auto& row : settings()) {
        const auto dot = row.key.find('.');
        // Strings, booleans, integers and lists of strings look the same in TOML and JSON.
        out[std::string(row.key.substr(0, dot))][std::string(row.key.substr(dot + 1))] =
            json::parse(show_value(row, setup.config));
    }
    out["providers"] = json::array();
    for (const auto& provider : setup.providers) {
        json dialects = json::array();
        for (const auto id : provider.dialects) {
            dialects.push_back(to_string(id));
        }
        out["providers"].push_back({{"name", provider.name},
                                    {"type", provider.type},
                                    {"base_url", provider.base_url},
                                    {"api_key", provider.api_key},
                                    {"dialects", dialects},
                                    {"models", provider.models}});
    }
    return out;
}

int show(const Environment& env, const Options& options) {
    const auto setup = load_setup(env, options.file);
    if (!setup) { return report_error(setup.error()); }
    print_warnings(*setup);
    if (options.json) {
        std::printf("%s\n", as_json(*setup).dump(2).c_str());
        return exit_code::done;
    }
    std::printf("%s", show_config(setup->config).c_str());
    return exit_code::done;
}

int path(const Environment& env) {
    std::printf("%s\n", env.config_path.c_str());
    return exit_code::done;
}

}  // namespace

std::function<int()> define_config(CLI::App& app, const Environment& env) {
    auto options = std::make_shared<Options>();
    app.require_subcommand(1);
    auto* init_app = app.add_subcommand("init", "Write an example file where none is, and print its path");
    init_app->add_option("FILE", options->file, "Where to write it, instead of the usual place");
    auto* check_app = app.add_subcommand("check", "Read the file and tell everything that is wrong with it");
    check_app->add_option("FILE", options->file, "A file to check, instead of the usual one");
    auto* show_app = app.add_subcommand("show", "Print the values in effect, without secrets");
    show_app->add_option("--config", options->file, "Another configuration file");
    show_app->add_flag("--json", options->json, "Print JSON");
    auto* path_app = app.add_subcommand("path", "Print where the file is, or would be");
    // Without one of its own each would show that of its parent.
    init_app->footer("Example:\n  llmgw config init");
    check_app->footer("Example:\n  llmgw config check\n  llmgw config check ./llmgw.toml");
    show_app->footer("Example:\n  llmgw config show\n  llmgw config show --json");
    path_app->footer("Example:\n  ${EDITOR:-vi} \"$(llmgw config path)\"");
    return [options, &env, init_app, check_app, show_app, path_app] {
        if (init_app->parsed()) { return init(env, *options); }
        if (check_app->parsed()) { return check(env, *options); }
        if (show_app->parsed()) { return show(env, *options); }
        if (path_app->parsed()) { return path(env); }
        return exit_code::usage;
    };
}

}  // namespace llmgw
