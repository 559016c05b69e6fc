/*
 * Partition tables (MBR and GPT) at the start of a user-area image: enough to say what is inside
 * and whether the image fits.
 */
#ifndef X8_IMAGE_PARTTABLE_H
#define X8_IMAGE_PARTTABLE_H

#include "util/buf.h"
#include "util/error.h"

#define X8_PART_MAX 128

struct x8_part {
    uint64_t start, len; /* bytes */
    uint8_t mbr_type;    /* 0 for GPT */
    char name[40];       /* GPT name cleaned to ASCII, or "" */
    int active;
};

enum x8_table_kind { X8_TABLE_NONE, X8_TABLE_MBR, X8_TABLE_GPT };

struct x8_parttable {
    enum x8_table_kind kind;
    struct x8_part parts[X8_PART_MAX];
    size_t count;
    uint64_t
        end; /* first byte behind the last partition (and the backup GPT if the header says so) */
};

/*
 * Read the table from the first bytes of an image (64 KiB is enough for both kinds). No table is
 * X8_TABLE_NONE and success. A GPT with a wrong CRC, overlapping or absurd entries is
 * X8_E_BAD_IMAGE. Pure.
 */
int x8_parttable_read(struct x8_span head, struct x8_parttable *out, struct x8_error *err);

#endif
