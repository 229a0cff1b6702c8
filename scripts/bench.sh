#!/bin/sh
# Builds the gateway and the bench in release mode and compares them; all arguments go to
# `tollhouse-bench run` (try --quick, --list, --litellm, --minutes 10, --json FILE).
set -eu

cd "$(dirname "$0")/.."

for tool in taskset setpriv; do
    if ! command -v "$tool" >/dev/null; then
        echo "bench: $tool is missing; install the Debian package util-linux" >&2
        exit 1
    fi
done

cargo build --release --locked -p tollhouse-bench -p tollhouse-cli

TOLLHOUSE_CACHE="${TOLLHOUSE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tollhouse}"
export TOLLHOUSE_CACHE

exec "${CARGO_TARGET_DIR:-target}/release/tollhouse-bench" run "$@"
