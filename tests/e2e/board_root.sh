#!/usr/bin/env bash
# The root of the virtual board's Linux (tests/board/ROOT.md): each row of its tables tried once from a shell inside.
# shellcheck disable=SC2016 # scripts in single quotes are for the shell inside
export X8CTL=${X8CTL:-none} X8_BOARD=${X8_BOARD:-none} X8_MKIMAGE=${X8_MKIMAGE:-none}
# shellcheck source=kit.sh
. "$(dirname "$0")/kit.sh"

root=$X8_TESTS/board/root
trap '[ ! -e "$work/r" ] || "$root/remove" "$work/r"; rm -rf "$work"' EXIT

# root WORDS...: a fresh root.
root() {
    [ ! -e "$work/r" ] || "$root/remove" "$work/r"
    "$root/make" "$work/r" "$@" || problem "make failed: $*"
}

# What scripts find inside: S COMMAND... is sudo with the password on stdin, P what it is.
prelude='P=fio; S() { printf "%s\n" "$P" | sudo -S -k -p "" "$@"; }; '

# inside STATUS SCRIPT: a boot that runs it with bash.
inside() { run "$1" "$root/enter" "$work/r" bash -c "$prelude$2"; }

start "sandboxes are allowed"
root
inside - true
if [ "$status" = 77 ]; then
    cat "$err"
    exit 77
fi
inside 0 true

start "an unknown word is refused with a sentence"
for word in nonsense=1 nonsense image=1 serial=12 sudo=maybe carrier=x home=2 tools=x tmp=1 full=/etc tmparduino=fio hostname=a_b \
    clock=noon boot=-1 boot0=/does/not/exist role=x password=p failed='a b' var=x; do
    run 2 "$root/make" "$work/none" "$word"
    says '^make: '
done
run 2 "$root/make" "$work/r"
says 'is not empty'
run 2 "$root/enter" "$work" true
says 'was not made by make'

start "each image has its os-release"
check_image() {
    root "image=$1"
    inside 0 'ls -l /etc/os-release; cat /etc/os-release; uname -r; id -u'
    prints "$2"
    prints "$3"
    prints "^$4\$"
    prints ' -> ../usr/lib/os-release$'
}
check_image 399 '^VERSION="3.3.2-399-83-21-g3ad61e0"$' '^LMP_FACTORY_TAG="devel"$' 1000
prints_no IMAGE_VERSION
prints '^5.4.134'
inside 1 'command -v aklite-offline'
for image in 539 674 719 746 772 822; do check_image "$image" "^VERSION=\"4.0.3-$image-88\"\$" "^IMAGE_VERSION=$image\$" 1000; done
for image in 844 846 861 881 934; do check_image "$image" "^VERSION_ID=4.0.11-$image-91\$" "^IMAGE_VERSION=$image\$" 1000; done
check_image 95 '^VERSION="5.0.9-1000-95"$' '^META_LAYER_GIT_SHA' 1001
check_image custom '^LMP_FACTORY="acme-robots"$' '^IMAGE_VERSION=17$' 1000
check_image local '^IMAGE_VERSION=local-image$' '^LMP_MACHINE="portenta-x8"$' 1000
check_image foreign '^LMP_MACHINE="raspberrypi4-64"$' '^IMAGE_VERSION=12$' 1000
root image=none
inside 1 'cat /etc/os-release'

start "the process is that of the board's daemon"
root serial=00000000000000AB boot=100
inside 0 'id; pwd; umask; hostname; uname -a; echo "[${HOME-none}] $TERM ${LANG-none} $PATH"; cat /proc/uptime; ls /sys/class/net; tty
    cat /sys/devices/soc0/serial_number; exec 3<>/dev/ptmx && echo ptmx'
