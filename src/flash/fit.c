/*
 * FIT images: a flattened device tree whose nodes carry the next loader's parts, or name where they
 * stand behind the tree (mkimage -E, the usual form for U-Boot). Checked is that everything is
 * there; contents and signatures are the board's business.
 */
#include "flash/ivt.h"

#include <inttypes.h>
#include <string.h>

#define FDT_MAGIC       0xd00dfeed
#define FDT_HEADER_LEN  40
#define FDT_VERSION_MIN 17u /* the first with the size of the structure block */

enum { FDT_BEGIN_NODE = 1, FDT_END_NODE = 2, FDT_PROP = 3, FDT_NOP = 4, FDT_END = 9 };

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

/* The tree while it is walked. */
struct walk {
    struct x8_span structure, strings;
    uint64_t at;    /* in structure */
    uint32_t total; /* of the tree */
    uint64_t end;   /* of tree and external data, from the start of the tree */
    /* Of the present node; external data has a size and either an offset behind the tree or a
     * position from its start. */
    uint32_t data_size, data_offset, data_position;
    unsigned has_size : 1, has_offset : 1, has_position : 1;
};

static int is_named(const struct walk *w, uint32_t name_off, const char *name)
{
    size_t len = strlen(name) + 1;

    return x8_fits(name_off, len, w->strings.len) &&
           memcmp(w->strings.data + name_off, name, len) == 0;
}

static void close_node(struct walk *w)
{
    /* mkimage puts external data at the next multiple of 4 behind the tree. */
    uint64_t base = w->has_position ? w->data_position
                                    : (((uint64_t)w->total + 3) & ~UINT64_C(3)) + w->data_offset;

    if (w->has_size && (w->has_position || w->has_offset) && base + w->data_size > w->end)
        w->end = base + w->data_size;
    w->has_size = w->has_offset = w->has_position = 0;
}

/* A property: length, name, value. 0 or -1 when it does not fit. */
static int take_property(struct walk *w)
{
    const uint8_t *p = w->structure.data + w->at;
    uint32_t len, name, value;

    if (!x8_fits(w->at, 8, w->structure.len))
        return -1;
    len = x8_get_be32(p);
    name = x8_get_be32(p + 4);
    if (!x8_fits(w->at + 8, len, w->structure.len))
        return -1;
    w->at = (w->at + 8 + len + 3) & ~UINT64_C(3);
    if (len != 4)
        return 0;
    value = x8_get_be32(p + 8);
    if (is_named(w, name, "data-size")) {
        w->data_size = value;
        w->has_size = 1;
    } else if (is_named(w, name, "data-offset")) {
        w->data_offset = value;
        w->has_offset = 1;
    } else if (is_named(w, name, "data-position")) {
        w->data_position = value;
        w->has_position = 1;
    }
    return 0;
}

static int skip_name(struct walk *w)
{
    const uint8_t *start = w->structure.data + w->at;
    const uint8_t *nul =
        w->at < w->structure.len ? memchr(start, 0, (size_t)(w->structure.len - w->at)) : NULL;

    if (!nul)
        return -1;
    w->at = (w->at + (uint64_t)(nul - start) + 1 + 3) & ~UINT64_C(3);
    return 0;
}

/* Walk to the end token. 0, or -1 when the structure is broken. */
static int walk_tree(struct walk *w)
{
    int depth = 0;

    while (x8_fits(w->at, 4, w->structure.len)) {
        uint32_t token = x8_get_be32(w->structure.data + w->at);

        w->at += 4;
        if (token == FDT_BEGIN_NODE || token == FDT_END_NODE)
            close_node(w);
        if (token == FDT_END)
            return depth == 0 ? 0 : -1;
        if (token == FDT_BEGIN_NODE)
            depth++;
        else if (token == FDT_END_NODE)
            depth--;
        if ((token == FDT_BEGIN_NODE && skip_name(w) != 0) ||
            (token == FDT_PROP && take_property(w) != 0) || depth < 0)
            return -1;
        if (token != FDT_BEGIN_NODE && token != FDT_END_NODE && token != FDT_PROP &&
            token != FDT_NOP)
            return -1;
    }
    return -1;
}

int x8_fit_check(struct x8_span file, uint64_t offset, uint64_t *out_size, struct x8_error *err)
{
    uint32_t total, structure, strings, structure_len, strings_len;
    struct walk w = {0};
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
    w.structure = (struct x8_span){p + structure, structure_len};
    w.strings = (struct x8_span){p + strings, strings_len};
    w.total = total;
    w.end = total;
    if (walk_tree(&w) != 0)
        return bad(offset, err, "its tree is broken");
    if (!x8_fits(offset, w.end, file.len))
        return bad(offset, err, "the file ends before the parts its tree names: it is cut short");
    if (out_size)
        *out_size = w.end;
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
