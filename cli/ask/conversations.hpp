// Kept conversations: a file each, one line for every exchange, only ever appended to under a lock. Two asks that go on
// with the same one at the same time both get their exchange in; a crash can tear the last line, which is skipped.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/ask/conversation.hpp"
#include "core/util/result.hpp"

namespace llmgw {

struct ConversationSummary {
    std::string id;
    std::int64_t used_ms = 0;  // last appended to
    std::size_t exchanges = 0;
    std::string model;  // of the last exchange
    std::string title;  // of the first question
};

// What may stay. The one used last always does.
struct KeepLimits {
    std::int64_t count = 200;
    std::int64_t days = 90;
    std::int64_t bytes = 256 << 20;
};

class Conversations {
public:
    // `directory` need not exist. Files are 0600, the directory 0700.
    explicit Conversations(std::string directory) : directory_(std::move(directory)) {}

    // The one with this id, or whose id alone begins so. not_found, usage (several begin so, or this is no id).
    Result<Conversation> load(const std::string& id) const;
    // The one used last; not_found when there is none.
    Result<Conversation> load_last() const;

    // Adds an exchange. `before` is what it goes on from, "" exchanges for a new one: written again should the file
    // have been removed meanwhile. Errors: io; then the file is as it was.
    Result<> append(const Conversation& before, const AskExchange& exchange) const;

    // Newest first.
    std::vector<ConversationSummary> list() const;

    // Removes what is too old or too much, oldest first; how many. One that is being written to stays.
    std::size_t prune(const KeepLimits& limits, std::int64_t now_ms) const;
    // Removes those not used since; how many.
    std::size_t remove_unused_since(std::int64_t since_ms) const;
    Result<> remove(const std::string& id) const;

private:
    struct File {
        std::string id;
        std::int64_t used_ns = 0;
        std::int64_t bytes = 0;
    };
    std::vector<File> files() const;  // newest first
    std::string path(const std::string& id) const { return directory_ + "/" + id + ".jsonl"; }
    Result<std::string> find(const std::string& id) const;
    bool remove_file(const std::string& id) const;
    Result<Conversation> read(const std::string& id) const;

    std::string directory_;
};

}  // namespace llmgw
