// A gateway with a route over several providers, each a fake one of its own that misbehaves on cue.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/world.hpp"

namespace llmgw::testing {

// What a provider may do when asked.
namespace act {

inline UpstreamHandler status(int status, std::string body, Headers more = {}) {
    return [=](const RecordedRequest&, UpstreamConnection& connection) {
        auto headers = more;
        headers.emplace_back("content-type", "application/json");
        connection.reply(status, headers, body);
    };
}
// An error in the dialect's shape.
inline UpstreamHandler error(const canned::Wire& wire, int code, Headers more = {}) {
    return status(code, canned::error_body(wire.dialect, code, "asked to fail"), std::move(more));
}
inline UpstreamHandler reset() {
    return [](const RecordedRequest&, UpstreamConnection& connection) { connection.reset(); };
}
inline UpstreamHandler silence() {
    return [](const RecordedRequest&, UpstreamConnection& connection) { connection.stall(); };
}
// A stream of these bytes that then ends as it should.
inline UpstreamHandler stream(std::string bytes) {
    return [=](const RecordedRequest&, UpstreamConnection& connection) {
        connection.start_sse();
        connection.chunk(bytes);
        connection.finish();
    };
}
// ... or says no more.
inline UpstreamHandler stream_and_stall(std::string bytes) {
    return [=](const RecordedRequest&, UpstreamConnection& connection) {
        connection.start_sse();
        connection.chunk(bytes);
        connection.stall();
    };
}
inline UpstreamHandler stream_and_cut(std::string bytes) {
    return [=](const RecordedRequest&, UpstreamConnection& connection) {
        connection.start_sse();
        connection.chunk(bytes);
        connection.close_after();
    };
}

}  // namespace act

// Providers "KIND-0", "KIND-1", ... for KIND anthropic, openai and gemini, one FakeUpstream for each number, and a
// route "any-KIND" over all of its numbers.
class FailoverWorld {
public:
    struct Options {
        std::size_t upstreams = 2;
        std::string timeouts = "";
        // Quick, and the same on every machine: pauses of up to a millisecond.
        std::string retries = "backoff_ms = 1\nbackoff_max_ms = 1\n";
        // Most tests fail too often for one that opens.
        std::string breaker = "failures = 0\n";
        std::string more = "";
    };
    FailoverWorld() : FailoverWorld(Options{}) {}
    explicit FailoverWorld(const Options& options) {
        for (std::size_t i = 0; i < options.upstreams; ++i) {
            upstreams_.push_back(std::make_unique<FakeUpstream>());
            upstreams_.back()->handle(canned::answer);
        }
        world_ = std::make_unique<World>(
            WorldOptions{.server = "", .timeouts = options.timeouts, .more = config(options), .start = true});
    }

    FakeUpstream& up(std::size_t number) { return *upstreams_[number]; }
    Gateway& gateway() { return world_->gateway(); }
    World& world() { return *world_; }

    static std::string kind_of(DialectId dialect) {
        switch (dialect) {
            case DialectId::anthropic: return "anthropic";
            case DialectId::gemini: return "gemini";
            default: return "openai";
        }
    }
    // Asks for `model`, "" for the route of the dialect's kind.
    Response ask(const canned::Wire& wire, bool stream, const Headers& more = {}, std::string model = {}) {
        const auto request = request_of(wire, stream, more, std::move(model));
        return gateway().post(request.target, request.body, more);
    }
    static Request request_of(const canned::Wire& wire, bool stream, const Headers& more = {}, std::string model = {}) {
        if (model.empty()) { model = "any-" + kind_of(wire.dialect); }
        const auto named = [&](std::string text) {
            const auto at = text.find(wire.model);
            return at == std::string::npos ? text : text.replace(at, wire.model.size(), model);
        };
        Request request{.target = named(stream ? wire.stream_target : wire.target),
                        .headers = more,
                        .body = named(stream ? wire.stream_body : wire.body),
                        .host = ""};
        return request;
    }
    std::size_t asked(std::size_t number) const { return upstreams_[number]->request_count(); }
    std::size_t asked_all() const {
        std::size_t sum = 0;
        for (const auto& upstream : upstreams_) {
            sum += upstream->request_count();
        }
        return sum;
    }
    std::vector<DbRow> attempts(const Response& response) {
        gateway().call_row(response);
        return gateway().attempt_rows(response.header("x-llmgw-call-id"));
    }

private:
    std::string config(const Options& options) const {
        std::string text = "[retries]\n" + options.retries + "\n[breaker]\n" + options.breaker + "\n";
        for (const std::string kind : {"anthropic", "openai", "gemini"}) {
            std::string targets;
            for (std::size_t i = 0; i < upstreams_.size(); ++i) {
                const auto name = kind + "-" + std::to_string(i);
                text += "[providers." + name + "]\ntype = \"" + kind + "\"\nbase_url = \"" + upstreams_[i]->url() +
                        (kind == "openai" ? "/v1" : "") + "\"\napi_key = \"env:LLMGW_TEST_PROVIDER_KEY\"\n";
                targets += (i == 0 ? "\"" : ", \"") + name + "/model-" + std::to_string(i) + "\"";
            }
            text += "[routes.any-" + kind + "]\ntargets = [" + targets + "]\n";
        }
        // What a test adds may use the first provider's place.
        auto more = options.more;
        if (const auto at = more.find("PLACE"); at != std::string::npos) { more.replace(at, 5, upstreams_[0]->url()); }
        return text + more;
    }

    std::vector<std::unique_ptr<FakeUpstream>> upstreams_;
    std::unique_ptr<World> world_;
};

}  // namespace llmgw::testing
