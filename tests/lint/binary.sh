#!/usr/bin/env bash
# The core never prints, exits or reads the environment: checked on what its libraries ask the linker
# for, so that no macro and no compiler rewrite hides a call. LIBRARIES: the core's archives.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need nm

[ -n "${LIBRARIES:-}" ] || report "LIBRARIES is empty: nothing was checked"
banned='printf|fprintf|vprintf|vfprintf|dprintf|vdprintf|puts|fputs|putchar|putc|fputc|fwrite|perror|psignal'
banned="$banned|__printf_chk|__fprintf_chk|__vprintf_chk|__vfprintf_chk|__dprintf_chk|stdout|stderr"
banned="$banned|exit|_exit|_Exit|quick_exit|getenv|secure_getenv|setenv|putenv|unsetenv"

for library in ${LIBRARIES:-}; do
    while IFS= read -r line; do
        report "$(basename "$library"): $line"
    done < <(nm -u "$library" 2>/dev/null | awk -v banned="^($banned)(@.*)?$" '
        /:$/ { object = $0; next } $NF ~ banned { print object " " $NF }')
done
finish
