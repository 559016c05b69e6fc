/*
 * Topics of x8ctl help that belong to no single command.
 */
#include "help.h"

#include "board/carriers.h"

#include <stdio.h>

static void all_options(struct x8_page *out)
{
    x8_put_options(out, x8_global_opts());
}

static void all_carriers(struct x8_page *out)
{
    const struct x8_carrier *row;

    for (size_t i = 0; (row = x8_carrier_row(i)); i++) {
        x8_put(out, "%s%s: %s\n", i ? "\n" : "", row->name, row->title);
        x8_put_row(out, "to flash", 14, row->hands);
        x8_put_row(out, "afterwards", 14, row->after);
    }
}

static void all_leds(struct x8_page *out)
{
    const struct x8_led *row;

    for (size_t i = 0; (row = x8_led_row(i)); i++)
        x8_put(out, "  %-8s %-8s %s\n", row->led, row->color, row->meaning);
}

static const char environment[] =
    "An option on the command line wins over a variable. An empty variable counts as\n"
    "not set. No secret is ever read from a variable.\n"
    "\n"
    "  X8CTL_SERIAL      board to use, as -s; see x8ctl help selectors\n"
    "  ANDROID_SERIAL    the same, when X8CTL_SERIAL is not set\n"
    "  X8CTL_TIMEOUT     limit for waiting on the board, as --timeout\n"
    "  X8CTL_PROGRESS    how progress is shown, as --progress\n"
    "  X8CTL_PASSWORD_FILE\n"
    "                    file with the board user's password, as --password-file\n"
    "  X8CTL_IMAGE_INDEX catalogue of images, as --index; this and the variables for\n"
    "                    proxies: x8ctl help images\n"
    "  X8CTL_HOME        one folder for all that x8ctl keeps: config/ (boards.json,\n"
    "                    your names for boards; sketch.json, see x8ctl help\n"
    "                    sketches), state/ (logs, journals, kept boot areas), cache/\n"
    "                    (images) and locks/; x8ctl help files\n"
    "  XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_CACHE_HOME\n"
    "                    without X8CTL_HOME: x8ctl/ in each of them; without them in\n"
    "                    ~/.config, ~/.local/state and ~/.cache\n"
    "  XDG_RUNTIME_DIR   without X8CTL_HOME: locks are in x8ctl/ there; without both\n"
    "                    in /tmp/x8ctl-UID\n"
    "  X8CTL_LOGS        how many runs leave a log in the state folder (20); 0: none\n"
    "  X8CTL_NET         how long the network is searched for boards (1s); 0:\n"
    "                    nothing is sent\n"
    "  ANDROID_ADB_SERVER_PORT, ADB_SERVER_SOCKET\n"
    "                    port of the adb server of this computer, as adb reads them:\n"
    "                    5038; tcp:5038 or tcp:localhost:5038\n"
    "  HOME              ~/.android/adbkey there is the key for boards that ask for\n"
    "                    one; ~/.ssh has config, known_hosts and keys for ssh\n"
    "  SSH_AUTH_SOCK     the ssh agent\n"
    "  NO_COLOR          set: no colour\n"
    "  CLICOLOR_FORCE    set and not 0: colour also where stderr is no terminal\n"
    "  TERM              dumb or not set: no colour, and lines instead of bars\n"
    "  GITHUB_ACTIONS, GITLAB_CI\n"
    "                    set: lines instead of bars\n"
    "  LC_ALL, LC_CTYPE, LANG\n"
    "                    the first that is set decides whether bars may use more\n"
    "                    than ASCII (UTF-8)\n";

static const char json[] =
    "With --json stdout holds one JSON document and nothing else. When the run failed\n"
    "it has the member error, always at the top: beside the result as far as there is\n"
    "one, or alone. Boards that failed have an error of their own in their rows.\n"
    "Progress, warnings and errors stay on stderr, in words.\n"
    "\n"
    "  error               code (its name), status (the number), what, why, next\n"
    "\n"
    "watch and logs go on until they are ended: there every line is an object. What\n"
    "prints no result (sketch reset, reboot) tells how each board fared; what prints\n"
    "a text that is made for a file (completion, udev print, help) prints just that.\n"
    "\n"
    "With --progress json every fact on stderr is one JSON object per line:\n"
    "\n"
    "  v, t, run           version of the form (1), time (UTC), name of this run\n"
    "  board               which board; left out for the run as a whole\n"
    "  ev                  what kind of fact: start, stage, progress, notice, ask,\n"
    "                      warn, error, result, ...\n"
    "  stage, state        the stage, and entered or finished; elapsed_ms at its end\n"
    "  done, total, unit   bytes, with rate (per second) and eta_s\n"
    "  text                the fact in words\n"
    "  error               as above\n"
    "  ok                  at the end: whether the board is good\n"
    "\n"
    "Members are only ever added; v changes when one changes its meaning. Numbers are\n"
    "plain, sizes are bytes, times are ISO 8601 in UTC; what is not known is null.\n"
    "Every member of every document: x8ctl.json(5), or without an installed page\n"
    "x8ctl help --man json | man -l -; as JSON Schema: x8ctl help --schema COMMAND.\n"
    "\n"
    "  x8ctl list --json | jq -r '.boards[].serial'\n"
    "  x8ctl info --json | jq -r '.error.next // empty'\n"
    "  x8ctl flash --progress json -y 934.tar.gz 2> flash.jsonl\n";

