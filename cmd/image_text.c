/*
 * How the facts about images read on stdout.
 */
#include "image_parts.h"

#include "util/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_COLUMNS = 10, TEXT_LEN = 1400 };

void x8_image_line(struct x8_buf *out, int is_person, const char *label, const char *fmt, ...)
{
    char text[TEXT_LEN], head[32];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    x8_clean(text, sizeof text, text, strlen(text));
    snprintf(head, sizeof head, "%-*s ", LABEL_COLUMNS, label);
    if (is_person)
        x8_put_behind(out, head, text, x8_file_columns(stdout));
    else if (x8_buf_addf(out, "%s\t%s\n", label, text) < 0)
        abort();
}

const char *x8_image_part_name(const struct x8_image_part *part)
{
    static const char *const names[X8_ROLE_COUNT] = {[X8_ROLE_OTHER] = "other",
                                                     [X8_ROLE_SCRIPT] = "script",
                                                     [X8_ROLE_MFG_SPL] = "flash-spl",
                                                     [X8_ROLE_MFG_FIT] = "flash-fit",
                                                     [X8_ROLE_OS] = "os",
                                                     [X8_ROLE_SPL] = "spl",
                                                     [X8_ROLE_FIT] = "fit",
                                                     [X8_ROLE_SIT] = "sit",
                                                     [X8_ROLE_BMAP] = "bmap"};

    return part->is_box ? "archive" : names[part->entry->role];
}

const char *x8_image_verdict_name(enum x8_image_verdict verdict)
{
    static const char *const names[] = {
        [X8_IMAGE_UNKNOWN] = "unknown", [X8_IMAGE_GOOD] = "good", [X8_IMAGE_WRONG] = "wrong"};

    return names[verdict];
}

void x8_image_print_json(struct x8_ctx *ctx, struct x8_json **json)
{
    x8_result(ctx, json);
}

int x8_image_cache_failed(int rc, struct x8_error *err)
{
    if (rc == -(int)X8_E_NO_PERMISSION) {
        x8_error_prefix(err, "the cache cannot be used");
        if (!err->next[0])
            x8_error_next(err, "name another place: XDG_CACHE_HOME=FOLDER or X8CTL_HOME=FOLDER");
    }
    return rc;
}

unsigned x8_image_percent(uint64_t n, uint64_t total)
{
    return total ? (unsigned)((double)n * 100.0 / (double)total + 0.5) : 0;
}
