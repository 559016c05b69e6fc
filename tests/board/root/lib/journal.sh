# Reading, choosing and printing the entries of the journal. Sourced by the stub of journalctl, whose options are its variables.
# shellcheck shell=bash

journal=/var/log/journal
months=(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec)

# moment TEXT: seconds since 1970 into `stamp`: times, days, and spans such as -1h, "2 min ago", "1h30min ago".
moment() {
    local text=$1 span='' sign=-1 total=0
    case $text in
    now) stamp=$(now) && return ;;
    @[0-9]*) stamp=${text#@} && stamp=${stamp%%.*} && return ;;
    today | yesterday | tomorrow)
        stamp=$(($(now) / 86400 * 86400))
        [ "$text" != yesterday ] || stamp=$((stamp - 86400))
        [ "$text" != tomorrow ] || stamp=$((stamp + 86400))
        return
        ;;
    -*) span=${text#-} ;;
    +*) span=${text#+} sign=1 ;;
    *' ago' | *[a-z]ago) span=${text%ago} ;;
    esac
    if [ -n "$span" ]; then
        while [[ $span =~ ^\ *([0-9]+)\ *([a-zA-Z]*)\ *(.*)$ ]]; do
            span=${BASH_REMATCH[3]}
            case ${BASH_REMATCH[2]} in
            '' | s | sec | second | seconds) total=$((total + BASH_REMATCH[1])) ;;
            m | min | minute | minutes) total=$((total + BASH_REMATCH[1] * 60)) ;;
            h | hr | hour | hours) total=$((total + BASH_REMATCH[1] * 3600)) ;;
            d | day | days) total=$((total + BASH_REMATCH[1] * 86400)) ;;
            w | week | weeks) total=$((total + BASH_REMATCH[1] * 604800)) ;;
            *) die 1 "Failed to parse timestamp: $text" ;;
            esac
            [ -n "$span" ] || break
        done
        [ -z "$span" ] || die 1 "Failed to parse timestamp: $text"
        stamp=$(($(now) + sign * total))
        return
    fi
    [[ $text =~ ^[0-9]{2,4}-[0-9]{2}-[0-9]{2}|^[0-9]{2}:[0-9]{2} ]] || die 1 "Failed to parse timestamp: $text"
    if [[ $text == [0-9][0-9]:* ]]; then text="$("$host/date" -u -d "@$(now)" +%F) $text"; fi
    stamp=$("$host/date" -u -d "$text" +%s 2>/dev/null) || die 1 "Failed to parse timestamp: $1"
}

# fields LINE: into the variables of one entry.
fields() {
    IFS=$'\t' read -r e_real e_mono e_boot e_priority e_transport e_uid e_pid e_name e_unit e_invocation e_message <<<"$1"
}