static const char selectors[] =
    "One board is taken without asking. With several, a terminal gets a numbered\n"
    "choice, and -s says which:\n"
    "\n"
    "  -s usb:1-4.2         the port it hangs on, as x8ctl list shows it; it stays\n"
    "                       the same while the board changes its mode\n"
    "  -s 1822aa09dab6fad9  its serial number, in capitals or not\n"
    "  -s fad9              the end of the serial number, four characters or more,\n"
    "                       when only one board ends so\n"
    "  -s bench-1           your own name for it: x8ctl name bench-1 -s fad9\n"
    "  -s adb:192.168.1.50  a board whose ADB daemon listens on the network, port\n"
    "                       5555 unless :PORT follows; HOST:PORT alone means the\n"
    "                       same\n"
    "  -s net:192.168.1.50  a board by its ssh; :PORT may follow ([fe80::1%eth0]:PORT\n"
    "                       for IPv6). With the name it has on the network, as in\n"
    "                       net:portenta-x8-1822aa09dab6fad9, it is searched for\n"
    "  -s 1:42              the form of a port that NXP's uuu prints, when only one\n"
    "                       port reads so\n"
    "\n"
    "-s may be repeated; --all takes every board that is in a fitting state. Nothing\n"
    "found is exit code 10, more than one is 11; both list what was seen.\n"
    "\n"
    "A running board is reached through a running adb server when that has it, else\n"
    "by its USB interface, else over TCP, else by ssh. --via usb, adb, tcp or net\n"
    "asks for one of them. An adb server is never started and never ended.\n"
    "\n"
    "The network is searched (for a second, X8CTL_NET) by list and watch; by other\n"
    "commands only where neither USB nor an adb server shows a board, where the\n"
    "selector fits none of those, or with --via net. So --all means boards on the\n"
    "network only where no other is there, or with --via net.\n"
    "\n"
    "An ssh key that is not known yet is shown and asked for at a terminal; elsewhere\n"
    "--accept-new-host-key keeps it. A board that was flashed has another one:\n"
    "x8ctl setup --renew-host-key -s net:HOST.\n"
    "\n"
    "The serial number changes, and may be missing, while a board is being flashed:\n"
    "in boot ROM it is not the one that Linux shows. The port is the safe choice\n"
    "there.\n"
    "X8CTL_SERIAL holds a selector for a whole session.\n";

static const char ci[] =
    "Nothing asks when stdin is no terminal: a question that would be needed ends\n"
    "with exit code 41 and names the flag that answers it (-y, or --confirm).\n"
    "\n"
    "  * Every wait has a limit: --timeout DUR or X8CTL_TIMEOUT for a board to come,\n"
    "    --stage-timeout DUR for each change of stage.\n"
    "  * Without a terminal progress is plain lines without escape codes, at most one\n"
    "    per 10 % or 10 s; tables are tab-separated with a header.\n"
    "  * --json and --progress json are for programs: x8ctl help json.\n"
    "  * The exit code says which action helps: x8ctl help exit-codes.\n"
    "  * Name the board by its port (-s usb:1-4.2): it stays while the mode changes.\n"
    "  * --log FILE keeps everything for the job's artefacts, also with -q; without\n"
    "    it the last runs have logs in the state folder: x8ctl help files.\n"
    "\n"
    "  x8ctl flash -y -t 3m -s usb:1-4.2 --log flash.log 934.tar.gz\n"
    "  x8ctl sketch upload --json --password-file pw t.elf |\n"
    "      jq -r '.boards[].outcome'\n";

