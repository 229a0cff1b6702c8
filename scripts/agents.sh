#!/usr/bin/env bash
# Runs the real coding agents through a demo gateway of their own and checks what they did.
#
#   scripts/agents.sh TOLLHOUSE [ARGUMENT of agents/check.py...]
set -euo pipefail

[ $# -ge 1 ] || {
    echo "usage: scripts/agents.sh TOLLHOUSE [ARGUMENT of agents/check.py...]" >&2
    exit 64
}
tollhouse=$(realpath "$1")
shift
here=$(cd "$(dirname "$0")" && pwd)

"$here/agents/install.sh"
"$here/agents/install.sh" --versions

dir=$(mktemp -d)
# In a home of its own: whatever the demo may keep there is not this user's.
HOME="$dir" "$tollhouse" demo --port 0 --ready-file "$dir/ready.json" >"$dir/demo.log" 2>&1 &
demo=$!
stop() {
    code=$?
    trap - EXIT INT TERM
    kill -TERM "$demo" 2>/dev/null || true
    wait "$demo" 2>/dev/null || true
    if [ "$code" -ne 0 ]; then
        echo "--- the demo's last lines" >&2
        tail -n 40 "$dir/demo.log" >&2
    fi
    rm -rf "$dir"
    exit "$code"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

for _ in $(seq 300); do
    [ ! -s "$dir/ready.json" ] || break
    kill -0 "$demo" 2>/dev/null || {
        echo "the demo ended before it was ready" >&2
        exit 1
    }
    sleep 0.1
done
field() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$dir/ready.json" "$1"; }
url=$(field url)
"$here/agents/check.py" --base-url "$url" --key "$(field key)" --api "$url" --token "$(field admin_token)" "$@"
