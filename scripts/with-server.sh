#!/usr/bin/env bash
# Runs a command beside a temporary server with the demonstration data:
#
#     scripts/with-server.sh scripts/schemathesis.sh
#
# The command sees OPORA_TEST_URL, the server's address on 127.0.0.1, OPORA_TEST_PID, its process, and OPORA_BIN, the binary, whose
# command line works on the server's database. The database is SQLite in a directory of its own, which holds the command's TMPDIR too, or
# one of its own on a PostgreSQL server; all of it is removed when the command ends, also after ctrl-C or SIGTERM.
#
# OPORA_BIN                 the binary (target/debug/opora)
# OPORA_TEST_DATABASE       sqlite or postgres (sqlite)
# OPORA_TEST_POSTGRES_URL   a superuser's address of that server; without it a cluster is started (scripts/with-postgres.sh)
set -euo pipefail
# shellcheck source=scripts/installed.sh
. "$(dirname "$0")/installed.sh"

say() { printf 'with-server: %s\n' "$*" >&2; }

[ $# -gt 0 ] || { say "usage: $0 COMMAND [ARGUMENT...]"; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
bin=$(realpath -m "${OPORA_BIN:-${CARGO_TARGET_DIR:-$root/target}/debug/opora}")
[ -x "$bin" ] || { say "no binary at $bin: make build-tests"; exit 1; }
case "${OPORA_TEST_DATABASE:=sqlite}" in
    sqlite) ;;
    postgres) [ -n "${OPORA_TEST_POSTGRES_URL:-}" ] || exec "$root/scripts/with-postgres.sh" "$0" "$@" ;;
    *) say "OPORA_TEST_DATABASE is sqlite or postgres"; exit 2 ;;
esac

work=$(mktemp -d "${TMPDIR:-/tmp}/opora-server.XXXXXX")
server=
database=opora_server_$$
# on_postgres SQL: says it to the server as its superuser.
on_postgres() {
    local psql
    psql=$(command -v psql || echo "$(postgres_programs)/psql")
    "$psql" -q "$OPORA_TEST_POSTGRES_URL" -c "$1"
}
clean_up() {
    status=$?
    trap '' INT TERM HUP
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    if [ "$status" -ne 0 ] && [ -s "$work/server.log" ]; then
        say "the server's last lines:"
        tail -n 40 "$work/server.log" >&2
    fi
    [ "$OPORA_TEST_DATABASE" = sqlite ] || on_postgres "DROP DATABASE IF EXISTS $database WITH (FORCE)" || true
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# The one place that knows how the server is configured.
export DATABASE_URL=sqlite:$work/opora.db
if [ "$OPORA_TEST_DATABASE" = postgres ]; then
    on_postgres "CREATE DATABASE $database TEMPLATE template0"
    DATABASE_URL=${OPORA_TEST_POSTGRES_URL%/*}/$database
fi
export OPORA_DATA_DIR=$work/data
# A fuzzer asks more often than anybody may, and for longer than a token lives.
export OPORA_RATE_LIMIT=0 OPORA_RATE_LIMIT_ANONYMOUS=0 OPORA_TOKEN_SECONDS=86400

"$bin" demo --if-empty >"$work/server.log" 2>&1

# ready: waits up to a minute for /health/ready, as long as the server lives.
ready() {
    local _
    for _ in $(seq 300); do
        kill -0 "$server" 2>/dev/null || return 1
        python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=2)' "$OPORA_ISSUER/health/ready" 2>/dev/null && return
        sleep 0.2
    done
    return 1
}

# A port can be taken between choosing and binding it, so the server's own start is the test. Below the range of outgoing connections.
for _ in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 12000))
    export OPORA_LISTEN=127.0.0.1:$port OPORA_ISSUER=http://127.0.0.1:$port
    "$bin" serve >>"$work/server.log" 2>&1 &
    server=$!
    if ready || kill -0 "$server" 2>/dev/null; then break; fi
done
{ kill -0 "$server" 2>/dev/null && ready; } || { say "the server did not become ready"; exit 1; }
mkdir "$work/tmp"
OPORA_TEST_URL=$OPORA_ISSUER OPORA_TEST_PID=$server OPORA_BIN=$bin TMPDIR=$work/tmp "$@"
kill -0 "$server" 2>/dev/null || { say "the server died"; exit 1; }
