/*
 * Which file it must be: the digest that is known, or the one that was pinned when the address was
 * first used; and for names that move, the server's answer that the file came from.
 */
#include "store/fetch_parts.h"

#include "net/http_header.h"
#include "util/file.h"
#include "util/json.h"
#include "util/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_MAX 65536u

int fetch_digest_wanted(const struct x8_fetch *job, char out[65], struct x8_error *err)
{
    char address[FETCH_ADDRESS];
    uint8_t digest[X8_SHA256_LEN];
    int rc;

    out[0] = '\0';
    if (job->sha256 && job->sha256[0]) {
        if (strlen(job->sha256) != 64 || x8_unhex(digest, sizeof(digest), job->sha256) < 0) {
            x8_fail(err, X8_E_USAGE, "'%.80s' is no SHA-256", job->sha256);
            x8_error_next(err, "give its 64 hexadecimal digits, as sha256sum shows them");
            return -X8_E_USAGE;
        }
        x8_hex(out, digest, sizeof(digest));
        return 1;
    }
    if (!job->folder)
        return 0;
    fetch_address(job->url, address, sizeof(address));
    rc = x8_cache_pin_get(job->folder, address, out, err);
    if (rc < 0)
        return job->repin ? 0 : rc;
    return rc == 1 ? 2 : 0;
}

const struct x8_release *fetch_twin(const struct x8_fetch *job, uint64_t size, const char *got)
{
    if (!job->known || x8_catalogue_is(job->known, got))
        return NULL;
    return x8_catalogue_sized(job->known, size);
}

void fetch_explain_twin(const struct x8_release *twin, struct x8_error *err)
{
    char why[400];

    x8_copy(why, sizeof(why), err->why);
    x8_error_why(err, "it is as large as image %s to the byte: %s", twin->image, why);
}

int fetch_pin(const struct x8_op *op, const struct x8_fetch *job, const char *was, const char *got,
              struct x8_error *err)
{
    const struct x8_release *release = job->known ? x8_catalogue_is(job->known, got) : NULL;
    char address[FETCH_ADDRESS], name[128];
    int rc;

    fetch_address(job->url, address, sizeof(address));
    fetch_name(job, name, sizeof(name));
    rc = x8_cache_pin_set(job->folder, address, got, err);
    if (rc < 0)
        return rc;
    if (was)
        x8_emit(op, X8_EV_NOTICE, "%s is another file now: SHA-256 %s, was %s", name, got, was);
    else if (release)
        x8_emit(op, X8_EV_NOTICE, "%s is image %s, by its SHA-256 %s", name, release->image, got);
    else
        x8_emit(op, X8_EV_NOTICE,
                "no checksum of %s is known: it is pinned to the one it has now, SHA-256 %s", name,
                got);
    return 0;
}

void fetch_explain_pin(const struct x8_fetch *job, struct x8_error *err)
{
    char shown[200], name[128], last[128], why[400];

    fetch_name(job, name, sizeof(name));
    fetch_last_part(job->url, last, sizeof(last));
    x8_http_shown(job->url, shown, sizeof(shown));
    x8_copy(why, sizeof(why), err->why);
    x8_error_why(err, "it is not what it was when it was first used: %s", why);
    x8_error_next(err, "find out why it changed; x8ctl image get --repin %s    accepts the new one",
                  strcmp(name, last) == 0 ? shown : name);
}

static int noted_meanwhile(const struct x8_fetch *job, const char *noted, const char *got,
                           struct x8_error *err)
{
    char name[128];

    if (strcmp(noted, got) == 0)
        return 0;
    fetch_name(job, name, sizeof(name));
    x8_fail(err, X8_E_BAD_DIGEST, "%.300s is not what it should be", name);
    x8_error_why(err, "its SHA-256 is %.64s, not %.64s", got, noted);
    fetch_explain_pin(job, err);
    return -X8_E_BAD_DIGEST;
}

int fetch_accept(const struct x8_op *op, const struct x8_fetch *job, const struct fetch_due *due,
                 struct x8_error *err)
{
    char noted[65] = "";
    int rc;

