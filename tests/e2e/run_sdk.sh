#!/usr/bin/env bash
# Drives llmgw with the official SDKs: run_sdk.sh LLMGW_BINARY FAKE_UPSTREAM_BINARY
# Starts the fake provider and the gateway in a home of their own, installs the pinned SDKs when node_modules is not
# what the lock file says, runs the tests, and ends what it started. The exit code is the tests'.
set -euo pipefail

llmgw=$(realpath "${1:?usage: run_sdk.sh LLMGW FAKE_UPSTREAM}")
fake=$(realpath "${2:?usage: run_sdk.sh LLMGW FAKE_UPSTREAM}")
cd "$(dirname "$(realpath "$0")")/sdk"

for tool in node npm; do
    command -v "$tool" >/dev/null || { echo "run_sdk.sh: $tool is not installed" >&2; exit 1; }
done
# npm keeps a copy of the lock it installed from; the stamp is ours, written when an install was whole.
stamp=node_modules/.llmgw-installed
if ! cmp -s package-lock.json "$stamp"; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
    cp package-lock.json "$stamp"
fi

work=$(mktemp -d)
pids=()
finish() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap finish EXIT

# Prints the URL of "listening on URL" in a file, once it is there.
listening() {
    local file=$1 pid=$2
    for _ in $(seq 600); do
        sed -n 's/.*listening on \(http:[^ ]*\).*/\1/p' "$file" | head -n 1 | grep . && return 0
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.05
    done
    echo "run_sdk.sh: did not start:" >&2
    cat "$file" >&2
    return 1
}

"$fake" >"$work/fake.log" 2>&1 &
pids+=($!)
upstream=$(listening "$work/fake.log" "${pids[0]}")

export HOME=$work XDG_CONFIG_HOME=$work/config XDG_DATA_HOME=$work/data XDG_STATE_HOME=$work/state
export XDG_CACHE_HOME=$work/cache LLMGW_TEST_PROVIDER_KEY=sk-provider-key-of-the-sdk-tests
mkdir -p "$XDG_CONFIG_HOME/llmgw"
cat >"$XDG_CONFIG_HOME/llmgw/config.toml" <<TOML
[providers.anthropic]
base_url = "$upstream"
api_key = "env:LLMGW_TEST_PROVIDER_KEY"
[providers.openai]
base_url = "$upstream/v1"
api_key = "env:LLMGW_TEST_PROVIDER_KEY"
[providers.gemini]
base_url = "$upstream"
api_key = "env:LLMGW_TEST_PROVIDER_KEY"
[providers.chat]
type = "openai"
base_url = "$upstream/v1"
api_key = "env:LLMGW_TEST_PROVIDER_KEY"
dialects = ["openai-chat"]
[providers.responses]
type = "openai"
base_url = "$upstream/v1"
api_key = "env:LLMGW_TEST_PROVIDER_KEY"
dialects = ["openai-responses"]
[providers.nokey]
type = "openai"
base_url = "$upstream/v1"
api_key = "env:LLMGW_NO_SUCH_KEY"
TOML

"$llmgw" serve --listen 127.0.0.1:0 >"$work/gateway.out" 2>"$work/gateway.log" &
pids+=($!)
gateway=$(listening "$work/gateway.log" "${pids[1]}")

status=0
LLMGW=$llmgw LLMGW_URL=$gateway LLMGW_KEY=$(cat "$XDG_DATA_HOME/llmgw/client_key") \
    node --test --test-concurrency=1 sdk.test.mjs translation.test.mjs tls.test.mjs models.test.mjs resume.test.mjs \
    nokey.test.mjs || status=$?
if [ "$status" -ne 0 ]; then
    echo "--- the gateway said:" >&2
    cat "$work/gateway.log" >&2
fi
exit "$status"
