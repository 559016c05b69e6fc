#!/usr/bin/env bash
# Every fault of the boot ROM and the SPL, through the real USB library: the exit code, a cause and a next step, the state
# of the eMMC in words, an end in time, and the same in JSON.
# shellcheck source=kit.sh
. "$(dirname "$0")/kit.sh"

cd "$work" || exit 1
make_release release
hurry release

untouched='the eMMC was not touched$'

echo "== boot ROM"
fault 17 link "$untouched" 10 fault=stage:rom,after:20000,do:stall
fault 15 gone "$untouched" 10 fault=stage:rom,after:20000,do:unplug
fault_each 16 timeout "$untouched" 20 fault=at:write_file,do:hang fault=stage:rom,after:20000,do:hang \
    "start=spl fault=stage:spl,after:20000,do:hang" "start=spl fault=stage:cmd:write_file,do:hang"
fault 17 link "$untouched" 10 fault=at:write_file,do:stallin
fault 17 link "$untouched" 10 fault=at:write_file,do:short
fault 30 refused "$untouched" 10 fault=at:write_file,do:fail
fault 30 refused "$untouched" 10 fault=at:write_file,do:wrongword
fault 30 refused "$untouched" 10 fault=at:write_file,do:wrongsec
fault 30 refused "$untouched" 10 fault=at:write_file,do:garbage
fault 30 refused "$untouched" 10 fault=stage:rom,do:badhab
says 'invalid signature'
fault 30 refused "$untouched" 10 fault=stage:rom,do:closed
says 'closed \(it starts signed loaders only\)'
fault 30 refused "$untouched" 10 closed=1
fault 23 misfit "$untouched" 20 fault=stage:rom,do:rom,times:0
says 'fell back from rom to rom twice'
fault 15 gone "$untouched" 20 fault=stage:rom,do:never
says 'did not return within 3 s'
fault 16 timeout "$untouched" 20 fault=stage:rom,do:stay
says 'still in rom after 3 s'
fault 13 no-permission "$untouched" 10 fault=stage:rom,do:denied
says 'owner .*you are ".*"'
says 'next   sudo x8ctl udev install'
passes fault=stage:rom,do:rom
says 'one more try'
passes fault=at:write_file,do:delay,for:1500
passes fault=stage:rom,after:20000,do:hang,for:1500
passes fault=stage:rom,do:denied,for:700

echo "== SPL"
fault 17 link "$untouched" 10 start=spl fault=stage:spl,after:20000,do:stall
fault 15 gone "$untouched" 10 start=spl fault=stage:spl,after:20000,do:unplug
fault 17 link "$untouched" 10 endpoints=out-first fault=stage:spl,after:20000,do:stall
fault 17 link "$untouched" 10 start=spl fault=stage:cmd:write_file,do:stallin
fault 17 link "$untouched" 10 start=spl fault=stage:cmd:write_file,do:short
fault 30 refused "$untouched" 10 start=spl fault=stage:cmd:write_file,do:fail
fault 30 refused "$untouched" 10 start=spl fault=stage:cmd:write_file,do:garbage
fault 23 misfit "$untouched" 20 fault=stage:spl,do:rom,times:0
says 'fell back from spl to rom twice'
fault 15 gone "$untouched" 20 start=spl fault=stage:spl,do:never
fault 16 timeout "$untouched" 20 start=spl fault=stage:spl,do:stay
fault 13 no-permission "$untouched" 10 fault=stage:spl,do:denied
passes ids=old fault=stage:spl,do:rom
passes start=spl fault=stage:spl,after:20000,do:hang,for:1500

echo "== taken up again"
survives 1 fault=stage:rom,after:20000,do:unplug,for:300
survives 1 fault=at:write_file,do:stallin
survives 1 start=spl fault=stage:spl,after:20000,do:unplug,for:300
survives 1 start=spl fault=stage:cmd:write_file,do:short
finish
