/*
 * The source of a flash.
 *
 * --no-cache: every reading of the archive is a download of its own, from the start. The first one
 * that comes to its end, before any board is touched, settles the digest (and compares it with the
 * known one); all later ones must have the same, which is compared before the last MiB of the
 * archive is given out, and thereby before the last piece of the image is sent.
 */
#include "flash_source.h"

#include "net/http_header.h"
#include "util/digest.h"
#include "util/file.h"
#include "util/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* --- a reading of the server's file --- */

struct tap {
    struct x8_reader reader;
    struct x8_reader *inner;
    struct x8_flash_source *source;
    struct x8_sha256 *sha; /* NULL: it is settled already */
    int ended;
};

/* The digest that the first reading had is the only thing that a later one was compared with. */
static void explain_change(const struct tap *tap, struct x8_error *err)
{
    if (!err || err->code != X8_E_BAD_DIGEST || tap->sha || tap->source->wanted.sha256[0])
        return;
    x8_error_why(err, "it changed on the server since it was first read, a moment ago");
    x8_error_next(err,
                  "run the command again, without --no-cache where there is room for the file");
}

static ssize_t tap_read(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    struct tap *tap = X8_CONTAINER(reader, struct tap, reader);
    ssize_t n = x8_read(tap->inner, out, cap, err);

    if (n > 0 && tap->sha)
        x8_sha256_add(tap->sha, out, (size_t)n);
    tap->ended |= n == 0;
    if (n < 0)
        explain_change(tap, err);
    return n;
}

static void tap_close(struct x8_reader *reader)
{
    struct tap *tap = X8_CONTAINER(reader, struct tap, reader);
    struct x8_flash_source *source = tap->source;
    uint8_t digest[X8_SHA256_LEN];

    x8_reader_close(&tap->inner);
    if (tap->ended && tap->sha) {
        x8_sha256_take(tap->sha, digest);
        x8_hex(source->sha256, digest, sizeof digest);
        source->job.sha256 = source->sha256;
        source->job.moves = 0;
    }
    x8_sha256_free(&tap->sha);
    free(tap);
}

static int open_stream(void *ctx, struct x8_reader **out, struct x8_error *err)
{
    static const struct x8_reader_ops ops = {tap_read, tap_close};
    struct x8_flash_source *source = ctx;
    struct tap *tap = calloc(1, sizeof *tap);
    int rc;

    if (!tap)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    *tap = (struct tap){.reader = {&ops}, .source = source};
    if (!source->sha256[0]) {
        tap->sha = x8_sha256_new();
        rc = tap->sha ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory");
    } else {
        rc = 0;
    }
    if (rc == 0)
        rc = x8_fetch_reader(&source->quiet, &source->job, &tap->inner, err);
    if (rc < 0) {
        x8_sha256_free(&tap->sha);
        free(tap);
        return rc;
    }
    *out = &tap->reader;
    return 0;
}

/* Whoever reads shows how far it is; the downloads below it are no stages of their own. */
static void emit_quietly(void *ctx, const struct x8_event *event)
{
    const struct x8_op *op = ctx;

    if (event->kind != X8_EV_PROGRESS && event->kind != X8_EV_STAGE && op->emit)
        op->emit(op->emit_ctx, event);
}

/* --- what the word means --- */

/* "934", "91.9", "latest". */
static int looks_like_release(const char *word)
{
    if (strcmp(word, "latest") == 0)
        return 1;
    for (const char *p = word; *p; p++)
        if (!isdigit((unsigned char)*p) && *p != '.')
            return 0;
    return isdigit((unsigned char)word[0]);
}

static int is_local(struct x8_ctx *ctx, const char *word, int no_cache, struct x8_error *err)
{
    enum x8_path_kind kind = x8_path_kind(word);

    if (kind != X8_PATH_NONE && looks_like_release(word))
        x8_emit(&ctx->op, X8_EV_NOTICE,
                "%s is a %s here, and that is used; for the release run it in another folder", word,
                kind == X8_PATH_DIR ? "folder" : "file");
    if (!no_cache)
        return 0;
    x8_fail(err, X8_E_USAGE, "--no-cache is for images from the network");
    x8_error_why(err, "%s lies on this computer, or is no release and no address", word);
    x8_error_next(err, "leave --no-cache out");
    return -(int)X8_E_USAGE;
}

