/*
 * libarchive, used in two ways.
 *
 * Filters undo bzip2, xz and zstd. The filter is named, not guessed: a guess would undo two layers
 * of the same packing, and would hand out a file with a damaged first byte as if it were not packed
 * at all. The library takes damage behind the first bzip2 stream for the end of the data (3.6.2),
 * so the end is only believed when it has used up all input.
 *
 * Formats give the members of tar and zip archives in one pass over the stream. A tar archive that
 * stops between two members is complete to the library; here it must have its end mark.
 */
#include "image/archive.h"

#include "util/text.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Bytes asked for at once, as in inflate.c. */
#define WALK_INPUT ((size_t)256 * 1024)

/* Input on its way into the library, and the first error of either. */
struct feeder {
    struct input in;
    uint64_t fed;  /* bytes handed to the library */
    uint8_t *tail; /* of a zip archive: its last ZIP_TAIL bytes so far; else NULL */
    size_t tail_len;
    int rc; /* negative: failed for good, with `error` */
    struct x8_error error;
};

/* Keep the last bytes. */
static void keep_tail(struct feeder *feeder, const uint8_t *data, size_t len)
{
    size_t take = len < ZIP_TAIL ? len : ZIP_TAIL;
    size_t keep = feeder->tail_len < ZIP_TAIL - take ? feeder->tail_len : ZIP_TAIL - take;

    memmove(feeder->tail, feeder->tail + feeder->tail_len - keep, keep);
    memcpy(feeder->tail + keep, data + len - take, take);
    feeder->tail_len = keep + take;
}

/* All that is ready counts as used from now on. */
static const uint8_t *use_all(struct feeder *feeder, size_t have)
{
    const uint8_t *data = feeder->in.data + feeder->in.at;

    feeder->in.at = feeder->in.len;
    feeder->fed += have;
    if (feeder->tail)
        keep_tail(feeder, data, have);
    return data;
}

static la_ssize_t feed(struct archive *archive, void *ctx, const void **out)
{
    struct feeder *feeder = ctx;
    struct input *in = &feeder->in;
    ssize_t have = input_want(in, 1, &feeder->error);
    if (have < 0) {
        feeder->rc = (int)have;
        archive_set_error(archive, EIO, "input failed");
        return ARCHIVE_FATAL;
    }
    *out = use_all(feeder, (size_t)have);
    return have;
}

struct unpack_reader {
    struct x8_reader reader;
    struct archive *archive;
    struct feeder feeder;
    enum x8_packing packing;
    int ended;
};

/* What the library says, as an error of ours; an error of the input itself goes first. */
static int fault(struct unpack_reader *unpack)
{
    if (unpack->feeder.rc < 0)
        return unpack->feeder.rc;
    const char *said = archive_error_string(unpack->archive);
    const char *detail = said ? said : "no valid compressed data";
    const char *what = strstr(detail, "runcated") ? "truncated" : "damaged";
    /* The xz decoder has no word of its own for input that ends too early, and in the first block
     * every fault is an unknown format to the library. */
    if (unpack->feeder.in.ended && *what == 'd')
        what = "damaged or truncated";
    if (strstr(detail, "Unrecognized"))
        detail = "no valid compressed data in the first block";
    return input_bad(what, x8_packing_name(unpack->packing), unpack->feeder.fed, detail,
                     &unpack->feeder.error);
}

/* The end is proven when all input was used: to the library, garbage is an end too. */
static int check_end(struct unpack_reader *unpack)
{
    int64_t used = archive_filter_bytes(unpack->archive, -1);
    ssize_t more = input_want(&unpack->feeder.in, 1, &unpack->feeder.error);
    if (more < 0)
        return (int)more;
    if (used < 0 || more > 0 || (uint64_t)used != unpack->feeder.fed)
        return input_bad("damaged or truncated", x8_packing_name(unpack->packing),
                         used < 0 ? unpack->feeder.fed : (uint64_t)used,
                         "garbage behind the compressed data", &unpack->feeder.error);
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
        return x8_fail(&unpack->feeder.error, X8_E_INTERNAL, "out of memory");
    if (archive_read_support_format_raw(unpack->archive) != ARCHIVE_OK ||
        archive_read_append_filter(unpack->archive, filters[unpack->packing]) != ARCHIVE_OK)
        return x8_fail(&unpack->feeder.error, X8_E_INTERNAL, "libarchive cannot undo %s here",
                       x8_packing_name(unpack->packing));
    if (archive_read_open(unpack->archive, &unpack->feeder, NULL, feed, NULL) != ARCHIVE_OK ||
        archive_read_next_header(unpack->archive, &entry) != ARCHIVE_OK)
        return fault(unpack);
    return 0;
}

