// What llmgw knows of models without asking anybody: providers/models/table.tsv.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/route/capabilities.hpp"
#include "core/util/result.hpp"

namespace llmgw {

// Sorted by host and model; lives as long as the process.
std::span<const ModelFacts> builtin_models();

// The table's format; views into `text`. Error (config): the line that cannot be read.
Result<std::vector<ModelFacts>> parse_model_table(std::string_view text);

}  // namespace llmgw