    if (!due->sha256[0] || !job->folder || job->no_pin)
        return 0;
    rc = part_make_folder(job->folder, err);
    if (rc == 0 && !due->was[0] && !job->repin)
        rc = fetch_digest_wanted(job, noted, err);
    if (rc < 0)
        return rc;
    if (noted[0])
        return noted_meanwhile(job, noted, due->sha256, err);
    return fetch_pin(op, job, due->was[0] ? due->was : NULL, due->sha256, err);
}

static void seen_path(const struct x8_fetch *job, char *out, size_t cap)
{
    char address[FETCH_ADDRESS];

    fetch_address(job->url, address, sizeof(address));
    x8_cache_path(job->folder, "seen", address, ".json", out, cap);
}

void fetch_seen_save(const struct x8_fetch *job, const char *validator, const char *sha256)
{
    char path[1200];
    struct x8_json *json = x8_json_object();
    struct x8_error ignored = {0};
    char *text;

    x8_json_str(json, "validator", validator);
    x8_json_str(json, "sha256", sha256);
    text = x8_json_text(json, 1);
    x8_json_free(&json);
    seen_path(job, path, sizeof(path));
    if (text && x8_file_replace(path, text, strlen(text), 0600, &ignored) < 0)
        ignored.code = X8_OK; /* the next time downloads it again */
    free(text);
}

/* The validator of the answer that this file came from; 0, or -1. */
static int seen_load(const struct x8_fetch *job, const char *sha256, char *out, size_t cap)
{
    X8_AUTO_BUF text = {0};
    struct x8_json *json = NULL;
    struct x8_error ignored = {0};
    const char *digest, *validator;
    char path[1200];
    int rc = -1;

    seen_path(job, path, sizeof(path));
    if (x8_path_kind(path) != X8_PATH_FILE || x8_file_load(path, RECORD_MAX, &text, &ignored) < 0 ||
        x8_json_parse(x8_buf_text(&text), text.len, &json, &ignored) < 0)
        return -1;
    digest = x8_json_get_str(json, "sha256");
    validator = x8_json_get_str(json, "validator");
    if (digest && validator && validator[0] && strcmp(digest, sha256) == 0)
        rc = x8_copy(out, cap, validator) ? 0 : -1;
    x8_json_free(&json);
    return rc;
}

/* The answer: only its beginning matters. */
static int begin(void *ctx, const struct fetch_stream *stream, uint64_t start, struct x8_error *err)
{
    const uint64_t *size = ctx;

    (void)stream;
    return start == *size ? 0 : x8_fail(err, X8_E_DIFFERS, "the server has another file");
}

static int write_nothing(void *ctx, const void *data, size_t len, struct x8_error *err)
{
    (void)ctx;
    (void)data;
    return len ? x8_fail(err, X8_E_DIFFERS, "the server has a longer file") : 0;
}

/* The rest behind the last byte is asked for: a server that still has the file says that there is
 * none, without sending it. */
int fetch_seen_ask(const struct x8_op *op, const struct x8_fetch *job,
                   const struct x8_cached *cached, struct x8_error *err)
{
    static const struct fetch_target target = {begin, write_nothing};
    struct x8_fetch own = *job;
    uint64_t size = cached->size;
    struct fetch_stream stream = {
        .op = *op, .job = &own, .target = &target, .ctx = &size, .have = size, .total = UINT64_MAX};
    int rc;

    own.size = 0;
    stream.op.stage = "check";
    if (seen_load(job, cached->sha256, stream.validator, sizeof(stream.validator)) < 0)
        return 0;
    stream.sha = x8_sha256_new();
    if (!stream.sha)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    rc = fetch_stream_run(&stream, err);
    x8_sha256_free(&stream.sha);
    if (rc == -X8_E_DIFFERS)
        return 0;
    if (rc == -X8_E_NETWORK)
        x8_error_next(err, "with --offline the one in the cache is used");
    return rc < 0 ? rc : 1;
}
