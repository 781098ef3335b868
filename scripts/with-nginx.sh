#!/usr/bin/env bash
# Runs a command that needs nginx and the programs of the PostgreSQL server; installs them where they are missing:
#
#     scripts/with-nginx.sh cargo test -p opora-tests --test opora -- --ignored nodes::
#
# The command sees OPORA_TEST_NGINX, the path of the program, and OPORA_TEST_PG_PROGRAMS, the directory of PostgreSQL's; it starts what it
# needs itself.
set -euo pipefail
# shellcheck source=scripts/installed.sh
. "$(dirname "$0")/installed.sh"

say() { printf 'with-nginx: %s\n' "$*" >&2; }

[ $# -gt 0 ] || { say "usage: $0 COMMAND [ARGUMENT...]"; exit 2; }
# Debian keeps it off the PATH of users.
PATH=$PATH:/usr/sbin:/sbin

missing=()
command -v nginx >/dev/null || missing+=(nginx-light)
[ -n "$(postgres_programs)" ] || missing+=(postgresql)
[ ${#missing[@]} -eq 0 ] || install_packages "${missing[*]}" "${missing[@]}"

OPORA_TEST_NGINX=$(command -v nginx) OPORA_TEST_PG_PROGRAMS=$(postgres_programs) exec "$@"
