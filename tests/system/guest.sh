# Sourced by what runs inside the guest.
# shellcheck shell=sh

# on_bus PORT VID:PID: wait until that device is there and udev is done with it.
on_bus() {
    dir=/sys/bus/usb/devices/$1
    tries=0
    until [ "$(cat "$dir/idVendor" 2>/dev/null):$(cat "$dir/idProduct" 2>/dev/null)" = "$2" ]; do
        tries=$((tries + 1))
        if [ "$tries" -gt 1200 ]; then
            echo "no $2 at $1 after 60 s" >&2
            return 1
        fi
        usleep 50000
    done
    udevadm settle
}

# off_bus PORT: wait until nothing is there.
off_bus() {
    tries=0
    while [ -e "/sys/bus/usb/devices/$1" ]; do
        tries=$((tries + 1))
        [ "$tries" -gt 1500 ] && return 1
        usleep 20000
    done
}

# Seconds since the start, with hundredths.
uptime_s() {
    cut -d ' ' -f 1 /proc/uptime
}

# The node of the device at a port.
node_of() {
    printf '/dev/bus/usb/%03d/%03d\n' "$(cat "/sys/bus/usb/devices/$1/busnum")" "$(cat "/sys/bus/usb/devices/$1/devnum")"
}

# Write down, for ever, who drives interface 0 of the device at a port: "0134 usbhid", each change once.
drivers() {
    before=
    while usleep 2000; do
        read -r product 2>/dev/null <"/sys/bus/usb/devices/$1/idProduct" || continue
        driver=$(readlink "/sys/bus/usb/devices/$1/$1:1.0/driver") || driver=none
        now="$product ${driver##*/}"
        [ "$now" = "$before" ] || echo "$now"
        before=$now
    done
}
