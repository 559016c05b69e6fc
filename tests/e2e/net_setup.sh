#!/usr/bin/env bash
# shellcheck disable=SC2016 # what stands in single quotes is for the board's shell
# x8ctl setup in every world of passwords, over adb and over ssh: the first password, the name, the key.
# shellcheck source=adb_kit.sh
. "$(dirname "$0")/adb_kit.sh"
command -v ssh-keygen >/dev/null || { echo "skipped: no ssh-keygen on this machine"; exit 77; }
cd "$work" || exit 1
umask 077
printf 'Correct-Horse1\n' >new
printf 'Battery-Staple2\n' >second
printf 'nobody knows\n' >wrong
printf 'abc\n' >short
ssh-keygen -q -t ed25519 -N '' -C somebody -f key
report=$work/report
typed=()

# tty STATUS ARGS...: at a terminal, with the keys of $typed; what is shown is in $out.
tty() {
    local want=$1
    shift
    rm -f "$report" "$report.raw"
    run "$want" python3 "$X8_TESTS/e2e/terminal.py" --columns 120 --report "$report" "${typed[@]}" -- "$X8CTL" "${select[@]}" "$@"
    cp "$report.raw" "$out"
    python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))
sys.exit(0 if not d["unanswered"] and d["settings_kept"] and not d["hidden"] else 1)' "$report" ||
        problem "the terminal was not left as it was: $(cat "$report")"
}
is_password() {
    on 0 exec --root --password-file "$1" -- id -u
    out_is $'0\n'
}

echo "== the first password"
for world in 'image=822 sudo=fio' 'image=861 sudo=expired' 'image=934 sudo=empty'; do
    # shellcheck disable=SC2086 # words
    boot $world
    start "nobody is there who could say one: 40, and nothing is changed ($world)"
    on 40 setup
    error_form '40 auth'
    says '^  next .*--password-file'
    on 0 setup --dry-run --password-file new
    prints '^password	would be set$'
    before=$(stat -c %.Y "$root/etc/shadow")
    on 0 setup --dry-run --password-file second
    [ "$(stat -c %.Y "$root/etc/shadow")" = "$before" ] || problem "--dry-run changed it"
    on 0 list
    case $world in *fio) prints '	linux	' ;; *) prints '	linux-setup	.*x8ctl setup$' ;; esac
    start "a file says it, and again changes nothing ($world)"
    on 0 setup --password-file new
    prints '^password	set$'
    is_password new
    on 0 list
    prints '	linux	'
    on 0 setup --password-file new
    prints '^password	unchanged$'
    start "a descriptor says it as well ($world)"
    on 0 setup --password-file new --new-password-fd 7 7<second
    prints '^password	set$'
    is_password second
done

echo "== at a terminal"
boot image=861 sudo=expired
start "an expired one: the new one is asked for twice, and shown nowhere"
typed=(--type 'New password for=Good-Enough9\n' --type 'once more:=Good-Enough9\n')
tty 0 setup
prints 'password	set'
prints_no 'Good-Enough9'
printf 'Good-Enough9\n' >typed
is_password typed
start "two that differ are asked for again"
boot image=934 sudo=empty
typed=(--type 'New password for=Good-Enough9\n' --type 'once more:=Good-Enough8\n' --type 'New password for=Good-Enough9\n'
    --type 'once more:=Good-Enough9\n')
tty 0 setup
prints 'two different'
is_password typed
start "one that the board refuses: its words, and another try"
boot image=822 sudo=fio
typed=(--type 'New password for=abc\n' --type 'once more:=abc\n' --type 'longer password' --type 'New password for=Good-Enough9\n'
    --type 'once more:=Good-Enough9\n')
typed=("${typed[@]/longer password/longer password=}")
tty 0 setup
is_password typed
start "a board with a password of its own keeps it; --change-password asks for both"
typed=()
tty 0 setup
prints 'password	left alone'
typed=(--type 'has now:=nonsense\n' --type 'has now:=Good-Enough9\n' --type 'New password for=Other-Good9\n' --type 'once more:=Other-Good9\n')
tty 0 setup --change-password
prints 'password	set'
prints_no 'Good9'
start "Ctrl-C at the question changes nothing"
typed=(--type 'has now:=\x03')
tty 130 setup --change-password
printf 'Other-Good9\n' >typed
is_password typed

