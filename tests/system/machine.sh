# The virtual machine: what it is made of, starting it, running things inside, boards on its USB. Sourced by run.
# shellcheck shell=bash disable=SC2154,SC2034

# Names of kernel modules, in the order in which they must be loaded. What this kernel does not have as a module is
# taken to be built in.
modules=(usb-common usbcore xhci-hcd xhci-pci hid usbhid hid-generic virtio_ring virtio virtio_pci_modern_dev
    virtio_pci_legacy_dev virtio_pci netfs fscache 9pnet 9pnet_virtio 9p)
boot_limit=300

skip() {
    echo "skipped: $*"
    exit 77
}

# ---- packages ----

as_root() {
    if [ "$(id -u)" = 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo -n env DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

install_packages() {
    local -a missing=()
    local package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' || missing+=("$package")
    done
    [ "${#missing[@]}" = 0 ] && return
    echo "installing (apt-get install): ${missing[*]}"
    as_root apt-get update -qq >"$cache/apt.log" 2>&1 || true
    as_root apt-get install -y -qq --no-install-recommends "${missing[@]}" >>"$cache/apt.log" 2>&1 ||
        skip "cannot install ${missing[*]}: $(tail -n 1 "$cache/apt.log")"
}

# unpack NAME PACKAGE PATTERN...: the files that match in $cache/NAME, without installing it. Kept for the next time.
unpack() {
    local into=$cache/$1 package=$2 temporary
    shift 2
    [ -d "$into" ] && return
    echo "downloading, to be unpacked in $cache: $package"
    temporary=$(mktemp -d "$cache/download.XXXXXX")
    mkdir "$temporary/root"
    (cd "$temporary" && apt-get download -qq "$package" >log 2>&1) ||
        skip "cannot download $package: $(tail -n 1 "$temporary/log")"
    dpkg-deb --fsys-tarfile "$temporary"/*.deb | tar -x -C "$temporary/root" --wildcards "$@"
    mv "$temporary/root" "$into"
    rm -rf "$temporary"
}

get_parts() {
    local kernel
    command -v apt-get >/dev/null || skip "no apt-get here to get a kernel with"
    [ "$(uname -m)" = x86_64 ] || skip "the virtual machine is an x86-64 one"
    install_packages qemu-system-x86 libusbredirparser-dev cpio udev
    if [ ! -d "$cache/kernel" ]; then
        kernel=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
        [ -n "$kernel" ] || skip "the package lists have no linux-image-amd64"
        # All of fs: fscache has moved into netfs, and tar fails on a pattern without a match.
        unpack kernel "$kernel" '*/vmlinuz-*' '*/drivers/usb/*' '*/drivers/hid/*' '*/drivers/virtio/*' '*/net/9p/*' \
            '*/kernel/fs/*'
    fi
    unpack busybox busybox-static '*/bin/busybox'
    busybox=$(find "$cache/busybox" -type f -name busybox)
}

# ---- initramfs ----

# copy_programs PATH...: into /usr/bin, and the libraries they need to where they are here.
copy_programs() {
    local file
    cp -L "$@" "$tree/usr/bin/"
    while read -r file; do
        mkdir -p "$tree$(dirname "$file")"
        cp -L "$file" "$tree$file"
    done < <(ldd "$@" | grep -o '/[^ ]*\.so[^ ]*' | sort -u)
}

copy_modules() {
    local name file
    mkdir -p "$tree/modules"
    for name in "${modules[@]}"; do
        file=$(find "$cache/kernel" -name "$name.ko*" | head -n 1)
        case $file in
        *.ko) cp "$file" "$tree/modules/" ;;
        *.xz) xz -dc "$file" >"$tree/modules/$name.ko" ;;
        *.zst) zstd -qdc "$file" >"$tree/modules/$name.ko" ;;
        *) continue ;;
        esac
        echo "/modules/$name.ko" >>"$tree/modules/order"
    done
}

