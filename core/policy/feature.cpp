#include "core/policy/feature.hpp"

#include <algorithm>

#include "core/policy/agents.hpp"
#include "core/util/json_scan.hpp"

namespace llmgw {
namespace {

constexpr std::size_t name_size_max = 128;
constexpr std::size_t metadata_size_max = 4096;

std::optional<ApiError> refuse(const Exchange& exchange, std::string message) {
    return ApiError{.status = 400,
                    .error_class = ErrorClass::bad_request,
                    .message = std::move(message),
                    .retry_after_s = std::nullopt,
                    .request_id = exchange.call_id()};
}

bool printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
}

// A flat object of strings.
bool flat_strings(std::string_view text) {
    bool flat = true;
    const bool whole = json_scan::each_member(text, [&](std::string_view, const json_scan::Value& value) {
        flat = value.type == json_scan::Type::string;
        return flat;
    });
    return whole && flat;
}

std::string how_to_set(const Exchange& exchange) {
    // As the client reached us, which also holds behind a port forward. The host guard has checked it.
    const std::string host(find_header(exchange.request.headers, "host"));
    const bool versioned =
        exchange.endpoint.dialect == DialectId::openai_chat || exchange.endpoint.dialect == DialectId::openai_responses;
    return "llmgw: this call names no feature, so its cost could not be attributed. Send the header "
           "x-llmgw-feature: NAME, or use the base URL http://" +
           host + "/f/NAME" + (versioned ? "/v1" : "") +
           ", or set [features] on_missing = \"untagged\" in the configuration.";
}

}  // namespace

std::optional<ApiError> feature_policy(Exchange& exchange) {
    auto& row = exchange.row;
    const auto& headers = exchange.request.headers;
    const auto user_agent = find_header(headers, "user-agent");
    row.agent = agent_of(user_agent);
    row.client = product_of(user_agent);
    row.session_id = session_of(headers);
    row.user = find_header(headers, "x-llmgw-user").substr(0, name_size_max);
    row.metadata = find_header(headers, "x-llmgw-metadata");
    if (!row.metadata.empty() && (row.metadata.size() > metadata_size_max || !flat_strings(row.metadata))) {
        row.metadata.clear();
        return refuse(exchange,
                      "llmgw: x-llmgw-metadata must be a flat JSON object of strings, at most 4096 bytes, such as "
                      "{\"ticket\":\"A-1\"}");
    }

    row.feature = find_header(headers, "x-llmgw-feature");
    if (row.feature.empty()) { row.feature = exchange.endpoint.feature; }
    if (row.feature.empty()) {
        for (const auto& key : exchange.snapshot->client_keys) {
            if (key.name == row.client_key) { row.feature = key.feature; }
        }
    }
    if (row.feature.empty()) { row.feature = row.agent; }
    if (row.feature.size() > name_size_max || !printable(row.feature)) {
        row.feature.clear();
        return refuse(exchange, "llmgw: a feature's name is at most 128 printable characters");
    }
    if (!row.feature.empty()) { return std::nullopt; }
    // Listing models spends nothing and is what every client does before a user could configure it.
    if (!exchange.endpoint.billable() || exchange.snapshot->config.features.on_missing == "untagged") {
        row.feature = "untagged";
        return std::nullopt;
    }
    return refuse(exchange, how_to_set(exchange));
}

}  // namespace llmgw
