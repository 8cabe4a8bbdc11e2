#include "cli/demo/demo_client.hpp"

#include <chrono>
#include <cstdio>
#include <utility>

#include <nlohmann/json.hpp>

#include "cli/ask/answer_text.hpp"
#include "core/net/http_transport.hpp"
#include "core/util/sse.hpp"

namespace llmgw {
namespace {

std::string summary(DialectId dialect, int status, const std::string& body) {
    if (status >= 300) { return error_text(body); }
    const auto answer = nlohmann::json::parse(body, nullptr, false);
    const auto pointer = nlohmann::json::json_pointer("/choices/0/message/tool_calls/0/function");
    if (answer.is_object() && answer.contains(pointer)) {
        const auto& function = answer[pointer];
        return "calls " + function.value("name", "") + "(" + function.value("arguments", "") + ")";
    }
    return answer_text(dialect, body).text;
}

// What the answer's headers tell besides: who answered, when it was not the first.
std::string told(const UpstreamResponse& response) {
    auto text = std::to_string(response.status());
    const auto attempts = find_header(response.headers(), "x-llmgw-attempts");
    if (!attempts.empty() && attempts != "1") {
        text.append("  from ").append(find_header(response.headers(), "x-llmgw-provider"));
        text.append(" at attempt ").append(attempts).append(":");
    }
    return text;
}

}  // namespace

DemoClient::DemoClient(int port, std::string client_key)
    : base_("http://127.0.0.1:" + std::to_string(port)),
      client_key_(std::move(client_key)),
      transport_(make_http_transport()) {}

Result<> DemoClient::show(const DemoCall& call) const {
    UpstreamRequest request;
    request.url = base_ + call.path;
    request.headers = {{"Content-Type", "application/json"},
                       {"x-llmgw-key", client_key_},
                       {"x-llmgw-feature", call.feature},
                       {"anthropic-version", "2023-06-01"}};
    request.body = call.body;
    std::printf("   POST %s   x-llmgw-feature: %s\n", call.path.c_str(), call.feature.c_str());
    const auto got = put(call, std::move(request), call.leave_after);
    if (!got) { return std::unexpected(got.error()); }
    std::printf("\n");
    return call.leave_after > 0 ? come_back(call, *got) : Result<>();
}

Result<> DemoClient::come_back(const DemoCall& call, const Got& got) const {
    UpstreamRequest request;
    const auto path = "/llmgw/v1/calls/" + got.call_id + "/stream?after=" + std::to_string(got.events);
    request.method = "GET";
    request.has_body = false;
    request.url = base_ + path;
    request.headers = {{"x-llmgw-key", client_key_}};
    std::printf("   ... the client is gone after %zu events. It comes back for the rest:\n   GET %s\n", got.events,
                path.c_str());
    const auto rest = put(call, request, 0);
    if (!rest) { return std::unexpected(rest.error()); }
    std::printf("\n");
    return {};
}

Result<DemoClient::Got> DemoClient::put(const DemoCall& call, const UpstreamRequest& request,
                                        std::size_t events_max) const {
    auto response = transport_->open(request, Watch{});
    if (!response) { return std::unexpected(response.error()); }
    Got got;
    got.call_id = find_header((*response)->headers(), "x-llmgw-call-id");
    const bool events = find_header((*response)->headers(), "content-type").starts_with("text/event-stream");
    std::printf("   %s  ", told(**response).c_str());
    SseFramer framer;
    for (bool more = true; more;) {
        const auto chunk = (*response)->read(Watch{}, std::chrono::seconds(10));
        if (!chunk) { return std::unexpected(chunk.error()); }
        more = !chunk->end;
        if (!events) {
            got.body.append(chunk->bytes);
            continue;
        }
        for (const auto& event : framer.feed(chunk->bytes)) {
            if (event.comment_only) { continue; }
            std::fputs(event_text(call.dialect, event.data).text.c_str(), stdout);
            std::fflush(stdout);
            if (++got.events == events_max) { return got; }
        }
    }
    if (!events) { std::fputs(summary(call.dialect, (*response)->status(), got.body).c_str(), stdout); }
    return got;
}

}  // namespace llmgw
