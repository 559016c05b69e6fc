#!/usr/bin/env bash
# Every header compiles alone: it includes what it uses.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

compiler=${CC:-cc}
need "$compiler"
read -ra libraries <<<"$(pkg-config --cflags libusb-1.0 libarchive libcjson libcrypto libisal expat)"
while IFS= read -r header; do
    "$compiler" -std=c17 -D_POSIX_C_SOURCE=200809L -D_FILE_OFFSET_BITS=64 -Wall -Wextra -Werror -fsyntax-only \
        -Isrc -Icmd "${libraries[@]}" -x c "$header" || report "$header: does not compile alone"
done < <(find src cmd -name '*.h' | LC_ALL=C sort)
finish