static const char sketches[] =
    "A sketch runs on the M4 of the board's STM32H7; Linux programs it by OpenOCD. On\n"
    "the board a systemd unit watches /tmp/arduino/m4-user-sketch.elf and starts\n"
    "OpenOCD when that file is touched. A plain copy (the IDE's, adb push) touches it\n"
    "when it begins, so half a file may be programmed; what comes while OpenOCD runs\n"
    "is never looked at; after six touches in ten seconds the unit stops for good.\n"
    "None of that reaches whoever uploads: the copy is called success.\n"
    "\n"
    "x8ctl sketch upload puts the file beside that path under a name of its own,\n"
    "compares its SHA-256 on the board and renames it: one trigger, a complete file.\n"
    "Then it waits for the unit and reads what came of it. A watcher that\n"
    "was triggered too often is started again, a folder that belongs to root given\n"
    "back; both are said. One that somebody stopped stays stopped.\n"
    "\n"
    "  verified     OpenOCD has programmed the sketch and read it back\n"
    "  unproven     the unit has ended, and nobody looked how (--no-verify)\n"
    "  refused      OpenOCD failed; its words are in the message (exit code 32)\n"
    "  unknown      nothing tells; never success (exit code 34)\n"
    "\n"
    "Images 95 program through a script that always ends well: only OpenOCD's words\n"
    "in the journal tell, and only root reads that. --password-file FILE, or a\n"
    "terminal, where x8ctl asks.\n"
    "\n"
    "To build one (the core arduino:mbed_portenta has to be installed):\n"
    "\n"
    "  b=arduino:mbed_portenta:portenta_x8\n"
    "  arduino-cli compile -b $b --export-binaries blink\n"
    "  x8ctl sketch upload blink\n"
    "\n"
    "The sketch stays in flash and runs again after each start of the board; the file\n"
    "is gone then. The M4 cannot be stopped alone; an empty sketch does the same.\n"
    "\n"
    "A sketch is loaded into the flash from 0x08100000 to 0x081fffff. A firmware of\n"
    "your own may allow more places; name them in sketch.json in the folder config\n"
    "(x8ctl help environment), as texts, in hexadecimal or not. The M7's flash cannot\n"
    "be named.\n"
    "\n"
    "  {\"regions\": [{\"start\": \"0x90000000\", \"length\": \"0x1000000\"}]}\n";

static const char images[] =
    "x8ctl image list shows the catalogue: the releases that x8ctl was built with, or\n"
    "those of another file or address: --index, or X8CTL_IMAGE_INDEX. A company can\n"
    "have its own, beside a mirror of the files. It is JSON:\n"
    "\n"
    "  { \"format\": 1,\n"
    "    \"base\": \"https://mirror.example/x8/\",\n"
    "    \"latest\": {\"image\": \"934\"},\n"
    "    \"images\": [\n"
    "      { \"image\": \"934\", \"release\": \"91.9\", \"date\": \"2025-08\", \"lmp\": \"91\",\n"
    "        \"file\": \"934.tar.gz\", \"size\": 1097240589, \"sha256\": \"2f2065c7...\",\n"
    "        \"parts\": { \"u-boot-portenta-x8.itb\": \"b4c055ed...\" },\n"
    "        \"notes\": \"what one should know\" } ] }\n"
    "\n"
    "  base      the address that \"file\" is relative to; without it, the one that the\n"
    "            catalogue came from. A catalogue that is a file needs it\n"
    "  latest    the image that counts as the latest, or a file name that moves\n"
    "  image     its number: the only member that must be there\n"
    "  file      a name, or an address of its own; without it nobody can get it\n"
    "  size      of the file, in bytes\n"
    "  sha256    of the file: another one is refused\n"
    "  parts     SHA-256 of files in it, by name, packed (.wic.gz) or not (.wic);\n"
    "            x8ctl image verify compares them\n"
    "\n"
    "Other members are left alone. Known ones of another kind or given twice, and\n"
    "two images with one number or one release, are refused. A catalogue from an\n"
    "address is kept, and used when the server cannot be reached, with a warning.\n"
    "\n"
    "An address that is that of an image whose sha256 is known, or that ends in the\n"
    "same file name (a mirror), has to be that image; so has a file of exactly its\n"
    "size. Another image needs another name, or a catalogue that says what it is.\n"
    "\n"
    "The cache is images/ in ~/.cache/x8ctl, or where XDG_CACHE_HOME and X8CTL_HOME\n"
    "say. A file in it is called by its SHA-256 and gets that name when it is\n"
    "complete and compared. What was cut off is there as part-..., and goes on where\n"
    "it stopped if the server still has the same file. bad-... came with a wrong\n"
    "digest, or was no image. A digest that no catalogue knows is noted (pin-...)\n"
    "when an address is first used. x8ctl image prune makes room; notes stay, until\n"
    "prune --pins removes those whose files are gone.\n"
    "\n"
    "  X8CTL_IMAGE_INDEX  the catalogue, as --index\n"
    "  http_proxy, https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY\n"
    "                     the way out for either kind of address\n"
    "  no_proxy, NO_PROXY hosts that are reached without it\n"
    "\n"
    "x8ctl flash --dry-run of a release or an address fills the cache, and says so;\n"
    "with --no-cache it keeps and notes nothing. x8ctl image get --dry-run asks\n"
    "nobody. What nobody knows a digest of is unpacked once before it is noted: a\n"
    "file that was cut off on its server is refused (21).\n"
    "\n"
    "A server is waited for: 15 s until it is connected, 30 s while it sends nothing\n"
    "(or less than a byte a second). What is waited for is shown from the second\n"
    "second on. What fails so is tried five times in all, 1, 2, 4 and 8 s apart or\n"
    "as the server asks (at most 60 s); every MiB that came counts the tries anew.\n"
    "\n"
    "Servers are asked over http and https only; certificates are always checked.\n"
    "--ca-file names those of a company's own authority. --offline never asks\n"
    "anybody.\n"
    "\n"
    "  x8ctl image get 934 --index https://mirror.example/x8/index.json\n"
    "  x8ctl flash 934 --offline\n";

