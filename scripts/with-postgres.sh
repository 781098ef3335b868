#!/usr/bin/env bash
# Runs a command beside a temporary PostgreSQL cluster:
#
#     scripts/with-postgres.sh cargo test --workspace
#
# The command sees OPORA_TEST_POSTGRES_URL, a superuser's address on 127.0.0.1. If that variable is set already, the server it names is
# used and nothing is started. The cluster is stopped and removed when the command ends, also after ctrl-C or SIGTERM.
#
# OPORA_TEST_PG_DURABLE=1   keep fsync and synchronous commit on (for crash tests and honest benchmarks)
# OPORA_TEST_PG_INITDB=...  further initdb options, e.g. "--locale-provider=icu --icu-locale=ru" to test another collation
set -euo pipefail

say() { printf 'with-postgres: %s\n' "$*" >&2; }

[ $# -gt 0 ] || { say "usage: $0 COMMAND [ARGUMENT...]"; exit 2; }
[ -z "${OPORA_TEST_POSTGRES_URL:-}" ] || exec "$@"

# shellcheck source=scripts/installed.sh
. "$(dirname "$0")/installed.sh"

bin=$(postgres_programs)
if [ -z "$bin" ]; then
    install_packages "the PostgreSQL server, or OPORA_TEST_POSTGRES_URL, the address of one" postgresql
    bin=$(postgres_programs)
    [ -n "$bin" ] || { say "the server programs are still missing after the installation"; exit 1; }
fi

# The server refuses to run as root.
as_server=()
owner=$(id -un)
if [ "$(id -u)" -eq 0 ]; then
    owner=postgres
    id "$owner" >/dev/null 2>&1 || owner=nobody
    as_server=(setpriv "--reuid=$owner" "--regid=$(id -g "$owner")" --clear-groups --)
fi

# Not under TMPDIR: a socket's path is limited to 107 bytes, and the server's user must be able to reach it.
work=$(mktemp -d /tmp/opora-pg.XXXXXX)
started=
child=

pg() { (cd "$work" && exec "${as_server[@]}" env LC_ALL=C "$bin/$1" "${@:2}"); }

# A second ctrl-C must not leave the cluster behind.
stop_cluster() {
    trap '' INT TERM HUP
    if [ -n "$started" ]; then
        pg pg_ctl -D "$work/data" -m immediate -w stop >/dev/null || true
    fi
    rm -rf "$work"
}
trap stop_cluster EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# No pipe into head here: it would end with SIGPIPE under pipefail.
password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
(umask 077 && printf '%s\n' "$password" >"$work/password")
[ "$(id -u)" -ne 0 ] || chown -R "$owner" "$work"

# shellcheck disable=SC2086  # OPORA_TEST_PG_INITDB is a list of words
if ! pg initdb -D "$work/data" --username=opora --pwfile="$work/password" --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C --no-sync ${OPORA_TEST_PG_INITDB:-} >"$work/initdb.log" 2>&1; then
    cat "$work/initdb.log" >&2
    exit 1
fi

cat >>"$work/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$work'
max_connections = 500
timezone = 'UTC'
log_timezone = 'UTC'
CONF
if [ "${OPORA_TEST_PG_DURABLE:-}" != 1 ]; then
    printf '%s = off\n' fsync synchronous_commit full_page_writes >>"$work/data/postgresql.conf"
fi

# A port can be taken between choosing and binding it, so the server's own start is the test. Below the range of outgoing connections.
for _ in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 12000))
    if pg pg_ctl -D "$work/data" -l "$work/server.log" -o "-p $port" -w -t 60 start >/dev/null 2>&1; then
        started=yes
        break
    fi
done
if [ -z "$started" ]; then
    say "the server does not start:"
    cat "$work/server.log" >&2
    exit 1
fi

export OPORA_TEST_POSTGRES_URL="postgres://opora:$password@127.0.0.1:$port/postgres"

# The command gets a process group of its own: a signal to this script reaches all of it, and the script lives on to clean up.
set -m
"$@" &
child=$!
set +m
trap 'kill -INT -- "-$child" 2>/dev/null || true' INT
trap 'kill -TERM -- "-$child" 2>/dev/null || true' TERM HUP
status=0
while :; do
    wait "$child" && status=0 || status=$?
    # A trapped signal ends wait early.
    kill -0 "$child" 2>/dev/null || break
done
exit "$status"
