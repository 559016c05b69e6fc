/*
 * Two questions to a board: the facts that everybody asks for, and what only doctor wants to know.
 * A line of the second answer is a key, a blank and the rest, as of the first.
 *
 * Sources of the paths: meta-partner-arduino (program-h7.sh: where the firmware has its version;
 * monitor-m4-elf-file.path), meta-lmp (the boot loader's variables), Linux (wireless, tcp),
 * systemd-timesyncd(8): its flag file costs nothing, while timedatectl starts a service.
 */
#include "doctor/board.h"

#include "session/run.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ASK_MS = 15000, ADB_PORT = 5555 };

static const char question[] =
    "exec 2>/dev/null; export LC_ALL=C PATH=\"$PATH:/usr/sbin:/sbin\"\n"
    "p() { local l n=0; while [ $n -lt 80 ] && { IFS= read -r l || [ -n \"$l\" ]; }; do\n"
    "printf '%s %s\\n' \"$1\" \"${l:0:300}\"; n=$((n + 1)); done; }\n"
    "h() { command -v \"$1\" >/dev/null; }\n"
    "t() { if h timeout; then timeout 3 \"$@\"; else \"$@\"; fi </dev/null; }\n"
    "[ -e /sys/kernel/x8h7_firmware/version ] && echo is bridge\n"
    "m=/usr/arduino/extra/STM32H747AII6_CM7.bin\n"
    "[ -r $m ] && tail -c +262145 $m | head -c 40 | tr -d '\\0' | p m7want\n"
    "t systemctl show monitor-m4-elf-file.path -p LoadState -p ActiveState -p Result | p path\n"
    "d=/tmp/arduino; [ -d $d ] && { echo is folder\n"
    "[ -w $d ] && [ -x $d ] || echo \"denied $(stat -c %U $d)\"; }\n"
    "h fw_printenv && t fw_printenv | grep -E "
    "'^(upgrade_available|rollback|bootupgrade_available)=' | p env\n"
    "[ -e /run/ostree/staged-deployment ] && echo is staged\n"
    "h ostree && t ostree admin status | grep -E '\\((pending|staged)\\)' | p deployment\n"
    "d=/run/systemd/timesync; if [ -e $d/synchronized ]; then echo ntp yes\n"
    "elif [ -d $d ]; then echo ntp no\n"
    "elif h timedatectl; then t timedatectl show -p NTPSynchronized --value | p ntp; fi\n"
    "t passwd -S | p passwd; stat -c %Y /etc/machine-id | p first\n"
    "grep -h ' 0A ' /proc/net/tcp /proc/net/tcp6 | head -n 60 | p tcp\n"
    "p radio </proc/net/wireless\n"
    "echo end .; exit 0\n";

/* --- reading --- */

/* "04/18/2024" or "2024-04-18": days since 1970, or 0. Source: shadow's passwd(1). */
static int64_t day_of(const char *text)
{
    int year = 0, month = 0, day = 0;
    int64_t seconds;

    if (sscanf(text, "%4d-%2d-%2d", &year, &month, &day) != 3 &&
        sscanf(text, "%2d/%2d/%4d", &month, &day, &year) != 3)
        return 0;
    seconds = x8_utc_seconds(year, month, day, 0, 0, 0);
    return seconds < 0 ? 0 : seconds / 86400;
}

static void take_property(struct x8_board_says *out, const char *value)
{
    const struct {
        const char *name;
        char *field;
        size_t cap;
    } rows[] = {{"LoadState=", out->path_load, sizeof out->path_load},
                {"ActiveState=", out->path_state, sizeof out->path_state},
                {"Result=", out->path_result, sizeof out->path_result}};

    for (size_t i = 0; i < X8_COUNT(rows); i++)
        if (x8_starts(value, rows[i].name))
            x8_clean(rows[i].field, rows[i].cap, value + strlen(rows[i].name),
                     strlen(value) - strlen(rows[i].name));
}

static void take_env(struct x8_board_says *out, const char *value)
{
    const struct {
        const char *name;
        int *field;
    } rows[] = {{"upgrade_available=", &out->upgrade_available},
                {"bootupgrade_available=", &out->bootupgrade_available},
                {"rollback=", &out->rollback}};

    for (size_t i = 0; i < X8_COUNT(rows); i++)
        if (x8_starts(value, rows[i].name))
            *rows[i].field = strcmp(value + strlen(rows[i].name), "1") == 0;
}

/* "  0: 00000000:15B3 00000000:0000 0A ...": an address of zeros is everybody's. */
static void take_socket(struct x8_board_says *out, const char *value)
{
    char address[40];
    unsigned port;

    if (sscanf(value, " %*s %39[0-9A-Fa-f]:%x", address, &port) == 2 && port == ADB_PORT &&
        address[strspn(address, "0")] == '\0')
        out->adb_on_network = 1;
}

