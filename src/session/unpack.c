/*
 * Unpacking with suspicion. libarchive parses; nothing of its disk writer is used.
 */
#include "session/unpack.h"

#include "util/file.h"
#include "util/text.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK ((size_t)128 * 1024)
/* Files of a live board grow between their listing and their archive: what all of an archive may
 * have grown together. */
#define GROWTH ((uint64_t)16 << 20)
/* What a name may cost in an archive besides its bytes: headers, long names, a link, and the end of
 * a tar of its own, which is 10 KiB of zeros. */
#define COST_OF_NAME ((uint64_t)32 << 10)

struct unpacker {
    struct archive *archive;
    struct x8_reader *in;
    uint8_t *block; /* of the reader */
    uint8_t *data;  /* of a file */
    struct x8_sha256 *sha;
    int folder;
    struct node *const *nodes;
    size_t count, next; /* the next name that may come */
    uint64_t growth;    /* bytes that may still come beyond what was listed */
    uint64_t stream;    /* bytes that the archives may still have */
    int rc;             /* of the reader */
    struct x8_error error;
};

int unpack_refused(int errnum, const char *name, struct x8_error *err)
{
    enum x8_code code = x8_write_code(errnum, X8_E_NO_FILE);
    char shown[256];
    x8_clean(shown, sizeof(shown), name, strlen(name));
    x8_fail_sys(err, code, errnum, "%s: cannot be written on this computer", shown);
    if (code == X8_E_HOST_SPACE)
        x8_error_next(err, "free some space there or choose another folder");
    else if (code == X8_E_NO_PERMISSION)
        x8_error_next(err, "choose a folder you may write to");
    return -(int)code;
}

int unpack_create(int folder, const struct node *node, struct x8_error *err)
{
    unlinkat(folder, node->rel, 0); /* of an earlier try; mostly there is none */
    int fd = openat(folder, node->rel, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd < 0 ? unpack_refused(errno, node->rel, err) : fd;
}

int unpack_settle(int fd, const struct node *node, struct x8_error *err)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = (time_t)node->mtime}};
    if (fchmod(fd, (mode_t)node->mode & 0777) != 0 || futimens(fd, times) != 0)
        return unpack_refused(errno, node->rel, err);
    return 0;
}

int unpack_write(int fd, const struct node *node, const void *data, size_t len,
                 struct x8_error *err)
{
    int errnum = x8_write_whole(fd, data, len);
    return errnum ? unpack_refused(errnum, node->rel, err) : 0;
}

int unpack_too_long(const struct node *node, uint64_t listed, struct x8_error *err)
{
    char shown[200];
    x8_clean(shown, sizeof(shown), node->rel, strlen(node->rel));
    x8_fail(err, X8_E_LINK, "%s: the board sends much more of it than it listed", shown);
    x8_error_why(err, "it had %llu bytes a moment ago: it is growing fast, or never ends",
                 (unsigned long long)listed);
    x8_error_next(err, "stop what writes it, or read as much as you want of it:  "
                       "x8ctl exec -- head -c BYTES FILE");
    return -X8_E_LINK;
}

/* Charge what is beyond the listing. */
static int grow(struct unpacker *unpacker, const struct node *node, uint64_t size,
                struct x8_error *err)
{
    uint64_t more = size > node->size ? size - node->size : 0;
    if (more > unpacker->growth)
        return unpack_too_long(node, node->size, err);
    unpacker->growth -= more;
    return 0;
}

static la_ssize_t feed(struct archive *archive, void *ctx, const void **out)
{
    struct unpacker *unpacker = ctx;
    ssize_t n = x8_read(unpacker->in, unpacker->block, BLOCK, &unpacker->error);
    *out = unpacker->block;
    if (n > 0 && (uint64_t)n > unpacker->stream) {
        n = x8_fail(&unpacker->error, X8_E_LINK, "the board's archive does not end");
        x8_error_why(&unpacker->error, "it is longer than all that was listed can make it");
        x8_error_next(&unpacker->error, "try again; if it comes back, look at tar on the board");
    }
    if (n >= 0) {
        unpacker->stream -= (uint64_t)n;
        return n;
    }
    unpacker->rc = (int)n;
    archive_set_error(archive, EIO, "reader failed");
    return ARCHIVE_FATAL;
}

