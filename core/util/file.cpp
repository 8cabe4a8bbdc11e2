#include "core/util/file.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/util/clock.hpp"
#include "core/util/id.hpp"

namespace llmgw {
namespace {

bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto n = ::write(fd, text.data(), text.size());
        if (n < 0 && errno == EINTR) { continue; }
        if (n <= 0) { return false; }
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

bool is_directory(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

}  // namespace

Fd::~Fd() {
    if (fd_ >= 0) { ::close(fd_); }
}

Error file_error(std::string_view what, const std::string& path, int error_number) {
    const auto kind = error_number == ENOENT ? ErrorKind::not_found : ErrorKind::io;
    return {kind, "cannot " + std::string(what) + " " + path + ": " + std::generic_category().message(error_number)};
}

Result<> ensure_private_dir(const std::string& path) {
    for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
        const auto part = path.substr(0, slash);
        if (::mkdir(part.c_str(), 0700) != 0 && !is_directory(part)) {
            // ENOENT cannot mean "not found" here: whoever calls wants the directory made.
            auto error = file_error("create the directory", part, errno);
            error.kind = ErrorKind::io;
            return std::unexpected(std::move(error));
        }
        if (slash == std::string::npos) { break; }
    }
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0 && info.st_uid == ::geteuid() && (info.st_mode & 077) != 0) {
        ::chmod(path.c_str(), 0700);
    }
    return {};
}

Result<std::string> read_all(const Fd& fd, const std::string& path, std::size_t max_bytes) {
    std::string text;
    struct stat info {};
    if (::fstat(fd.get(), &info) == 0 && info.st_size > 0) { text.reserve(static_cast<std::size_t>(info.st_size)); }
    char chunk[65536];
    for (;;) {
        const auto n = ::read(fd.get(), chunk, sizeof chunk);
        if (n < 0 && errno == EINTR) { continue; }
        if (n < 0) { return std::unexpected(file_error("read", path, errno)); }
        if (n == 0) { return text; }
        text.append(chunk, static_cast<std::size_t>(n));
        if (text.size() > max_bytes) {
            return fail(ErrorKind::too_large, path + " is larger than " + std::to_string(max_bytes) + " bytes");
        }
    }
}

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) { return std::unexpected(file_error("read", path, errno)); }
    return read_all(fd, path, max_bytes);
}

Result<> write_private_file(const std::string& path, std::string_view text) {
    const std::string temporary = path + "." + make_id(SystemClock{}) + ".tmp";
    {
        const Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!fd) { return std::unexpected(file_error("write", path, errno)); }
        if (!write_all(fd.get(), text) || ::fsync(fd.get()) != 0) {
            const int error_number = errno;
            ::unlink(temporary.c_str());
            return std::unexpected(file_error("write", path, error_number));
        }
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
        const int error_number = errno;
        ::unlink(temporary.c_str());
        return std::unexpected(file_error("write", path, error_number));
    }
    return {};
}

}  // namespace llmgw
