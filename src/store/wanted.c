/*
 * What a word of the user's means.
 */
#include "store/fetch_parts.h"

#include "net/http_header.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

static int take_release(struct x8_wanted *out, const struct x8_release *release)
{
    x8_copy(out->url, sizeof(out->url), release->url);
    x8_copy(out->name, sizeof(out->name), release->image);
    x8_copy(out->sha256, sizeof(out->sha256), release->sha256);
    out->size = release->size;
    out->release = release;
    return 0;
}

static int nowhere(const struct x8_catalogue *catalogue, const struct x8_release *release,
                   struct x8_error *err)
{
    x8_fail(err, X8_E_NO_FILE, "nobody knows where image %s is to be had", release->image);
    x8_error_why(err, "the catalogue (%.200s) has no address of it", catalogue->from);
    x8_error_next(err,
                  "give its URL or file in place of %s, or a catalogue that knows it: "
                  "X8CTL_IMAGE_INDEX=FILE or URL",
                  release->image);
    return -X8_E_NO_FILE;
}

static int unknown(const struct x8_catalogue *catalogue, const char *word, struct x8_error *err)
{
    char near[160], clean[64];

    if (strchr(word, '@')) /* an address without its scheme, and perhaps with a password */
        x8_http_shown(word, clean, sizeof(clean));
    else
        x8_clean(clean, sizeof(clean), word, strlen(word));
    x8_catalogue_near(catalogue, clean, near, sizeof(near));
    x8_fail(err, X8_E_NO_FILE, "there is no image '%s'", clean);
    x8_error_why(err, "the catalogue (%.200s) does not have it%s%s", catalogue->from,
                 near[0] ? "; near to it: " : "", near);
    x8_error_next(err, "x8ctl image list --all    shows what is known; a file or a URL does as "
                       "well");
    return -X8_E_NO_FILE;
}

static int find_release(const struct x8_catalogue *catalogue, const char *word,
                        struct x8_wanted *out, struct x8_error *err)
{
    const struct x8_release *release = x8_catalogue_find(catalogue, word);

    if (!release)
        return unknown(catalogue, word, err);
    return release->url[0] ? take_release(out, release) : nowhere(catalogue, release, err);
}

static int find_latest(const struct x8_op *op, const struct x8_catalogue *catalogue,
                       struct x8_wanted *out, struct x8_error *err)
{
    char shown[X8_HTTP_URL];

    if (catalogue->latest_image[0]) {
        x8_emit(op, X8_EV_DETAIL, "latest is image %s", catalogue->latest_image);
        return find_release(catalogue, catalogue->latest_image, out, err);
    }
    if (!catalogue->latest_url[0]) {
        x8_fail(err, X8_E_NO_FILE, "nobody says which image is the latest");
        x8_error_why(err, "the catalogue (%.200s) has no \"latest\"", catalogue->from);
        x8_error_next(err, "x8ctl image list    shows the images it has: name one by its number");
        return -X8_E_NO_FILE;
    }
    x8_copy(out->url, sizeof(out->url), catalogue->latest_url);
    x8_copy(out->name, sizeof(out->name), "latest");
    out->moves = 1;
    x8_http_shown(out->url, shown, sizeof(shown));
    x8_emit(op, X8_EV_DETAIL, "latest is what the server has as %s", shown);
    return 0;
}

/* The same name at another place: a mirror, from which nothing else is taken under this name. */
static int take_mirror(const struct x8_op *op, struct x8_wanted *out,
                       const struct x8_release *release, const char *word)
{
    char last[128];

    fetch_last_part(word, last, sizeof(last));
    x8_emit(op, X8_EV_NOTICE,
            "%s is the name of image %s in the catalogue, and is compared with what is known of "
            "it; another image needs another name, or a catalogue of its own (--index)",
            last, release->image);
    take_release(out, release);
    x8_copy(out->url, sizeof(out->url), word);
    return 0;
}

/* A release of the catalogue by its address is that release, with all that is known of it. */
static int find_url(const struct x8_op *op, const struct x8_catalogue *catalogue, const char *word,
                    struct x8_wanted *out, struct x8_error *err)
{
    const struct x8_release *release;
    char shown[100];

    if (x8_http_scheme(word) == X8_HTTP_OTHER) {
        x8_http_shown(word, shown, sizeof(shown));
        x8_fail(err, X8_E_USAGE, "'%s' is no address of a web server", shown);
        x8_error_why(err, "only http:// and https:// are known");
        x8_error_next(err, "give such an address, or download it yourself and name the file");
        return -X8_E_USAGE;
    }
    if (strlen(word) >= sizeof(out->url)) {
        x8_fail(err, X8_E_USAGE, "the address has more than %zu characters", sizeof(out->url) - 1);
        x8_error_next(err, "use a shorter one, or download it yourself and name the file");
        return -X8_E_USAGE;
    }
    release = x8_catalogue_at(catalogue, word);
    if (release && strcmp(release->url, word) == 0)
        return take_release(out, release);
    if (release && release->sha256[0])
        return take_mirror(op, out, release, word);
    x8_copy(out->url, sizeof(out->url), word);
    fetch_last_part(word, out->name, sizeof(out->name));
    out->moves = strcmp(word, catalogue->latest_url) == 0;
    return 0;
}

int x8_wanted_find(const struct x8_op *op, const struct x8_catalogue *catalogue, const char *word,
                   struct x8_wanted *out, struct x8_error *err)
{
    memset(out, 0, sizeof(*out));
    if (strstr(word, "://"))
        return find_url(op, catalogue, word, out, err);
    if (strcmp(word, "latest") == 0)
        return find_latest(op, catalogue, out, err);
    return find_release(catalogue, word, out, err);
}
