#!/usr/bin/env bash
# Calls that have a better answer here (numbers: util/text.h; text: snprintf; waiting: a deadline and
# an event), and words that mark unfinished work.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

everywhere='atoi|atol|atoll|atof|strtok|sprintf|vsprintf|strcpy|stpcpy|strncpy|strcat|gets|gmtime|localtime|system|popen|alloca|tmpnam|mktemp'
# src/util/cancel.c is the one place that sleeps, and it can be woken.
product='sleep|usleep|nanosleep|clock_nanosleep|fork|vfork'

search() {
    code_of "$2" | grep -nE "(^|[^A-Za-z0-9_.>\"])($1) *\(" | while IFS=: read -r number text; do
        printf '%s:%s: %s\n' "$2" "$number" "$text"
    done
}

while IFS= read -r file; do
    lines=$(search "$everywhere" "$file")
    [[ $file == tests/* || $file == src/util/cancel.c ]] || lines="$lines$(search "$product" "$file")"
    [ -z "$lines" ] || report "$lines"
done < <(c_files)

marks=$(grep -rnE '\b(TO''DO|FIX''ME|X''XX|HA''CK)\b' src cmd tests --include='*.[ch]' --include='*.sh' | grep -v 'XXXXXX')
[ -z "$marks" ] || report "$marks"
finish
