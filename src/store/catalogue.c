/*
 * Reading a catalogue. Its file names become URLs here, so that nobody else joins them.
 */
#include "store/catalogue.h"

#include "net/http_header.h"
#include "util/json.h"
#include "util/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT 1

struct reading {
    struct x8_catalogue *out;
    const char *base; /* for relative names; "" when there is none */
    struct x8_error *err;
};

void x8_catalogue_done(struct x8_catalogue *catalogue)
{
    free(catalogue->items);
    catalogue->items = NULL;
    catalogue->count = 0;
}

static int bad(const struct reading *r, const char *image, const char *what)
{
    x8_fail(r->err, X8_E_BAD_IMAGE, "%.300s is no image catalogue of format %d", r->out->from,
            FORMAT);
    if (image)
        x8_error_why(r->err, "image %.24s: %s", image, what);
    else
        x8_error_why(r->err, "%s", what);
    x8_error_next(r->err, "x8ctl help images    describes its form");
    return -X8_E_BAD_IMAGE;
}

static const char *kind_of(const struct x8_json *value)
{
    double number;
    int yes;

    if (x8_json_as_str(value))
        return "text";
    if (x8_json_as_num(value, &number) == 0)
        return "a number";
    if (x8_json_is_object(value))
        return "an object";
    if (x8_json_is_array(value))
        return "a list";
    return x8_json_as_bool(value, &yes) == 0 ? "true or false" : "null";
}

/* A member that must be text, if it is there, cleaned. */
static int text_of(const struct reading *r, const char *image, const struct x8_json *in,
                   const char *key, char *out, size_t cap)
{
    const struct x8_json *value = x8_json_get(in, key);
    const char *text = x8_json_as_str(value);
    char what[120];

    if (!value)
        return 0;
    if (!text)
        snprintf(what, sizeof(what), "\"%s\" is %s and must be text, in quotes", key,
                 kind_of(value));
    else
        snprintf(what, sizeof(what), "\"%s\" has more than %zu characters", key, cap - 1);
    if (!text || strlen(text) >= cap)
        return bad(r, image, what);
    x8_clean(out, cap, text, strlen(text));
    return 0;
}

/* Readers of JSON differ in which of two equal members they take. */
static int check_once(const struct reading *r, const char *image, const struct x8_json *in,
                      const char *const *keys)
{
    char what[80];

    for (; *keys; keys++) {
        size_t count = 0;

        for (const struct x8_json *m = x8_json_first(in); m; m = x8_json_next(m))
            count += strcmp(x8_json_name(m), *keys) == 0;
        snprintf(what, sizeof(what), "\"%s\" is there twice", *keys);
        if (count > 1)
            return bad(r, image, what);
    }
    return 0;
}

static int is_url(const char *text)
{
    return x8_http_scheme(text) != X8_HTTP_OTHER;
}

/* A name of the catalogue as a URL. Only plain names go behind the base: "../" would lead out of
 * the folder that the catalogue speaks for. */
static int url_of(const struct reading *r, const char *file, char *out, size_t cap)
{
    size_t base = strlen(r->base);
    int n;

    if (is_url(file))
        n = snprintf(out, cap, "%s", file);
    else if (!base || file[0] == '/' || strstr(file, "..") || strstr(file, "://"))
        return -1;
    else
        n = snprintf(out, cap, "%s%s%s", r->base, r->base[base - 1] == '/' ? "" : "/", file);
    return n < 0 || (size_t)n >= cap ? -1 : 0;
}

static const char no_base[] = "\"base\" is missing, and \"file\" is no address of its own";

/* Also a file beside its images must say where those are for whoever downloads. */
static int needs_base(const struct reading *r, const char *file)
{
    return !r->base[0] && !is_url(file);
}

static int is_digest(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdefABCDEF") == 64;
}

static void lower(char *text)
{
    for (; *text; text++)
        *text = (char)tolower((unsigned char)*text);
}

static int has_part(const struct x8_release *release, const char *name)
{
    for (size_t i = 0; i < release->part_count; i++)
        if (strcmp(release->parts[i].name, name) == 0)
            return 1;
    return 0;
}

