/*
 * The fastboot dialogue. Everything goes through `say` (one command out) and `hear` (replies until
 * one that decides); the exported calls differ in what they allow as an answer.
 *
 * Nothing is ever sent twice: after a failed write nobody knows how much the board has taken.
 */
#include "flash/fastboot.h"

#include "flash/fastboot_reply.h"
#include "util/clock.h"
#include "util/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PACKET_CAP        512 /* a high-speed packet: room for devices that pass 64 bytes */
#define FULL_SPEED_PACKET 64
#define EMPTY_MAX         64        /* empty packets in a row */
#define INFO_MAX          (1 << 20) /* INFO lines in answer to one command */
#define TALK_MAX_MS       600000    /* and for how long, unless the command was given more time */
#define UPLOAD_CHUNK      16384

struct dialogue {
    struct x8_fastboot *fb;
    const char *command; /* as the caller gave it, for messages */
    int timeout_ms;      /* silence allowed */
    int64_t deadline;    /* end of all talk */
};

/* Prefix of transport errors, and the state the board is left in. */
static int broken(const struct dialogue *d, int rc, struct x8_error *err)
{
    char shown[120];

    if (!err)
        return rc;
    x8_fb_shown(shown, d->command);
    x8_error_prefix(err, "\"%s\"", shown);
    if (!err->next[0] && (err->code == X8_E_TIMEOUT || err->code == X8_E_LINK))
        x8_error_next(err, "power-cycle the board before the next try: it may still wait for the "
                           "rest of this command");
    return rc;
}

static int say(const struct dialogue *d, struct x8_error *err)
{
    char wire[X8_FB_COMMAND_MAX + 2], shown[512];
    size_t len = strlen(d->command);
    int rc;

    if (len == 0 || len > X8_FB_COMMAND_MAX) {
        rc = x8_fail(err, X8_E_USAGE, "a fastboot command of %zu bytes", len);
        x8_error_why(err, "the loader takes 1 to %d bytes", X8_FB_COMMAND_MAX);
        x8_error_next(err, "split the command into shorter ones");
        return rc;
    }
    memcpy(wire, d->command, len + 1);
    /* The loader's 4096-byte request ends with a short packet only; packets have 512 bytes, at full
     * speed 64. */
    if (len % FULL_SPEED_PACKET == 0)
        wire[len++] = ' ';
    x8_clean(shown, sizeof shown, d->command, strlen(d->command));
    x8_emit(d->fb->op, X8_EV_TRACE, "> %s", shown);
    rc = x8_send(d->fb->link, d->fb->op, wire, len, d->fb->timeout_ms, err);
    return rc < 0 ? broken(d, rc, err) : 0;
}

static int too_chatty(const struct dialogue *d, const char *what, struct x8_error *err)
{
    char shown[120];
    int rc;

    x8_fb_shown(shown, d->command);
    rc = x8_fail(err, X8_E_TIMEOUT, "\"%s\" does not come to an end", shown);
    x8_error_why(err, "the board keeps sending %s but neither OKAY nor FAIL", what);
    x8_error_next(err, "power-cycle the board and try again");
    return rc;
}

/* One packet that is not empty. Its length, or a negative code. */
static ssize_t hear_packet(const struct dialogue *d, uint8_t packet[PACKET_CAP],
                           struct x8_error *err)
{
    for (int i = 0; i < EMPTY_MAX; i++) {
        int64_t limit = x8_deadline_min(d->deadline, d->fb->op ? d->fb->op->deadline : d->deadline);
        int wait_ms = x8_deadline_left(limit, d->timeout_ms > 0 ? d->timeout_ms : 1);
        ssize_t len =
            x8_recv(d->fb->link, d->fb->op, packet, PACKET_CAP, wait_ms > 0 ? wait_ms : 1, err);

        if (len < 0)
            return broken(d, (int)len, err);
        if (len > 0)
            return len;
    }
    return too_chatty(d, "empty packets", err);
}

/* Replies until OKAY or DATA. INFO lines are passed on; FAIL and garbage are errors. */
static int hear(const struct dialogue *d, struct x8_fb_reply *reply, struct x8_error *err)
{
    uint8_t packet[PACKET_CAP];

    for (int i = 0; i < INFO_MAX; i++) {
        ssize_t len = hear_packet(d, packet, err);
        struct x8_span span = {packet, len > 0 ? (size_t)len : 0};

        if (len < 0)
            return (int)len;
        x8_fb_decode(span, reply);
        if (reply->tag == X8_FB_BAD)
            return x8_fb_garbage(d->command, span, err);
        if (reply->tag == X8_FB_FAIL) {
            x8_emit(d->fb->op, X8_EV_TRACE, "< FAIL%s", reply->text);
            return x8_fb_refused(d->command, reply->text, err);
        }
        if (reply->tag != X8_FB_INFO) {
            x8_emit(d->fb->op, X8_EV_TRACE, "< %s%s", reply->tag == X8_FB_OKAY ? "OKAY" : "DATA",
                    reply->text);
            return 0;
        }
        if (reply->text[0])
            x8_emit(d->fb->op, X8_EV_DETAIL, "board: %s", reply->text);
        if (x8_deadline_left(d->deadline, 1) == 0)
            break;
    }
    return too_chatty(d, "INFO lines", err);
}