echo "== refusals"
boot image=881 sudo=custom password=Unmistakable77
printf 'Unmistakable77\n' >own
start "the old one is not known: 40"
on 40 setup --password-file new
error_form '40 auth'
says '--new-password-file'
start "a new one that is too short: 30, in the board's words"
on 30 setup --password-file own --new-password-file short
error_form '30 refused'
says 'choose a longer password'
is_password own
start "both from the same place, an empty one, a file that is not there"
on 2 setup --password-file own --new-password-file new --new-password-fd 7 7<second
: >empty
on 2 setup --password-file empty
on 20 setup --password-file own --new-password-file nothing
is_password own

echo "== secrecy"
start "neither password is in a process list or a file of the board, nor in what we say"
watch 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ'
printf 'Unforgettable88\n' >next
on 0 setup -vvv --log log --password-file own --new-password-file next
on 0 exec -- sh -c 'sleep 0.2; : Control99'
watched
saw Control99
saw_no Unmistakable77
saw_no Unforgettable88
says_no 'Unmistakable|Unforgettable'
! grep -aqE 'Unmistakable|Unforgettable|556e666f7267|55 6e 66 6f' log || problem "it is in the log"
! grep -arqE 'Unmistakable|Unforgettable' "$X8CTL_HOME" || problem "it is in a file of ours"
inside 'grep -rlE "Unmistakable|Unforgettable" /tmp /run /var/rootdirs/home /dev/shm 2>/dev/null; :' >found
[ ! -s found ] || problem "it is in $(cat found)"

echo "== name and key"
boot image=934 sudo=empty serial=1822AA09DAB6FAD9
start "a name: set once, kept, and known to us"
on 0 setup --name bench-1
prints '^password	empty$'
prints '^host-name	set	bench-1$'
says '^left: a password'
asked bench-1 'hostname'
asked bench-1 'cat /etc/hostname'
on 0 name
prints '^1822AA09DAB6FAD9	bench-1$'
on 0 setup --name bench-1 --json
json 'd["boards"][0]["host_name"] == "unchanged" and d["boards"][0]["password"] == "empty" and len(d["boards"][0]["left"]) == 1'
start "no name for a network"
for name in 'a b' -- '-a' 'a.b' 'ä' '' "$(printf 'x%.0s' {1..64})" 1234; do
    [ "$name" != -- ] || continue
    on 2 setup "--name=$name"
    error_form '2 usage'
done
asked bench-1 'hostname'
[ "${X8_KIT_WAY:-adb}" = adb ] || finish # over ssh a key is let in already
start "a key is let in once, and closed to others"
on 0 setup --ssh-key key.pub
prints '^ssh-key	added	key.pub$'
on 0 setup --ssh-key key.pub
prints '^ssh-key	is there	key.pub$'
asked 1 'grep -c . .ssh/authorized_keys'
asked '700 600' 'echo $(stat -c %a .ssh .ssh/authorized_keys)'
start "beside one that has no line end"
inside 'printf "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC old" >.ssh/authorized_keys; chmod 666 .ssh/authorized_keys; chmod 777 .ssh .'
on 0 setup --dry-run --ssh-key key.pub
prints '^ssh-key	would be added'
on 0 setup --ssh-key key.pub
prints '^ssh-key	added'
asked 2 'grep -c . .ssh/authorized_keys'
asked '755 700 600' 'echo $(stat -c %a . .ssh .ssh/authorized_keys)'
start "a private key goes nowhere"
on 21 setup --ssh-key key
error_form '21 bad-image'
says 'private'
start "what is no key: 21, what is not there: 20"
head -c 3000 /dev/urandom >noise
for file in noise empty own; do on 21 setup --ssh-key "$file"; done
cat key.pub key.pub >two
on 21 setup --ssh-key two
on 20 setup --ssh-key nothing
asked 2 'grep -c . .ssh/authorized_keys'
start "names are there on every start, all at once in one run"
boot image=861 sudo=expired
on 0 setup --password-file new --name x8-test --ssh-key key.pub
prints '^password	set$'
prints '^host-name	set	x8-test$'
prints '^ssh-key	added'

echo "== another machine"
for image in foreign none; do
    start "image=$image: nothing of it is changed"
    boot "image=$image"
    on 23 setup --password-file new --name x8-test --ssh-key key.pub
    error_form '23 misfit'
    says 'nothing was changed'
    asked 'no' 'if [ -e .ssh/authorized_keys ]; then echo yes; else echo no; fi'
done

echo "== several boards"
boot --board image=934 --board image=861
select=(-s "${places[1]}" -s "${places[2]}")
start "one at a time"
on 11 setup --password-file new
error_form '11 several-boards'
finish
