/*
 * The real ostree at work.
 */
#include "kit_repo.h"

#include "util/proc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every link of 225 to 245 bytes: there a header's offset takes one byte or two, and with 8 bytes
 * less the other. */
static const char make[] =
    "mkdir -p tree/usr/bin tree/usr/lib/a/b/c tree/etc tree/empty &&"
    "printf 'hello\\n' >tree/etc/x && cp tree/etc/x tree/usr/lib/a/x && : >tree/etc/none &&"
    "head -c 3000000 /dev/zero >tree/usr/bin/zeros &&"
    "head -c 300000 /dev/urandom >tree/usr/bin/noise && chmod 4755 tree/usr/bin/noise &&"
    "printf 'm\\303\\274sli' >\"$(printf 'tree/etc/\\303\\274 name')\" &&"
    "ln -s ../etc/x tree/usr/l && n=225 &&"
    "while [ $n -le 245 ]; do ln -s $(printf %${n}s | tr ' ' x) tree/usr/lib/a/b/l$n; n=$((n+1)); "
    "done &&"
    "n=1; while [ $n -le 40 ]; do echo $n >tree/usr/lib/a/b/c/f$n; n=$((n+1)); done &&"
    "mkdir o && echo other >o/only-here &&"
    "ostree init --repo=repo --mode=archive && ostree commit --repo=repo -b main -s subject tree &&"
    "ostree commit --repo=repo -b other -s other o";

static int run(const char *dir, const char *command)
{
    struct x8_op op = {.deadline = X8_NO_DEADLINE};
    char line[4096];
    snprintf(line, sizeof line, "cd '%s' && { %s; }", dir, command);
    return x8_proc_run(&op, line, x8_deadline_in(60000), NULL, NULL, NULL) == 0;
}

int kit_repo_sh(const struct kit_repo *k, const char *fmt, ...)
{
    char command[3000];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(command, sizeof command, fmt, ap);
    va_end(ap);
    return run(k->dir, command);
}

char *kit_repo_out(const struct kit_repo *k, const char *command)
{
    char *path = test_path(k->dir, "out"), *text;
    assert_true(kit_repo_sh(k, "{ %s; } >out", command));
    text = test_read(path, NULL);
    free(path);
    return text;
}

void kit_repo_new(struct kit_repo *k)
{
    memset(k, 0, sizeof *k);
    k->dir = test_dir_new();
    k->repo = test_path(k->dir, "repo");
    if (!run(k->dir, "command -v ostree >/dev/null"))
        return;
    assert_true(run(k->dir, make));
    char *commit = kit_repo_out(k, "ostree rev-parse --repo=repo main | tr -d '\\n'");
    assert_int_equal(strlen(commit), 64);
    snprintf(k->commit, sizeof k->commit, "%.64s", commit);
    free(commit);
}

void kit_repo_done(struct kit_repo *k)
{
    free(k->repo);
    test_dir_free(k->dir);
}

char *kit_repo_object(const struct kit_repo *k, const char *extension)
{
    char command[300];
    snprintf(command, sizeof command,
             "ostree ls -R -C --repo=repo main | grep -oE '[0-9a-f]{64}' | sort | "
             "sed 's,^..,repo/objects/&/,' | while read p; do [ ! -f $p.%s ] || { printf $p.%s; "
             "break; }; done",
             extension, extension);
    return kit_repo_out(k, command);
}

char *kit_repo_file(const struct kit_repo *k, const char *name)
{
    char command[300];
    snprintf(command, sizeof command,
             "ostree ls -C --repo=repo main '%s' | grep -oE '[0-9a-f]{64}' | "
             "sed 's,^..,repo/objects/&/,;s,$,.filez,' | tr -d '\\n'",
             name);
    return kit_repo_out(k, command);
}
