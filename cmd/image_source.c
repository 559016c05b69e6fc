/*
 * What the SOURCE of a command means: something on this computer, or a release or an address whose
 * file lies in the cache, or will.
 */
#include "image_parts.h"

#include "util/file.h"
#include "util/text.h"

#include <string.h>

int x8_image_fetch(const struct x8_op *op, const struct x8_fetch *job, struct x8_cached *out,
                   struct x8_error *err)
{
    int rc;

    x8_signals_say("stopping; what was downloaded stays and goes on next time");
    rc = x8_fetch(op, job, out, err);
    x8_signals_say(x8_image_stopping);
    return rc;
}

static int from_cache(struct x8_ctx *ctx, struct x8_image_source *source, struct x8_error *err)
{
    struct x8_fetch job;
    int rc = x8_store_job(&ctx->op, &source->setup, source->word, &source->wanted, &job, err);

    if (rc == 0)
        rc = x8_image_fetch(&ctx->op, &job, &source->cached, err);
    if (rc < 0)
        return rc;
    x8_cache_touch(source->setup.folder, &source->cached);
    source->path = source->cached.path;
    /* What the user asked for: the same file may be in the cache under another name. */
    source->name = source->wanted.name[0] ? source->wanted.name : "the image";
    return 0;
}

/* A file of this computer can be looked into while a company's server sleeps. */
static int open_catalogue(struct x8_ctx *ctx, enum x8_image_need need,
                          struct x8_image_source *source, struct x8_error *err)
{
    static const struct x8_catalogue empty;
    struct x8_error why;
    int rc;

    source->catalogue = &empty;
    if (need == X8_IMAGE_BYTES)
        return 0;
    if (need == X8_IMAGE_CERTAINTY || source->is_remote)
        return x8_store_catalogue(&ctx->op, &source->setup, &source->catalogue, err);
    rc = x8_store_catalogue(&ctx->op, &source->setup, &source->catalogue, &why);
    if (rc == -(int)X8_E_NETWORK) {
        x8_emit(&ctx->op, X8_EV_WARN, "nothing is compared with the catalogue: %s", why.msg);
        return 0;
    }
    if (rc < 0)
        *err = why;
    return rc;
}

int x8_image_source_open(struct x8_ctx *ctx, const char *word, enum x8_image_need need,
                         struct x8_image_source *out, struct x8_error *err)
{
    int rc;

    memset(out, 0, sizeof *out);
    out->word = out->path = out->name = word;
    out->is_remote = x8_store_is_remote(word);
    rc = x8_store_setup(ctx, &out->setup, err);
    if (rc == 0)
        rc = open_catalogue(ctx, need, out, err);
    if (rc == 0 && out->is_remote)
        rc = from_cache(ctx, out, err);
    if (rc < 0)
        x8_image_source_done(out);
    return rc < 0 ? rc : 0;
}

void x8_image_source_done(struct x8_image_source *source)
{
    x8_store_done(&source->setup);
}
