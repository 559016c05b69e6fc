/*
 * Documents of x8ctl update and x8ctl sketch.
 */
#include "help_json.h"

#include <stddef.h>

/* clang-format off */
static const struct x8_json_row finding[] = {
    {"id", "string", "which check"},
    {"status", "=ok|info|warning|bad", ""},
    {"code", "code|null", "bad: what the command ends with"},
    {"detail", "string", "what was found"},
    {"next", "string|null", "what to do about it"},
    {0},
};

static const struct x8_json_row bundle[] = {
    {"path", "string", "folder, archive or address"},
    {"type", "=ci|prod|null", "who signs such bundles"},
    {"tag", "string|null", "the tag it was made for"},
    {"expires", "time|null", "until when it can be installed"},
    {"expires_role", "string|null", "the metadata that is over first"},
    {"days_left", "integer|null", "whole days until then"},
    {"anchored", "boolean", "its root follows from a trusted one"},
    {"root_keys", "string|null", "keys of the root"},
    {"roles.*.version", "integer", "metadata by its name: root, timestamp, snapshot, targets, bundle-targets"},
    {"roles.*.expires", "string|null", "until when it is good"},
    {"roles.*.good", "integer", "signatures that are right"},
    {"roles.*.wrong", "integer", "signatures that are not, or by other keys"},
    {"roles.*.threshold", "integer", "how many must be right"},
    {"target", "string|null", "name of the target that is meant"},
    {"targets[].name", "string", "every target of the bundle"},
    {"targets[].version", "string|null", "its number"},
    {"targets[].commit", "string|null", "its commit of ostree"},
    {"targets[].hardware", "string|null", "boards it is for"},
    {"targets[].tags", "string|null", "its tags"},
    {"targets[].apps[].name", "string", "app of the target"},
    {"targets[].apps[].uri", "string", "where it comes from"},
    {"targets[].apps[].required", "boolean", "the bundle has it"},
    {"objects", "integer", "objects of ostree; 0 where they were not looked at"},
    {"stored_bytes", "integer", "their size"},
    {"unpacked_bytes", "integer", "their size unpacked"},
    {"app_bytes", "integer", "size of the containers"},
    {0},
};

static const struct x8_json_row system_of[] = {
    {"image", "string|null", "number of the image that runs"},
    {"hardware", "string|null", "kind of board"},
    {"tags", "string|null", "tags it follows; unknown without root"},
    {"target", "string|null", "name of the target that runs"},
    {"booted", "string|null", "commit that runs"},
    {"pending", "string|null", "commit that the next restart starts"},
    {"rollback", "string|null", "commit from before"},
    {"upgrade_available", "integer|null", "variable of the boot loader; unknown without root"},
    {"bootcount", "integer|null", "the same"},
    {"rollback_flag", "integer|null", "the same: rollback"},
    {"bootupgrade_available", "integer|null", "the same"},
    {"aklite", "=none|A|B|C", "generation of aklite-offline"},
    {"clock", "time|null", "its clock"},
    {"registered", "boolean", "with a factory"},
    {"type", "string|null", "who may sign for it: ci or prod"},
    {"daemon_active", "boolean", "aktualizr-lite runs"},
    {"daemon_enabled", "boolean", "aktualizr-lite starts by itself"},
    {"page_update", "boolean", "an update by its own page is under way"},
    {"early_start", "integer", "compose-apps-early-start: 1 enabled, 2 runs, 3 both"},
    {"early_recovery", "integer", "its recovery, in the same numbers"},
    {"reset_store", "boolean", "that may empty /var/lib/docker"},
    {"free_bytes", "integer", "room for systems"},
    {"var_free_bytes", "integer", "room on /var"},
    {"root_from", "string|null", "file with the root it trusts"},
    {"containers[].name", "string", "containers that are there"},
    {"containers[].image", "string|null", "their image"},
    {"containers[].app", "string|null", "the app they belong to"},
    {"containers[].running", "boolean", ""},
    {0},
};

#define STEPS "=none|send|install|reboot|run|roll-back|prove|done|failed"

static const struct x8_json_row journal[] = {
    {"step", STEPS, "how far it came"},
    {"bundle", "string|null", "what is installed"},
    {"from", "string|null", "image before"},
    {"to", "string|null", "image after"},
    {"target", "string|null", "its target"},
    {"commit", "string|null", "its commit"},
    {"restarts", "integer", "restarts so far"},
    {"begun", "time|null", ""},
    {"changed", "time|null", "last step"},
    {"note", "string|null", "how it ended"},
    {"file", "string", "the journal itself"},
    {0},
};

