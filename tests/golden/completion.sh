#!/usr/bin/env bash
# What pressing Tab offers, asked of the real script in bash itself. X8CTL: the binary that printed it.
set -u
# shellcheck source=/dev/null
source <("${X8CTL:?}" completion bash)
failed=0
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
touch one.uuu 'two words.uuu' other.txt

# A stand-in for the list of boards: what the script asks for is a table with these headings.
# shellcheck disable=SC2317 # the completion script calls it
boards() {
    printf 'SERIAL\tNAME\tSTATE\tWHERE\n1822aa09dab6fad9\tbench-1\tlinux\tusb 1-4.2\n-\t-\trom\tusb 3-1\n'
}

# Set what bash sets: the line, and the words as bash cuts them at blanks, '=' and ':'.
press_tab() {
    local text=$1 piece
    COMP_LINE=$text
    COMP_POINT=${#text}
    COMP_WORDS=()
    while [[ $text =~ ^[[:space:]]*([=:]|[^[:space:]=:]+)(.*)$ ]]; do
        piece=${BASH_REMATCH[1]}
        text=${BASH_REMATCH[2]}
        COMP_WORDS+=("$piece")
    done
    [[ $COMP_LINE == *[[:space:]] ]] && COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _x8ctl
}

expect() {
    local line=$1 got
    shift
    press_tab "$line"
    got=$(printf '%s\n' ${COMPREPLY[@]+"${COMPREPLY[@]}"} | LC_ALL=C sort)
    [ "$got" = "$(printf '%s\n' "$@" | LC_ALL=C sort)" ] && return
    printf 'after "%s"\n  expected: %s\n  offered:  %s\n' "$line" "$*" "${got//$'\n'/ }"
    failed=1
}

offers() {
    press_tab "$1"
    [[ " ${COMPREPLY[*]} " == *" $2 "* ]] && return
    printf 'after "%s"\n  not offered: %s\n  offered:  %s\n' "$1" "$2" "${COMPREPLY[*]}"
    failed=1
}

expect 'x8ctl ver' version
expect 'x8ctl -v --json ver' version
expect 'x8ctl -t 30s ver' version
expect 'x8ctl --timeout=30s ver' version
expect 'x8ctl nothing-like-it' ''
expect 'x8ctl completion ' bash zsh fish
expect 'x8ctl completion z' zsh
expect 'x8ctl list --progress ' auto bar lines json none
expect 'x8ctl list --progress=' auto bar lines json none
expect 'x8ctl list --progress=b' bar
expect 'x8ctl list --prog' --progress
expect 'x8ctl help --ma' --man
expect 'x8ctl help select' selectors
expect 'x8ctl udev in' install
expect 'x8ctl list -- --pro' ''
expect 'x8ctl list --log one' one.uuu
expect 'x8ctl list --log=o' one.uuu other.txt
expect 'x8ctl image prune --k' --keep
expect 'x8ctl image prune --o' --older
expect 'x8ctl image get --o' --output --offline
expect 'x8ctl -v image get -o x --f' --force
expect 'x8ctl image --ol' --older
expect 'x8ctl update status --to' ''
expect 'x8ctl sketch status --no-v' ''
expect 'x8ctl sketch upload --no-v' --no-verify
expect 'x8ctl help E1' E1 E10 E11 E12 E13 E14 E15 E16 E17 E130 E143
expect 'x8ctl help --schema update-c' update-check
expect 'x8ctl help --schema sel' ''
expect 'x8ctl help --man err' errors
expect 'x8ctl help --man exit' ''
offers 'x8ctl ' flash
offers 'x8ctl help ' exit-codes
offers 'x8ctl list --' --serial

# shellcheck disable=SC2317
x8ctl() { boards; }
expect 'x8ctl list -s ' 1822aa09dab6fad9 bench-1 usb:1-4.2 usb:3-1
expect 'x8ctl list -s 18' 1822aa09dab6fad9
expect 'x8ctl list -s be' bench-1
expect 'x8ctl list -s usb:1' 1-4.2
expect 'x8ctl list --serial=18' 1822aa09dab6fad9
expect 'x8ctl list --serial=usb:3' 3-1

# Releases are those that image list names; without a network, as Tab must not wait for one.
# shellcheck disable=SC2317
x8ctl() {
    [ "$*" = "image list --offline" ] || return 1
    printf 'IMAGE\tDATE\tNOTES\nlatest\t-\t-\n934\t2025-08\tlast of 91\n922\t-\t-\n'
}
expect 'x8ctl image get 9' 922 934
expect 'x8ctl flash ' 922 934 latest 'two words.uuu' one.uuu other.txt
expect 'x8ctl flash o' one.uuu other.txt
expect 'x8ctl image ver' verify
unset -f x8ctl

# Other shells, each with the binary itself: they accept their script, and offer the releases that are built in.
mkdir "$scratch/bin" "$scratch/zsh"
ln -s "$X8CTL" "$scratch/bin/x8ctl"
PATH=$scratch/bin:$PATH
export X8CTL_HOME=$scratch/home
unset X8CTL_IMAGE_INDEX

# Every word that help offers leads to a page.
pages() {
    local -a flag=()
    [ -z "$1" ] || flag=("$1")
    press_tab "x8ctl help $1${1:+ }"
    [ ${#COMPREPLY[@]} -gt 20 ] || COMPREPLY+=("there are too few")
    for word in "${COMPREPLY[@]}"; do
        "$X8CTL" help ${flag[@]+"${flag[@]}"} "$word" >/dev/null 2>&1 && continue
        echo "offered behind x8ctl help $1, and not there: $word"
        failed=1
    done
}
pages ''
pages --schema
pages --man

# other_shell NAME COMMAND...: what COMMAND prints has the numbers of 822 and 844, and what 822 is.
other_shell() {
    local name=$1 got
    shift
    got=$("$@" 2>&1)
    [[ $got == *822*CAN* && $got == *844* ]] && return
    printf '%s after "x8ctl flash 8"\n  offered:  %s\n' "$name" "$got"
    failed=1
}

if command -v fish >/dev/null 2>&1; then
    "$X8CTL" completion fish >"$scratch/x8ctl.fish"
    # shellcheck disable=SC2016 # fish's own
    HOME=$scratch other_shell fish timeout 60 fish --no-config -c 'source $argv[1]; complete -C "x8ctl flash 8"' "$scratch/x8ctl.fish"
    # shellcheck disable=SC2016 # fish's own
    got=$(HOME=$scratch timeout 60 fish --no-config -c 'source $argv[1]
        complete -C "x8ctl image prune --o"; complete -C "x8ctl help --schema update-c"; complete -C "x8ctl help --man E1"' \
        "$scratch/x8ctl.fish" 2>&1 | cut -f1 | tr '\n' ' ')
    if [ "$got" != '--older update-check ' ]; then
        echo "fish offers: $got"
        failed=1
    fi
fi

# zsh completes in a line editor only, and so on a terminal.
# shellcheck disable=SC2317 # by other_shell
zsh_on_a_terminal() {
    ZDOTDIR=$scratch/zsh timeout 60 python3 "$here/../e2e/terminal.py" --columns 100 --report "$scratch/zsh/report" \
        --type 'ready> =x8ctl flash 8\t' --type 'CAN=\x15\x04' -- zsh -i
    cat "$scratch/zsh/report.raw"
}
if command -v zsh >/dev/null 2>&1; then
    "$X8CTL" completion zsh >"$scratch/zsh/_x8ctl"
    printf '%s\n' "PS1='ready> '" "fpath=($scratch/zsh \$fpath)" 'bindkey -e' 'autoload -Uz compinit' 'compinit -u -D' >"$scratch/zsh/.zshrc"
    other_shell zsh zsh_on_a_terminal
    # Read by hand it says nothing, with the completion system or without.
    for system in 'autoload -Uz compinit; compinit -u -D;' ''; do
        got=$(HOME=$scratch timeout 60 zsh -f -c "$system source $scratch/zsh/_x8ctl" 2>&1) && [ -z "$got" ] && continue
        echo "zsh, source _x8ctl: $got"
        failed=1
    done
fi
[ "$failed" = 0 ] && echo ok
exit "$failed"
