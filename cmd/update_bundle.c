/*
 * A bundle on this computer, with everything that can be found out about it without a board.
 */
#include "update_parts.h"

#include "util/file.h"
#include "util/text.h"

#include <string.h>
#include <time.h>

enum { PATH_LEN = 4096, DAY_S = 86400 };

void x8_update_bundle_done(struct x8_update_bundle *bundle)
{
    x8_bundle_done(&bundle->bundle);
    x8_buf_done(&bundle->trusted);
    x8_findings_done(&bundle->signed_part);
    x8_findings_done(&bundle->content);
}

int64_t x8_update_now_s(void)
{
    return (int64_t)time(NULL);
}

int64_t x8_update_days_left(int64_t then_s, int64_t now_s)
{
    int64_t left = then_s - now_s;

    return left >= 0 ? left / DAY_S : -((-left + DAY_S - 1) / DAY_S);
}

void x8_update_time_text(char out[32], int64_t seconds)
{
    time_t when = (time_t)seconds;
    struct tm tm;

    out[0] = '\0';
    if (seconds > 0 && gmtime_r(&when, &tm))
        strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

int x8_update_refuse_url(const char *path, struct x8_error *err)
{
    static const char *const schemes[] = {"http://", "https://", "ftp://"};
    char clean[200];

    for (size_t i = 0; i < X8_COUNT(schemes); i++) {
        if (!x8_starts(path, schemes[i]))
            continue;
        x8_clean(clean, sizeof clean, path, strlen(path));
        x8_fail(err, X8_E_USAGE, "a bundle is read from this computer, not from '%s'", clean);
        x8_error_why(err, "update has no downloads");
        x8_error_next(err, "curl -fLO -C - '%s'    then x8ctl update apply with that file", clean);
        return -(int)X8_E_USAGE;
    }
    return 0;
}

/* Where an archive is unpacked; a folder is read where it is. */
static int make_work(const char *path, char *out, size_t cap, struct x8_error *err)
{
    x8_env_path("cache", "update", out, cap);
    return x8_path_kind(path) == X8_PATH_FILE ? x8_env_make_folder(out, err) : 0;
}

static int load_root(struct x8_update_bundle *out, struct x8_error *err)
{
    if (!x8_update_opt.trust_root)
        return 0;
    return x8_file_load(x8_update_opt.trust_root, X8_TUF_FILE_MAX, &out->trusted, err);
}

int x8_update_bundle_open(struct x8_ctx *ctx, const char *path, const char *target, int deep,
                          struct x8_update_bundle *out, struct x8_error *err)
{
    struct x8_op op = ctx->op;
    struct x8_bundle_open how = {.path = path, .target = target};
    char work[PATH_LEN];
    int rc = x8_update_refuse_url(path, err);

    op.stage = "bundle";
    if (rc == 0)
        rc = load_root(out, err);
    if (rc == 0)
        rc = make_work(path, work, sizeof work, err);
    if (rc < 0)
        return rc;
    how.work = work;
    how.trusted = x8_buf_span(&out->trusted);
    how.trusted_from = x8_update_opt.trust_root;
    rc = x8_bundle_open(&op, &how, &out->bundle, &out->signed_part, err);
    if (rc < 0)
        return rc;
    x8_tuf_judge_expiry(&out->bundle.tuf, x8_update_now_s(), "this computer", &out->signed_part);
    if (!out->bundle.target)
        return 0;
    return x8_bundle_check(&op, &out->bundle, deep, &out->content, err);
}

void x8_update_findings_add(struct x8_findings *to, const struct x8_findings *from)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct x8_finding *item = &from->items[i];

        x8_found(to, item->kind, item->code, item->id, item->next, "%s", item->text);
    }
}
