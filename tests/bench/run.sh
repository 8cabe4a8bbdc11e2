#!/bin/sh
# Builds llmgw and the benchmark optimised, then runs it. Arguments go to llmgw_bench; see --help.
set -eu
cd "$(dirname "$0")/../.."
[ -f build/release/CMakeCache.txt ] || cmake --preset release >&2
cmake --build --preset release --target llmgw llmgw_bench load >&2
exec build/release/tests/bench/llmgw_bench --llmgw build/release/llmgw "$@"
