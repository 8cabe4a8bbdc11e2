// One gateway before four providers, for the cells of the matrix.
#pragma once

#include <mutex>
#include <set>
#include <string>

#include "tests/e2e/matrix.hpp"
#include "tests/e2e/world.hpp"

namespace llmgw::testing::matrix {

// Client and provider.
struct Pair {
    DialectId client = DialectId::anthropic;
    DialectId provider = DialectId::anthropic;
    bool same() const { return client == provider; }
};

// What became of one cell. Not possible: why, and the test has seen that llmgw says so.
struct Cell {
    enum class Kind { pass, impossible, fail } kind = Kind::pass;
    std::string why = {};
};
inline Cell pass() {
    return {};
}
inline Cell impossible(std::string why) {
    return {Cell::Kind::impossible, std::move(why)};
}
// A failure when there is something to say.
inline Cell fails_if(std::string what) {
    return {what.empty() ? Cell::Kind::pass : Cell::Kind::fail, std::move(what)};
}

struct Got {
    Response response;
    Json answer;
    Said said;
    Asked asked;
    std::string fault;  // of status, framing, grammar or loss; "" when nothing
};

class MatrixWorld {
public:
    // `timeouts`: lines of [timeouts].
    explicit MatrixWorld(const std::string& more_config = "", const std::string& timeouts = "");

    World world;

    void restart();

    // The model by which a client asks that dialect's provider.
    static std::string model(DialectId provider);

    struct Turn {
        Pair pair;
        Wish wish = {};
        Answer answer = {};
        const Answer* before = nullptr;  // what must come back signed
        std::size_t piece_bytes = 7;
        bool may_drop = false;
        std::string may_drop_only = {};  // this, and nothing else
    };
    // Asks, answers, and reads the answer.
    Got ask(const Client& client, const Turn& turn);
    // Only sends.
    Response send(const Client& client, const Turn& turn, const Headers& more = {});

private:
    std::string config_;
};

// What the client's own validator says of a stream, "" when nothing.
std::string stream_fault(DialectId dialect, const std::string& body);

}  // namespace llmgw::testing::matrix
