#!/usr/bin/env bash
# No line of any help page is wider than a terminal of 80 columns. X8CTL: the binary.
set -u
failed=0
# What may follow x8ctl help is what the completion script offers there.
words=$("${X8CTL:?}" completion bash | sed -n "s/^    'help 0 '\*) echo 'words \(.*\)' ;;$/\1/p")
[ "$(wc -w <<<"$words")" -gt 40 ] || {
    echo "the completion script names too few pages: $words"
    exit 1
}
for page in '' $words; do
    # shellcheck disable=SC2086 # '' is no operand
    wide=$("$X8CTL" help $page | LC_ALL=C.UTF-8 awk 'length > 80')
    [ -n "$wide" ] || continue
    printf 'wider than 80 columns, x8ctl help %s:\n%s\n' "$page" "$wide"
    failed=1
done
exit "$failed"
