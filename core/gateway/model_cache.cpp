#include "core/gateway/model_cache.hpp"

#include <algorithm>
#include <array>

#include <sys/socket.h>
#include <unistd.h>

#include "core/gateway/header_rules.hpp"
#include "core/gateway/model_fetch.hpp"
#include "core/provider/host.hpp"
#include "core/telemetry/log.hpp"
#include "core/telemetry/redact.hpp"
#include "core/util/sha256.hpp"

namespace llmgw {
namespace {

constexpr std::chrono::seconds thread_idle_limit{5};

std::int64_t us(std::chrono::milliseconds time) {
    return std::chrono::microseconds(time).count();
}

// Who is asked, and with what: another address, reference or credential is another entry.
std::string entry_name(const Provider& provider, const Headers& credentials) {
    std::string own;
    for (const auto& [name, value] : credentials) {
        own += name + ":" + value + "\n";
    }
    return provider.name + "\n" + provider.base_url + "\n" + provider.api_key + "\n" +
           (own.empty() ? own : sha256_hex(own));
}

}  // namespace

struct ModelCache::Entry {
    std::shared_ptr<const std::vector<ListedModel>> models;  // null: never told
    std::int64_t told_us = 0;
    std::int64_t due_us = 0;  // to be asked again from then on
    bool usable = false;      // it has a key or needs none
    bool running = false;
    bool slow = false;  // somebody waited for it in vain
};

ModelCache::ModelCache(const Clock& clock, Transport& transport, Limits limits)
    : clock_(clock), transport_(transport), limits_(limits), threads_(limits.threads_max, thread_idle_limit) {
    std::array<int, 2> pair{-1, -1};
    ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data());
    stop_here_ = pair[0];
    stop_there_ = pair[1];
}

ModelCache::~ModelCache() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    ::shutdown(stop_there_, SHUT_RDWR);
    threads_.join();
    ::close(stop_here_);
    ::close(stop_there_);
}

std::vector<ProviderModels> ModelCache::known(const std::shared_ptr<const Snapshot>& snapshot, const Client& client,
                                              std::chrono::milliseconds wait) {
    struct Asked {
        const Provider* provider;
        std::shared_ptr<Entry> entry;  // null: not to be asked, which is no fault
    };
    std::vector<Asked> all;
    std::vector<std::function<void()>> jobs;
    const auto until = std::chrono::steady_clock::now() + wait;
    const Headers none;
    std::unique_lock lock(mutex_);
    evict();
    for (const auto& provider : snapshot->providers) {
        const bool own = provider.passthrough();
        // What such a host serves is in the configuration.
        if (provider.host != nullptr && !provider.host->lists_models) {
            all.push_back({&provider, nullptr});
            continue;
        }
        if (own && (client.credentials.empty() || !provider.speaks(client.dialect))) {
            all.push_back({&provider, nullptr});
            continue;
        }
        const auto& credentials = own ? client.credentials : none;
        all.push_back({&provider, entry_of(provider, credentials)});
        auto& entry = *all.back().entry;
        if (!entry.running && clock_.steady_us() >= entry.due_us) {
            entry.running = true;
            jobs.emplace_back([this, snapshot, &provider, credentials, asked = all.back().entry] {
                ask(*snapshot, provider, credentials, *asked);
            });
        }
    }
    // Without the lock: where no thread can be made the job runs here.
    lock.unlock();
    for (auto& job : jobs) {
        threads_.run_surely(std::move(job));
    }
    lock.lock();
    const auto waited_for = [](const Asked& one) {
        return one.entry && one.entry->running && !one.entry->models && !one.entry->slow;
    };
    changed_.wait_until(lock, until, [&] { return std::ranges::none_of(all, waited_for); });
    std::vector<ProviderModels> out;
    for (auto& one : all) {
        if (waited_for(one)) { one.entry->slow = true; }
        if (one.entry && !one.entry->usable) { continue; }
        out.push_back({one.provider, one.entry && one.entry->models ? *one.entry->models : std::vector<ListedModel>()});
    }
    return out;
}

void ModelCache::expire() {
    const std::lock_guard lock(mutex_);
    for (auto& [name, entry] : entries_) {
        entry->due_us = 0;
    }
}

// Called with the lock held.
std::shared_ptr<ModelCache::Entry> ModelCache::entry_of(const Provider& provider, const Headers& credentials) {
    auto& entry = entries_[entry_name(provider, credentials)];
    if (!entry) {
        entry = std::make_shared<Entry>();
        entry->due_us = clock_.steady_us();
    }
    return entry;
}

// Called with the lock held.
void ModelCache::evict() {
    while (entries_.size() >= limits_.entries_max) {
        auto oldest = entries_.end();
        for (auto at = entries_.begin(); at != entries_.end(); ++at) {
            if (at->second->running) { continue; }
            if (oldest == entries_.end() || at->second->due_us < oldest->second->due_us) { oldest = at; }
        }
        if (oldest == entries_.end()) { return; }
        entries_.erase(oldest);
    }
}

void ModelCache::ask(const Snapshot& snapshot, const Provider& provider, const Headers& own, Entry& entry) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) { return; }
    }
    auto credentials = own;
    // Here, not in the call: a keychain or a command may take its time.
    if (!provider.passthrough()) {
        const auto key = snapshot.keys->key_of(provider);
        if (!key) { return finish(entry, std::unexpected(key.error()), false); }
        if (!key->empty()) { attach_key(credentials, provider.auth, *key); }
    }
    {
        const std::lock_guard lock(mutex_);
        entry.usable = true;
    }
    auto answer = fetch_models(provider, credentials, transport_, limits_.fetch, stop_here_);
    if (!answer) {
        log_debug("no list of models", {{"provider", provider.name}, {"why", redact(answer.error().message)}});
        if (answer.error().kind == ErrorKind::credential && !provider.passthrough()) {
            snapshot.keys->forget(provider.name);
        }
    }
    finish(entry, std::move(answer), true);
}

void ModelCache::finish(Entry& entry, Result<std::vector<ListedModel>> answer, bool has_key) {
    const std::lock_guard lock(mutex_);
    const auto now = clock_.steady_us();
    entry.running = false;
    entry.usable = has_key;
    if (answer) {
        entry.models = std::make_shared<const std::vector<ListedModel>>(std::move(*answer));
        entry.told_us = now;
        entry.due_us = now + us(limits_.fresh);
        entry.slow = false;
    } else {
        entry.due_us = now + us(limits_.retry);
        // What a key was good for is not shown without it; another fault says nothing about the models.
        const bool refused = answer.error().kind == ErrorKind::credential;
        if (refused || now - entry.told_us > us(limits_.stale)) { entry.models.reset(); }
    }
    changed_.notify_all();
}

}  // namespace llmgw
