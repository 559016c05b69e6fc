#!/usr/bin/env bash
# The committed manual pages, completion scripts and JSON schemas are what this binary prints;
# tests/golden/refresh writes them again. X8CTL: the binary.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
tests/golden/generate "${X8CTL:?}" "$out" || report "generating failed"
for dir in man completions tests/fixtures/schema; do
    diff -ru "$dir" "$out/$dir" || report "$dir differs from the program: run tests/golden/refresh"
done
if command -v mandoc >/dev/null 2>&1; then
    mandoc -T lint -W error "$out"/man/*.[1-9] || report "mandoc finds errors"
fi
finish
