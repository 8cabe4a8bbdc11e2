// A kept reply on disk: one private file, its first line the head as JSON, all after it the body as the client gets
// it. While it is written it is named PATH.part and locked; under its own name it is whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/net/http.hpp"
#include "core/util/file.hpp"
#include "core/util/result.hpp"

namespace llmgw {

struct ReplayHead {
    int status = 200;
    Headers headers;
    std::optional<std::uint64_t> content_length;  // of a body that is no stream
    std::string owner;                            // whose call it was; only that one may read it
};

class ReplayFile {
public:
    // A new file, with the head in it. Errors: io.
    static Result<std::unique_ptr<ReplayFile>> create(const std::string& path, const ReplayHead& head);
    // A whole one, with a body of so many bytes. Errors: not_found, io (also one that is not what it should be: after a
    // power cut a file may be shorter than it was).
    static Result<std::unique_ptr<ReplayFile>> open(const std::string& path, std::uint64_t bytes);
    // Removes PATH.part when the process that wrote it is gone.
    static void remove_abandoned(const std::string& part);
    // Removes what has not become whole.
    ~ReplayFile();
    ReplayFile(const ReplayFile&) = delete;
    ReplayFile& operator=(const ReplayFile&) = delete;

    // By one thread at a time. After a failure the body is still `size()` bytes long. Errors: io.
    Result<> append(std::string_view bytes);
    // Gives it its own name. `path` may differ from the one it was made for.
    Result<> finish(const std::string& path);

    // From any thread, of the first size() bytes; how many were read.
    std::size_t read(std::uint64_t offset, char* into, std::size_t size) const;
    std::uint64_t size() const { return size_; }  // of the body; the writer's to ask while it is written
    const ReplayHead& head() const { return head_; }

private:
    ReplayFile(Fd fd, std::string part) : fd_(std::move(fd)), part_(std::move(part)) {}

    Fd fd_;
    std::string part_;  // "" once it is whole
    ReplayHead head_;
    std::uint64_t body_at_ = 0;
    std::uint64_t size_ = 0;
};

}  // namespace llmgw
