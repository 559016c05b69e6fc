/*
 * Exit codes explained: usual causes and what to do, for every code that a command of this version
 * can end with. A code that is only reserved says so by itself.
 */
#include "help.h"

#include <stdio.h>
#include <string.h>

enum { PAGE_COLUMNS = 77 };

static const struct x8_code_help texts[] = {
    {X8_E_INTERNAL, "  * something happened that x8ctl has no name for, or memory ran out\n",
     "  * x8ctl report packs the log of this run; or repeat with -vv --log x8ctl.log\n"
     "  * open an issue with that file\n"},
    {X8_E_USAGE,
     "  * a misspelt command or option, a value that is missing or cannot be read\n"
     "  * a variable of the environment that holds such a value\n",
     "  * x8ctl help COMMAND shows the right form; nothing was started\n"},
    {X8_E_PENDING,
     "  * x8ctl update apply --no-reboot: the new system is installed, the old one\n"
     "    still runs\n",
     "  * x8ctl update finish restarts the board and confirms the update\n"
     "  * a restart by other means starts the new system, too; then x8ctl update\n"
     "    finish within five starts, or the board goes back to the old one\n"
     "  * x8ctl update status shows what waits\n"},
    {X8_E_DIFFERS, "  * the command checked something, and it is not as it should be\n",
     "  * the output lists what differs and what changes it\n"},
    {X8_E_NO_BOARD,
     "  * the cable only carries power, or the plug sits loosely\n"
     "  * the switches of the carrier are not set for flashing, or the board was not\n"
     "    restarted after they were\n"
     "  * a hub, dock or virtual machine does not pass the device on\n"
     "  * -s names a port or serial number that is not there (a serial changes with\n"
     "    the mode), or an address where nobody listens\n"
     "  * --via asks for a way that the board does not have\n",
     "  * x8ctl watch, then plug the board in: does anything appear at all?\n"
     "  * x8ctl guide shows the switches of your carrier\n"
     "  * another cable, and a port on the computer itself\n"
     "  * --timeout 5m gives your hands more time\n"},
    {X8_E_SEVERAL, "  * more than one board fits, and x8ctl does not guess\n",
     "  * -s usb:PORT for one of the boards in the list, or --all for every one\n"},
    {X8_E_WRONG_STATE,
     "  * the board runs Linux, or waits in a mode this command cannot use\n"
     "  * it runs, but offers no ADB: it is still starting, or its image has adb off\n"
     "  * a loader that was started earlier is stuck\n",
     "  * x8ctl list shows the state, x8ctl guide how to get to flashing mode and back\n"
     "  * x8ctl wait --state linux waits until a board answers\n"
     "  * switch the board's power off and on\n"},
    {X8_E_NO_PERMISSION,
     "  * no udev rule gives you access to the device, or it sorts behind 73\n"
     "  * the rule is there, but the board was plugged in before\n"
     "  * a container or sandbox without access to /dev/bus/usb\n"
     "  * for files: the folder belongs to somebody else\n",
     "  * sudo x8ctl udev install, once per computer; then replug the board\n"
     "  * x8ctl udev check says what is still missing\n"
     "  * there is no need to run x8ctl itself as root\n"
     "  * for files: name a folder of your own (-o, X8CTL_HOME), or see who owns it\n"},
    {X8_E_BUSY,
     "  * another x8ctl or uuu is working on the board, or has a shell there\n"
     "  * ModemManager, an adb server or a virtual machine took it\n",
     "  * end the program that the message names, or wait for it\n"
     "  * x8ctl udev install also tells ModemManager to leave the board alone\n"},
    {X8_E_GONE,
     "  * the cable, a hub or the power supply gave way\n"
     "  * a reset button was pressed\n",
     "  * plug the board straight into the computer, with another cable\n"
     "  * start the same command again: it goes on from the state the board is in;\n"
     "    what was being written is written again from the start\n"},
    {X8_E_TIMEOUT,
     "  * the loader hangs, or the board is in a state it cannot leave by itself\n"
     "  * the link is slow (12 Mbit/s behind an old hub), and the limit too short\n"
     "  * ADB over TCP has one place, and another client has it\n"
     "  * a running board's daemon hangs, as on image 934 after an adb server was\n"
     "    ended\n",
     "  * switch the board's power off and on, or replug it, then repeat\n"
     "  * x8ctl list --columns where,speed shows the speed of the link;\n"
     "    --stage-timeout raises the limit of a flash\n"},
    {X8_E_LINK, "  * a bad cable, a long chain of hubs, a worn port\n",
     "  * another cable, and a port on the computer itself\n"
     "  * -vv shows which transfer fails\n"},
    {X8_E_NO_FILE,
     "  * the name is wrong, or the file cannot be read by you\n"
     "  * a part that the script or the folder should hold is missing\n"
     "  * an output cannot be written: stdout is closed, a log's folder is missing\n",
     "  * the message names the file; x8ctl explain SCRIPT lists what a script needs\n"},
    {X8_E_BAD_IMAGE,
     "  * the download is cut short or damaged\n"
     "  * the file is of a kind x8ctl does not know (it looks at the content, not at\n"
     "    the name)\n"
     "  * a script with lines that cannot be understood\n",
     "  * compare size and digest with the page you got it from; download it again\n"
     "  * x8ctl flash --dry-run SOURCE checks everything without a board\n"},
    {X8_E_BAD_DIGEST,
     "  * the checksum inside a compressed file or beside an image does not match its\n"
     "    content: damaged on the way or on the disk\n",
     "  * download it again; if it happens again, test the computer's disk and memory\n"},
    {X8_E_MISFIT,
     "  * a loader for another chip, or an image for another board\n"
     "  * an image or part larger than the place it is written to\n"
     "  * a sketch compiled for another board, or for the M7\n",
     "  * take the image made for the Portenta X8\n"
     "  * x8ctl explain SCRIPT shows what goes where\n"
     "  * compile the sketch for arduino:mbed_portenta:portenta_x8\n"},
    {X8_E_NETWORK,
     "  * the server cannot be reached: no network, no name server, a proxy in between\n"
     "  * its certificate is not known here, or this computer's clock is wrong\n"
     "  * the server has no such file, or ended the transfer again and again\n"
     "  * --offline, and the cache does not have it\n",
     "  * the message has the server's own words; the same command goes on where the\n"
     "    download stopped\n"
     "  * https_proxy=http://HOST:PORT for a proxy, --ca-file FILE for a company's own\n"
     "    certificates\n"
     "  * download the file elsewhere and name it instead: x8ctl flash FILE\n"},
    {X8_E_HOST_SPACE, "  * the disk of this computer is full, or a quota is used up\n",
     "  * make room, or send the log or the result elsewhere\n"},
    {X8_E_BOARD_SPACE,
     "  * there is no room on the board for what is sent (a sketch goes to /tmp, which\n"
     "    is memory)\n",
     "  * a smaller image, or remove something from the board\n"},
    {X8_E_REFUSED,
     "  * the board answered no; its own words are in the message\n"
     "  * an eMMC that is worn out or write-protected\n"
     "  * a script that asks for something this loader does not know\n",
     "  * -vv shows the dialogue up to the refusal\n"
     "  * switch the board's power off and on, then repeat once\n"},
    {X8_E_VERIFY,
     "  * the loader reported success for a write that failed (it does that)\n"
     "  * the eMMC returns other bytes than were written\n",
     "  * flash again: the board is not usable as it is, but can still be flashed\n"
     "  * the same regions again: the eMMC is worn out\n"},
    {X8_E_SKETCH,
     "  * OpenOCD on the board could not program the M4; its words are in the message\n"
     "  * the unit that programs sketches is not in this image, or was stopped\n",
     "  * x8ctl sketch upload again; when OpenOCD does not reach the chip, switch the\n"
     "    board's power off and on first\n"
     "  * x8ctl logs -u monitor-m4-elf-file.service shows all that OpenOCD said\n"
     "  * x8ctl sketch status shows the unit; x8ctl help sketches what happens there\n"},
    {X8_E_ROLLED_BACK,
     "  * the new system did not come up, or was not confirmed within its starts, and\n"
     "    the boot loader went back\n"
     "  * an app of the target did not start, and aklite-offline went back\n",
     "  * the board works as before; nothing has to be undone\n"
     "  * the message has the reason; x8ctl logs --since '1 hour ago' shows more\n"
     "  * room, power and containers in order: the same x8ctl update apply again; else\n"
     "    take another bundle, or x8ctl flash\n"},
    {X8_E_UNKNOWN_STATE,
     "  * the job broke off where x8ctl cannot tell what the board holds\n"
     "  * another program wrote a sketch to the board at the same time\n",
     "  * flash again; the boot ROM can always be reached with the carrier's switches\n"
     "  * for a sketch: upload it again, with nothing else uploading\n"},
    {X8_E_NO_BOOT,
     "  * the boot switches still stand on flashing, or the boot areas are empty\n"
     "  * the board needs longer than the limit, or lost its power\n"
     "  * its USB or network does not come up again\n",
     "  * look at its LEDs: x8ctl guide leds; switches: x8ctl guide CARRIER\n"
     "  * replug it, then x8ctl wait --state linux\n"},
    {X8_E_UNHEALTHY,
     "  * the board runs, but a check of the health file does not pass\n"
     "  * a sketch is programmed, but the M7 that serves Linux no longer answers\n",
     "  * the message names the first; x8ctl wait --health FILE -v shows each\n"
     "  * for a sketch: switch the board's power off and on\n"
     "  * x8ctl logs -p err, x8ctl info failed-units\n"},
    {X8_E_AUTH,
     "  * root on the board needs its user's password: none was given, or a wrong one\n"
     "  * the password has expired and must be changed first (images 844 to 861)\n"
     "  * the board's ADB daemon asks for a key that it does not know\n",
     "  * --password-file FILE or --password-fd N, or a terminal, where x8ctl asks\n"
     "  * images up to 861 came with the password fio, newer ones with none\n"},
    {X8_E_NEED_YES,
     "  * the command would erase something, and nobody can be asked: stdin or stderr\n"
     "    is no terminal, or --no-input was given\n"
     "  * a script burns fuses or sets what can be set only once: -y is not enough\n",
     "  * -y agrees; --confirm TEXT for a board that runs Linux (last four of its\n"
     "    serial number)\n"
     "  * --confirm fuse agrees to fuses; x8ctl explain SCRIPT shows the lines\n"},
    {X8_E_SOME_FAILED, "  * of several boards, at least one failed; the others are done\n",
     "  * each board's own error and code stand above; repeat with -s for those\n"},
    {X8_E_STOPPED,
     "  * Ctrl-C. The first press stops at the next safe point and says where, the\n"
     "    second at once\n",
     "  * start the same command again: it goes on from the state the board is in\n"},
    {X8_E_TERMINATED,
     "  * another program, a job's time limit or a shutdown sent SIGTERM or SIGHUP\n",
     "  * start the same command again: it goes on from the state the board is in\n"},
};

