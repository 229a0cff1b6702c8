#!/bin/sh
# Installs the OpenID Connect server that single sign-on is tried against, at a pinned version, into
# a cache.
#
#   scripts/sso/install.sh          install it if it is missing; prints nothing when it is there
#   scripts/sso/install.sh --path   print the directory whose node_modules has it
#
# The directory is named by the version and put in place by one rename, so an interrupted install
# leaves nothing half done and a new pin never mixes with an old one. Install scripts stay off.
set -eu

VERSION=9.13.3

home="${TOLLHOUSE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tollhouse}/sso/oidc-provider-$VERSION"

say() { printf '%s\n' "$*" >&2; }

case "${1:-}" in
    --path) printf '%s\n' "$home" ;;
    "")
        [ ! -d "$home" ] || exit 0
        command -v npm >/dev/null 2>&1 || { say "npm is missing: install Node.js 20 or newer (Debian: apt-get install nodejs npm)"; exit 1; }
        say "installing oidc-provider $VERSION"
        work="$home.new.$$"
        trap 'rm -rf "$work"' EXIT
        trap 'exit 130' INT
        trap 'exit 143' TERM
        mkdir -p "$work"
        npm install --prefix "$work" --no-audit --no-fund --no-update-notifier --ignore-scripts \
            --loglevel=error "oidc-provider@$VERSION" >"$work/npm.log" 2>&1 || { cat "$work/npm.log" >&2; exit 1; }
        mv "$work" "$home"
        ;;
    *)
        say "usage: install.sh [--path]"
        exit 2
        ;;
esac