prints '^uid=1000\(fio\) gid=1000\(fio\) groups=1000\(fio\),1003,1004,1007,1011,1015,1028,3001,3002,3003,3006$'
prints '^/var/rootdirs/home/fio$'
prints '^0000$'
prints '^portenta-x8-ab$'
prints '^Linux portenta-x8-ab 6.1.24-lmp-standard .* aarch64 GNU/Linux$'
prints '^\[none\] dumb none /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin$'
prints '^00000000000000AB$'
prints '^ptmx$'
if [ -s "$work/r/seed/possible" ]; then prints '^10[0-9]\.'; fi
run 0 bash -c 'exec 9<<<"handed on"; exec "$@"' - "$root/enter" "$work/r" cat /dev/fd/9
prints '^handed on$'
cp "$(type -P true)" "$work/own-true"
run 0 "$root/enter" "$work/r" "$work/own-true"
root image=95
inside 0 'pwd; [ ! -e /home/fio ]'
root image=95 home=1
inside 0 'pwd; ls -d /home/fio; id'
prints '^/$'
prints '^/home/fio$'
prints '^uid=1001\(fio\) gid=1001\(fio\)'
root home=0
inside 0 'pwd; [ ! -e /home/fio ]'
prints '^/$'

start "nobody but root reads what is root's, and nothing is written that a board refuses"
root
for path in /etc/shadow /etc/sudoers /dev/mmcblk2boot0 /dev/mmcblk2boot1 /dev/mmcblk2; do
    inside 1 "head -c 1 $path"
    says 'Permission denied'
done
for path in /var/sota /root/ /var/lib/docker; do
    inside 2 "ls $path"
    says 'Permission denied'
done
for path in /etc/x /var/x /sys/class/leds/ledB/brightness /run/x /dev/x; do
    inside 1 "echo 1 >$path"
    says 'Permission denied'
done
for path in /usr/bin/x /usr/lib/x /x; do
    inside 1 ": >$path"
    says 'Read-only file system|Permission denied'
done
inside 0 'echo 1 >/home/fio/kept; echo 1 >/tmp/lost; cat /run/arduino_hw_info.env /sys/kernel/x8h7_firmware/version
    cat /sys/class/typec/port0/data_role /proc/sys/kernel/random/boot_id'
prints '^CARRIER_NAME=breakout$'
prints '^\[device\]$'
first=$(tail -n 1 "$out")
inside 0 'cat /home/fio/kept; [ ! -e /tmp/lost ]; cat /proc/sys/kernel/random/boot_id'
prints '^1$'
[ "$(tail -n 1 "$out")" != "$first" ] || problem "a second boot has the boot id of the first"

start "carriers, roles, names, clocks and failed units are as the words say"
for pair in max:max breakout:breakout hat:rasptenta mid:mid none:; do
    root "carrier=${pair%:*}"
    inside 0 'cat /run/arduino_hw_info.env; cat /proc/sys/kernel/hostname'
    prints "^CARRIER_NAME=${pair#*:}\$"
done
prints '^IS_ON_CARRIER=no$'
root role=host hostname=bench-1 clock=86400 failed=foo failed=bar.mount sudo=fio
inside 0 'hostname; hostnamectl; date +%s; cat /sys/class/typec/port0/data_role; systemctl --failed --plain --no-legend; systemctl is-system-running
    S hostnamectl set-hostname bench-2; hostname; uname -n; S date -s @100; date +%s; :'
prints '^bench-1$'
prints '^8640[0-9]$'
prints '^\[host\]$'
prints '^foo.service +loaded +failed +failed'
prints '^bar.mount +loaded +failed +failed'
prints '^degraded$'
prints '^bench-2$'
prints '^10[0-9]$'
inside 1 'hostname other'
says 'you must be root'

start "full and small file systems have no space left"
root tmp=64K
inside 1 'head -c 100000 /dev/zero >/tmp/x'
says 'No space left on device'
for at in /tmp /var; do
    root "full=$at"
    file=/tmp/x
    [ "$at" = /tmp ] || file=/home/fio/x
    inside 1 "echo text >$file"
    says 'No space left on device'
    inside 0 "df -P -k $at"
    prints ' 100% '
done
root var=512K sudo=fio
inside 1 'pwd; S ls /var/sota; head -c 1000000 /dev/zero >/home/fio/x'
says 'No space left on device'
prints '^/var/rootdirs/home/fio$'
prints '^compose-apps$'
root tmparduino=root sudo=fio
inside 0 'touch /tmp/arduino/x 2>&1; S chown fio /tmp/arduino; touch /tmp/arduino/x && echo repaired'
prints 'Permission denied'
prints '^repaired$'