boots_of_journal() {
    local line last=''
    boots=()
    while IFS= read -r line; do
        fields "$line"
        if [ "$e_boot" != "$last" ]; then
            boots+=("$e_boot")
            first_of[${#boots[@]}]=$e_real
        fi
        last_of[${#boots[@]}]=$e_real
        last=$e_boot
    done <"$journal"
}

list_boots() {
    local i index
    boots_of_journal
    for ((i = 1; i <= ${#boots[@]}; i++)); do
        index=$((i - ${#boots[@]}))
        printf '%3d %s %s—%s\n' "$index" "${boots[i - 1]}" "$("$host/date" -u -d "@$((first_of[i] / 1000000))" '+%a %F %T UTC')" \
            "$("$host/date" -u -d "@$((last_of[i] / 1000000))" '+%a %F %T UTC')"
    done
}

# which_boot: the id that -b means, into `only_boot`.
which_boot() {
    local index=$boot
    only_boot=
    [ -n "$boot" ] || return 0
    boots_of_journal
    if [[ $boot =~ ^[-+]?[0-9]{1,9}$ ]]; then
        if [[ $boot == [1-9]* || $boot == +* ]]; then index=$((${boot#+} - 1)); else index=$((${#boots[@]} - 1 + boot)); fi
        { [ "$index" -ge 0 ] && [ "$index" -lt "${#boots[@]}" ]; } ||
            die 1 "Data from the specified boot ($boot) is not available: No such boot ID in journal"
        only_boot=${boots[index]}
    else
        only_boot=$boot
    fi
}

# one_of VALUE CHOICES...: true as well when there are none. A choice may be a pattern.
one_of() {
    local value=$1 choice
    shift
    [ $# -gt 0 ] || return 0
    for choice in "$@"; do
        # shellcheck disable=SC2053 # units may be named by patterns
        [[ $value != $choice ]] || return 0
    done
    return 1
}

# value_of FIELD: of the entry, as FIELD=VALUE names it.
value_of() {
    case $1 in
    MESSAGE) value=$text ;;
    PRIORITY) value=$e_priority ;;
    SYSLOG_IDENTIFIER) value=$e_name ;;
    _SYSTEMD_UNIT | UNIT) value=$e_unit ;;
    _SYSTEMD_INVOCATION_ID | INVOCATION_ID) value=$e_invocation ;;
    _PID | SYSLOG_PID) value=$e_pid ;;
    _UID) value=$e_uid ;;
    _TRANSPORT) value=$e_transport ;;
    _BOOT_ID) value=$e_boot ;;
    _HOSTNAME) value=$HOSTNAME ;;
    *) value='' ;;
    esac
}

# matched: all fields that were named, and of one field any of its values.
matched() {
    local match other fits
    for match in ${matches[@]+"${matches[@]}"}; do
        fits=0
        for other in "${matches[@]}"; do
            [ "${other%%=*}" = "${match%%=*}" ] || continue
            value_of "${other%%=*}"
            [ "$value" != "${other#*=}" ] || fits=1
        done
        [ "$fits" = 1 ] || return 1
    done
}

searched() {
    [ -n "$pattern" ] || return 0
    if [ "$ignore_case" = 1 ]; then
        shopt -s nocasematch
        if [[ $text =~ $pattern ]]; then shopt -u nocasematch && return 0; fi
        shopt -u nocasematch
        return 1
    fi
    [[ $text =~ $pattern ]]
}

# wanted: whether the entry in the variables is asked for. Sets `text`, the message unescaped.
wanted() {
    [ "$asker" = 0 ] || [ "$e_uid" = "$asker" ] || return 1
    [ -z "$only_boot" ] || [ "$e_boot" = "$only_boot" ] || return 1
    [ "$kernel" = 0 ] || [ "$e_transport" = kernel ] || return 1
    [ "$e_priority" -ge "$low" ] && [ "$e_priority" -le "$high" ] || return 1
    [ -z "$since" ] || [ "$e_real" -ge "${since}000000" ] || return 1
    [ -z "$until" ] || [ "$e_real" -le "${until}000000" ] || return 1
    one_of "$e_unit" ${units[@]+"${units[@]}"} || return 1
    one_of "$e_name" ${identifiers[@]+"${identifiers[@]}"} || return 1
    printf -v text %b "$e_message"
    matched && searched
}

# when: the time in front of a line.
when() {
    local seconds=$((e_real / 1000000)) micros zone
    printf -v micros %06d "$((e_real % 1000000))"
    zone=+0000
    [ "$version" -lt 255 ] || zone=+00:00
    case $output in
    short-unix) when=$seconds.$micros ;;
    short-monotonic) printf -v when '[%5d.%06d]' "$((e_mono / 1000000))" "$((e_mono % 1000000))" ;;
    short-iso) TZ=UTC printf -v when "%(%Y-%m-%dT%H:%M:%S)T$zone" "$seconds" ;;
    short-iso-precise) TZ=UTC printf -v when "%(%Y-%m-%dT%H:%M:%S)T.$micros$zone" "$seconds" ;;
    short-full | with-unit) TZ=UTC printf -v when '%(%a %Y-%m-%d %H:%M:%S)T UTC' "$seconds" ;;
    short-precise) TZ=UTC printf -v when "%(%b %d %H:%M:%S)T.$micros" "$seconds" ;;
    *) TZ=UTC printf -v when '%(%b %d %H:%M:%S)T' "$seconds" ;;
    esac
}