static ssize_t unpack_read(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    struct unpack_reader *unpack = X8_CONTAINER(reader, struct unpack_reader, reader);
    la_ssize_t n = 0;
    if (unpack->feeder.rc >= 0 && !unpack->archive)
        unpack->feeder.rc = start(unpack);
    if (unpack->feeder.rc >= 0 && !unpack->ended) {
        n = archive_read_data(unpack->archive, out, cap);
        if (n < 0)
            unpack->feeder.rc = fault(unpack);
        else if (n == 0)
            unpack->feeder.rc = check_end(unpack);
    }
    if (unpack->feeder.rc < 0 && err)
        *err = unpack->feeder.error;
    return unpack->feeder.rc < 0 ? unpack->feeder.rc : n;
}

static void unpack_close(struct x8_reader *reader)
{
    struct unpack_reader *unpack = X8_CONTAINER(reader, struct unpack_reader, reader);
    if (unpack->archive)
        archive_read_free(unpack->archive);
    input_close(&unpack->feeder.in);
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
    unpack->feeder.in = *in;
    unpack->packing = packing;
    *in = (struct input){0};
    *out = &unpack->reader;
    return 0;
}

struct archive_walk {
    struct archive *archive;
    struct archive_entry *entry;
    struct feeder feeder;
    int is_zip, ended, is_closed;
    unsigned ordinal; /* headers seen */
};

static int is_tar(struct x8_span head)
{
    unsigned sum = 0, stored = 0;
    if (head.len < ARCHIVE_HEAD)
        return 0;
    for (size_t i = 0; i < ARCHIVE_HEAD; i++)
        sum += i >= 148 && i < 156 ? ' ' : head.data[i];
    for (size_t i = 148; i < 156; i++)
        if (head.data[i] >= '0' && head.data[i] <= '7')
            stored = stored * 8 + head.data[i] - '0';
    return sum == stored && head.data[0] != 0;
}

static int is_zip(struct x8_span head)
{
    return head.len >= 4 && memcmp(head.data, "PK\3\4", 4) == 0;
}

int archive_is(struct x8_span head)
{
    return is_tar(head) || is_zip(head);
}

static int walk_fault(struct archive_walk *walk, struct x8_error *err)
{
    struct feeder *feeder = &walk->feeder;
    if (feeder->rc >= 0) {
        const char *said = archive_error_string(walk->archive);
        const char *detail = said ? said : "no valid archive";
        const char *what = strstr(detail, "runcated") ? "truncated" : "damaged";
        feeder->rc = input_bad(what, walk->is_zip ? "zip archive" : "tar archive", feeder->fed,
                               detail, &feeder->error);
    }
    if (err)
        *err = feeder->error;
    return feeder->rc;
}

static int no_archive(struct x8_span head, struct x8_error *err)
{
    char words[48];
    size_t len = 0;
    while (len < head.len && len < sizeof(words) - 1 && !strchr("\r\n", head.data[len]))
        len++;
    x8_clean(words, sizeof(words), (const char *)head.data, len);
    x8_fail(err, X8_E_BAD_IMAGE, "neither a tar nor a zip archive");
    if (head.len == 0)
        x8_error_why(err, "it is empty");
    else
        x8_error_why(err, "it begins with '%s'", words);
    return -X8_E_BAD_IMAGE;
}

/* Recognise the format and give the library nothing else to choose from. */
static int walk_start(struct archive_walk *walk, struct x8_error *err)
{
    struct input *in = &walk->feeder.in;
    ssize_t have = input_want(in, ARCHIVE_HEAD, err);
    if (have < 0)
        return (int)have;
    struct x8_span head = {in->data + in->at, (size_t)have};
    if (!archive_is(head))
        return no_archive(head, err);
    walk->is_zip = is_zip(head);
    walk->archive = archive_read_new();
    if (walk->is_zip)
        walk->feeder.tail = malloc(ZIP_TAIL);
    if (!walk->archive || (walk->is_zip && !walk->feeder.tail))
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    if (walk->is_zip)
        archive_read_support_format_zip_streamable(walk->archive);
    else
        archive_read_support_format_tar(walk->archive);
    /* Names as the bytes they are: no locale plays a part. */
    archive_read_set_options(walk->archive, "hdrcharset=BINARY");
    if (archive_read_open(walk->archive, &walk->feeder, NULL, feed, NULL) != ARCHIVE_OK)
        return walk_fault(walk, err);
    return 0;
}

