/*
 * What else stands in boot files: AHAB containers of the i.MX 8QXP and later, flash headers, and
 * the marker that wic files carry behind their boot loader.
 */
#include "flash/ivt.h"

#include <inttypes.h>
#include <string.h>

#define TAG_CONTAINER 0x87
#define TAG_V2X       0x82
#define HEADER_LEN    16
#define ENTRY_LEN     128
#define TYPE_FCB_COPY 0x08 /* of an image entry: a copy of the flash header */
#define TYPE_V2X      0x0b

static int bad_container(uint64_t offset, struct x8_error *err, const char *why)
{
    int rc = x8_fail(err, X8_E_BAD_IMAGE, "no usable container at offset 0x%" PRIx64, offset);

    x8_error_why(err, "%s", why);
    x8_error_next(err, "check that this is a boot image for this chip, whole and unpacked");
    return rc;
}

static int has_tag(struct x8_span set, uint64_t at, uint8_t tag)
{
    return x8_fits(at, HEADER_LEN, set.len) && set.data[at + 3] == tag;
}

/* Position of the container whose last image ends the set; 0 when the first is the only one. */
static uint64_t last_container(struct x8_span set)
{
    /* From the i.MX 943 on containers stand 16 KiB apart, before that 1 KiB. */
    uint64_t step = set.data[0] >= 2 ? 0x4000 : 0x400, at = step;

    if (set.data[0] >= 2) {
        if (has_tag(set, at, TAG_V2X))
            at += step;
    } else if (has_tag(set, at, TAG_CONTAINER) && x8_fits(at, HEADER_LEN + ENTRY_LEN, set.len) &&
               (x8_get_le32(set.data + at + HEADER_LEN + 24) & 0xf) == TYPE_V2X) {
        at += step;
    }
    return has_tag(set, at, TAG_CONTAINER) ? at : 0;
}

static int container_size(struct x8_span file, uint64_t offset, int with_fcb_copy,
                          uint64_t *out_size, struct x8_error *err)
{
    struct x8_span set;
    const uint8_t *entry;
    uint64_t at, end;
    unsigned images;

    if (!x8_fits(offset, HEADER_LEN, file.len) || file.data[offset + 3] != TAG_CONTAINER)
        return bad_container(offset, err, "there is no container header (tag 87 at byte 3)");
    set = (struct x8_span){file.data + offset, (size_t)(file.len - offset)};
    at = last_container(set);
    if (at == 0) {
        *out_size = set.len;
        return 0;
    }
    images = set.data[at + 11];
    if (images == 0 || !x8_fits(at + HEADER_LEN, (uint64_t)images * ENTRY_LEN, set.len))
        return bad_container(offset, err, "its list of images is empty or leads outside the file");
    entry = set.data + at + HEADER_LEN + (size_t)(images - 1) * ENTRY_LEN;
    if ((x8_get_le32(entry + 24) & 0xf) == TYPE_FCB_COPY && !with_fcb_copy && images > 1)
        entry -= ENTRY_LEN;
    end = at + x8_get_le32(entry) + x8_get_le32(entry + 4);
    if (end > set.len)
        return bad_container(offset, err, "its last image leads outside the file: it is cut short");
    end = (end + 0x3ff) & ~UINT64_C(0x3ff);
    *out_size = end < set.len ? end : set.len;
    return 0;
}

int x8_container_size(struct x8_span file, uint64_t offset, uint64_t *out_size,
                      struct x8_error *err)
{
    return container_size(file, offset, 0, out_size, err);
}

static int nothing_behind_spl(struct x8_error *err)
{
    int rc = x8_fail(err, X8_E_BAD_IMAGE, "no second loader behind the SPL in this file");

    x8_error_why(err, "the file ends with the SPL");
    x8_error_next(err, "use a flash.bin that holds both loaders, or send the .itb file by 'SDPV: "
                       "write -f' without -skipspl");
    return rc;
}

int x8_skip_spl(struct x8_span file, uint64_t from, uint64_t *out_offset, struct x8_error *err)
{
    struct x8_ivt_search search = {.from = from, .limit = from + 0x100000};
    struct x8_error no_ivt;
    struct x8_ivt ivt;
    uint64_t next = from;

    if (x8_ivt_find(file, &search, &ivt, &no_ivt) == 0) {
        /* An IVT without boot data says nothing: the SPL gets it all and searches itself. */
        if (ivt.load.len)
            next = ivt.offset + ivt.size - (ivt.self - ivt.start);
    } else {
        uint64_t size = 0;

        if (container_size(file, from, 1, &size, err) < 0) {
            if (err)
                *err = no_ivt;
            return -X8_E_BAD_IMAGE;
        }
        next = from + size;
    }
    if (next >= file.len)
        return nothing_behind_spl(err);
    *out_offset = next;
    return 0;
}

uint64_t x8_flash_header_skip(struct x8_span file, uint64_t offset)
{
    static const uint32_t places[] = {0, 0x400, 0x1fc, 0x5fc};

    for (size_t i = 0; i < X8_COUNT(places); i++) {
        uint64_t at = offset + places[i];
        uint32_t word;

        if (at < offset || !x8_fits(at, 4, file.len))
            continue;
        word = x8_get_le32(file.data + at);
        if (word == 0xc0ffee01 || word == 0x42464346)
            return 0x1000;
    }
    return 0;
}

static const char marker[] = "UUUBURNXXOEUZX7+A-XY5601QQWWZ";
#define MARKER_LEN (sizeof marker - 1)

/* ASCII decimal at `at`, at most 12 digits. 0 when there is none. */
static uint64_t decimal(struct x8_span file, uint64_t at)
{
    uint64_t value = 0;

    for (int i = 0; i < 12 && at < file.len && file.data[at] >= '0' && file.data[at] <= '9'; i++)
        value = value * 10 + (uint64_t)(file.data[at++] - '0');
    return value;
}

static int bad_marker(struct x8_error *err, const char *why)
{
    int rc = x8_fail(err, X8_E_BAD_IMAGE, "the end of the boot loader is not marked in this image");

    x8_error_why(err, "%s", why);
    x8_error_next(err, "send the loader file itself instead of the image");
    return rc;
}

int x8_scan_term(struct x8_span file, uint64_t limit, struct x8_span *out, struct x8_error *err)
{
    uint64_t end = limit ? limit : 0x800000;

    if (file.len < 512 || file.data[510] != 0x55 || file.data[511] != 0xaa) {
        *out = file;
        return 0;
    }
    if (end > file.len)
        end = file.len;
    for (uint64_t at = 512; x8_fits(at, MARKER_LEN, end); at++) {
        uint64_t len;

        if (file.data[at] != (uint8_t)marker[0] || memcmp(file.data + at, marker, MARKER_LEN) != 0)
            continue;
        len = decimal(file, at + MARKER_LEN);
        if (len == 0 || len > at)
            return bad_marker(err, "the marker behind it carries no usable length");
        *out = (struct x8_span){file.data + (at - len), (size_t)len};
        return 0;
    }
    return bad_marker(err, "it starts with a partition table, but the marker that ends a boot "
                           "loader was not found");
}