make_initramfs() {
    local tree=$cache/tree name
    rm -rf "$tree"
    mkdir -p "$tree"/{usr/bin,usr/sbin,usr/lib/systemd,usr/lib/udev/rules.d,etc/udev/rules.d,proc,sys,dev,run,tmp,root,work,in,home/user}
    ln -s usr/bin usr/sbin usr/lib "$tree/"
    [ -d /lib64 ] && mkdir -p "$tree/usr/lib64" && ln -s usr/lib64 "$tree/lib64"
    cp "$busybox" "$tree/usr/bin/"
    copy_programs "$(readlink -f "$(command -v udevadm)")" "$X8CTL" ${uuu:+"$uuu"}
    for name in $("$busybox" --list); do
        [ -e "$tree/usr/bin/$name" ] || ln -s busybox "$tree/usr/bin/$name"
    done
    ln -s ../../bin/udevadm "$tree/usr/lib/systemd/systemd-udevd"
    cp /lib/udev/rules.d/50-udev-default.rules "$tree/usr/lib/udev/rules.d/"
    copy_modules
    printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'user:x:1000:1000::/home/user:/bin/sh' \
        'guest:x:1001:1001::/tmp:/bin/sh' >"$tree/etc/passwd"
    # The names that udev's own rules use, and those of our users.
    { grep -E '^(root|tty|dialout|kmem|input|video|audio|lp|disk|floppy|cdrom|tape|kvm|render|sgx):' /etc/group
        printf '%s\n' 'plugdev:x:46:user' 'user:x:1000:' 'guest:x:1001:'; } >"$tree/etc/group"
    install -m 755 "$here/init" "$tree/init"
    cp "$here/guest.sh" "$tree/guest.sh"
    (cd "$tree" && find . -print0 | cpio --null --quiet -o -H newc -R 0:0) >"$cache/initramfs.cpio"
}

# ---- the machine ----

machine=''
declare -A board_pid=()

start_machine() {
    local kernel
    kernel=$(find "$cache/kernel" -name 'vmlinuz-*' | head -n 1)
    mkfifo "$run/orders.in" "$run/orders.out"
    # No KVM, also where /dev/kvm can be opened: a machine may offer it and hang in it. The second board's port is
    # behind a hub of full speed.
    timeout -k 5 "$machine_limit" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 1536M \
        -nographic -nodefaults -no-reboot -kernel "$kernel" -initrd "$cache/initramfs.cpio" \
        -append "console=ttyS0 panic=-1 quiet mitigations=off" \
        -chardev "file,id=console,path=$work/console.log" -serial chardev:console \
        -chardev "pipe,id=orders,path=$run/orders" -serial chardev:orders \
        -fsdev "local,id=in,path=$inputs,security_model=none,readonly=on" -device virtio-9p-pci,fsdev=in,mount_tag=in \
        -fsdev "local,id=work,path=$work,security_model=none" -device virtio-9p-pci,fsdev=work,mount_tag=work \
        -device qemu-xhci,id=xhci,p2=8,p3=8 -device usb-hub,bus=xhci.0,port=3 \
        -chardev "socket,id=c0,path=$run/0,server=on,wait=off" -device usb-redir,chardev=c0,bus=xhci.0,port=1 \
        -chardev "socket,id=c1,path=$run/1,server=on,wait=off" -device usb-redir,chardev=c1,bus=xhci.0,port=2 \
        -chardev "socket,id=c2,path=$run/2,server=on,wait=off" -device usb-redir,chardev=c2,bus=xhci.0,port=3.1 \
        </dev/null >"$work/qemu.log" 2>&1 &
    machine=$!
    exec 7<>"$run/orders.in" 8<>"$run/orders.out"
    await_line "$boot_limit" && [ "$line" = ready ]
}

# await_line SECONDS: the next line from the guest, in $line. Fails at the limit and when the machine ended.
await_line() {
    local limit=$((SECONDS + $1)) more
    line=''
    while [ "$SECONDS" -lt "$limit" ]; do
        # A second may end in the middle of a line: what came of it is kept.
        if IFS= read -r -t 1 -u 8 more; then
            line+=$more
            line=${line%$'\r'}
            return 0
        fi
        line+=$more
        kill -0 "$machine" 2>/dev/null || return 1
    done
    return 1
}

# in_guest NAME SECONDS <SCRIPT: run it inside; its exit status in $status (124 at the limit), its words in
# $work/NAME.out and NAME.err.
in_guest() {
    { echo '. /guest.sh'; cat; } >"$work/$1.sh"
    echo "$1" >&7
    status=124
    while await_line "$2"; do
        case $line in
        "done $1 "*) status=${line##* } && return 0 ;;
        esac
    done
    echo "the guest did not answer within $2 s" >&2
    return 1
}

# board N WORD... [OPTION...]: plug a board into port N of the machine.
board() {
    local n=$1
    shift
    "$X8_REDIR" "$run/$n" "port=$(port "$n")" "$@" --report "$work/report.$n" >"$work/board.$n.log" 2>&1 &
    board_pid[$n]=$!
}

port() {
    case $1 in
    0) echo 1-1 ;;
    1) echo 1-2 ;;
    2) echo 1-3.1 ;;
    esac
}

# end_board N: pull it out; its status (99: the medium differs) in $board_status.
end_board() {
    board_status=0
    kill "${board_pid[$1]}" 2>/dev/null || true
    wait "${board_pid[$1]}" || board_status=$?
    unset "board_pid[$1]"
}

stop_machine() {
    local n
    for n in "${!board_pid[@]}"; do
        kill "${board_pid[$n]}" 2>/dev/null || true
    done
    [ -n "$machine" ] && kill "$machine" 2>/dev/null
    wait
    machine=''
}