start "sudo: the password fio"
root sudo=fio
inside 0 'sudo -n true; echo $?; printf "fio\ndata\n" | sudo -S -p "" cat; S FOO=bar -- env; S sh -c "exit 7"; echo $?; sudo -u fio -n id -u; :'
says '^sudo: a password is required$'
prints '^data$'
prints '^FOO=bar$'
prints '^HOME=/root$'
prints '^SUDO_UID=1000$'
prints '^7$'
prints '^1000$'
inside 1 'printf "wrong\n" | sudo -S -p "" true'
says '^Sorry, try again.$'
says '^sudo: 1 incorrect password attempt$'
inside 1 'printf "a\nb\nc\nd\n" | sudo -S true'
says 'sudo: 3 incorrect password attempts$'
inside 1 'sudo -S -p "" true </dev/null'
says '^sudo: no password was provided$'
inside 1 'setsid sudo true </dev/null'
says 'a terminal is required to read the password'
inside 1 'S nosuch'
says '^sudo: nosuch: command not found$'
inside 0 'P=x; printf "fio\n" | sudo -S -p "" true; sudo -n id -un; sudo -k; sudo -n true; echo $?'
prints '^root$'
prints '^1$'
root image=822
inside 0 'S true'

start "sudo: input behind the password on a terminal is lost"
root sudo=fio
cat >"$work/terminal.py" <<'END'
import os, pty, select, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
said, sent = b"", False
while True:
    ready, _, _ = select.select([fd], [], [], 20)
    try:
        data = os.read(fd, 4096) if ready else b""
    except OSError:
        data = b""
    if not data:
        break
    said += data
    if b"GO" in said and not sent:
        sent = os.write(fd, b"fio\nearly")
    if b"READY" in said and sent:
        sent = 0 * os.write(fd, b"late!")
