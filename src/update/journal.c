/*
 * The journal's file: one object of JSON, replaced as a whole, readable by its user alone.
 */
#include "update/journal_parts.h"

#include "util/file.h"
#include "util/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define JOURNAL_MAX ((size_t)64 << 10)

static const char *const steps[] = {
    [X8_STEP_NONE] = "none",     [X8_STEP_SEND] = "send", [X8_STEP_INSTALL] = "install",
    [X8_STEP_REBOOT] = "reboot", [X8_STEP_RUN] = "run",   [X8_STEP_ROLL_BACK] = "roll-back",
    [X8_STEP_PROVE] = "prove",   [X8_STEP_DONE] = "done", [X8_STEP_FAILED] = "failed",
};

const char *x8_update_step_name(enum x8_update_step step)
{
    return (size_t)step < X8_COUNT(steps) ? steps[step] : "none";
}

enum x8_update_step x8_update_step_of(const char *name)
{
    for (size_t i = 0; name && i < X8_COUNT(steps); i++)
        if (strcmp(steps[i], name) == 0)
            return (enum x8_update_step)i;
    return X8_STEP_NONE;
}

/* A serial number comes from a device: nothing but what is harmless in a file name. */
void x8_update_journal_path(const char *state, const char *serial, char *out, size_t cap)
{
    char name[40];
    size_t n = 0;

    for (; serial[n] && n + 1 < sizeof(name); n++) {
        char c = serial[n];
        int plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                    c == '-' || c == '_';
        name[n] = plain ? c : '_';
    }
    name[n] = '\0';
    snprintf(out, cap, "%s/update-%s.json", state, n ? name : "unknown");
}

int x8_update_journal_load(const char *path, struct x8_update_journal *out, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc;

    memset(out, 0, sizeof(*out));
    if (x8_path_kind(path) == X8_PATH_NONE)
        return 0;
    rc = x8_file_load(path, JOURNAL_MAX, &text, err);
    if (rc == 0)
        rc = journal_parse(x8_buf_span(&text), out, err);
    if (rc == 0 && !x8_copy(out->path, sizeof(out->path), path))
        rc = x8_fail(err, X8_E_BAD_IMAGE, "the name is too long");
    if (rc == 0)
        return 1;
    memset(out, 0, sizeof(*out));
    x8_error_prefix(err, "%.200s: the record of an update cannot be used", path);
    if (rc == -X8_E_BAD_IMAGE)
        x8_error_next(err, "x8ctl update status    shows how the board stands; x8ctl update "
                           "finish --forget    drops the record");
    return rc;
}

static int64_t now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec;
}

int x8_update_journal_save(struct x8_update_journal *journal, struct x8_error *err)
{
    char *text;
    int rc;

    journal->changed_s = now_s();
    if (journal->begun_s == 0)
        journal->begun_s = journal->changed_s;
    text = journal_text(journal);
    if (!text)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    rc = x8_file_replace(journal->path, text, strlen(text), 0600, err);
    free(text);
    if (rc < 0)
        x8_error_prefix(err, "keeping the record of the update");
    return rc;
}

int x8_update_journal_step(struct x8_update_journal *journal, enum x8_update_step step,
                           struct x8_error *err)
{
    journal->step = step;
    return x8_update_journal_save(journal, err);
}

void x8_update_journal_remove(const struct x8_update_journal *journal)
{
    if (journal->path[0])
        (void)unlink(journal->path);
}
