/*
 * Reading how a run stands: lines of a key and a value, and the ends of its two streams as bytes.
 */
#include "update/aklite_parts.h"

#include "util/text.h"

#include <string.h>

#define STREAM_MAX ((size_t)256 << 10)

struct look {
    const char *at;
    size_t left;
    struct x8_aklite_run *out;
    int alive, has_status, ended;
};

static int number(const char *text, size_t max, size_t *out)
{
    uint64_t value = 0;

    if (x8_parse_u64(text, &value) < 0 || value > max)
        return -1;
    *out = (size_t)value;
    return 0;
}

/* LEN bytes that stand behind the line, and a line end. */
static int take_stream(struct look *look, const char *count, struct x8_buf *to)
{
    size_t len = 0;

    if (number(count, STREAM_MAX, &len) < 0 || look->left < len + 1)
        return -1;
    to->len = 0;
    if (len && x8_buf_add(to, look->at, len) < 0)
        return -1;
    look->at += len + 1;
    look->left -= len + 1;
    return 0;
}

static int take(struct look *look, const char *key, const char *value)
{
    struct x8_aklite_run *out = look->out;
    size_t status = 0;

    if (strcmp(key, "run") == 0)
        out->exists = 1;
    else if (strcmp(key, "boot") == 0)
        x8_clean(out->boot_id, sizeof(out->boot_id), value, strlen(value));
    else if (strcmp(key, "verb") == 0)
        out->verb = strcmp(value, "run") == 0        ? X8_AKLITE_RUN
                    : strcmp(value, "rollback") == 0 ? X8_AKLITE_ROLLBACK
                                                     : X8_AKLITE_INSTALL;
    else if (strcmp(key, "alive") == 0)
        look->alive = 1;
    else if (strcmp(key, "status") == 0 && number(value, 255, &status) == 0) {
        out->status = (int)status;
        look->has_status = 1;
    } else if (strcmp(key, "log") == 0)
        return take_stream(look, value, &out->log);
    else if (strcmp(key, "err") == 0)
        return take_stream(look, value, &out->errors);
    else if (strcmp(key, "end") == 0)
        look->ended = 1;
    return 0;
}

static int take_line(struct look *look)
{
    char line[128];
    const char *end = memchr(look->at, '\n', look->left);
    size_t len = end ? (size_t)(end - look->at) : look->left;
    char *blank;

    x8_clean(line, sizeof(line), look->at, len);
    look->at += len + (end ? 1 : 0);
    look->left -= len + (end ? 1 : 0);
    blank = strchr(line, ' ');
    if (!blank)
        return 0;
    *blank = '\0';
    return take(look, line, blank + 1);
}

int aklite_look_parse(struct x8_span text, struct x8_aklite_run *out, struct x8_error *err)
{
    struct look look = {.at = (const char *)text.data, .left = text.len, .out = out};

    out->exists = out->is_running = 0;
    out->status = X8_STATUS_UNKNOWN;
    out->boot_id[0] = '\0';
    out->verb = X8_AKLITE_INSTALL;
    out->log.len = out->errors.len = 0;
    while (look.left && !look.ended)
        if (take_line(&look) < 0)
            break;
    if (look.ended) {
        out->is_running = look.alive && !look.has_status;
        return 0;
    }
    x8_aklite_run_done(out);
    memset(out, 0, sizeof(*out));
    out->status = X8_STATUS_UNKNOWN;
    x8_fail(err, X8_E_LINK, "the board's answer about its update is not complete");
    x8_error_why(err, "%zu bytes came, without the last line", text.len);
    x8_error_next(err, "x8ctl update finish    asks again");
    return -X8_E_LINK;
}
