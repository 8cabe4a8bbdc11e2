#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <optional>
#include <tuple>

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands/all.hpp"
#include "cli/keys/stamp.hpp"
#include "cli/runtime.hpp"
#include "cli/service.hpp"
#include "cli/start_options.hpp"
#include "core/config/listen.hpp"
#include "core/config/next_start.hpp"
#include "core/secrets/client_key.hpp"
#include "core/telemetry/log.hpp"
#include "core/util/file.hpp"
#include "providers/prices/user_table.hpp"

namespace llmgw {
namespace {

using std::chrono::ceil;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How often what is too old is looked for.
constexpr milliseconds housekeeping_every{60'000};

struct Options {
    std::string listen;
    std::string config;
};

// Signals as a file descriptor, so that they are waited for beside everything else.
int block_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
        sigaddset(&set, signal);
    }
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    return ::signalfd(-1, &set, SFD_CLOEXEC);
}

// A stream takes four descriptors; the usual soft limit of 1024 is meant for programs that use select().
void raise_open_files() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) { return; }
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    // Linux grows the table of descriptors when it is full, and makes every thread that opens one wait 10 to 20 ms for
    // it, once there are several threads. So it grows now.
    constexpr rlim_t table_size = 8192;
    const int last =
        ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, static_cast<int>(std::min(limit.rlim_cur, table_size)) - 1);
    if (last >= 0) { ::close(last); }
}

// Watches the configuration's directory: editors replace files rather than write into them.
int watch_directory(const std::string& file) {
    const int fd = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    const auto directory = std::filesystem::path(file).parent_path().string();
    // So that a file made later is noticed too.
    std::error_code ignored;
    if (!directory.empty()) { std::filesystem::create_directories(directory, ignored); }
    ::inotify_add_watch(fd, directory.empty() ? "." : directory.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE);
    return fd;
}

// Many programs empty a file before they write it: it is read when it has not changed for a moment.
void wait_until_written(const std::string& file) {
    constexpr timespec moment{0, 30'000'000};
    constexpr int moments_max = 30;
    const auto look = [&] {
        struct stat info {};
        if (::stat(file.c_str(), &info) != 0) { return std::tuple<ino_t, off_t, time_t, long>{}; }
        return std::tuple<ino_t, off_t, time_t, long>{info.st_ino, info.st_size, info.st_mtim.tv_sec,
                                                      info.st_mtim.tv_nsec};
    };
    auto before = look();
    for (int i = 0; i < moments_max; ++i) {
        ::nanosleep(&moment, nullptr);
        const auto now = look();
        if (now == before) { return; }
        before = now;
    }
}

struct Changes {
    bool config = false;
    bool keys = false;
};

// What the pending notifications name.
Changes drain_notifications(int fd, const std::string& config_file) {
    const auto name = std::filesystem::path(config_file).filename().string();
    Changes changes;
    alignas(inotify_event) std::array<char, 4096> buffer{};
    for (;;) {
        const auto n = ::read(fd, buffer.data(), buffer.size());
        if (n <= 0) { return changes; }
        for (const char* at = buffer.data(); at < buffer.data() + n;) {
            const auto* event = reinterpret_cast<const inotify_event*>(at);
            changes.config = changes.config || (event->len > 0 && name == event->name);
            changes.keys = changes.keys || (event->len > 0 && keys_stamp_name == event->name);
            at += sizeof(inotify_event) + event->len;
        }
    }
}

class Serve {
public:
    Serve(const Options& options, const Environment& env) : options_(options), env_(env) {
        path_ = options.config.empty() ? env.config_path : options.config;
    }

    int run() {
        auto config = read_config();
        if (!config) { return report_error(config.error()); }
        const auto listen = parse_listen(config->server.listen);
        if (!listen && !options_.listen.empty()) {
            return report_error({ErrorKind::usage, "--listen: " + listen.error().message});
        }
        if (!listen) { return report_error(listen.error()); }
        if (auto safe = check_exposure(*listen, config->server.require_key); !safe) {
            return report_error(safe.error());
        }
        if (auto made = ensure_private_dir(env_.data_dir); !made) {
            auto error = made.error();
            error.message += ". llmgw keeps its usage log there; set XDG_DATA_HOME to a directory that can be written.";
            return report_error(error);
        }
        if (auto level = log_level_from(config->log.level)) { set_log_level(*level); }

        raise_open_files();
        const int signals = block_signals();
        Runtime runtime(env_.self, env_.data_dir, config->log);
        auto key = ensure_client_key(env_.data_dir, &runtime.keychain());
        if (!key) { return report_error(key.error()); }
        if (key->created) {
            log_info("made a client key; `llmgw env AGENT` prints what to set", {{"kept_in", key->where}});
        }
        client_keys_ = {AllowedKey{"default", key->sha256, ""}};
        auto snapshot = runtime.make_snapshot(*config, client_keys_);
        if (!snapshot) { return report_error(snapshot.error()); }
        runtime.keep_streams();
        runtime.start(*snapshot);

        Service service(runtime.gateway(), server_options(*listen, config->server));
        // Whoever reads that it listens may change the configuration at once.
        const int notify = watch_directory(path_);
        ::inotify_add_watch(notify, env_.data_dir.c_str(), IN_MOVED_TO | IN_MASK_ADD);
        const auto port = service.start();
        if (!port) { return report_error(port.error()); }
        std::fprintf(stderr, "listening on http://%s\n", to_string(HostPort{listen->host, *port}).c_str());
        wait(runtime, service, signals, notify);
        if (!runtime.ledger().flush(std::chrono::seconds(5))) {
            log_warn(
                "some calls are not in the database yet; they are kept in the journal and written at the next start",
                {{"directory", env_.data_dir}});
        }
        return exit_code::done;
    }

private:
    Result<Config> read_config() const {
        auto config = load_config(path_, !options_.config.empty());
        if (config && !options_.listen.empty()) { config->server.listen = options_.listen; }
        return config;
    }

