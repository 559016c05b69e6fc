#!/usr/bin/env bash
# For the suites of `x8ctl image`: sets with file systems in them, a catalogue of one's own, and a real web server.
# shellcheck source=kit.sh
. "$(dirname "$0")/kit.sh"
unset X8CTL_IMAGE_INDEX http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
PATH=$PATH:/sbin:/usr/sbin
export cache=$X8CTL_HOME/cache/images

# image STATUS ARGS...: the command needs no board.
image() {
    local want=$1
    shift
    run "$want" "$X8CTL" image "$@"
}

sha_of() { sha256sum "$1" | cut -d' ' -f1; }

# holds WHAT COMMAND...: a condition of the case.
holds() {
    local what=$1
    shift
    "$@" || problem "$what"
}

# make_disk FILE: a disk of 25 MiB with a FAT and an ext4 in it, both with files.
make_disk() {
    mkdir -p "$work/files/folder"
    head -c 700000 /dev/urandom >"$work/files/random"
    echo hello >"$work/files/folder/text"
    truncate -s 16M "$work/ext.img"
    truncate -s 8M "$work/fat.img"
    mke2fs -q -F -t ext4 -L otaroot -d "$work/files" "$work/ext.img" || exit 1
    mkfs.vfat -n BOOT "$work/fat.img" >/dev/null || exit 1
    python3 - "$1" "$work/fat.img" "$work/ext.img" <<'END'
import struct, sys
MIB = 1 << 20
table = bytearray(512)
table[446:462] = struct.pack("<8BII", 0, 0, 2, 0, 0x0c, 0, 2, 0, MIB // 512, 8 * MIB // 512)
table[462:478] = struct.pack("<8BII", 0, 0, 2, 0, 0x83, 0, 2, 0, 9 * MIB // 512, 16 * MIB // 512)
table[510:] = b"\x55\xaa"
with open(sys.argv[1], "wb") as disk:
    disk.write(table)
    for place, part in ((1, sys.argv[2]), (9, sys.argv[3])):
        disk.seek(place * MIB)
        disk.write(open(part, "rb").read())
END
}

# catalogue FILE BASE: of 777 (the archive $archive, whose system image unpacked is $disk) and 700, of which nothing is
# known but its file.
catalogue() {
    cat >"$1" <<END
{ "format": 1, "base": "$2", "latest": "latest.tar.gz", "images": [
  { "image": "777", "release": "91.77", "date": "2026-01-02", "lmp": "91", "file": "777.tar.gz",
    "size": $(stat -c %s "$archive"), "sha256": "$(sha_of "$archive")", "notes": "the test's own",
    "parts": { "$name.wic": "$(sha_of "$disk")", "sit-portenta-x8.bin": "$(sha_of "$set/sit-portenta-x8.bin")" } },
  { "image": "700", "file": "700.tar.gz" }, { "image": "600", "notes": "lost" } ] }
END
}

# A set in $set with the disk $disk as its system image, and the archive $archive of it.
name=lmp-factory-image-portenta-x8
set=$work/777 disk=$work/disk.wic archive=$work/777.tar.gz
make_set() {
    make_disk "$disk"
    "$X8_MKIMAGE" --size 8M --kernel-kb 64 --folder "$set" || exit 1
    gzip -c "$disk" >"$set/$name.wic.gz"
    tar czf "$archive" -C "$work" 777
}

# serve: nginx with $work/www on http://127.0.0.1:$port/, /slow/ the same at 1 MB/s, /crawl/ at 20 kB/s; $work/asked has a line
# per request.
serve() {
    local nginx
    nginx=$(command -v nginx) || { echo "skipped: nginx is not installed"; exit 77; }
    mkdir -p "$work/www" "$work/nginx"
    [ -n "${port:-}" ] || port=$(free_port)
    {
        printf 'daemon off;\nmaster_process off;\npid %s/pid;\nevents { worker_connections 64; }\nhttp {\n' "$work/nginx"
        # shellcheck disable=SC2016 # nginx's own variables
        printf '    default_type application/octet-stream;\n    log_format asked "$status $request $body_bytes_sent";\n'
        printf '    access_log %s/asked asked;\n' "$work"
        for kind in client_body proxy fastcgi uwsgi scgi; do
            printf '    %s_temp_path %s/%s;\n' "$kind" "$work/nginx" "$kind"
        done
        printf '    server {\n        listen 127.0.0.1:%d;\n        root %s/www;\n' "$port" "$work"
        printf '        location /slow/ { alias %s/www/; limit_rate 1m; }\n' "$work"
        printf '        location /crawl/ { alias %s/www/; limit_rate 20k; }\n    }\n}\n' "$work"
    } >"$work/nginx/conf"
    "$nginx" -c "$work/nginx/conf" -e "$work/nginx/log" &
    server=$!
    trap 'kill $server 2>/dev/null; wait $server 2>/dev/null; rm -rf "$work"' EXIT
    for _ in $(seq 1200); do
        if : 2>/dev/null >"/dev/tcp/127.0.0.1/$port"; then return; fi
        sleep 0.05
    done
    echo "skipped: nginx does not answer: $(cat "$work/nginx/log")"
    exit 77
}

asked() { grep -c "$1" "$work/asked"; }
