#!/usr/bin/env bash
# Generates a client in TypeScript and one in Python from openapi.yaml, checks their types and those of examples/, and runs the examples
# against a server with demo data (scripts/with-server.sh): `make test-clients`. A warning of a generator is a fault of the contract.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
typescript=$root/examples/typescript
python=$root/examples/python
export PATH=$python/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1

say() { printf 'test-clients: %s\n' "$*" >&2; }

generate_typescript() {
    cd "$typescript"
    npm run --silent generate
    # What a generator does not understand it calls `any`, or an object without fields.
    if grep -vE '^ *(\*|/\*\*)|^export type' generated/opora.ts | grep -E '\bany\b|Record<string, never>'; then
        say "these types of the contract have no form in TypeScript"
        return 1
    fi
    rm -rf dist
    npm run --silent build
}

generate_python() {
    cd "$python"
    openapi-python-client generate --path "$root/openapi.yaml" --config generator.yaml --meta none --output-path opora_client --overwrite \
        --fail-on-warning
    mypy --no-error-summary --cache-dir "$TMPDIR/mypy" opora_client opora_example tests
    python -W error -c 'import pathlib, sys; [compile(f.read_bytes(), str(f), "exec") for f in pathlib.Path("opora_client").rglob("*.py")]'
    ruff format --quiet --no-cache --check opora_example tests
    ruff check --quiet --no-cache opora_example tests
}

run_examples() {
    export OPORA=$OPORA_TEST_URL CLIENT_ID CLIENT_SECRET
    (cd "$python" && python -m tests.prepare)
    local scopes=registry:read,registry:write,changes:read,imports:write,jobs:read,verdicts:read,indicators:read,reports:read made
    made=$("$OPORA_BIN" client create "Пример" --scopes "$scopes" --days 1)
    CLIENT_ID=$(sed -n 's/^client_id //p' <<<"$made")
    CLIENT_SECRET=$(sed -n 's/^client_secret //p' <<<"$made")
    (cd "$python" && python -m pytest -q tests)
    (cd "$typescript" && npm test --silent)
}

if [ -n "${OPORA_TEST_URL:-}" ]; then
    run_examples
    exit
fi
[ -x "$python/.venv/bin/openapi-python-client" ] || { say "the generators are not installed: scripts/install-tools.sh clients"; exit 1; }
export TMPDIR=${TMPDIR:-/tmp}
(generate_typescript)
(generate_python)
exec "$root/scripts/with-server.sh" "$root/scripts/test-clients.sh"
