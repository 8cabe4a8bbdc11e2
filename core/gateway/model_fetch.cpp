#include "core/gateway/model_fetch.hpp"

#include <iterator>
#include <string_view>

#include "core/net/timer_fd.hpp"
#include "core/util/url.hpp"

namespace llmgw {
namespace {

// The longest listings have some hundred models and a megabyte.
constexpr std::size_t page_bytes_max = 16 << 20;
constexpr std::size_t models_max = 10'000;
constexpr int pages_max = 20;

enum class Paging { none, after_id, page_token };

struct Listing {
    std::string url;
    Paging paging = Paging::none;
};

// The base URL of these two has no version, whatever is spoken there.
Listing listing_of(const Provider& provider) {
    if (provider.type == "anthropic") { return {provider.base_url + "/v1/models?limit=1000", Paging::after_id}; }
    if (provider.type == "gemini") { return {provider.base_url + "/v1beta/models?pageSize=1000", Paging::page_token}; }
    return {provider.base_url + "/models", Paging::none};
}

std::string page_url(const Listing& listing, const std::string& next) {
    if (next.empty()) { return listing.url; }
    return listing.url + (listing.paging == Paging::page_token ? "&pageToken=" : "&after_id=") + percent_encode(next);
}

// The only thing that makes this watch end a wait so is the timer.
Error in_words(const Provider& provider, Error error) {
    if (error.kind == ErrorKind::unavailable) {
        return {ErrorKind::timeout, provider.name + " did not list its models in time"};
    }
    return error;
}

Result<std::string> read_page(const Provider& provider, UpstreamResponse& response, const Watch& watch,
                              std::chrono::milliseconds limit) {
    std::string body;
    for (;;) {
        const auto chunk = response.read(watch, limit);
        if (!chunk) { return std::unexpected(in_words(provider, chunk.error())); }
        if (chunk->idle) { return fail(ErrorKind::timeout, provider.name + " did not list its models in time"); }
        if (body.size() + chunk->bytes.size() > page_bytes_max) {
            return fail(ErrorKind::upstream, provider.name + " lists its models in more than 16 MiB");
        }
        body += chunk->bytes;
        if (chunk->end) { return body; }
    }
}

Error refusal(const Provider& provider, int status) {
    auto kind = ErrorKind::upstream;
    if (status == 401 || status == 403) { kind = ErrorKind::credential; }
    if (status == 404 || status == 405 || status == 501) { kind = ErrorKind::not_found; }
    return {kind, provider.name + " answered " + std::to_string(status) + " when asked for its models"};
}

}  // namespace

Result<std::vector<ListedModel>> fetch_models(const Provider& provider, const Headers& credentials,
                                              Transport& transport, std::chrono::milliseconds limit, int stop_fd) {
    const auto listing = listing_of(provider);
    const auto until = timer_fd(limit);
    const Watch watch{stop_fd, until.get()};
    std::vector<ListedModel> models;
    std::string next;
    for (int page = 0; page < pages_max; ++page) {
        UpstreamRequest request;
        request.method = "GET";
        request.url = page_url(listing, next);
        request.headers = {{"Accept", "application/json"}, {"User-Agent", "llmgw"}};
        if (!provider.speaks(DialectId::openai_chat) && provider.speaks(DialectId::anthropic)) {
            request.headers.emplace_back("anthropic-version", "2023-06-01");
        }
        request.headers.insert(request.headers.end(), credentials.begin(), credentials.end());
        request.has_body = false;
        // The timer is the limit; these are only not to be shorter.
        request.connect_timeout = request.first_byte_timeout = request.idle_timeout = limit + std::chrono::seconds(1);
        const auto response = transport.open(request, watch);
        if (!response) { return std::unexpected(in_words(provider, response.error())); }
        if (const int status = (*response)->status(); status < 200 || status >= 300) {
            return std::unexpected(refusal(provider, status));
        }
        const auto body = read_page(provider, **response, watch, limit);
        if (!body) { return std::unexpected(body.error()); }
        auto listed = read_listing(*body);
        if (!listed) { return fail(ErrorKind::upstream, provider.name + " gave no list of models"); }
        models.insert(models.end(), std::make_move_iterator(listed->models.begin()),
                      std::make_move_iterator(listed->models.end()));
        const bool stuck = listed->models.empty() || listed->next == next;
        if (listing.paging == Paging::none || listed->next.empty() || stuck || models.size() >= models_max) { break; }
        next = std::move(listed->next);
    }
    if (models.size() > models_max) { models.resize(models_max); }
    return models;
}

}  // namespace llmgw
