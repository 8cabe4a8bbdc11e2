#include "providers/key_checks.hpp"

#include <array>

#include "providers/catalogue.hpp"

namespace llmgw {
namespace {

// A row only where the host's documentation says that the call wants a key. Lists of models that everybody may read
// (OpenRouter's, Hugging Face's, NVIDIA's) show nothing; hosts without a row are asked in a way that needs no such
// fact.
constexpr std::array checks{
    KeyCheck{"anthropic", "/v1/models", "https://docs.claude.com/en/api/models-list"},
    KeyCheck{"openai", "/models", "https://platform.openai.com/docs/api-reference/models/list"},
    KeyCheck{"gemini", "/v1beta/models", "https://ai.google.dev/api/models"},
    KeyCheck{"deepseek", "/models", "https://api-docs.deepseek.com/api/list-models"},
    KeyCheck{"groq", "/models", "https://console.groq.com/docs/models"},
    KeyCheck{"mistral", "/models", "https://docs.mistral.ai/api/endpoint/models"},
    KeyCheck{"openrouter", "/key", "https://openrouter.ai/docs/api/api-reference/api-keys/get-current-key"},
    KeyCheck{"xai", "/models", "https://docs.x.ai/docs/api-reference"},
};

}  // namespace

const KeyCheck* key_check(const Provider& provider) {
    for (const auto& entry : catalogue()) {
        if (entry.name != provider.type || provider.base_url != entry.base_url) { continue; }
        for (const auto& check : checks) {
            if (check.type == provider.type) { return &check; }
        }
    }
    return nullptr;
}

}  // namespace llmgw
