/*
 * Reading a journal. Lines that make no sense are left out: after a power cut a file system may
 * have kept half of the last one, or zeros in its place. Whatever such a line was about, the run
 * that is taken up compares on the board what is confirmed here, and looks at the holes again.
 */
#include "flash/journal.h"

#include "flash/journal_parts.h"
#include "flash/plan.h"
#include "util/file.h"
#include "util/json.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

void x8_past_done(struct x8_past *past)
{
    x8_progress_done(&past->progress);
    *past = (struct x8_past){0};
}

static int is_kind(const struct x8_json *line, const char *kind)
{
    const char *name = x8_json_get_str(line, JOURNAL_KIND);

    return name && strcmp(name, kind) == 0;
}

static int take_text(const struct x8_json *line, const char *key, char *out, size_t cap)
{
    const char *text = x8_json_get_str(line, key);

    return text && x8_copy(out, cap, text);
}

static int take_u64(const struct x8_json *line, const char *key, uint64_t *out)
{
    return x8_json_as_u64(x8_json_get(line, key), out) == 0;
}

/* 0 and the choices of the run, or -1. */
static int take_choices(const struct x8_json *line, struct x8_journal_head *head)
{
    const char *only = x8_json_get_str(line, "only");

    head->only = -1;
    for (int i = 0; only && i < (int)X8_COUNT(x8_journal_only); i++)
        if (strcmp(only, x8_journal_only[i]) == 0)
            head->only = i;
    if (head->only < 0)
        return -1;
    return x8_json_as_bool(x8_json_get(line, "skip_unused"), &head->skip_unused);
}

static int take_head(const struct x8_json *line, struct x8_journal_head *head)
{
    uint64_t format, started;

    if (!is_kind(line, JOURNAL_BEGIN) || !take_u64(line, "format", &format) ||
        format != JOURNAL_FORMAT || !take_u64(line, "started", &started))
        return -1;
    head->started = (int64_t)started;
    if (!take_text(line, "port", head->port, sizeof head->port) ||
        !take_text(line, "source", head->source, sizeof head->source) ||
        !take_text(line, "image", head->image, sizeof head->image) ||
        !take_text(line, "sha256", head->sha256, sizeof head->sha256) ||
        !take_text(line, "script", head->script, sizeof head->script) || !head->port[0] ||
        !head->source[0])
        return -1;
    return take_choices(line, head);
}

/* The progress is of one partition: that of the last line. */
static void enter(struct x8_progress *progress, const char *partition)
{
    if (strcmp(progress->partition, partition) == 0)
        return;
    x8_progress_done(progress);
    x8_copy(progress->partition, sizeof progress->partition, partition);
}

/* All that stood there before the area was erased is gone. */
static void take_erased(struct x8_progress *progress, const char *partition,
                        const struct x8_range *range)
{
    x8_progress_done(progress);
    x8_copy(progress->partition, sizeof progress->partition, partition);
    progress->erased = *range;
}

static int take_piece(struct x8_progress *progress, const struct x8_json *line,
                      const char *partition, const struct x8_range *range, struct x8_error *err)
{
    struct x8_piece_done piece = {.start = range->start, .end = range->end};
    uint64_t crc;

    if (!take_u64(line, "at", &piece.at) || !take_u64(line, "len", &piece.len) ||
        !take_u64(line, "crc", &crc) || crc > UINT32_MAX || piece.at < piece.start ||
        !x8_fits(piece.at - piece.start, piece.len, piece.end - piece.start))
        return 0;
    piece.crc = (uint32_t)crc;
    enter(progress, partition);
    return x8_progress_confirm(progress, &piece, err);
}

static int take_range(struct x8_progress *progress, const struct x8_json *line,
                      struct x8_error *err)
{
    char partition[sizeof progress->partition];
    struct x8_range range;

    if (!take_text(line, "partition", partition, sizeof partition) || !partition[0] ||
        !take_u64(line, "start", &range.start) || !take_u64(line, "end", &range.end) ||
        range.start >= range.end)
        return 0;
    if (is_kind(line, JOURNAL_CONFIRM))
        return take_piece(progress, line, partition, &range, err);
    if (is_kind(line, JOURNAL_ERASED)) {
        take_erased(progress, partition, &range);
    } else {
        enter(progress, partition);
        x8_progress_forget(progress, range.start, range.end);
    }
    return 0;
}

/* Negative without memory. A later version may add kinds: they are passed, as what makes no sense.
 */
static int take_line(struct x8_past *past, const struct x8_json *line, struct x8_error *err)
{
    uint64_t code;

    if (!x8_json_get_str(line, JOURNAL_KIND))
        return 0;
    past->has_end = past->rc = 0;
    if (is_kind(line, JOURNAL_ERASED) || is_kind(line, JOURNAL_SENDING) ||
        is_kind(line, JOURNAL_CONFIRM))
        return take_range(&past->progress, line, err);
    if (is_kind(line, JOURNAL_SERIAL)) {
        if (!take_text(line, "serial", past->serial, sizeof past->serial))
            past->serial[0] = '\0';
    } else if (is_kind(line, JOURNAL_END)) {
        past->has_end = take_u64(line, "code", &code) && code > 0 && code <= 255;
        past->rc = past->has_end ? -(int)code : 0;
    }
    return 0;
}

static int read_line(struct x8_past *past, const char *text, size_t len, struct x8_error *err)
{
    struct x8_json *line = NULL;
    int rc = 0;

    if (len == 0)
        return 0;
    if (x8_json_parse(text, len, &line, NULL) == 0)
        rc = take_line(past, line, err);
    x8_json_free(&line);
    return rc;
}

static int no_journal(const char *path, const char *why, struct x8_error *err)
{
    int rc = x8_fail(err, X8_E_BAD_IMAGE, "%s: not the journal of a flash", path);

    x8_error_why(err, "%s", why);
    x8_error_next(err, "x8ctl flash SOURCE --skip-same    finds out on the board what is right");
    return rc;
}

static int read_head(struct x8_past *past, const char *text, size_t len)
{
    struct x8_json *line = NULL;
    int rc = x8_json_parse(text, len, &line, NULL);

    if (rc == 0)
        rc = take_head(line, &past->head);
    x8_json_free(&line);
    return rc;
}

int x8_journal_parse(const char *name, struct x8_span bytes, struct x8_past *out,
                     struct x8_error *err)
{
    const char *text = (const char *)bytes.data, *end = text + bytes.len;
    const char *at = bytes.len ? memchr(text, '\n', bytes.len) : NULL;
    struct x8_past past = {0};
    int rc = 0;

    if (!at || read_head(&past, text, (size_t)(at - text)) < 0)
        return no_journal(name,
                          bytes.len
                              ? "its first line is damaged, or another version of x8ctl wrote it"
                              : "it is empty",
                          err);
    for (at++; rc >= 0 && at < end; at++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));

        stop = stop ? stop : end;
        rc = read_line(&past, at, (size_t)(stop - at), err);
        at = stop;
    }
    if (rc < 0) {
        x8_past_done(&past);
        return rc;
    }
    *out = past;
    return 1;
}

int x8_journal_read(const char *path, struct x8_past *out, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc;

    if (x8_path_kind(path) == X8_PATH_NONE)
        return 0;
    rc = x8_file_load(path, JOURNAL_MAX, &text, err);
    if (rc == -(int)X8_E_BAD_IMAGE)
        return no_journal(path, "it is longer than any journal", err);
    return rc < 0 ? rc : x8_journal_parse(path, x8_buf_span(&text), out, err);
}
