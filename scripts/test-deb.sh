#!/usr/bin/env bash
# Makes a package of a binary, installs it, starts what it brings as its unit says, removes and purges it:
#
#     scripts/test-deb.sh target/debug/opora
#
# All of it happens in a copy of this machine's files that lies in memory (an overlay in a mount namespace of its own) and
# goes with the test. Needs dpkg, and root that may mount; fails where they are not there.
set -euo pipefail

say() { printf 'test-deb: %s\n' "$*"; }
fail() { say "FAILED: $*"; exit 1; }

if [ "${1:-}" != --inside ]; then
    [ $# -eq 1 ] || { echo "usage: $0 BINARY" >&2; exit 2; }
    if [ "$(id -u)" -ne 0 ] || ! command -v dpkg >/dev/null || ! unshare --mount true 2>/dev/null; then
        fail "this needs dpkg, and root that may mount: the package cannot be tried here"
    fi
    work=$(mktemp -d /tmp/opora-deb.XXXXXX)
    trap 'rm -rf "$work"' EXIT
    here=$(readlink -f "$0")
    package=$(OPORA_DEB_COMPRESS="-Zgzip -z1" "$(dirname "$here")/build-deb.sh" "$1" "$work/package")
    mv "$package" "$work.deb"
    trap 'rm -rf "$work" "$work.deb"' EXIT
    # shellcheck disable=SC2016  # expanded inside
    unshare --mount --propagation private bash -euc '
        mount -t tmpfs -o size=2g opora-test "$1"
        mkdir "$1/upper" "$1/work" "$1/root"
        mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" opora-test "$1/root"
        for needed in proc dev; do mount --rbind "/$needed" "$1/root/$needed"; done
        mkdir -p "$1/root/tmp/opora-test"
        cp "$2" "$1/root/tmp/opora-test/opora.deb"
        cp "$3" "$1/root/tmp/opora-test/test-deb.sh"
        exec chroot "$1/root" bash /tmp/opora-test/test-deb.sh --inside
    ' bash "$work" "$work.deb" "$here"
    exit
fi

# From here on inside the copy. There is no systemd: the unit is read, and its command run as its user.
export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin
umask 022
rm -rf /run/systemd/system /var/lib/opora /etc/opora
! getent passwd opora >/dev/null || userdel opora
server=
trap '[ -z "$server" ] || kill -9 "$server" 2>/dev/null || true' EXIT

# dpkg writes to disk after every file; here there is none.
install_package() { dpkg --force-unsafe-io --force-confold --install /tmp/opora-test/opora.deb >/tmp/opora-test/log 2>&1 || { cat /tmp/opora-test/log; fail "it cannot be installed"; }; }

unit=/lib/systemd/system/opora.service
from_unit() { sed -n "s/^$1=//p" "$unit" | head -n 1; }

# Runs the unit's command with its user, its folder and its environment; waits for READY=1, as systemd does.
start() {
    local command user
    command=$(from_unit ExecStart) user=$(from_unit User)
    rm -f /tmp/opora-test/notify /tmp/opora-test/listening /tmp/opora-test/notified
    python3 - <<'PYTHON' &
import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/tmp/opora-test/notify")
os.chmod("/tmp/opora-test/notify", 0o777)
open("/tmp/opora-test/listening", "w").close()
s.settimeout(60)
if b"READY=1" in s.recv(4096):
    open("/tmp/opora-test/notified", "w").close()
PYTHON
    for _ in $(seq 300); do [ ! -e /tmp/opora-test/listening ] || break; sleep 0.1; done
    (
        cd "$(from_unit WorkingDirectory)"
        # Port 0 would not be known; a free one is asked for.
        # shellcheck disable=SC2086  # a command with arguments
        exec setpriv --reuid="$user" --regid="$(from_unit Group)" --clear-groups --no-new-privs --bounding-set=-all \
            env -i PATH=/usr/bin "$(from_unit Environment)" NOTIFY_SOCKET=/tmp/opora-test/notify "OPORA_LISTEN=127.0.0.1:$port" \
            $command
    ) >/tmp/opora-test/server.log 2>&1 &
    server=$!
    for _ in $(seq 300); do
        [ ! -e /tmp/opora-test/notified ] || return 0
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    cat /tmp/opora-test/server.log
    fail "it does not say that it is ready"
}

stop() {
    kill -TERM "$server"
    wait "$server" || { status=$?; cat /tmp/opora-test/server.log; fail "it ended with $status when it was told to stop"; }
    server=
}

get() { python3 -c 'import sys, urllib.request as r; print(r.build_opener(r.ProxyHandler({})).open(sys.argv[1], timeout=10).status)' "$1"; }

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

say "install"
install_package
opora --version
[ "$(stat -c '%U:%G %a' /var/lib/opora)" = "opora:opora 700" ] || fail "the folder of the data has other rights"
for file in /usr/bin/opora "$unit" /etc/opora/opora.toml /usr/share/doc/opora/{copyright,operations.md} \
    /usr/share/bash-completion/completions/opora; do
    [ -s "$file" ] || fail "$file is missing"
done
[ "$(getent passwd opora | cut -d : -f 6,7)" = /var/lib/opora:/usr/sbin/nologin ] || fail "the user is another one"
[ -L /etc/systemd/system/multi-user.target.wants/opora.service ] || fail "the unit is not enabled"
dpkg --verify opora
if command -v systemd-analyze >/dev/null; then
    systemd-analyze verify "$unit" || fail "the unit has mistakes"
    exposure=$(systemd-analyze security --offline=true "$unit" | sed -n 's/.*Overall exposure level for [^:]*: \([0-9.]*\).*/\1/p')
    say "exposure by systemd-analyze: $exposure"
    awk "BEGIN { exit !($exposure <= 2.0) }" || fail "the unit is less hardened than it was"
fi

say "start, stop, start again"
start
[ "$(get "http://127.0.0.1:$port/health/ready")" = 200 ] || fail "it is not ready"
[ "$(stat -c '%U %a' /var/lib/opora/opora.db)" = "opora 600" ] || [ "$(stat -c '%U' /var/lib/opora/opora.db)" = opora ] || fail "the database belongs to another"
stop
start
stop

say "install over itself, with the administrator's settings"
echo '# changed by the administrator' >>/etc/opora/opora.toml
install_package
grep -q 'changed by the administrator' /etc/opora/opora.toml || fail "settings were lost"

say "remove"
dpkg --remove opora >/dev/null
[ ! -e /usr/bin/opora ] && [ ! -e "$unit" ] || fail "files are left"
[ -s /etc/opora/opora.toml ] && [ -s /var/lib/opora/opora.db ] || fail "settings or data are gone"

say "install again: the data are there"
install_package
start
stop

say "purge"
dpkg --purge opora >/dev/null 2>&1
[ ! -e /etc/opora ] || fail "settings are left"
[ -s /var/lib/opora/opora.db ] && getent passwd opora >/dev/null || fail "the data are gone, or their owner"
! dpkg --status opora >/dev/null 2>&1 || fail "dpkg still knows it"
[ -z "$(find /etc/systemd /var/lib/systemd -name '*opora*' 2>/dev/null)" ] || fail "the unit is still known"

say "purge without data"
install_package
rm -rf /var/lib/opora/*
dpkg --purge opora >/dev/null 2>&1
[ ! -e /var/lib/opora ] || fail "an empty folder is left"
! getent passwd opora >/dev/null || fail "the user is left"
say "all of it went well"
