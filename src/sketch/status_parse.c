/*
 * Lines of a word and what belongs to it; those of the record are whatever lies on the board, and
 * taken only where they are what they should be.
 */
#include "sketch/status_parts.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

/* Bytes up to the next blank; `*rest` behind it. */
static void split(char *text, char **rest)
{
    char *blank = strchr(text, ' ');

    *rest = blank ? blank + 1 : text + strlen(text);
    if (blank)
        *blank = '\0';
}

static int is_digest(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static int read_time(const char *text, int64_t *out)
{
    uint64_t number;

    if (x8_parse_u64(text, &number) < 0 || number > INT64_MAX)
        return 0;
    *out = (int64_t)number;
    return 1;
}

static enum x8_sketch_outcome outcome_of(const char *word)
{
    static const enum x8_sketch_outcome all[] = {X8_SKETCH_VERIFIED, X8_SKETCH_UNPROVEN,
                                                 X8_SKETCH_REFUSED};

    for (size_t i = 0; i < X8_COUNT(all); i++)
        if (strcmp(word, x8_sketch_outcome_name(all[i])) == 0)
            return all[i];
    return X8_SKETCH_UNKNOWN;
}

/* "DIGEST TIME SIZE" */
static void take_file(struct x8_sketch_status *out, char *text)
{
    char *time, *size;

    split(text, &time);
    split(time, &size);
    if (!is_digest(text))
        return;
    out->has_file = 1;
    x8_copy(out->file_sha256, sizeof(out->file_sha256), text);
    (void)read_time(time, &out->file_time_s);
    if (x8_parse_u64(size, &out->file_size) < 0)
        out->file_size = 0;
}

static void take_record(struct x8_sketch_status *out, char *text)
{
    char *value;

    split(text, &value);
    if (strcmp(text, "name") == 0)
        x8_clean(out->record_name, sizeof(out->record_name), value, strlen(value));
    else if (strcmp(text, "sha256") == 0 && is_digest(value))
        x8_copy(out->record_sha256, sizeof(out->record_sha256), value);
    else if (strcmp(text, "time") == 0)
        (void)read_time(value, &out->record_time_s);
    else if (strcmp(text, "outcome") == 0)
        out->record_outcome = outcome_of(value);
    out->has_record = out->record_sha256[0] != '\0';
}

static void take_m7(struct x8_sketch_status *out, char *text)
{
    char *version;

    split(text, &version);
    out->is_stalled = strcmp(text, "stalled") == 0;
    x8_clean(out->m7_version, sizeof(out->m7_version), version, strlen(version));
}

static int take_units(struct x8_sketch_status *out, char *text, struct x8_error *err)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++)
        if (text[i] == '\t')
            text[i] = '\n';
    return x8_watcher_parse((struct x8_span){(const uint8_t *)text, len}, &out->watcher, err);
}

/* 1 at the last line. */
static int take_line(struct x8_sketch_status *out, char *line, int *has_units, struct x8_error *err)
{
    char *rest;

    split(line, &rest);
    if (strcmp(line, "units") == 0) {
        *has_units = 1;
        return take_units(out, rest, err);
    }
    if (strcmp(line, "file") == 0)
        take_file(out, rest);
    else if (strcmp(line, "m7") == 0)
        take_m7(out, rest);
    else if (strcmp(line, "record") == 0)
        take_record(out, rest);
    return strcmp(line, "end") == 0;
}

int sketch_status_parse(struct x8_span text, struct x8_sketch_status *out, struct x8_error *err)
{
    char *copy = calloc(1, text.len + 1), *at, *end;
    int has_units = 0, rc = copy ? 0 : x8_fail(err, X8_E_INTERNAL, "no memory");

    memset(out, 0, sizeof(*out));
    if (copy && text.len)
        memcpy(copy, text.data, text.len);
    for (at = copy; rc == 0 && (end = strchr(at, '\n')) != NULL; at = end + 1) {
        *end = '\0';
        rc = take_line(out, at, &has_units, err);
    }
    free(copy);
    if (rc < 0)
        return rc;
    if (rc == 0 || !has_units)
        return x8_fail(err, X8_E_LINK, "the board's answer about its M4 is cut short");
    out->is_newer =
        out->has_file && out->has_record && strcmp(out->file_sha256, out->record_sha256) != 0;
    return 0;
}
