#!/usr/bin/env bash
# At a terminal: bars, questions, widths, colours, and what is left on the screen. terminal.py is the terminal.
# shellcheck source=kit.sh
. "$(dirname "$0")/kit.sh"

cd "$work" || exit 1
make_release release
hurry release
"$X8_MKIMAGE" --size 20M --nonzero 95 --kernel-kb 64 --folder big
hurry big
report=$work/report
typed=()
variables=()

# tty STATUS COLUMNS WORDS... -- ARGS...: x8ctl at a terminal, with the keys of $typed.
tty() {
    local want=$1 columns=$2
    local -a words=()
    shift 2
    while [ "$1" != -- ]; do
        words+=("$1")
        shift
    done
    shift
    # At a terminal a flash ends when its Linux answers: that is flash_wait.sh's.
    if [ "$1" = flash ]; then set -- "$@" --no-wait; fi
    rm -f "$report" "$report.raw"
    board "$want" emmc=1G "${words[@]}" -- env "${variables[@]}" python3 "$X8_TESTS/e2e/terminal.py" --columns "$columns" \
        --report "$report" "${typed[@]}" -- "$X8CTL" "$@"
    # What problem() shows is the screen.
    python3 -c 'import json, sys; print("\n".join(json.load(open(sys.argv[1]))["screen"]))' "$report" >"$out"
    reported 'not d["unanswered"] and not d["unknown"]'
    reported 'd["settings_kept"] and not d["hidden"] and d["column"] == 0'
}

# reported EXPRESSION over the report `d`, what came in all as text `raw`.
reported() {
    python3 -c '
import json, sys
d, raw = json.load(open(sys.argv[1])), open(sys.argv[1] + ".raw", encoding="utf-8", errors="replace").read()
if not eval(sys.argv[2]):
    sys.exit("it does not hold: %s (%s)" % (sys.argv[2], {k: d[k] for k in d if k != "screen"}))' "$report" "$1" \
        2>"$work/python" || problem "$(tail -n 1 "$work/python")"
}

no_bar_is_left() { prints_no '[▕█▏]|\[#'; }

echo "== bars"
for columns in 40 80 200; do
    start "$columns columns: progress is painted, no line runs over the edge, no bar is left"
    tty 0 $columns start=fastboot link=20M -- flash -y big
    reported 'd["painted"] > 5 and " %  " in raw'
    [ $columns = 40 ] || reported '"▕" in raw and "█" in raw' # 40 have room for the numbers only
    reported 'all(line.startswith("1-2: ") for line in d["wrapped"])'
    no_bar_is_left
    prints 'done in 0:0'
    # In the usual run once: each board's bar is as wide as a single one.
    [ $columns = 80 ] || [ -n "${X8_LONG:-}" ] || continue
    start "$columns columns: three boards, three bars"
    tty 0 $columns start=fastboot --count 3 link=20M -- flash -y --all big
    reported 'd["painted"] > 15'
    reported 'all(line.startswith("1-") for line in d["wrapped"])'
    no_bar_is_left
    for port in 1-2 1-3 1-4; do prints "✓ $port +done in "; done
done
start "a terminal that becomes narrow meanwhile"
typed=(--resize 0.6:50)
tty 0 110 start=fastboot link=8M -- flash -y big
typed=()
no_bar_is_left
[ "$(grep -c 'written to' "$out")" = 1 ] || problem "a line stands there twice"
start "from the ROM: every stage stays as a line with its time"
tty 0 80 -- flash -y release
for stage in rom spl write verify boot fastboot; do prints "^✓ $stage +.* 0:0[0-9]\$"; done
start "waiting says for what, and what is there instead"
tty 10 80 start=linux -- flash -y -t 3s release
reported '"waiting for a board in rom, spl or fastboot mode" in raw and "1-2 (linux)" in raw'
prints '^  next   the board at usb 1-2 runs Linux'

echo "== colours and letters"
start "colours by default"
tty 0 80 start=fastboot -- flash -y release
reported 'd["sgr"]'
for variable in NO_COLOR=1 -; do
    start "no colours with $variable (- is --no-color), bars all the same"
    if [ $variable = - ]; then option=--no-color; else option=-y variables=("$variable"); fi
    tty 0 80 start=fastboot link=20M -- flash -y $option big
    variables=()
    reported 'not d["sgr"] and d["painted"] > 5'
done
start "TERM=dumb: plain lines, not one escape"
variables=(TERM=dumb)
tty 0 80 start=fastboot link=20M -- flash -y big
reported 'not d["escapes"] and d["painted"] == 0'
prints 'Z flash 1-2 stage write'
for locale in C ${X8_LONG:+POSIX} de_DE.ISO-8859-1; do
    start "LC_ALL=$locale: nothing but ASCII"
    variables=("LC_ALL=$locale")
    tty 0 80 start=fastboot link=20M -- flash -y big
    reported 'd["ascii"] and "[###" in raw'
    prints '^\+ write '
    no_bar_is_left
