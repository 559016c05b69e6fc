/*
 * A bundle on this computer, with everything that can be found out about it without a board.
 */
#include "store_env.h"
#include "update_parts.h"

#include "util/file.h"
#include "util/text.h"

#include <stdlib.h>
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

int x8_update_is_url(const char *path)
{
    return x8_starts(path, "http://") || x8_starts(path, "https://");
}

/* The file of an address, in the cache. A name like "update-latest.tar.gz" is given to newer ones:
 * what may be installed the signatures say, not the digest that it had once. */
static int fetch(struct x8_ctx *ctx, const char *url, struct x8_cached *out, struct x8_error *err)
{
    X8_AUTO_STORE setup = {0};
    struct x8_wanted wanted;
    struct x8_fetch job;
    int rc = x8_store_setup(ctx, &setup, err);

    setup.is_no_image = 1;
    if (rc == 0)
        rc = x8_store_job(&ctx->op, &setup, url, &wanted, &job, err);
    if (rc < 0)
        return rc;
    job.moves = 1;
    return x8_fetch(&ctx->op, &job, out, err);
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

/* The file was named by its address; the cache's name for it tells nobody anything. */
static int rename_bundle(struct x8_bundle *bundle, const char *name, struct x8_error *err)
{
    char *copy = strdup(name);

    if (!copy)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    free(bundle->path);
    bundle->path = copy;
    return 0;
}

static int open_metadata(struct x8_ctx *ctx, const char *path, const char *target,
                         struct x8_update_bundle *out, struct x8_error *err)
{
    struct x8_op op = ctx->op;
    struct x8_cached cached;
    int is_url = x8_update_is_url(path);
    struct x8_bundle_open how = {.path = is_url ? cached.path : path, .target = target};
    char work[PATH_LEN];
    int rc = is_url ? fetch(ctx, path, &cached, err) : 0;

    op.stage = "bundle";
    if (rc == 0)
        rc = load_root(out, err);
    if (rc == 0)
        rc = make_work(how.path, work, sizeof work, err);
    if (rc < 0)
        return rc;
    how.work = work;
    how.trusted = x8_buf_span(&out->trusted);
    how.trusted_from = x8_update_opt.trust_root;
    rc = x8_bundle_open(&op, &how, &out->bundle, &out->signed_part, err);
    return rc == 0 && is_url ? rename_bundle(&out->bundle, path, err) : rc;
}

int x8_update_bundle_open(struct x8_ctx *ctx, const char *path, const char *target, int deep,
                          struct x8_update_bundle *out, struct x8_error *err)
{
    int rc = open_metadata(ctx, path, target, out, err);

    if (rc < 0)
        return rc;
    x8_tuf_judge_expiry(&out->bundle.tuf, x8_update_now_s(), "this computer", &out->signed_part);
    if (!out->bundle.target)
        return 0;
    return x8_bundle_check(&ctx->op, &out->bundle, deep, &out->content, err);
}

void x8_update_findings_add(struct x8_findings *to, const struct x8_findings *from)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct x8_finding *item = &from->items[i];

        x8_found(to, item->kind, item->code, item->id, item->next, "%s", item->text);
    }
}
