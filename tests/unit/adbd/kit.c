#include "kit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct serving {
    struct rig *rig;
    int fd;
};

static void *serve(void *data)
{
    struct serving *s = data;
    s->rig->end = ad_serve(s->rig->ad, s->fd);
    free(s);
    return NULL;
}

void rig_start(struct rig *r, const char *words)
{
    char why[256] = "";
    int pair[2];
    struct serving *s = malloc(sizeof *s);
    *r = (struct rig){0};
    r->ad = ad_new();
    /* The .bashrc of whoever runs the tests is no part of them. */
    if (ad_words(r->ad, "noise=0", why) || ad_words(r->ad, words, why))
        fail_msg("%s", why);
    assert_int_equal(pipe(r->stop), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    /* Commands must not keep our end of the link open. */
    const int ours[] = {r->stop[0], r->stop[1], pair[0], pair[1]};
    for (size_t i = 0; i < 4; i++)
        fcntl(ours[i], F_SETFD, FD_CLOEXEC);
    ad_stop_at(r->ad, r->stop[0]);
    r->fd = pair[0];
    assert_non_null(s);
    *s = (struct serving){r, pair[1]};
    assert_int_equal(pthread_create(&r->thread, NULL, serve, s), 0);
}

void rig_connect(struct rig *r, const char *words)
{
    rig_start(r, words);
    rig_send(r, AD_CNXN, AD_NEW_VERSION, AD_NEW_MAXDATA, "host::", 7);
    struct answer a;
    assert_int_equal(rig_next(r, &a), 1);
    assert_int_equal(a.command, AD_CNXN);
}

enum ad_end rig_end(struct rig *r)
{
    close(r->fd);
    pthread_join(r->thread, NULL);
    close(r->stop[0]);
    close(r->stop[1]);
    ad_free(r->ad);
    ad_buf_free(&r->in);
    ad_buf_free(&r->rest);
    return r->end;
}

/* ---- packets ---- */

void rig_bytes(struct rig *r, const void *data, size_t len)
{
    const uint8_t *p = data;
    while (len) {
        ssize_t n = send(r->fd, p, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EPIPE)
            return; /* dropped already: the answers tell */
        assert_true(n > 0);
        p += n;
        len -= (size_t)n;
    }
}

void rig_send(struct rig *r, uint32_t command, uint32_t arg0, uint32_t arg1, const void *data,
              size_t len)
{
    struct ad_packet p = {command, arg0, arg1, (uint32_t)len, 0, ~command, NULL};
    uint8_t *all = malloc(AD_HEADER + len);
    assert_non_null(all);
    for (size_t i = 0; i < len; i++)
        p.sum += ((const uint8_t *)data)[i];
    ad_header_put(&p, all);
    if (len)
        memcpy(all + AD_HEADER, data, len);
    rig_bytes(r, all, AD_HEADER + len);
    free(all);
}

/* 1 there is more, 0 the end, -1 nothing within the time. */
static int receive(struct rig *r, int ms)
{
    struct pollfd fd = {r->fd, POLLIN, 0};
    uint8_t *room = ad_buf_room(&r->in, 65536);
    if (poll(&fd, 1, ms) <= 0)
        return -1;
    ssize_t n = recv(r->fd, room, 65536, 0);
    if (n > 0)
        r->in.len += (size_t)n;
    return n > 0;
}

int rig_next(struct rig *r, struct answer *a)
{
    struct ad_packet p = {0};
    for (;;) {
        const uint8_t *at = r->in.data + r->in.off;
        size_t len = ad_buf_len(&r->in);
        if (len >= AD_HEADER) {
            ad_header_get(&p, at);
            if (len - AD_HEADER >= p.len)
                break;
        }
        int more = receive(r, LIMIT_MS);
        if (more < 0)
            fail_msg("no answer");
        if (more == 0)
            return 0;
    }
    assert_int_equal(p.magic, ~p.command);
    *a = (struct answer){p.command, p.arg0, p.arg1,
                         p.len,     p.sum,  r->in.data + r->in.off + AD_HEADER};
    ad_buf_drop(&r->in, AD_HEADER + p.len);
    return 1;
}

struct answer rig_expect(struct rig *r, uint32_t command, uint32_t arg0, uint32_t arg1)
{
    struct answer a = {0};
    assert_int_equal(rig_next(r, &a), 1);
    assert_string_equal(ad_command_word(a.command), ad_command_word(command));
    assert_int_equal(a.arg0, arg0);
    assert_int_equal(a.arg1, arg1);
    return a;
}

void rig_expect_end(struct rig *r)
{
    struct answer a;
    assert_int_equal(rig_next(r, &a), 0);
    assert_int_equal(ad_buf_len(&r->in), 0);
}

void rig_expect_silence(struct rig *r)
{
    assert_int_equal(receive(r, QUIET_MS), -1);
}

/* ---- streams ---- */

void rig_open(struct rig *r, const char *service)
{
    struct answer a;
    rig_send(r, AD_OPEN, 1, 0, service, strlen(service) + 1);
    do /* the daemon's answer to our CLSE of the stream before may come first */
        assert_int_equal(rig_next(r, &a), 1);
    while (a.command == AD_CLSE && a.arg0);
    assert_string_equal(ad_command_word(a.command), "okay");
    assert_int_equal(a.arg1, 1);
    r->id = a.arg0;
}

void rig_write(struct rig *r, const void *data, size_t len)
{
    rig_send(r, AD_WRTE, 1, r->id, data, len);
    rig_expect(r, AD_OKAY, r->id, 1);
}

static void add(char **text, size_t *len, const struct answer *a)
{
    *text = realloc(*text, *len + a->len + 1);
    assert_non_null(*text);
    memcpy(*text + *len, a->data, a->len);
    *len += a->len;
    (*text)[*len] = 0;
}

char *rig_read_all(struct rig *r, size_t *len)
{
    char *text = calloc(1, 1);
    size_t n = 0;
    struct answer a;
    for (;;) {
        assert_int_equal(rig_next(r, &a), 1);
        if (a.command == AD_CLSE)
            break;
        assert_string_equal(ad_command_word(a.command), "wrte");
        add(&text, &n, &a);
        rig_send(r, AD_OKAY, 1, r->id, NULL, 0);
    }
    if (len)
        *len = n;
    return text;
}

void rig_read(struct rig *r, void *out, size_t len)
{
    uint8_t *to = out;
    while (len) {
        if (ad_buf_len(&r->rest) == 0) {
            struct answer a = rig_expect(r, AD_WRTE, r->id, 1);
            ad_buf_add(&r->rest, a.data, a.len);
            rig_send(r, AD_OKAY, 1, r->id, NULL, 0);
        }
        size_t n = ad_buf_get(&r->rest, to, len);
        to += n;
        len -= n;
    }
}

char *rig_run(struct rig *r, const char *service)
{
    rig_open(r, service);
    return rig_read_all(r, NULL);
}

/* ---- sync ---- */

void rig_sync(struct rig *r, const char *id, uint32_t number, const void *data, size_t len)
{
    uint8_t head[8];
    memcpy(head, id, 4);
    x8_put_le32(head + 4, number);
    rig_write(r, head, 8);
    if (len)
        rig_write(r, data, len);
}

void rig_sync_path(struct rig *r, const char *id, const char *path)
{
    rig_sync(r, id, (uint32_t)strlen(path), path, strlen(path));
}

uint32_t rig_sync_answer(struct rig *r, const char *id)
{
    uint8_t head[8];
    rig_read(r, head, 8);
    assert_memory_equal(head, id, 4);
    return x8_get_le32(head + 4);
}

void rig_sync_fails(struct rig *r, const char *text)
{
    char got[256];
    uint32_t len = rig_sync_answer(r, "FAIL");
    assert_true(len < sizeof got);
    rig_read(r, got, len);
    got[len] = 0;
    assert_string_equal(got, text);
}
