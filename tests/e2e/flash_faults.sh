#!/usr/bin/env bash
# Every fault of the fastboot stage, and failures of one board among several, through the real USB library: the exit code,
# a cause and a next step, the state of the eMMC in words, an end in time, and the same in JSON.
# shellcheck source=kit.sh
. "$(dirname "$0")/kit.sh"

cd "$work" || exit 1
make_release release
hurry release

untouched='the eMMC was not touched$'
maybe='parts of the eMMC may be erased; the board needs a complete flash$'
erased='parts of the eMMC are erased; the board needs a complete flash$'
partly='the eMMC is partly written; the board needs a complete flash$'
rest='the eMMC is partly written$' # some of it has arrived, and can be gone on with

echo "== fastboot, data"
stage=start=fastboot
fault 17 link "$erased" 10 $stage fault=stage:fastboot,after:300000,do:stall
fault_each 16 timeout "$erased" 30 "$stage fault=stage:fastboot,after:300000,do:hang" \
    "$stage fault=at:getvar,match:max-download,do:hang"
fault 15 gone "$erased" 10 $stage fault=stage:fastboot,after:300000,do:unplug
fault 15 gone "$erased" 10 $stage fault=stage:fastboot,after:300000,do:unplug,for:500
fault 13 no-permission "$untouched" 10 $stage fault=at:connect,do:denied
fault 13 no-permission "$untouched" 10 $stage access=denied
passes fault=stage:fastboot,after:300000,do:hang,for:1500
passes $stage fault=at:connect,do:denied,for:700

echo "== fastboot, commands"
fault 30 refused "$untouched" 10 $stage fault=at:ucmd,do:fail
fault 30 refused "$maybe" 10 $stage fault=at:ucmd,match:erase,do:fail
fault 15 gone "$maybe" 10 $stage fault=at:ucmd,match:erase,do:unplug
fault 17 link "$maybe" 10 $stage fault=at:ucmd,match:erase,do:stallin
fault 17 link "$untouched" 10 $stage fault=at:ucmd,nth:2,do:wrongword
fault 17 link "$erased" 10 $stage fault=at:getvar,match:max-download,do:garbage
fault 30 refused "$erased" 10 $stage fault=at:download,do:fail,text:no,room
says 'board says: no,room'
fault 17 link "$erased" 10 $stage fault=at:download,do:stall
fault 17 link "$erased" 10 $stage fault=at:download,do:garbage
fault 17 link "$erased" 10 $stage fault=at:download,do:short
fault 30 refused "$partly" 10 $stage 'fault=at:flash,do:fail,text:no_space'
says 'board says: no_space'
fault 17 link "$partly" 10 $stage fault=at:flash,do:garbage
fault 17 link "$partly" 10 $stage fault=at:flash,do:stallin
fault 15 gone "$partly" 10 $stage fault=at:flash,do:unplug
fault 30 refused "$rest" 10 $stage fault=at:flash,nth:3,do:fail
says 'partition bootloader2'
# The first sums ask what the loader can, and what the erased area reads as; later ones are of what was written.
fault 15 gone "$erased" 10 $stage fault=at:ucmd,match:crc32,do:unplug
fault 15 gone "$erased" 10 $stage fault=at:ucmd,match:crc32,nth:4,do:unplug
fault 15 gone "$rest" 10 $stage fault=at:ucmd,match:0x800000,do:unplug
fault 30 refused "$rest" 10 $stage fault=at:ucmd,match:partconf,do:fail
fault 30 refused "$partly" 10 $stage fault=do:double fault=at:flash,do:fail,text:twice
says 'board says: twice;'
fault 30 refused "$partly" 10 $stage loader=2024 fault=do:writefail,sector:1200
passes $stage fault=at:getvar,do:fail
passes $stage fault=at:getvar,match:version,do:garbage
passes $stage fault=at:flash,do:delay,for:2000
passes $stage fault=do:info fault=do:dec fault=do:double
passes $stage infoecho=1 endpoints=out-first ids=old
passes $stage blksize=4096 maxdl=1048576
passes $stage blksize=none loader=2024

