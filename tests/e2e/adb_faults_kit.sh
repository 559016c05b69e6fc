#!/usr/bin/env bash
# shellcheck disable=SC2317 # what a run does is called by its name
# Kit of the suites of broken links: one run of exec, push or pull, and what must hold however the link behaved: never
# success where the work is not done, never a hang, the old file or the new one, nothing left behind.
#
#   judge KIND      a run against $select, with the board's home at $home on this computer; what is wrong is said in lines
#                   "wrong: ...", and "well" when the work was done
. "$(dirname "${BASH_SOURCE[0]}")/adb_kit.sh"
inner=/var/rootdirs/home/fio # the home as the board calls it
pull_here=$work/here home=''

# Files of the runs, in $work.
make_files() {
    bytes "$work/small" 9000
    mkdir "$work/tree"
    echo one >"$work/tree/one"
    echo two >"$work/tree/two"
    ln -s one "$work/tree/link"
    chmod 600 "$work/tree/two"
}

wrong() { echo "wrong: $*; status $status after $elapsed_ms ms: $(tr '\n' ' ' <"$err" | cut -c 1-400)"; }

# No file of ours stays on the board once its shells were hung up.
tidy_board() {
    local until=$(($(milliseconds) + 60000))
    while [ "$(milliseconds)" -lt "$until" ]; do
        [ -n "$(find "$home" -name '*x8ctl*')" ] || return 0
        sleep 0.05
    done
    wrong "left on the board: $(find "$home" -name '*x8ctl*' | tr '\n' ' ')"
}

# A failure of ours has the code of a link, a limit or a board that is not there, and a next step.
own_failure() {
    grep -Eq '^  code   (10|12|14|15|16|17|30|34) ' "$err" || wrong "no code of a broken link"
    grep -q '^  next   .' "$err" || wrong "no next step"
}

do_exec() {
    on - exec -- sh -c "cat >$inner/copy; echo out; echo err >&2; echo yes >$inner/mark; exit 3" 2>/dev/null
    if [ "$status" = 3 ]; then
        [ "$(cat "$home/mark" 2>&1)" = yes ] || wrong "a status of a command that did not run"
        [ "$(cat "$out")" = out ] || wrong "a status without the output"
        [ "$(cat "$err")" = err ] || wrong "a status without the error output"
        cmp -s "$input" "$home/copy" || [ "$input" = /dev/null ] || wrong "a status without the input"
        return
    fi
    [ "$status" = 255 ] || wrong "a status that is neither the command's nor ours"
    own_failure
    [ ! -e "$home/mark" ] || grep -q 'unknown' "$err" || wrong "it ran, and nobody says that the outcome is unknown"
}

do_input() {
    input=$work/small
    do_exec
    input=/dev/null
}

do_push() {
    mkdir "$home/tree"
    echo old >"$home/tree/one"
    echo old >"$home/small"
    on - push "$work/small" "$work/tree" "$inner/" 2>/dev/null
    cmp -s "$work/small" "$home/small" || [ "$(cat "$home/small" 2>&1)" = old ] || wrong "neither the old file nor the new one"
    grep -qx 'old\|one' "$home/tree/one" || wrong "neither the old file nor the new one in the folder"
    [ ! -e "$home/tree/two" ] || [ "$(cat "$home/tree/two")" = two ] || wrong "half a file has the final name"
    [ ! -e "$home/tree/two" ] || [ "$(stat -c %a "$home/tree/two")" = 600 ] || wrong "a file with the mode of nobody's wish"
    if [ "$status" = 0 ]; then
        cmp -s "$work/small" "$home/small" || wrong "success without the file"
        diff -r "$work/tree" "$home/tree" >/dev/null || wrong "success without the folder"
    else
        own_failure
    fi
    [ -n "${untidy:-}" ] || tidy_board
}

do_stdin() {
    echo old >"$home/target"
    input=$work/small
    on - push - "$inner/target" 2>/dev/null
    input=/dev/null
    cmp -s "$work/small" "$home/target" || {
        [ "$status" != 0 ] || wrong "success without the file"
        [ "$(cat "$home/target" 2>&1)" = old ] || wrong "neither the old file nor the new one"
    }
    [ "$status" = 0 ] || own_failure
    [ -n "${untidy:-}" ] || tidy_board
}

do_pull() {
    cp -r "$work/tree" "$work/small" "$home/"
    rm -rf "$pull_here"
    mkdir "$pull_here"
    echo old >"$pull_here/small"
    on - pull "$inner/small" "$inner/tree" "$pull_here/" 2>/dev/null
    cmp -s "$work/small" "$pull_here/small" || [ "$(cat "$pull_here/small" 2>&1)" = old ] || wrong "neither the old file nor the new one"
    [ ! -e "$pull_here/tree/two" ] || [ "$(cat "$pull_here/tree/two")" = two ] || wrong "half a file has the final name"
    if [ "$status" = 0 ]; then
        cmp -s "$work/small" "$pull_here/small" || wrong "success without the file"
        diff -r "$work/tree" "$pull_here/tree" >/dev/null || wrong "success without the folder"
    else
        own_failure
    fi
    [ -z "$(find "$pull_here" -name '*x8*')" ] || wrong "left here: $(find "$pull_here" -name '*x8*')"
}

do_stdout() {
    cp "$work/small" "$home/"
    on - pull "$inner/small" - 2>/dev/null
    if [ "$status" = 0 ]; then
        cmp -s "$work/small" "$out" || wrong "success without the bytes"
    else
        own_failure
    fi
}

judge() {
    local before=$bad
    rm -rf "$home"/small "$home"/tree "$home"/target "$home"/mark "$home"/copy
    bad=1 # so that problem() shows nothing of its own
    "do_$1"
    [ "$status" != 124 ] || wrong "it hung"
    if grep -Eq 'Sanitizer|runtime error:' "$err"; then wrong "a sanitizer spoke"; fi
    bad=$before
    [ "$status" != 0 ] && [ "$status" != 3 ] || echo well
}
