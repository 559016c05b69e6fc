/*
 * Documents of the commands for running boards, and of those about x8ctl itself.
 */
#include "help_json.h"

#include <stddef.h>

/* clang-format off */
static const struct x8_json_row executed[] = {
    {"boards[]", "@board", "one for each board"},
    {"boards[].status", "integer?", "exit status of the command, when it has ended"},
    {"boards[].stdout", "string?", "what it printed; what is no UTF-8 is replaced"},
    {"boards[].stderr", "string?", "what it complained"},
    {0},
};

static const struct x8_json_row copied[] = {
    {"boards[]", "@board", "one for each board"},
    {"boards[].files", "integer", "files that are now there"},
    {"boards[].folders", "integer", "folders"},
    {"boards[].links", "integer", "links"},
    {"boards[].bytes", "integer", "their size"},
    {"boards[].changed", "integer", "of these: files that were not the same before"},
    {"boards[].moved_bytes", "integer", "bytes that went over the link"},
    {"boards[].removed", "integer", "files that were removed"},
    {"boards[].seconds", "number", "how long it took"},
    {"boards[].sha256", "sha256|null", "of a single file"},
    {"boards[].dry_run", "boolean", "nothing was changed"},
    {0},
};

static const struct x8_json_row forwarded[] = {
    {"boards[]", "@board?", "the board; not with --list and --stop"},
    {"boards[].pid", "integer?", "with --background: the process to end"},
    {"boards[].forwards[].host", "string", "address here"},
    {"boards[].forwards[].port", "integer", "port here"},
    {"boards[].forwards[].remote", "string", "what it leads to"},
    {"forwards[]", "object?", "--list: what is forwarded in the background; --stop: what was"},
    {"forwards[].host", "string", "address here"},
    {"forwards[].port", "integer", "port here"},
    {"forwards[].remote", "string", "what it leads to"},
    {"forwards[].board", "string", "the board"},
    {"forwards[].pid", "integer", "the process that does it"},
    {"forwards[].since", "string", "when it began"},
    {0},
};

static const struct x8_json_row opened[] = {
    {"boards[]", "@board", "the board"},
    {"boards[].url", "string", "address of its page"},
    {0},
};

static const struct x8_json_row restarted[] = {
    {"boards[]", "@board", "one for each board"},
    {"boards[].seconds", "number?", "until it was back"},
    {"boards[].port", "string?", "--to flash: its USB port"},
    {"boards[].state", "string?", "--to flash: rom"},
    {"boards[].kept", "string?", "--to flash: folder with a copy of its boot areas"},
    {"boards[].carrier", "string|null?", "--to flash: what it is plugged on"},
    {0},
};

static const struct x8_json_row recovered[] = {
    {"boards[]", "@board?", "--boot-areas: one for each board"},
    {"boards[].restored", "string?", "folder of the copy; not with --dry-run"},
    {"kept[]", "object?", "copies of boot areas on this computer"},
    {"kept[].serial", "string", "board it is from"},
    {"kept[].time", "string", "when it was made"},
    {"kept[].folder", "string", "where it is"},
    {0},
};

static const struct x8_json_row set_up[] = {
    {"boards[]", "@board", "the board"},
    {"boards[].password", "=unchanged|left alone|set|would be set|empty|as sold?", "of its user"},
    {"boards[].host_name", "=unchanged|set|would be set?", "--name"},
    {"boards[].ssh_key", "=is there|added|would be added?", "--ssh-key"},
    {"boards[].left[]", "string?", "what should still be done"},
    {"boards[].host_key", "=unchanged|renewed|would be renewed?", "--renew-host-key"},
    {"boards[].known[]", "object?", "--renew-host-key: keys that were known"},
    {"boards[].known[].type", "string", "kind of key"},
    {"boards[].known[].fingerprint", "string", "its fingerprint"},
    {"boards[].type", "string?", "--renew-host-key: kind of the key it shows now"},
    {"boards[].fingerprint", "string?", "--renew-host-key: its fingerprint"},
    {0},
};

static const struct x8_json_row named[] = {
    {"boards[]", "@board?", "with a name or --clear"},
    {"names[]", "object?", "without: the names there are"},
    {"names[].serial", "string", "serial number"},
    {"names[].name", "string", "your name for it"},
    {0},
};

static const struct x8_json_row udev_check[] = {
    {"path", "string", "file of the rules"},
    {"present", "boolean", "it is there"},
    {"current", "boolean", "it is what this version would write"},
    {"effective", "boolean", "no other file comes in between"},
    {"udevadm", "boolean", "this computer has udevadm"},
    {"other_files[]", "string", "files that name some of the same ids"},
    {0},
};

static const struct x8_json_row version[] = {
    {"name", "=x8ctl", ""},
    {"version", "string", ""},
    {"built_with", "object", "libraries"},
    {"built_with.*", "string", "name and version"},
    {0},
};

const struct x8_json_doc x8_json_run[] = {
    {"setup", "what was set up", set_up, X8_JSON_DOCUMENT},
    {"shell", "a line or script that has run: shell -c", executed, X8_JSON_DOCUMENT},
    {"exec", "a command that has run", executed, X8_JSON_DOCUMENT},
    {"push", "what was copied to boards", copied, X8_JSON_DOCUMENT},
    {"pull", "what was copied from a board", copied, X8_JSON_DOCUMENT},
    {"forward", "ports that lead to a board", forwarded, X8_JSON_DOCUMENT},
    {"open", "the board's own page", opened, X8_JSON_DOCUMENT},
    {"reboot", "boards that were restarted", restarted, X8_JSON_DOCUMENT},
    {"recover", "boot areas", recovered, X8_JSON_DOCUMENT},
    {"name", "your names for boards", named, X8_JSON_DOCUMENT},
    {"udev-check", "the rules of this computer", udev_check, X8_JSON_DOCUMENT},
    {"version", "x8ctl itself", version, X8_JSON_DOCUMENT},
    {0},
};
