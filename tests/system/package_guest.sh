#!/usr/bin/env bash
# Run as root inside a fresh Debian 12: the package /srv/x8ctl.deb from installation to removal.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

fail() {
    echo "FAILED: $*"
    exit 1
}

# expect WHAT TEXT COMMAND...: the command's output has the text.
expect() {
    local what=$1 text=$2 out
    shift 2
    out=$("$@" 2>&1) || fail "$what: status $?: $out"
    [[ $out == *"$text"* ]] || fail "$what: no '$text' in: $out"
    echo "ok: $what"
}

traces() {
    find / -xdev \( -path /proc -o -path /sys -o -path /srv -o -path /tmp -o -path /var/log -o -path /var/cache \) -prune \
        -o -name '*x8ctl*' -print
}

[ -z "$(traces)" ] || fail "not a fresh system"
apt-get install -y -qq --no-install-recommends /srv/x8ctl.deb >/srv/apt.log 2>&1 || { cat /srv/apt.log; fail "apt-get install"; }
dpkg --verify x8ctl || fail "files differ from the package"
expect "the program starts" "$(cat /srv/version)" x8ctl version
expect "it finds its libraries" libcurl x8ctl version -v
! ldd /usr/bin/x8ctl | grep 'not found' || fail "libraries are missing"
# Status 10: it looked and found no board; 0 where a board is on this computer.
x8ctl list </dev/null >/srv/list 2>&1 || [ $? = 10 ] || fail "x8ctl list: $(cat /srv/list)"

for page in /usr/share/man/man?/*x8ctl*; do
    name=${page##*/}
    section=${page%.gz}
    man -w "${section##*.}" "${name%.*.gz}" >/dev/null || fail "man does not find $name"
done
expect "the manual page of a command" "x8ctl flash" man -P cat x8ctl-flash
expect "udev check" "70-x8ctl.rules: in place and current" x8ctl udev check
x8ctl udev print | cmp - /usr/lib/udev/rules.d/70-x8ctl.rules || fail "the rules are not what x8ctl prints"

# shellcheck disable=SC2016 # for the shells that are asked
{
    expect "bash loads the completion" _x8ctl bash -c '. /usr/share/bash-completion/bash_completion
        _completion_loader x8ctl || [ $? = 124 ] && complete -p x8ctl'
    expect "zsh loads the completion" _x8ctl zsh -f -c 'autoload -Uz compinit && compinit -D -u && print $_comps[x8ctl]'
    expect "fish completes commands" flash fish -c 'complete -C "x8ctl fla"'
}

# Who tells udev, and when: a recorder in udevadm's place (apt's PATH has no /usr/local), with and without udev's socket.
[ ! -e /usr/bin/udevadm ] || fail "a fresh system has udev: the recorder would replace it"
printf '#!/bin/sh\necho "$@" >>/srv/udevadm\n' >/usr/bin/udevadm
chmod 755 /usr/bin/udevadm
dpkg-reconfigure x8ctl
[ ! -e /srv/udevadm ] || fail "the package speaks to a udev that does not run"
mkdir -p /run/udev
perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "/run/udev/control", Listen => 1) or die $!'
dpkg-reconfigure x8ctl
for words in '^control --reload' 'idVendor=1fc9' 'idVendor=2341'; do
    grep -q "$words" /srv/udevadm || fail "udev is not told: $(cat /srv/udevadm)"
done
apt-get install -y -qq --reinstall /srv/x8ctl.deb >>/srv/apt.log 2>&1 || fail "installing it again"

: >/srv/udevadm
apt-get purge -y -qq x8ctl >>/srv/apt.log 2>&1 || { cat /srv/apt.log; fail "apt-get purge"; }
grep -q '^control --reload' /srv/udevadm || fail "udev is not told of the removal"
[ -z "$(traces)" ] || fail "left behind: $(traces)"
echo "ok: installed, used, told udev, removed without a trace"
