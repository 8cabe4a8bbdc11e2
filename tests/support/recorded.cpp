#include "tests/support/recorded.hpp"

#include <algorithm>
#include <optional>

#include "tests/support/dialect_text.hpp"

namespace llmgw::test {

namespace fs = std::filesystem;

namespace {

std::optional<DialectId> dialect_of(const std::string& api) {
    if (api == "messages") { return DialectId::anthropic; }
    if (api == "generateContent" || api == "streamGenerateContent") { return DialectId::gemini; }
    if (api == "chat" || api == "openai-chat") { return DialectId::openai_chat; }
    if (api == "responses") { return DialectId::openai_responses; }
    if (api == "v2-chat" || api == "v1-chat") { return DialectId::cohere_chat; }
    if (api == "api-chat" || api == "api-generate") { return DialectId::ollama_chat; }
    return std::nullopt;
}

}  // namespace

std::string Recording::read(const char* file) const {
    return read_file(dir / file);
}

std::string Recording::stream() const {
    if (has("stream.sse")) { return read("stream.sse"); }
    const char* pieces = has("stream.chunks.txt") ? "stream.chunks.txt" : "stream.ndjson";
    if (!has(pieces)) { return {}; }
    const std::string lines = read(pieces);
    std::string out;
    for (std::size_t at = 0; at < lines.size();) {
        const std::size_t end = std::min(lines.find('\n', at), lines.size());
        if (end > at) { out += "data: " + lines.substr(at, end - at) + "\n\n"; }
        at = end + 1;
    }
    return out;
}

std::vector<Recording> recordings() {
    std::vector<Recording> found;
    if (!fs::exists(fixtures_dir())) { return found; }
    for (const auto& host : fs::directory_iterator(fixtures_dir())) {
        if (!host.is_directory()) { continue; }
        for (const auto& api : fs::directory_iterator(host)) {
            const auto dialect = dialect_of(api.path().filename());
            if (!dialect || !api.is_directory()) { continue; }
            for (const auto& entry : fs::directory_iterator(api)) {
                const std::string name = fs::relative(entry.path(), fixtures_dir()).string();
                // Filed under responses, but a Chat recording.
                const bool is_chat = name.find("va-azure-deepseek-reasoning") != std::string::npos;
                found.push_back(
                    {entry.path(), host.path().filename(), name, is_chat ? DialectId::openai_chat : *dialect});
            }
        }
    }
    std::ranges::sort(found, {}, &Recording::name);
    return found;
}

std::vector<Recording> golden_recordings() {
    std::vector<Recording> found;
    for (const auto& row : dialect_names) {
        const fs::path dir = fs::path("tests/dialects") / to_string(row.id);
        for (const auto& entry : fs::directory_iterator(fs::path(LLMGW_SOURCE_DIR) / dir)) {
            found.push_back({entry.path(), "", (dir / entry.path().filename()).string(), row.id});
        }
    }
    std::ranges::sort(found, {}, &Recording::name);
    return found;
}

}  // namespace llmgw::test
