# Folders and files of the root: os-release, accounts, settings, home. Sourced by `make`.
# shellcheck shell=bash

home=/var/rootdirs/home/fio

folders() {
    mkdir -p "$dir"/{usr/bin,run,seed,emmc} "$dir"/etc/{systemd/system,systemd/system-preset,avahi/services,default} \
        "$dir"/etc/{modules-load.d,pam.d,ssl,sota/conf.d,x8board} "$dir"/var/{lib/docker,lib/NetworkManager,local,log,tmp,cache,spool} \
        "$dir"/var/{sota,roothome,rootdirs/home,rootdirs/mnt/boot,rootdirs/media,rootdirs/opt,lmp} "$dir"/sysroot/{ostree,boot}
    ln -s run/power "$dir/power"
    ln -s /run "$dir/var/run"
    ln -s /run/lock "$dir/var/lock"
}

# os_release: the same keys with the quotes that each age of image has. Versions: Yocto - target - LmP.
os_release() {
    local id=lmp-xwayland name='Linux-microPlatform XWayland' yocto=4.0.11 lmp=91 version factory=arduino tag=arduino
    local image_id=lmp-partner-arduino-image machine=portenta-x8 target=$number
    kernel=6.1.24-lmp-standard
    case $w_image in
    399) yocto=3.3.2 lmp=83-21-g3ad61e0 tag=devel kernel=5.4.134-lmp-standard ;;
    539 | 674 | 719 | 746 | 772 | 822) yocto=4.0.3 lmp=88 kernel=5.10.93-lmp-standard ;;
    881 | 934) image_id="lmp-factory-image" ;;
    95) yocto=5.0.9 lmp=95 image_id="lmp-factory-image" kernel=6.6.52-lmp-standard ;;
    custom) factory=acme-robots tag=main image_id="lmp-factory-image" target=17 ;;
    local) target=local-image ;;
    foreign) machine=raspberrypi4-64 factory=acme-robots tag=main image_id="lmp-factory-image" target=12 ;;
    esac
    version=$yocto-$target-$lmp
    os_release_text >"$dir/os-release"
    [ "$w_image" = none ] || ln -s ../usr/lib/os-release "$dir/etc/os-release"
}

os_release_text() {
    [ "$w_image" != none ] || return 0
    printf 'ID=%s\nNAME="%s"\nVERSION="%s"\nVERSION_ID=%s\nPRETTY_NAME="%s %s"\n' \
        "$id" "$name" "$version" "${version,,}" "$name" "$version"
    if [ "$w_image" != 399 ]; then printf 'IMAGE_ID=%s\nIMAGE_VERSION=%s\n' "$image_id" "$target"; fi
    printf 'DEFAULT_HOSTNAME="%s"\nHOME_URL="https://foundries.io/"\nSUPPORT_URL="https://support.foundries.io/"\n' "$machine"
    printf 'LMP_MACHINE="%s"\nLMP_FACTORY="%s"\nLMP_FACTORY_TAG="%s"\n' "$machine" "$factory" "$tag"
    if [ "$w_image" = 95 ]; then printf 'META_LAYER_GIT_SHA="b7236a2"\n'; fi
}

# Passwords are kept as x8$ and a SHA-256: the stubs of sudo, passwd and chpasswd know this form alone. A last change on
# day 0 means that it must be changed; an empty field, that there is none.
accounts() {
    local hash='' day=19700 root='*'
    case $w_sudo in
    fio | dev | expired) hash=$(hash_of fio) ;;
    custom) hash=$(hash_of "$w_password") ;;
    esac
    [ "$w_sudo" != expired ] || day=0
    [ "$user_id" = 1000 ] || root=
    printf 'root:%s:19700:0:99999:7:::\nfio:%s:%s:0:99999:7:::\n' "$root" "$hash" "$day" >"$dir/etc/shadow"
    printf 'root:x:0:0:root:/root:/bin/bash\nfio:x:%s:%s::/home/fio:/bin/bash\nnobody:x:65534:65534:nobody:/:/bin/false\n' \
        "$user_id" "$user_id" >"$dir/etc/passwd"
    printf '%s\n' root:x:0: tty:x:5: disk:x:6: dialout:x:20: audio:x:29:fio sudo:x:27:fio plugdev:x:46:fio users:x:100:fio \
        systemd-journal:x:997: docker:x:998:fio "fio:x:$user_id:" nogroup:x:65534: >"$dir/etc/group"
    printf '%%sudo ALL=(ALL) ALL\nALL ALL=(ALL) ALL\n' >"$dir/etc/sudoers"
}

hash_of() {
    local sum
    sum=$(printf %s "$1" | sha256sum)
    printf 'x8$%s' "${sum%% *}"
}

settings() {
    printf '%s\n' "$w_hostname" >"$dir/etc/hostname"
    printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$w_hostname" >"$dir/etc/hosts"
    printf 'passwd: files\ngroup: files\nhosts: files dns\n' >"$dir/etc/nsswitch.conf"
    printf '/mnt/boot/uboot.env 0x0000 0x4000\n' >"$dir/etc/fw_env.config"
    printf 'ENABLED_SCHEMAS="acm ffs"\n' >"$dir/etc/default/usbgx"
    printf 'arduino-ootb\n' >"$dir/var/lmp/default-apps"
    : >"$dir/etc/ld.so.cache"
    : >"$dir/etc/resolv.conf"
}

# home_folder: with the .bashrc whose last line runs `resize` on images from 844 on.
home_folder() {
    [ "$w_home" = 1 ] || return 0
    mkdir "$dir$home"
    {
        printf '# ~/.bashrc: executed by bash for interactive shells\n'
        # shellcheck disable=SC2016 # it is the board's shell that expands them
        printf 'PS1='\''\\u@\\h:\\w\\$ '\''\nalias ll='\''ls -l'\''\n'
        if [ "$number" -ge 844 ]; then printf 'resize\n'; fi
    } >"$dir$home/.bashrc"
    # shellcheck disable=SC2016
    printf 'if [ -n "$BASH" ] && [ -r ~/.bashrc ]; then . ~/.bashrc; fi\n' >"$dir$home/.profile"
}
