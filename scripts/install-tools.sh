#!/usr/bin/env bash
# Installs the pinned tools of the checks, from the package registries only:
#
#     scripts/install-tools.sh linters   Redocly, Spectral, oidc-provider   into tests/tools/node_modules  (package-lock.json)
#     scripts/install-tools.sh fuzzer    Schemathesis           into tests/tools/.venv         (requirements.txt)
#     scripts/install-tools.sh clients   generators of clients  into examples/*            (package-lock.json, requirements.txt)
#     scripts/install-tools.sh deny      cargo-deny             into target/tools; minutes of compiling
#
# `make` calls it when a lock file is newer than what is installed.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/installed.sh
. scripts/installed.sh

cargo_deny_version=0.20.2

say() { printf 'install-tools: %s\n' "$*" >&2; }

# node_modules DIRECTORY: what its package-lock.json says. All of it is plain JavaScript: no install script has to run.
node_modules() {
    if ! command -v npm >/dev/null; then
        say "npm is missing: install Node.js 20.19 or newer (https://nodejs.org), the checks of the contract and of foreign issuers need it"
        exit 1
    fi
    (cd "$1" && npm ci --ignore-scripts --no-progress --fetch-retries 5)
    touch "$1/node_modules/.package-lock.json"
}

# venv DIRECTORY: what its requirements.txt says.
venv() {
    local venv=$1/.venv
    if ! python3 -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
        install_packages "Python 3.10 or newer with venv" python3-venv
    fi
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --retries 10 --timeout 60 --requirement "$1/requirements.txt"
    touch "$venv/.installed"
}

linters() {
    node_modules tests/tools
}

fuzzer() {
    venv tests/tools
}

clients() {
    node_modules examples/typescript
    venv examples/python
}

deny() {
    cargo install cargo-deny --version "$cargo_deny_version" --locked --root target/tools
}

case "${1:-}" in
linters | fuzzer | clients | deny) "$1" ;;
*)
    say "usage: $0 linters|fuzzer|clients|deny"
    exit 2
    ;;
esac
