/*
 * What came without a digest to compare it with: can it be an image at all?
 *
 * A portal that wants a login, a server that is out of order and a link that ends early all answer
 * with something. Once its digest is noted, the true file would be refused.
 */
#include "store/fetch_parts.h"

#include "image/whole.h"
#include "util/file.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* No byte that texts do not have. Compressed files, archives and disks begin otherwise. */
static int is_text(const uint8_t *head, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((head[i] < 0x20 && !strchr("\t\n\r\f", head[i])) || head[i] == 0x7f || head[i] == 0)
            return 0;
    return 1;
}

static int refuse_text(const char *name, const uint8_t *head, size_t len, struct x8_error *err)
{
    char words[81];
    size_t from = 0;

    if (len >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0)
        from = 3;
    while (from < len && strchr(" \t\r\n\f", head[from]))
        from++;
    x8_clean(words, sizeof(words), (const char *)head + from,
             len - from < 80 ? len - from : (size_t)80);
    x8_fail(err, X8_E_BAD_IMAGE, "what the server sent as %s is %s and no image", name,
            from < len && head[from] == '<' ? "a web page" : "text");
    x8_error_why(err, "it begins with '%s'", words);
    x8_error_next(err, "check the address; a network with a login page answers so, too");
    return -X8_E_BAD_IMAGE;
}

int fetch_look_at(const char *name, const uint8_t *head, size_t len, struct x8_error *err)
{
    if (len == 0) {
        x8_fail(err, X8_E_BAD_IMAGE, "what the server sent as %s is empty", name);
        x8_error_why(err, "it answered and sent not one byte");
        x8_error_next(err, "check the address; the file on the server may not be there yet");
        return -X8_E_BAD_IMAGE;
    }
    return is_text(head, len) ? refuse_text(name, head, len, err) : 0;
}

static int look_at_head(const char *name, const char *path, struct x8_error *err)
{
    X8_AUTO_READER reader = NULL;
    uint8_t head[FETCH_HEAD];
    int rc = x8_file_reader(path, &reader, NULL, err);
    ssize_t n = rc < 0 ? rc : x8_read_full(reader, head, sizeof(head), err);

    return n < 0 ? (int)n : fetch_look_at(name, head, (size_t)n, err);
}

/* A server's own file may be cut off, too: that all came of it which the server has says little. */
int fetch_look(const struct x8_op *op, const char *name, const char *path, int is_end_known,
               struct x8_error *err)
{
    struct x8_reader *reader = NULL;
    struct x8_error cause = {0};
    uint64_t size = 0;
    int rc = look_at_head(name, path, err);

    if (rc == 0)
        rc = x8_file_reader(path, &reader, &size, err);
    if (rc < 0)
        return rc;
    rc = x8_whole_check(op, reader, size, &cause);
    if (rc == -X8_E_BAD_IMAGE) {
        x8_fail(err, X8_E_BAD_IMAGE, "what the server sent as %s is not whole", name);
        x8_error_why(err, "%.300s; %s", cause.msg,
                     is_end_known ? "all that the server has of it came"
                                  : "how long it is, the server did not say, or it came in pieces");
        x8_error_next(err, "try again; if it stays so, the file on the server is damaged");
    } else if (rc < 0) {
        *err = cause;
    }
    return rc;
}

void fetch_set_aside(const char *folder, const char *path, const char *got, struct x8_error *err)
{
    char aside[1200];
    size_t len = strlen(err->why);

    snprintf(aside, sizeof(aside), "%s/bad-%.64s", folder, got);
    if (rename(path, aside) == 0)
        snprintf(err->why + len, sizeof(err->why) - len, "%sit was kept aside as %.200s",
                 len ? "; " : "", aside);
    else
        unlink(path);
}
