#!/usr/bin/env bash
# A load of mixed reads with 5 % durable writes, for a while: throughput, latencies, errors, memory before and after, and
# whether what was acknowledged is there.
#
#     scripts/load.sh                       on SQLite
#     OPORA_TEST_DATABASE=postgres scripts/load.sh
#
# OPORA_TEST_LOAD_SECONDS       how long (60)
# OPORA_TEST_LOAD_WARM_UP       how long before that, unmeasured (60)
# OPORA_TEST_LOAD_CONNECTIONS   how many connections (16)
# OPORA_BIN                     the binary
#
# It ends with 1 if a request failed, if an acknowledged record is missing, or if memory grew by more than a quarter between the
# end of the warm-up and the end.
# The server is started with the demonstration data by scripts/with-server.sh; wrk is installed where it is missing.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/installed.sh
. "$root/scripts/installed.sh"
say() { printf 'load: %s\n' "$*" >&2; }

if [ -z "${OPORA_TEST_URL:-}" ]; then
    command -v wrk >/dev/null || install_packages wrk wrk
    # A token for the whole run; codes of other systems, because six digits would run out.
    # MALLOC_ARENA_MAX as in packaging/opora.service.
    export MALLOC_ARENA_MAX=2 OPORA_TOKEN_SECONDS=86400 OPORA_ANY_SCHOOL_CODE=true
    OPORA_TEST_PG_DURABLE=1 exec "$root/scripts/with-server.sh" "$0" "$@"
fi

seconds=${OPORA_TEST_LOAD_SECONDS:-60}
warm_up=${OPORA_TEST_LOAD_WARM_UP:-60}
connections=${OPORA_TEST_LOAD_CONNECTIONS:-16}
threads=2

# ask PATH [BODY]: an answer of the server, with the token if there is one; of a list in pages all of them, one a line.
ask() {
    python3 - "$OPORA_TEST_URL" "$1" "${token:-}" "${2:-}" <<'PYTHON'
import re, sys, urllib.request
server, path, token, body = sys.argv[1:]
headers = {"Content-Type": "application/json"}
if token:
    headers["Authorization"] = "Bearer " + token
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
while path:
    answer = opener.open(urllib.request.Request(server + path, body.encode() or None, headers), timeout=30)
    print(answer.read().decode())
    following = re.search(r'<([^>]*)>; *rel="next"', answer.headers.get("Link") or "")
    path = following and following[1]
PYTHON
}
field() { python3 -c "import json, sys; print(' '.join(str(x) for x in ($1)(json.load(sys.stdin))))"; }

# log_in LOGIN: a token.
log_in() { token='' ask /api/v1/auth/login "{\"login\": \"$1\", \"password\": \"opora-demonstration\"}" | field 'lambda a: [a["access_token"]]'; }
writer=$(log_in admin)
token=$(log_in institute)
schools=$(ask '/api/v1/schools?limit=1000' | head -n 1 | field 'lambda a: [s["id"] for s in a["items"]]')
position=$(ask /api/v1/changes/position | field 'lambda a: [a["position"]]')

# created PREFIX: how many schools there are whose codes begin with it.
created() { ask "/api/v1/schools?limit=1000&name=$1" | grep -o "\"code\":\"$1" | wc -l; }
# Its own: a database that grows is mapped in part.
memory() { sed -n 's/^RssAnon:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$OPORA_TEST_PID/status"; }
# run SECONDS PREFIX
run() {
    # shellcheck disable=SC2086  # a list of ids
    wrk --latency -t "$threads" -c "$connections" -d "$1s" -s "$root/scripts/load.lua" "$OPORA_TEST_URL" \
        -- "$writer" "$token" "$2" "$position" $schools
}

run "$warm_up" warm >/dev/null
before=$(memory)
result=$(run "$seconds" load | sed -n 's/^RESULT //p')
after=$(memory)
read -r throughput median high longest requests failed written removed <<<"$result"
found=$(created load-)

printf '| database | seconds | connections | requests/s | p50, ms | p99, ms | longest, ms | requests | errors | writes | own memory before, MiB | after, MiB |\n'
printf '|---|---|---|---|---|---|---|---|---|---|---|---|\n'
printf '| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n' "${OPORA_TEST_DATABASE:-sqlite}" "$seconds" "$connections" \
    "$throughput" "$median" "$high" "$longest" "$requests" "$failed" $((written + removed)) $((before / 1024)) $((after / 1024))
[ "$failed" -eq 0 ] || { say "$failed requests failed"; exit 1; }
# Those of the last moment may have been written without wrk having heard of it.
[ "$found" -ge $((written - removed)) ] || { say "$((written - removed - found)) acknowledged records are missing"; exit 1; }
[ "$after" -le $((before + before / 4)) ] || { say "memory has grown by more than a quarter"; exit 1; }