echo "== taken up again"
survives 1 $stage fault=stage:fastboot,after:300000,do:unplug,for:200
survives 1 $stage fault=at:flash,nth:3,do:unplug,for:200
survives 1 $stage fault=at:ucmd,match:0x800000,do:unplug,for:200
survives 1 $stage fault=stage:fastboot,after:300000,do:stall
survives 1 $stage fault=at:download,do:short
survives 2 $stage fault=at:flash,do:garbage,times:2
survives 3 $stage fault=at:flash,do:stallin,times:3
start "three times at most"
flash 17 emmc=1G $stage fault=at:flash,do:stallin,times:0 -- flash -y --json --stage-timeout 3s release
error_form '17 link'
says 'taking the board up again, 3 of 3'
says "^  why    .*$partly"
json "d['boards'][0]['retries'] == 3"
start "what a board refuses is not asked again"
flash 30 emmc=1G $stage fault=at:flash,do:fail,text:no_space -- flash -y --json release
says_no 'taking the board up again'
json "d['boards'][0]['retries'] == 0"
start "it does not come back"
flash 15 emmc=1G $stage fault=stage:fastboot,after:300000,do:unplug -- flash -y --json --stage-timeout 1s release
error_form '15 gone'
says "^  why    .*$erased"
within 10

echo "== several boards"
pair=("flash" "-y" "--all" "--json" "--stage-timeout" "3s" "release")
start "three boards, all good"
board 0 emmc=1G --count 3 start=fastboot --compare "$(full_flash_of release release.raw)" -- "$X8CTL" "${pair[@]}"
json "len(d['boards']) == 3 and all(b['code'] == 'ok' for b in d['boards'])"

start "one of three fails, the others are written"
mkdir kept
board 50 emmc=1G --keep kept --board start=fastboot --board "start=fastboot fault=at:flash,nth:2,do:fail,text:enough" \
    --board start=fastboot -- "$X8CTL" "${pair[@]}"
json "[b['code'] for b in d['boards']] == ['ok', 'refused', 'ok']"
json "[b['verified'] for b in d['boards']][::2] == ['full', 'full']"
says '^x8ctl flash: 1 of 3 boards failed'
says 'enough'
says '^  next   .'
for board in 0 2; do
    cmp -s -n 8388608 "kept/$board/user.img" release.raw || problem "board $board differs"
done

start "each board is named in what failed"
flash 50 emmc=1G --board "start=fastboot fault=stage:fastboot,after:300000,do:unplug" \
    --board "start=fastboot fault=at:ucmd,do:fail" -- flash -y --all --retries 0 release
prints '^1-2	failed	gone	'
prints '^1-3	failed	refused	'

start "boards that fail alike give that code"
flash 15 emmc=1G --count 2 start=fastboot fault=stage:fastboot,after:300000,do:unplug -- flash -y --all --json --retries 0 release
json "[b['code'] for b in d['boards']] == ['gone', 'gone']"

start "a second run on the same port is kept away, the first goes on"
# shellcheck disable=SC2016 # expanded by the inner shell
board 0 start=fastboot emmc=1G link=4M --compare "$(full_flash_of release release.raw)" -- sh -c '
    "$1" flash -y --progress json "$2" 2>first & first=$!
    until grep -q "\"stage\":\"write\"" first; do sleep 0.05; done
    "$1" flash -y "$2"
    echo "second $?"
    wait $first' sh "$X8CTL" release
prints '^second 14$'
error_form '14 busy'
says 'another x8ctl works there'

start "boards in all stages at once"
flash 0 emmc=1G --compare "$(full_flash_of release release.raw)" --board start=rom --board start=spl --board start=fastboot -- flash -y --all release
finish
