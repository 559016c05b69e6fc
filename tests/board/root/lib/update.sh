# The world of offline updates (ROOT.md): words, sysroot with the old image, settings. Sourced by `make`.
# shellcheck shell=bash

update_defaults() {
    w_update='' w_previous=known w_registered=no w_resetapps=0 w_tag=main w_hwid='' w_tufroots=0 w_bootfw='' w_ootb='' w_space=''
    update_words=() image_given=0
}

# update_check NAME VALUE: a word of this world, or the end.
update_check() {
    case $1 in
    update) [ -r "$2/board/old" ] || refuse "update=$2: not made by tests/update/make-bundle" ;;
    aklite) [[ $2 =~ ^(A|B|C|none)(,(A|B|C|none))?$ ]] || refuse "aklite=$2: A, B, C, none, or two of them" ;;
    previous) one_of "$@" known initial unknown ;;
    registered) one_of "$@" no ci prod ;;
    resetapps | tufroots) one_of "$@" 0 1 ;;
    daemon) [[ $2 =~ ^([0-9]{1,6}|off)$ ]] || refuse "daemon=$2: milliseconds, or off" ;;
    tag | hwid | appfail | appfail2 | containers) ;;
    space | quota) [[ $2 =~ ^[0-9]{1,15}$ ]] || refuse "$1=$2: bytes" ;;
    slow) [[ $2 =~ ^[0-9]{1,7}$ ]] || refuse "slow=$2: milliseconds" ;;
    bootfail) one_of "$@" 0 1 ;;
    bootfw | ootb) one_of "$@" pending ;;
    deployfail) one_of "$@" 0 1 2 ;;
    hold | die) update_steps "$@" ;;
    *) refuse "unknown word $1=" ;;
    esac
    update_words+=("$1=$2")
}

update_steps() {
    local one steps
    IFS=, read -r -a steps <<<"$2"
    for one in "${steps[@]}"; do
        one_of "$1" "$one" pull pulled apps deploy env deployed installed run started confirm
    done
}

# update_world: files of the words; what takes time only with update=.
update_world() {
    printf '%s\n' ${update_words[@]+"${update_words[@]}"} >"$dir/update.words"
    [ -n "$w_update" ] || return 0
    [ -z "$w_var" ] || refuse "var= and update= exclude each other: such a /var does not outlive a boot"
    [ "$w_full" != /var ] || refuse "full=/var and update= exclude each other"
    # shellcheck disable=SC1091 # made by make-bundle
    . "$w_update/board/old"
    update_sysroot
    update_settings
    update_units
    mkdir -p "$dir/update"
}

# update_sysroot: a copy of what is made once for each bundle. Its files are root's, so a nested root makes it: in `bare`
# mode, as on boards, where an object is the file itself. No right is needed for that as long as owners are 0:0 and
# extended attributes those of users.
update_sysroot() {
    local made=$w_update/board/sysroot new said
    if [ ! -d "$made" ]; then
        command -v ostree >/dev/null || refuse "update=: no ostree on this computer (package ostree)"
        new=$(mktemp -d "$w_update/board/new-XXXXXX")
        said=$(unshare -r "$here/lib/update_sysroot" "$new" "$w_update/repo" "$update_commit" 2>&1) || refuse "update=: $said"
        mv -T "$new" "$made" 2>/dev/null || { chmod -R u+w "$new" && rm -rf "$new"; }
    fi
    rm -rf "$dir/sysroot"
    unshare -r cp -a "$made" "$dir/sysroot"
}

update_settings() {
    local conf=$dir/update.sota/conf.d sota=$dir/var/sota
    mkdir -p "$conf"
    [ "$w_tufroots" != 1 ] || cp -r "$w_update/board/tuf" "$dir/update.sota/tuf"
    printf '[provision]\nprimary_ecu_hardware_id = "%s"\n' "${w_hwid:-portenta-x8}" >"$conf/40-hardware-id.toml"
    printf '[bootloader]\nrollback_mode = "uboot_masked"\n' >"$conf/30-rollback.toml"
    printf '[pacman]\ntype = "ostree+compose_apps"\ntags = "%s"\n%s' "$w_tag" \
        "$([ "$w_resetapps" = 0 ] || printf 'reset_apps = ""\nreset_apps_root = "/var/sota/reset-apps"\n_')" >"$conf/50-pacman.toml"
    sed -i '/^_$/d' "$conf/50-pacman.toml"
    rm -rf "$sota/reset-apps"
    cp "$w_update/board/installed_versions" "$sota/import/installed_versions"
    [ "$w_previous" = known ] || printf '{}\n' >"$sota/import/installed_versions"
    if [ "$w_previous" = known ]; then
        printf 'TARGET_NAME="%s"\nCUSTOM_VERSION="%s"\nTAG="%s"\n' "$update_name" "$update_version" "$w_tag" >"$sota/current-target"
    fi
    [ "$w_ootb" != pending ] || : >"$sota/offline-update-pending"
    if [ "$w_registered" != no ]; then
        printf '[tls]\nserver = "https://ota-lite.foundries.io:8443"\n' >"$sota/sota.toml"
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -keyout /dev/null -out "$sota/client.pem" \
            -subj "/CN=0d1e2f30-board/OU=arduino$([ "$w_registered" = ci ] || echo /businessCategory=production)" 2>/dev/null ||
            refuse "registered=: no openssl on this computer"
    fi
}

update_units() {
    unit inactive dead compose-apps-aklite-offline-run.service 'Finalize an offline update'
    [ "$w_registered" = no ] || unit active running aktualizr-lite.service 'Aktualizr SOTA Client'
}

# update_number: the image is that of the bundle's old side when image= does not say it.
update_number() {
    local one old
    [ -n "$w_update" ] || return 0
    # shellcheck disable=SC1091
    old=$(. "$w_update/board/old" && printf %s "$update_version")
    [ "$image_given" = 0 ] || return 0
    for one in "${images[@]}"; do [ "$one" != "$old" ] || w_image=$old; done
}
