/*
 * Documents of the commands that look, and the shapes that all share.
 */
#include "help_json.h"

#include <stddef.h>

/* clang-format off */
static const struct x8_json_row error[] = {
    {"code", "code!", "name of the exit code"},
    {"status", "integer!", "the exit code; with exec and shell it is here only, as they end with 255"},
    {"what", "string!", "what went wrong, with what"},
    {"why", "string|null!", "the best supported cause"},
    {"next", "string|null!", "a command to paste, or a thing to do"},
    {0},
};

static const struct x8_json_row board[] = {
    {"serial", "string|null!", "serial number"},
    {"name", "string|null!", "your name for it"},
    {"where", "string!", "port or address: \"usb 1-4.2\", \"adb 192.168.1.50:5555\""},
    {"code", "code!", "how it ended on this board"},
    {"error", "@error?", "why; with every code but ok"},
    {0},
};

#define MODES "=none|linux|rom|spl|fastboot|initramfs"

static const struct x8_json_row seen[] = {
    {"serial", "string|null", "serial number"},
    {"name", "string|null", "your name for it"},
    {"state", "string", "as x8ctl list shows it: linux, rom, spl, fastboot, no-access, ..."},
    {"image", "string|null", "number of the image it runs"},
    {"carrier", "string|null", "what it is plugged on"},
    {"links", "string|null", "ways to it: usb, adb, tcp, net; separated by blanks"},
    {"where", "string", "port or address"},
    {"speed", "string|null", "of its USB link: 480M, 12M"},
    {"hostname", "string|null", "its own name"},
    {"note", "string|null", "what one should know"},
    {"next", "string|null", "what to do about that"},
    {"port", "string|null", "USB port"},
    {"mode", MODES, "what its USB ids say"},
    {"needs_something", "boolean", "it cannot be used as it is, or not fully"},
    {"code", "code", "what a command that needs it would end with"},
    {"other_chip", "boolean?", "on USB: an NXP chip that is none of this board's"},
    {"vid", "string?", "on USB: vendor id, four hexadecimal digits"},
    {"pid", "string?", "on USB: product id"},
    {"bcd_device", "string?", "on USB: release of the device"},
    {"product", "string|null?", "on USB: what it calls itself"},
    {"manufacturer", "string|null?", "on USB: who made it"},
    {"adb", "boolean?", "on USB: it has an ADB interface"},
    {"node", "string?", "on USB: the device file"},
    {"access", "boolean?", "on USB: you may open it"},
    {"adb_serial", "string|null?", "with an adb server: its name there"},
    {"adb_state", "string|null?", "with an adb server: its state there"},
    {"address", "string?", "named by an address: host and port"},
    {"net_address", "string?", "found on the network: its address"},
    {"net_name", "string|null?", "found on the network: its name"},
    {"machine", "string|null?", "it answered: LMP_MACHINE of its os-release"},
    {"hat", "string|null?", "it answered: the board on its carrier"},
    {0},
};

static const struct x8_json_row list[] = {
    {"boards[]", "@seen", "one for each board that fits -s and --state"},
    {0},
};

static const struct x8_json_row watch[] = {
    {"v", "integer", "version of the form: 1"},
    {"t", "time", "when it was seen"},
    {"ev", "=present|arrived|left|access|changed", "present: there from the start"},
    {"", "@seen", "and all that list says of a board"},
    {0},
};

static const struct x8_json_row space[] = {
    {"size", "integer", "bytes"},
    {"free", "integer", "bytes"},
    {0},
};

static const struct x8_json_row info[] = {
    {"boards[]", "@board", "one for each board; with FIELDs only those"},
    {"boards[].hostname", "string|null?", "its own name"},
    {"boards[].via", "string|null?", "the way it was asked"},
    {"boards[].image", "string|null?", "number of its image"},
    {"boards[].release", "string|null?", "its system, in words"},
    {"boards[].machine", "string|null?", "LMP_MACHINE"},
    {"boards[].kernel", "string|null?", "release of the kernel"},
    {"boards[].carrier", "string|null?", "what it is plugged on"},
    {"boards[].hat", "string|null?", "the board on its carrier"},
    {"boards[].m7_firmware", "string|null?", "version of the STM32H7's firmware"},
    {"boards[].usb_role", "string|null?", "host or device"},
    {"boards[].uptime", "integer?", "seconds since its start"},
    {"boards[].clock", "time|null?", "its clock"},
    {"boards[].root", "@space?", "the root file system"},
    {"boards[].var", "@space?", "/var"},
    {"boards[].tmp", "@space?", "/tmp"},
    {"boards[].network", "string|null?", "interfaces and addresses"},
    {"boards[].user", "string|null?", "who x8ctl is there"},
    {"boards[].adbd", "string|null?", "state of its ADB daemon"},
    {"boards[].ssh", "string|null?", "state of its ssh daemon"},
    {"boards[].docker", "string|null?", "state of docker"},
    {"boards[].m4_proxy", "string|null?", "state of the service between Linux and the M4"},
    {"boards[].failed_units", "string|null?", "units of systemd that failed"},
    {"boards[].boot_id", "string|null?", "another one after each start"},
    {"boards[].notes[]", "string?", "what one should know; without FIELDs"},
    {0},
};

static const struct x8_json_row os_release[] = {
    {"boards[]", "@board", "one for each board"},
    {"boards[].os_release", "object?", "not with --check alone"},
    {"boards[].os_release.*", "string", "KEY and its value"},
    {0},
};