static const struct x8_json_row sent[] = {
    {"objects", "integer", "objects of ostree that the target needs"},
    {"objects_there", "integer", "of these: on the board already"},
    {"objects_staged", "integer", "of these: sent by an earlier try"},
    {"bytes", "integer", "bytes of what is sent"},
    {"bytes_sent", "integer", "of these: now, or to be sent"},
    {"need_bytes", "integer", "room it takes"},
    {"free_bytes", "integer", "room there is"},
    {"duration_ms", "integer", "how long it took"},
    {0},
};

static const struct x8_json_row show[] = {
    {"verdict", "code", "ok, or what speaks against it first"},
    {"bundle", "@bundle", "what is in it"},
    {"findings[]", "@finding", "what was checked"},
    {0},
};

static const struct x8_json_row newest[] = {
    {"image", "string|null", "its number"},
    {"release", "string|null", "Arduino's name for it"},
    {"date", "string|null", "when it was released"},
    {"catalogue", "string|null", "who says so: built in, a file, an address"},
    {"newer", "boolean|null", "than the board's; null where the two cannot be compared"},
    {"trouble", "string|null", "why the catalogue could not be had"},
    {0},
};

static const struct x8_json_row status[] = {
    {"boards[]", "@board", "one for each board"},
    {"boards[].board", "@system", "what it runs"},
    {"boards[].journal", "@journal|null", "the last update from this computer"},
    {"boards[].unfinished", "boolean", "that update has not ended"},
    {"boards[].findings[]", "@finding", "what was noticed"},
    {0},
};

static const struct x8_json_row check[] = {
    {"boards[]", "@board", "one for each board; without --to as of update status"},
    {"boards[].board", "@system", "what it runs"},
    {"boards[].journal", "@journal|null", "the last update from this computer"},
    {"boards[].unfinished", "boolean", "that update has not ended"},
    {"boards[].findings[]", "@finding", "what was checked"},
    {"boards[].bundle", "@bundle?", "with --to: what is in it"},
    {"boards[].space", "@sent?", "with --to: what would be sent"},
    {"boards[].verdict", "string?", "with --to: ok, nothing-to-do, or the name of an exit code"},
    {"boards[].complete", "boolean?", "with --to: false without root, which sees more"},
    {"boards[].newest_known", "@newest?", "without --to: the newest image that the catalogue has"},
    {0},
};

static const struct x8_json_row updated[] = {
    {"from", "string|null?", "image before"},
    {"to", "string|null?", "image after"},
    {"target", "string|null?", "its target"},
    {"commit", "string|null?", "its commit"},
    {"step", STEPS "?", "where the update stands"},
    {"proof", "=new|unconfirmed|old|mixed|null?", "which system runs, as far as that was seen"},
    {"reason", "string|null?", "why it is not the new one, confirmed"},
    {"unfinished", "boolean?", "x8ctl update finish has something to do"},
    {"nothing_to_do", "boolean?", "the board has the target already"},
    {"reboot_advised", "boolean?", "one more restart makes new boot firmware permanent"},
    {"restarts", "integer?", "restarts of this update"},
    {"install_ms", "integer?", "of these: the board's tool"},
    {"reboot_ms", "integer?", "of these: restarts"},
    {"duration_ms", "integer?", "how long this run took"},
    {"sent", "@sent?", "what was sent"},
    {"journal", "string?", "file of the journal"},
    {"dry_run", "boolean?", "nothing was changed"},
    {"verdict", "string?", "ok, nothing-to-do, or the name of an exit code"},
    {"findings[]", "@finding?", "what was checked, where a bundle was looked at"},
    {"space", "@sent?", "with --dry-run: what would be sent"},
    {0},
};

static const struct x8_json_row applied[] = {
    {"boards[]", "@board", "one for each board"},
    {"boards[]", "@updated", "as far as it came"},
    {0},
};

static const struct x8_json_row rolled_back[] = {
    {"boards[]", "@board", "one for each board"},
    {"boards[]", "@updated", "as far as it came"},
    {"boards[].to_commit", "string|null?", "the system it goes back to"},
    {0},
};

