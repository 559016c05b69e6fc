/*
 * Boot images as the ROMs and the SPL read them: IVT with boot data and DCD (i.MX 6 to 8M), FIT
 * (flattened device tree), AHAB containers (i.MX 8QXP and later), flash header. Nothing in a file
 * is trusted: every derived offset is checked against the file. Pure functions. Source:
 * flash-protocol 2.5, 2.7 to 2.9, 3.4.
 */
#ifndef X8_FLASH_IVT_H
#define X8_FLASH_IVT_H

#include "util/bytes.h"
#include "util/error.h"

struct x8_ivt {
    uint64_t offset; /* of the IVT in the file */
    uint32_t entry, dcd, boot_data, self, csf;
    uint32_t start, size, plugin; /* boot data; size includes the bytes before the IVT */
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

/* 1 when the IVT is one an i.MX 8M Mini ROM can take: self in OCRAM 0x7E0000.., version 0x41 or
 * 0x40. `why` (may be NULL) gets the reason. */
int x8_ivt_suits_8mm(const struct x8_ivt *ivt, char why[128]);

/* A FIT starts at `offset`: magic, total size inside the file, structure and strings blocks inside
 * it. */
int x8_fit_check(struct x8_span file, uint64_t offset, uint64_t *out_size, struct x8_error *err);

/* First FIT magic at a multiple of 4 from `from`, as the SPL searches. 0 with *out_offset, or
 * X8_E_BAD_IMAGE. */
int x8_fit_find(struct x8_span file, uint64_t from, uint64_t *out_offset, struct x8_error *err);

/* First byte behind SPL and its CSF space (`write -skipspl`): IVT first, else container. */
int x8_skip_spl(struct x8_span file, uint64_t from, uint64_t *out_offset, struct x8_error *err);

/* Bytes of an AHAB container set that starts at `offset`. */
int x8_container_size(struct x8_span file, uint64_t offset, uint64_t *out_size,
                      struct x8_error *err);

/* `-skipfhdr`: 0x1000 when a flash header magic stands at offset + {0, 0x400, 0x1fc, 0x5fc}, else
 * 0. */
uint64_t x8_flash_header_skip(struct x8_span file, uint64_t offset);

/* `-scanterm` on an MBR file: the range before the marker (flash-protocol 2.9). X8_E_BAD_IMAGE when
 * the file is an MBR image without marker. *out is the whole file when it is no MBR image. */
int x8_scan_term(struct x8_span file, uint64_t limit, struct x8_span *out, struct x8_error *err);

#endif
