/*
 * Undo bzip2, xz and zstd with libarchive's filters. The filter is named, not guessed: a guess
 * would undo two layers of the same packing, and would hand out a file with a damaged first byte as
 * if it were not packed at all. The library takes damage behind the first bzip2 stream for the end
 * of the data (3.6.2), so the end is only believed when it has used up all input.
 */
#include "image/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct unpack_reader {
    struct x8_reader reader;
    struct archive *archive;
    struct input in;
    enum x8_packing packing;
    uint64_t fed;  /* packed bytes handed to the library */
    int rc, ended; /* rc negative: failed for good, with `error` */
    struct x8_error error;
};

static la_ssize_t feed(struct archive *archive, void *ctx, const void **out)
{
    struct unpack_reader *unpack = ctx;
    struct input *in = &unpack->in;
    (void)archive;
    ssize_t have = input_want(in, 1, &unpack->error);
    if (have < 0) {
        unpack->rc = (int)have;
        archive_set_error(archive, EIO, "input failed");
        return ARCHIVE_FATAL;
    }
    *out = in->data + in->at;
    in->at = in->len;
    unpack->fed += (uint64_t)have;
    return have;
}

/* What the library says, as an error of ours; an error of the input itself goes first. */
static int fault(struct unpack_reader *unpack)
{
    if (unpack->rc < 0)
        return unpack->rc;
    const char *said = archive_error_string(unpack->archive);
    const char *detail = said ? said : "no valid compressed data";
    const char *what = strstr(detail, "runcated") ? "truncated" : "damaged";
    /* The xz decoder has no word of its own for input that ends too early, and in the first block
     * every fault is an unknown format to the library. */
    if (unpack->in.ended && *what == 'd')
        what = "damaged or truncated";
    if (strstr(detail, "Unrecognized"))
        detail = "no valid compressed data in the first block";
    return input_bad(what, x8_packing_name(unpack->packing), unpack->fed, detail, &unpack->error);
}

/* The end is proven when all input was used: to the library, garbage is an end too. */
static int check_end(struct unpack_reader *unpack)
{
    int64_t used = archive_filter_bytes(unpack->archive, -1);
    ssize_t more = input_want(&unpack->in, 1, &unpack->error);
    if (more < 0)
        return (int)more;
    if (used < 0 || more > 0 || (uint64_t)used != unpack->fed)
        return input_bad("damaged or truncated", x8_packing_name(unpack->packing),
                         used < 0 ? unpack->fed : (uint64_t)used,
                         "garbage behind the compressed data", &unpack->error);
    unpack->ended = 1;
    return 0;
}

static int start(struct unpack_reader *unpack)
{
    static const int filters[] = {[X8_PACK_BZIP2] = ARCHIVE_FILTER_BZIP2,
                                  [X8_PACK_XZ] = ARCHIVE_FILTER_XZ,
                                  [X8_PACK_ZSTD] = ARCHIVE_FILTER_ZSTD};
    struct archive_entry *entry;
    unpack->archive = archive_read_new();
    if (!unpack->archive)
        return x8_fail(&unpack->error, X8_E_INTERNAL, "out of memory");
    if (archive_read_support_format_raw(unpack->archive) != ARCHIVE_OK ||
        archive_read_append_filter(unpack->archive, filters[unpack->packing]) != ARCHIVE_OK)
        return x8_fail(&unpack->error, X8_E_INTERNAL, "libarchive cannot undo %s here",
                       x8_packing_name(unpack->packing));
    if (archive_read_open(unpack->archive, unpack, NULL, feed, NULL) != ARCHIVE_OK ||
        archive_read_next_header(unpack->archive, &entry) != ARCHIVE_OK)
        return fault(unpack);
    return 0;
}

static ssize_t unpack_read(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    struct unpack_reader *unpack = X8_CONTAINER(reader, struct unpack_reader, reader);
    la_ssize_t n = 0;
    if (unpack->rc >= 0 && !unpack->archive)
        unpack->rc = start(unpack);
    if (unpack->rc >= 0 && !unpack->ended) {
        n = archive_read_data(unpack->archive, out, cap);
        if (n < 0)
            unpack->rc = fault(unpack);
        else if (n == 0)
            unpack->rc = check_end(unpack);
    }
    if (unpack->rc < 0 && err)
        *err = unpack->error;
    return unpack->rc < 0 ? unpack->rc : n;
}

static void unpack_close(struct x8_reader *reader)
{
    struct unpack_reader *unpack = X8_CONTAINER(reader, struct unpack_reader, reader);
    if (unpack->archive)
        archive_read_free(unpack->archive);
    input_close(&unpack->in);
    free(unpack);
}

int unpack_reader_new(struct input *in, enum x8_packing packing, struct x8_reader **out,
                      struct x8_error *err)
{
    static const struct x8_reader_ops ops = {unpack_read, unpack_close};
    struct unpack_reader *unpack = calloc(1, sizeof(*unpack));
    if (!unpack) {
        input_close(in);
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    }
    unpack->reader.ops = &ops;
    unpack->in = *in;
    unpack->packing = packing;
    *in = (struct input){0};
    *out = &unpack->reader;
    return 0;
}
