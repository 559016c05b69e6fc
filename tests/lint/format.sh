#!/usr/bin/env bash
# The tree is formatted by .clang-format. Other versions of clang-format differ in details, so one is
# the reference.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

tool=
for name in clang-format-14 clang-format; do
    "$name" --version 2>/dev/null | grep -q 'version 14\.' && tool=$name && break
done
[ -n "$tool" ] || { echo "skipped: clang-format 14 is not installed"; exit 77; }
c_files | xargs "$tool" --dry-run -Werror || report "clang-format -i changes the files above"
finish
