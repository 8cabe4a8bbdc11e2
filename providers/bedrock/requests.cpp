#include "providers/bedrock/requests.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "core/telemetry/log.hpp"
#include "core/util/base64.hpp"
#include "core/util/json_edit.hpp"
#include "core/util/json_scan.hpp"
#include "core/util/json_writer.hpp"
#include "core/util/text.hpp"
#include "core/util/url.hpp"

namespace llmgw::bedrock {
namespace {

constexpr std::string_view invoke_version = R"("bedrock-2023-05-31")";

bool is_region(std::string_view text) {
    return !text.empty() && text.size() <= 32 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

// us-east-1 of bedrock-runtime.us-east-1.amazonaws.com, and of the names with FIPS or for a VPC; "" for other hosts.
std::string region_of(std::string_view host) {
    for (const std::string_view name : {"bedrock-runtime.", "bedrock-runtime-fips."}) {
        const auto at = host.find(name);
        if (at == std::string_view::npos || (at > 0 && host[at - 1] != '.')) { continue; }
        const auto rest = host.substr(at + name.size());
        const auto region = rest.substr(0, rest.find('.'));
        if (is_region(region)) { return std::string(region); }
    }
    return {};
}

// The betas that Bedrock takes. One it does not know has the whole request refused, so this is a list of the known:
// AWS's parameters of Claude's Messages API, and what was seen to be taken. Anthropic's own name stands first.
struct Beta {
    std::string_view theirs;
    std::string_view ours;
};
constexpr std::array betas{
    Beta{"advanced-tool-use-2025-11-20", "tool-search-tool-2025-10-19"},
    Beta{"claude-code-20250219", "claude-code-20250219"},
    Beta{"compact-2026-01-12", "compact-2026-01-12"},
    Beta{"computer-use-2024-10-22", "computer-use-2024-10-22"},
    Beta{"computer-use-2025-01-24", "computer-use-2025-01-24"},
    Beta{"computer-use-2025-11-24", "computer-use-2025-11-24"},
    Beta{"context-1m-2025-08-07", "context-1m-2025-08-07"},
    Beta{"context-management-2025-06-27", "context-management-2025-06-27"},
    Beta{"dev-full-thinking-2025-05-14", "dev-full-thinking-2025-05-14"},
    Beta{"effort-2025-11-24", "effort-2025-11-24"},
    Beta{"fine-grained-tool-streaming-2025-05-14", "fine-grained-tool-streaming-2025-05-14"},
    Beta{"interleaved-thinking-2025-05-14", "interleaved-thinking-2025-05-14"},
    Beta{"output-128k-2025-02-19", "output-128k-2025-02-19"},
    Beta{"structured-outputs-2025-12-15", "structured-outputs-2025-12-15"},
    Beta{"token-efficient-tools-2025-02-19", "token-efficient-tools-2025-02-19"},
    Beta{"tool-examples-2025-10-29", "tool-examples-2025-10-29"},
    Beta{"tool-search-tool-2025-10-19", "tool-search-tool-2025-10-19"},
};

void add_beta(std::string_view beta, std::vector<std::string_view>& out) {
    const auto row = std::ranges::find(betas, trim(beta), &Beta::theirs);
    if (row == betas.end()) {
        log_debug("left out: bedrock does not know this beta", {{"beta", std::string(trim(beta))}});
    } else if (std::ranges::find(out, row->ours) == out.end()) {
        out.push_back(row->ours);
    }
}

// Those of the header and of the body, as the body's array; nullopt for none.
std::optional<std::string> beta_list(const Headers& headers, std::string_view body) {
    std::vector<std::string_view> known;
    for (const auto& [name, value] : headers) {
        if (!iequals(name, "anthropic-beta")) { continue; }
        std::string_view list = value;
        while (!list.empty()) {
            const auto comma = std::min(list.find(','), list.size());
            add_beta(list.substr(0, comma), known);
            list.remove_prefix(std::min(comma + 1, list.size()));
        }
    }
    if (const auto written = json_scan::last_member(body, "anthropic_beta"); written && written->is_array()) {
        json_scan::each_element(written->text, [&](const json_scan::Value& beta) {
            add_beta(beta.raw_string(), known);
            return true;
        });
    }
    if (known.empty()) { return std::nullopt; }
    JsonWriter list;
    list.begin_array();
    for (const auto beta : known) {
        list.string(beta);
    }
    return list.end_array().take();
}

// Tokens are counted by the model itself, not by a profile that leads to it: its id begins with its vendor.
std::string counted_model(std::string_view model) {
    model.remove_prefix(std::min(model.rfind('/') + 1, model.size()));
    const auto at = model.find("anthropic.claude");
    return at == std::string_view::npos ? std::string() : std::string(model.substr(at));
}

bool is_invoke(const HostCall& call) {
    return call.dialect == DialectId::anthropic;
}

}  // namespace

std::string complete(Provider& provider, const Host::Environment& env) {
    auto& region = provider.settings.region;
    if (region.empty()) { region = region_of(host_of(provider.base_url)); }
    for (const std::string_view name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
        if (region.empty()) { region = env(name).value_or(""); }
    }
    if (!is_region(region)) {
        return region.empty() ? "needs region = \"us-east-1\" or another one of AWS's, or AWS_REGION"
                              : "has a region that is none: \"" + region + "\"";
    }
    if (provider.base_url.empty()) {
        const bool china = region.starts_with("cn-");
        provider.base_url = "https://bedrock-runtime." + region + ".amazonaws.com" + (china ? ".cn" : "");
    }
    return {};
}

bool own_origin(const Provider& provider) {
    const auto host = host_of(provider.base_url);
    const bool aws = host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
    return aws && provider.base_url.starts_with("https://") && !region_of(host).empty();
}

bool serves(DialectId dialect, std::string_view model) {
    return dialect != DialectId::anthropic || lower(model).find("claude") != std::string::npos;
}

Result<std::string> url(const HostCall& call) {
    const auto at = [&](std::string_view model, std::string_view operation) {
        return call.provider.base_url + "/model/" + percent_encode(model) + std::string(operation);
    };
    if (call.model.empty()) { return fail(ErrorKind::not_found, "llmgw: bedrock has no such call"); }
    if (call.operation == Operation::count_tokens) {
        const auto model = counted_model(call.model);
        if (model.empty()) { return fail(ErrorKind::not_found, "llmgw: bedrock counts no tokens for this model"); }
        return at(model, "/count-tokens");
    }
    if (is_invoke(call)) {
        if (call.operation != Operation::messages) {
            return fail(ErrorKind::not_found, "llmgw: bedrock has no such call");
        }
        return at(call.model, call.stream ? "/invoke-with-response-stream" : "/invoke");
    }
    return at(call.model, call.stream ? "/converse-stream" : "/converse");
}

Result<std::string> body(const HostCall& call, Headers& headers, std::string_view body) {
    auto beta = is_invoke(call) ? beta_list(headers, body) : std::nullopt;
    // Both are in the body here, and text/event-stream is not what the answer is.
    std::erase_if(headers, [](const Header& header) {
        return iequals(header.first, "anthropic-beta") || iequals(header.first, "anthropic-version") ||
               iequals(header.first, "accept");
    });
    headers.emplace_back("Accept", "application/json");
    if (!is_invoke(call)) { return std::string(body); }
    const bool counting = call.operation == Operation::count_tokens;
    auto edited = edit_members(body, {{"anthropic_version", std::string(invoke_version)},
                                      {"anthropic_beta", std::move(beta)},
                                      {"model", std::nullopt},
                                      {"stream", std::nullopt},
                                      // Members of betas and tiers that Bedrock has not.
                                      {"service_tier", std::nullopt},
                                      {"speed", std::nullopt}});
    // InvokeModel's body has a limit also where it is only counted.
    if (edited && counting) { edited = edit_members(*edited, {{"max_tokens", "1024"}}); }
    if (!edited) { return fail(ErrorKind::bad_request, "llmgw: the request's body is no JSON object"); }
    if (!counting) { return std::move(*edited); }
    JsonWriter counted;
    counted.begin_object().key("input").begin_object().key("invokeModel").begin_object();
    return counted.member("body", base64(*edited)).end_object().end_object().end_object().take();
}

Host::Check check(const Provider& provider) {
    return {"POST", provider.base_url + "/model/" + percent_encode("amazon.nova-micro-v1:0") + "/converse"};
}

}  // namespace llmgw::bedrock
