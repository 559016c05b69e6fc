/*
 * Options and variables about images from the network.
 */
#include "store_env.h"

#include "net/http_header.h"
#include "running.h"
#include "util/file.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FOLDER_MAX = 700 }; /* as cache_list.c reads it */

struct x8_store_options x8_store_opt;

/* The first of two variables that is set and not empty, or NULL. */
static const char *env(const char *name, const char *other)
{
    const char *text = getenv(name);

    if ((!text || !text[0]) && other)
        text = getenv(other);
    return text && text[0] ? text : NULL;
}

/*
 * The usual variables. HTTP_PROXY in capitals is not one of them: a web server's programs get it
 * from whoever asks ("Proxy:" in a request), so curl reads the small one only. Source: curl's
 * manual, "environment".
 */
static void proxies(struct x8_http_config *http)
{
    const char *all = env("all_proxy", "ALL_PROXY");

    http->http_proxy = env("http_proxy", NULL);
    http->https_proxy = env("https_proxy", "HTTPS_PROXY");
    if (!http->http_proxy)
        http->http_proxy = all;
    if (!http->https_proxy)
        http->https_proxy = all;
    http->no_proxy = env("no_proxy", "NO_PROXY");
}

/* "http:" and the like; any scheme, as a wrong one deserves better words than "no such file". */
static int is_url(const char *text)
{
    const char *colon = strstr(text, "://");

    return colon && colon > text && !memchr(text, '/', (size_t)(colon - text));
}

static int check_index(const char *index, struct x8_error *err)
{
    char clean[200];

    if (!index || !is_url(index) || x8_http_scheme(index) != X8_HTTP_OTHER)
        return 0;
    x8_http_shown(index, clean, sizeof clean);
    x8_fail(err, X8_E_USAGE, "the catalogue '%s' is at no address of a web server", clean);
    x8_error_why(err, "a catalogue is a file, or something at http:// or https://");
    x8_error_next(err, "--index FILE|URL, or X8CTL_IMAGE_INDEX; x8ctl help images");
    return -(int)X8_E_USAGE;
}

static int check_option(const char *name, const char *text, struct x8_error *err)
{
    if (!text || text[0])
        return 0;
    x8_fail(err, X8_E_USAGE, "--%s is given without a value", name);
    x8_error_why(err, "its text is empty, as of a variable that is not set");
    x8_error_next(err, "leave --%s out, or name a file", name);
    return -(int)X8_E_USAGE;
}

/* Names of what lies in it come behind. */
static int check_folder(const char *folder, struct x8_error *err)
{
    if (strlen(folder) <= FOLDER_MAX)
        return 0;
    x8_fail(err, X8_E_USAGE, "the name of the cache's folder has more than %d bytes", FOLDER_MAX);
    x8_error_why(err, "it begins with %.200s", folder);
    x8_error_next(err, "name another place: XDG_CACHE_HOME=FOLDER or X8CTL_HOME=FOLDER");
    return -(int)X8_E_USAGE;
}

/* A folder that was named is made, even by root in that of another user: it is meant. */
static void make_named(const struct x8_store_setup *setup)
{
    if (env("X8CTL_HOME", NULL) && !setup->is_dry && !x8_path_is_ours(setup->folder))
        (void)x8_env_make_folder(setup->folder, NULL); /* it is seen when it is needed */
}

int x8_store_setup(const struct x8_ctx *ctx, struct x8_store_setup *out, struct x8_error *err)
{
    static char agent[64]; /* written with the same text each time */
    int rc = check_option("index", x8_store_opt.index, err);

    if (rc == 0)
        rc = check_option("ca-file", x8_store_opt.ca_file, err);
    if (rc < 0)
        return rc;
    snprintf(agent, sizeof agent, "x8ctl/%s", x8_version_text());
    memset(out, 0, sizeof *out);
    x8_env_path("cache", "images", out->folder, sizeof out->folder);
    out->index = x8_store_opt.index ? x8_store_opt.index : env("X8CTL_IMAGE_INDEX", NULL);
    rc = check_folder(out->folder, err);
    if (rc == 0)
        rc = check_index(out->index, err);
    out->offline = x8_store_opt.offline;
    out->is_dry = ctx->globals->dry_run;
    if (rc == 0)
        make_named(out);
    out->http.user_agent = agent;
    out->http.ca_file = x8_store_opt.ca_file;
    out->http.ca_option = "--ca-file";
    proxies(&out->http);
    return rc;
}

