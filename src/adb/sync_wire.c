/*
 * The sync service's messages.
 */
#include "adb/sync_wire.h"

#include "util/text.h"

#include <string.h>

enum {
    REGULAR_FILE = 0100000,
    /* Numbers of Linux, on every host. */
    LINUX_ENOENT = 2,
    LINUX_EACCES = 13,
    LINUX_ENOTDIR = 20,
};

/* --- requests --- */

void x8_sync_header_put(uint8_t out[X8_SYNC_HEADER], uint32_t id, uint32_t value)
{
    x8_put_le32(out, id);
    x8_put_le32(out + 4, value);
}

static int put(struct x8_buf *out, uint32_t id, const char *text, size_t len, struct x8_error *err)
{
    uint8_t header[X8_SYNC_HEADER];

    if (len == 0 || len > X8_SYNC_PATH_MAX) {
        x8_fail(err, X8_E_USAGE, "a path of %zu bytes cannot be sent to the board", len);
        x8_error_why(err, "its adb daemon takes 1 to %d", X8_SYNC_PATH_MAX);
        return -(int)X8_E_USAGE;
    }
    x8_sync_header_put(header, id, (uint32_t)len);
    if (x8_buf_add(out, header, sizeof header) < 0 || x8_buf_add(out, text, len) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    return 0;
}

static int put_numbers(struct x8_buf *out, const uint32_t *numbers, size_t count,
                       struct x8_error *err)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t bytes[4];

        x8_put_le32(bytes, numbers[i]);
        if (x8_buf_add(out, bytes, sizeof bytes) < 0)
            return x8_fail(err, X8_E_INTERNAL, "out of memory");
    }
    return 0;
}

int x8_sync_path_put(struct x8_buf *out, uint32_t id, const char *path, struct x8_error *err)
{
    return put(out, id, path, strlen(path), err);
}

int x8_sync_send_put(struct x8_buf *out, int is_v2, const char *path, unsigned mode,
                     struct x8_error *err)
{
    uint32_t setup[] = {X8_SYNC_SND2, REGULAR_FILE | (mode & 07777), 0}; /* 0: not compressed */
    X8_AUTO_BUF text = {0};
    int rc;

    if (is_v2) {
        rc = x8_sync_path_put(out, X8_SYNC_SND2, path, err);
        return rc < 0 ? rc : put_numbers(out, setup, X8_COUNT(setup), err);
    }
    if (!*path)
        return x8_sync_path_put(out, X8_SYNC_SEND, path, err);
    if (x8_buf_addf(&text, "%s,%u", path, (unsigned)(REGULAR_FILE | (mode & 07777))) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    return put(out, X8_SYNC_SEND, x8_buf_text(&text), text.len, err);
}

int x8_sync_recv_put(struct x8_buf *out, int is_v2, const char *path, struct x8_error *err)
{
    uint32_t setup[] = {X8_SYNC_RCV2, 0};
    int rc = x8_sync_path_put(out, is_v2 ? X8_SYNC_RCV2 : X8_SYNC_RECV, path, err);

    return rc < 0 || !is_v2 ? rc : put_numbers(out, setup, X8_COUNT(setup), err);
}

/* --- answers --- */

static void clean_path(char out[160], const char *path)
{
    x8_clean(out, 160, path, strlen(path));
}

static int no_file(const char *path, struct x8_error *err)
{
    char name[160];

    clean_path(name, path);
    return x8_fail(err, X8_E_NO_FILE, "there is no '%s' on the board", name);
}

static int strange(uint32_t id, struct x8_error *err)
{
    uint8_t letters[4];
    char text[8];

    x8_put_le32(letters, id);
    x8_clean(text, sizeof text, letters, sizeof letters);
    x8_fail(err, X8_E_LINK, "the board's file service answered something unknown");
    x8_error_why(err, "'%s'", text);
    return -(int)X8_E_LINK;
}

int x8_sync_stat1_get(const uint8_t in[X8_SYNC_STAT1], const char *path, struct x8_adb_stat *out,
                      struct x8_error *err)
{
    if (x8_get_le32(in) != X8_SYNC_STAT)
        return strange(x8_get_le32(in), err);
    if (x8_get_le32(in + 4) == 0)
        return no_file(path, err);
    *out = (struct x8_adb_stat){.mode = x8_get_le32(in + 4),
                                .size = x8_get_le32(in + 8),
                                .mtime = (int64_t)x8_get_le32(in + 12)};
    return 0;
}

/* id, error, dev, ino, mode, links, uid, gid, size, atime, mtime, ctime. */
int x8_sync_stat2_get(const uint8_t in[X8_SYNC_STAT2], const char *path, struct x8_adb_stat *out,
                      struct x8_error *err)
{
    uint32_t error = x8_get_le32(in + 4);
    char name[160];

