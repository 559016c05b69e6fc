/*
 * The catalogue, from wherever it is.
 *
 * Of one behind a URL a copy is kept, with the validator it had. The server is asked each time, so
 * that a change is seen at once; while nothing changed it sends a few bytes only.
 */
#include "store/fetch_parts.h"

#include "net/http_header.h"
#include "util/file.h"
#include "util/json.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RECORD_MAX 65536u
#define TRIES      3u

struct index {
    const struct x8_op *op;
    const char *folder, *url;
    char shown[X8_HTTP_URL];
    char copy_path[1200], record_path[1200];
    struct x8_buf copy; /* what was kept */
    char validator[160];
    int64_t fetched_s;
    int has_copy;
    struct x8_buf text; /* what comes */
    int is_same;
    struct x8_catalogue *out;
    struct x8_error *err;
};

static int parse(struct index *x, const struct x8_buf *text, struct x8_error *err)
{
    return x8_catalogue_parse(x8_buf_span(text), x->shown, x->url, x->out, err);
}

/* A copy that cannot be read is none. */
static void load_copy(struct index *x)
{
    X8_AUTO_BUF record = {0};
    struct x8_json *json = NULL;
    struct x8_error ignored = {0};
    const char *validator;
    uint64_t fetched = 0;

    if (x8_path_kind(x->copy_path) != X8_PATH_FILE ||
        x8_file_load(x->copy_path, X8_CATALOGUE_MAX, &x->copy, &ignored) < 0)
        return;
    x->has_copy = 1;
    if (x8_path_kind(x->record_path) != X8_PATH_FILE ||
        x8_file_load(x->record_path, RECORD_MAX, &record, &ignored) < 0 ||
        x8_json_parse(x8_buf_text(&record), record.len, &json, &ignored) < 0)
        return;
    validator = x8_json_get_str(json, "validator");
    x8_copy(x->validator, sizeof(x->validator), validator ? validator : "");
    if (x8_json_as_u64(x8_json_get(json, "fetched"), &fetched) == 0)
        x->fetched_s = (int64_t)fetched;
    x8_json_free(&json);
}

/* The record goes first: a validator of another text would keep an old copy alive. */
static int save_copy(struct index *x, const char *validator, struct x8_error *err)
{
    struct x8_json *json = x8_json_object();
    char *text;
    int rc;

    x8_json_str(json, "url", x->shown);
    x8_json_str(json, "validator", "");
    rc = part_make_folder(x->folder, err);
    text = x8_json_text(json, 1);
    if (rc == 0 && text)
        rc = x8_file_replace(x->record_path, text, strlen(text), 0600, err);
    free(text);
    x8_json_free(&json);
    if (rc == 0)
        rc = x8_file_replace(x->copy_path, x->text.data, x->text.len, 0600, err);
    if (rc < 0)
        return rc;
    json = x8_json_object();
    x8_json_str(json, "url", x->shown);
    x8_json_str(json, "validator", validator);
    x8_json_u64(json, "fetched", (uint64_t)time(NULL));
    text = x8_json_text(json, 1);
    if (text)
        rc = x8_file_replace(x->record_path, text, strlen(text), 0600, err);
    free(text);
    x8_json_free(&json);
    return rc;
}

/* "of today", "3 days old" */
static void age_text(const struct index *x, char *out, size_t cap)
{
    int64_t days = ((int64_t)time(NULL) - x->fetched_s) / 86400;

    if (!x->fetched_s || days < 0)
        x8_copy(out, cap, "of unknown age");
    else if (days == 0)
        x8_copy(out, cap, "less than a day old");
    else
        snprintf(out, cap, "%lld day%s old", (long long)days, days == 1 ? "" : "s");
}

static int begin(void *ctx, const struct fetch_stream *stream, uint64_t start, struct x8_error *err)
{
    struct index *x = ctx;

    (void)stream;
    (void)err;
    x->text.len = 0;
    x->is_same = start > 0 && start == x->copy.len;
    return 0;
}

static int add(void *ctx, const void *data, size_t len, struct x8_error *err)
{
    struct index *x = ctx;

    x->is_same = 0;
    if (x->text.len + len > X8_CATALOGUE_MAX)
        return x8_fail(err, X8_E_BAD_IMAGE, "%.300s is larger than a catalogue may be", x->shown);
    return x8_buf_add(&x->text, data, len) == 0 ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory");
}

