/*
 * The file service `sync:`: requests one after the other on one stream. Version 1 as the board has
 * it, and of version 2 what the newer daemon's banner offers.
 */
#include "ad_sync.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- answers ---- */

void sync_say(struct sync *y, uint32_t id, uint32_t number)
{
    uint8_t head[8];
    x8_put_le32(head, id);
    x8_put_le32(head + 4, number);
    ad_buf_add(&y->stream->text, head, sizeof head);
}

void sync_fail(struct sync *y, const char *text)
{
    sync_say(y, SYNC_FAIL, (uint32_t)strlen(text));
    ad_stream_say(y->stream, text);
}

void sync_fail_errno(struct sync *y, int error)
{
    sync_fail(y, strerror(error));
}

void sync_give_up(struct sync *y, const char *text)
{
    sync_send_abort(y);
    sync_fail(y, text);
    y->stream->ended = 1;
}

/* ---- requests ---- */

static void expect(struct sync *y, enum sync_state state, size_t len)
{
    y->state = state;
    y->head_len = 0;
    y->head_want = len;
}

static int is_version2(uint32_t id)
{
    return id == SYNC_STA2 || id == SYNC_LST2 || id == SYNC_LIS2 || id == SYNC_SND2 ||
           id == SYNC_RCV2;
}

static int is_known(const struct sync *y, uint32_t id)
{
    if (is_version2(id))
        return y->stream->link->ad->cfg.is_new;
    return id == SYNC_STAT || id == SYNC_LIST || id == SYNC_RECV || id == SYNC_SEND;
}

static void begin_request(struct sync *y)
{
    uint32_t len = x8_get_le32(y->head + 4);
    y->id = x8_get_le32(y->head);
    if (y->id == SYNC_QUIT) {
        y->stream->ended = 1;
    } else if (len > SYNC_PATH_MAX) {
        sync_give_up(y, "invalid namelen");
    } else if (!is_known(y, y->id)) {
        sync_give_up(y, "unknown command");
    } else {
        y->path_len = 0;
        y->path_want = len;
        y->state = SYNC_AT_PATH;
    }
}

static void run_request(struct sync *y)
{
    y->path[y->path_len] = 0;
    ad_log(y->stream->link->ad, "sync %.4s %s", (const char *)y->head, y->path);
    expect(y, SYNC_AT_REQUEST, 8);
    switch (y->id) {
    case SYNC_STAT:
    case SYNC_STA2:
    case SYNC_LST2:
        sync_stat(y);
        break;
    case SYNC_LIST:
    case SYNC_LIS2:
        sync_list(y);
        break;
    case SYNC_RECV:
        sync_recv(y);
        break;
    case SYNC_SEND:
        expect(y, SYNC_AT_BLOCK, 8);
        sync_send_mode(y);
        break;
    default: /* SND2, RCV2 */
        expect(y, SYNC_AT_ARGUMENTS, y->id == SYNC_SND2 ? 12 : 8);
        break;
    }
}

/* SND2: id, mode, flags; RCV2: id, flags. Nothing is compressed here, as nothing is offered. */
static void take_arguments(struct sync *y)
{
    int is_send = y->id == SYNC_SND2;
    uint32_t flags = x8_get_le32(y->head + (is_send ? 8 : 4));
    if (x8_get_le32(y->head) != y->id || flags != 0) {
        sync_give_up(y, "unsupported flags");
        return;
    }
    uint32_t mode = x8_get_le32(y->head + 4);
    expect(y, is_send ? SYNC_AT_BLOCK : SYNC_AT_REQUEST, 8);
    if (is_send)
        sync_send(y, y->path, mode);
    else
        sync_recv(y);
}

static void take_block(struct sync *y)
{
    uint32_t id = x8_get_le32(y->head), number = x8_get_le32(y->head + 4);
    if (id == SYNC_DONE) {
        expect(y, SYNC_AT_REQUEST, 8);
        sync_send_done(y, number);
    } else if (id != SYNC_DATA) {
        sync_give_up(y, "invalid data message");
    } else if (number > SYNC_DATA_MAX) {
        sync_give_up(y, "oversize data message");
    } else {
        y->left = number;
        y->state = SYNC_AT_DATA;
        if (number == 0)
            expect(y, SYNC_AT_BLOCK, 8);
    }
}

static void take_head(struct sync *y)
{
    if (y->state == SYNC_AT_REQUEST)
        begin_request(y);
    else if (y->state == SYNC_AT_ARGUMENTS)
        take_arguments(y);
    else
        take_block(y);
}

/* ---- bytes ---- */

static size_t take(struct sync *y, const uint8_t *data, size_t len)
{
    size_t n;
    switch (y->state) {
    case SYNC_AT_PATH:
        n = y->path_want - y->path_len < len ? y->path_want - y->path_len : len;
        memcpy(y->path + y->path_len, data, n);
        y->path_len += n;
        if (y->path_len == y->path_want)
            run_request(y);
        return n;
    case SYNC_AT_DATA:
        n = y->left < len ? y->left : len;
        sync_send_data(y, data, n);
        y->left -= (uint32_t)n;
        if (y->left == 0)
            expect(y, SYNC_AT_BLOCK, 8);
        return n;
    default:
        n = y->head_want - y->head_len < len ? y->head_want - y->head_len : len;
        memcpy(y->head + y->head_len, data, n);
        y->head_len += n;
        if (y->head_len == y->head_want)
            take_head(y);
        return n;
    }
}

/* A request waits until the answer of the one before it has been read out of the file. */
static size_t sync_input(struct ad_stream *s, const uint8_t *data, size_t len)
{
    struct sync *y = s->state;
    size_t done = 0;
    while (done < len && !s->ended && y->recv_fd < 0)
        done += take(y, data + done, len - done);
    return s->ended ? len : done;
}

static size_t sync_output(struct ad_stream *s, uint8_t *out, size_t cap)
{
    struct sync *y = s->state;
    size_t n = 0;
    while (n < cap) {
        if (ad_buf_len(&s->text) == 0 && y->recv_fd >= 0)
            sync_recv_more(y);
        if (ad_buf_len(&s->text) == 0)
            break;
        n += ad_buf_get(&s->text, out + n, cap - n);
    }
    return n;
}

static void sync_release(struct ad_stream *s)
{
    struct sync *y = s->state;
    sync_send_abort(y);
    if (y->recv_fd >= 0)
        close(y->recv_fd);
    free(y);
}

static const struct ad_kind kind_sync = {"sync", sync_input, sync_output, NULL, sync_release, NULL};

int ad_sync_open(struct ad_stream *s)
{
    struct sync *y = calloc(1, sizeof *y);
    if (!y)
        abort();
    y->stream = s;
    y->send_fd = y->recv_fd = -1;
    expect(y, SYNC_AT_REQUEST, 8);
    s->state = y;
    s->kind = &kind_sync;
    return 0;
}
