# Shared by the checks in this folder. Each is run by ctest with SOURCE_DIR set; a check that needs a
# tool that is not installed ends with 77, which ctest shows as skipped.
# shellcheck shell=bash
set -u
cd "${SOURCE_DIR:-$(dirname "$0")/../..}" || exit 1

found=0

# One finding per line: "file:line: text".
report() {
    printf '%s\n' "$*" >&2
    found=1
}

need() {
    command -v "$1" >/dev/null 2>&1 && return
    echo "skipped: $1 is not installed"
    exit 77
}

# Other versions of a tool find other things: only the reference version can fail the check.
reference=
reference_is() {
    "$1" --version 2>&1 | grep -qwF "$2" || reference="$1 $2"
}

c_files() {
    find src cmd tests -name '*.[ch]' -not -path '*/corpus/*' | LC_ALL=C sort
}

# The text of a C file without comments; line numbers stay.
code_of() {
    awk '
        { out = ""; text = $0
          while (text != "") {
            if (inside) { at = index(text, "*/")
              if (!at) { text = ""; break }
              text = substr(text, at + 2); inside = 0; continue }
            at = index(text, "/*"); line = index(text, "//")
            if (line && (!at || line < at)) { out = out substr(text, 1, line - 1); text = ""; break }
            if (!at) { out = out text; text = ""; break }
            out = out substr(text, 1, at - 1) " "; text = substr(text, at + 2); inside = 1 }
          print out }' "$1"
}

finish() {
    [ "$found" = 0 ] && echo "ok" && exit 0
    [ -z "$reference" ] && exit 1
    echo "shown, not counted: the reference is $reference"
    exit 0
}
