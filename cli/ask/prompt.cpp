#include "cli/ask/prompt.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "cli/ask/files.hpp"
#include "core/util/utf8.hpp"

namespace llmgw {
namespace {

// What the gateway takes (core/policy/feature.cpp).
constexpr std::size_t metadata_bytes_max = 4096;

}  // namespace

std::string joined_prompt(const std::vector<std::string>& words, std::string piped) {
    std::string prompt;
    for (const auto& word : words) {
        prompt += (prompt.empty() ? "" : " ") + word;
    }
    if (piped.starts_with("\xef\xbb\xbf")) { piped.erase(0, 3); }
    piped.erase(piped.find_last_not_of("\r\n") + 1);
    if (!piped.empty()) { prompt += (prompt.empty() ? "" : "\n\n") + piped; }
    return prompt;
}

Result<std::vector<AskPart>> read_question(const AskOptions& options, std::size_t stdin_bytes_max) {
    const auto stdin_files = std::count(options.files.begin(), options.files.end(), "-");
    if (stdin_files > 1) { return fail(ErrorKind::usage, "--file -: standard input can be read once only"); }
    if (stdin_files == 1 && ::isatty(STDIN_FILENO) != 0) {
        return fail(ErrorKind::usage, "--file -: standard input is a terminal; pipe the file in, or name it");
    }
    std::vector<AskPart> parts;
    for (const auto& path : options.files) {
        auto part = read_ask_file(path);
        if (!part) { return std::unexpected(part.error()); }
        parts.push_back(std::move(*part));
    }
    std::string piped;
    if (stdin_files == 0 && ::isatty(STDIN_FILENO) == 0) {
        auto read = read_standard_input(stdin_bytes_max);
        if (!read) { return std::unexpected(read.error()); }
        piped = std::move(*read);
        if (!piped.empty() && media_type_of(piped) != "text/plain") {
            return fail(ErrorKind::usage, "standard input is not UTF-8 text; an image or a PDF goes with --file -");
        }
    }
    auto prompt = joined_prompt(options.words, std::move(piped));
    if (!is_utf8(prompt)) { return fail(ErrorKind::usage, "the prompt is not UTF-8 text"); }
    if (prompt.empty() && parts.empty()) {
        return fail(ErrorKind::usage, "nothing to ask: give a prompt as arguments, or on standard input");
    }
    if (!prompt.empty()) { parts.push_back({AskPart::Kind::text, std::move(prompt), "", ""}); }
    return parts;
}

Result<std::string> metadata_json(const std::vector<std::string>& pairs) {
    if (pairs.empty()) { return std::string(); }
    nlohmann::ordered_json object;
    for (const auto& pair : pairs) {
        const auto equals = pair.find('=');
        if (equals == std::string::npos || equals == 0) {
            return fail(ErrorKind::usage, "--meta " + pair + ": expected KEY=VALUE, such as --meta ticket=A-1");
        }
        const auto key = pair.substr(0, equals);
        if (object.contains(key)) { return fail(ErrorKind::usage, "--meta " + pair + ": " + key + " is given twice"); }
        object[key] = pair.substr(equals + 1);
    }
    auto text = object.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
    if (text.size() > metadata_bytes_max) {
        return fail(ErrorKind::usage,
                    "--meta: all pairs together are limited to 4096 bytes, these take " + std::to_string(text.size()));
    }
    return text;
}

}  // namespace llmgw
