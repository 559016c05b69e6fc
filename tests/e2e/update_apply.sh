#!/usr/bin/env bash
# shellcheck disable=SC2016 # what stands in single quotes is for the board's shell
# x8ctl update on boards that are well: each generation, what is printed and kept, what stands in the way, other containers.
# shellcheck source=update_kit.sh
. "$(dirname "$0")/update_kit.sh"
bundle u --old-version 746 --version 861
old=$(fact u old commit) new=$(fact u new commit)

echo "== an update of a board of generation A"
again u
start "status, before: what runs, and that nothing waits"
update 0 status
prints '^image	746$'
prints "^booted	$old$"
prints '^pending	none$'
prints '^aklite-offline	generation A '
prints '^journal	no update'
update 0 status --json
json "d['boards'][0]['board']['aklite'] == 'A' and d['boards'][0]['journal'] is None and not d['boards'][0]['unfinished']"
start "check: everything that apply would look at, and nothing is done"
update 0 check --to u/offline-updates
prints '^check	ok	space	needs .* free'
prints '^verdict	.* can be updated from 746 to 861$'
update 0 check --to u/offline-updates --json
json "d['boards'][0]['verdict'] == 'ok' and d['boards'][0]['space']['bytes_sent'] < d['boards'][0]['space']['bytes']"
json "d['boards'][0]['complete']"
start "check without root says what it did not see"
on 0 update check --to u/offline-updates
prints '^verdict	.* can be updated from 746 to 861, as far as can be seen without root: '
on 0 update check --to u/offline-updates --json
json "d['boards'][0]['complete'] is False"
start "apply -n: the same"
update 0 apply u/offline-updates -n
says '746.*would be updated to 861|would be updated to 861'
log_is 'boot 746'
tidy
start "apply without an answer: not done"
update 41 apply u/offline-updates
error_form '41 need-yes'
says '861'
log_is 'boot 746'
start "apply: sent, installed, restarted, confirmed"
update 0 apply u/offline-updates -y --json
json "d['boards'][0]['from'] == '746' and d['boards'][0]['to'] == '861' and d['boards'][0]['proof'] == 'new'"
json "d['boards'][0]['unfinished'] is False and d['boards'][0]['serial']"
[ "$(grep -c ' stage send$' "$err")" = 1 ] || problem "the stage send is not entered once"
json "d['boards'][0]['step'] == 'done' and d['boards'][0]['restarts'] == 1 and d['boards'][0]['sent']['bytes_sent'] > 0"
log_has '^1 aklite A install -> 100'
log_has '^2 boot 861 '"$new"
log_has '^2 aklite A run -> 0'
on_board 861
confirmed
tidy
start "status, after"
update 0 status
prints '^image	861$'
prints "^booted	$new$"
prints "^before	$old$"
prints '^journal	746 to 861, .* done since '
start "once more: nothing to do, and nothing is done"
update 0 apply u/offline-updates -y
prints 'runs 861 already'
update 4 check --to u/offline-updates
error_form '4 differs'
update 4 check --to u/offline-updates --json
json "d['boards'][0]['verdict'] == 'nothing-to-do'"
[ "$(board_log | grep -c 'install ->')" = 1 ] || problem "it was installed again: $(board_log)"
start "finish: nothing is left"
update 0 finish -y
prints 'nothing is left to finish.*ended well'
start "rollback, where the board has no such verb, says what to do"
update 30 rollback -y
error_form '30 refused'
says 'allow-downgrade'
on_board 861

echo "== the restart comes later"
again u
start "--no-reboot ends with 3, and status knows what waits"
update 3 apply u/offline-updates -y --no-reboot
error_form '3 pending'
says 'x8ctl update finish'
log_has 'install -> 100'
log_has_no '^1 reboot'
update 0 status
prints "^pending	$new$"
prints '^next	x8ctl update finish$'
start "another bundle has to wait for it"
bundle other --from "$work/u" --version 861
bundle later --old-version 746 --version 881 --seed 9
update 12 apply later/offline-updates -y
error_form '12 wrong-state'
says 'x8ctl update finish'
start "finish asks, then restarts and confirms"
update 41 finish
update 0 finish -y
prints 'Updated .* from 746 to 861'
on_board 861
confirmed
tidy

echo "== what stands in the way"
again u
start "a second x8ctl at the same board"
serial=$(inside 'cat /sys/devices/soc0/serial_number')
mkdir -p "$X8CTL_HOME/locks"
mkfifo "$work/let-go"
flock "$X8CTL_HOME/locks/update-$serial" bash -c ': >"$0/held"; read -r <"$0/let-go"' "$work" &
await 60 "the lock" test -e "$work/held"
update 14 apply u/offline-updates -y
error_form '14 busy'
echo >"$work/let-go"
wait %% 2>/dev/null
log_is 'boot 746'
start "without the password"
on 40 update apply u/offline-updates -y
failed 40 auth
on 0 update status
prints '^check	warning	root	'
start "a file of checks that cannot be read is told first"
printf '{"imag": 1}' >bad.json
update 2 apply u/offline-updates -y --health bad.json
failed 2 usage
log_is 'boot 746'
start "a damaged journal is named"
mkdir -p "$X8CTL_HOME/state/update"
echo '{' >"$X8CTL_HOME/state/update/update-$serial.json"
update 21 apply u/offline-updates -y
failed 21 bad-image
says "update-$serial.json"
rm -r "$X8CTL_HOME/state/update"
start "older than what runs"
bundle down --old-version 861 --version 746 --seed 5
again down
update 41 apply down/offline-updates -y
error_form '41 need-yes'
says 'allow-downgrade'
update 0 apply down/offline-updates -y --allow-downgrade
on_board 746

echo "== containers of no app"
again u containers="custom-devel:local/devel:running,idle:local/idle:exited"
start "they are named before anything happens"
update 41 apply u/offline-updates
says 'custom-devel'
says_no 'idle'
log_is 'boot 746'
start "--keep-apps: the unit that wipes is off before the restart"
update 3 apply u/offline-updates -y --keep-apps --no-reboot
says 'kept: custom-devel'
update 0 status
prints '^early-start	off, recovery off'
start "they run afterwards, with the policy they had, whoever brings it to its end"
update 0 finish -y
asked custom-devel 'echo fio | sudo -S -p "" docker ps --format "{{.Names}}" | grep custom'
[ "$(cat "$root/run/update/docker/custom-devel.policy")" = no ] || problem "its policy is $(cat "$root/run/update/docker/custom-devel.policy")"
[ -z "$(ls "$X8CTL_HOME"/state/update/containers-* 2>/dev/null)" ] || problem "the record stays"
again u containers="gone:broken:running"
start "one that does not come back is told, and the status is 36"
update 36 apply u/offline-updates -y --keep-apps
error_form '36 unhealthy'
says 'gone'
on_board 861
confirmed

echo "== checks of the board's health"
again u
start "they pass"
printf '{"image": ">=861", "units": ["docker.service"]}' >ok.json
update 0 apply u/offline-updates -y --health ok.json
again u
start "they do not: the new system stays, the status is 36"
printf '{"commands": [{"run": "test -e /nothing"}]}' >no.json
update 36 apply u/offline-updates -y --health no.json
error_form '36 unhealthy'
on_board 861
confirmed
finish
