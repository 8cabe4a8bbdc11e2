// The few calls of child.cpp that Linux and macOS spell differently. The macOS half is written from its manual pages
// and has never been compiled or run: see "Security" in the README.
#pragma once

#include <cstddef>

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

#if defined(__APPLE__)
#define __STDC_WANT_LIB_EXT1__ 1
#include <string.h>  // memset_s is not in std
#else
#include <cstring>
#endif

namespace llmgw::posix {

// Both ends close on exec, and writing to [0] raises no SIGPIPE when `send_flags` are given.
inline bool open_socket_pair(int (&ends)[2]) {
#if defined(__APPLE__)
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) { return false; }
    const int on = 1;
    ::setsockopt(ends[0], SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
    return ::fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0 && ::fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0;
#else
    return ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0;
#endif
}

inline bool open_pipe(int (&ends)[2]) {
#if defined(__APPLE__)
    return ::pipe(ends) == 0 && ::fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0 &&
           ::fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0;
#else
    return ::pipe2(ends, O_CLOEXEC) == 0;
#endif
}

#if defined(__APPLE__)
inline constexpr int send_flags = MSG_DONTWAIT;
inline constexpr short spawn_flags = POSIX_SPAWN_CLOEXEC_DEFAULT;
inline void close_others(posix_spawn_file_actions_t*) {}
#else
inline constexpr int send_flags = MSG_NOSIGNAL | MSG_DONTWAIT;
inline constexpr short spawn_flags = 0;
inline void close_others(posix_spawn_file_actions_t* actions) {
    posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
}
#endif

inline void wipe_bytes(void* bytes, std::size_t size) {
#if defined(__APPLE__)
    ::memset_s(bytes, size, 0, size);
#else
    ::explicit_bzero(bytes, size);
#endif
}

}  // namespace llmgw::posix
