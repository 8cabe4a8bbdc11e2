#include "providers/host_traits.hpp"

#include <array>

namespace llmgw {
namespace {

struct Row {
    std::string_view host;
    std::string_view reasoning_back = "";
    std::string_view thinking_switch = "";
    std::string_view cache_marks = "";
    bool strict_schema = true;
    bool image_urls = true;
    bool think_tags = false;
};

// What a Chat host does differently from OpenAI; the fields are those of TargetTraits, the facts from the host's own
// documentation (its row in catalogue.cpp names it).
constexpr std::array<Row, 19> rows{{
    {.host = "bedrock", .image_urls = false},
    {.host = "cerebras"},
    {.host = "cohere"},
    {.host = "deepseek", .reasoning_back = "reasoning_content", .thinking_switch = "thinking", .strict_schema = false},
    {.host = "fireworks", .reasoning_back = "reasoning_content"},
    {.host = "github"},
    {.host = "groq", .reasoning_back = "reasoning"},
    {.host = "huggingface"},
    {.host = "llamacpp", .reasoning_back = "reasoning_content", .image_urls = false},
    {.host = "lmstudio", .image_urls = false},
    {.host = "mistral", .reasoning_back = "thinking_parts"},
    {.host = "moonshot", .reasoning_back = "reasoning_content", .thinking_switch = "thinking"},
    {.host = "nvidia"},
    {.host = "ollama", .reasoning_back = "reasoning", .image_urls = false},
    {.host = "openrouter", .reasoning_back = "reasoning_details", .cache_marks = "cache_control"},
    {.host = "perplexity", .think_tags = true},
    {.host = "together", .reasoning_back = "reasoning"},
    {.host = "vllm", .reasoning_back = "reasoning"},
    {.host = "zai", .reasoning_back = "reasoning_content", .thinking_switch = "thinking", .strict_schema = false},
}};

}  // namespace

TargetTraits host_traits(const CatalogueEntry& entry) {
    TargetTraits traits;
    for (const auto& row : rows) {
        if (row.host != entry.name) { continue; }
        traits.max_tokens_field = "max_tokens";
        traits.developer_role = false;
        traits.openai_parameters = false;
        traits.stream_options = entry.stream_usage == StreamUsage::on_request;
        traits.reasoning_back = row.reasoning_back;
        traits.thinking_switch = row.thinking_switch;
        traits.cache_marks = row.cache_marks;
        traits.strict_schema = row.strict_schema;
        traits.image_urls = row.image_urls;
        traits.think_tags = row.think_tags;
    }
    return traits;
}

}  // namespace llmgw