static const struct x8_json_row waited[] = {
    {"boards[]", "object", "with --health a row as of other commands; else those that were waited for"},
    {"boards[].serial", "string|null!", "serial number"},
    {"boards[].name", "string|null!", "your name for it"},
    {"boards[].where", "string!", "port or address"},
    {"boards[].state", "string?", "without --health: its state"},
    {"boards[].image", "string|null?", "without --health: number of its image"},
    {"boards[].code", "code?", "with --health: how it ended"},
    {"boards[].checks", "integer?", "with --health: how many passed"},
    {"boards[].error", "@error?", "with --health: why it is not well"},
    {"seconds", "number?", "without --health: how long it took"},
    {0},
};

static const struct x8_json_row nothing_more[] = {
    {"boards[]", "@board", "one for each board"},
    {0},
};

static const struct x8_json_row guide[] = {
    {"carriers[]", "object?", "not with leds"},
    {"carriers[].name", "string", "its word for the command line"},
    {"carriers[].title", "string", "its name"},
    {"carriers[].switches_on[]", "string", "switches to set for flashing"},
    {"carriers[].steps[]", "string", "what to do, in order"},
    {"carriers[].hands", "string", "the same in one sentence"},
    {"carriers[].after", "string", "what to undo afterwards"},
    {"leds[].led", "string", "which light"},
    {"leds[].color", "string", "its colour"},
    {"leds[].meaning", "string", "what it tells"},
    {0},
};

static const struct x8_json_row check[] = {
    {"id", "string", "name of the check; it stays"},
    {"result", "=ok|warn|fail|skipped", "how it came out"},
    {"about", "string", "what was looked at, for people"},
    {"cause", "string", "the cause, or how it is when it is well; one line"},
    {"next", "string|null", "a command to paste, or a thing to do"},
    {"fixable", "boolean", "x8ctl doctor --fix can repair it"},
    {0},
};

static const struct x8_json_row doctor[] = {
    {"host[]", "@check", "one for each check of this computer"},
    {"boards[]", "@board", "one for each board that was asked"},
    {"boards[].checks[]", "@check?", "one for each check of the board"},
    {"problems", "integer", "how many checks failed"},
    {"warnings", "integer", "how many warn"},
    {"took_ms", "integer", "how long all of it took"},
    {0},
};

static const struct x8_json_row report[] = {
    {"path", "string", "the archive"},
    {"bytes", "integer", "its size"},
    {"masked", "boolean", "with --mask"},
    {"members[]", "string", "files in it"},
    {"boards[]", "object?", "one for each board that was asked: with --board, -s or --all"},
    {"boards[].serial", "string|null!", "serial number"},
    {"boards[].name", "string|null!", "your name for it"},
    {"boards[].where", "string!", "port or address"},
    {"boards[].code", "code!", "how asking it ended"},
    {"boards[].error", "@error?", "why it could not be asked"},
    {0},
};

const struct x8_json_doc x8_json_look[] = {
    {"list", "boards that are there", list, X8_JSON_DOCUMENT},
    {"watch", "a board that came, left or changed: one line each", watch, X8_JSON_LINE},
    {"info", "what running boards say about themselves", info, X8_JSON_DOCUMENT},
    {"os-release", "their os-release", os_release, X8_JSON_DOCUMENT},
    {"wait", "boards that are where they should be", waited, X8_JSON_DOCUMENT},
    {"identify", "boards whose LED blinked", nothing_more, X8_JSON_DOCUMENT},
    {"guide", "carriers and lights", guide, X8_JSON_DOCUMENT},
    {"doctor", "what was found wrong, and what to do", doctor, X8_JSON_DOCUMENT},
    {"report", "an archive to attach to a question", report, X8_JSON_DOCUMENT},
    {"error", "an error", error, X8_JSON_SHAPE},
    {"board", "a board of the run", board, X8_JSON_SHAPE},
    {"seen", "a board as list and watch see it", seen, X8_JSON_SHAPE},
    {"space", "room on a file system", space, X8_JSON_SHAPE},
    {"check", "one check of x8ctl doctor", check, X8_JSON_SHAPE},
    {0},
};

static const struct x8_json_row event[] = {
    {"v", "integer!", "version of the form: 1; it changes when a member changes its meaning"},
    {"t", "time!", "when, with milliseconds"},
    {"run", "string!", "name of this run, by chance"},
    {"board", "string?", "which board; not for the run as a whole"},
    {"ev", "=start|stage|progress|notice|wait|ask|warn|detail|trace|wire|error|result!", "what kind of fact"},
    {"stage", "string?", "of a board: where it is"},
    {"state", "=entered|finished?", "ev stage: which end of it"},
    {"elapsed_ms", "integer?", "ev stage, finished: how long it took"},
    {"done", "integer?", "ev progress: bytes so far"},
    {"total", "integer|null?", "ev progress: bytes in all, where that is known"},
    {"unit", "=B?", "ev progress"},
    {"rate", "integer?", "ev progress: bytes per second, 0 while that is not known"},
    {"eta_s", "integer|null?", "ev progress: seconds to go"},
    {"ok", "boolean?", "ev result: the board is good"},
    {"text", "string?", "the fact in words"},
    {"error", "@error?", "ev error"},
    {0},
};

const struct x8_json_doc x8_json_events[] = {
    {"events", "--progress json: one line on stderr for each fact", event, X8_JSON_LINE},
    {0},
};
