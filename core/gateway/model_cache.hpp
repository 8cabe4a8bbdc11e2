// What the providers told of their models, and the threads that ask them. Answers are kept for a while; then the old
// one serves until a new one is there, so that a listing waits for no provider it has heard of before.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/gateway/exchange.hpp"
#include "core/gateway/model_list.hpp"
#include "core/net/thread_pool.hpp"

namespace llmgw {

struct ModelCacheLimits {
    std::chrono::milliseconds fresh{5 * 60'000};      // an answer is not asked for again
    std::chrono::milliseconds retry{30'000};          // after a failure
    std::chrono::milliseconds stale{24 * 3'600'000};  // an answer that cannot be renewed is forgotten
    std::chrono::milliseconds fetch{10'000};          // for one provider's answer, all its pages
    std::size_t threads_max = 16;
    std::size_t entries_max = 256;
};

class ModelCache {
public:
    using Limits = ModelCacheLimits;

    // Both outlive the cache.
    ModelCache(const Clock& clock, Transport& transport, Limits limits = {});
    // Ends what runs and waits for its threads.
    ~ModelCache();
    ModelCache(const ModelCache&) = delete;
    ModelCache& operator=(const ModelCache&) = delete;

    // Who asks: a passthrough provider is asked with the client's own credential, and only where the client speaks its
    // dialect. That answer serves those who bring the same credential.
    struct Client {
        DialectId dialect = DialectId::openai_chat;
        Headers credentials;
    };
    // The providers that have a usable key or need none, in the snapshot's order. Asks, all at once, those whose answer
    // is due, and waits up to `wait` for those never heard of; one that let a listing wait in vain is not waited for
    // again until it has answered.
    std::vector<ProviderModels> known(const std::shared_ptr<const Snapshot>& snapshot, const Client& client,
                                      std::chrono::milliseconds wait);

    // Keys have changed: everybody is asked again at the next listing.
    void expire();

private:
    struct Entry;
    std::shared_ptr<Entry> entry_of(const Provider& provider, const Headers& credentials);
    void ask(const Snapshot& snapshot, const Provider& provider, const Headers& credentials, Entry& entry);
    void finish(Entry& entry, Result<std::vector<ListedModel>> answer, bool has_key);
    void evict();

    const Clock& clock_;
    Transport& transport_;
    const Limits limits_;
    int stop_here_ = -1;   // what fetches watch
    int stop_there_ = -1;  // its peer
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, std::shared_ptr<Entry>> entries_;
    bool stopping_ = false;
    ThreadPool threads_;
};

}  // namespace llmgw
