#!/usr/bin/env bash
# Every #include of the project against the table in src/README.md: rooms include only the rooms in
# their row, and headers of outside libraries appear only in the files that are their door.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# room|rooms it may include|doors
table=$(awk -F'|' '/^\| room /{on=1; next} on && /^\| ---/{next} on && /^\|/{
    for (i = 2; i <= 5; i++) gsub(/^ +| +$/, "", $i); print $2 "|" $4 "|" $5; next} {on=0}' src/README.md)
[ -n "$table" ] || report "src/README.md: no table of rooms"

# What every room may include from the system: the C library and POSIX.
libc='assert ctype dirent errno fcntl fnmatch glob grp inttypes iso646 limits locale math poll pthread pwd setjmp
signal spawn stdarg stdatomic stdbool stddef stdint stdio stdlib string strings sys/ioctl sys/mman sys/random
sys/resource sys/select sys/socket sys/stat sys/statvfs sys/time sys/types sys/uio sys/un sys/utsname sys/wait
sys/inotify sys/eventfd sys/sysmacros termios time unistd wchar linux/netlink linux/usbdevice_fs sys/file sys/xattr'

is_libc() {
    local name
    for name in $libc; do
        [ "$1" = "$name.h" ] && return 0
    done
    return 1
}

# Does `doors` name this header for this file? "archive.h: archive.c; cjson/: json.c"
is_door() {
    local header=$1 file=$2 entry prefix files
    local -a entries
    IFS=';' read -ra entries <<<"$3"
    for entry in "${entries[@]}"; do
        entry=${entry# }
        prefix=${entry%%:*}
        files=" ${entry#*:} "
        case $header in
        "$prefix" | "$prefix"*)
            [[ $prefix == */ || $prefix == "$header" ]] && [[ $files == *" $file "* ]] && return 0
            ;;
        esac
    done
    return 1
}

check_own() {
    local where=$1 room=$2 allowed=$3 header=$4 other
    case $header in
    */*) other=${header%%/*} ;;
    *) other=$room ;;
    esac
    [ "$other" = "$room" ] || [ "$allowed" = everything ] && return
    case ", $allowed," in
    *", $other,"*) ;;
    *) report "$where: $room may not include $other (\"$header\")" ;;
    esac
}

check_file() {
    local file=$1 room=$2 allowed=$3 doors=$4 number text header
    while IFS=: read -r number text; do
        header=$(sed -E 's/^ *# *include *[<"]([^>"]+)[>"].*/\1/' <<<"$text")
        if [[ $text == *\"* ]]; then
            check_own "$file:$number" "$room" "$allowed" "$header"
        elif ! is_libc "$header" && ! is_door "$header" "$(basename "$file")" "$doors"; then
            report "$file:$number: no door of $room for <$header>"
        fi
    done < <(grep -nE '^ *# *include' "$file")
}

rooms=" "
while IFS='|' read -r room allowed doors; do
    rooms="$rooms$room "
    dir=src/$room
    [ "$room" = cmd ] && dir=cmd
    [ -d "$dir" ] || continue
    while IFS= read -r file; do
        check_file "$file" "$room" "$allowed" "$doors"
    done < <(find "$dir" -name '*.[ch]')
done <<<"$table"

for dir in src/*/; do
    room=$(basename "$dir")
    [[ $rooms == *" $room "* ]] || report "$dir: not in the table of src/README.md"
done
finish
