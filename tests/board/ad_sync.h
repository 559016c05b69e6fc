/*
 * Inside of `sync:`: what its files share. ad_sync.c cuts the host's bytes into requests.
 */
#ifndef AD_SYNC_H
#define AD_SYNC_H

#include "ad_model.h"

#include <sys/stat.h>

#define SYNC_DATA_MAX (64u << 10)
#define SYNC_PATH_MAX 1024u

#define SYNC_ID(a, b, c, d)                                                                        \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)
#define SYNC_STAT SYNC_ID('S', 'T', 'A', 'T')
#define SYNC_LIST SYNC_ID('L', 'I', 'S', 'T')
#define SYNC_RECV SYNC_ID('R', 'E', 'C', 'V')
#define SYNC_SEND SYNC_ID('S', 'E', 'N', 'D')
#define SYNC_QUIT SYNC_ID('Q', 'U', 'I', 'T')
#define SYNC_DATA SYNC_ID('D', 'A', 'T', 'A')
#define SYNC_DONE SYNC_ID('D', 'O', 'N', 'E')
#define SYNC_DENT SYNC_ID('D', 'E', 'N', 'T')
#define SYNC_OKAY SYNC_ID('O', 'K', 'A', 'Y')
#define SYNC_FAIL SYNC_ID('F', 'A', 'I', 'L')
/* the newer daemon's */
#define SYNC_STA2 SYNC_ID('S', 'T', 'A', '2')
#define SYNC_LST2 SYNC_ID('L', 'S', 'T', '2')
#define SYNC_LIS2 SYNC_ID('L', 'I', 'S', '2')
#define SYNC_DNT2 SYNC_ID('D', 'N', 'T', '2')
#define SYNC_SND2 SYNC_ID('S', 'N', 'D', '2')
#define SYNC_RCV2 SYNC_ID('R', 'C', 'V', '2')

enum sync_state {
    SYNC_AT_REQUEST,   /* id, length */
    SYNC_AT_PATH,      /* so many bytes */
    SYNC_AT_ARGUMENTS, /* behind the path of SND2 and RCV2 */
    SYNC_AT_BLOCK,     /* inside SEND: DATA or DONE */
    SYNC_AT_DATA,      /* inside a DATA block */
};

struct sync {
    struct ad_stream *stream;
    enum sync_state state;
    uint8_t head[12];
    size_t head_len, head_want;
    uint32_t id; /* of the present request */
    char path[SYNC_PATH_MAX + 1];
    size_t path_len, path_want;
    char target[SYNC_PATH_MAX + 1]; /* SEND: the file without its mode */
    int send_fd, recv_fd, is_link, has_failed;
    uint32_t left;                     /* of the DATA block */
    char link_text[SYNC_PATH_MAX + 1]; /* where a symbolic link leads */
    size_t link_len;
};

/* Answers. */
void sync_say(struct sync *y, uint32_t id, uint32_t number);
void sync_fail(struct sync *y, const char *text);
void sync_fail_errno(struct sync *y, int error);
/* The same, and the stream ends. */
void sync_give_up(struct sync *y, const char *text);

/* Requests without data from the host: they queue the whole answer, but for RECV, which is read on
 * by sync_recv_more(). */
void sync_stat(struct sync *y);
void sync_list(struct sync *y);
void sync_recv(struct sync *y);
void sync_recv_more(struct sync *y);

/* SEND: begin, bytes of DATA, the end with its time, and what is left of it when all breaks off. */
void sync_send(struct sync *y, const char *path, uint32_t mode);
void sync_send_mode(struct sync *y); /* version 1: the mode is in the path */
void sync_send_data(struct sync *y, const uint8_t *data, size_t len);
void sync_send_done(struct sync *y, uint32_t mtime);
void sync_send_abort(struct sync *y);

#endif
