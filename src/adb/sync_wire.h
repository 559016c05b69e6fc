/*
 * The sync service's messages as bytes: four letters and a little-endian length or value. Pure
 * functions.
 * Source: AOSP packages/modules/adb: SYNC.TXT, file_sync_protocol.h.
 */
#ifndef X8_ADB_SYNC_WIRE_H
#define X8_ADB_SYNC_WIRE_H

#include "adb/sync.h"

enum {
    X8_SYNC_HEADER = 8,
    X8_SYNC_DATA_MAX = 64 << 10,
    X8_SYNC_PATH_MAX = 1024,
    X8_SYNC_STAT1 = 16, /* a whole STAT answer */
    X8_SYNC_STAT2 = 72, /* a whole STA2 or LST2 answer */
};

/* The letters as they read in memory. */
#define X8_SYNC_ID(a, b, c, d)                                                                     \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)
#define X8_SYNC_STAT X8_SYNC_ID('S', 'T', 'A', 'T')
#define X8_SYNC_LST2 X8_SYNC_ID('L', 'S', 'T', '2')
#define X8_SYNC_SEND X8_SYNC_ID('S', 'E', 'N', 'D')
#define X8_SYNC_SND2 X8_SYNC_ID('S', 'N', 'D', '2')
#define X8_SYNC_RECV X8_SYNC_ID('R', 'E', 'C', 'V')
#define X8_SYNC_RCV2 X8_SYNC_ID('R', 'C', 'V', '2')
#define X8_SYNC_DATA X8_SYNC_ID('D', 'A', 'T', 'A')
#define X8_SYNC_DONE X8_SYNC_ID('D', 'O', 'N', 'E')
#define X8_SYNC_OKAY X8_SYNC_ID('O', 'K', 'A', 'Y')
#define X8_SYNC_FAIL X8_SYNC_ID('F', 'A', 'I', 'L')

void x8_sync_header_put(uint8_t out[X8_SYNC_HEADER], uint32_t id, uint32_t value);

/* A request about a path. X8_E_USAGE when it is empty or longer than a daemon takes. */
int x8_sync_path_put(struct x8_buf *out, uint32_t id, const char *path, struct x8_error *err);

/* SEND "path,mode", or SND2 with its second message. */
int x8_sync_send_put(struct x8_buf *out, int is_v2, const char *path, unsigned mode,
                     struct x8_error *err);

/* RECV, or RCV2 with its second message. */
int x8_sync_recv_put(struct x8_buf *out, int is_v2, const char *path, struct x8_error *err);

/* An answer to STAT. X8_E_NO_FILE when there is none such, X8_E_LINK when it is something else. */
int x8_sync_stat1_get(const uint8_t in[X8_SYNC_STAT1], const char *path, struct x8_adb_stat *out,
                      struct x8_error *err);
/* An answer to LST2. Also X8_E_REFUSED with the reason. */
int x8_sync_stat2_get(const uint8_t in[X8_SYNC_STAT2], const char *path, struct x8_adb_stat *out,
                      struct x8_error *err);

/* What a daemon said instead of doing it; `is_read`: a missing file is X8_E_NO_FILE. */
int x8_sync_fail(const char *words, size_t len, const char *path, int is_read,
                 struct x8_error *err);

/* A stream of DATA ... DONE, or OKAY, or FAIL, in pieces of any size. Begins zeroed. */
struct x8_sync_parser {
    uint8_t header[X8_SYNC_HEADER];
    size_t header_len;
    uint32_t id, left; /* of the message being read; left: bytes of it still to come */
    char words[256];   /* of FAIL */
    size_t words_len;
    int is_over; /* DONE, OKAY or FAIL was complete */
};

enum x8_sync_event {
    X8_SYNC_EV_MORE = 0, /* all of `in` was used */
    X8_SYNC_EV_DATA,     /* *out_data: part of `in` */
    X8_SYNC_EV_DONE,
    X8_SYNC_EV_OKAY,
    X8_SYNC_EV_FAIL, /* parser->words */
};

/* Take from the front of `in` up to the next event. X8_E_LINK for what the protocol has not. */
int x8_sync_next(struct x8_sync_parser *parser, struct x8_span *in, struct x8_span *out_data,
                 struct x8_error *err);

#endif
