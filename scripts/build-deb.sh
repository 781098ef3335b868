#!/usr/bin/env bash
# Makes a Debian package of a binary that was built before:
#
#     scripts/build-deb.sh target/release/opora target/debian
#
# Prints the path of the package. Its version is that of Cargo.toml; the same binary and commit give the same package.
set -euo pipefail

[ $# -eq 2 ] || { echo "usage: $0 BINARY FOLDER" >&2; exit 2; }
binary=$(readlink -f "$1")
mkdir -p "$2"
out=$(readlink -f "$2")
cd "$(dirname "$0")/.."
command -v dpkg-deb >/dev/null || { echo "build-deb: dpkg-deb is missing: this needs Debian or a relative" >&2; exit 1; }

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
arch=$(dpkg --print-architecture)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/opora
put() { install -D -m "$1" "$2" "$root/$3"; }

put 0755 "$binary" usr/bin/opora
# Line tables and symbols are for those who build it.
! command -v strip >/dev/null || strip --strip-unneeded "$root/usr/bin/opora"
put 0644 packaging/opora.service lib/systemd/system/opora.service
put 0644 packaging/opora.toml etc/opora/opora.toml
put 0644 packaging/debian/copyright usr/share/doc/opora/copyright
for page in docs/*.md CHANGELOG.md openapi.yaml; do
    put 0644 "$page" "usr/share/doc/opora/$(basename "$page")"
done
completion() { mkdir -p "$root/$(dirname "$2")" && "$binary" completions "$1" >"$root/$2" && chmod 0644 "$root/$2"; }
completion bash usr/share/bash-completion/completions/opora
completion zsh usr/share/zsh/vendor-completions/_opora
completion fish usr/share/fish/vendor_completions.d/opora.fish

# The newest symbols of the C library that the binary asks for.
libc=$(grep -aoE 'GLIBC_2\.[0-9]+' "$root/usr/bin/opora" | sort -uV | tail -n 1)
size=$(du -sk --apparent-size "$root" | cut -f 1)
mkdir -p "$root/DEBIAN"
sed -e "s/@VERSION@/$version/; s/@ARCH@/$arch/; s/@SIZE@/$size/; s/@LIBC@/${libc#GLIBC_}/" \
    packaging/debian/control.in >"$root/DEBIAN/control"
install -m 0644 packaging/debian/conffiles "$root/DEBIAN/conffiles"
install -m 0755 packaging/debian/{postinst,prerm,postrm} "$root/DEBIAN/"
(cd "$root" && find etc lib usr -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

package=$out/opora_${version}_$arch.deb
# OPORA_DEB_COMPRESS: options of dpkg-deb, for a test that has no time.
# shellcheck disable=SC2086  # a list of words
dpkg-deb --root-owner-group ${OPORA_DEB_COMPRESS:--Zxz} --build "$root" "$package" >&2
echo "$package"
