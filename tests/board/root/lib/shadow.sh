# Passwords of /etc/shadow, as root. Sourced by the stubs of sudo, su, passwd and chpasswd.
# shellcheck shell=bash

# account USER: sets hash and last_change.
account() {
    local user rest
    hash='!' last_change=0
    while IFS=: read -r user hash last_change rest; do
        [ "$user" != "$1" ] || return 0
    done </etc/shadow
    hash='!'
    return 1
}

hash_of() {
    local sum
    sum=$(printf %s "$1" | "$host/sha256sum")
    # shellcheck disable=SC2016
    printf 'x8$%s' "${sum%% *}"
}

# store USER PASSWORD
store() {
    local user old day rest text='' new
    new=$(hash_of "$2")
    while IFS=: read -r user old day rest; do
        if [ "$user" = "$1" ]; then old=$new day=19700; fi
        text+="$user:$old:$day:$rest"$'\n'
    done </etc/shadow
    printf %s "$text" >/etc/shadow
}

# read_secret FD PROMPT: one line of FD into `secret` and not a byte more. On a terminal echo is off before the prompt is
# shown, and what else had been typed is thrown away afterwards, as sudo and PAM do (TCSAFLUSH). Fails at the end of input.
read_secret() {
    local fd=$1 saved='' status=0 dropped
    secret=
    if [ -t "$fd" ]; then
        saved=$("$host/stty" -g <&"$fd")
        "$host/stty" -echo <&"$fd"
    fi
    printf %s "$2" >&2
    IFS= read -r -u "$fd" secret || [ -n "$secret" ] || status=1
    if [ -n "$saved" ]; then
        while read -r -t 0 -u "$fd"; do IFS= read -r -N 4096 -t 0.01 -u "$fd" dropped || [ -n "$dropped" ] || break; done
        "$host/stty" "$saved" <&"$fd"
        printf '\n' >&2
    fi
    return "$status"
}
