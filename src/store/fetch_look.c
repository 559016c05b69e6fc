/*
 * What came without a digest to compare it with: can it be an image at all?
 *
 * A portal that wants a login, a server that is out of order and a link that ends early all answer
 * with something. Once its digest is noted, the true file would be refused.
 */
#include "store/fetch_parts.h"

#include "image/inflate.h"
#include "util/file.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK ((size_t)1 << 18)

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
        x8_error_next(err, "check the address; the file on the server may not be there yet");
        return -X8_E_BAD_IMAGE;
    }
    return is_text(head, len) ? refuse_text(name, head, len, err) : 0;
}

static int look_at_head(const char *name, const char *path, enum x8_packing *packing,
                        struct x8_error *err)
{
    X8_AUTO_READER reader = NULL;
    uint8_t head[FETCH_HEAD];
    int rc = x8_file_reader(path, &reader, NULL, err);
    ssize_t n = rc < 0 ? rc : x8_read_full(reader, head, sizeof(head), err);

    if (n < 0)
        return (int)n;
    *packing = x8_packing_of((struct x8_span){head, (size_t)n});
    return fetch_look_at(name, head, (size_t)n, err);
}

/* To the proven end: every packing says where that is. */
static int decode(const struct x8_op *op, const char *path, struct x8_error *err)
{
    X8_AUTO_READER reader = NULL;
    struct x8_reader *inner = NULL;
    struct x8_op own = *op;
    uint8_t *block = malloc(BLOCK);
    uint64_t done = 0;
    int rc = block ? x8_file_reader(path, &inner, NULL, err)
                   : x8_fail(err, X8_E_INTERNAL, "out of memory");
    ssize_t n;

    own.stage = "check";
    if (rc == 0)
        rc = x8_inflate_reader(inner, &reader, NULL, err);
    if (rc == 0)
        x8_emit_enter(&own);
    for (n = rc < 0 ? rc : 1; n > 0;) {
        rc = x8_cancel_check(op->cancel, X8_CANCEL_SOFT, err);
        n = rc < 0 ? rc : x8_read(reader, block, BLOCK, err);
        if (n > 0)
            x8_emit_progress(&own, done += (uint64_t)n, 0);
    }
    free(block);
    return (int)n;
}

/* A server's own file may be cut off, too: that all came of it which the server has says little. */
int fetch_look(const struct x8_op *op, const char *name, const char *path, int is_end_known,
               struct x8_error *err)
{
    enum x8_packing packing = X8_PACK_NONE;
    struct x8_error cause = {0};
    int rc = look_at_head(name, path, &packing, err);

    if (rc < 0 || packing == X8_PACK_NONE)
        return rc;
    rc = decode(op, path, &cause);
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
