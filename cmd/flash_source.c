/*
 * The source of a flash.
 *
 * --no-cache: the archive is read from its server once when its image comes behind all other parts:
 * they are looked at as they come, the image goes to the board as it comes, and the digest of all
 * is compared before the last MiB of the archive is given out, and thereby before the last piece of
 * the image is sent. In any other order all of it has to be read before the image can be written,
 * and it is read again for that. A board that does not begin with the others has a reading of its
 * own. All readings must have the same digest.
 */
#include "flash_source.h"

#include "image/whole.h"
#include "net/http_header.h"
#include "util/file.h"
#include "util/text.h"

#include <ctype.h>
#include <string.h>
#include <sys/stat.h>

/* The beginning of an archive that is kept until its image is written: what the loaders and tools
 * of a release take up, with room. */
#define KEEP ((size_t)128 << 20)

static int open_stream(void *ctx, struct x8_reader **out, struct x8_error *err)
{
    struct x8_flash_source *source = ctx;

    return x8_fetch_again_open(source->again, out, err);
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

/*
 * What is called like a release, or as large as one: its size tells at once that it is not that
 * file; else its digest does, which comes with the reading that finds its parts. Nobody is asked
 * for a catalogue because of this, and nothing is wrong without one.
 */
static void look_for_twin(struct x8_ctx *ctx, const char *path, struct x8_flash_source *source)
{
    const struct x8_catalogue *catalogue;
    const struct x8_release *release;
    struct x8_op quiet = ctx->op;
    struct x8_error ignored;
    struct stat st;

    quiet.emit = NULL;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) ||
        x8_store_setup(ctx, &source->setup, &ignored) < 0)
        return;
    source->setup.offline = 1;
    if (x8_store_catalogue(&quiet, &source->setup, &catalogue, &ignored) < 0)
        return;
    release = x8_catalogue_called(catalogue, path);
    source->is_called = release && release->size == (uint64_t)st.st_size && release->sha256[0];
    source->twin =
        source->is_called ? release : x8_catalogue_sized(catalogue, (uint64_t)st.st_size);
    if (release && release->size && release->size != (uint64_t)st.st_size)
        x8_emit(&ctx->op, X8_EV_WARN,
                "%s is called like image %s and is not that file: it has %llu bytes, and the "
                "catalogue's has %llu (x8ctl image verify %s)",
                path, release->image, (unsigned long long)st.st_size,
                (unsigned long long)release->size, path);
}

/* As from a server, what pretends to be a release has to be it. */
static int compare_twin(const struct x8_flash_source *source, const struct x8_plan *plan,
                        struct x8_error *err)
{
    const char *got = source->twin ? x8_imageset_sha256(plan->set) : "";
    const char *image = source->twin ? source->twin->image : "";

    if (!got[0] || x8_casecmp(got, source->twin->sha256) == 0)
        return 0;
    if (!source->is_called) {
        x8_emit(&source->op, X8_EV_WARN,
                "%s is as large as image %s to the byte, and not it: its SHA-256 is %s, not %s",
                source->word, image, got, source->twin->sha256);
        return 0;
    }
    x8_fail(err, X8_E_BAD_DIGEST, "%s is called like image %s, has its size, and is not it",
            source->word, image);
    x8_error_why(err, "its SHA-256 is %s, not %s: it is damaged, or was changed", got,
                 source->twin->sha256);
    x8_error_next(err, "x8ctl image get %s    gets the right one; another build needs another name",
                  image);
    return -(int)X8_E_BAD_DIGEST;
}

static int find_local(struct x8_ctx *ctx, const char *word, int no_cache,
                      struct x8_flash_source *source, struct x8_error *err)
{
    enum x8_path_kind kind = x8_path_kind(word);

