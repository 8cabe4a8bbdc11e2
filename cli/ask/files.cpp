#include "cli/ask/files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/util/base64.hpp"
#include "core/util/file.hpp"
#include "core/util/utf8.hpp"

namespace llmgw {
namespace {

using namespace std::string_view_literals;

struct Magic {
    std::string_view bytes;
    std::size_t at;
    std::string_view type;  // a media type, or with a blank: words for what cannot be sent
};

// Longer marks in front of shorter ones that they begin with.
constexpr std::array<Magic, 20> magics{{
    {"\x89PNG\r\n\x1a\n"sv, 0, "image/png"},
    {"\xff\xd8\xff"sv, 0, "image/jpeg"},
    {"GIF87a"sv, 0, "image/gif"},
    {"GIF89a"sv, 0, "image/gif"},
    {"WEBP"sv, 8, "image/webp"},
    {"%PDF-"sv, 0, "application/pdf"},
    {"PK\x03\x04"sv, 0, "a ZIP archive or an Office document"},
    {"PK\x05\x06"sv, 0, "an empty ZIP archive"},
    {"\x1f\x8b"sv, 0, "gzip-compressed data"},
    {"\xfd"
     "7zXZ"sv,
     0, "xz-compressed data"},
    {"\x28\xb5\x2f\xfd"sv, 0, "zstd-compressed data"},
    {"BZh"sv, 0, "bzip2-compressed data"},
    {"\x7f"
     "ELF"sv,
     0, "an executable"},
    {"ftyp"sv, 4, "a video, or an HEIC or AVIF image"},
    {"II*\0"sv, 0, "a TIFF image"},
    {"MM\0*"sv, 0, "a TIFF image"},
    {"ID3"sv, 0, "an MP3 recording"},
    {"WAVE"sv, 8, "a WAV recording"},
    {"OggS"sv, 0, "an Ogg recording"},
    {"SQLite format 3"sv, 0, "an SQLite database"},
}};

std::string_view magic_of(std::string_view bytes) {
    for (const auto& magic : magics) {
        if (bytes.size() >= magic.at && bytes.substr(magic.at).starts_with(magic.bytes)) {
            // RIFF holds both pictures and sound; four letters in the middle of a text mean nothing.
            const bool inside_riff = magic.at == 8;
            if (!inside_riff || bytes.starts_with("RIFF")) { return magic.type; }
        }
    }
    return {};
}

bool is_media_type(std::string_view type) {
    return type.find(' ') == std::string_view::npos && !type.empty();
}

// Tabs, line ends, form feeds and the escapes of coloured logs are text; a NUL and its like are not.
bool is_text(std::string_view bytes) {
    const bool clean = std::none_of(bytes.begin(), bytes.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != '\b' && c != '\x1b';
    });
    return clean && is_utf8(bytes);
}

std::string mebibytes(std::size_t bytes) {
    return std::to_string(bytes >> 20) + " MiB";
}

std::string text_block(const std::string& name, std::string_view text) {
    std::string shown;
    for (const char c : name) {
        shown += c == '"' || c == '<' || c == '>' || static_cast<unsigned char>(c) < 0x20 ? '_' : c;
    }
    std::string block = "<file name=\"" + shown + "\">\n" + std::string(text);
    if (!block.ends_with('\n')) { block += '\n'; }
    return block + "</file>";
}

// What a model is told a file is called: the path as typed says more than its last part, but a path from the root says
// more about the machine than anybody asked for.
std::string told_name(const std::string& path) {
    const bool inside = !path.starts_with('/') && !path.starts_with('~') && path.find("..") == std::string::npos;
    return inside ? path : path.substr(path.rfind('/') + 1);
}

std::unexpected<Error> cannot_read(const std::string& path, const std::string& why) {
    return fail(ErrorKind::usage, "--file " + path + ": " + why);
}

}  // namespace

std::string_view media_type_of(std::string_view bytes) {
    // A text may begin with "GIF89a" or "ID3"; a PDF may hold nothing but text.
    if (!bytes.starts_with("%PDF-") && is_text(bytes)) { return "text/plain"; }
    const auto magic = magic_of(bytes);
    return is_media_type(magic) ? magic : ""sv;
}

Result<AskPart> file_part(const std::string& name, std::string_view bytes) {
    if (bytes.empty()) { return fail(ErrorKind::usage, "the file is empty"); }
    if (bytes.starts_with("\xef\xbb\xbf")) { bytes.remove_prefix(3); }
    const auto type = media_type_of(bytes);
    AskPart part;
    if (type == "text/plain") {
        part.data = text_block(name, bytes);
        return part;
    }
    if (type.empty()) {
        const auto words = magic_of(bytes);
        return fail(ErrorKind::usage,
                    "this is " +
                        (words.empty() ? std::string("neither UTF-8 text nor a known image") : std::string(words)) +
                        "; models take text in UTF-8, PNG, JPEG, GIF and WebP images, and PDF");
    }
    part.kind = type == "application/pdf" ? AskPart::Kind::pdf : AskPart::Kind::image;
    part.media_type = type;
    part.name = name;
    part.data = base64(bytes);
    return part;
}

Result<std::string> read_standard_input(std::size_t max_bytes) {
    std::string text;
    std::array<char, 65536> buffer{};
    for (;;) {
        const auto n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) { continue; }
        if (n < 0) {
            return fail(ErrorKind::usage, std::string("cannot read standard input: ") + std::strerror(errno));
        }
        if (n == 0) { return text; }
        text.append(buffer.data(), static_cast<std::size_t>(n));
        if (text.size() > max_bytes) {
            return fail(ErrorKind::usage, "standard input holds more than " + mebibytes(max_bytes));
        }
    }
}

Result<AskPart> read_ask_file(const std::string& path) {
    const bool from_stdin = path == "-";
    std::string bytes;
    if (from_stdin) {
        auto text = read_standard_input(ask_file_bytes_max);
        if (!text) { return cannot_read(path, text.error().message); }
        bytes = std::move(*text);
    } else {
        const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        struct stat info {};
        if (!file) { return cannot_read(path, errno == ENOENT ? "there is no such file" : std::strerror(errno)); }
        if (::fstat(file.get(), &info) != 0) { return cannot_read(path, std::strerror(errno)); }
        if (S_ISDIR(info.st_mode)) { return cannot_read(path, "this is a directory; give its files one by one"); }
        const auto too_large = [&] {
            return cannot_read(path, "larger than " + mebibytes(ask_file_bytes_max) +
                                         ", which is more than providers take; give a part of it");
        };
        if (info.st_size > static_cast<off_t>(ask_file_bytes_max)) { return too_large(); }
        // A pipe, such as that of <(command), says no size.
        auto read = read_all(file, path, ask_file_bytes_max);
        if (!read && read.error().kind == ErrorKind::too_large) { return too_large(); }
        if (!read) { return cannot_read(path, read.error().message); }
        bytes = std::move(*read);
    }
    auto part = file_part(from_stdin ? "standard input" : told_name(path), bytes);
    if (!part) { return cannot_read(path, part.error().message); }
    return part;
}

}  // namespace llmgw
