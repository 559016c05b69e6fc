/*
 * Any bytes as the metadata of a bundle. The files stand one behind the other, each behind a line
 * "#### NAME": timestamp, snapshot, targets, bundle-targets, trusted, N.root. Whatever they are,
 * what comes out is bounded text, every bad finding has a next step, and a target is never taken
 * from a file that could not be read.
 */
#include "update/tuf.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MARK "#### "

static void must(int ok)
{
    if (!ok)
        abort();
}

/* The next mark at the beginning of a line; `end` when there is none. */
static const uint8_t *next_mark(const uint8_t *at, const uint8_t *end)
{
    for (; at < end; at++) {
        if ((size_t)(end - at) >= sizeof MARK - 1 && memcmp(at, MARK, sizeof MARK - 1) == 0)
            return at;
        at = memchr(at, '\n', (size_t)(end - at));
        if (!at)
            return end;
    }
    return end;
}

static void put(struct x8_tuf_files *files, const uint8_t *name, size_t len, struct x8_span text)
{
    static const char *const names[] = {"timestamp", "snapshot", "targets", "bundle-targets",
                                        "trusted"};
    struct x8_span *spans[] = {&files->timestamp, &files->snapshot, &files->targets,
                               &files->bundle_targets, &files->trusted};

    for (size_t i = 0; i < 5; i++)
        if (len == strlen(names[i]) && memcmp(name, names[i], len) == 0)
            *spans[i] = text;
    if (len >= 6 && memcmp(name + len - 5, ".root", 5) == 0 && files->root_count < X8_TUF_ROOTS) {
        files->roots[files->root_count].number = (uint32_t)(name[0] - '0');
        files->roots[files->root_count++].text = text;
    }
}

static void split(struct x8_tuf_files *files, const uint8_t *at, const uint8_t *end)
{
    for (at = next_mark(at, end); at < end;) {
        const uint8_t *name = at + sizeof MARK - 1;
        const uint8_t *line = memchr(name, '\n', (size_t)(end - name));
        const uint8_t *after;

        if (!line)
            return;
        after = next_mark(line + 1, end);
        put(files, name, (size_t)(line - name),
            (struct x8_span){line + 1, (size_t)(after - line - 1)});
        at = after;
    }
}

static void check(const struct x8_tuf *tuf, const struct x8_findings *findings)
{
    for (size_t i = 0; i < tuf->count; i++) {
        const struct x8_tuf_target *t = &tuf->targets[i];

        must(strlen(t->commit) == 64 && t->name[0] && t->version[0]);
        must(strcmp(t->format, "OSTREE") == 0 && t->app_count <= X8_TUF_APPS);
        for (size_t a = 0; a < t->app_count; a++)
            must(t->apps[a].name[0] && !strchr(t->apps[a].name, '/'));
    }
    for (size_t i = 0; i < findings->count; i++)
        must(findings->items[i].text[0] &&
             (findings->items[i].kind != X8_FOUND_BAD || findings->items[i].next[0]));
    must(!tuf->root_last || tuf->root_first <= tuf->root_last);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x8_tuf_files *files = calloc(1, sizeof *files);
    struct x8_findings findings = {0};
    struct x8_tuf tuf;
    struct x8_error err = {0};

    must(files != NULL);
    split(files, data, data + size);
    if (x8_tuf_read(files, &tuf, &findings, &err) < 0)
        must(err.msg[0] && x8_findings_bad(&findings));
    x8_tuf_judge_expiry(&tuf, 1795219200, "this computer", &findings);
    check(&tuf, &findings);
    x8_tuf_done(&tuf);
    x8_findings_done(&findings);
    free(files);
    return 0;
}