static struct dialogue start(struct x8_fastboot *fb, const char *command, int timeout_ms)
{
    int64_t talk_ms = (int64_t)timeout_ms * 10;

    return (struct dialogue){fb, command, timeout_ms,
                             x8_deadline_in(talk_ms > TALK_MAX_MS ? talk_ms : TALK_MAX_MS)};
}

/* An answer of the right form that does not belong here: the two sides no longer agree. */
static int out_of_step(const struct dialogue *d, struct x8_error *err, const char *came,
                       const char *expected)
{
    char shown[120];
    int rc;

    x8_fb_shown(shown, d->command);
    rc = x8_fail(err, X8_E_LINK, "the answer to \"%s\" does not belong to it", shown);
    x8_error_why(err, "the board says %s; expected %s", came, expected);
    x8_error_next(err,
                  "power-cycle the board so that it starts its dialogue afresh, then try again");
    return rc;
}

static int hear_okay(const struct dialogue *d, char reply_text[256], struct x8_error *err)
{
    struct x8_fb_reply reply;
    char came[32];
    int rc = hear(d, &reply, err);

    if (rc < 0)
        return rc;
    if (reply.tag != X8_FB_OKAY) {
        snprintf(came, sizeof came, "DATA%08" PRIx32, reply.data_len);
        return out_of_step(d, err, came, "OKAY or FAIL");
    }
    if (reply_text)
        memcpy(reply_text, reply.text, sizeof reply.text);
    return 0;
}

/* The length of a DATA answer. */
static int hear_data(const struct dialogue *d, uint32_t *len, struct x8_error *err)
{
    struct x8_fb_reply reply;
    int rc = hear(d, &reply, err);

    if (rc < 0)
        return rc;
    if (reply.tag != X8_FB_DATA)
        return out_of_step(d, err, "OKAY", "DATA or FAIL");
    *len = reply.data_len;
    return 0;
}

int x8_fb_command(struct x8_fastboot *fb, const char *command, int timeout_ms, char reply[256],
                  struct x8_error *err)
{
    struct dialogue d = start(fb, command, timeout_ms);
    int rc = say(&d, err);

    return rc < 0 ? rc : hear_okay(&d, reply, err);
}

/* prefix + text as one command. A text that does not fit reaches `say`, which refuses its length.
 */
static int command_of(struct x8_fastboot *fb, const char *prefix, const char *text, int timeout_ms,
                      char reply[256], struct x8_error *err)
{
    char command[X8_FB_COMMAND_MAX + 2];
    int len = snprintf(command, sizeof command, "%s%s", prefix, text);

    if (len < 0 || (size_t)len >= sizeof command) {
        int rc = x8_fail(err, X8_E_USAGE, "a fastboot command of %d bytes", len);

        x8_error_why(err, "the loader takes at most %d bytes", X8_FB_COMMAND_MAX);
        x8_error_next(err, "split the command into shorter ones");
        return rc;
    }
    return x8_fb_command(fb, command, timeout_ms, reply, err);
}

int x8_fb_getvar(struct x8_fastboot *fb, const char *name, char value[256], struct x8_error *err)
{
    return command_of(fb, "getvar:", name, fb->timeout_ms, value, err);
}

/* Decimal and 0x as usual; digits with a letter among them can only be hexadecimal. */
static int parse_any_base(const char *text, uint64_t *out)
{
    char prefixed[32];

    if (x8_parse_u64(text, out) == 0)
        return 0;
    if (text[0] == '\0' || strspn(text, "0123456789abcdefABCDEF") != strlen(text) ||
        strlen(text) > 16)
        return -1;
    snprintf(prefixed, sizeof prefixed, "0x%.16s", text);
    return x8_parse_u64(prefixed, out);
}

int x8_fb_getvar_u64(struct x8_fastboot *fb, const char *name, uint64_t *value,
                     struct x8_error *err)
{
    char text[256];
    int rc = x8_fb_getvar(fb, name, text, err);

