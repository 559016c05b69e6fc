# The words of `make`, and what follows from them. Sourced; every word is a variable w_NAME.
# shellcheck shell=bash

refuse() {
    printf 'make: %s\n' "$*" >&2
    exit 2
}

images=(399 539 674 719 746 772 822 844 846 861 881 934 95)

one_of() {
    local word=$1 value=$2 choice
    shift 2
    for choice in "$@"; do [ "$choice" != "$value" ] || return 0; done
    refuse "$word=$value: one of $*"
}

size_of() {
    local number=${2%[KMG]} unit=${2##*[0-9]}
    [[ $number =~ ^[0-9]{1,12}$ ]] || refuse "$1=$2: a size such as 64K, 976M or 4G"
    case $unit in
    K) number=$((10#$number * 1024)) ;;
    M) number=$((10#$number * 1048576)) ;;
    G) number=$((10#$number * 1073741824)) ;;
    '') ;;
    *) refuse "$1=$2: a size such as 64K, 976M or 4G" ;;
    esac
    size=$((10#$number))
    [ "$size" -ge 4096 ] || refuse "$1=$2: at least 4K"
}

# check NAME VALUE: a word that is known and makes sense, or the end.
check() {
    case $1 in
    image) one_of "$@" "${images[@]}" custom local foreign none ;;
    serial) [[ $2 =~ ^[0-9A-F]{16}$ ]] || refuse "serial=$2: 16 upper-case hexadecimal digits" ;;
    sudo) one_of "$@" fio expired empty custom dev ;;
    password) [[ -n $2 && $2 != *$'\n'* ]] || refuse "password= must not be empty or hold a line end" ;;
    carrier) one_of "$@" max breakout hat mid none ;;
    home) one_of "$@" 0 1 ;;
    tools) one_of "$@" gnu busybox ;;
    tmp | var) size_of "$@" ;;
    full) one_of "$@" /tmp /var ;;
    tmparduino) one_of "$@" root ;;
    role) one_of "$@" device host ;;
    failed) [[ $2 =~ ^[A-Za-z0-9@_.:-]+$ ]] || refuse "failed=$2: the name of a unit" ;;
    hostname) [[ $2 =~ ^[A-Za-z0-9-]{1,63}$ ]] || refuse "hostname=$2: letters, digits and dashes" ;;
    clock) [[ $2 =~ ^[+-]?[0-9]{1,11}$ ]] || refuse "clock=$2: seconds since 1970, or +N or -N" ;;
    boot) [[ $2 =~ ^[0-9]{1,9}$ ]] || refuse "boot=$2: seconds" ;;
    m4) one_of "$@" ok dp init timeout program verify hang killed ;;
    m4time) [[ $2 =~ ^[0-9]{1,6}$ ]] || refuse "m4time=$2: milliseconds" ;;
    m4journal) [[ $2 =~ ^[0-9]{1,6}$ ]] || refuse "m4journal=$2: milliseconds" ;;
    m4watch) one_of "$@" on stopped dead none ;;
    m4reset) one_of "$@" ok lost ;;
    bridge) one_of "$@" ok stalled stalls halts slow hangs ;;
    boot0 | boot1) [ -f "$2" ] || refuse "$1=$2: no such file" ;;
    *) update_check "$@" ;;
    esac
}

words_of() {
    local word name
    w_image=861 w_serial=0A13B209DAB6FAD9 w_sudo='' w_password='' w_carrier=breakout w_home='' w_tools=gnu
    w_tmp=976M w_var='' w_full='' w_tmparduino='' w_role=device w_hostname='' w_clock='' w_boot=20 w_boot0='' w_boot1=''
    w_m4=ok w_m4time=150 w_m4journal=0 w_m4watch=on w_m4reset=ok w_bridge=ok
    w_failed=()
    update_defaults
    for word in "$@"; do
        [[ $word == *=* ]] || refuse "unknown word $word"
        name=${word%%=*}
        check "$name" "${word#*=}"
        if [ "$name" = image ]; then image_given=1; fi
        if [ "$name" = failed ]; then w_failed+=("${word#*=}"); else printf -v "w_$name" %s "${word#*=}"; fi
    done
    [ "$w_sudo" = custom ] || [ -z "$w_password" ] || refuse "password= belongs to sudo=custom"
    update_number
    derive
}

# Board facts that hang on the image: its number on a scale, the user's id, the password it was sold with.
derive() {
    case $w_image in
    95) number=1000 ;;
    custom) number=934 ;;
    local | foreign | none) number=861 ;;
    *) number=$w_image ;;
    esac
    user_id=1000
    [ "$number" -lt 1000 ] || user_id=1001
    [ -n "$w_home" ] || { w_home=1 && [ "$user_id" = 1000 ] || w_home=0; }
    if [ -z "$w_sudo" ]; then
        w_sudo=fio
        [ "$number" -lt 844 ] || w_sudo=expired
        [ "$number" -lt 881 ] || w_sudo=empty
    fi
    [ -n "$w_password" ] || w_password='correct horse'
    serial_name
}

# The host name holds the serial in lower case without leading zeros.
serial_name() {
    local digits=${w_serial,,}
    while [[ $digits == 0?* ]]; do digits=${digits#0}; done
    [ -n "$w_hostname" ] || w_hostname=portenta-x8-$digits
}

# save_words: what `enter` and the stubs need to know. No secret is in it.
save_words() {
    local bytes=''
    if [ -n "$w_var" ]; then size_of var "$w_var" && bytes=$size; fi
    size_of tmp "$w_tmp"
    {
        printf 'board_tmp=%s board_uid=%s board_home=%s\n' "$size" "$user_id" "$w_home"
        printf 'board_image=%s board_number=%s board_serial=%s\n' "$w_image" "$number" "$w_serial"
        printf 'board_tools=%s board_sudo=%s board_boot=%s\n' "$w_tools" "$w_sudo" "$w_boot"
        printf 'board_full=%s board_var=%s board_tmparduino=%s\n' "$w_full" "$bytes" "$w_tmparduino"
        printf 'board_m4=%s board_m4time=%s board_m4journal=%s board_m4watch=%s\n' "$w_m4" "$w_m4time" "$w_m4journal" "$w_m4watch"
        printf 'board_m4reset=%s board_bridge=%s board_m7=%s\n' "$w_m4reset" "$w_bridge" "$m7_version"
        printf 'board_kernel=%q board_clock=%s\n' "$kernel" "$w_clock"
        printf 'board_boot0=%q board_boot1=%q\n' "${w_boot0:+$(realpath -- "$w_boot0")}" "${w_boot1:+$(realpath -- "$w_boot1")}"
    } >"$dir/board.conf"
}