static int read_parts(struct reading *r, const struct x8_json *in, struct x8_release *release)
{
    const struct x8_json *parts = x8_json_get(in, "parts");

    if (parts && !x8_json_is_object(parts))
        return bad(r, release->image, "\"parts\" is no object");
    for (const struct x8_json *m = x8_json_first(parts); m; m = x8_json_next(m)) {
        struct x8_release_part *part = &release->parts[release->part_count];
        const char *digest = x8_json_as_str(m), *name = x8_json_name(m);
        if (release->part_count == X8_RELEASE_PARTS)
            return bad(r, release->image, "too many parts");
        if (!digest || !is_digest(digest) || strlen(name) >= sizeof(part->name))
            return bad(r, release->image, "a part's digest is no SHA-256");
        x8_clean(part->name, sizeof(part->name), name, strlen(name));
        if (has_part(release, part->name))
            return bad(r, release->image, "one of its \"parts\" is there twice");
        snprintf(part->sha256, sizeof(part->sha256), "%s", digest);
        lower(part->sha256);
        release->part_count++;
    }
    return 0;
}

static int read_size(struct reading *r, const struct x8_json *in, struct x8_release *release)
{
    const struct x8_json *value = x8_json_get(in, "size");
    char what[80];
    double size = 0;

    if (!value)
        return 0;
    if (x8_json_as_num(value, &size) < 0) {
        snprintf(what, sizeof(what), "\"size\" is %s and must be a number of bytes",
                 kind_of(value));
        return bad(r, release->image, what);
    }
    if (size < 1 || size > 9e15 || (double)(uint64_t)size < size)
        return bad(r, release->image, "\"size\" is no number of bytes");
    release->size = (uint64_t)size;
    return 0;
}

/* The members that are text. */
static int read_texts(struct reading *r, const struct x8_json *in, struct x8_release *release,
                      char *file, size_t cap)
{
    const struct {
        const char *key;
        char *out;
        size_t cap;
    } rows[] = {
        {"release", release->release, sizeof(release->release)},
        {"date", release->date, sizeof(release->date)},
        {"lmp", release->lmp, sizeof(release->lmp)},
        {"notes", release->notes, sizeof(release->notes)},
        {"file", file, cap},
        {"sha256", release->sha256, sizeof(release->sha256)},
    };
    int rc = 0;

    for (size_t i = 0; i < X8_COUNT(rows) && rc == 0; i++)
        rc = text_of(r, release->image, in, rows[i].key, rows[i].out, rows[i].cap);
    return rc;
}

static int read_release(struct reading *r, const struct x8_json *in, struct x8_release *release)
{
    static const char *const keys[] = {"image", "release", "date",   "lmp",   "notes",
                                       "file",  "size",    "sha256", "parts", NULL};
    char file[512] = "";

    if (!x8_json_is_object(in))
        return bad(r, NULL, "one of its \"images\" is no object");
    int rc = text_of(r, NULL, in, "image", release->image, sizeof(release->image));
    if (rc == 0 && !release->image[0])
        rc = bad(r, NULL, "an image has no \"image\"");
    if (rc == 0)
        rc = check_once(r, release->image, in, keys);
    if (rc == 0)
        rc = read_texts(r, in, release, file, sizeof(file));
    if (rc < 0)
        return rc;
    if (release->sha256[0] && !is_digest(release->sha256))
        return bad(r, release->image, "\"sha256\" is no SHA-256");
    lower(release->sha256);
    if (file[0] && needs_base(r, file))
        return bad(r, release->image, no_base);
    if (file[0] && url_of(r, file, release->url, sizeof(release->url)) < 0)
        return bad(r, release->image, "\"file\" is neither a URL nor a plain name below \"base\"");
    rc = read_size(r, in, release);
    return rc < 0 ? rc : read_parts(r, in, release);
}

/* By number, descending; what is no number stays in its order behind the numbers. */
static int newest_first(const void *a, const void *b)
{
    const struct x8_release *x = a, *y = b;
    unsigned long p = strtoul(x->image, NULL, 10), q = strtoul(y->image, NULL, 10);

    if (p == q)
        return strcmp(x->image, y->image);
    return p < q ? 1 : -1;
}

/* A release's name stands for its image: one of two would be a guess. */
static int check_releases(const struct reading *r)
{
    const struct x8_release *items = r->out->items;

    for (size_t i = 0; i < r->out->count; i++)
        for (size_t j = 0; j < i && items[i].release[0]; j++)
            if (strcmp(items[i].release, items[j].release) == 0)
                return bad(r, items[i].image, "its \"release\" is there twice");
    return 0;
}

