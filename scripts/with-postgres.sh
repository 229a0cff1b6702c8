#!/usr/bin/env bash
# Runs a command with a throw-away PostgreSQL beside it.
#
#   scripts/with-postgres.sh cargo nextest run -p tollhouse-store
#
# The server has its own directory, its own port on 127.0.0.1 and a password of its own, trades
# durability for speed, and is gone when the command ends, however it ends. The command finds it in
# TEST_DATABASE_URL, and its exit code is this script's. Nothing is printed unless something goes wrong.
set -euo pipefail

if [ $# -eq 0 ]; then
    echo "usage: scripts/with-postgres.sh COMMAND [ARGUMENT...]" >&2
    exit 64
fi

# The directory of the newest initdb: Debian's, which is not on PATH, or the one that is.
find_server() {
    local candidate
    candidate=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
    [ -x "$candidate" ] || candidate=$(command -v initdb) || return 1
    dirname "$candidate"
}

bin=$(find_server) || {
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "PostgreSQL is not installed: install Debian's package \`postgresql\` (or put initdb on PATH)" >&2
        exit 2
    fi
    log=$(mktemp)
    export DEBIAN_FRONTEND=noninteractive
    if ! { apt-get update && apt-get install -y --no-install-recommends postgresql; } >"$log" 2>&1; then
        cat "$log" >&2
        echo "installing the package \`postgresql\` failed" >&2
        exit 2
    fi
    rm -f "$log"
    bin=$(find_server)
}

home=$(mktemp -d /tmp/tollhouse-postgres.XXXXXX)
as_server=()
if [ "$(id -u)" -eq 0 ]; then
    # PostgreSQL refuses to run as root. Its package makes this user; elsewhere `nobody` will do.
    user=postgres
    id "$user" >/dev/null 2>&1 || user=nobody
    chown "$user" "$home"
    as_server=(runuser -u "$user" --)
fi

# `as_server` may be empty, which older shells take for unset.
server() { (cd "$home" && ${as_server[@]+"${as_server[@]}"} "$@"); }

stop() {
    status=$?
    trap - EXIT INT TERM HUP
    if [ -e "$home/data/postmaster.pid" ]; then
        server "$bin/pg_ctl" -D "$home/data" -m immediate -w stop >/dev/null 2>&1 || true
    fi
    rm -rf "$home"
    exit "$status"
}
trap stop EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
    cat "$home"/*.log >&2 2>/dev/null || true
    echo "PostgreSQL did not start" >&2
    exit 2
}

# A superuser of PostgreSQL can run programs, so other users of this machine must not become one. As
# md5, because the thousands of rounds of scram-sha-256 are most of a test in an unoptimized build.
password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
printf '%s\n' "$password" | server sh -c 'umask 077 && cat >password'

server "$bin/initdb" -D "$home/data" -U tollhouse --pwfile="$home/password" --auth=md5 --encoding=UTF8 --locale=C --no-sync \
    >"$home/initdb.log" 2>&1 || fail

# A port that is free now may be taken a moment later: then another one is tried.
started=
for _ in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 12000))
    options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories='' -c max_connections=200"
    options+=" -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    if server "$bin/pg_ctl" -D "$home/data" -l "$home/server.log" -o "$options" -w -t 60 start \
        >"$home/start.log" 2>&1; then
        started=yes
        break
    fi
done
[ -n "$started" ] || fail

export TEST_DATABASE_URL="postgres://tollhouse:$password@127.0.0.1:$port/postgres"
# In the background and waited for, so that a signal ends both at once. Always TERM: the shell lets
# background commands ignore INT.
"$@" <&0 &
command=$!
end() {
    trap '' HUP INT TERM
    kill -TERM "$command" 2>/dev/null || true
    wait "$command" 2>/dev/null || true
    exit "$1"
}
trap 'end 129' HUP
trap 'end 130' INT
trap 'end 143' TERM
wait "$command"