# escaped TEXT: a JSON string's inside, into `json`. Bytes beyond ASCII pass as they are.
escaped() {
    local c
    json=${1//\\/\\\\}
    json=${json//\"/\\\"}
    json=${json//$'\n'/\\n}
    json=${json//$'\t'/\\t}
    json=${json//$'\r'/\\r}
    if [[ $json == *[$'\001'-$'\037']* ]]; then
        for c in $'\001' $'\002' $'\003' $'\004' $'\005' $'\006' $'\007' $'\b' $'\v' $'\f' $'\016' $'\017' $'\033'; do
            printf -v code '\\u%04x' "'$c"
            json=${json//"$c"/$code}
        done
    fi
}

print_json() {
    local unit='' cursor
    cursor="s=0;i=$((e_mono));b=$e_boot;m=$e_mono;t=$e_real;x=0"
    printf '{"__CURSOR":"%s","__REALTIME_TIMESTAMP":"%s","__MONOTONIC_TIMESTAMP":"%s","_BOOT_ID":"%s"' \
        "$cursor" "$e_real" "$e_mono" "$e_boot"
    printf ',"_TRANSPORT":"%s","PRIORITY":"%s"' "$e_transport" "$e_priority"
    escaped "$e_name"
    printf ',"SYSLOG_IDENTIFIER":"%s"' "$json"
    [ "$e_transport" = kernel ] || printf ',"_PID":"%s","_UID":"%s","_GID":"%s"' "$e_pid" "$e_uid" "$e_uid"
    [ "$e_unit" = - ] || printf ',"_SYSTEMD_UNIT":"%s"' "$e_unit"
    [ "$e_invocation" = - ] || printf ',"_SYSTEMD_INVOCATION_ID":"%s"' "$e_invocation"
    printf ',"_HOSTNAME":"%s","_MACHINE_ID":"9f3b1d6c5a7e4f0b8c2d1e0f6a5b4c3d","MESSAGE":' "$HOSTNAME"
    # What is no text is given as numbers, one per byte.
    if [[ $text == *[$'\001'-$'\010\013\014\016'-$'\037\177']* ]]; then
        bytes_of "$text"
        printf '[%s]}\n' "$bytes"
    else
        escaped "$text"
        printf '"%s"}\n' "$json"
    fi
}

bytes_of() {
    local i one
    bytes=
    for ((i = 0; i < ${#1}; i++)); do
        printf -v one %d "'${1:i:1}"
        bytes+=${bytes:+,}$(((one + 256) % 256))
    done
}

print_entry() {
    local prefix
    case $output in
    json) print_json && return ;;
    cat) printf '%s\n' "$text" && return ;;
    esac
    when
    prefix=$when
    [ "$with_host" = 0 ] || prefix+=" $HOSTNAME"
    if [ "$output" = with-unit ] && [ "$e_unit" != - ]; then prefix+=" $e_unit/$e_name"; else prefix+=" $e_name"; fi
    [ "$e_transport" = kernel ] || prefix+="[$e_pid]"
    prefix+=': '
    if [ "$all" = 0 ] && [[ $text == *[$'\001'-$'\010\013\014\016'-$'\037\177']* ]]; then text="[${#text}B blob data]"; fi
    # Further lines stand below the first.
    local pad
    printf -v pad '%*s' "${#prefix}" ''
    printf '%s%s\n' "$prefix" "${text//$'\n'/$'\n'$pad}"
}

# entry: print the entry in the variables, with a line between two boots.
entry() {
    if [ "$quiet" = 0 ] && [ -n "$last_boot" ] && [ "$last_boot" != "$e_boot" ]; then printf -- '-- Boot %s --\n' "$e_boot"; fi
    last_boot=$e_boot
    print_entry
}

show() {
    local line chosen=() last_boot='' i first=0
    [ "$follow" = 0 ] || [ "$tail" = 0 ] || lines=${lines:-10}
    # Followed from here: what is appended while the rest is printed must not be lost.
    if [ "$follow" = 1 ]; then exec {new}< <(exec "$host/tail" --pid=$$ -n +1 -F "$journal" 2>/dev/null); fi
    total=0
    while IFS= read -r line; do
        total=$((total + 1))
        fields "$line"
        if wanted; then chosen+=("$line"); fi
    done <"$journal"
    [ -z "$lines" ] || [ "$lines" -ge "${#chosen[@]}" ] || first=$((${#chosen[@]} - lines))
    if [ "$reverse" = 1 ]; then
        for ((i = ${#chosen[@]} - 1; i >= first; i--)); do fields "${chosen[i]}" && wanted && entry; done
    else
        for ((i = first; i < ${#chosen[@]}; i++)); do fields "${chosen[i]}" && wanted && entry; done
    fi
    if [ "$follow" = 1 ]; then
        for ((i = 0; i < total; i++)); do IFS= read -r -u "$new" line; done
        while IFS= read -r -u "$new" line; do
            fields "$line"
            if wanted; then entry; fi
        done
    elif [ "${#chosen[@]}" = 0 ] && [ "$quiet" = 0 ]; then
        printf -- '-- No entries --\n'
    fi
}