/* The reader's own failure goes before what the library makes of it. */
static int fault(struct unpacker *unpacker, struct x8_error *err)
{
    if (unpacker->rc < 0) {
        if (err)
            *err = unpacker->error;
        return unpacker->rc;
    }
    char said[160] = "out of memory";
    const char *text = unpacker->archive ? archive_error_string(unpacker->archive) : NULL;
    if (text)
        x8_clean(said, sizeof(said), text, strlen(text));
    x8_fail(err, X8_E_LINK, "the board's archive is not readable");
    x8_error_why(err, "%s", said);
    return -X8_E_LINK;
}

static int unpacker_open(struct unpacker *unpacker, struct x8_error *err)
{
    unpacker->block = malloc(BLOCK);
    unpacker->data = malloc(BLOCK);
    unpacker->sha = x8_sha256_new();
    unpacker->archive = archive_read_new();
    if (!unpacker->block || !unpacker->data || !unpacker->sha || !unpacker->archive)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    archive_read_support_format_tar(unpacker->archive);
    /* xargs starts tar as often as it needs to. Names are raw bytes without an option: libarchive
     * converts only those of pax headers, which nobody writes here. */
    if (archive_read_set_options(unpacker->archive, "read_concatenated_archives") != ARCHIVE_OK ||
        archive_read_open(unpacker->archive, unpacker, NULL, feed, NULL) != ARCHIVE_OK)
        return fault(unpacker, err);
    return 0;
}

static void unpacker_close(struct unpacker *unpacker)
{
    if (unpacker->archive)
        archive_read_free(unpacker->archive);
    x8_sha256_free(&unpacker->sha);
    free(unpacker->block);
    free(unpacker->data);
}

static int unexpected(const char *what, const char *name, struct x8_error *err)
{
    char shown[200];
    x8_clean(shown, sizeof(shown), name ? name : "", name ? strlen(name) : 0);
    x8_fail(err, X8_E_LINK, "the board's archive holds %s: %s", what, shown);
    x8_error_next(err, "something on the board is not what it seems: look at that file there");
    return -X8_E_LINK;
}

static const char *plain(const char *name)
{
    return strncmp(name, "./", 2) == 0 ? name + 2 : name;
}

/* The node an entry is for. Names come in the order asked for, and some may be missing. */
static struct node *claim(struct unpacker *unpacker, const char *name)
{
    for (size_t i = unpacker->next; i < unpacker->count; i++)
        if (strcmp(unpacker->nodes[i]->rel, plain(name)) == 0) {
            unpacker->next = i + 1;
            return unpacker->nodes[i];
        }
    return NULL;
}

/* `told`: the size in the header, which is judged before anything is written. */
static int take_data(struct unpacker *unpacker, struct node *node, la_int64_t told,
                     struct x8_error *err)
{
    uint64_t size = 0, most = told < 0 ? UINT64_MAX : (uint64_t)told;
    int grown = grow(unpacker, node, most, err);
    X8_AUTO_FD fd = grown < 0 ? grown : unpack_create(unpacker->folder, node, err);
    if (fd < 0)
        return fd;
    for (;;) {
        la_ssize_t n = archive_read_data(unpacker->archive, unpacker->data, BLOCK);
        if (n < 0)
            return fault(unpacker, err);
        if (n == 0)
            break;
        if ((uint64_t)n > most - size)
            return unpack_too_long(node, node->size, err);
        x8_sha256_add(unpacker->sha, unpacker->data, (size_t)n);
        int rc = unpack_write(fd, node, unpacker->data, (size_t)n, err);
        if (rc < 0)
            return rc;
        size += (uint64_t)n;
    }
    int rc = unpack_settle(fd, node, err);
    if (rc < 0)
        return rc;
    x8_sha256_take(unpacker->sha, node->sha256);
    node->size = size;
    node->done = 1;
    return 0;
}

