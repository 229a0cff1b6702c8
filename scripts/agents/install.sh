#!/bin/sh
# Installs the real coding agents and the vendors' SDKs that `make agents` runs, at pinned versions,
# into a cache.
#
#   scripts/agents/install.sh            install what is missing; prints nothing when all is there
#   scripts/agents/install.sh --path     print the directory that holds claude, codex, opencode and qwen
#   scripts/agents/install.sh --python   print the Python that has the SDKs
#   scripts/agents/install.sh --node     print the directory whose node_modules has the SDKs
#   scripts/agents/install.sh --versions print "name version", one a line
#
# Each agent has a directory of its own, named by its version and put in place by one rename, so an
# interrupted install leaves nothing half done and a new pin never mixes with an old one.
# Versions are always named: npm without one falls back to an old release whose "engines" field
# fits the installed Node. Install scripts stay off: the native programs come as optional packages.
set -eu

CLAUDE="@anthropic-ai/claude-code 2.1.330 claude"
CODEX="@openai/codex 0.169.0 codex"
OPENCODE="opencode-ai 1.18.33 opencode"
QWEN="@qwen-code/qwen-code 0.24.4 qwen"
SDKS_PYTHON="openai==3.54.0 anthropic==2.12.0"
SDKS_NODE="openai@7.57.0 @anthropic-ai/sdk@1.12.0"

cache="${TOLLHOUSE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tollhouse}/agents"

# The versions are in the name, so that a new pin makes a new directory.
sdks() { printf '%s/sdks-%s' "$cache" "$1-$(printf '%s' "$2" | tr -c 'a-z0-9.\n' '-')"; }
python_sdks=$(sdks python "$SDKS_PYTHON")
node_sdks=$(sdks node "$SDKS_NODE")

say() { printf '%s\n' "$*" >&2; }

# Prints the program of an installed package, the native one where there is one: the launchers that npm links need Node at
# run time and, without install scripts, point at a file that is not there yet.
native() {
    for found in \
        "$1"/node_modules/@anthropic-ai/claude-code-linux-*/claude \
        "$1"/node_modules/@anthropic-ai/claude-code-darwin-*/claude \
        "$1"/node_modules/@openai/codex-*/vendor/*/bin/codex \
        "$1"/node_modules/@openai/codex-*/vendor/*/codex/codex \
        "$1"/node_modules/opencode-*/bin/opencode \
        "$1"/node_modules/.bin/qwen; do
        if [ -x "$found" ] && "$found" --version >/dev/null 2>&1; then
            printf '%s\n' "$found"
            return 0
        fi
    done
    return 1
}

need_npm() {
    command -v npm >/dev/null 2>&1 || { say "npm is missing: install Node.js 20 or newer (Debian: apt-get install nodejs npm)"; exit 1; }
}

install_python_sdks() {
    [ ! -d "$python_sdks" ] || return 0
    say "installing $SDKS_PYTHON"
    # Moving it breaks its scripts, which are not used, and not its Python.
    rm -rf "$python_sdks.new"
    python3 -m venv "$python_sdks.new"
    # shellcheck disable=SC2086 # several words on purpose
    "$python_sdks.new/bin/python" -m pip install --quiet --disable-pip-version-check $SDKS_PYTHON >&2
    mv "$python_sdks.new" "$python_sdks"
}

install_node_sdks() {
    [ ! -d "$node_sdks" ] || return 0
    need_npm
    say "installing $SDKS_NODE"
    rm -rf "$node_sdks.new"
    mkdir -p "$node_sdks.new"
    # shellcheck disable=SC2086 # several words on purpose
    npm install --prefix "$node_sdks.new" --no-audit --no-fund --no-update-notifier \
        --ignore-scripts --loglevel=error $SDKS_NODE >"$node_sdks.new/npm.log" 2>&1 ||
        { cat "$node_sdks.new/npm.log" >&2; exit 1; }
    mv "$node_sdks.new" "$node_sdks"
}

install_one() {
    package=$1 version=$2 name=$3
    home="$cache/$name-$version"
    if [ ! -d "$home" ]; then
        need_npm
        say "installing $name $version"
        work="$home.new.$$"
        trap 'rm -rf "$work"' EXIT INT TERM
        mkdir -p "$work"
        npm install --prefix "$work" --no-audit --no-fund --no-update-notifier --ignore-scripts \
            --loglevel=error "$package@$version" >"$work/npm.log" 2>&1 || { cat "$work/npm.log" >&2; exit 1; }
        native "$work" >/dev/null || { say "$name $version has no program for this machine"; exit 1; }
        mv "$work" "$home"
        trap - EXIT INT TERM
    fi
    if [ ! -x "$cache/bin/$name" ] || [ "$(cat "$cache/bin/.$name" 2>/dev/null)" != "$version" ]; then
        mkdir -p "$cache/bin"
        ln -sfn "$(native "$home")" "$cache/bin/$name"
        printf '%s\n' "$version" >"$cache/bin/.$name"
    fi
}

case "${1:-}" in
    --path) printf '%s\n' "$cache/bin" ;;
    --python) printf '%s\n' "$python_sdks/bin/python" ;;
    --node) printf '%s\n' "$node_sdks" ;;
    --versions)
        for agent in "$CLAUDE" "$CODEX" "$OPENCODE" "$QWEN"; do
            # shellcheck disable=SC2086 # three words on purpose
            set -- $agent
            printf '%s %s\n' "$3" "$2"
        done
        for sdk in $SDKS_PYTHON; do printf 'python:%s %s\n' "${sdk%%==*}" "${sdk##*==}"; done
        for sdk in $SDKS_NODE; do printf 'node:%s %s\n' "${sdk%@*}" "${sdk##*@}"; done
        ;;
    "")
        for agent in "$CLAUDE" "$CODEX" "$OPENCODE" "$QWEN"; do
            # shellcheck disable=SC2086 # three words on purpose
            install_one $agent
        done
        install_python_sdks
        install_node_sdks
        ;;
    *)
        say "usage: install.sh [--path | --python | --node | --versions]"
        exit 2
        ;;
esac
