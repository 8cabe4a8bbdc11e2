// A D-Bus session with a GNOME Keyring of its own, in a test's home.
#pragma once

#include <memory>
#include <string>

#include "tests/support/gateway_process.hpp"

namespace llmgw::testing {

class KeyringSession {
public:
    // Starts both and waits until they answer; the keyring is unlocked, and new when the home has none.
    // Throws std::runtime_error when a program is missing or does not start.
    explicit KeyringSession(const TestHome& home);
    ~KeyringSession();
    KeyringSession(const KeyringSession&) = delete;
    KeyringSession& operator=(const KeyringSession&) = delete;

    // What a command needs to find it, besides the home's own variables.
    Variables environment() const { return {{"DBUS_SESSION_BUS_ADDRESS", address_}}; }
    // Starts the keyring again without its password: what is in it is locked, and nobody can be asked.
    void lock();
    void hang();  // it stays on the bus and answers nothing
    void go_on();

private:
    void start_keyring(bool unlocked);

    const TestHome& home_;
    std::string address_;
    std::unique_ptr<ChildProcess> bus_;
    std::unique_ptr<ChildProcess> keyring_;
};

}  // namespace llmgw::testing