void x8_store_done(struct x8_store_setup *setup)
{
    if (setup->has_catalogue)
        x8_catalogue_done(&setup->catalogue);
    setup->has_catalogue = 0;
}

int x8_store_catalogue(const struct x8_op *op, struct x8_store_setup *setup,
                       const struct x8_catalogue **out, struct x8_error *err)
{
    int rc = 0, how = setup->offline ? X8_CATALOGUE_OFFLINE : 0;

    if (setup->is_dry)
        how |= X8_CATALOGUE_LOOK;
    if (!setup->has_catalogue) {
        rc = x8_catalogue_open(op, setup->folder, setup->index, &setup->http, how,
                               &setup->catalogue, err);
        setup->has_catalogue = rc == 0;
        if (rc < 0 && !err->why[0])
            x8_error_why(err, "a catalogue is a short JSON file");
        if (rc < 0 && !err->next[0])
            x8_error_next(err, "x8ctl help images    says how it has to look");
    }
    if (rc == 0)
        *out = &setup->catalogue;
    return rc;
}

int x8_store_is_remote(const char *source)
{
    static const char *const files[] = {".wic", ".img", ".bin", ".raw", ".gz",  ".tgz",  ".bz2",
                                        ".xz",  ".zst", ".tar", ".zip", ".uuu", ".bmap", ".itb"};
    struct stat st;

    if (is_url(source))
        return 1;
    if (!source[0] || strchr(source, '/') ||
        strlen(source) >= sizeof(((struct x8_release *)0)->image))
        return 0;
    for (size_t i = 0; i < X8_COUNT(files); i++)
        if (x8_ends(source, files[i]))
            return 0;
    /* A link to nothing, or to itself, is something of this computer: opening it says what. */
    return source[0] != '.' && lstat(source, &st) != 0;
}

/* What lies at an address can be had while the catalogue cannot; it is compared with nothing then,
 * which is said. */
static int open_catalogue(const struct x8_op *op, struct x8_store_setup *setup, const char *word,
                          const struct x8_catalogue **out, struct x8_error *err)
{
    struct x8_error why = {0};
    int rc = x8_store_catalogue(op, setup, out, is_url(word) ? &why : err);

    if (rc == -(int)X8_E_NETWORK && is_url(word)) {
        x8_emit(op, X8_EV_WARN, "nothing is compared with the catalogue: %s", why.msg);
        return 0;
    }
    if (rc < 0 && is_url(word))
        *err = why;
    return rc;
}

void x8_store_name(const char *url, char *out, size_t cap)
{
    char shown[512];
    const char *slashes, *last;

    x8_http_shown(url, shown, sizeof shown);
    shown[strcspn(shown, "?")] = '\0';
    slashes = strstr(shown, "://");
    last = strrchr(shown, '/');
    x8_copy(out, cap, slashes && last > slashes + 2 && last[1] ? last + 1 : "image");
}

static void tell_plain_http(const struct x8_op *op, const struct x8_store_setup *setup,
                            const struct x8_wanted *wanted)
{
    char name[200];

    if (setup->offline || setup->is_no_image || x8_http_scheme(wanted->url) != X8_HTTP_PLAIN)
        return;
    x8_store_name(wanted->url, name, sizeof name);
    x8_emit(op, X8_EV_WARN, "%s comes over http: nothing proves who sends it%s", name,
            wanted->sha256[0] ? ", but its SHA-256 is known and will be compared"
                              : ", and anybody on the way can replace it");
}

int x8_store_job(const struct x8_op *op, struct x8_store_setup *setup, const char *word,
                 struct x8_wanted *wanted, struct x8_fetch *job, struct x8_error *err)
{
    static const struct x8_catalogue none;
    const struct x8_catalogue *catalogue = &none;
    int rc = 0;

    if (!setup->is_no_image)
        rc = open_catalogue(op, setup, word, &catalogue, err);

    if (rc == 0)
        rc = x8_wanted_find(op, catalogue, word, wanted, err);
    if (rc < 0)
        return rc;
    tell_plain_http(op, setup, wanted);
    *job = (struct x8_fetch){.folder = setup->folder,
                             .url = wanted->url,
                             .name = wanted->name[0] ? wanted->name : NULL,
                             .sha256 = wanted->sha256,
                             .size = wanted->size,
                             .known = catalogue,
                             .http = &setup->http,
                             .offline = setup->offline,
                             .moves = wanted->moves};
    return 0;
}