int archive_walk_open(struct x8_reader *inner, struct archive_walk **out, struct x8_error *err)
{
    struct archive_walk *walk = calloc(1, sizeof(*walk));
    if (!walk) {
        x8_reader_close(&inner);
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    }
    int rc = input_open(&walk->feeder.in, inner, WALK_INPUT, err);
    if (rc >= 0)
        rc = walk_start(walk, err);
    if (rc < 0)
        archive_walk_close(&walk);
    *out = walk;
    return rc;
}

void archive_walk_close(struct archive_walk **walk)
{
    if (!*walk)
        return;
    if ((*walk)->archive)
        archive_read_free((*walk)->archive);
    input_close(&(*walk)->feeder.in);
    free((*walk)->feeder.tail);
    free(*walk);
    *walk = NULL;
}

/* Its end mark; the library stops at the first block of it, and at a directory that may be cut. */
static int check_mark(struct archive_walk *walk, int64_t data_end)
{
    struct feeder *feeder = &walk->feeder;
    int64_t at = archive_filter_bytes(walk->archive, 0);
    struct x8_span tail = {feeder->tail, feeder->tail_len};

    walk->is_closed = walk->is_zip || at >= data_end + 1024;
    if (walk->is_zip ? zip_has_end(tail, feeder->fed) : at >= data_end + 512)
        return 0;
    return input_bad("truncated", walk->is_zip ? "zip archive" : "tar archive", feeder->fed,
                     walk->is_zip ? "no end of its directory" : "no end mark", &feeder->error);
}

/* The library saw no more members: is that the end, and does the stream below agree? */
static int walk_end(struct archive_walk *walk, int64_t data_end, struct x8_error *err)
{
    struct feeder *feeder = &walk->feeder;
    ssize_t more = 1;
    while (more > 0) {
        feeder->in.at = feeder->in.len;
        more = input_want(&feeder->in, 1, &feeder->error);
        if (more > 0)
            use_all(feeder, (size_t)more);
    }
    feeder->rc = more < 0 ? (int)more : check_mark(walk, data_end);
    walk->ended = 1;
    return feeder->rc < 0 ? walk_fault(walk, err) : 0;
}

int archive_walk_is_closed(const struct archive_walk *walk)
{
    return walk->ended && walk->is_closed;
}

static void describe(struct archive_walk *walk, struct archive_member *out)
{
    struct archive_entry *entry = walk->entry;
    *out = (struct archive_member){.kind = MEMBER_SPECIAL, .offset = UINT64_MAX};
    out->path = archive_entry_pathname(entry);
    out->ordinal = walk->ordinal;
    out->size = archive_entry_size_is_set(entry) ? (uint64_t)archive_entry_size(entry) : UINT64_MAX;
    if (archive_entry_hardlink(entry)) {
        out->kind = MEMBER_HARDLINK;
        out->target = archive_entry_hardlink(entry);
    } else if (archive_entry_filetype(entry) == AE_IFLNK) {
        out->kind = MEMBER_SYMLINK;
        out->target = archive_entry_symlink(entry);
    } else if (archive_entry_filetype(entry) == AE_IFDIR) {
        out->kind = MEMBER_DIR;
    } else if (archive_entry_filetype(entry) == AE_IFREG) {
        out->kind = MEMBER_FILE;
        if (!walk->is_zip && archive_entry_sparse_count(entry) == 0)
            out->offset = (uint64_t)archive_filter_bytes(walk->archive, 0);
    }
}

int archive_walk_next(struct archive_walk *walk, struct archive_member *out, struct x8_error *err)
{
    if (walk->feeder.rc < 0 || walk->ended)
        return walk->feeder.rc < 0 ? walk_fault(walk, err) : 0;
    if (walk->entry && archive_read_data_skip(walk->archive) < ARCHIVE_WARN)
        return walk_fault(walk, err);
    int64_t data_end = archive_filter_bytes(walk->archive, 0);
    int rc = archive_read_next_header(walk->archive, &walk->entry);
    if (rc == ARCHIVE_EOF)
        return walk_end(walk, data_end, err);
    if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
        return walk_fault(walk, err);
    walk->ordinal++;
    describe(walk, out);
    return 1;
}

ssize_t archive_walk_read(struct archive_walk *walk, void *out, size_t cap, struct x8_error *err)
{
    la_ssize_t n = walk->feeder.rc < 0 ? -1 : archive_read_data(walk->archive, out, cap);
    return n < 0 ? walk_fault(walk, err) : n;
}
