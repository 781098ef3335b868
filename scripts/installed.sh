# What the checks need of the system, for the scripts that source it: where it is, and how it gets there.
# shellcheck shell=bash

# Prints the newest directory that holds the real programs of the PostgreSQL server; nothing if there is none. Debian and Red Hat keep
# them off the PATH.
postgres_programs() {
    local dir
    for dir in $(printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin | sort -rV) \
        "$(dirname "$(readlink -f "$(command -v initdb || true)" || true)")"; do
        if [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] && [ -x "$dir/pg_ctl" ]; then
            echo "$dir"
            return
        fi
    done
}

# install_packages WHAT PACKAGE...: installs Debian's packages as root; anybody else is told what is missing, and the script ends.
install_packages() {
    local what=$1
    shift
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "$(basename "$0" .sh): missing: $what (Debian: apt-get install $*)" >&2
        exit 1
    fi
    echo "$(basename "$0" .sh): installing $*" >&2
    local again=(-o Acquire::Retries=5)
    { apt-get update -q "${again[@]}" && DEBIAN_FRONTEND=noninteractive apt-get install -y "${again[@]}" -q --no-install-recommends "$@"; } >&2
}
