// What tests of surviving streams share: a provider that waits in mid-stream, and clients that leave there.
#pragma once

#include <memory>
#include <string>

#include "tests/e2e/failover_world.hpp"
#include "tests/support/websocket_client.hpp"

namespace llmgw::testing {

inline const std::string resume_on = "[streams]\nresume = true\n";

// Says so many events of the dialect's answer, and the rest once it is let.
inline UpstreamHandler in_two_parts(const canned::Wire& wire, std::size_t first, std::shared_ptr<Signal> pass) {
    return [events = wire.events, first, pass](const RecordedRequest&, UpstreamConnection& connection) {
        connection.start_sse();
        for (std::size_t i = 0; i < events.size(); ++i) {
            if (i == first) { pass->wait(); }
            connection.chunk(events[i]);
        }
        if (first == events.size()) { pass->wait(); }
        connection.finish();
    };
}

inline Request stream_request(World& world, const canned::Wire& wire, Headers headers = {}) {
    headers.emplace_back("Content-Type", "application/json");
    headers.emplace_back("x-llmgw-feature", "tests");
    return world.gateway().authorized(Request{"POST", wire.stream_target, std::move(headers), wire.stream_body, ""});
}

// A client that goes away once it has seen `until`.
inline Response ask_and_cut(World& world, const canned::Wire& wire, const std::string& until, Headers headers = {}) {
    RawClient client(world.gateway().port());
    client.send(stream_request(world, wire, std::move(headers)));
    auto response = client.read_head();
    if (!client.read_until(response, until)) { response.status = 0; }
    client.reset();
    return response;
}

// Over a connection of its own, one call of the dialect's canned stream; false when there is none to be had.
inline bool create_response(World& world, WebSocketClient& client) {
    Request upgrade{"GET", "/v1/responses", upgrade_headers(), "", ""};
    upgrade.headers.emplace_back("x-llmgw-feature", "tests");
    if (client.open(world.gateway().authorized(upgrade)).status != 101) { return false; }
    auto create = nlohmann::json::parse(canned::wire(DialectId::openai_responses).stream_body);
    create["type"] = "response.create";
    return client.send_text(create.dump());
}

inline std::string stream_of(const std::string& call_id) {
    return "/llmgw/v1/calls/" + call_id + "/stream";
}

}  // namespace llmgw::testing
