/*
 * Where a report goes: nothing that is there already is lost.
 */
#include "report.h"

#include "util/file.h"
#include "util/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int to_stdout(char *out, size_t cap, struct x8_error *err)
{
    x8_copy(out, cap, "-");
    if (!isatty(STDOUT_FILENO))
        return 0;
    x8_fail(err, X8_E_USAGE, "stdout is a terminal");
    x8_error_why(err, "an archive is no text");
    x8_error_next(err, "x8ctl report -o - > FILE.tar.gz, or -o FILE.tar.gz");
    return -(int)X8_E_USAGE;
}

static int check(const char *path, int force, struct x8_error *err)
{
    char *dir = x8_path_dir(path);
    int has_dir = dir && x8_path_kind(dir) == X8_PATH_DIR;
    int is_there, is_plain;
    struct stat st;

    free(dir);
    is_there = lstat(path, &st) == 0;
    is_plain = is_there && S_ISREG(st.st_mode);
    if (has_dir && (!is_there || (is_plain && force)))
        return 0;
    if (!has_dir) {
        x8_fail(err, X8_E_USAGE, "there is no folder for %s", path);
        x8_error_why(err, "a folder is not made by a file that is written");
        x8_error_next(err, "make it first, or give a file in another one: -o FILE.tar.gz");
    } else if (is_plain) {
        x8_fail(err, X8_E_USAGE, "%s is there already", path);
        x8_error_why(err, "it may be the only copy of what was seen before");
        x8_error_next(err, "--force replaces it; -o FILE.tar.gz writes another");
    } else {
        x8_fail(err, X8_E_USAGE, "%s is there already, and is no plain file", path);
        x8_error_why(err, "what is behind such a name would be lost, or is no place for a file");
        x8_error_next(err, "give a file: -o FILE.tar.gz, or -o - for stdout");
    }
    return -(int)X8_E_USAGE;
}

/* The usual name; another report of the same second has it already. */
static int usual_path(const char *folder, const char *usual, char *out, size_t cap)
{
    const char *mark = folder[0] && !x8_ends(folder, "/") ? "/" : "";
    int n = snprintf(out, cap, "%s%s%s.tar.gz", folder, mark, usual);

    for (int i = 2; i < 100 && n > 0 && (size_t)n < cap && x8_path_kind(out) != X8_PATH_NONE; i++)
        n = snprintf(out, cap, "%s%s%s-%d.tar.gz", folder, mark, usual, i);
    return n;
}

int x8_report_place(const char *output, const char *usual, int force, char *out, size_t cap,
                    struct x8_error *err)
{
    int n;

    if (output && strcmp(output, "-") == 0)
        return to_stdout(out, cap, err);
    if (!output || x8_path_kind(output) == X8_PATH_DIR)
        n = usual_path(output ? output : "", usual, out, cap);
    else
        n = snprintf(out, cap, "%s", output);
    if (n < 0 || (size_t)n >= cap)
        return x8_fail(err, X8_E_USAGE, "the path %s is too long", output);
    return check(out, force, err);
}

int x8_report_write(struct x8_ctx *ctx, const char *path, const struct x8_buf *packed,
                    struct x8_error *err)
{
    if (strcmp(path, "-") != 0)
        return x8_file_replace(path, packed->data, packed->len, 0600, err);
    /* What does not arrive is told at the end of the run; why, is known here only. */
    if (fwrite(packed->data, 1, packed->len, stdout) < packed->len)
        ctx->stdout_errno = errno;
    return 0;
}
