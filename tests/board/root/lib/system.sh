# Hardware, boot areas, units and journal of the root. Sourced by `make`.
# shellcheck shell=bash disable=SC2154

# hardware: /sys as plain files. A boot starts from the seed; what was written during the last one is gone.
hardware() {
    local sys=$dir/seed/sys led area
    mkdir -p "$sys"/class/leds/led{R,G,B} "$sys"/class/{udc,typec/port0,net/eth0,net/wlan0} "$sys"/devices/soc0 \
        "$sys"/kernel/x8h7_firmware "$sys"/block/mmcblk2{,boot0,boot1}
    for led in R G B; do
        printf '0\n' >"$sys/class/leds/led$led/brightness"
        printf '255\n' >"$sys/class/leds/led$led/max_brightness"
        printf '[none] timer heartbeat default-on gpio\n' >"$sys/class/leds/led$led/trigger"
    done
    printf '1\n' >"$sys/class/leds/ledB/brightness"
    printf 'none timer [heartbeat] default-on gpio\n' >"$sys/class/leds/ledB/trigger"
    printf 'none timer heartbeat default-on [gpio]\n' >"$sys/class/leds/ledR/trigger"
    printf '%s\n' "$w_serial" >"$sys/devices/soc0/serial_number"
    printf 'i.MX8MM\n' >"$sys/devices/soc0/soc_id"
    printf 'Arduino Portenta X8\n' >"$sys/devices/soc0/machine"
    printf '%s\n' 3f786850e387550fdab836ed7e6dc881de23001b >"$sys/kernel/x8h7_firmware/version"
    if [ "$w_role" = device ]; then printf 'host [device]\n'; else printf '[host] device\n'; fi >"$sys/class/typec/port0/data_role"
    mkdir "$sys/class/udc/ci_hdrc.0"
    for area in boot0 boot1; do
        printf '1\n' >"$sys/block/mmcblk2$area/force_ro"
        printf '8192\n' >"$sys/block/mmcblk2$area/size"
    done
    printf '30932992\n' >"$sys/block/mmcblk2/size"
    chmod -R a-w "$sys"
    carrier_file >"$dir/seed/arduino_hw_info.env"
    chmod 0444 "$dir/seed/arduino_hw_info.env"
}

# carrier_file: values may be empty.
carrier_file() {
    local name=$w_carrier on=yes hat=no
    case $w_carrier in
    hat) name=rasptenta hat=no ;;
    none) name='' on=no ;;
    esac
    printf 'BOARD=portenta-x8\nIS_ON_CARRIER=%s\nCARRIER_NAME=%s\nHAS_HAT=%s\nHAT_NAME=\n' "$on" "$name" "$hat"
}

firmware() { :; }
units() { mkdir -p "$dir/seed/units"; }
journal() { :; }

# boot_areas: 4 MiB each, no two lines of which are alike.
boot_areas() {
    seq 1000000 1524287 >"$dir/emmc/boot0"
    seq 2000000 2524287 >"$dir/emmc/boot1"
    truncate -s 15837691904 "$dir/emmc/user"
}

sota() {
    mkdir -p "$dir"/var/sota/{import,compose-apps/arduino-ootb,reset-apps}
    printf '{}\n' >"$dir/var/sota/import/installed_versions"
    printf 'services:\n  x8-webapp:\n    image: hub.foundries.io/arduino/x8-webapp\n    ports: ["80:1323"]\n' \
        >"$dir/var/sota/compose-apps/arduino-ootb/docker-compose.yml"
    printf 'FACTORY_NAME=arduino\n' >"$dir/var/sota/FACTORY_NAME"
}

# only_for_root: mode 0 is for root alone, no write bit is root's to write. /var/tmp and the user's home stay open.
only_for_root() {
    chmod 0444 "$dir"/etc/{hostname,hosts,nsswitch.conf,fw_env.config,passwd,group,default/usbgx} "$dir/os-release"
    chmod 0 "$dir"/etc/{shadow,sudoers} "$dir"/emmc/{boot0,boot1,user}
    chmod 0555 "$dir"/etc/{systemd/system-preset,systemd/system,systemd,avahi/services,avahi,default,modules-load.d,pam.d,ssl} \
        "$dir"/etc/{sota/conf.d,sota,} "$dir"/var/{lib/NetworkManager,lib,local,log,cache,spool,lmp} "$dir"/sysroot/{boot,ostree,} \
        "$dir"/var/rootdirs/{home,media,opt,mnt/boot,mnt,}
    chmod 1777 "$dir/var/tmp"
    chmod 0 "$dir"/var/{sota,roothome,lib/docker}
    chmod 0555 "$dir/var"
}