    if (x8_get_le32(in) != X8_SYNC_LST2)
        return strange(x8_get_le32(in), err);
    if (error == LINUX_ENOENT || error == LINUX_ENOTDIR)
        return no_file(path, err);
    if (error != 0) {
        clean_path(name, path);
        x8_fail(err, X8_E_REFUSED, "the board does not let us look at '%s'", name);
        if (error == LINUX_EACCES)
            x8_error_why(err, "Permission denied");
        else
            x8_error_why(err, "its error number is %u", (unsigned)error);
        return -(int)X8_E_REFUSED;
    }
    *out = (struct x8_adb_stat){.mode = x8_get_le32(in + 24),
                                .size = x8_get_le64(in + 40),
                                .mtime = (int64_t)x8_get_le64(in + 56)};
    return 0;
}

/* --- refusals --- */

static const char *advice(const char *words)
{
    static const struct {
        const char *part, *next;
    } rows[] = {
        {"Permission denied", "use a folder of the board's user, or the root option"},
        {"Read-only file system", "use /etc, /var or a home folder: the rest belongs to the image"},
        {"Is a directory", "name the file itself"},
        {"No space left", "delete files on the board, or use another folder"},
        {"Not a directory", "check the path: one of its folders is a file"},
    };

    for (size_t i = 0; i < X8_COUNT(rows); i++)
        if (strstr(words, rows[i].part))
            return rows[i].next;
    return "";
}

int x8_sync_fail(const char *words, size_t len, const char *path, int is_read, struct x8_error *err)
{
    enum x8_code code = X8_E_REFUSED;
    char text[300], name[160];

    x8_clean(text, sizeof text, words, len);
    clean_path(name, path);
    if (strstr(text, "No space left") || strstr(text, "quota exceeded"))
        code = X8_E_BOARD_SPACE;
    else if (is_read && strstr(text, "No such file"))
        code = X8_E_NO_FILE;
    x8_fail(err, code, "the board cannot %s '%s'", is_read ? "read" : "write", name);
    x8_error_why(err, "it says: %s", text);
    x8_error_next(err, "%s", advice(text));
    return -(int)code;
}

/* --- a stream of messages --- */

static size_t take(struct x8_span *in, size_t most, const uint8_t **out)
{
    size_t n = in->len < most ? in->len : most;

    *out = in->data;
    if (n > 0)
        in->data += n;
    in->len -= n;
    return n;
}

static int take_header(struct x8_sync_parser *p, struct x8_span *in, struct x8_error *err)
{
    const uint8_t *from;
    size_t n = take(in, sizeof p->header - p->header_len, &from);

    if (n > 0)
        memcpy(p->header + p->header_len, from, n);
    p->header_len += n;
    if (p->header_len < sizeof p->header)
        return 0;
    p->id = x8_get_le32(p->header);
    p->left = x8_get_le32(p->header + 4);
    p->words_len = 0;
    switch (p->id) {
    case X8_SYNC_DATA:
    case X8_SYNC_FAIL:
        if (p->left <= X8_SYNC_DATA_MAX)
            return 1;
        return x8_fail(err, X8_E_LINK, "the board's file service sent a message of %u bytes",
                       (unsigned)p->left);
    case X8_SYNC_DONE: /* what follows is no length, and means nothing here */
    case X8_SYNC_OKAY:
        p->left = 0;
        return 1;
    default:
        return strange(p->id, err);
    }
}

static void take_words(struct x8_sync_parser *p, struct x8_span *in)
{
    const uint8_t *from;
    size_t n = take(in, p->left, &from), room = sizeof p->words - p->words_len;

    p->left -= (uint32_t)n;
    if (n > room)
        n = room;
    if (n > 0)
        memcpy(p->words + p->words_len, from, n);
    p->words_len += n;
}

static int finish(struct x8_sync_parser *p, enum x8_sync_event event)
{
    p->is_over = 1;
    return (int)event;
}

int x8_sync_next(struct x8_sync_parser *p, struct x8_span *in, struct x8_span *out_data,
                 struct x8_error *err)
{
    while (!p->is_over) {
        if (p->header_len < sizeof p->header) {
            int rc = take_header(p, in, err);

            if (rc <= 0)
                return rc;
        }
        if (p->id == X8_SYNC_DONE)
            return finish(p, X8_SYNC_EV_DONE);
        if (p->id == X8_SYNC_OKAY)
            return finish(p, X8_SYNC_EV_OKAY);
        if (p->id == X8_SYNC_FAIL) {
            take_words(p, in);
            return p->left == 0 ? finish(p, X8_SYNC_EV_FAIL) : (int)X8_SYNC_EV_MORE;
        }
        if (p->left > 0) {
            out_data->len = take(in, p->left, &out_data->data);
            p->left -= (uint32_t)out_data->len;
            return out_data->len > 0 ? X8_SYNC_EV_DATA : X8_SYNC_EV_MORE;
        }
        p->header_len = 0; /* of DATA: the next message */
    }
    return x8_fail(err, X8_E_LINK, "the board's file service said more than was asked");
}
