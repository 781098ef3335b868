#!/usr/bin/env bash
# Fuzzes a running server against its own contract: `make fuzz-contract`.
#
# Starts a server with demo data (scripts/with-server.sh), logs in, and lets Schemathesis call every operation with valid and invalid data,
# all checks on. Logging in and out and one's own password are left to tests/sessions.rs, tokens of programs to tests/oauth.rs: a fuzzer that does it locks itself out.
#
# OPORA_FUZZ_LOGINS      demo logins, one run each (institute admin)
# OPORA_FUZZ_PASSWORD    their password (opora-demonstration)
# OPORA_FUZZ_EXAMPLES    test cases per operation and phase (15)
# OPORA_FUZZ_SEED        seed of the generator (1); the same seed repeats the run
# One worker: with more, the generator's threads trip over each other now and then.
# Further arguments go to Schemathesis: scripts/schemathesis.sh --include-path-regex '^/api/v1/schools'
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
venv=$root/tests/tools/.venv/bin
logins=${OPORA_FUZZ_LOGINS:-institute admin}
password=${OPORA_FUZZ_PASSWORD:-opora-demonstration}

say() { printf 'schemathesis: %s\n' "$*" >&2; }

[ -x "$venv/schemathesis" ] || { say "Schemathesis is not installed: scripts/install-tools.sh fuzzer"; exit 1; }

[ -n "${OPORA_TEST_URL:-}" ] || exec "$root/scripts/with-server.sh" "$root/scripts/schemathesis.sh" "$@"
base=$OPORA_TEST_URL
cd "$TMPDIR"

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

for login in $logins; do
    token=$(log_in "$login")
    say "as $login"
    SCHEMATHESIS_HOOKS=hooks PYTHONPATH=$root/tests/tools \
        "$venv/schemathesis" --config-file "$root/tests/tools/schemathesis.toml" run "$base/openapi.json" \
        --exclude-operation-id log_in --exclude-operation-id refresh_session --exclude-operation-id log_out --exclude-operation-id change_password --exclude-operation-id issue_token \
        --header "Authorization: Bearer $token" \
        --mode all --max-examples "${OPORA_FUZZ_EXAMPLES:-15}" --seed "${OPORA_FUZZ_SEED:-1}" \
        --workers 1 --request-timeout 120 --generation-database none --no-color "$@"
    # A fuzzer that ended its own session, changed this password or locked this user out has been testing refusals since.
    still_accepted "$token" || { say "the token of $login is refused after the run: what was tested is unknown"; exit 1; }
    log_in "$login" >/dev/null
done
