/*
 * What is said to and by an adb server.
 */
#include "adb/server_wire.h"

#include "util/text.h"

#include <stdlib.h>
#include <string.h>

/* --- requests --- */

int x8_adb_request_put(struct x8_buf *out, const char *text)
{
    size_t len = strlen(text);

    if (len > 0xffff)
        return -1;
    return x8_buf_addf(out, "%04x%s", (unsigned)len, text);
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int x8_adb_hex4(const char in[4], unsigned *out)
{
    unsigned value = 0;

    for (int i = 0; i < 4; i++) {
        int d = digit(in[i]);

        if (d < 0)
            return -1;
        value = value << 4 | (unsigned)d;
    }
    *out = value;
    return 0;
}

/* --- refusals --- */

/* Words of servers of all versions, the first match counts. */
static const struct {
    const char *part;
    enum x8_code code;
    const char *what, *next;
} refusals[] = {
    {"unauthorized", X8_E_AUTH, "the adb server is not allowed to use it",
     "agree to this computer's key on the device"},
    {"authorizing", X8_E_AUTH, "it does not know the adb server's key yet",
     "agree to this computer's key on the device, or try again"},
    {"permission", X8_E_NO_PERMISSION, "the adb server has no rights to open it",
     "x8ctl udev install, then plug the board in again"},
    {"offline", X8_E_WRONG_STATE, "the adb server calls it offline",
     "unplug the board and plug it in again"},
    {"connecting", X8_E_WRONG_STATE, "the adb server is still connecting to it", "try again"},
    {"detached", X8_E_WRONG_STATE, "the adb server was told to let go of it", "adb attach"},
    {"bootloader", X8_E_WRONG_STATE, "it runs a boot loader, not Linux",
     "x8ctl list shows its state"},
    {"not found", X8_E_NO_BOARD, "the adb server does not know it",
     "x8ctl list shows the boards that are there"},
    {"no device", X8_E_NO_BOARD, "the adb server does not know it any more",
     "x8ctl list shows the boards that are there"},
    {"more than one", X8_E_SEVERAL, "the adb server knows several with this serial number",
     "unplug the others"},
};

static int refusal(const char *words, const char *serial, struct x8_error *err)
{
    for (size_t i = 0; i < X8_COUNT(refusals); i++) {
        if (!strstr(words, refusals[i].part))
            continue;
        x8_fail(err, refusals[i].code, "board %s: %s", serial, refusals[i].what);
        x8_error_why(err, "it says: %s", words);
        x8_error_next(err, "%s", refusals[i].next);
        return -(int)refusals[i].code;
    }
    return 0;
}

int x8_adb_server_fail(const char *words, size_t len, const char *serial, struct x8_error *err)
{
    char text[300], name[128];
    int rc;

    x8_clean(text, sizeof text, words, len);
    x8_clean(name, sizeof name, serial, strlen(serial));
    rc = refusal(text, name, err);
    if (rc < 0)
        return rc;
    x8_fail(err, X8_E_REFUSED, "board %s: the adb server refused a request", name);
    x8_error_why(err, "it says: %s", text);
    return -(int)X8_E_REFUSED;
}

int x8_adb_state_check(const struct x8_adb_device *device, struct x8_error *err)
{
    return refusal(device->state, device->serial, err);
}

/* --- lists of devices --- */

struct words {
    const char *at, *end;
};

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct words trimmed(struct words w)
{
    while (w.at < w.end && is_blank(*w.at))
        w.at++;
    while (w.at < w.end && is_blank(w.end[-1]))
        w.end--;
    return w;
}

/* The last word of the line, cut off. */
static struct words take_last(struct words *line)
{
    struct words word;

    *line = trimmed(*line);
    word.end = word.at = line->end;
    while (word.at > line->at && !is_blank(word.at[-1]))
        word.at--;
    line->end = word.at;
    return word;
}

static int take_value(struct words word, const char *key, char *out, size_t cap)
{
    size_t len = strlen(key);

    if ((size_t)(word.end - word.at) < len || memcmp(word.at, key, len) != 0)
        return 0;
    x8_clean(out, cap, word.at + len, (size_t)(word.end - word.at) - len);
    return 1;
}

/* "usb:1-4.2", "model:X", ...: 1 when the word is such a pair. */
static int take_pair(struct words word, struct x8_adb_device *device)
{
    char text[64];

    if (take_value(word, "transport_id:", text, sizeof text)) {
        if (x8_parse_u64(text, &device->transport_id) != 0)
            device->transport_id = 0;
        return 1;
    }
    return take_value(word, "usb:", device->port, sizeof device->port) ||
           take_value(word, "product:", device->product, sizeof device->product) ||
           take_value(word, "model:", device->model, sizeof device->model) ||
           take_value(word, "device:", text, sizeof text);
}

/* What stands for a serial number that is not known has blanks in newer servers. */
static struct words take_serial(struct words *line)
{
    static const char unknown[] = "(no serial number)";
    size_t len = sizeof unknown - 1;
    struct words word;

    *line = trimmed(*line);
    word.at = word.end = line->at;
    if ((size_t)(line->end - line->at) > len && memcmp(line->at, unknown, len) == 0)
        word.end = line->at + len;
    else
        while (word.end < line->end && !is_blank(*word.end))
            word.end++;
    line->at = word.end;
    return word;
}

/* serial, state (of several words), pairs. 0 when it is such a line. */
static int parse_line(struct words line, struct x8_adb_device *device)
{
    struct words serial, word;

    memset(device, 0, sizeof *device);
    serial = take_serial(&line);
    for (;;) {
        struct words before = trimmed(line);

        word = take_last(&line);
        if (word.at == word.end)
            return -1;
        if (!take_pair(word, device)) {
            line = before;
            break;
        }
    }
    if (serial.at == serial.end)
        return -1;
    /* A serial number is compared with: half of one must not match. */
    if (!x8_clean(device->serial, sizeof device->serial, serial.at,
                  (size_t)(serial.end - serial.at)))
        return -1;
    x8_clean(device->state, sizeof device->state, line.at, (size_t)(line.end - line.at));
    return 0;
}

int x8_adb_devices_parse(const char *text, size_t len, struct x8_adb_device **out,
                         struct x8_error *err)
{
    const char *end = len ? text + len : text;
    struct x8_adb_device *rows;
    size_t lines = 1;
    int count = 0;

    for (const char *p = text; p < end; p++)
        lines += *p == '\n';
    rows = calloc(lines, sizeof *rows);
    if (!rows)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        struct words line = {text, newline ? newline : end};

        if (parse_line(line, &rows[count]) == 0)
            count++;
        text = newline ? newline + 1 : end;
    }
    *out = rows;
    return count;
}