done
variables=()
start "in a CI job: lines even at a terminal"
variables=(GITLAB_CI=1)
tty 0 80 start=fastboot -- flash -y release
variables=()
reported 'not d["painted"]'
prints 'Z flash 1-2 '

echo "== questions"
log=$work/log
sent_nothing() {
    if grep -Eq '^(rom|spl|fastboot) ' "$log"; then problem "the board was spoken to: $(cat "$log")"; fi
}
for key in 'Y\n' 'yes\n'; do
    start "yes: $key"
    typed=(--type "[y/N]=$key")
    tty 0 80 start=fastboot --compare "$(full_flash_of release release.raw)" -- flash release
    prints '^Write to usb 1-2 \(fastboot\)\? Everything on the eMMC is lost\. \[y/N\] [yY]'
done
for key in 'n\n' '\n' ${X8_LONG:+'yy\n'} 'nothing\n' '\x04'; do
    start "not yes: $key"
    rm -f "$log"
    typed=(--type "[y/N]=$key")
    tty 41 80 start=fastboot log="$log" -- flash release
    prints 'not confirmed; nothing was done'
    prints '^  next   -y'
    sent_nothing
done
start "Ctrl-C at a question"
rm -f "$log"
typed=(--type '[y/N]=\x03')
tty 130 80 start=fastboot log="$log" -- flash release
prints '^  code   130 stopped'
sent_nothing
start "fuses: the word itself is typed, whatever -y says"
typed=(--type 'Type the word fuse to go on:=fuse\n')
tty 0 80 start=fastboot log="$log" -- uuu -y FB: ucmd fuse prog -y 6 0 1
prints 'never be undone'
for key in 'y\n' '\n' 'fuses\n' '\x04'; do
    start "fuses: not $key"
    rm -f "$log"
    typed=(--type "Type the word fuse to go on:=$key")
    tty 41 80 start=fastboot log="$log" -- uuu -y FB: ucmd fuse prog -y 6 0 1
    prints 'not confirmed; nothing was done'
    prints '^  next   .*--confirm fuse'
    sent_nothing
done
start "fuses: Ctrl-C"
rm -f "$log"
typed=(--type 'Type the word fuse to go on:=\x03')
tty 130 80 start=fastboot log="$log" -- uuu FB: ucmd fuse prog -y 6 0 1
sent_nothing
start "-y, --no-input and --progress json are not asked"
typed=()
tty 0 80 start=fastboot -- flash -y release
prints_no '\[y/N\]'
tty 41 80 start=fastboot log="$log" -- flash --no-input release
prints_no '\[y/N\]'
tty 41 80 start=fastboot log="$log" -- flash --progress json release
sent_nothing
start "a board that runs Linux: the last four of its serial"
typed=(--type 'last four of its serial=7788\n')
tty 10 80 start=linux -- flash -y -t 2s -s usb:1-2 release
prints 'set its boot switches to ON'
for key in '1234\n' '\n' 'y\n'; do
    start "a board that runs Linux: not $key"
    typed=(--type "last four of its serial=$key")
    tty 41 80 start=linux log="$log" -- flash -y -t 2s -s usb:1-2 release
    prints '^  next   --confirm 7788'
done
start "a board that runs Linux: Ctrl-C"
typed=(--type 'last four of its serial=\x03')
tty 130 80 start=linux -- flash -y -t 2s -s usb:1-2 release

echo "== stopping"
start "Ctrl-C: the piece is written, the bar is gone, the screen is in order"
typed=(--type ' left=\x03')
tty 130 80 start=fastboot link=8M log="$log" -- flash -y big
no_bar_is_left
prints '^! stopping at the next safe point'
prints '^  why    .*the eMMC is'
[ "$(tail -n 1 "$log")" = 'fastboot flash:all -> OKAY' ] || problem "$(tail -n 1 "$log")"
start "Ctrl-C twice"
typed=(--type ' left=\x03' --type 'safe point=\x03')
tty 130 80 start=fastboot link=2M -- flash -y big
no_bar_is_left
prints '^! stopping at once'
start "Ctrl-C ends watch"
typed=(--type 'present=\x03')
tty 130 80 start=fastboot -- watch
prints_no 'safe point'
start "Ctrl-C while waiting for a board"
typed=(--type 'waiting=\x03')
tty 130 80 start=off -- flash -y -t 60s release
prints '^  next   '
typed=()

echo "== errors and tables"
for columns in 40 80; do
    start "$columns columns: an error is broken between words"
    tty 30 $columns start=fastboot fault=at:flash,do:fail,text:no -- flash -y release
    reported 'not d["wrapped"]'
    no_bar_is_left
    prints '^x8ctl flash: line 11'
done
start "list: aligned columns"
tty 0 120 --board start=rom --board start=fastboot --board access=denied -- list
prints '^SERIAL            NAME  STATE      IMAGE  CARRIER  LINKS  WHERE    NOTE'
prints '^-                 -     rom        -      -        usb    usb 1-2  -'
prints '^3 boards, 1 needs something'
finish
