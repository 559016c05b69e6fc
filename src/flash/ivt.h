/*
 * Boot images as the ROMs and the SPL read them: IVT with boot data and DCD (i.MX 6 to 8M), FIT
 * (flattened device tree), AHAB containers (i.MX 8QXP and later), flash header. Nothing in a file
 * is trusted: every derived offset is checked against the file. Pure functions. Source: NXP
 * imx-mkimage and U-Boot tools/imx8mimage.c (what the packers write), NXP mfgtools (how it is
 * searched), U-Boot spl_fit.c (what the SPL accepts).
 */
#ifndef X8_FLASH_IVT_H
#define X8_FLASH_IVT_H

#include "util/bytes.h"
#include "util/error.h"

struct x8_ivt {
    uint64_t offset;     /* of the IVT in the file */
    uint8_t version;     /* 0x40 or 0x41 */
    uint8_t behind_hdmi; /* an HDMI firmware stood before it, as in images for the i.MX 8MQ */
    uint32_t entry, dcd, boot_data, self, csf;
    uint32_t start, size, plugin; /* boot data; size includes the bytes before the IVT. 0 when the
                                     IVT has no boot data: such an image cannot be loaded */
    struct x8_span
        load; /* what goes to address self: min(size - (self - start), file end - offset) */
    struct x8_span dcd_bytes; /* empty when there is none */
};

struct x8_ivt_search {
    uint64_t from;  /* first offset to look at */
    uint64_t limit; /* stop there; 0: end of file */
    unsigned index; /* skip this many matches */
};

/* X8_E_BAD_IMAGE: "no IVT header" or the pointer that leads outside the file. */
int x8_ivt_find(struct x8_span file, const struct x8_ivt_search *search, struct x8_ivt *out,
                struct x8_error *err);

/*
 * 1 when the IVT is one an i.MX 8M Mini ROM can take: everything that is loaded lies in its on-chip
 * memory from 0x7E0000 on, the entry inside it. Otherwise 0 and `why` (may be NULL) gets the reason
 * with the chip the image looks like: "its self address 0x911fc0 is one of the i.MX 8M Nano".
 */
int x8_ivt_suits_8mm(const struct x8_ivt *ivt, char why[128]);

/*
 * A FIT starts at `offset`: magic, total size inside the file, structure and strings blocks inside
 * it, and all data it keeps behind itself there. *out_size (may be NULL) gets its bytes, that data
 * included.
 */
int x8_fit_check(struct x8_span file, uint64_t offset, uint64_t *out_size, struct x8_error *err);

/* First FIT magic at a multiple of 4 from `from`, as the SPL searches. 0 with *out_offset, or
 * X8_E_BAD_IMAGE. */
int x8_fit_find(struct x8_span file, uint64_t from, uint64_t *out_offset, struct x8_error *err);

/* First byte behind SPL and its CSF space (`write -skipspl`): IVT first, else container. */
int x8_skip_spl(struct x8_span file, uint64_t from, uint64_t *out_offset, struct x8_error *err);

/*
 * Bytes of an AHAB container set that starts at `offset`, without the copy of the flash header some
 * images end in. The rest of the file when there is a single container. X8_E_BAD_IMAGE when there
 * is none or when it is cut short.
 */
int x8_container_size(struct x8_span file, uint64_t offset, uint64_t *out_size,
                      struct x8_error *err);

/* `-skipfhdr`: 0x1000 when a flash header magic stands at offset + {0, 0x400, 0x1fc, 0x5fc}, else
 * 0. */
uint64_t x8_flash_header_skip(struct x8_span file, uint64_t offset);

/*
 * `-scanterm` on an MBR file: the boot loader's range, which ends at a marker that carries its
 * length. X8_E_BAD_IMAGE when the file is an MBR image without a good marker below `limit` (0: the
 * usual 8 MiB). *out is the whole file when it is no MBR image.
 */
int x8_scan_term(struct x8_span file, uint64_t limit, struct x8_span *out, struct x8_error *err);

#endif
