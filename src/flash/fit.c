/*
 * FIT images: a flattened device tree that carries or points to the next loader. Only the outer
 * frame is checked: the tree itself, and that it is all there.
 */
#include "flash/ivt.h"

#include <inttypes.h>

#define FDT_MAGIC       0xd00dfeed
#define FDT_HEADER_LEN  40
#define FDT_BEGIN_NODE  1u
#define FDT_VERSION_MIN 17u /* the first with the size of the structure block */

static int bad(uint64_t offset, struct x8_error *err, const char *why)
{
    int rc = x8_fail(err, X8_E_BAD_IMAGE, "no usable FIT image at offset 0x%" PRIx64, offset);

    x8_error_why(err, "%s", why);
    x8_error_next(err, "check that this is the second loader (u-boot-....itb), whole and unpacked");
    return rc;
}

/* [off, off + len) of a tree of `total` bytes, behind its header. */
static int block_fits(uint32_t off, uint32_t len, uint32_t total)
{
    return off >= FDT_HEADER_LEN && x8_fits(off, len, total);
}

int x8_fit_check(struct x8_span file, uint64_t offset, uint64_t *out_size, struct x8_error *err)
{
    uint32_t total, structure, strings, structure_len, strings_len;
    const uint8_t *p;

    if (!x8_fits(offset, FDT_HEADER_LEN, file.len))
        return bad(offset, err, "the file ends before or inside its header");
    p = file.data + offset;
    if (x8_get_be32(p) != FDT_MAGIC)
        return bad(offset, err, "it does not begin with d0 0d fe ed");
    total = x8_get_be32(p + 4);
    structure = x8_get_be32(p + 8);
    strings = x8_get_be32(p + 12);
    strings_len = x8_get_be32(p + 32);
    structure_len = x8_get_be32(p + 36);
    if (x8_get_be32(p + 20) < FDT_VERSION_MIN)
        return bad(offset, err, "its format version is older than 17");
    if (total < FDT_HEADER_LEN || !x8_fits(offset, total, file.len))
        return bad(offset, err, "the file is shorter than the header says: it is cut short");
    if (!block_fits(structure, structure_len, total) || !block_fits(strings, strings_len, total))
        return bad(offset, err, "its blocks lie outside of it");
    if (structure % 4 || structure_len < 4 || x8_get_be32(p + structure) != FDT_BEGIN_NODE)
        return bad(offset, err, "its structure block does not begin with a node");
    if (out_size)
        *out_size = total;
    return 0;
}

int x8_fit_find(struct x8_span file, uint64_t from, uint64_t *out_offset, struct x8_error *err)
{
    int rc;

    for (uint64_t at = from; x8_fits(at, 4, file.len); at += 4)
        if (x8_get_be32(file.data + at) == FDT_MAGIC) {
            *out_offset = at;
            return 0;
        }
    rc = x8_fail(err, X8_E_BAD_IMAGE, "no FIT image in the file");
    x8_error_why(err,
                 "the SPL searches for d0 0d fe ed at multiples of 4 and found none from offset "
                 "0x%" PRIx64,
                 from);
    x8_error_next(err, "check that this is the second loader (u-boot-....itb), whole and unpacked");
    return rc;
}
