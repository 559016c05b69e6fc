# The cases. Each plugs its boards, runs something inside and looks at what came of it. Sourced by run.
# shellcheck shell=bash disable=SC2154

failures=0
all_cases=(list flash uuu unplug replug stop two busy memory no_daemon user)

make_inputs() {
    rm -rf "$inputs"
    mkdir -p "$inputs"
    "$X8_MKIMAGE" --size 32M --folder "$inputs/release" --reference "$cache/release.wic"
}

# What a full flash leaves: targets of --compare.
full_flash() {
    local boot=$inputs/release/imx-boot-portenta-x8 fit=$inputs/release/u-boot-portenta-x8.itb
    echo "user=$cache/release.wic,boot0@0x8400=$boot,boot0@0x60000=$fit,boot0@0x208400=$boot,boot0@0x260000=$fit,boot0@0x8200=$inputs/release/sit-portenta-x8.bin"
}

# ---- what is expected ----

# bad WORDS...: what was not as it should be.
bad() {
    echo "    FAILED: $*"
    failures=$((failures + 1))
}

# expect_status N: of the script that ran last.
expect_status() {
    [ "$status" = "$1" ] || bad "status $status, not $1"
}

# expect FILE PATTERN...: each pattern (extended) is in the file.
expect() {
    local file=$work/$1 pattern
    shift
    for pattern in "$@"; do
        grep -qE -e "$pattern" "$file" || bad "not in $(basename "$file"): $pattern"
    done
}

# expect_not FILE PATTERN
expect_not() {
    local found
    found=$(grep -m 1 -E -e "$2" "$work/$1") && bad "in $1: $found"
    return 0
}

# The kernel has nothing to say about how its USB was used.
expect_quiet_kernel() {
    expect_not "$1.kernel" 'did not claim interface|WARNING|BUG:|Oops|Call Trace|bogus urb'
}

# expect_equal N: pull out board N; its medium is what a full flash leaves.
expect_equal() {
    end_board "$1"
    [ "$board_status" = 0 ] || bad "the medium of board $1: $(tail -n 1 "$work/board.$1.log")"
}

# ---- the cases ----

# A board at a port of its own and one of full speed behind a hub: found where they are, as what they are.
case_list() {
    board 0 start=rom
    board 2 start=fastboot speed=full
    in_guest list 180 <<'END'
on_bus 1-1 1fc9:0134 && on_bus 1-3.1 1fc9:0152 || exit 1
x8ctl list
END
    end_board 0
    end_board 2
    expect_status 0
    expect list.out '^-[[:blank:]]+-[[:blank:]]+rom[[:blank:]]+-[[:blank:]]+-[[:blank:]]+usb[[:blank:]]+usb 1-1[[:blank:]]' \
        '^0e1a2c0d5b6f7788[[:blank:]]+-[[:blank:]]+fastboot[[:blank:]]+-[[:blank:]]+-[[:blank:]]+usb[[:blank:]]+usb 1-3\.1[[:blank:]]+full speed'
    expect list.err '^2 boards, 1 needs something'
    expect_quiet_kernel list
}

# From the boot ROM to the end. Whoever drives the board's interface is written down on the way: the kernel's HID
# driver takes ROM and SPL first, as on any desktop, and has to give them up.
case_flash() {
    board 0 start=rom --compare "$(full_flash)"
    in_guest flash 180 <<'END'
on_bus 1-1 1fc9:0134 || exit 1
drivers 1-1 >/job/flash.drivers &
x8ctl flash -y /in/release
status=$?
kill $!
exit $status
END
    expect_status 0
    expect flash.out 'written .* and verified on the board'
    # The kernel's driver may have it for less than a look takes, but says so.
    expect flash.kernel 'hid-generic 0003:1FC9:0134' 'hid-generic 0003:1FC9:0151'
    expect flash.drivers '^0134 usbfs$' '^0151 usbfs$' '^0152 usbfs$'
    expect_equal 0
    expect report.0 '"stage":"fastboot"' '"attaches":3' '"partconf":8'
    expect_quiet_kernel flash
}

# The witness that board and machine are honest: NXP's own program does the same.
case_uuu() {
    if [ -z "$uuu" ]; then
        echo "    left out: no uuu on this machine"
        return
    fi
    board 0 start=rom --compare "$(full_flash)"
    in_guest uuu 180 <<'END'
on_bus 1-1 1fc9:0134 || exit 1
uuu /in/release/mfgtool-files-portenta-x8/full_image.uuu
END
    expect_status 0
    expect_equal 0
    expect report.0 '"stage":"fastboot"' '"attaches":3' '"partconf":8'
}

