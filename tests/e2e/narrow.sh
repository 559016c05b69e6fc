#!/usr/bin/env bash
# Results at narrow terminals: no line is wider than the terminal where it could have been broken, and what a pipe gets is all
# there. What has no blank (a digest, a path) stays whole, so that it can be copied: such a line is nothing but that.
# shellcheck source=adb_kit.sh
. "$(dirname "$0")/adb_kit.sh"
cd "$work" || exit 1
make_release release
script=release/mfgtool-files-portenta-x8/full_image.uuu

# looks COLUMNS EXPRESSION: of the report `d`, with the words of `piped` as `words` and the screen without blanks as `all`.
looks() {
    python3 -c '
import json, re, sys
d = json.load(open("screen"))
text = open("piped", encoding="utf-8").read()
all = re.sub(r"\s", "", "".join(d["screen"]))
# What is not there needs no line for a person, and the label of a check is the table'"'"'s; a digest may be its beginning.
text = re.sub(r"(?m)^\S+\t-$|^check\t", "", text)
words = [w[:12] if re.fullmatch("[0-9a-f]{64}", w) else w for w in text.split()]
bad = eval(sys.argv[1])
sys.exit(str(bad) if bad else 0)' "$1" 2>why || problem "$2: $(tail -n 1 why)"
}

# narrow WORDS ARGS...: on both, and what of it the screen must have: WORDS is "all", or "letters" where numbers move.
narrow() {
    local which=$1 columns
    shift
    start "$*"
    "${via[@]}" "$X8CTL" "$@" >piped 2>/dev/null </dev/null
    [ -s piped ] || problem "nothing is printed"
    for columns in 40 60; do
        run - "${via[@]}" python3 "$X8_TESTS/e2e/terminal.py" --columns $columns --report screen -- "$X8CTL" "$@"
        looks '[l for l in d["wrapped"] if " " in l.strip()]' "could be broken at $columns columns"
        case $which in
        all) looks '[w for w in words if w != "-" and w not in all]' "is lost at $columns columns" ;;
        letters) looks '[w for w in words if re.fullmatch("[A-Za-z]+", w) and w not in all]' "is lost at $columns columns" ;;
        esac
    done
}

echo "== without a board"
narrow all image list --offline
narrow all image show release
narrow all explain "$script"
narrow none doctor
narrow all version -v

echo "== with one"
boot image=934 sudo=custom serial=2D16BA09DAB6FAD9
narrow all "${select[@]}" list --columns serial,name,state,image,carrier,links,where
narrow letters "${select[@]}" info
narrow letters "${select[@]}" sketch status
narrow letters "${select[@]}" update status
narrow none "${select[@]}" doctor
start "doctor: its causes and next steps"
run - "$X8CTL" "${select[@]}" doctor --json
python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))
for c in d["host"] + d["boards"][0]["checks"]:
    print(c["result"], c["about"], c["cause"], c["next"] or "")' "$out" >piped
looks '[w for w in words if re.fullmatch("[A-Za-z]+", w) and w not in all]' "is lost"
echo "== one that needs something"
boot image=934
narrow all "${select[@]}" list --columns serial,state,image,note,next
finish
