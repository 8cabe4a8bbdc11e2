#include "core/gateway/surviving_call.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "core/gateway/dispatch.hpp"
#include "core/gateway/header_rules.hpp"
#include "core/gateway/recorded_stream.hpp"
#include "core/net/stream_driver.hpp"
#include "core/policy/policy.hpp"
#include "core/replay/event_offset.hpp"
#include "core/replay/replay_store.hpp"
#include "core/telemetry/log.hpp"
#include "core/util/sha256.hpp"
#include "core/util/text.hpp"
#include "core/util/url.hpp"

namespace llmgw {
namespace {

std::string_view idempotency_key(const Exchange& exchange) {
    return find_header(exchange.request.headers, "idempotency-key");
}

// Names a client without naming its key. "" where no key is asked for.
std::string owner_of(const Exchange& exchange) {
    return exchange.client_key_used.empty() ? std::string() : sha256_hex(exchange.client_key_used);
}

// Of the client's headers, those that say what kind of answer it wants, or whose call it is.
bool is_of_the_call(std::string_view name) {
    constexpr std::array<std::string_view, 3> prefixes{"anthropic-", "openai-", "x-llmgw-"};
    return name != "x-llmgw-key" &&
           std::ranges::any_of(prefixes, [&](auto prefix) { return name.starts_with(prefix); });
}

// The same for identical requests with the same key, and for no others: no client's key finds another one's call, and
// a key that was used for something else is no key of this call. Each part's length stands in front of it.
std::string digest_of(const Exchange& exchange, const Plan& plan, const std::string& owner) {
    const auto key = idempotency_key(exchange);
    if (key.empty()) { return {}; }
    const auto& endpoint = exchange.endpoint;
    const auto& headers = exchange.request.headers;
    std::string text;
    const auto add = [&](std::string_view part) { text.append(std::to_string(part.size())).append(":").append(part); };
    for (const std::string_view part :
         {std::string_view(owner), key, std::string_view(exchange.request.method), std::string_view(endpoint.path),
          std::string_view(endpoint.query), to_string(endpoint.dialect), std::string_view(exchange.row.feature),
          std::string_view(plan.route)}) {
        add(part);
    }
    for (const auto& [name, value] : headers) {
        if (!is_of_the_call(lower(name))) { continue; }
        add(lower(name));
        add(value);
    }
    // With passthrough the account is the client's own, and so is the answer.
    for (const auto& [name, value] : own_credentials(headers, endpoint.query_key, exchange.client_key_used)) {
        add(name);
        add(value);
    }
    add(exchange.body);
    return sha256_hex(text).substr(0, 32);
}

HttpReply reply_from(std::unique_ptr<Recording::Reader> reader, bool from_start) {
    HttpReply reply;
    const auto& head = reader->recording().head();
    reply.status = head.status;
    reply.headers = head.headers;
    if (from_start) { reply.content_length = head.content_length; }
    reply.stream = recorded_stream(std::move(reader));
    return reply;
}

// Whatever happens to the call on its way, its recording is ended: others may wait for it.
class Guard {
public:
    Guard(ReplayStore& store, std::shared_ptr<Recording> recording) : store_(store), recording_(std::move(recording)) {}
    ~Guard() {
        if (recording_) { store_.drop(recording_); }
    }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    // Somebody else sees to it now.
    void release() { recording_.reset(); }

private:
    ReplayStore& store_;
    std::shared_ptr<Recording> recording_;
};

HttpReply own_reply(const std::shared_ptr<Exchange>& exchange, const Plan& plan,
                    const std::shared_ptr<Recording>& recording) {
    const auto& survival = *exchange->services.survival;
    Guard guard(survival.replays, recording);
    auto reader = Recording::Reader::at(recording, 0);
    if (!reader) { return dispatch(exchange, plan); }
    exchange->watch.client_fd = -1;
    auto reply = dispatch(exchange, plan);
    if (reply.status >= 300 || reply.status == 204) { return reply; }

    // From here on it ends with what drives it, not with its client's connection.
    exchange->watch.abort_fd = survival.driver.abort_fd();
    reply.headers.emplace_back("x-llmgw-resume", "/llmgw/v1/calls/" + exchange->call_id() + "/stream");
    if (!reply.stream && !reply.pump) { reply.content_length = reply.body.size(); }
    recording->begin(reply.status, reply.headers, reply.content_length);
    auto answer = reply_from(std::move(*reader), true);
    const auto over = [exchange, recording, &store = survival.replays](bool whole) {
        Guard unfinished(store, recording);
        if (!whole) { return; }
        store.finish(recording, exchange->row.ending == Ending::done,
                     replay_limits(exchange->snapshot->config.streams));
        unfinished.release();
    };
    if (reply.stream) {
        survival.driver.drive(std::move(reply.stream), recording, over);
    } else if (reply.pump) {
        survival.driver.drive(std::move(reply.pump), recording, over);
    } else {
        recording->write(reply.body);
        over(true);
    }
    guard.release();
    return answer;
}

// What the client has already: the count of events.
Result<std::uint64_t> events_had(const Exchange& exchange) {
    auto query = exchange.endpoint.query;
    const auto asked = take_query_value(query, "after");
    const auto text = asked ? std::string_view(*asked) : find_header(exchange.request.headers, "last-event-id");
    std::uint64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (!text.empty() && (error != std::errc() || end != text.data() + text.size())) {
        return fail(ErrorKind::bad_request,
                    "after (or Last-Event-ID) is the number of events the client has, a whole number from 0 on");
    }
    return count;
}

Result<HttpReply> find_replay(const Exchange& exchange) {
    const auto limits = replay_limits(exchange.snapshot->config.streams);
    const auto& id = exchange.endpoint.replay_id;
    const auto* survival = exchange.services.survival;
    const auto recording =
        survival != nullptr ? survival->replays.find(id, owner_of(exchange), limits) : std::shared_ptr<Recording>();
    if (!recording) {
        return fail(ErrorKind::not_found,
                    "no stream of call \"" + id.substr(0, 64) +
                        "\" is kept for this client key. With [streams] resume = true they are, up "
                        "to stream_mb each, until keep_s seconds after their end");
    }
    const auto had = events_had(exchange);
    if (!had) { return std::unexpected(had.error()); }
    const auto begun = Recording::wait_begun(recording, exchange.watch);
    if (!begun) { return std::unexpected(begun.error()); }
    if (*begun == Recording::State::dropped) {
        return fail(ErrorKind::not_found, "call \"" + id + "\" was not answered; there is no stream of it");
    }
    const bool events = find_header(recording->head().headers, "content-type").starts_with("text/event-stream");
    if (!events && *had > 0) {
        return fail(ErrorKind::bad_request, "this answer is no event stream; ask for it without after, as a whole");
    }
    const auto offset = offset_after(*recording, *had);
    if (!recording->from_start()) { return fail(ErrorKind::not_found, "this stream grew too long to be kept"); }
    if (!offset) { return fail(ErrorKind::bad_request, "this stream has not " + std::to_string(*had) + " events yet"); }
    auto reader = Recording::Reader::at(recording, *offset);
    if (!reader) { return std::unexpected(reader.error()); }
    auto reply = reply_from(std::move(*reader), *offset == 0);
    reply.headers.emplace_back("x-llmgw-replay", "resumed");
    return reply;
}

}  // namespace

bool survives(const Exchange& exchange, const Plan& plan) {
    if (exchange.services.survival == nullptr || !exchange.endpoint.billable()) { return false; }
    if (exchange.request.method != "POST") { return false; }
    if (!plan.resume.value_or(exchange.snapshot->config.streams.resume)) { return false; }
    return exchange.row.stream || !idempotency_key(exchange).empty();
}

HttpReply surviving_reply(const std::shared_ptr<Exchange>& exchange, const Plan& plan) {
    auto& store = exchange->services.survival->replays;
    const auto owner = owner_of(*exchange);
    const auto digest = digest_of(*exchange, plan, owner);
    const auto limits = replay_limits(exchange->snapshot->config.streams);
    for (;;) {
        const auto taken = store.take(exchange->call_id(), owner, digest, limits);
        if (taken.mine) { return own_reply(exchange, plan, taken.recording); }
        log_info("the call has the idempotency key of another one and waits for its answer",
                 {{"call", exchange->call_id()}, {"other", taken.recording->id()}});
        const auto begun = Recording::wait_begun(taken.recording, exchange->watch);
        // It failed, or is no longer kept: this one tries for itself.
        if (begun && (*begun == Recording::State::dropped || !taken.recording->from_start())) { continue; }
        auto reader = begun ? Recording::Reader::at(taken.recording, 0)
                            : Result<std::unique_ptr<Recording::Reader>>(std::unexpected(begun.error()));
        if (!reader && reader.error().kind == ErrorKind::not_found) { continue; }
        auto reply = reader ? reply_from(std::move(*reader), true)
                            : error_reply(*exchange, to_api_error(reader.error(), exchange->call_id()));
        if (reply.stream) { reply.headers.emplace_back("x-llmgw-replay", "attached"); }
        // It is the other call's answer, and has that one's row.
        close_policies(policies(), exchange->policies_ran, *exchange);
        return reply;
    }
}

HttpReply replay_reply(Exchange& exchange) {
    auto reply = find_replay(exchange);
    if (reply) { return std::move(*reply); }
    auto told = to_api_error(reply.error(), exchange.call_id());
    // Not to be taken for a model that is not there.
    if (told.error_class == ErrorClass::not_found) { told.error_class = ErrorClass::no_endpoint; }
    return error_reply(exchange, told);
}

}  // namespace llmgw
