#include "core/gateway/upstream_request.hpp"

#include "core/gateway/header_rules.hpp"
#include "core/gateway/usage_request.hpp"
#include "core/util/json_scan.hpp"
#include "core/util/url.hpp"

namespace llmgw {
namespace {

// A base URL has its version for every type but the two native ones, whatever dialect is spoken there.
std::string joined_url(const Provider& provider, std::string path) {
    const bool versioned = provider.type != "anthropic" && provider.type != "gemini";
    if (versioned && path.starts_with("/v1/")) { path.erase(0, 3); }
    return provider.base_url + path;
}

void set_limits(const Exchange& exchange, UpstreamRequest& request) {
    const auto& timeouts = exchange.snapshot->config.timeouts;
    request.connect_timeout = std::chrono::seconds(timeouts.connect_s);
    request.first_byte_timeout = std::chrono::seconds(timeouts.first_byte_s);
    request.idle_timeout = std::chrono::seconds(timeouts.idle_s);
}

std::string path_of(const Endpoint& endpoint, const Target& target) {
    if (!endpoint.model_in_path) { return endpoint.path; }
    // The client's own spelling stays unless the model was resolved to another.
    const auto as_sent = std::string_view(endpoint.path)
                             .substr(endpoint.before_model.size(),
                                     endpoint.path.size() - endpoint.before_model.size() - endpoint.after_model.size());
    std::string path = endpoint.before_model;
    path += target.model == endpoint.path_model ? std::string(as_sent) : percent_encode(target.model, "/:@");
    return path += endpoint.after_model;
}

// A host with ways of its own is asked last: ask_host().
void address(const Provider& provider, const std::string& key, PreparedRequest& out) {
    if (provider.host != nullptr) { return; }
    out.request.url = joined_url(provider, out.path);
    if (!out.query.empty()) { out.request.url += "?" + out.query; }
    if (!key.empty()) { attach_key(out.request.headers, provider.auth, key); }
}

}  // namespace

void describe_upstream(const Exchange& exchange, const Provider& provider, const std::string& key,
                       const std::string& path, Headers headers, PreparedRequest& out) {
    auto& request = out.request;
    request.method = "POST";
    const auto question = path.find('?');
    out.path = path.substr(0, question);
    if (question != std::string::npos) { out.query = path.substr(question + 1); }
    request.headers = std::move(headers);
    request.expect_stream = exchange.row.stream;
    set_limits(exchange, request);
    address(provider, key, out);
    request.has_body = true;
    request.body = out.edited;
}

void prepare_upstream(const Exchange& exchange, const Target& target, const std::string& key, PreparedRequest& out) {
    const auto& endpoint = exchange.endpoint;
    auto& request = out.request;
    request.method = exchange.request.method;
    request.expect_stream = exchange.row.stream;
    out.path = path_of(endpoint, target);
    out.query = endpoint.query;
    set_limits(exchange, request);
    request.headers = forwarded_request_headers(exchange.request.headers);
    if (target.provider->passthrough()) {
        for (auto& header : own_credentials(exchange.request.headers, endpoint.query_key, exchange.client_key_used)) {
            request.headers.push_back(std::move(header));
        }
    }
    address(*target.provider, key, out);
    request.has_body =
        !exchange.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH";

    request.body = exchange.body;
    const auto& peek = exchange.peek;
    // Splices from the back, so that the spans in front stay true.
    const bool ask = endpoint.operation == Operation::chat && peek.stream && !peek.wants_usage &&
                     target.provider->stream_usage == StreamUsage::on_request;
    const bool rename = peek.model && *peek.model != target.model && endpoint.model_in_body();
    const auto asks_at = peek.include_usage    ? peek.include_usage->at
                         : peek.stream_options ? peek.stream_options->at
                                               : peek.object_at;
    const auto splice_model = [&](std::string_view body) {
        return splice(body, peek.model_span, json_scan::quote(target.model));
    };
    if (ask && rename) {
        out.edited = asks_at > peek.model_span.at ? splice_model(ask_for_usage(request.body, peek)) : std::string();
        if (out.edited.empty()) { out.edited = ask_for_usage(splice_model(request.body), peek); }
    } else if (ask) {
        out.edited = ask_for_usage(request.body, peek);
    } else if (rename) {
        out.edited = splice_model(request.body);
    }
    if (ask || rename) { request.body = out.edited; }
    out.hide_usage = ask;
}

}  // namespace llmgw
