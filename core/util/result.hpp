// Errors are values. A kind exists only because some caller acts differently on it;
// text for people is made where the error is found, and completed at the edge.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace llmgw {

enum class ErrorKind {
    internal,      // a bug or a broken invariant that could be reported
    usage,         // wrong command line: exit 2
    config,        // bad configuration: exit 3
    credential,    // no or bad credential: exit 4
    io,            // file, directory, database
    not_found,     // the named thing does not exist
    unknown_turn,  // the answer a request goes on from is not kept: 400
    bad_request,   // the client's request cannot be served as it is: 400
    unauthorized,  // bad client key: 401
    forbidden,     // Host, Origin or key does not allow it: 403
    too_large,     // body over the limit: 413
    unavailable,   // shutting down, out of threads: 503
    connect,       // upstream unreachable: 502
    timeout,       // upstream too slow: 504
    upstream,      // upstream broke the protocol or ended early: 502
    cancelled,     // the client went away
};

struct Error {
    ErrorKind kind = ErrorKind::internal;
    std::string message;  // one or two sentences: what, where, what to do. Never holds a secret.
};

template <class T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorKind kind, std::string message) {
    return std::unexpected(Error{kind, std::move(message)});
}

}  // namespace llmgw
