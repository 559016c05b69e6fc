/*
 * File objects of an archive repository: the length of a header, the header as a GVariant
 * (tuuuusa(ayay)), the content as raw deflate. The checksum is over the same without compression
 * and with a header that lacks the size in front: (uuuusa(ayay)).
 *
 * The content goes through image/rawinflate.h (ISA-L) and is hashed as it comes: memory does not
 * depend on the size of the file.
 */
#include "update/objects_filez.h"

#include "image/rawinflate.h"
#include "update/objects_gvariant.h"

#include <stdlib.h>
#include <string.h>

/* Before the header: its length, big-endian, and four zero bytes. */
#define LEAD 8u
/* In the header: size 8, uid, gid, mode, rdev 4 each, then the target of a link. */
#define AT_MODE   16u
#define AT_TARGET 24u
/* Longest header taken. Extended attributes make it long; Linux has some 64 KiB of them for a file
 * on the file systems that boards use. */
#define HEADER_MAX ((size_t)1 << 20)

#define MODE_KIND 0170000u
#define MODE_FILE 0100000u
#define MODE_LINK 0120000u

struct filez_work {
    struct x8_sha256 *sha;
    struct x8_rawinflate *raw;
    struct x8_buf header;
};

void filez_work_free(struct filez_work **work)
{
    if (*work) {
        x8_sha256_free(&(*work)->sha);
        x8_rawinflate_free(&(*work)->raw);
        x8_buf_done(&(*work)->header);
    }
    free(*work);
    *work = NULL;
}

struct filez_work *filez_work_new(void)
{
    struct filez_work *work = calloc(1, sizeof(*work));
    if (!work)
        return NULL;
    work->sha = x8_sha256_new();
    work->raw = x8_rawinflate_new();
    if (!work->sha || !work->raw)
        filez_work_free(&work);
    return work;
}

static int bad(const char *detail, struct x8_error *err)
{
    return object_bad("file object", detail, err);
}

struct filez_header {
    uint64_t size;
    int is_link;
    size_t target_end, body; /* of the header: end of the link's target, begin of the offset */
};

static int parse_header(struct x8_span bytes, struct filez_header *out, struct x8_error *err)
{
    struct x8_span target;
    if (bytes.len <= AT_TARGET || gv_body(bytes, 1, &out->body) < 0 ||
        gv_offset(bytes, 1, 0, &out->target_end) < 0 || out->target_end <= AT_TARGET)
        return bad("its header is too short or ends in the wrong place", err);
    uint32_t kind = x8_get_be32(bytes.data + AT_MODE) & MODE_KIND;
    out->size = (uint64_t)x8_get_be32(bytes.data) << 32 | x8_get_be32(bytes.data + 4);
    out->is_link = kind == MODE_LINK;
    if (kind != MODE_FILE && kind != MODE_LINK)
        return bad("it is neither a file nor a link", err);
    if (gv_string(gv_part(bytes, AT_TARGET, out->target_end), &target) < 0 ||
        out->is_link != (target.len > 0))
        return bad("the target of a link is missing, or there should be none", err);
    if (gv_xattrs(gv_part(bytes, out->target_end, out->body)) < 0)
        return bad("its extended attributes are none", err);
    return 0;
}

/* Length of the header; 0 when it cannot be one. */
static size_t header_len(const uint8_t lead[LEAD])
{
    uint32_t len = x8_get_be32(lead);
    return x8_get_be32(lead + 4) == 0 && len > AT_TARGET && len <= HEADER_MAX ? len : 0;
}

static int read_header(struct filez_work *work, struct x8_reader *reader, struct x8_error *err)
{
    uint8_t lead[LEAD];
    ssize_t n = x8_read_full(reader, lead, sizeof(lead), err);
    if (n < 0)
        return (int)n;
    size_t len = n == sizeof(lead) ? header_len(lead) : 0;
    if (len == 0)
        return bad("it does not begin with a header", err);
    work->header.len = 0;
    if (x8_buf_reserve(&work->header, len) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    n = x8_read_full(reader, work->header.data, len, err);
    if (n < 0)
        return (int)n;
    work->header.len = (size_t)n;
    return (size_t)n == len ? 0 : bad("it ends inside its header", err);
}

/* The header as the checksum has it: 8 bytes less, and so maybe a shorter offset. */
static void hash_header(struct filez_work *work, const struct filez_header *header)
{
    const uint8_t *data = work->header.data;
    uint8_t lead[LEAD] = {0}, offset[8];
    size_t body = header->body - 8, width = gv_width(body, 1);
    x8_put_be32(lead, (uint32_t)(body + width));
    x8_put_le64(offset, header->target_end - 8);
    x8_sha256_add(work->sha, lead, sizeof(lead));
    x8_sha256_add(work->sha, data + 8, body);
    x8_sha256_add(work->sha, offset, width);
}

static void hash_content(void *ctx, const void *data, size_t len)
{
    x8_sha256_add(ctx, data, len);
}

/* A link has no content, not even an empty stream. Its size is written as 0, but nobody reads it.
 */
static int check_link(struct x8_reader *reader, struct x8_error *err)
{
    uint8_t byte;
    ssize_t n = x8_read(reader, &byte, 1, err);
    return n > 0 ? bad("bytes behind the target of a link", err) : (int)n;
}

int filez_digest(struct filez_work *work, struct x8_reader *reader, uint8_t out_sum[X8_SHA256_LEN],
                 uint64_t *out_size, struct x8_error *err)
{
    struct filez_header header;
    uint8_t sum[X8_SHA256_LEN];
    int rc = read_header(work, reader, err);
    if (rc >= 0)
        rc = parse_header(x8_buf_span(&work->header), &header, err);
    if (rc < 0)
        return rc;
    hash_header(work, &header);
    if (header.is_link)
        rc = check_link(reader, err);
    else
        rc = x8_rawinflate_run(work->raw, reader, header.size, hash_content, work->sha, err);
    x8_sha256_take(work->sha, sum);
    if (rc < 0)
        return rc;
    memcpy(out_sum, sum, sizeof(sum));
    *out_size = header.is_link ? 0 : header.size;
    return 0;
}

int x8_filez_digest(struct x8_reader *reader, uint8_t out_sum[X8_SHA256_LEN], uint64_t *out_size,
                    struct x8_error *err)
{
    struct filez_work *work = filez_work_new();
    if (!work)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    int rc = filez_digest(work, reader, out_sum, out_size, err);
    filez_work_free(&work);
    return rc;
}

int x8_filez_size(struct x8_span head, uint64_t *out_size, struct x8_error *err)
{
    if (head.len < LEAD + AT_TARGET || header_len(head.data) == 0)
        return bad("it does not begin with a header", err);
    const uint8_t *header = head.data + LEAD;
    uint32_t kind = x8_get_be32(header + AT_MODE) & MODE_KIND;
    if (kind != MODE_FILE && kind != MODE_LINK)
        return bad("it is neither a file nor a link", err);
    *out_size = (uint64_t)x8_get_be32(header) << 32 | x8_get_be32(header + 4);
    if (kind == MODE_LINK)
        *out_size = 0;
    return 0;
}
