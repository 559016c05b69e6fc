#!/usr/bin/env bash
# Kit of the suites that need a network: sourced first, in place of kit.sh. The suite runs in namespaces of its own, in
# which it is root; nothing in them reaches the network of this computer.
#
#   lan NAME                        a network: a switch that this computer ("here") is not attached to
#   host NAME LAN DEVICE [ADDRESS...]   a computer attached to it ("here" for ourselves); fe80:: addresses at once, without DAD
#   on NAME COMMAND...              run there
#   avahi NAME HOSTNAME             the real daemon there, offering ssh over SFTP as the board does; waits until it is up
#                                   and leaves its process in $last
#   responder NAME DEVICE MANNER    the same for mdns_responder.py
#   await SECONDS COMMAND...        until it succeeds
#
# All of it ends with the suite.
# shellcheck disable=SC2034 # what is left for the suites

if [ -z "${X8_NET_OUTSIDE:-}" ]; then
    for program in unshare nsenter ip python3; do
        command -v "$program" >/dev/null || { echo "skipped: no $program on this machine"; exit 77; }
    done
    if ! unshare -rnmp --fork --mount-proc sh -c 'mount -t tmpfs none /run && ip netns add x8t &&
        ip link add x8s type bridge && ip link add x8v type veth peer name eth0 netns x8t' 2>/dev/null; then
        echo "skipped: this machine lets nobody make networks of their own (user and network namespaces, bridge, veth)"
        exit 77
    fi
    X8_NET_OUTSIDE=$(readlink /proc/self/ns/net)
    export X8_NET_OUTSIDE
    exec unshare -rnmp --fork --kill-child --mount-proc bash "$0" "$@"
fi

mount -t tmpfs none /run || exit 1
ip link set lo up

# shellcheck source=kit.sh
. "$(dirname "$0")/kit.sh"

await() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.05
    done
}

broken() {
    echo "cannot set up the network of this suite: $*"
    exit 1
}

lan() {
    ip link add "$1" type bridge mcast_snooping 0 || broken "switch $1"
    ip link set "$1" addrgenmode none
    ip link set "$1" up
}

# What to put before a command that should run there, so that in the background it is our child.
at() {
    there=(env)
    [ "$1" = here ] || there=(nsenter --net="/run/netns/$1")
}

on() {
    local there
    at "$1"
    shift
    "${there[@]}" "$@"
}

cables=0
host() {
    local name=$1 lan=$2 device=$3 address far=()
    shift 3
    cables=$((cables + 1))
    if [ "$name" != here ]; then
        [ -e "/run/netns/$name" ] || ip netns add "$name" || broken "host $name"
        far=(netns "$name")
    fi
    ip link add "cable$cables" type veth peer name "$device" ${far[@]+"${far[@]}"} || broken "cable of $name"
    # The switch's end is no interface of anybody.
    ip link set "cable$cables" addrgenmode none
    ip link set "cable$cables" master "$lan"
    ip link set "cable$cables" multicast off
    ip link set "cable$cables" up
    on "$name" ip link set "$device" addrgenmode none
    on "$name" ip link set "$device" up
    for address; do
        case $address in
        *:*) on "$name" ip addr add "$address" dev "$device" nodad || broken "address $address" ;;
        *) on "$name" ip addr add "$address" dev "$device" || broken "address $address" ;;
        esac
    done
}

have_avahi() { [ -x /usr/sbin/avahi-daemon ] && [ -d /etc/avahi/services ]; }

avahi() {
    local name=$1 folder=$work/avahi-$1 there
    rm -rf "$folder"
    mkdir -p "$folder/services"
    cat >"$folder/conf" <<END
[server]
host-name=$2
enable-dbus=no
use-ipv4=yes
use-ipv6=yes
[publish]
publish-workstation=no
publish-hinfo=no
END
    cat >"$folder/services/ssh.service" <<'END'
<?xml version="1.0" standalone='no'?>
<!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group>
  <name replace-wildcards="yes">%h</name>
  <service><type>_sftp-ssh._tcp</type><port>22</port></service>
</service-group>
END
    # It wants to be a user who does not exist in our namespace.
    echo "avahi:x:0:0::/:/bin/false" >"$folder/passwd"
    echo "avahi:x:0:" >"$folder/group"
    # Each with a /run of its own: that is where the daemon looks for another one of itself.
    at "$name"
    # shellcheck disable=SC2016 # for the shell inside
    "${there[@]}" unshare -m sh -c 'mount -t tmpfs none /run && mkdir /run/avahi-daemon &&
        mount --bind "$1/services" /etc/avahi/services &&
        mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/group" /etc/group &&
        exec /usr/sbin/avahi-daemon -f "$1/conf" --no-drop-root --no-chroot --no-rlimits --no-proc-title' \
        sh "$folder" >"$folder/log" 2>&1 &
    last=$!
    await 60 grep -qs 'Service .* successfully established' "$folder/log" || { cat "$folder/log"; broken "avahi on $name"; }
}

responder() {
    local log=$work/responder-$1 there
    rm -f "$log" # an earlier one was ready too
    at "$1"
    "${there[@]}" python3 "$X8_TESTS/e2e/mdns_responder.py" "$2" "$3" >"$log" 2>&1 &
    last=$!
    await 60 grep -qs '^ready' "$log" || { cat "$log"; broken "responder on $1"; }
}
