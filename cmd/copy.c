/*
 * The result of a transfer, for people and for scripts.
 */
#include "copy.h"

#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>

static void count_text(char out[96], const struct x8_transferred *done)
{
    char size[24];

    x8_size_text(size, done->bytes);
    snprintf(out, 96, "%llu file%s, %s", (unsigned long long)done->files,
             done->files == 1 ? "" : "s", size);
}

static void add_json(struct x8_json *out, const struct x8_transferred *done, int dry_run)
{
    x8_json_u64(out, "files", done->files);
    x8_json_u64(out, "folders", done->folders);
    x8_json_u64(out, "links", done->links);
    x8_json_u64(out, "bytes", done->bytes);
    x8_json_u64(out, "changed", done->changed);
    x8_json_u64(out, "moved_bytes", done->sent_bytes);
    x8_json_u64(out, "removed", done->removed);
    x8_json_num(out, "seconds", (double)done->took_ms / 1000.0);
    x8_json_str(out, "sha256", done->sha256[0] ? done->sha256 : NULL);
    x8_json_bool(out, "dry_run", dry_run);
}

void x8_copy_report(struct x8_job_on *job, const struct x8_transferred *done, const char *verb)
{
    int dry_run = job->ctx->globals->dry_run;
    const char *name = job->count > 1 ? job->op.board : "", *colon = job->count > 1 ? ": " : "";
    char counts[96], moved[24];

    add_json(job->result, done, dry_run);
    count_text(counts, done);
    x8_size_text(moved, done->sent_bytes);
    if (dry_run)
        x8_ui_say(job->ctx->ui, "%s%s%s; %llu would be %s (%s), nothing was", name, colon, counts,
                  (unsigned long long)done->changed, verb, moved);
    else if (done->changed == 0 && done->removed == 0)
        x8_ui_say(job->ctx->ui, "%s%s%s; nothing had changed", name, colon, counts);
    else
        x8_ui_say(job->ctx->ui, "%s%s%s, %llu changed: %s %s in %.1f s, digests equal%s", name,
                  colon, counts, (unsigned long long)done->changed, verb, moved,
                  (double)done->took_ms / 1000.0, done->removed ? ", extra ones removed" : "");
}

int x8_parse_mode(const char *text, unsigned *out, struct x8_error *err)
{
    char *end = NULL;
    unsigned long mode = text[0] >= '0' && text[0] <= '7' ? strtoul(text, &end, 8) : 010000;

    if (mode > 07777 || !end || *end) {
        x8_fail(err, X8_E_USAGE, "\"%s\" is no mode", text);
        x8_error_why(err, "a mode is an octal number of at most 7777, as chmod takes it");
        x8_error_next(err, "--mode 0644");
        return -X8_E_USAGE;
    }
    *out = (unsigned)mode;
    return 0;
}