    if (rc < 0)
        return rc;
    if (parse_any_base(text, value) == 0)
        return 0;
    rc = x8_fail(err, X8_E_REFUSED, "the board's value of %s is no number", name);
    x8_error_why(err, "board says: \"%s\"", text);
    x8_error_next(err, "use the mfgtool files of the same release as the image");
    return rc;
}

/* The data phase of a download, and its answer. */
static int send_data(const struct dialogue *d, const void *data, size_t len, struct x8_error *err)
{
    struct x8_transport *link = d->fb->link;
    uint64_t before = link->bytes_out;
    int rc = x8_send(link, d->fb->op, data, len, d->timeout_ms, err);

    if (rc < 0)
        return broken(d, rc, err);
    if (link->bytes_out - before != len) {
        rc = x8_fail(err, X8_E_LINK, "%" PRIu64 " of %zu bytes went to the board",
                     link->bytes_out - before, len);
        x8_error_why(err, "the transfer ended early without an error");
        return broken(d, rc, err);
    }
    return hear_okay(d, NULL, err);
}

int x8_fb_download(struct x8_fastboot *fb, const void *data, size_t len, struct x8_error *err)
{
    char command[32] = "", came[32], expected[32];
    struct dialogue d = start(fb, command, fb->timeout_ms);
    uint32_t wanted = 0;
    int rc;

    if (len == 0 || len > UINT32_MAX)
        return x8_fail(err, X8_E_USAGE, "a download of %zu bytes", len);
    snprintf(command, sizeof command, "download:%08" PRIx32, (uint32_t)len);
    rc = say(&d, err);
    if (rc == 0)
        rc = hear_data(&d, &wanted, err);
    if (rc < 0)
        return rc;
    if (wanted != len) {
        snprintf(came, sizeof came, "DATA%08" PRIx32, wanted);
        snprintf(expected, sizeof expected, "DATA%08" PRIx32, (uint32_t)len);
        return out_of_step(&d, err, came, expected);
    }
    return send_data(&d, data, len, err);
}

int x8_fb_flash(struct x8_fastboot *fb, const char *partition, int timeout_ms, struct x8_error *err)
{
    return command_of(fb, "flash:", partition, timeout_ms, NULL, err);
}

int x8_fb_ucmd(struct x8_fastboot *fb, const char *text, int timeout_ms, struct x8_error *err)
{
    return command_of(fb, "UCmd:", text, timeout_ms, NULL, err);
}

int x8_fb_acmd(struct x8_fastboot *fb, const char *text, int timeout_ms, struct x8_error *err)
{
    return command_of(fb, "ACmd:", text, timeout_ms, NULL, err);
}

/*
 * Exactly `len` bytes. Each read asks for what is left and not more, so that an answer that follows
 * a full last packet is not taken for data.
 */
static int hear_bytes(const struct dialogue *d, uint32_t len, struct x8_buf *out,
                      struct x8_error *err)
{
    int empty = 0;

    while (len > 0) {
        uint8_t chunk[UPLOAD_CHUNK];
        size_t cap = len < sizeof chunk ? len : sizeof chunk;
        ssize_t got = x8_recv(d->fb->link, d->fb->op, chunk, cap, d->timeout_ms, err);

        if (got < 0)
            return broken(d, (int)got, err);
        if (got == 0 && ++empty == EMPTY_MAX)
            return too_chatty(d, "empty packets", err);
        if (x8_buf_add(out, chunk, (size_t)got) != 0)
            return x8_fail(err, X8_E_INTERNAL, "no memory for an upload");
        len -= (uint32_t)got;
    }
    return 0;
}

int x8_fb_upload(struct x8_fastboot *fb, const char *variable, size_t max, struct x8_buf *out,
                 struct x8_error *err)
{
    char command[256] = "", came[32], expected[48];
    struct dialogue d = start(fb, command, fb->timeout_ms);
    uint32_t len = 0;
    int rc;

    if (variable && strlen(variable) > sizeof command - sizeof "upload:")
        return x8_fail(err, X8_E_USAGE, "upload: a variable name of %zu bytes", strlen(variable));
    if (variable && variable[0])
        snprintf(command, sizeof command, "upload:%s", variable);
    else
        snprintf(command, sizeof command, "upload");
    rc = say(&d, err);
    if (rc == 0)
        rc = hear_data(&d, &len, err);
    if (rc < 0)
        return rc;
    if (len > max) {
        snprintf(came, sizeof came, "DATA%08" PRIx32, len);
        snprintf(expected, sizeof expected, "at most %zu bytes", max);
        return out_of_step(&d, err, came, expected);
    }
    rc = hear_bytes(&d, len, out, err);
    return rc < 0 ? rc : hear_okay(&d, NULL, err);
}
