# Hardware, boot areas, units and journal of the root. Sourced by `make`.
# shellcheck shell=bash

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
    printf '%s\n' "$m7_version" >"$sys/kernel/x8h7_firmware/version"
    if [ "$w_role" = device ]; then printf '[device]\n'; else printf '[host]\n'; fi >"$sys/class/typec/port0/data_role"
    mkdir "$sys/class/udc/ci_hdrc.0"
    for area in boot0 boot1; do
        printf '1\n' >"$sys/block/mmcblk2$area/force_ro"
        printf '8192\n' >"$sys/block/mmcblk2$area/size"
    done
    printf '30932992\n' >"$sys/block/mmcblk2/size"
    chmod -R a-w "$sys"
    carrier_file >"$dir/seed/arduino_hw_info.env"
    : >"$dir/seed/ostree-booted"
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

# loader: the boot loader's variables, and what the radios hear.
loader() {
    local name=$w_carrier
    [ "$name" != hat ] || name=rasptenta
    printf '%s\n' bootcount=0 bootlimit=5 upgrade_available=0 rollback=0 bootupgrade_available=0 bootfirmware_version=7 debug=0 \
        board=portenta-x8 "carrier_name=$name" old_carrier_name= carrier_custom=0 "is_on_carrier=$([ "$name" = none ] && echo no || echo yes)" \
        overlays= "serial#=$w_serial" | env_write "$dir/var/rootdirs/mnt/boot/uboot.env"
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' \
        lab 02:00:00:00:00:01 6 82 WPA2 'correct horse' 1 \
        $'cafe: "5 GHz" \\' 02:00:00:00:00:02 36 61 'WPA1 WPA2' $'p\'ss w"rd $x' 1 \
        guests 02:00:00:00:00:03 11 44 open - 1 \
        far 02:00:00:00:00:04 1 22 WPA2 'far away' 0 >"$dir/etc/x8board/air"
}

# units: one file each, of the properties that `systemctl show` prints. A boot starts from these.
invocations=0
units() {
    local name
    mkdir -p "$dir/seed/units"
    unit active exited stm32h7-program.service 'STM32H7 programming'
    unit active exited m4-led-forwarder.service 'M4 LED forwarder'
    unit active exited create-docker-envfile.service 'Carrier detection'
    unit inactive dead lmp-auto-hostname.service 'Auto hostname'
    m4_units
    unit active running android-tools-adbd.service 'Android Debug Bridge'
    unit active running m4-proxy.service 'M4 Proxy'
    unit active running docker.service 'Docker Application Container Engine'
    unit active running docker.socket 'Docker Socket for the API'
    unit active running NetworkManager.service 'Network Manager'
    unit active running ModemManager.service 'Modem Manager'
    unit active running avahi-daemon.service 'Avahi mDNS/DNS-SD Stack'
    unit active running bluetooth.service 'Bluetooth service'
    unit active running systemd-timesyncd.service 'Network Time Synchronization'
    unit active listening dropbear.socket 'dropbear.socket'
    unit inactive dead aktualizr-lite.service 'Aktualizr SOTA Client'
    unit inactive dead offline-update.service 'Offline update'
    unit active exited compose-apps-early-start.service 'Early start of compose apps'
    unit inactive dead compose-apps-early-start-recovery.service 'Recovery of compose apps'
    unit inactive dead ec200a-eu.service 'Modem EC200A-EU'
    unit inactive dead ncm-network.service 'USB network'
    for name in ${w_failed[@]+"${w_failed[@]}"}; do
        [[ $name == *.* ]] || name+=.service
        unit failed failed "$name" "$name"
    done
    if [ "$w_role" = host ]; then unit failed failed android-tools-adbd.service 'Android Debug Bridge'; fi
}

