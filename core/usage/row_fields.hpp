// The one list of what a row consists of. The journal's lines, the tables' columns and the bound values all
// follow it, so that none of them can forget a field or swap two. The names are the columns' names; a new field
// goes to the end of its list and needs a migration (core/store/migrations.cpp).
#pragma once

#include "core/usage/row.hpp"

namespace llmgw {

// Calls visit(name, field) for each field, in the tables' order. Row may be const.
// Field types: std::string, std::int64_t, int, bool, std::optional<std::int64_t>, Ending, CostBasis,
// std::vector<UsageIteration>.
template <class Counts, class Visit>
void each_count_field(Counts& counts, Visit&& visit) {
    visit("input_tokens", counts.input);
    visit("cache_read_tokens", counts.cache_read);
    visit("cache_write_5m_tokens", counts.cache_write_5m);
    visit("cache_write_1h_tokens", counts.cache_write_1h);
    visit("output_tokens", counts.output);
    visit("reasoning_tokens", counts.reasoning);
    visit("audio_input_tokens", counts.audio_input);
    visit("audio_output_tokens", counts.audio_output);
}

template <class Row, class Visit>
void each_usage_and_cost_field(Row& row, Visit&& visit) {
    each_count_field(row.usage.counts, visit);
    visit("iterations", row.usage.iterations);
    visit("service_tier", row.usage.service_tier);
    visit("speed", row.usage.speed);
    visit("inference_geo", row.usage.inference_geo);
    visit("web_search_requests", row.usage.web_search_requests);
    visit("reported_cost_nano", row.usage.reported_cost_nano);
    visit("cost_nano", row.cost.nano);
    visit("cost_basis", row.cost.basis);
    visit("price_source", row.cost.price_source);
    visit("price_date", row.cost.price_date);
    visit("cache_saved_nano", row.cost.cache_saved_nano);
}

template <class Call, class Visit>
void each_call_field(Call& call, Visit&& visit) {
    visit("call_id", call.call_id);
    visit("started_ms", call.started_ms);
    visit("duration_ms", call.duration_ms);
    visit("first_token_ms", call.first_token_ms);
    visit("client_key", call.client_key);
    visit("client", call.client);
    visit("agent", call.agent);
    visit("session_id", call.session_id);
    visit("feature", call.feature);
    visit("user", call.user);
    visit("metadata", call.metadata);
    visit("operation", call.operation);
    visit("client_dialect", call.client_dialect);
    visit("provider_dialect", call.provider_dialect);
    visit("provider", call.provider);
    visit("requested_model", call.requested_model);
    visit("served_model", call.served_model);
    visit("stream", call.stream);
    visit("ending", call.ending);
    visit("http_status", call.http_status);
    visit("error_class", call.error_class);
    visit("error_message", call.error_message);
    visit("finish_reason", call.finish_reason);
    visit("request_bytes", call.request_bytes);
    visit("response_bytes", call.response_bytes);
    each_usage_and_cost_field(call, visit);
}

// Without the call's id, which the attempts table has as its first column.
template <class Attempt, class Visit>
void each_attempt_field(Attempt& attempt, Visit&& visit) {
    visit("number", attempt.number);
    visit("started_ms", attempt.started_ms);
    visit("duration_ms", attempt.duration_ms);
    visit("first_byte_ms", attempt.first_byte_ms);
    visit("provider", attempt.provider);
    visit("dialect", attempt.dialect);
    visit("model", attempt.model);
    visit("served_model", attempt.served_model);
    visit("http_status", attempt.http_status);
    visit("ending", attempt.ending);
    visit("error_class", attempt.error_class);
    visit("error_message", attempt.error_message);
    visit("upstream_request_id", attempt.upstream_request_id);
    visit("connection_reused", attempt.connection_reused);
    each_usage_and_cost_field(attempt, visit);
}

}  // namespace llmgw
