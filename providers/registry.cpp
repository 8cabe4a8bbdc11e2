// The providers library. The tables are in registry.cpp and catalogue.cpp.
#include "providers/registry.hpp"

#include <cassert>

#include "providers/dialects/anthropic/anthropic.hpp"
#include "providers/dialects/bedrock_converse/bedrock_converse.hpp"
#include "providers/dialects/cohere_chat/cohere_chat.hpp"
#include "providers/dialects/gemini/gemini.hpp"
#include "providers/dialects/ollama_chat/ollama_chat.hpp"
#include "providers/dialects/openai_chat/openai_chat.hpp"
#include "providers/dialects/openai_responses/openai_responses.hpp"

namespace llmgw {

namespace {

class AllDialects final : public DialectSet {
public:
    const Dialect& get(DialectId id) const override {
        for (const Dialect* dialect : table_) {
            if (dialect->id() == id) { return *dialect; }
        }
        assert(false && "every DialectId has a row");
        return anthropic_;
    }

private:
    wire::Anthropic anthropic_;
    wire::OpenAiChat openai_chat_;
    wire::OpenAiResponses openai_responses_;
    wire::Gemini gemini_;
    wire::BedrockConverse bedrock_converse_;
    wire::CohereChat cohere_chat_;
    wire::OllamaChat ollama_chat_;
    // One line for each dialect.
    const Dialect* table_[7] = {&anthropic_,        &openai_chat_, &openai_responses_, &gemini_,
                                &bedrock_converse_, &cohere_chat_, &ollama_chat_};
};

}  // namespace

const DialectSet& dialects() {
    static const AllDialects all;
    return all;
}

}  // namespace llmgw
