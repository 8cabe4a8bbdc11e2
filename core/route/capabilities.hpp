// What models take, and how much, as far as is known; and whether that is enough for a request. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace llmgw {

// What a request asks of the model that is to serve it.
struct Needs {
    bool tools = false;
    bool images = false;
    bool documents = false;
    bool audio = false;
    bool structured = false;  // an answer that fits a JSON Schema
    bool thinking = false;
    std::int64_t input_tokens = 0;  // estimated, nothing added for safety
};

enum class Ability : std::uint8_t { unknown, yes, no };

struct ModelFacts {
    std::string_view host;            // as Provider::price_list
    std::string_view model;           // as the host knows it
    std::int64_t context_tokens = 0;  // what it takes at once; 0: not known
    std::int64_t output_tokens = 0;   // at most in one answer; 0: not known
    Ability tools = Ability::unknown;
    Ability images = Ability::unknown;
    Ability documents = Ability::unknown;
    Ability audio = Ability::unknown;
    Ability structured = Ability::unknown;
    Ability thinking = Ability::unknown;
};

// A table sorted by host and model, which outlives this.
class ModelCatalogue {
public:
    ModelCatalogue() = default;
    explicit ModelCatalogue(std::span<const ModelFacts> table) : table_(table) {}

    // Null when nothing is known. Tries the name as given, then without a trailing date and "@..." suffix.
    const ModelFacts* find(std::string_view host, std::string_view model) const;
    std::span<const ModelFacts> of_host(std::string_view host) const;

private:
    std::span<const ModelFacts> table_;
};

// "takes no images", "has a context of 8192 tokens, and about 12000 are asked for"; "" when nothing is known to lack.
std::string lacking(const ModelFacts& model, const Needs& needs);

}  // namespace llmgw
