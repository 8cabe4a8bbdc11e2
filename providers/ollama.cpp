// Ollama's own API, where the configuration asks for it; else Ollama is asked as any Chat host is, at /v1.
// https://docs.ollama.com/api/chat, .../faq (keep_alive), .../context-length
#include <algorithm>
#include <array>

#include "core/util/json_valid.hpp"
#include "providers/hosts.hpp"

namespace llmgw {
namespace {

constexpr std::array<std::string_view, 2> settings{"num_ctx", "keep_alive"};
constexpr std::string_view version = "/v1";

// A line holds a few tokens, or one answer's calls.
constexpr std::size_t line_bytes_max = 16 << 20;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_number(std::string_view text) {
    return !text.empty() && text.size() < 10 && std::ranges::all_of(text, is_digit);
}

// As Go reads one: 1h30m, 2.5h, 300ms. A number alone is seconds.
bool is_duration(std::string_view text) {
    if (text.starts_with('-')) { text.remove_prefix(1); }
    if (is_number(text)) { return true; }
    bool some = false;
    while (!text.empty()) {
        const auto digits = std::min(text.find_first_not_of("0123456789."), text.size());
        const auto number = text.substr(0, digits);
        if (digits == 0 || std::ranges::count(number, '.') > 1 || std::ranges::none_of(number, is_digit)) {
            return false;
        }
        text.remove_prefix(digits);
        const auto letters = std::min(text.find_first_of("0123456789."), text.size());
        const auto unit = text.substr(0, letters);
        constexpr std::array<std::string_view, 5> units{"h", "m", "s", "ms", "us"};
        if (std::ranges::find(units, unit) == units.end()) { return false; }
        text.remove_prefix(letters);
        some = true;
    }
    return some;
}

// With or without /v1, which the model list is asked at.
std::string complete(Provider& provider, const Host::Environment&) {
    auto& url = provider.base_url;
    while (url.ends_with('/')) {
        url.pop_back();
    }
    for (const std::string_view end : {"/v1", "/api/chat", "/api"}) {
        if (url.ends_with(end)) { url.resize(url.size() - end.size()); }
    }
    url += version;
    const auto& keep_alive = provider.settings.keep_alive;
    if (!keep_alive.empty() && !is_duration(keep_alive)) {
        return "has a keep_alive that is no duration: expected one like \"30m\" or \"2h\", \"0\" or \"-1\"";
    }
    provider.traits.num_ctx = provider.settings.num_ctx;
    provider.traits.keep_alive = keep_alive;
    return {};
}

std::string root_of(const Provider& provider) {
    return provider.base_url.substr(0, provider.base_url.size() - version.size());
}

Result<std::string> url(const HostCall& call) {
    return root_of(call.provider) + std::string(call.path) + (call.query.empty() ? "" : "?" + std::string(call.query));
}

// Lines of JSON, each of which becomes an event.
class LineFraming final : public StreamFraming {
public:
    Result<> feed(std::string_view bytes, std::string& sse) override {
        for (auto end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
            if (line_.empty()) {
                say(bytes.substr(0, end), sse);
            } else {
                line_ += bytes.substr(0, end);
                say(line_, sse);
                line_.clear();
            }
            bytes.remove_prefix(end + 1);
        }
        if (line_.size() + bytes.size() > line_bytes_max) {
            return fail(ErrorKind::upstream, "the provider's stream has a line without an end");
        }
        line_ += bytes;
        return {};
    }

    // The last line may go without its end.
    Result<> finish(std::string& sse) override {
        if (line_.find_first_not_of(" \t\r") == std::string::npos) { return {}; }
        if (!is_json(line_)) {
            return fail(ErrorKind::upstream, "the provider's stream ended in the middle of a line");
        }
        say(line_, sse);
        line_.clear();
        return {};
    }

private:
    // A carriage return inside JSON is white space between its tokens; in an event's data it would end a line.
    static void say(std::string_view line, std::string& sse) {
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) { return; }
        sse += "data: ";
        const auto from = sse.size();
        sse += line;
        std::replace(sse.begin() + static_cast<std::ptrdiff_t>(from), sse.end(), '\r', ' ');
        sse += "\n\n";
    }

    std::string line_;  // the beginning of one whose end has not come
};

std::unique_ptr<StreamFraming> framing(DialectId, std::string_view content_type) {
    if (!content_type.starts_with("application/x-ndjson")) { return nullptr; }
    return std::make_unique<LineFraming>();
}

// Without a model nothing is loaded; Ollama's cloud looks at the key first.
Host::Check check(const Provider& provider) {
    return {"POST", root_of(provider) + "/api/chat"};
}

}  // namespace

const Host ollama_host{
    .settings = settings, .complete = complete, .url = url, .framing = framing, .check = check, .lists_models = true};

}  // namespace llmgw
