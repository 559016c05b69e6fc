# The boot loader's variables, in the form U-Boot keeps them: CRC-32 of the rest, NAME=VALUE ended by zeros, one more zero.
# Sourced by `make` (host= empty) and by the stubs.
# shellcheck shell=bash

env_size=16384

# crc32_of FILE: four bytes to stdout, the lowest first. gzip ends its output with them and the length.
crc32_of() { "${host:+$host/}gzip" -c <"$1" | "${host:+$host/}tail" -c 8 | "${host:+$host/}head" -c 4; }

# env_write FILE: from lines NAME=VALUE on stdin.
env_write() {
    local new=$1.new line used=1
    while IFS= read -r line; do
        printf '%s\0' "$line"
        used=$((used + ${#line} + 1))
    done >"$new"
    "${host:+$host/}truncate" -s "$((env_size - 4))" "$new"
    { crc32_of "$new" && "${host:+$host/}cat" "$new"; } >"$1"
    "${host:+$host/}rm" -f "$new"
}

# env_read FILE: lines NAME=VALUE.
env_read() {
    local line
    while IFS= read -r -d '' line && [ -n "$line" ]; do printf '%s\n' "$line"; done < <("${host:+$host/}tail" -c +5 "$1")
}

# env_is_good FILE
env_is_good() {
    local want have
    have=$("${host:+$host/}head" -c 4 "$1" | "${host:+$host/}od" -An -tx1)
    want=$("${host:+$host/}tail" -c +5 "$1" | "${host:+$host/}gzip" -c | "${host:+$host/}tail" -c 8 | "${host:+$host/}head" -c 4 |
        "${host:+$host/}od" -An -tx1)
    [ "$have" = "$want" ]
}
