#!/usr/bin/env bash
# Runs each fuzz target of tollhouse-wire for some seconds, on the stable compiler and without
# cargo-fuzz: coverage feedback without a sanitizer, for code that contains no `unsafe`.
#
#   scripts/fuzz.sh [SECONDS] [TARGET...]
set -euo pipefail
cd "$(dirname "$0")/../crates/wire/fuzz"

seconds=${1:-20}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(sed -n '/^\[\[bin\]\]/{n;s/^name = "\(.*\)"/\1/p}' Cargo.toml)

host=$(rustc -vV | sed -n 's/^host: //p')
out=target
# As cargo-fuzz sets them. With --target, so that build scripts and macros are left alone.
flags="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
flags+=" -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
flags+=" -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 -Cdebug-assertions"
RUSTFLAGS="$flags" cargo build --release --locked --target "$host" --target-dir "$out"

for name in "${targets[@]}"; do
    found="artifacts/$name" corpus="$out/corpus/$name"
    mkdir -p "$found" "$corpus"
    log="$out/$name.log"
    # What is found goes to the first directory; the seeds in the second are only read.
    if ! "$out/$host/release/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -dict=wire.dict -artifact_prefix="$found/" "$corpus" "corpus/$name" >"$log" 2>&1; then
        tail -n 60 "$log"
        echo "fuzz: $name failed; the input is in crates/wire/fuzz/$found" >&2
        exit 1
    fi
    printf '%-8s %s\n' "$name" "$(grep -E '^Done ' "$log" || tail -n 1 "$log")"
done
