# The M4 side of the root: units, OpenOCD's files, what reading the M7's version gives. Sourced by `make`.
# shellcheck shell=bash

m7_version=3f786850e387550fdab836ed7e6dc881de23001b
extra=/usr/arduino/extra
sketch=/tmp/arduino/m4-user-sketch.elf

# m4_files: /usr/arduino/extra. On a board the scripts have mode 0744 and are root's; here who owns them is the user, so
# the bit that he would run them by is not there.
m4_files() {
    local folder=$dir$extra
    mkdir -p "$folder" "$dir/seed/m4"
    mkfifo "$dir/seed/m4/requests"
    printf '%s\n' 'adapter driver imx_gpio' 'imx_gpio_peripheral_base 0x30200000' 'imx_gpio_swd_nums 15 8' 'imx_gpio_srst_num 10' \
        'transport select swd' 'source [find target/stm32h7x_dual_bank.cfg]' >"$folder/openocd_script-imx_gpio.cfg"
    printf '#!/bin/sh\n# NRST low and high again.\nexec /usr/libexec/board/lib/m4_reset\n' >"$folder/reset.sh"
    if [ "$number" -ge 1000 ]; then
        printf '%s\n' '#!/bin/sh' "echo $sketch changed, triggered m4 programming" \
            "/bin/openocd -f $extra/openocd_script-imx_gpio.cfg -c \"program $sketch verify reset exit\"" \
            'echo M4 programming done' >"$folder/program-m4.sh"
    fi
    chmod 0455 "$folder"/*.sh
    chmod 0444 "$folder"/*.cfg
    bridge
}

# bridge: the version as the driver gives it, or fails to. /proc/self/mem cannot be read where nothing is mapped.
bridge() {
    local file=$dir/seed/sys/kernel/x8h7_firmware/version
    chmod u+w "${file%/*}"
    case $w_bridge in
    stalled) ln -sf /proc/self/mem "$file" ;;
    hangs) rm -f "$file" && mkfifo -m 0444 "$file" ;;
    esac
    chmod a-w "${file%/*}"
}

# m4_units: what `units` does for the others.
m4_units() {
    [ "$w_m4watch" != none ] || return 0
    local path='active waiting' service='inactive dead' result=success path_result=success runs start=''
    case $w_m4watch in
    stopped) path='inactive dead' ;;
    dead) path='failed failed' service='failed failed' result=start-limit-hit path_result=unit-start-limit-hit ;;
    esac
    runs="/bin/openocd ; argv[]=/bin/openocd -f $extra/openocd_script-imx_gpio.cfg -c program $sketch verify reset exit"
    [ "$number" -lt 1000 ] || runs="$extra/program-m4.sh ; argv[]=$extra/program-m4.sh"
    start="; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }"
    # shellcheck disable=SC2086 # two words each
    unit $service monitor-m4-elf-file.service 'Program stm32m4 on Portenta-X8 boards'
    # shellcheck disable=SC2086
    unit $path monitor-m4-elf-file.path "Monitor $sketch file"
    m4_more monitor-m4-elf-file.service Type=oneshot Restart=no "ExecStart={ path=$runs $start" UnitFileState=static "Result=$result" \
        InvocationID= TriggeredBy=monitor-m4-elf-file.path FragmentPath=/usr/lib/systemd/system/monitor-m4-elf-file.service \
        ExecMainCode=0 ExecMainStatus=0 ExecMainStartTimestampMonotonic=0 ActiveEnterTimestampMonotonic=0 ConditionResult=no
    [ "$number" -ge 1000 ] || m4_more monitor-m4-elf-file.service \
        "ExecStartPre={ path=/bin/sh ; argv[]=/bin/sh -c echo $sketch changed, triggered m4 programming $start"
    m4_more monitor-m4-elf-file.path "Result=$path_result" Triggers=monitor-m4-elf-file.service \
        "Paths=$sketch (PathModified)" FragmentPath=/usr/lib/systemd/system/monitor-m4-elf-file.path
    # A path unit has no processes.
    sed -i '/^ExecMain\|^MainPID\|^NRestarts/d' "$dir/seed/units/monitor-m4-elf-file.path"
}

# m4_more UNIT PROPERTY=VALUE...: instead of what is there, or added.
m4_more() {
    local file=$dir/seed/units/$1 one kept line
    shift
    for one in "$@"; do
        kept=''
        while IFS= read -r line; do [ "${line%%=*}" = "${one%%=*}" ] || kept+=$line$'\n'; done <"$file"
        printf '%s%s\n' "$kept" "$one" >"$file"
    done
}
