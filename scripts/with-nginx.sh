#!/usr/bin/env bash
# Runs a command that needs nginx and the programs of the PostgreSQL server; installs them where they are missing:
#
#     scripts/with-nginx.sh cargo test -p opora-tests --test opora -- --ignored nodes::
#
# The command sees OPORA_TEST_NGINX, the path of the program; it starts what it needs itself.
set -euo pipefail

say() { printf 'with-nginx: %s\n' "$*" >&2; }

[ $# -gt 0 ] || { say "usage: $0 COMMAND [ARGUMENT...]"; exit 2; }
# Debian keeps it off the PATH of users.
PATH=$PATH:/usr/sbin:/sbin

missing=()
command -v nginx >/dev/null || missing+=(nginx-light)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        say "missing: install ${missing[*]} (Debian: apt-get install ${missing[*]})"
        exit 1
    fi
    say "installing ${missing[*]}"
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"; } >&2
fi

OPORA_TEST_NGINX=$(command -v nginx) exec "$@"