    if (kind != X8_PATH_NONE && looks_like_release(word))
        x8_emit(&ctx->op, X8_EV_NOTICE,
                "%s is a %s here, and that is used; for the release run it in another folder", word,
                kind == X8_PATH_DIR ? "folder" : "file");
    if (!no_cache) {
        look_for_twin(ctx, word, source);
        return 0;
    }
    x8_fail(err, X8_E_USAGE, "--no-cache is for images from the network");
    x8_error_why(err, "%s lies on this computer, or is no release and no address", word);
    x8_error_next(err, "leave --no-cache out");
    return -(int)X8_E_USAGE;
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

/* A dry run that fills the cache says so, and what would not. */
static void tell_filling(const struct x8_flash_source *source)
{
    struct x8_fetch there = source->job;
    struct x8_op op = source->op;
    struct x8_cached cached;
    struct x8_error ignored;

    op.emit = NULL;
    there.offline = 1;
    if (!source->job.offline && x8_fetch(&op, &there, &cached, &ignored) < 0)
        x8_emit(&source->op, X8_EV_NOTICE,
                "%s is downloaded into the cache to check it, and stays there (--no-cache keeps "
                "nothing)",
                source->shown);
}

static int from_cache(struct x8_flash_source *source, int is_dry, struct x8_error *err)
{
    int rc;

    if (is_dry)
        tell_filling(source);
    rc = x8_fetch(&source->op, &source->job, &source->cached, err);
    if (rc < 0)
        return rc;
    x8_copy(source->sha256, sizeof source->sha256, source->cached.sha256);
    source->origin.path = source->cached.path;
    source->origin.size = source->cached.size;
    x8_cache_touch(source->setup.folder, &source->cached);
    tell_cached(&source->op, source);
    return 0;
}

static int from_server(struct x8_flash_source *source, int is_dry, struct x8_error *err)
{
    int rc;

    source->job.no_pin = is_dry;
    rc = x8_fetch_again_new(&source->quiet, &source->job, KEEP, &source->again, err);
    if (rc < 0)
        return rc;
    source->origin.open = open_stream;
    source->origin.ctx = source;
    source->origin.size = source->wanted.size;
    source->origin.sha256 = x8_fetch_again_sha256(source->again);
    source->origin.is_brief = 1;
    x8_emit(&source->op, X8_EV_NOTICE, "%s is read from %s, and not kept", source->shown,
            source->url);
    return 0;
}

/* Loaders alone come from the beginning of the archive; its digest, and its end, are those of all
 * of it. */
static int read_rest(struct x8_flash_source *source, struct x8_error *err)
{
    struct x8_reader *reader = NULL;
    int rc = x8_fetch_again_open(source->again, &reader, err);

    if (rc == 0)
        rc = x8_whole_check(&source->op, reader, source->origin.size, err);
    if (rc == -(int)X8_E_BAD_IMAGE)
        x8_error_prefix(err, "%s", source->name);
    return rc;
}

static void tell_readings(const struct x8_flash_source *source, int is_brief, int is_once)
{
    if (is_once)
        x8_emit(&source->op, X8_EV_NOTICE,
                "%s is read once: its image goes to the board as it comes, and its SHA-256 is "
                "compared before the last piece (boards that begin together share it)",
                source->shown);
    else
        x8_emit(&source->op, X8_EV_NOTICE, "%s is read again to write it: %s", source->shown,
                is_brief ? "what its image uses had to be known first"
                         : "parts that a flash begins with come behind its image, or it has not "
                           "all of them");
}

int x8_flash_source_settle(struct x8_flash_source *source, const struct x8_plan *plan,
                           struct x8_error *err)
{
    int is_brief, is_once, rc = 0;

    if (!source->again)
        return compare_twin(source, plan, err);
    is_brief = x8_imageset_is_brief(plan->set);
    if (is_brief && !x8_plan_os(plan))
        rc = read_rest(source, err);
    is_once = x8_fetch_again_settle(source->again);
    if (rc == 0 && x8_plan_os(plan))
        tell_readings(source, is_brief, is_once);
    return rc;
}

void x8_flash_source_accept(struct x8_flash_source *source)
{
    struct x8_error why = {0};

    if (source->again && x8_fetch_again_accept(source->again, &why) < 0)
        x8_emit(&source->op, X8_EV_WARN, "the SHA-256 of %s is not noted: %s (%s)", source->shown,
                why.msg, why.why);
}

static int find_remote(struct x8_ctx *ctx, struct x8_flash_source *source, struct x8_error *err)
{
    int rc = x8_store_setup(ctx, &source->setup, err);

    if (rc == 0)
        rc = x8_store_job(&source->op, &source->setup, source->word, &source->wanted, &source->job,
                          err);
    if (rc < 0)
        return rc;
    x8_store_name(source->wanted.url, source->name, sizeof source->name);
    x8_http_shown(source->wanted.url, source->url, sizeof source->url);
    if (strstr(source->word, "://"))
        source->shown = source->name;
    source->origin.name = source->name;
    source->origin.url = source->url;
    source->origin.sha256 = source->sha256;
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
        return find_local(ctx, word, no_cache, out, err);
    rc = find_remote(ctx, out, err);
    if (rc == 0)
        rc = no_cache ? from_server(out, ctx->globals->dry_run, err)
                      : from_cache(out, ctx->globals->dry_run, err);
    if (rc < 0)
        x8_flash_source_done(out);
    return rc;
}

void x8_flash_source_done(struct x8_flash_source *source)
{
    x8_fetch_again_free(&source->again);
    x8_store_done(&source->setup);
}

void x8_flash_source_use(struct x8_flash_source *source, struct x8_plan_options *options)
{
    options->source = source->is_remote ? source->name : source->word;
    options->origin = source->is_remote ? &source->origin : NULL;
    options->wants_digest = source->twin != NULL;
}
