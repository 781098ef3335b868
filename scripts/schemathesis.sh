#!/usr/bin/env bash
# Fuzzes a running server against its own contract: `make fuzz-contract`.
#
# Starts the built binary on a free loopback port with a temporary SQLite database and the demo data, logs in, and lets Schemathesis call
# every operation with valid and invalid data, all checks on. Logging in and out is left to tests/sessions.rs, tokens of programs to tests/oauth.rs: a
# fuzzer that does it locks itself out.
#
# OPORA_BIN              the binary (target/debug/opora)
# OPORA_FUZZ_LOGINS      demo logins, one run each (institute admin)
# OPORA_FUZZ_PASSWORD    their password (opora-demonstration)
# OPORA_FUZZ_EXAMPLES    test cases per operation and phase (15)
# OPORA_FUZZ_SEED        seed of the generator (1); the same seed repeats the run
# One worker: with more, the generator's threads trip over each other now and then.
# Further arguments go to Schemathesis: scripts/schemathesis.sh --include-path-regex '^/api/v1/schools'
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
venv=$root/tests/tools/.venv/bin
bin=$(realpath -m "${OPORA_BIN:-${CARGO_TARGET_DIR:-$root/target}/debug/opora}")
logins=${OPORA_FUZZ_LOGINS:-institute admin}
password=${OPORA_FUZZ_PASSWORD:-opora-demonstration}

say() { printf 'schemathesis: %s\n' "$*" >&2; }

[ -x "$bin" ] || { say "no binary at $bin: make build-tests"; exit 1; }
[ -x "$venv/schemathesis" ] || { say "Schemathesis is not installed: scripts/install-tools.sh fuzzer"; exit 1; }

work=$(mktemp -d "${TMPDIR:-/tmp}/opora-fuzz.XXXXXX")
server=
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
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

port=$("$venv/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
base=http://127.0.0.1:$port
# The one place that knows how the server is configured. A database of its own in a directory of its own: what a fuzzer does is not undone.
export DATABASE_URL=sqlite:$work/opora.db OPORA_LISTEN=127.0.0.1:$port

cd "$work"
"$bin" demo --if-empty >"$work/server.log" 2>&1
"$bin" serve >>"$work/server.log" 2>&1 &
server=$!

# ready: waits up to a minute for /health/ready, as long as the server lives.
ready() {
    local _
    for _ in $(seq 300); do
        kill -0 "$server" 2>/dev/null || return 1
        "$venv/python" -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=2)' "$base/health/ready" 2>/dev/null && return
        sleep 0.2
    done
    return 1
}

# log_in LOGIN: prints an access token.
log_in() {
    "$venv/python" - "$base/api/v1/auth/login" "$1" "$password" <<'PYTHON'
import json, sys, urllib.error, urllib.request

url, login, password = sys.argv[1:]
body = json.dumps({"login": login, "password": password}).encode()
request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
try:
    print(json.load(urllib.request.urlopen(request, timeout=30))["access_token"])
except urllib.error.HTTPError as error:
    sys.exit(f"schemathesis: login as {login}: {error.code} {error.read().decode(errors='replace')[:500]}")
PYTHON
}

# still_accepted TOKEN: whether some list behind the login answers 200.
still_accepted() {
    "$venv/python" - "$base" "$1" <<'PYTHON'
import json, sys, urllib.error, urllib.request

base, token = sys.argv[1:]
contract = json.load(urllib.request.urlopen(base + "/openapi.json", timeout=30))
for path, item in contract["paths"].items():
    if "{" in path or not item.get("get", {}).get("security", contract.get("security")):
        continue
    request = urllib.request.Request(base + path, headers={"Authorization": "Bearer " + token})
    try:
        if urllib.request.urlopen(request, timeout=30).status == 200:
            sys.exit(0)
    except urllib.error.HTTPError:
        pass
sys.exit(1)
PYTHON
}

ready || { say "the server did not become ready"; exit 1; }
for login in $logins; do
    token=$(log_in "$login")
    say "as $login"
    SCHEMATHESIS_HOOKS=hooks PYTHONPATH=$root/tests/tools \
        "$venv/schemathesis" --config-file "$root/tests/tools/schemathesis.toml" run "$base/openapi.json" \
        --exclude-operation-id log_in --exclude-operation-id refresh_session --exclude-operation-id log_out --exclude-operation-id issue_token \
        --header "Authorization: Bearer $token" \
        --mode all --max-examples "${OPORA_FUZZ_EXAMPLES:-15}" --seed "${OPORA_FUZZ_SEED:-1}" \
        --workers 1 --request-timeout 30 --generation-database none --no-color "$@"
    kill -0 "$server" 2>/dev/null || { say "the server died"; exit 1; }
    # A fuzzer that ended its own session, changed this password or locked this user out has been testing refusals since.
    still_accepted "$token" || { say "the token of $login is refused after the run: what was tested is unknown"; exit 1; }
    log_in "$login" >/dev/null
done
