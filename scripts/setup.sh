#!/usr/bin/env bash
# Installs what a make target needs and the machine lacks; says nothing when all is there.
#
#   scripts/setup.sh build|test|lint|deny|agents|sso|web|e2e|deploy|fuzz...
#
# Debian packages are installed when this runs as root; otherwise one line says what to install.
# Cargo's tools go to a cache outside the checkout (TOLLHOUSE_CACHE, ~/.cache/tollhouse by
# default), where make and .ci/run find them.
set -euo pipefail

NEXTEST=0.9.143 NEXTEST_AT_LEAST=0.9.92
DENY=0.20.2 DENY_AT_LEAST=0.18.3
NODE_AT_LEAST=20.19.0

tools="${TOLLHOUSE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tollhouse}/tools"
PATH="$tools/bin:$PATH"

say() { printf '%s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

packages=()
# need COMMAND PACKAGE...
need() {
    local command=$1 package
    shift
    have "$command" || for package in "$@"; do
        [[ " ${packages[*]} " == *" $package "* ]] || packages+=("$package")
    done
}

need_postgres() {
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || need initdb postgresql
}

install_packages() {
    have cargo || {
        say "Rust is missing: install it from https://rustup.rs and run this again"
        exit 2
    }
    [ ${#packages[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ] || ! have apt-get; then
        say "missing programs; install them with: sudo apt-get install --no-install-recommends ${packages[*]}"
        exit 2
    fi
    say "installing Debian packages: ${packages[*]}"
    local log
    log=$(mktemp)
    export DEBIAN_FRONTEND=noninteractive
    if ! { apt-get update && apt-get install -y --no-install-recommends "${packages[@]}"; } >"$log" 2>&1; then
        cat "$log" >&2
        say "apt-get could not install: ${packages[*]}"
        exit 2
    fi
    rm -f "$log"
}

# at_least HAVE WANTED
at_least() {
    [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]
}

# cargo_tool NAME VERSION OLDEST [ARGUMENT...]: a cargo subcommand, built when it is missing or too old.
cargo_tool() {
    local name=$1 version=$2 oldest=$3 found
    shift 3
    if have "cargo-$name"; then
        found=$(cargo "$name" --version | sed -n '1s/^[^ ]* \([0-9.]*\).*/\1/p')
        at_least "${found:-0}" "$oldest" && return 0
    fi
    say "building cargo-$name $version into $tools (once; a few minutes)"
    # A tool that runs for seconds need not be optimized for minutes.
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=0 \
        cargo install --locked --quiet --root "$tools" "cargo-$name" --version "$version" "$@"
}

# node_packages: what web/package-lock.json names, installed again only when that changes.
node_packages() {
    local wanted have_now
    at_least "$(node --version | tr -d v)" "$NODE_AT_LEAST" || {
        say "Node.js $NODE_AT_LEAST or newer is needed; this is $(node --version)"
        exit 2
    }
    wanted=$(cksum <web/package-lock.json)
    have_now=$(cat web/node_modules/.installed 2>/dev/null || true)
    [ "$wanted" != "$have_now" ] || return 0
    say "installing the dashboard's packages from npm"
    npm --prefix web ci --silent --ignore-scripts --no-audit --no-fund
    printf '%s\n' "$wanted" >web/node_modules/.installed
}

[ $# -gt 0 ] || {
    say "usage: scripts/setup.sh build|test|lint|deny|agents|sso|web|e2e|deploy|fuzz..."
    exit 64
}
need cc gcc libc6-dev
for purpose in "$@"; do
    case "$purpose" in
        build | lint | deny) ;;
        test)
            need python3 python3
            need curl curl ca-certificates
            need_postgres
            ;;
        agents | sso)
            need python3 python3
            need npm nodejs npm
            ;;
        web | e2e)
            need node nodejs
            need npm npm
            [ "$purpose" = web ] || { need chromium chromium; need python3 python3; }
            ;;
        deploy)
            need python3 python3
            # A venv takes more than Python itself, where Debian splits it.
            python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)
            ;;
        fuzz) need c++ g++ ;;
        *)
            say "setup: nothing is known of \"$purpose\""
            exit 64
            ;;
    esac
done
install_packages
for purpose in "$@"; do
    case "$purpose" in
        test) cargo_tool nextest "$NEXTEST" "$NEXTEST_AT_LEAST" --no-default-features --features default-no-update ;;
        web | e2e) node_packages ;;
        deny) cargo_tool deny "$DENY" "$DENY_AT_LEAST" ;;
    esac
done