# The cable is pulled while the image is on the wire.
case_unplug() {
    board 0 start=fastboot fault=stage:fastboot,after:6M,do:unplug
    in_guest unplug 180 <<'END'
on_bus 1-1 1fc9:0152 || exit 1
{ off_bus 1-1 && uptime_s >/tmp/pulled; } &
x8ctl flash -y /in/release --retries 0
status=$?
ended=$(uptime_s)
wait
echo "it ended $(awk "BEGIN { print $ended - $(cat /tmp/pulled) }") s after the board was gone"
awk "BEGIN { exit !($ended - $(cat /tmp/pulled) < 20) }" || echo "too late"
exit $status
END
    end_board 0
    expect_status 15
    expect unplug.err '"download:[0-9a-f]{8}": the board at usb 1-1 left the bus while sending data$' \
        '^  why    [0-9]+ of [0-9]+ bytes had moved; .* the board needs a complete flash$' '^  next   check cable and power' \
        '^  code   15 gone'
    expect_not unplug.out 'too late'
    expect_quiet_kernel unplug
}

# It is plugged in again: the board, which had its power from there, begins in its ROM, and is taken up again.
case_replug() {
    board 0 start=rom fault=stage:fastboot,after:6M,do:unplug,for:2000 --compare "$(full_flash)"
    in_guest replug 180 <<'END'
on_bus 1-1 1fc9:0134 || exit 1
x8ctl flash -y /in/release
END
    expect_status 0
    expect replug.err 'taking the board up again, 1 of 3$'
    expect replug.out '1 retry\) and verified on the board'
    expect_equal 0
}

# Stopped at once in the middle of a download, then killed in one, which leaves a loader that waits for the rest. The
# next run gets it out of that by a reset of the port.
case_stop() {
    board 0 start=fastboot link=3M --compare "$(full_flash)"
    in_guest stop 180 <<'END'
on_bus 1-1 1fc9:0152 || exit 1
in_download() {
    x8ctl -vvv flash -y /in/release 2>"$1" &
    until grep -q '< DATA00f' "$1"; do usleep 20000; done
    usleep 300000
}
in_download /tmp/stopped
kill -TERM $!
until grep -q 'safe point' /tmp/stopped; do usleep 20000; done
kill -TERM $!
wait $!
echo "stopped: $?"
in_download /tmp/killed
kill -KILL $!
wait $!
echo "killed: $?"
x8ctl flash -y /in/release
status=$?
grep -vE ' (wire|trace|detail) ' /tmp/stopped >&2
exit $status
END
    expect_status 0
    expect stop.out '^stopped: 143$' '^killed: 137$' 'written .* and verified on the board'
    expect stop.err 'stopping at once' 'code   143 terminated' 'the loader does not answer, perhaps after an interrupted run'
    expect stop.kernel 'reset high-speed USB device'
    expect_equal 0
    expect_quiet_kernel stop
}

case_two() {
    board 0 start=rom --compare "$(full_flash)"
    board 1 start=rom serial=1b2c3d4e5f600001 --compare "$(full_flash)"
    in_guest two 180 <<'END'
on_bus 1-1 1fc9:0134 && on_bus 1-2 1fc9:0134 || exit 1
x8ctl flash --all -y /in/release
END
    expect_status 0
    expect two.out '^1-1: written .* and verified' '^1-2: written .* and verified'
    expect_equal 0
    expect_equal 1
    expect_quiet_kernel two
}

# Who holds the board is named, and is never ourselves: seen by the lock of its port, and by one with other locks (as
# another user has, or another program) at the kernel's interface.
case_busy() {
    board 0 start=fastboot link=1M
    in_guest busy 180 <<'END'
on_bus 1-1 1fc9:0152 || exit 1
x8ctl flash -y /in/release 2>/tmp/first &
echo "holder $!"
until grep -q 'stage write' /tmp/first; do usleep 20000; done
x8ctl flash -y /in/release || echo "locked $?"
X8CTL_HOME=/tmp/other x8ctl flash -y /in/release
status=$?
kill -KILL $!
exit $status
END
    end_board 0
    expect_status 14
    expect busy.out '^locked 14$'
    expect busy.err "^  why    process $(sed -n 's/^holder //p' "$work/busy.out") holds /tmp/x8ctl-0/usb-1-1\$" \
        "^  why    held by x8ctl \($(sed -n 's/^holder //p' "$work/busy.out")\); the eMMC was not touched\$" '^  code   14 busy'
}

