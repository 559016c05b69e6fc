#!/usr/bin/env bash
# What cmake --install and the Debian package put on a system: every file where it belongs, nothing that lintian
# dislikes, and in a fresh Debian 12 it installs, works and leaves without a trace (package_guest.sh, run inside).
# X8_BUILD: a build folder that is built. Skipped (77) with the reason where something is missing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${X8_BUILD:?the build folder}

skip() {
    echo "skipped: $*"
    exit 77
}

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

for tool in cpack lintian dpkg-shlibdeps mmdebstrap; do
    command -v "$tool" >/dev/null || skip "$tool is not installed"
done
grep -q '^VERSION_CODENAME=bookworm' /etc/os-release || skip "the package is made for the system it is built on; the test is for Debian 12"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

# A prefix, and a DESTDIR before it: the same files below both, and none of them beside.
files_of() {
    (cd "$1" && find . ! -type d | LC_ALL=C sort)
}
cmake --install "$build" --prefix "$work/prefix" >"$work/install.log"
DESTDIR=$work/dest cmake --install "$build" --prefix /usr/local >>"$work/install.log"
diff <(files_of "$work/prefix") <(files_of "$work/dest/usr/local") || fail "DESTDIR changes what is installed"
[ "$(find "$work/dest" -path "$work/dest/usr/local" -prune -o ! -type d -print)" = "" ] || fail "files beside DESTDIR/PREFIX"
for file in bin/x8ctl share/man/man1/x8ctl.1 share/man/man1/x8ctl-flash.1 share/man/man7/x8ctl-errors.7 \
    share/bash-completion/completions/x8ctl share/zsh/site-functions/_x8ctl share/fish/vendor_completions.d/x8ctl.fish \
    lib/udev/rules.d/70-x8ctl.rules share/doc/x8ctl/LICENSE share/doc/x8ctl/README.md; do
    [ -s "$work/prefix/$file" ] || fail "not installed: $file"
done
for page in "$root"/man/*; do
    [ -s "$work/prefix/share/man/man${page##*.}/${page##*/}" ] || fail "not installed: ${page##*/}"
done
"$work/prefix/bin/x8ctl" udev print | cmp - "$work/prefix/lib/udev/rules.d/70-x8ctl.rules"
"$work/prefix/bin/x8ctl" udev check --dir "$work/prefix/lib/udev/rules.d" >/dev/null
echo "ok: cmake --install"

# A umask that lets a group write must not reach the package.
(umask 002 && cd "$build" && cpack -G DEB -B "$work/deb" >"$work/cpack.log" 2>&1) || { cat "$work/cpack.log"; fail "cpack"; }
package=$(find "$work/deb" -maxdepth 1 -name 'x8ctl_*.deb')
[ -f "$package" ] || fail "cpack made no package"
version=$(dpkg-deb -f "$package" Version)
[ "$(dpkg-parsechangelog -l "$root/packaging/debian/changelog" -S Version)" = "$version" ] ||
    fail "packaging/debian/changelog does not begin with $version"
for library in libusb-1.0-0 libarchive13 libcjson1 libssl3 libisal2 libexpat1 libssh-4 libcurl4; do
    grep -q "\b$library\b" < <(dpkg-deb -f "$package" Depends) || fail "the package does not depend on $library"
done
lintian --allow-root --fail-on error,warning --tag-display-limit 0 "$package" || fail "lintian"
echo "ok: $(basename "$package"), $(stat -c %s "$package") bytes, lintian finds nothing"

[ -z "${X8_OFFLINE:-}" ] || skip "the fresh system comes from a package mirror (X8_OFFLINE is set)"
cp "$package" "$work/x8ctl.deb"
"$build/x8ctl" version >"$work/version"
# mmdebstrap takes what fits, root or a user namespace, and gives each hook the new system's folder as $1. The system is
# thrown away afterwards.
# shellcheck disable=SC2016
if ! timeout 240 mmdebstrap --quiet --variant=apt --format=null \
    --include=man-db,groff-base,bash-completion,zsh,fish,ca-certificates \
    --customize-hook="copy-in '$work/x8ctl.deb' '$work/version' '$here/package_guest.sh' /srv" \
    --customize-hook='chroot "$1" bash /srv/package_guest.sh || : >"$1/srv/failed"' \
    --customize-hook="! test -e \"\$1/srv/failed\" || : >'$work/failed'" \
    --customize-hook=": >'$work/ran'" \
    bookworm /dev/null >"$work/guest.log" 2>&1; then
    cat "$work/guest.log"
    [ -e "$work/ran" ] && fail "the fresh system"
    skip "mmdebstrap could not make a Debian 12 here"
fi
grep '^\(ok\|FAILED\|skipped\)' "$work/guest.log" || true
[ ! -e "$work/failed" ] || { cat "$work/guest.log"; fail "in the fresh system"; }