const struct x8_code_help *x8_code_help_find(enum x8_code code)
{
    for (size_t i = 0; i < X8_COUNT(texts); i++)
        if (texts[i].code == code)
            return &texts[i];
    return NULL;
}

static int lists(const struct x8_cmd *cmd, enum x8_code code)
{
    for (const unsigned char *e = cmd->exits; e && *e; e++)
        if (*e == (unsigned char)code)
            return 1;
    return 0;
}

/* Two codes belong to the program as a whole. */
static int is_general(enum x8_code code)
{
    return code == X8_OK || code == X8_E_INTERNAL || code == X8_E_USAGE;
}

int x8_code_in_use(enum x8_code code)
{
    if (is_general(code))
        return 1;
    for (const struct x8_cmd *const *c = x8_commands; *c; c++)
        if (lists(*c, code))
            return 1;
    return 0;
}

static void users(enum x8_code code, struct x8_page *out)
{
    const char *joint = "";
    size_t column = strlen("used by");

    if (is_general(code)) {
        x8_put(out, "\nused by every command\n");
        return;
    }
    x8_put(out, "\nused by");
    for (const struct x8_cmd *const *c = x8_commands; *c; c++) {
        if (!lists(*c, code))
            continue;
        column += strlen(joint) + strlen(" x8ctl ") + strlen((*c)->name);
        if (column > PAGE_COLUMNS) {
            x8_put(out, "%s\n       ", joint);
            column = strlen("        x8ctl ") + strlen((*c)->name);
            joint = "";
        }
        x8_put(out, "%s x8ctl %s", joint, (*c)->name);
        joint = ",";
    }
    x8_put(out, "\n");
}

void x8_page_code(enum x8_code code, struct x8_page *out)
{
    const struct x8_code_help *help = x8_code_help_find(code);
    x8_put(out, "E%d %s: %s\n", (int)code, x8_code_name(code), x8_code_meaning(code));

    if (code == X8_OK)
        return;
    if (!x8_code_in_use(code)) {
        x8_put(out, "\nreserved: no command of this version ends with it\n");
        return;
    }
    if (help)
        x8_put(out, "\nusual causes\n%s\nwhat to do\n%s", help->causes, help->todo);
    users(code, out);
}

void x8_page_codes(struct x8_page *out)
{
    const char *name, *meaning;
    enum x8_code code;

    for (unsigned i = 0; x8_code_row(i, &code, &name, &meaning); i++)
        if (x8_code_in_use(code))
            x8_put(out, "  %3d  %-15s %s\n", (int)code, name, meaning);
}