# The kernel's allowance for transfers in flight is for all programs together: what is left may be little.
case_memory() {
    board 0 start=fastboot --compare "$(full_flash)"
    in_guest memory 180 <<'END'
on_bus 1-1 1fc9:0152 || exit 1
allowance=/sys/module/usbcore/parameters/usbfs_memory_mb
before=$(cat $allowance)
echo 1 >$allowance
x8ctl flash -y /in/release
status=$?
echo "$before" >$allowance
echo "allowance before: $before"
exit $status
END
    expect_status 0
    expect memory.out '^allowance before: 16$' 'written .* and verified on the board'
    expect_equal 0
    expect_quiet_kernel memory
}

# As in a container: nobody tells of arrivals. All stages are found by looking.
case_no_daemon() {
    board 0 start=rom --compare "$(full_flash)"
    in_guest no_daemon 180 <<'END'
on_bus 1-1 1fc9:0134 || exit 1
udevadm control --exit
x8ctl flash -y /in/release
status=$?
/usr/lib/systemd/systemd-udevd --daemon
exit $status
END
    expect_status 0
    expect_equal 0
    expect_quiet_kernel no_daemon
}

# Without rules a user may not; with them a member of the group may, through all stages, and others still may not.
case_user() {
    board 0 start=rom --compare "$(full_flash)"
    in_guest user 180 <<'END'
on_bus 1-1 1fc9:0134 || exit 1
as() {
    su "$1" -c "$2"
    echo "$1: $2: $?"
}
stat -c 'before: %U %G %a' "$(node_of 1-1)"
as user 'x8ctl list'
as user 'x8ctl flash -y /in/release' 2>/job/user.denied
as user 'x8ctl udev check'
as user 'x8ctl udev install' 2>/job/user.install
su user -c 'exec x8ctl watch' >/job/user.watch 2>&1 &
watch=$!
until grep -q present /job/user.watch; do usleep 20000; done
x8ctl udev install || exit 1
udevadm settle
stat -c 'after: %U %G %a' "$(node_of 1-1)"
as user 'x8ctl udev check'
as guest 'x8ctl flash -y /in/release' 2>/job/user.outsider
as user 'x8ctl flash -y /in/release'
kill $watch
wait $watch
exit 0
END
    expect_status 0
    expect user.watch 'present[[:blank:]]+usb 1-1[[:blank:]]+no-access' 'access[[:blank:]]+usb 1-1[[:blank:]]+rom' \
        'left[[:blank:]]+usb 1-1[[:blank:]]+rom' 'arrived[[:blank:]]+usb 1-1[[:blank:]]+(spl|no-access)' 'usb 1-1[[:blank:]]+fastboot'
    expect user.out '^before: root root 664$' \
        'no-access.*rom; owner root, mode 0664.*sudo x8ctl udev install' \
        '^user: x8ctl udev check: 4$' '^user: x8ctl udev install: 13$' '^after: root plugdev 660$' \
        '^user: x8ctl udev check: 0$' '^guest: x8ctl flash -y /in/release: 13$' '^user: x8ctl flash -y /in/release: 0$'
    expect user.denied '^x8ctl flash: rom: cannot open the board at usb 1-1$' \
        'no permission on /dev/bus/usb/[0-9/]+: owner root, mode 0664, you are "user", no rule of x8ctl for 1fc9:0134; the eMMC was not touched' \
        '^  next   sudo x8ctl udev install' '^  code   13 no-permission'
    expect user.install 'sudo x8ctl udev install'
    expect user.outsider 'group plugdev, mode 0660, you are "guest"; /etc/udev/rules.d/70-x8ctl.rules is there' 'usermod -aG plugdev guest'
    expect_equal 0
    expect_quiet_kernel user
}

# ---- all of them ----

show_what_was_said() {
    local file
    for file in "$work/$1".out "$work/$1".err "$work/$1".kernel "$work"/board.*.log; do
        [ -s "$file" ] || continue
        echo "--- $(basename "$file")"
        tail -n 30 "$file" | tr '\r' '\n' | cut -c 1-300
    done
}

run_cases() {
    local name before started
    [ $# -gt 0 ] || set -- "${all_cases[@]}"
    for name in "$@"; do
        before=$failures started=$SECONDS
        rm -f "$work"/board.*.log
        "case_$name" || bad "the case broke off"
        echo "== $name: $([ "$failures" = "$before" ] && echo ok || echo FAILED), $((SECONDS - started)) s"
        [ "$failures" = "$before" ] || show_what_was_said "$name"
    done
    if [ "$failures" != 0 ]; then
        echo "$failures expectations were not met"
        exit 1
    fi
    echo "all as it should be"
}