# unit ACTIVE SUB NAME DESCRIPTION
unit() {
    local result=success status=0 invocation='' pid=0 code=0 since=0
    case $1 in
    failed) result=exit-code status=1 code=1 ;;
    esac
    if [ "$1" != inactive ]; then
        invocations=$((invocations + 1))
        printf -v invocation 'c0ffee00d15ea5e0beef0000%08x' "$invocations"
        since=$((8000000 + invocations * 1000))
    fi
    if [ "$2" = running ] && [[ $3 == *.service ]]; then pid=$((300 + invocations)); fi
    printf '%s\n' "Id=$3" "Names=$3" "Description=$4" LoadState=loaded "ActiveState=$1" "SubState=$2" UnitFileState=enabled \
        "Result=$result" "InvocationID=$invocation" NRestarts=0 "MainPID=$pid" "ExecMainPID=$pid" "ExecMainCode=$code" \
        "ExecMainStatus=$status" "ExecMainStartTimestampMonotonic=$since" "ExecMainExitTimestampMonotonic=0" \
        "ActiveEnterTimestampMonotonic=$since" >"$dir/seed/units/$3"
}

# journal: an earlier boot, complete; `enter` adds the lines of each boot (seed/boot.journal: microseconds since the start of
# the kernel, priority, transport, identifier, unit, text).
journal() {
    local start=$((EPOCHSECONDS + $(clock_offset "${w_clock:-+0}") - 86400)) line
    {
        line 120000 6 kernel kernel - 'Booting Linux on physical CPU 0x0000000000 [0x410fd034]'
        line 121000 5 kernel kernel - "Linux version $kernel (oe-user@oe-host) #1 SMP PREEMPT"
        line 122000 6 kernel kernel - 'Machine model: Arduino Portenta X8'
        line 1900000 4 kernel kernel - 'imx-sdma 302c0000.dma-controller: Direct firmware load failed with error -2'
        line 2500000 6 kernel kernel - 'mmcblk2: mmc2:0001 DG4016 14.7 GiB'
        line 2510000 6 kernel kernel - 'mmcblk2boot0: mmc2:0001 DG4016 4.00 MiB'
        line 4100000 6 syslog systemd init.scope 'Starting Network Manager...'
        line 5200000 6 syslog NetworkManager NetworkManager.service 'NetworkManager (version 1.36.2) is starting...'
        line 6100000 4 syslog dockerd docker.service 'level=warning msg="Your kernel does not support cgroup blkio weight"'
        line 7000000 6 syslog systemd init.scope 'Started M4 Proxy.'
        line 7200000 3 syslog m4-proxy m4-proxy.service 'read /dev/x8h7_ui: resource temporarily unavailable'
        line 7900000 5 syslog systemd init.scope 'Reached target Multi-User System.'
        line 8000000 6 syslog systemd init.scope 'Startup finished in 2.611s (kernel) + 5.389s (userspace) = 8.000s.'
    } >"$dir/seed/boot.journal"
    boot_lines "$start" 0123456789abcdef0123456789abcdef <"$dir/seed/boot.journal" >"$dir/var/log/journal"
    printf '%s\t9000000\t0123456789abcdef0123456789abcdef\t6\tsyslog\t0\t1\tsystemd\tinit.scope\t-\t%s\n' \
        "$((start + 9))000000" 'Shutting down.' >>"$dir/var/log/journal"
}

line() { printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$@"; }

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
    chmod 0 "$dir"/etc/{shadow,sudoers,x8board/air} "$dir"/emmc/{boot0,boot1,user}
    chmod 0555 "$dir"/etc/{systemd/system-preset,systemd/system,systemd,avahi/services,avahi,default,modules-load.d,pam.d,ssl} \
        "$dir"/etc/{sota/conf.d,sota,x8board,} "$dir"/var/{lib/NetworkManager,lib,local,log,cache,spool,lmp} "$dir"/sysroot/{boot,ostree,} \
        "$dir"/var/rootdirs/{home,media,opt,mnt/boot,mnt,}
    chmod 0200 "$dir/var/log/journal"
    chmod 1777 "$dir/var/tmp"
    chmod 0 "$dir"/var/{sota,roothome,lib/docker}
    chmod 0555 "$dir/var"
}
