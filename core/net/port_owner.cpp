#include "core/net/port_owner.hpp"

#include <cctype>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace llmgw {
namespace {

namespace fs = std::filesystem;

// Socket inodes that listen on the port, from /proc/net/tcp and tcp6 (proc(5)): state 0A is LISTEN.
std::set<std::string> listening_inodes(int port) {
    char wanted[8];
    std::snprintf(wanted, sizeof wanted, ":%04X", static_cast<unsigned>(port));
    std::set<std::string> inodes;
    for (const char* file : {"/proc/net/tcp", "/proc/net/tcp6"}) {
        std::ifstream in(file);
        std::string line;
        std::getline(in, line);
        while (std::getline(in, line)) {
            std::istringstream fields(line);
            std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
            fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
            if (state == "0A" && local.ends_with(wanted)) { inodes.insert("socket:[" + inode + "]"); }
        }
    }
    return inodes;
}

}  // namespace

std::optional<PortOwner> find_port_owner(int port) {
    const auto inodes = listening_inodes(port);
    if (inodes.empty()) { return std::nullopt; }
    std::error_code ignored;
    for (const auto& process : fs::directory_iterator("/proc", ignored)) {
        const auto pid = process.path().filename().string();
        if (std::isdigit(static_cast<unsigned char>(pid.front())) == 0) { continue; }
        for (const auto& fd : fs::directory_iterator(process.path() / "fd", ignored)) {
            const auto target = fs::read_symlink(fd.path(), ignored).string();
            if (inodes.contains(target)) {
                std::ifstream in(process.path() / "comm");
                std::string name;
                std::getline(in, name);
                return PortOwner{name, pid};
            }
        }
    }
    return std::nullopt;
}

std::string port_owner(int port) {
    const auto owner = find_port_owner(port);
    return owner ? " by " + owner->name + " (pid " + owner->pid + ")" : "";
}

}  // namespace llmgw