    // What a start would say of the values that a reload does not take over.
    static Result<> could_start(const Config& config) {
        const auto listen = parse_listen(config.server.listen);
        if (!listen) { return std::unexpected(listen.error()); }
        if (auto safe = check_exposure(*listen, config.server.require_key); !safe) { return safe; }
        if (auto prices = PriceTable::load(config.prices.file); !prices) { return std::unexpected(prices.error()); }
        return {};
    }

    void reload(Runtime& runtime) const {
        wait_until_written(path_);
        auto config = read_config();
        if (!config) {
            log_error("the configuration was not reloaded; the running one stays", {{"why", config.error().message}});
            return;
        }
        // What no gateway would start with is no configuration to run on either, also where it is not taken over yet.
        if (auto good = could_start(*config); !good) {
            log_error("the configuration was not reloaded; the running one stays", {{"why", good.error().message}});
            return;
        }
        const auto later = keep_until_next_start(runtime.gateway().snapshot()->config, *config);
        if (!later.empty()) {
            log_warn("these settings change at the next start; until then they stay as they are",
                     {{"settings", fmt::format("{}", fmt::join(later, ", "))}});
        }
        if (auto level = log_level_from(config->log.level)) { set_log_level(*level); }
        auto snapshot = runtime.make_snapshot(std::move(*config), client_keys_);
        if (!snapshot) {
            log_error("the configuration was not reloaded; the running one stays", {{"why", snapshot.error().message}});
            return;
        }
        runtime.gateway().replace(std::move(*snapshot));
        log_info("configuration reloaded", {{"file", path_}});
    }

    void wait(Runtime& runtime, Service& service, int signals, int notify) const {
        // As the running configuration has it when the end begins.
        const auto grace = [&] {
            return std::chrono::seconds(runtime.gateway().snapshot()->config.server.shutdown_grace_s);
        };
        // The last one is readable when there is nothing more to wait for: the server's end, then that of the streams
        // whose clients are gone.
        std::array<pollfd, 3> fds{{{signals, POLLIN, 0}, {notify, POLLIN, 0}, {service.ended_fd(), POLLIN, 0}}};
        bool server_ended = false;
        auto housekeeping = steady_clock::now() + housekeeping_every;
        std::optional<steady_clock::time_point> deadline;  // of the running calls, once it stops
        for (;;) {
            const auto until = deadline.value_or(housekeeping);
            const auto limit = std::max(ceil<milliseconds>(until - steady_clock::now()), milliseconds(0));
            ::poll(fds.data(), fds.size(), static_cast<int>(limit.count()));
            const auto now = steady_clock::now();
            if ((fds[2].revents & POLLIN) != 0) {
                if (server_ended) { break; }
                server_ended = true;
                fds[2] = {runtime.streams_idle_fd(), POLLIN, 0};
                if (!deadline) { deadline = now + grace(); }
                continue;
            }
            if (deadline && now >= *deadline) { break; }
            if (now >= housekeeping) {
                housekeeping = now + housekeeping_every;
                runtime.clean_up_streams();
            }
            const auto changes = (fds[1].revents & POLLIN) != 0 ? drain_notifications(notify, path_) : Changes{};
            if (changes.config) { reload(runtime); }
            if (changes.keys) {
                runtime.gateway().forget_keys();
                log_info("keys were changed; they are read again at the next call");
            }
            signalfd_siginfo info{};
            if ((fds[0].revents & POLLIN) == 0 || ::read(signals, &info, sizeof info) != sizeof info) { continue; }
            if (info.ssi_signo == SIGHUP) {
                reload(runtime);
            } else if (deadline) {
                break;
            } else {
                deadline = now + grace();
                log_info("stopping; running calls may finish", {{"grace_s", std::to_string(grace().count())}});
                service.begin_stop();
            }
        }
        if (!server_ended || (fds[2].revents & POLLIN) == 0) {
            log_warn("ending the calls that still run", {{"grace_s", std::to_string(grace().count())}});
            // First those, whose clients are told by the server what came of it.
            runtime.end_streams();
            service.abort();
        }
        service.stop(std::chrono::seconds(5));
        ::close(notify);
    }

    const Options& options_;
    const Environment& env_;
    std::string path_;
    std::vector<AllowedKey> client_keys_;
};

}  // namespace

std::function<int()> define_serve(CLI::App& app, const Environment& env) {
    auto options = std::make_shared<Options>();
    app.add_option("--listen", options->listen, "Address to listen on, HOST:PORT; port 0 takes any free one");
    app.add_option("--config", options->config, "Configuration file instead of $XDG_CONFIG_HOME/llmgw/config.toml");
    return [options, &env] { return Serve(*options, env).run(); };
}

}  // namespace llmgw
