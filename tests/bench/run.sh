#!/bin/sh
# Builds llmgw and the benchmark optimised, then runs it. Arguments go to llmgw_bench; see --help.
# LLMGW_BUILD_DIR names a directory where all is built already.
set -eu
cd "$(dirname "$0")/../.."
build=${LLMGW_BUILD_DIR:-build/release}
if [ -z "${LLMGW_BUILD_DIR:-}" ]; then
    [ -f "$build/CMakeCache.txt" ] || cmake --preset release -DLLMGW_TESTS=ON >&2
    cmake --build "$build" --target llmgw llmgw_bench load >&2
fi
exec "$build/tests/bench/llmgw_bench" --llmgw "$build/llmgw" "$@"
