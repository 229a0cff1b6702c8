#!/usr/bin/env bash
# Runs the real coding agents, and then the vendors' SDKs, through a gateway of their own in front
# of the simulated provider, and checks what they did.
#
#   scripts/agents.sh TOLLHOUSE [ARGUMENT of agents/check.py...]
#
# Then come all of them again, each with exactly what bootstrap hands out, on a budget that is spent,
# and on simulated subscriptions at a gateway of their own. With --only the SDKs and these are left out,
# because it names agents. With BOOTSTRAP=only, SPENT=only or ACCOUNTS=only nothing else is done.
set -euo pipefail
# The scripts lie in the checkout, which is to stay as it is.
export PYTHONDONTWRITEBYTECODE=1

[ $# -ge 1 ] || {
    echo "usage: scripts/agents.sh TOLLHOUSE [ARGUMENT of agents/check.py...]" >&2
    exit 64
}
tollhouse=$(realpath "$1")
shift
here=$(cd "$(dirname "$0")" && pwd)
# PAIRS=same leaves out the pairs of protocols between which the gateway has to translate.
pairs=${PAIRS:-all}
target=${CARGO_TARGET_DIR:-$here/../target}

"$here/agents/install.sh"
"$here/agents/install.sh" --versions
cargo build --locked --quiet --manifest-path "$here/../Cargo.toml" -p tollhouse-sim --example sim

if [ "${ACCOUNTS:-}" = only ]; then
    exec "$here/agents/accounts.py" "$tollhouse" "$target/debug/examples/sim" "$@"
fi

dir=$(mktemp -d)
running=()
stop() {
    code=$?
    trap - EXIT INT TERM
    for process in "${running[@]}"; do
        kill -TERM "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
    if [ "$code" -ne 0 ]; then
        echo "--- the gateway's last lines" >&2
        tail -n 40 "$dir/gateway.log" >&2 || true
    fi
    rm -rf "$dir"
    exit "$code"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

secret() { python3 -c 'import secrets; print("th-" + secrets.token_hex(24))'; }
# until_true WHAT COMMAND...: waits for half a minute at most.
until_true() {
    local what=$1
    shift
    for _ in $(seq 300); do
        ! "$@" 2>/dev/null || return 0
        sleep 0.1
    done
    echo "$what did not get ready" >&2
    exit 1
}

export PROVIDER_KEY KEY LIMITED_KEY ADMIN_TOKEN
PROVIDER_KEY=$(secret) KEY=$(secret) LIMITED_KEY=$(secret) ADMIN_TOKEN=$(secret)
"$target/debug/examples/sim" 0 "$PROVIDER_KEY" >"$dir/sim.url" &
running+=($!)
until_true "the simulated provider" test -s "$dir/sim.url"
provider=$(cat "$dir/sim.url")
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
url="http://127.0.0.1:$port"

cat >"$dir/tollhouse.toml" <<END
[server]
listen = "127.0.0.1:$port"
data_dir = "$dir/data"
max_body = "1MiB"
drain_seconds = 1

[admin]
token = "env:ADMIN_TOKEN"

[bootstrap]
platform = true

[[provider]]
name = "sim"
endpoints = { messages = "$provider", chat = "$provider/v1", responses = "$provider/v1" }
api_key = "env:PROVIDER_KEY"

[[key]]
name = "agents"
secret = "env:KEY"

[[key]]
name = "limited"
secret = "env:LIMITED_KEY"
models = ["sim-coder"]

[[route]]
model = "sim-*"
targets = [{ provider = "sim" }]

[[route]]
model = "gpt-*"
targets = [{ provider = "sim" }]

END
"$here/agents/routes.py" sim >>"$dir/tollhouse.toml"

# In a home of its own: whatever the server may keep there is not this user's.
HOME="$dir" "$tollhouse" serve --config "$dir/tollhouse.toml" --log warn >"$dir/gateway.log" 2>&1 &
running+=($!)
until_true "the gateway" curl --silent --fail --output /dev/null "$url/healthz"

failed=0
if [ "${SPENT:-}" = only ]; then
    "$here/agents/spent.py" --base-url "$url" --token "$ADMIN_TOKEN" "$@" || failed=1
    exit $failed
fi
if [ "${BOOTSTRAP:-}" = only ]; then
    "$here/agents/bootstrap.py" --api "$url" --token "$ADMIN_TOKEN" "$@" || failed=1
    exit $failed
fi
"$here/agents/check.py" --base-url "$url" --key "$KEY" --api "$url" --token "$ADMIN_TOKEN" \
    --pairs "$pairs" "$@" || failed=1
case " $* " in
    *" --only"*) ;;
    *)
        "$here/agents/sdk.sh" "$url" --pairs "$pairs" || failed=1
        "$here/agents/bootstrap.py" --api "$url" --token "$ADMIN_TOKEN" || failed=1
        "$here/agents/spent.py" --base-url "$url" --token "$ADMIN_TOKEN" || failed=1
        "$here/agents/accounts.py" "$tollhouse" "$target/debug/examples/sim" || failed=1
        ;;
esac
exit $failed