sys.stdout.buffer.write(said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
run 0 python3 "$work/terminal.py" "$root/enter" "$work/r" bash -c \
    'stty raw -echo; echo GO; sleep 0.2; sudo -S -p "" sh -c "echo READY; head -c 5; echo; sudo -n id -u"'
prints '^late!$'
prints '^0$'

start "sudo: an expired password is renewed with four lines"
root
inside 1 'S true'
says '^sudo: Account or password is expired, reset your password and try again$'
says 'unable to change expired password: Authentication token manipulation error'
inside 1 'printf "fio\nfio\nNew77pass\nother\n" | sudo -S -p "" true'
says 'Sorry, passwords do not match.'
inside 1 'printf "fio\nfio\nfio\nfio\n" | sudo -S -p "" true'
says '^The password has not been changed.$|: The password has not been changed.$'
inside 0 'printf "fio\nfio\nNew77pass\nNew77pass\n" | sudo -S -p "" id -u; P=New77pass; S id -un'
prints '^0$'
prints '^root$'

start "sudo: an empty password asks nothing, but -n does not know"
root image=934
inside 1 'sudo -n true'
says 'a password is required'
inside 0 'sudo -S -p "" id -u </dev/null; printf "all of it" | sudo -S -k -p "" cat'
prints '^0$'
prints '^all of it$'

start "sudo: a password of one's own, and a development image"
root sudo=custom "password=it's \"\$x\" ümlaut"
inside 0 "P='it'\\''s \"\$x\" ümlaut'; S id -u"
prints '^0$'
inside 1 'S id -u'
root sudo=dev
inside 0 'sudo -n set_cpu_freq 600; sudo -n true; [ $? = 1 ]'
inside 1 'set_cpu_freq 600'

start "passwords are changed, and no process shows one"
root sudo=fio
cat >"$work/r/var/rootdirs/home/fio/watched" <<'END'
while :; do cat /proc/[0-9]*/cmdline >>/tmp/seen; : >>/tmp/round; done 2>/dev/null &
# Until everything was looked at once more, from its beginning.
echo 'for i in 1 2; do rm -f /tmp/round; until [ -e /tmp/round ]; do sleep 0.01; done; done' >~/rounds
with() { local p=$1; shift; printf '%s\n' "$p" "${input[@]}" | sudo -S -k -p '' "$@"; }
printf '%s\n' fio New77pass New77pass | passwd
input=(fio:Another8) && with New77pass chpasswd
input=('correct horse') && with Another8 nmcli --ask dev wifi connect lab
input=(Third9pass Third9pass) && with Another8 passwd fio
input=() && with wrong true
with Third9pass bash ~fio/rounds
bash ~/rounds Shown5word
kill $!
with Third9pass id -un
tr '\0' ' ' </tmp/seen >/tmp/text
grep -aqw Shown5word /tmp/text || echo "nothing was watched"
! grep -aE 'New77pass|Another8|Third9pass|correct horse' /tmp/text
END
inside 0 'bash ~fio/watched'
prints_no 'nothing was watched'
prints '^root$'
inside 10 'printf "wrong\n" | passwd'
says 'Authentication token manipulation error'
inside 1 'echo fio:x | chpasswd'
says 'password not changed'
inside 1 'su -c id </dev/null'
says 'Authentication failure'
inside 0 'P=Third9pass; S su - -c "id -u; pwd; su fio -c \"id -u\""'
prints '^/root$'
prints '^1000$'

start "groups: docker through sg or sudo alone"
root sudo=fio
inside 1 'docker ps'
says 'permission denied while trying to connect to the Docker daemon socket'
inside 0 'sg docker -c "docker ps; id -gn"; S docker info; S docker ps -q; docker --version; id fio; groups; id -Gn'
prints '^docker$'
prints 'x8-webapp'
prints '^ Running: 2$'
prints 'Docker version 20.10'
prints 'groups=1000\(fio\),.*998\(docker\)'
inside 1 'sg nosuch -c id'
says "group 'nosuch' does not exist"
inside 1 'S systemctl stop docker.service; S docker ps'
says 'Is the docker daemon running'

start "a restart is root's, and says so in the power file"
root sudo=fio
for command in reboot poweroff 'shutdown -r now' 'systemctl reboot'; do
    inside 1 "$command"
    says '^Failed to set wall message, ignoring: Interactive authentication required.$'
    says '^Call to (Reboot|PowerOff) failed: Interactive authentication required.$'
done
power_of() {
    inside - "sleep 60 & d=\$!; echo \$d >/tmp/pid; S cp /tmp/pid /run/x8board/adbd.pid; S $1; wait \$d; exit \$?"
    check_status 143
    [ "$(cat "$work/r/power" 2>/dev/null)" = "$2" ] || problem "the power file says $(cat "$work/r/power")"
    cmp -s "$work/r/power" "$work/r/run/power" || problem "the power file is not the same from outside"
}
power_of 'systemctl reboot' reboot
power_of reboot reboot
power_of 'shutdown -r now' reboot
power_of 'shutdown -h now' poweroff
power_of 'systemctl poweroff' poweroff
power_of 'systemctl restart android-tools-adbd' 'adbd restart'
inside 0 '[ ! -e /run/x8board/power ]'

start "the boot areas keep their size and their lock"
root sudo=fio
inside 0 'cat /sys/block/mmcblk2boot0/size; S head -c 8 /dev/mmcblk2boot0; S head -c 8 /dev/mmcblk2boot1
    S dd if=/dev/zero of=/dev/mmcblk2boot0 bs=1024 count=4096; S sha256sum /dev/mmcblk2boot0 /dev/mmcblk2boot1 | uniq -c -w 64 | wc -l
    S stat -L -c %s /dev/mmcblk2boot0'
says "dd: error writing '/dev/mmcblk2boot0': Operation not permitted"
prints '^8192$'
prints '^1000000$'
prints '^2000000$'
prints '^2$'
prints '^4194304$'
inside 0 'S sh -c "echo 0 >/sys/block/mmcblk2boot0/force_ro; printf start | dd of=/dev/mmcblk2boot0; head -c 8 /dev/mmcblk2boot0
    dd if=/dev/zero of=/dev/mmcblk2boot0 bs=1024 count=5000; stat -L -c %s /dev/mmcblk2boot0"; cat /sys/block/mmcblk2boot0/force_ro'
prints '^start00'
says 'No space left on device'
prints '^4194304$'
prints '^0$'
zero='for a in boot0 boot1; do echo 0 >/sys/block/mmcblk2$a/force_ro; dd if=/dev/zero of=/dev/mmcblk2$a bs=1024 count=4096; done; sync'
inside 0 "cat /sys/block/mmcblk2boot0/force_ro; S sh -c '$zero; reboot'; cat /run/x8board/power"
prints '^1$'
prints '^reboot rom$'
head -c 4194304 /dev/urandom >"$work/area"
root sudo=fio boot0="$work/area"
inside 0 'S sha256sum /dev/mmcblk2boot0'
prints "^$(sha256sum "$work/area" | cut -c 1-64)"

start "the journal is root's, chosen and printed as asked"
root sudo=fio
inside 0 'logger own words; journalctl --no-pager'
says '^Hint: You are currently not seeing messages from other users and the system.$'
prints 'fio\[[0-9]+\]: own words$'
prints_no kernel
inside 0 'S journalctl -k -n 1 -o short-iso; S journalctl -p err -o cat; S journalctl -u m4-proxy -n 1; S journalctl -b -2 -n 1 -o json; S journalctl --list-boots'
prints '^[0-9]{4}-..-..T..:..:..\+0000 portenta-x8-[0-9a-f]+ kernel: mmcblk2boot0'
prints '^read /dev/x8h7_ui: resource temporarily unavailable$'
prints 'm4-proxy\[[0-9]+\]: read'
prints '^\{"__CURSOR":.*"_TRANSPORT":"syslog","PRIORITY":"6".*"MESSAGE":".*"\}$'
prints '^ -1 [0-9a-f]{32} '
inside 0 'S journalctl --since "1 hour ago" -g SHUTTING; S journalctl --until yesterday -q; S journalctl --since -2d -g mmcblk -r -o short-unix -n 1; S journalctl -t kernel -n 1 -o short-monotonic --no-hostname'
prints '^-- No entries --$'
prints '^[0-9]{10}\.[0-9]{6} .* kernel: mmcblk2boot0'
prints '^\[ +[0-9]+\.[0-9]{6}\] kernel: mmcblk2boot0'
for wrong in '-o nosuch:Unknown output format' '-p 9:Unknown log level' '--since soon:Failed to parse timestamp: soon' \
    '--nosuch:unrecognized option' '-g "(":Bad pattern' '-b 17:No such boot ID' 'FOO:Failed to add match'; do
    inside 1 "S journalctl ${wrong%%:*}"
    says "${wrong#*:}"
done

start "the journal is followed while a test writes into it"
root sudo=fio
"$root/enter" "$work/r" bash -c "${prelude}S timeout 60 journalctl -f -n 0 -o cat" >"$out" 2>"$err" &
for _ in {1..500}; do
    sleep 0.1
    "$root/log" "$work/r" -p 3 -u x.service $'line one\nline two' 2>/dev/null
    if grep -q 'line two' "$out"; then break; fi
done
kill "$!" 2>/dev/null
wait "$!" 2>/dev/null
prints '^line two$'
inside 0 "S journalctl -u x -p err -n 1 -o json _UID=0"
json "d['MESSAGE'] == 'line one\nline two' and d['PRIORITY'] == '3' and d['_SYSTEMD_UNIT'] == 'x.service'"
"$root/log" "$work/r" $'\033[31mred \xff'
inside 0 "S journalctl -n 1 -g red -o json"
json "bytes(d['MESSAGE']) == b'\x1b[31mred \xff'"
inside 0 "S journalctl -n 1 -g red"
prints 'blob data'

start "units are looked at by all, changed by root"
root sudo=fio
inside 0 'systemctl is-active docker m4-proxy dropbear.socket; systemctl show monitor-m4-elf-file.path -p ActiveState,SubState,Result
    systemctl show m4-proxy -p NRestarts,InvocationID; systemctl show nosuch -p LoadState --value; systemctl is-system-running
    systemctl list-units --type=socket; systemctl status m4-proxy; systemctl is-enabled docker'
prints '^SubState=waiting$'
prints '^NRestarts=0$'
prints '^not-found$'
prints '^running$'
prints 'dropbear.socket +loaded +active +listening'
prints '^     Active: active \(running\)$'
before=$(grep InvocationID "$out")
inside 3 'systemctl is-active nosuch'
inside 4 'systemctl status nosuch'
inside 1 'systemctl start m4-proxy'
says '^Failed to start m4-proxy.service: Interactive authentication required.$'
inside 1 'systemctl nosuch'
says 'Unknown command verb nosuch'
inside 5 'S systemctl start nosuch'
inside 0 'S systemctl restart m4-proxy; systemctl show m4-proxy -p InvocationID; S systemctl stop docker; systemctl is-active docker; S systemctl disable docker; systemctl is-enabled docker; S journalctl -n 1 -o cat'
prints_no "^$before\$"
prints '^inactive$'
prints '^disabled$'
prints '^Stopped docker.service.$'
root failed=foo sudo=fio
inside 0 'systemctl is-failed foo; S systemctl reset-failed; systemctl is-system-running'
prints '^failed$'
prints '^running$'

start "lights, loader variables, radios and the rest"
root sudo=fio
inside 0 'cat /sys/class/leds/ledB/trigger /sys/class/leds/ledR/max_brightness; S sh -c "echo 1 >/sys/class/leds/ledG/brightness"; cat /sys/class/leds/ledG/brightness'
prints '\[heartbeat\]'
prints '^255$'
prints '^1$'
inside 1 fw_printenv
says 'Error opening lock file'
inside 0 'S fw_printenv -n carrier_name; S fw_setenv overlays "ov_a ov_b"; S fw_printenv overlays; S fw_setenv overlays; S fw_printenv | grep -c overlays; :'
prints '^breakout$'
prints '^overlays=ov_a ov_b$'
prints '^0$'
inside 0 'nmcli -t -f SSID,SIGNAL,SECURITY dev wifi; S nmcli dev wifi rescan; S nmcli dev wifi connect far password "far away"
    nmcli -t -f GENERAL.STATE,IP4.ADDRESS dev show wlan0; nmcli -t -f NAME,DEVICE con show; nmcli -t -f STATE general; S nmcli con delete far'
prints '^cafe\\: "5 GHz" \\\\:61:WPA1 WPA2$'
prints '^guests:44:$'
prints '^GENERAL.STATE:100 \(connected\)$'
prints '^far:wlan0$'
prints '^connected$'
inside 10 'nmcli dev wifi connect far'
says "^Error: No network with SSID 'far' found.$"
inside 4 'nmcli dev wifi connect lab password "correct horse"'
says 'Not authorized to control networking'
inside 4 'S nmcli dev wifi connect lab password wrong'
says 'Secrets were required, but not provided'
inside 0 'bluetoothctl devices; bluetoothctl --timeout 0.1 scan on; bluetoothctl devices; bluetoothctl list; mmcli -L; openocd --version
    S ostree admin status; command -v python3 rsync curl xz zstd; [ -e /run/ostree-booted ]'
prints '^Device 66:55:44:33:22:11 Thermometer$'
prints '^No modems were found$'
prints '^\* lmp '
prints_no 'python3|rsync|curl|/xz|zstd'
inside 1 'ostree admin status'
inside 1 'aklite-offline --help'
prints 'aklite-apps <cmd>'

start "the image's .bashrc asks the terminal for its size, from 844 on"
root image=844
inside 0 '{ sleep 0.3; printf "lost"; sleep 4; } | { . ~fio/.bashrc; head -c 1 | wc -c; }'
says "7.*999;999H"
prints '^0$'
inside 0 'printf "\033[24;80R" | . ~fio/.bashrc'
prints '^COLUMNS=80;LINES=24;export COLUMNS LINES;$'
root image=822
inside 0 '. ~fio/.bashrc'
prints_nothing

start "busybox: no GNU program is left, and the stubs work as before"
command -v busybox >/dev/null || { echo "  (left out: no busybox on this computer)" && finish; }
root tools=busybox sudo=fio
inside 1 'find / -maxdepth 0 -printf %f'
says BusyBox
inside 0 'id; S id -u; S dd if=/dev/mmcblk2boot1 bs=8 count=1; S journalctl -n 1; systemctl is-active docker; date +%s; uname -m; sg docker -c "id -gn"
    S sh -c "echo 0 >/sys/block/mmcblk2boot0/force_ro; printf start | dd of=/dev/mmcblk2boot0; wc -c </dev/mmcblk2boot0"; S fw_printenv bootlimit
    [ "$BASH_VERSION" ] && df -P -k /tmp && echo x | sha256sum && tar c /etc/hostname | tar t'
prints '^2000000$'
prints '^aarch64$'
prints '^4194304$'
prints '^bootlimit=5$'
prints '^etc/hostname$'
finish
