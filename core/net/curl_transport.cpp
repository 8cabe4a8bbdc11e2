#include "core/net/curl_transport.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <vector>

#include "core/net/curl_handle.hpp"
#include "core/provider/provider.hpp"

namespace llmgw {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

class CurlTransport;

class CurlResponse final : public UpstreamResponse {
public:
    CurlResponse(CurlTransport& owner, std::unique_ptr<CurlHandle> handle, std::string origin, milliseconds idle)
        : owner_(owner), handle_(std::move(handle)), origin_(std::move(origin)), idle_timeout_(idle) {}
    ~CurlResponse() override;

    int status() const override { return handle_->status(); }
    const Headers& headers() const override { return handle_->headers(); }
    bool connection_reused() const override { return handle_->connection_reused(); }
    bool request_sent() const override { return handle_->request_sent(); }

    Result<Chunk> read(const Watch& watch, milliseconds wait) override {
        drop_given();
        const auto started = Clock::now();
        wait = std::min(wait, idle_left());  // never past the moment the idle limit is reached
        while (handle_->body().empty() && !handle_->finished()) {
            const auto spent = std::chrono::duration_cast<milliseconds>(Clock::now() - started);
            if (idle_left() <= milliseconds(0)) {
                return fail(ErrorKind::timeout, origin_ + " sent nothing for " + seconds_text(idle_timeout_) +
                                                    " in the middle of its answer ([timeouts] idle_s)");
            }
            if (spent >= wait) { return Chunk{.bytes = {}, .end = false, .idle = true}; }
            switch (handle_->step(watch, wait - spent)) {
                case CurlHandle::Step::cancelled: return fail(ErrorKind::cancelled, "the client went away");
                case CurlHandle::Step::aborted: return fail(ErrorKind::unavailable, "llmgw is shutting down");
                default: break;
            }
        }
        return arrived();
    }

    milliseconds idle_left() const override {
        return std::chrono::ceil<milliseconds>(last_bytes_ + idle_timeout_ - Clock::now());
    }

    int readable_fd() const override { return handle_->body().size() > given_ ? -1 : handle_->reading_fd(); }

    Result<Chunk> read_ready() override {
        drop_given();
        handle_->on_readable();
        if (handle_->body().empty() && !handle_->finished()) { return Chunk{.bytes = {}, .end = false, .idle = true}; }
        return arrived();
    }

    static std::string seconds_text(milliseconds time) { return std::to_string(time.count() / 1000) + " s"; }

private:
    // What the caller has seen is dropped only now: its view was good until this call.
    void drop_given() {
        handle_->body().erase(0, given_);
        given_ = 0;
    }

    Result<Chunk> arrived() {
        last_bytes_ = Clock::now();
        if (handle_->finished() && handle_->result() != CURLE_OK && handle_->body().empty()) {
            return std::unexpected(handle_->failure(origin_));
        }
        given_ = handle_->body().size();
        return Chunk{.bytes = handle_->body(), .end = handle_->finished() && handle_->result() == CURLE_OK};
    }

    CurlTransport& owner_;
    std::unique_ptr<CurlHandle> handle_;
    std::string origin_;
    milliseconds idle_timeout_;
    Clock::time_point last_bytes_ = Clock::now();
    std::size_t given_ = 0;
};

class CurlTransport final : public Transport {
public:
    explicit CurlTransport(TransportOptions options) : options_(options) {}

    Result<std::unique_ptr<UpstreamResponse>> open(const UpstreamRequest& request, const Watch& watch) override {
        static std::once_flag once;
        std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
        const std::string origin = origin_of(request.url);
        if (origin.empty()) { return fail(ErrorKind::config, "not an http(s) URL: " + request.url); }
        const auto drive = request.expect_stream ? CurlHandle::Drive::whole : CurlHandle::Drive::sockets;
        auto handle = take(origin, drive);
        if (!handle->valid()) { return fail(ErrorKind::internal, "libcurl could not start"); }
        handle->start(request);
        const auto deadline = Clock::now() + request.first_byte_timeout;
        while (!handle->headers_done() && !handle->finished()) {
            const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
            if (left <= milliseconds(0)) {
                return fail(ErrorKind::timeout, origin + " did not begin to answer within " +
                                                    CurlResponse::seconds_text(request.first_byte_timeout) +
                                                    " ([timeouts] first_byte_s)");
            }
            switch (handle->step(watch, left)) {
                case CurlHandle::Step::cancelled: return fail(ErrorKind::cancelled, "the client went away");
                case CurlHandle::Step::aborted: return fail(ErrorKind::unavailable, "llmgw is shutting down");
                default: break;
            }
        }
        if (!handle->headers_done()) { return std::unexpected(handle->failure(origin)); }
        return std::make_unique<CurlResponse>(*this, std::move(handle), origin, request.idle_timeout);
    }

    std::unique_ptr<CurlHandle> take(const std::string& origin, CurlHandle::Drive drive) {
        {
            const std::lock_guard lock(mutex_);
            auto& idle = pool_[{origin, drive}];
            if (!idle.empty()) {
                auto handle = std::move(idle.back());
                idle.pop_back();
                return handle;
            }
        }
        return std::make_unique<CurlHandle>(drive);
    }

    void give_back(const std::string& origin, std::unique_ptr<CurlHandle> handle) {
        handle->stop();
        handle->body().clear();
        if (handle->body().capacity() > 64 * 1024) { handle->body().shrink_to_fit(); }
        const auto now = Clock::now();
        handle->idle_since = now;
        std::vector<std::unique_ptr<CurlHandle>> old;  // closed after the lock is gone
        {
            const std::lock_guard lock(mutex_);
            auto& idle = pool_[{origin, handle->drive()}];
            idle.push_back(std::move(handle));
            // The longest unused ones are at the front.
            std::size_t stale = 0;
            while (stale < idle.size() && (idle.size() - stale > options_.idle_per_origin_max ||
                                           now - idle[stale]->idle_since > options_.idle_limit)) {
                ++stale;
            }
            const auto end = idle.begin() + static_cast<std::ptrdiff_t>(stale);
            std::move(idle.begin(), end, std::back_inserter(old));
            idle.erase(idle.begin(), end);
        }
    }

private:
    const TransportOptions options_;
    std::mutex mutex_;
    std::map<std::pair<std::string, CurlHandle::Drive>, std::vector<std::unique_ptr<CurlHandle>>> pool_;
};

CurlResponse::~CurlResponse() {
    // A transfer that failed or was left half-way has no connection worth keeping.
    if (handle_->finished() && handle_->result() == CURLE_OK) { owner_.give_back(origin_, std::move(handle_)); }
}

}  // namespace

std::unique_ptr<Transport> make_curl_transport(TransportOptions options) {
    return std::make_unique<CurlTransport>(options);
}

}  // namespace llmgw
