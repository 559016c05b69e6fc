/*
 * Other programs that reach for the board: ModemManager, an adb server, other flashers.
 */
#include "doctor/parts.h"

#include "usb/usb.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What speaks version 41 of the protocol between client and server is adb of 2018 and later; a
 * client of another version ends the server and starts its own. Source: AOSP, adb.h,
 * ADB_SERVER_VERSION. */
enum { ADB_VERSION = 41 };

/* --- ModemManager --- */

static int find_modemmanager(void *ctx, const struct x8_process *process)
{
    *(unsigned *)ctx = process->pid;
    if (strcmp(process->comm, "ModemManager") == 0)
        return 1;
    *(unsigned *)ctx = 0;
    return 0;
}

/* A rule for vendor 2341, with no product or 0061, that sets one of ModemManager's words. */
static int line_ignores(const char *line, size_t len)
{
    char text[1024];

    snprintf(text, sizeof text, "%.*s", (int)(len < sizeof text ? len : sizeof text - 1), line);
    if (text[strspn(text, " \t")] == '#' || !strstr(text, "idVendor}==\"2341\""))
        return 0;
    if (strstr(text, "idProduct}==") && !strstr(text, "idProduct}==\"0061\""))
        return 0;
    return strstr(text, "ENV{ID_MM_DEVICE_IGNORE}=\"1\"") ||
           strstr(text, "ENV{ID_MM_PORT_IGNORE}=\"1\"") ||
           strstr(text, "ENV{ID_MM_TTY_BLACKLIST}=\"1\"");
}

static int file_ignores(const struct x8_host *host, const char *path)
{
    X8_AUTO_BUF text = {0};

    if (x8_host_read(host, path, &text) < 0)
        return 0;
    for (const char *at = x8_buf_text(&text); *at; at += strcspn(at, "\n"), at += *at == '\n')
        if (line_ignores(at, strcspn(at, "\n")))
            return 1;
    return 0;
}

static int some_rule_ignores(const struct x8_host *host)
{
    char path[512], **names;
    int found = 0;

    for (size_t i = 0; x8_usb_rules_dirs[i] && !found; i++) {
        size_t count = x8_host_names(host, x8_usb_rules_dirs[i], &names);

        for (size_t k = 0; k < count && !found; k++) {
            if (!x8_ends(names[k], ".rules"))
                continue;
            snprintf(path, sizeof path, "%s/%s", x8_usb_rules_dirs[i], names[k]);
            found = file_ignores(host, path);
        }
        free(names);
    }
    return found;
}

void x8_check_modemmanager(struct x8_look *look)
{
    unsigned pid = 0;
    struct x8_check *check;

    x8_host_processes(look->host, find_modemmanager, &pid);
    if (!pid) {
        x8_check_add(look->out, X8_CHECK_OK, "modemmanager", "modemmanager", "does not run");
        return;
    }
    if (some_rule_ignores(look->host)) {
        x8_check_add(look->out, X8_CHECK_OK, "modemmanager", "modemmanager",
                     "runs, and leaves 2341:0061 alone");
        return;
    }
    check = x8_check_add(look->out, X8_CHECK_WARN, "modemmanager", "modemmanager",
                         "ModemManager (%u) takes the board's serial line for a modem after each "
                         "plug: no rule tells it to ignore 2341:0061",
                         pid);
    x8_check_next(check, "sudo x8ctl udev install, then replug the board");
    x8_check_fix(check, X8_FIX_UDEV, NULL);
}

/* --- adb server --- */

static void warn_version(struct x8_look *look)
{
    struct x8_check *check =
        x8_check_add(look->out, X8_CHECK_WARN, "adb-server", "adb server",
                     "it speaks version %u: an adb of version %d would end it, and boards with "
                     "image 934 stay mute after that until they are plugged again",
                     look->waited.adb_version, ADB_VERSION);

    x8_check_next(check, "adb kill-server, then replug the board: x8ctl needs no adb server");
}

static void warn_owner(struct x8_look *look, unsigned uid)
{
    char name[64];
    struct x8_check *check;

    x8_host_user(look->host, uid, name, sizeof name);
    check = x8_check_add(look->out, X8_CHECK_WARN, "adb-server", "adb server",
                         "it belongs to another user (%s), who holds the boards and whose keys "
                         "count",
                         name);
    x8_check_next(check, "ask %s to run: adb kill-server", name);
}

void x8_check_adb_server(struct x8_look *look)
{
    const struct x8_waited *waited = &look->waited;
    unsigned uid = look->host->uid;
    struct x8_check *check;

    if (!look->host->adb_port)
        return;
    if (waited->adb == 0) {
        x8_check_add(look->out, X8_CHECK_OK, "adb-server", "adb server",
                     "none runs; x8ctl needs none");
    } else if (waited->adb < 0) {
        check = x8_check_add(look->out, X8_CHECK_WARN, "adb-server", "adb server",
                             "what listens on port %u is no adb server",
                             (unsigned)look->host->adb_port);
        x8_check_next(check, "end that program, or set ANDROID_ADB_SERVER_PORT to another port");
    } else if (x8_host_listens(look->host, look->host->adb_port, &uid) && uid != look->host->uid) {
        warn_owner(look, uid);
    } else if (waited->adb_version != ADB_VERSION) {
        warn_version(look);
    } else {
        x8_check_add(look->out, X8_CHECK_OK, "adb-server", "adb server", "version %u, shared",
                     waited->adb_version);
    }
}

/* --- flashers --- */

/* The kernel cuts names at 15 characters; those of processes whose command line cannot be seen are
 * compared so far. */
static const char *const flashers[] = {
    "uuu",
    "arduino-flasher-cli",
    "arduino-flasher",
    "snagrecover",
    "snagflash",
    "imx_usb",
    "mfgtoolcli",
    "fastboot",
    "qdl",
    "bmaptool",
    "arduino-cli-flash",
};

static int is_flasher(const struct x8_process *process)
{
    for (size_t i = 0; i < X8_COUNT(flashers); i++)
        if (strcmp(process->name, flashers[i]) == 0 || strncmp(process->comm, flashers[i], 15) == 0)
            return 1;
    return 0;
}

static int tell_flasher(void *ctx, const struct x8_process *process)
{
    struct x8_look *look = ctx;
    struct x8_check *check;
    char user[64];

    if (!is_flasher(process))
        return 0;
    x8_host_user(look->host, process->uid, user, sizeof user);
    check = x8_check_add(look->out, X8_CHECK_WARN, "flashers", "flashers",
                         "%s (%u, user %s) runs and may take a board in flashing mode",
                         process->name, process->pid, user);
    x8_check_next(check, "let it finish, or end it: kill %u", process->pid);
    return 0;
}

void x8_check_flashers(struct x8_look *look)
{
    size_t before = look->out->count;

    x8_host_processes(look->host, tell_flasher, look);
    if (look->out->count == before)
        x8_check_add(look->out, X8_CHECK_OK, "flashers", "flashers", "no other one runs");
}
