/*
 * An image from the network into the cache: once, whole, proven.
 */
#ifndef X8_STORE_FETCH_H
#define X8_STORE_FETCH_H

#include "net/http.h"
#include "store/cache.h"
#include "store/catalogue.h"
#include "util/stream.h"

struct x8_fetch {
    const char *folder; /* of the cache; made when it is missing */
    const char *url;
    const char *name;   /* "934", for messages and the cache; NULL: the URL's last part */
    const char *sha256; /* known digest; NULL or "": pinned on first use, and said so */
    uint64_t size;      /* known size, 0 unknown */
    const struct x8_catalogue *known; /* or NULL: a file without a digest of its own is looked up
                                         there by what it is */
    const struct x8_http_config *http;
    int offline;    /* the network is not used: X8_E_NETWORK naming --offline when it is needed */
    int moves;      /* the name is given to newer files now and then ("latest"): the server is asked
                       each time whether it did, and a new file is pinned anew and told */
    int repin;      /* `image get --repin`: what the server has now replaces what was pinned */
    int no_pin;     /* x8_fetch_reader: what is seen first is never noted, and that is told */
    unsigned tries; /* 0: 5, with back-off 1, 2, 4, 8 s or as Retry-After says (at most 60 s); they
                       are counted anew after every MiB that came */
};

/*
 * 0 and the complete, verified file. Resumes a part by range with its validator; a file that
 * changed on the server starts again; X8_E_HOST_SPACE before the first byte where the size is
 * known, and later with the part kept; X8_E_BAD_IMAGE: another size than the known one, or without
 * a digest what can be no image (empty, a web page, an archive cut off), kept aside and not pinned;
 * X8_E_BAD_DIGEST: refused, kept aside and named, also without a digest what has the size of a
 * release of `known` and not its digest; X8_E_NETWORK; X8_E_STOPPED: what is there goes on
 * next time; X8_E_USAGE (no http or https address). Stage "download", progress in bytes; "check"
 * while a part of an earlier run is read. Where another process downloads the same, its end is
 * waited for (X8_EV_WAIT every 2 s), and its file is the result.
 */
int x8_fetch(const struct x8_op *op, const struct x8_fetch *job, struct x8_cached *out,
             struct x8_error *err);

/*
 * The same bytes as they come, without the cache (flash --no-cache): a reader whose last MiB is
 * given out only after the digest of all was compared, where one is known or was pinned. A link
 * that breaks is taken up again by range where the server allows; else X8_E_NETWORK. `job` and what
 * it points to are borrowed until close, as is *op; progress is that of the download. The folder is
 * used for pins only, and may be NULL.
 */
int x8_fetch_reader(const struct x8_op *op, const struct x8_fetch *job, struct x8_reader **out,
                    struct x8_error *err);

/* Its digest once its end was read, "" before. */
void x8_fetch_reader_sha256(const struct x8_reader *reader, char out[65]);

/*
 * Whoever read it to its end found it whole: checksums in it are right, its archive has its end.
 * Not before that the digest of a file that nothing was known of is noted (or of one that moves),
 * since what is cut off on the server comes complete as well. Nothing to do is 0; X8_E_BAD_DIGEST
 * when another process noted another digest meanwhile; what the folder is not good for.
 */
int x8_fetch_reader_accept(struct x8_reader *reader, struct x8_error *err);

/*
 * The same for somebody who begins to read it several times: what was read last time comes out of
 * memory (up to `keep` bytes of its beginning), and the download goes on behind it. One that was
 * read further than that is asked for again, from its start, and what comes is compared with what
 * was given out. All readings get the same file: X8_E_BAD_DIGEST where it changed meanwhile. `job`
 * and *op as for x8_fetch_reader(), until x8_fetch_again_free(). Readers may be used by several
 * threads at once, and are closed before it is freed.
 */
struct x8_fetch_again;
int x8_fetch_again_new(const struct x8_op *op, const struct x8_fetch *job, size_t keep,
                       struct x8_fetch_again **out, struct x8_error *err);
void x8_fetch_again_free(struct x8_fetch_again **again);
int x8_fetch_again_open(struct x8_fetch_again *again, struct x8_reader **out, struct x8_error *err);
/* From now on all of it is read each time it is opened: the first reader goes on with the download
 * that is under way, and its beginning is given up as it is passed. 1 when it can do so, or all is
 * in memory; 0 when the server is asked anew. */
int x8_fetch_again_settle(struct x8_fetch_again *again);
/* How often the server was asked for it from its start, and its digest ("" until one reading came
 * to its end; a stable place). */
unsigned x8_fetch_again_count(struct x8_fetch_again *again);
/* x8_fetch_reader_accept() of the readings, which are closed by then. */
int x8_fetch_again_accept(struct x8_fetch_again *again, struct x8_error *err);
const char *x8_fetch_again_sha256(const struct x8_fetch_again *again);

/* The catalogue: the built-in one (`index` NULL or ""), or a file or URL in its place (a URL's copy
 * is kept in the cache and used when offline or when the server cannot be reached, with a
 * warning). `how`: any of enum x8_catalogue_how. */
enum x8_catalogue_how {
    X8_CATALOGUE_OFFLINE = 1, /* nobody is asked */
    X8_CATALOGUE_LOOK = 2     /* a dry run: no copy is made, an old one stays as it is */
};
int x8_catalogue_open(const struct x8_op *op, const char *folder, const char *index,
                      const struct x8_http_config *http, int how, struct x8_catalogue *out,
                      struct x8_error *err);

/*
 * What a word of the user's means: "latest", a number or release of the catalogue, or a URL (http
 * or https; X8_E_USAGE for others). A URL that is that of a release whose digest is known, or whose
 * file has the same name, has to be that release. Asks nobody: with `moves`, x8_fetch asks the
 * server and pins what it gives by its digest. X8_E_NO_FILE with what is near, or for a release
 * that nobody knows a place of.
 */
struct x8_wanted {
    char url[512], name[64], sha256[65];
    uint64_t size;
    int moves;                        /* for struct x8_fetch */
    const struct x8_release *release; /* or NULL; borrowed from the catalogue */
};
int x8_wanted_find(const struct x8_op *op, const struct x8_catalogue *catalogue, const char *word,
                   struct x8_wanted *out, struct x8_error *err);

#endif