static void take_name(const char *url, char *out, size_t cap)
{
    char shown[512];
    const char *last;

    x8_http_shown(url, shown, sizeof shown);
    shown[strcspn(shown, "?")] = '\0';
    last = strrchr(shown, '/');
    x8_copy(out, cap, last && last[1] ? last + 1 : "image");
}

static void tell_plain_http(const struct x8_op *op, const struct x8_flash_source *source)
{
    if (x8_http_scheme(source->wanted.url) != X8_HTTP_PLAIN)
        return;
    x8_emit(op, X8_EV_WARN, "%s comes over http: nothing proves who sends it%s", source->name,
            source->wanted.sha256[0] ? ", but its SHA-256 is known and will be compared"
                                     : ", and anybody on the way can replace it");
}

/* The release that has this digest: what "latest" turned out to be. */
static const struct x8_release *release_of(const struct x8_flash_source *source)
{
    const struct x8_catalogue *catalogue = &source->setup.catalogue;

    if (source->wanted.release)
        return source->wanted.release;
    for (size_t i = 0; source->setup.has_catalogue && i < catalogue->count; i++)
        if (x8_casecmp(catalogue->items[i].sha256, source->sha256) == 0)
            return &catalogue->items[i];
    return NULL;
}

static void tell_cached(const struct x8_op *op, const struct x8_flash_source *source)
{
    const struct x8_release *release = release_of(source);
    char size[24];

    x8_size_text(size, source->cached.size);
    x8_emit(op, X8_EV_NOTICE, "%s is %s%s%s%s%s, %s, in the cache, SHA-256 %s (%s)", source->shown,
            release ? "image " : "", release ? release->image : source->url,
            release && release->date[0] ? " (" : "", release ? release->date : "",
            release && release->date[0] ? ")" : "", size, source->sha256,
            source->cached.is_known || source->wanted.sha256[0] || release
                ? "known"
                : "not known beforehand, pinned");
}

static int from_cache(struct x8_flash_source *source, struct x8_error *err)
{
    int rc = x8_fetch(&source->op, &source->job, &source->cached, err);

    if (rc < 0)
        return rc;
    x8_copy(source->sha256, sizeof source->sha256, source->cached.sha256);
    source->origin.path = source->cached.path;
    source->origin.size = source->cached.size;
    x8_cache_touch(source->setup.folder, &source->cached);
    tell_cached(&source->op, source);
    return 0;
}

static int from_server(struct x8_flash_source *source)
{
    source->origin.open = open_stream;
    source->origin.ctx = source;
    source->origin.size = source->wanted.size;
    x8_emit(&source->op, X8_EV_NOTICE,
            "%s is read from %s each time it is needed, and not kept: to check it, again as far as "
            "its image begins, for every board, and once more with --skip-unused",
            source->shown, source->url);
    return 0;
}

static int find_remote(struct x8_ctx *ctx, struct x8_flash_source *source, struct x8_error *err)
{
    int rc = x8_store_setup(ctx, &source->setup, err);

    if (rc == 0)
        rc = x8_store_job(&source->op, &source->setup, source->word, &source->wanted, &source->job,
                          err);
    if (rc < 0)
        return rc;
    take_name(source->wanted.url, source->name, sizeof source->name);
    x8_http_shown(source->wanted.url, source->url, sizeof source->url);
    if (strstr(source->word, "://"))
        source->shown = source->name;
    source->origin.name = source->name;
    source->origin.url = source->url;
    source->origin.sha256 = source->sha256;
    tell_plain_http(&source->op, source);
    return 0;
}

int x8_flash_source_open(struct x8_ctx *ctx, const char *word, int no_cache,
                         struct x8_flash_source *out, struct x8_error *err)
{
    int rc;

    memset(out, 0, sizeof *out);
    out->word = out->shown = word;
    out->op = out->quiet = ctx->op;
    out->quiet.emit = emit_quietly;
    out->quiet.emit_ctx = &out->op;
    out->is_remote = x8_store_is_remote(word);
    if (!out->is_remote)
        return is_local(ctx, word, no_cache, err);
    rc = find_remote(ctx, out, err);
    if (rc == 0)
        rc = no_cache ? from_server(out) : from_cache(out, err);
    if (rc < 0)
        x8_flash_source_done(out);
    return rc;
}

void x8_flash_source_done(struct x8_flash_source *source)
{
    x8_store_done(&source->setup);
}

void x8_flash_source_use(struct x8_flash_source *source, struct x8_plan_options *options)
{
    options->source = source->is_remote ? source->name : source->word;
    options->origin = source->is_remote ? &source->origin : NULL;
}
