/*
 * One command asks, one parser reads. The command is plain bash: a line of the answer is a key, a
 * space and the rest, and the key is put in front by the command itself, so no file's contents can
 * be taken for another's. What is missing on a board gives no line.
 */
#include "session/facts.h"

#include "session/facts_read.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

/* p KEY: put the key in front of each line of stdin, at most 80 lines of 500 bytes. */
#define PRELUDE                                                                                    \
    "exec 2>/dev/null; LC_ALL=C\n"                                                                 \
    "p() { local l n=0; while [ $n -lt 80 ] && { IFS= read -r l || [ -n \"$l\" ]; }; do\n"         \
    "printf '%s %s\\n' \"$1\" \"${l:0:500}\"; n=$((n + 1)); done; }\n"                             \
    "f() { [ -r \"$2\" ] && p \"$1\" <\"$2\"; }\n"                                                 \
    "t() { if command -v timeout >/dev/null; then timeout 4 \"$@\"; else \"$@\"; fi; }\n"

/* Builtins, and one program: a list asks every board it sees. Source of -S, which tells a user of
 * himself: shadow's passwd(1). */
#define SHORT                                                                                      \
    "f os /etc/os-release; f serial /sys/devices/soc0/serial_number\n"                             \
    "f hostname /proc/sys/kernel/hostname; f hw /run/arduino_hw_info.env\n"                        \
    "passwd -S </dev/null | p passwd\n"

/*
 * The driver's file comes last, with a limit: it blocks when the bridge to the STM32H7 has stalled.
 * Source of the paths: the board's own scripts (create-docker-envfile,
 * arduino-android-gadget-setup) and Linux's sysfs.
 */
#define LONG                                                                                       \
    "uname -r | p kernel; id -un | p user\n"                                                       \
    "f boot_id /proc/sys/kernel/random/boot_id; f uptime /proc/uptime; date +%s | p clock\n"       \
    "df -P -k / | p df/; df -P -k /tmp | p df/tmp; df -P -k /var | p df/var\n"                     \
    "for c in docker ostree nmcli aklite-offline openocd sudo; do\n"                               \
    "command -v $c >/dev/null && echo has $c; done\n"                                              \
    "[ -e /run/ostree-booted ] && echo has /ostree\n"                                              \
    "f role /sys/class/typec/port0/data_role\n"                                                    \
    "ip -o addr | p ip\n"                                                                          \
    "t systemctl --failed --plain --no-legend --no-pager | p failed\n"                             \
    "t systemctl is-active android-tools-adbd.service dropbear.socket docker.service"              \
    " m4-proxy.service | p active\n"                                                               \
    "t cat /sys/kernel/x8h7_firmware/version | p m7\n"

/* Without it the text was cut: nothing is missing, something was lost. */
#define END "echo end .; exit 0\n"

static int probe(struct x8_session *session, const struct x8_op *op, const char *command,
                 int timeout_ms, struct x8_facts *out, struct x8_error *err)
{
    X8_AUTO_RAN ran = {0};
    int rc = x8_run(session, op, command, timeout_ms, &ran, err);
    if (rc < 0) {
        x8_error_prefix(err, "asking the board about itself");
        return rc;
    }
    return x8_facts_parse(x8_buf_span(&ran.out), out, err);
}

int x8_facts_probe(struct x8_session *session, const struct x8_op *op, int timeout_ms,
                   struct x8_facts *out, struct x8_error *err)
{
    return probe(session, op, PRELUDE SHORT LONG END, timeout_ms, out, err);
}

int x8_facts_probe_short(struct x8_session *session, const struct x8_op *op, int timeout_ms,
                         struct x8_facts *out, struct x8_error *err)
{
    return probe(session, op, PRELUDE SHORT END, timeout_ms, out, err);
}

/* One line: its key and its value. */
static void take_line(struct facts_text *text, const char *line, size_t len)
{
    const char *space = memchr(line, ' ', len);
    if (!space)
        return;
    size_t key_len = (size_t)(space - line), value_len = len - key_len - 1;
    facts_take(text, line, key_len, space + 1, value_len);
}

int x8_facts_parse(struct x8_span span, struct x8_facts *out, struct x8_error *err)
{
    struct facts_text text = {.facts = out};
    const char *at = (const char *)span.data;
    size_t left = span.len;
    memset(out, 0, sizeof(*out));
    while (left) {
        const char *end = memchr(at, '\n', left);
        size_t len = end ? (size_t)(end - at) : left;
        take_line(&text, at, len);
        len += end ? 1 : 0;
        at += len;
        left -= len;
    }
    /* A board whose os-release cannot be read still has the rest. */
    if (text.os.len && x8_os_release_parse(x8_buf_span(&text.os), &out->os, NULL) < 0)
        memset(&out->os, 0, sizeof(out->os));
    x8_buf_done(&text.os);
    if (text.ended)
        return 0;
    x8_fail(err, X8_E_LINK, "the board's answer about itself is not complete");
    x8_error_why(err, "%zu bytes came, without the last line", span.len);
    x8_error_next(err, "try again; x8ctl exec -- cat /etc/os-release shows whether commands work");
    return -X8_E_LINK;
}

void x8_facts_default_name(const char *serial, char *out, size_t cap)
{
    char low[40];
    size_t n = 0;
    while (*serial == '0')
        serial++;
    for (; *serial && n + 1 < sizeof(low); serial++)
        low[n++] = (char)(*serial >= 'A' && *serial <= 'Z' ? *serial - 'A' + 'a' : *serial);
    low[n] = '\0';
    snprintf(out, cap, "portenta-x8-%s", n ? low : "unknown");
}