static const char files[] =
    "What x8ctl keeps on this computer. X8CTL_HOME puts all of it into one folder,\n"
    "in config/, state/, cache/ and locks/ there; the XDG variables move single\n"
    "parts: x8ctl help environment.\n"
    "\n"
    "  ~/.config/x8ctl/boards.json\n"
    "                    your names for boards: x8ctl name\n"
    "  ~/.config/x8ctl/sketch.json\n"
    "                    further places for sketches: x8ctl help sketches\n"
    "  ~/.local/state/x8ctl/logs/\n"
    "                    a log of each of the last 20 runs\n"
    "  ~/.local/state/x8ctl/flash/, update/\n"
    "                    journals: what flash --resume and update finish go on from\n"
    "  ~/.local/state/x8ctl/boot-areas/\n"
    "                    boot areas of boards, kept before they are cleared\n"
    "  ~/.cache/x8ctl/   images and bundles: x8ctl help images\n"
    "  $XDG_RUNTIME_DIR/x8ctl/\n"
    "                    locks, so that two runs do not meet on one board\n"
    "\n"
    "A run leaves a log when it acts on a board or fetches an image: flash, uuu,\n"
    "recover, setup, reboot, push, pull, sketch upload and reset, update apply,\n"
    "finish and legacy-399, image get. Its name is TIME-COMMAND-PROCESS.log. It has\n"
    "the command line, steps, warnings, the dialogue with the device and how it\n"
    "ended, with times, but neither the bytes on the wire nor what was transferred,\n"
    "at most 4 MiB; only you may read it. exec and shell leave one only when x8ctl\n"
    "itself failed, without what was to be run: that may hold anything.\n"
    "\n"
    "A dry run leaves none, nor does one with --log FILE: that file has it all.\n"
    "X8CTL_LOGS=0 keeps none, X8CTL_LOGS=5 the last five. Where the folder cannot be\n"
    "written there are none either, and only -v says so.\n"
    "Passwords are never in a log; x8ctl report packs the logs, and with --mask hides\n"
    "serial numbers and names in them.\n";

const struct x8_topic x8_topics[] = {
    {"options", "options of every command",
     "They may stand before or after the command word; -- ends options.\n\n", all_options},
    {"exit-codes", "all exit codes",
     "Each code leads to a different action. `x8ctl help E13` explains one. Every\n"
     "command may also end with 1 or 2, and, when its result cannot be written, with\n"
     "20 or 25.\n\n",
     x8_page_codes},
    {"environment", "variables that are read", environment, NULL},
    {"files", "what is kept on this computer, and where", files, NULL},
    {"json", "output for programs", json, NULL},
    {"selectors", "naming a board", selectors, NULL},
    {"carriers", "switches for flashing, by carrier board",
     "What hands do before and after flashing. With pictures: x8ctl guide CARRIER.\n\n",
     all_carriers},
    {"leds", "what the lights on the board mean", "The two LEDs of a Portenta X8:\n\n", all_leds},
    {"ci", "running without a person", ci, NULL},
    {"sketches", "what becomes of a sketch, and where it may lie", sketches, NULL},
    {"images", "the catalogue of images, downloads, the cache", images, NULL},
    {NULL, NULL, NULL, NULL},
};

void x8_page_topic(const struct x8_topic *topic, struct x8_page *out)
{
    x8_put(out, "x8ctl help %s: %s\n\n%s", topic->name, topic->summary, topic->text);
    if (topic->more)
        topic->more(out);
}