/* " wlan0: 0000   54.  -56.  -256 ...": the second number is the level. The strongest counts. */
static void take_radio(struct x8_board_says *out, const char *value)
{
    char name[24];
    double level;

    if (sscanf(value, " %23[^: ]: %*s %*s %lf", name, &level) != 2 || level >= 0 || level < -200)
        return;
    if (out->radio[0] && out->radio_dbm >= (int)level)
        return;
    x8_clean(out->radio, sizeof out->radio, name, strlen(name));
    out->radio_dbm = (int)level;
}

static void take_is(struct x8_board_says *out, const char *value)
{
    if (strcmp(value, "bridge") == 0)
        out->has_bridge = 1;
    else if (strcmp(value, "folder") == 0)
        out->has_folder = 1;
    else if (strcmp(value, "staged") == 0)
        out->is_staged = 1;
}

static void take_first(struct x8_board_says *out, const char *value)
{
    uint64_t seconds;

    if (x8_parse_u64(value, &seconds) == 0 && seconds < (uint64_t)INT64_MAX)
        out->first_day = (int64_t)(seconds / 86400);
}

static void take_passwd(struct x8_board_says *out, const char *value)
{
    char date[16];

    if (sscanf(value, "%*s %*s %15s", date) == 1)
        out->password_day = day_of(date);
}

/* 1 for the last line. */
static int take(struct x8_board_says *out, const char *key, const char *value)
{
    static const struct {
        const char *key;
        void (*take)(struct x8_board_says *out, const char *value);
    } rows[] = {{"is", take_is},      {"path", take_property}, {"env", take_env},
                {"tcp", take_socket}, {"radio", take_radio},   {"passwd", take_passwd},
                {"first", take_first}};

    for (size_t i = 0; i < X8_COUNT(rows); i++)
        if (strcmp(rows[i].key, key) == 0)
            rows[i].take(out, value);
    if (strcmp(key, "m7want") == 0)
        x8_clean(out->m7_wanted, sizeof out->m7_wanted, value, strlen(value));
    else if (strcmp(key, "deployment") == 0)
        out->is_staged = 1;
    else if (strcmp(key, "ntp") == 0)
        out->is_synchronised = strcmp(value, "yes") == 0;
    else if (strcmp(key, "denied") == 0) {
        out->folder_denied = 1;
        x8_clean(out->folder_owner, sizeof out->folder_owner, value, strlen(value));
    }
    return strcmp(key, "end") == 0;
}

int board_says_parse(struct x8_span text, struct x8_board_says *out)
{
    int has_ended = 0;

    out->upgrade_available = out->bootupgrade_available = out->rollback = -1;
    out->is_synchronised = -1;
    for (size_t at = 0; at < text.len;) {
        const uint8_t *end = memchr(text.data + at, '\n', text.len - at);
        size_t len = end ? (size_t)(end - text.data) - at : text.len - at;
        char line[400], *space;

        snprintf(line, sizeof line, "%.*s", (int)(len < sizeof line ? len : sizeof line - 1),
                 (const char *)text.data + at);
        space = strchr(line, ' ');
        if (space) {
            *space = '\0';
            has_ended |= take(out, line, space + 1);
        }
        at += len + 1;
    }
    return has_ended ? 0 : -1;
}

/* --- asking --- */

static int not_complete(struct x8_error *err)
{
    int rc = x8_fail(err, X8_E_LINK, "the board's answer is not complete");

    x8_error_next(err, "try again");
    return rc;
}

static int ask(struct x8_session *session, const struct x8_op *op, struct x8_board_says *out,
               struct x8_error *err)
{
    X8_AUTO_RAN ran = {0};
    int rc = x8_facts_probe(session, op, ASK_MS, &out->facts, err);

    if (rc == 0)
        rc = x8_run(session, op, question, ASK_MS, &ran, err);
    if (rc == 0 && board_says_parse(x8_buf_span(&ran.out), out) < 0)
        rc = not_complete(err);
    if (rc == 0)
        out->number = x8_os_image(&out->facts.os, out->image);
    return rc;
}

int x8_doctor_ask(struct x8_session *session, const struct x8_op *op, struct x8_board_says **out,
                  struct x8_error *err)
{
    struct x8_board_says *says = calloc(1, sizeof *says);
    int rc = says ? ask(session, op, says, err) : x8_fail(err, X8_E_INTERNAL, "out of memory");

    if (rc < 0)
        free(says);
    else
        *out = says;
    return rc;
}

void x8_board_says_free(struct x8_board_says **says)
{
    free(*says);
    *says = NULL;
}

const char *x8_board_says_image(const struct x8_board_says *says)
{
    return says->number ? says->image : "";
}
