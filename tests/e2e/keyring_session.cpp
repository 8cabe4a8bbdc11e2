#include "tests/e2e/keyring_session.hpp"

#include <chrono>
#include <csignal>
#include <fstream>
#include <stdexcept>

namespace llmgw::testing {

namespace {

// No other service may be started on this bus: no second keyring, and no window that asks for a password.
constexpr const char* bus_config =
    "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n"
    " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
    "<busconfig><type>session</type><keep_umask/><listen>unix:dir=/tmp</listen><auth>EXTERNAL</auth>\n"
    "<policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/>\n"
    "<allow own=\"*\"/></policy></busconfig>\n";

}  // namespace

KeyringSession::KeyringSession(const TestHome& home) : home_(home) {
    const auto config = home.path() + "/runtime/bus.conf";
    std::ofstream(config) << bus_config;
    bus_ = std::make_unique<ChildProcess>(
        std::vector<std::string>{"dbus-daemon", "--config-file=" + config, "--nofork", "--print-address=2"},
        home.environment());
    if (!bus_->wait_err(",guid=") || !bus_->wait_err("\n", bus_->err().find(",guid="))) {
        throw std::runtime_error("dbus-daemon does not start: " + bus_->err());
    }
    const auto text = bus_->err();
    const auto from = text.find("unix:");
    address_ = text.substr(from, text.find('\n', from) - from);
    start_keyring(true);
}

KeyringSession::~KeyringSession() {
    if (keyring_) { keyring_->signal(SIGKILL); }
    keyring_.reset();
    bus_->signal(SIGTERM);
    bus_->wait();
}

void KeyringSession::lock() {
    keyring_->signal(SIGTERM);
    keyring_->wait();
    start_keyring(false);
}

void KeyringSession::hang() {
    keyring_->signal(SIGSTOP);
}

void KeyringSession::go_on() {
    keyring_->signal(SIGCONT);
}

void KeyringSession::start_keyring(bool unlocked) {
    auto variables = home_.environment();
    for (auto& variable : environment()) {
        variables.push_back(std::move(variable));
    }
    // With a password, so that nothing is stored in the clear.
    const std::string password = "the keyring's password";
    std::vector<std::string> command{"gnome-keyring-daemon", "--foreground", "--components=secrets"};
    if (unlocked) { command.emplace_back("--unlock"); }
    keyring_ = std::make_unique<ChildProcess>(std::move(command), std::move(variables), unlocked ? password : "");
    // In the foreground it does not tell when it serves: asked until it answers.
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
        const auto listed = run_cli(home_, {"keys", "list", "--json"}, {}, environment()).out;
        const bool locked = listed.find("the keyring is locked") != std::string::npos;
        if (locked || listed.find("\"keychain_problem\": null") != std::string::npos) {
            if (locked == unlocked) { throw std::runtime_error("the keyring is not as it was started: " + listed); }
            return;
        }
        if (!keyring_->running() || std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error("gnome-keyring-daemon does not start: " + keyring_->err());
        }
    }
}

}  // namespace llmgw::testing
