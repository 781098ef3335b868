#!/usr/bin/env bash
# Runs a command beside a temporary S3-compatible server (moto, in memory):
#
#     scripts/with-s3.sh cargo test -p opora-tests --test opora -- --ignored s3::
#
# The command sees OPORA_TEST_S3_URL, the server's address on 127.0.0.1; the bucket `opora-test` is there, and any key fits.
set -euo pipefail

say() { printf 'with-s3: %s\n' "$*" >&2; }

[ $# -gt 0 ] || { say "usage: $0 COMMAND [ARGUMENT...]"; exit 2; }
server="$(dirname "$0")/../tests/tools/.venv/bin/moto_server"
[ -x "$server" ] || { say "moto is missing: scripts/install-tools.sh fuzzer"; exit 1; }

log=$(mktemp)
child=
trap '[ -z "$child" ] || kill "$child" 2>/dev/null || true; rm -f "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Port 0: the server takes a free one and says which.
"$server" -H 127.0.0.1 -p 0 >"$log" 2>&1 &
child=$!
url=
for _ in $(seq 300); do
    url=$(sed -n 's|.*Running on \(http://127\.0\.0\.1:[0-9]*\).*|\1|p' "$log" | tail -n 1)
    [ -z "$url" ] || break
    kill -0 "$child" 2>/dev/null || break
    sleep 0.1
done
if [ -z "$url" ]; then
    say "the server does not start:"
    cat "$log" >&2
    exit 1
fi
python3 -c 'import sys, urllib.request as r; r.urlopen(r.Request(sys.argv[1], method="PUT"))' "$url/opora-test"

OPORA_TEST_S3_URL="$url" "$@"
