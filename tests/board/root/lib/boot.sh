# Shared by `make` and `enter`. Sourced.
# shellcheck shell=bash

# boot_lines SECONDS BOOT: journal entries of a boot that began then, from lines of seed/boot.journal.
boot_lines() {
    local mono priority transport name unit text pid
    while IFS=$'\t' read -r mono priority transport name unit text; do
        pid=1
        [ "$name" = systemd ] || pid=$((300 + ${#name}))
        printf '%s\t%s\t%s\t%s\t%s\t0\t%s\t%s\t%s\t-\t%s\n' "$(($1 * 1000000 + mono))" "$mono" "$2" "$priority" "$transport" \
            "$pid" "$name" "$unit" "$text"
    done
}

# clock_offset WORD: how far the board's clock is from this computer's: +N, -N, or from seconds since 1970.
clock_offset() {
    case $1 in
    [+-]*) printf '%s' "$((10#${1#[+-]} * ${1%%[0-9]*}1))" ;;
    *) printf '%s' "$((10#$1 - EPOCHSECONDS))" ;;
    esac
}
