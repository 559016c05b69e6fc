#!/usr/bin/env bash
# The release archive (packaging/dist): made twice, from sources and into folders with other names, it has the same
# bytes; its program needs the C library alone, none newer than glibc 2.34, and works. Its libraries are compiled for
# this, a few minutes the first time: only with X8_LONG=1. X8_BUILD: where they are kept; X8_MKIMAGE, X8_TESTS.
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

[ -n "${X8_LONG:-}" ] || skip "compiles the libraries and x8ctl twice: X8_LONG=1"
for tool in dpkg-source nasm ninja objdump; do
    command -v "$tool" >/dev/null || skip "$tool is not installed"
done
grep -q '^VERSION_CODENAME=bookworm' /etc/os-release || skip "the release is made on Debian 12"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

export X8_STATIC_PREFIX=${X8_STATIC_PREFIX:-$build/static-libs}
"$root/packaging/static-libs" "$X8_STATIC_PREFIX" >"$work/libs.log" 2>&1 || {
    cat "$work/libs.log"
    grep -q 'no source of' "$work/libs.log" && skip "the sources of the libraries cannot be had here"
    fail "packaging/static-libs"
}

# A copy of the tree at another time, under another umask, in a folder whose name has another length.
mkdir "$work/a-second-copy"
(cd "$root" && tar -cf - --exclude=./.git --exclude='./build*' .) | (umask 077 && tar -C "$work/a-second-copy" -xmf -)
export SOURCE_DATE_EPOCH=1700000000
"$root/packaging/dist" "$work/out1" "$work/one" || fail "packaging/dist"
(umask 077 && "$work/a-second-copy/packaging/dist" "$work/out2" "$work/the-other-one") || fail "packaging/dist of the copy"
archive=$(basename "$work"/out1/*.tar.gz)
cmp "$work/out1/$archive" "$work/out2/$archive" || fail "the same sources gave other bytes"
echo "ok: $archive twice, the same $(stat -c %s "$work/out1/$archive") bytes"

tar -C "$work" -xzf "$work/out1/$archive"
tree=$work/${archive%.tar.gz}
x8ctl=$tree/bin/x8ctl
! grep -qaF -e "$work" -e "$root" "$x8ctl" || fail "the program names the folder it was built in"
for file in README.md LICENSE licences/libssh licences/libusb licences/libssl; do
    [ -s "$tree/share/doc/x8ctl/$file" ] || fail "not in the archive: $file"
done
needed=$(objdump -p "$x8ctl" | sed -n 's/^ *NEEDED *//p' | grep -v '^ld-linux' | sort | xargs) # ld-linux: the C library's
[ "$needed" = "libc.so.6 libresolv.so.2" ] || fail "the program needs $needed"
newest=$(objdump -T "$x8ctl" | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -n 1)
[ "$(printf '%s\nGLIBC_2.34\n' "$newest" | sort -V | tail -n 1)" = GLIBC_2.34 ] || fail "the program needs $newest"
echo "ok: $(stat -c %s "$x8ctl") bytes, needs $needed, $newest"

grep -q '^libcurl ' < <("$x8ctl" version -v) || fail "x8ctl version -v"
"$x8ctl" list </dev/null >"$work/list" 2>&1 || [ $? = 10 ] || fail "x8ctl list: $(cat "$work/list")"
"$x8ctl" explain "$root/tests/fixtures/vendor/full_image.uuu" >"$work/explain" 2>&1 || [ $? = 4 ] ||
    fail "x8ctl explain: $(cat "$work/explain")" # 4: the images are not beside it
"${X8_MKIMAGE:?}" --size 16M --archive "$work/934.tar.gz" --fixtures "$root/tests/fixtures/vendor" >/dev/null
"$x8ctl" flash --dry-run "$work/934.tar.gz" >"$work/dry" 2>&1 </dev/null || fail "x8ctl flash --dry-run: $(cat "$work/dry")"
"$x8ctl" image show "$work/934.tar.gz" >"$work/show" 2>&1 </dev/null || fail "x8ctl image show: $(cat "$work/show")"
echo "ok: starts, lists, explains, reads an archive to its end"