/* tar sends the second name of a file as a reference to the first: here each gets its contents. */
static int copy_twin(struct unpacker *unpacker, struct node *node, const char *twin,
                     struct x8_error *err)
{
    struct node *first = NULL;
    for (size_t i = 0; i < unpacker->next && !first; i++)
        if (unpacker->nodes[i]->done && unpacker->nodes[i]->kind == NODE_FILE &&
            strcmp(unpacker->nodes[i]->rel, plain(twin)) == 0)
            first = unpacker->nodes[i];
    if (!first || first == node)
        return unexpected("a second name of an unknown file", twin, err);
    int rc = grow(unpacker, node, first->size, err);
    if (rc < 0)
        return rc;
    X8_AUTO_FD from =
        openat(unpacker->folder, first->rel, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    X8_AUTO_FD to = from < 0 ? unpack_refused(errno, first->rel, err)
                             : unpack_create(unpacker->folder, node, err);
    rc = to < 0 ? to : 0;
    while (rc == 0) {
        ssize_t n = read(from, unpacker->data, BLOCK);
        if (n == 0)
            break;
        if (n < 0)
            rc = errno == EINTR ? 0 : unpack_refused(errno, first->rel, err);
        else
            rc = unpack_write(to, node, unpacker->data, (size_t)n, err);
    }
    if (rc == 0)
        rc = unpack_settle(to, node, err);
    if (rc < 0)
        return rc;
    memcpy(node->sha256, first->sha256, sizeof(node->sha256));
    node->size = first->size;
    node->done = 1;
    return 0;
}

static int take_link(struct node *node, const char *target, struct x8_error *err)
{
    free(node->link);
    node->link = target && *target ? strdup(target) : NULL;
    if (!node->link)
        return unexpected("a link that leads nowhere", node->rel, err);
    node->done = 1;
    return 0;
}

static int take_entry(struct unpacker *unpacker, struct archive_entry *entry, struct x8_error *err)
{
    const char *name = archive_entry_pathname(entry), *twin = archive_entry_hardlink(entry);
    struct node *node = name ? claim(unpacker, name) : NULL;
    if (!node)
        return unexpected("a name nobody asked for", name, err);
    /* On a live board a file may have become something else since it was listed. */
    if (node->kind == NODE_LINK && archive_entry_filetype(entry) == AE_IFLNK && !twin)
        return take_link(node, archive_entry_symlink(entry), err);
    if (node->kind == NODE_FILE && twin)
        return copy_twin(unpacker, node, twin, err);
    if (node->kind == NODE_FILE && archive_entry_filetype(entry) == AE_IFREG)
        return take_data(unpacker, node, archive_entry_size(entry), err);
    return unexpected("something else than was asked for", name, err);
}

/* No sum of what was listed can pass the largest number. */
static uint64_t plus(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t longest_stream(struct node *const *nodes, size_t count)
{
    uint64_t sum = GROWTH + ((uint64_t)1 << 20);
    for (size_t i = 0; i < count; i++)
        sum = plus(sum, plus(nodes[i]->size, COST_OF_NAME + 2 * strlen(nodes[i]->rel)));
    return sum;
}

int unpack_files(const struct x8_op *op, struct x8_reader *in, int folder,
                 struct node *const *nodes, size_t count, struct x8_error *err)
{
    struct unpacker unpacker = {.in = in,
                                .folder = folder,
                                .nodes = nodes,
                                .count = count,
                                .growth = GROWTH,
                                .stream = longest_stream(nodes, count)};
    int rc = unpacker_open(&unpacker, err);
    while (rc == 0) {
        struct archive_entry *entry;
        rc = x8_cancel_check(op->cancel, X8_CANCEL_SOFT, err);
        int said = rc == 0 ? archive_read_next_header(unpacker.archive, &entry) : ARCHIVE_EOF;
        if (said == ARCHIVE_EOF)
            break;
        rc = said < ARCHIVE_WARN ? fault(&unpacker, err) : take_entry(&unpacker, entry, err);
    }
    unpacker_close(&unpacker);
    return rc;
}