/* Ask the server. With a copy at hand once, without one a few times. */
static int ask(struct index *x, const struct x8_http_config *http, char validator[160],
               struct x8_error *err)
{
    static const struct fetch_target target = {begin, add};
    struct x8_fetch job = {.folder = x->folder,
                           .url = x->url,
                           .name = "the image catalogue",
                           .http = http,
                           .tries = x->has_copy ? 1 : TRIES};
    struct fetch_stream stream = {
        .op = *x->op, .job = &job, .target = &target, .ctx = x, .total = UINT64_MAX};
    int rc;

    stream.op.stage = "catalogue";
    stream.sha = x8_sha256_new();
    if (!stream.sha)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    if (x->has_copy && x->validator[0]) {
        stream.have = x->copy.len;
        x8_copy(stream.validator, sizeof(stream.validator), x->validator);
    }
    rc = fetch_stream_run(&stream, err);
    x8_sha256_free(&stream.sha);
    x8_copy(validator, 160, stream.validator);
    return rc;
}

static int use_copy(struct index *x, const char *what, const char *why)
{
    char age[40];

    age_text(x, age, sizeof(age));
    x8_emit(x->op, X8_EV_WARN, "%s%s%s: the copy of the image catalogue is used, %s", what,
            why[0] ? ": " : "", why, age);
    return parse(x, &x->copy, x->err);
}

static int refuse_offline(const struct index *x)
{
    x8_fail(x->err, X8_E_NETWORK, "there is no copy of the image catalogue %.250s", x->shown);
    x8_error_why(x->err, "--offline forbids to get it");
    x8_error_next(x->err, "run x8ctl image list once without --offline");
    return -X8_E_NETWORK;
}

/* What came is complete: use it, and keep it once it proved to be a catalogue. */
static int use_new(struct index *x, const char *validator, int how)
{
    struct x8_error inner = {0};
    int rc = parse(x, &x->text, x->err);

    if (rc == 0 && !(how & X8_CATALOGUE_LOOK) && save_copy(x, validator, &inner) < 0)
        x8_emit(x->op, X8_EV_DETAIL, "no copy of the catalogue is kept: %s", inner.msg);
    return rc;
}

static int open_url(struct index *x, const struct x8_http_config *http, int how)
{
    struct x8_error inner = {0};
    char validator[160];
    int rc;

    load_copy(x);
    if (how & X8_CATALOGUE_OFFLINE)
        return x->has_copy ? use_copy(x, "offline", "") : refuse_offline(x);
    rc = ask(x, http, validator, &inner);
    if (rc == 0)
        return x->is_same ? parse(x, &x->copy, x->err) : use_new(x, validator, how);
    if ((rc == -X8_E_NETWORK || rc == -X8_E_TIMEOUT) && x->has_copy)
        return use_copy(x, inner.msg, inner.why);
    if (x->err)
        *x->err = inner;
    return rc;
}

static int open_file(const char *path, struct x8_catalogue *out, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc = x8_file_load(path, X8_CATALOGUE_MAX, &text, err);

    if (rc < 0) {
        x8_error_prefix(err, "image catalogue");
        return rc;
    }
    return x8_catalogue_parse(x8_buf_span(&text), path, NULL, out, err);
}

int x8_catalogue_open(const struct x8_op *op, const char *folder, const char *index,
                      const struct x8_http_config *http, int how, struct x8_catalogue *out,
                      struct x8_error *err)
{
    struct index x = {.op = op, .folder = folder, .url = index, .out = out, .err = err};
    char address[FETCH_ADDRESS];
    int rc;

    memset(out, 0, sizeof(*out));
    if (!index || !index[0])
        return x8_catalogue_builtin(out, err);
    if (x8_http_scheme(index) == X8_HTTP_OTHER)
        return open_file(index, out, err);
    x8_http_shown(index, x.shown, sizeof(x.shown));
    fetch_address(index, address, sizeof(address));
    x8_cache_path(folder, "index", address, ".json", x.copy_path, sizeof(x.copy_path));
    x8_cache_path(folder, "index", address, ".seen", x.record_path, sizeof(x.record_path));
    rc = open_url(&x, http, how);
    x8_buf_done(&x.copy);
    x8_buf_done(&x.text);
    return rc;
}
