# The programs that a shell on the board finds. Sourced by `make`.
# shellcheck shell=bash

# GNU and other programs that images carry. Those that this computer has are linked; python, rsync, curl, xz, zstd and
# bzip2 are left out, as boards lack them.
gnu=(arch b2sum base32 base64 basename basenc cat chcon chgrp chmod chown chroot cksum comm cp csplit cut date dd df dir
    dircolors dirname du echo env expand expr factor false fmt fold groups head hostid id install join link ln logname ls
    md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc numfmt od paste pathchk pinky pr printenv printf ptx pwd
    readlink realpath rm rmdir runcon seq sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split stat
    stdbuf stty sum sync tac tail tee test timeout touch tr true truncate tsort tty uname unexpand uniq unlink users vdir
    wc who whoami yes '[' bash sh find xargs grep egrep fgrep sed awk gawk mawk tar gzip gunzip zcat cpio cmp diff diff3
    dmesg findmnt flock getopt hexdump ionice kill logger lsblk lscpu mount mountpoint more renice rev script setpriv
    setsid taskset umount unshare nsenter fallocate mkfs cal column look ps pgrep pkill free uptime top vmstat w watch
    pidof pmap sysctl openssl git wget less vi which ip ss ping getent locale iconv tput tset infocmp clear reset
    e2fsck tune2fs losetup blkid fdisk sfdisk hwclock ifconfig route arp netstat nano hd xxd strings)

# tools: the folder bin of /usr. The board's own programs are stubs; they come last and win.
tools() {
    local stub
    if [ "$w_tools" = busybox ]; then busybox_links; else gnu_links; fi
    for stub in "$here"/bin/*; do
        # Images before 674 have no program for offline updates.
        if [ "$number" -lt 674 ] && [[ $stub == */aklite-offline ]]; then continue; fi
        # Every cat would pay for it.
        if [ "$w_bridge" = ok ] && [ "$w_m4reset" = ok ] && [[ $stub == */cat ]]; then continue; fi
        # Only where the room on a disk is a word.
        if [ -z "$w_space" ] && [[ $stub == */df ]]; then continue; fi
        stubs+=("/usr/libexec/board/bin/${stub##*/}")
    done
    ln -sf -t "$dir/usr/bin" -- "${stubs[@]}"
}

# Links lead to the end of the host's own links (/etc/alternatives is not there inside).
gnu_links() {
    local name path plain=() odd=() present=()
    for name in "${gnu[@]}"; do
        path=/usr/bin/$name
        [ -x "$path" ] || path=/usr/sbin/$name
        if [ -L "$path" ]; then
            odd+=("$name:$(readlink -f "$path")")
        elif [ -x "$path" ]; then
            plain+=("/usr/libexec/host${path#/usr}")
        fi
    done
    ln -sf -t "$dir/usr/bin" -- "${plain[@]}"
    for present in ${odd[@]+"${odd[@]}"}; do
        path=${present#*:}
        case $path in
        /usr/bin/* | /usr/sbin/*) ln -sf "/usr/libexec/host${path#/usr}" "$dir/usr/bin/${present%%:*}" ;;
        /usr/lib/*) ln -sf "$path" "$dir/usr/bin/${present%%:*}" ;;
        esac
    done
}

# busybox makes its own links; they name /usr/bin/busybox, which inside is a link too.
busybox_links() {
    [ -x /usr/bin/busybox ] || refuse "tools=busybox: this computer has no /usr/bin/busybox"
    /usr/bin/busybox --install -s "$dir/usr/bin"
    ln -sf /usr/libexec/host/bin/busybox "$dir/usr/bin/busybox"
    ln -sf /usr/libexec/host/bin/bash "$dir/usr/bin/bash"
    # The board's has it, Debian's has not.
    [ -e "$dir/usr/bin/flock" ] || ln -s /usr/libexec/host/bin/flock "$dir/usr/bin/flock"
}
