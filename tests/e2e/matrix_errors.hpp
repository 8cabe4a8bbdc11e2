// The matrix's cells about what goes wrong.
#pragma once

#include "tests/e2e/matrix_world.hpp"

namespace llmgw::testing::matrix {

// Every class of error a provider answers with: status, class, message, retry-after and request id at the client.
Cell errors_cell(MatrixWorld& bench, Pair pair);
// An error inside a stream that has begun.
Cell stream_error_cell(MatrixWorld& bench, Pair pair);
// The provider's connection ends, or breaks, in the middle of an answer (T9).
Cell cut_cell(MatrixWorld& bench, Pair pair);

}  // namespace llmgw::testing::matrix