static int read_images(struct reading *r, const struct x8_json *images)
{
    const struct x8_json *item;
    size_t count = 0;

    if (!x8_json_is_array(images))
        return bad(r, NULL, "it has no list \"images\"");
    for (item = x8_json_first(images); item && count <= X8_CATALOGUE_ITEMS;
         item = x8_json_next(item))
        count++;
    if (count > X8_CATALOGUE_ITEMS)
        return bad(r, NULL, "too many images");
    r->out->items = calloc(count + 1, sizeof(*r->out->items));
    if (!r->out->items)
        return x8_fail(r->err, X8_E_INTERNAL, "out of memory");
    for (item = x8_json_first(images); item; item = x8_json_next(item)) {
        int rc = read_release(r, item, &r->out->items[r->out->count]);
        if (rc < 0)
            return rc;
        r->out->count++;
    }
    qsort(r->out->items, count, sizeof(*r->out->items), newest_first);
    for (size_t i = 1; i < count; i++)
        if (strcmp(r->out->items[i].image, r->out->items[i - 1].image) == 0)
            return bad(r, r->out->items[i].image, "it is there twice");
    return check_releases(r);
}

static int read_latest(struct reading *r, const struct x8_json *latest)
{
    const char *file = x8_json_as_str(latest);
    const char *image = latest && !file ? x8_json_get_str(latest, "image") : NULL;

    if (!latest)
        return 0;
    if (file && needs_base(r, file))
        return bad(r, NULL, "\"base\" is missing, and \"latest\" is no address of its own");
    if (file && url_of(r, file, r->out->latest_url, sizeof(r->out->latest_url)) == 0)
        return 0;
    const struct x8_json *number = x8_json_is_object(latest) ? x8_json_get(latest, "image") : NULL;
    if (number && !image)
        return bad(r, NULL, "\"image\" of \"latest\" must be text, in quotes");
    if (image && x8_catalogue_find(r->out, image)) {
        snprintf(r->out->latest_image, sizeof(r->out->latest_image), "%.23s", image);
        return 0;
    }
    return bad(r, NULL, "\"latest\" is neither a file name nor {\"image\": one of the list}");
}

static int read_format(struct reading *r, const struct x8_json *top)
{
    const struct x8_json *value = x8_json_is_object(top) ? x8_json_get(top, "format") : NULL;
    double format = 0;
    char what[80];

    if (!value)
        return bad(r, NULL, "it has no \"format\"");
    if (x8_json_as_num(value, &format) < 0) {
        snprintf(what, sizeof(what), "\"format\" is %s and must be the number %d", kind_of(value),
                 FORMAT);
        return bad(r, NULL, what);
    }
    return format == FORMAT ? 0 : bad(r, NULL, "its \"format\" is another one");
}

static int read_all(struct reading *r, const struct x8_json *top, const char *base_url)
{
    static const char *const keys[] = {"format", "base", "latest", "images", NULL};
    char base[400] = "";
    int rc = read_format(r, top);

    if (rc == 0)
        rc = check_once(r, NULL, top, keys);
    if (rc == 0)
        rc = text_of(r, NULL, top, "base", base, sizeof(base));
    if (rc < 0)
        return rc;
    if (base[0] && !is_url(base))
        return bad(r, NULL, "\"base\" is no URL");
    const char *end = base_url ? strrchr(base_url, '/') : NULL;
    if (!base[0] && end && (size_t)(end - base_url) + 2 <= sizeof(base))
        snprintf(base, sizeof(base), "%.*s", (int)(end - base_url + 1), base_url);
    r->base = base;
    rc = read_images(r, x8_json_get(top, "images"));
    if (rc == 0)
        rc = read_latest(r, x8_json_get(top, "latest"));
    r->base = "";
    return rc;
}

int x8_catalogue_parse(struct x8_span text, const char *from, const char *base_url,
                       struct x8_catalogue *out, struct x8_error *err)
{
    struct reading r = {.out = out, .base = "", .err = err};
    struct x8_json *top = NULL;
    struct x8_error inner = {0};

    memset(out, 0, sizeof(*out));
    x8_clean(out->from, sizeof(out->from), from, strlen(from));
    if (text.len > X8_CATALOGUE_MAX)
        return bad(&r, NULL, "it is larger than 4 MiB");
    if (x8_json_parse((const char *)text.data, text.len, &top, &inner) < 0)
        return bad(&r, NULL, inner.msg);
    int rc = read_all(&r, top, base_url);
    x8_json_free(&top);
    if (rc < 0)
        x8_catalogue_done(out);
    return rc;
}