static const struct x8_json_row uploaded[] = {
    {"boards[]", "@board", "one for each board"},
    {"boards[].file", "string", "the sketch"},
    {"boards[].size", "integer", "bytes of the file"},
    {"boards[].load_bytes", "integer", "bytes that go to flash"},
    {"boards[].sha256", "sha256", "of the file"},
    {"boards[].board_sha256", "sha256|null", "the same, by the board"},
    {"boards[].dry_run", "boolean", "nothing was sent"},
    {"boards[].outcome", "=unknown|verified|unproven|refused|null", "x8ctl help sketches"},
    {"boards[].duration_ms", "integer", "how long all of it took"},
    {"boards[].copy_ms", "integer", "of these: sending"},
    {"boards[].programming_ms", "integer", "of these: OpenOCD"},
    {"boards[].reason", "string|null", "what OpenOCD complained of"},
    {"boards[].mended", "string|null", "what was put right before"},
    {"boards[].bridge", "=answers|stalled|null", "the M7 that serves the M4"},
    {0},
};

static const struct x8_json_row sketch[] = {
    {"boards[]", "@board", "one for each board"},
    {"boards[].file", "object|null", "the file on the board"},
    {"boards[].file.path", "string", "its place"},
    {"boards[].file.sha256", "sha256|null", "its digest"},
    {"boards[].file.size", "integer", "bytes"},
    {"boards[].file.time", "time|null", "when it came"},
    {"boards[].record", "object|null", "the last upload by x8ctl"},
    {"boards[].record.name", "string|null", "name of the sketch"},
    {"boards[].record.sha256", "sha256|null", "its digest"},
    {"boards[].record.time", "time|null", "when"},
    {"boards[].record.outcome", "=unknown|verified|unproven|refused", "x8ctl help sketches"},
    {"boards[].record.replaced", "boolean", "another file came since"},
    {"boards[].watcher.present", "boolean", "the unit that programs the M4 is there"},
    {"boards[].watcher.busy", "boolean", "it programs now"},
    {"boards[].watcher.dead", "boolean", "it does not watch any more"},
    {"boards[].watcher.path_state", "string|null", "as systemd says it"},
    {"boards[].watcher.path_result", "string|null", "the same"},
    {"boards[].watcher.service_state", "string|null", "the same"},
    {"boards[].watcher.service_result", "string|null", "the same"},
    {"boards[].watcher.service_status", "integer", "exit status of its last run"},
    {"boards[].watcher.status_is_telling", "boolean", "that status says how it went"},
    {"boards[].last", "object|null", "what OpenOCD said last; null without root"},
    {"boards[].last.verdict", "=unknown|verified|failed", ""},
    {"boards[].last.started", "boolean", "the M4 was started"},
    {"boards[].last.reason", "string|null", "its complaint"},
    {"boards[].last.cause", "string|null", "what that means"},
    {"boards[].last_unread_reason", "string|null", "why the journal was not read"},
    {"boards[].bridge", "=answers|stalled", "the M7 that serves the M4"},
    {"boards[].m7_firmware", "string|null", "version of the STM32H7's firmware"},
    {0},
};

static const struct x8_json_row reset[] = {
    {"boards[]", "@board", "one for each board"},
    {"boards[].dry_run", "boolean", "nothing was changed"},
    {0},
};

const struct x8_json_doc x8_json_update[] = {
    {"update-show", "what is in a bundle", show, X8_JSON_DOCUMENT},
    {"update-check", "whether boards can be updated", check, X8_JSON_DOCUMENT},
    {"update-status", "what they run, and what waits", status, X8_JSON_DOCUMENT},
    {"update-apply", "what came of an update", applied, X8_JSON_DOCUMENT},
    {"update-finish", "the same for one that was cut off", applied, X8_JSON_DOCUMENT},
    {"update-rollback", "the same for the way back", rolled_back, X8_JSON_DOCUMENT},
    {"update-legacy-399", "the same for image 399", applied, X8_JSON_DOCUMENT},
    {"sketch-upload", "what came of an upload", uploaded, X8_JSON_DOCUMENT},
    {"sketch-status", "what the M4 has", sketch, X8_JSON_DOCUMENT},
    {"sketch-reset", "boards whose STM32H7 was started again", reset, X8_JSON_DOCUMENT},
    {"newest", "what a catalogue knows", newest, X8_JSON_SHAPE},
    {"finding", "a check of a bundle or a board", finding, X8_JSON_SHAPE},
    {"bundle", "what is in a bundle", bundle, X8_JSON_SHAPE},
    {"system", "a board as an update sees it", system_of, X8_JSON_SHAPE},
    {"journal", "an update from this computer", journal, X8_JSON_SHAPE},
    {"sent", "what is sent", sent, X8_JSON_SHAPE},
    {"updated", "what came of an update", updated, X8_JSON_SHAPE},
    {0},
};
