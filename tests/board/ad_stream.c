/*
 * Streams: what was opened, with one message in flight each way. The bytes themselves are moved by
 * the stream's kind.
 */
#include "ad_model.h"

#include <stdlib.h>
#include <string.h>

struct ad_stream *ad_stream_new(struct ad_link *link, uint32_t peer, const char *service)
{
    struct ad_stream *s = calloc(1, sizeof *s);
    if (link->stream_count == AD_STREAMS || !s) {
        free(s);
        return NULL;
    }
    s->service = strdup(service);
    if (!s->service)
        abort();
    s->link = link;
    s->peer = peer;
    s->id = ++link->last_id;
    s->in = s->out = s->err = s->pid_fd = -1;
    link->streams[link->stream_count++] = s;
    return s;
}

void ad_stream_free(struct ad_stream *s)
{
    if (s->kind && s->kind->release)
        s->kind->release(s);
    ad_buf_free(&s->pending);
    ad_buf_free(&s->text);
    free(s->service);
    free(s);
}

void ad_stream_say(struct ad_stream *s, const char *text)
{
    ad_buf_add(&s->text, text, strlen(text));
}

/* ---- from the host ---- */

static void acknowledge(struct ad_stream *s)
{
    if (s->lingering)
        return;
    for (unsigned i = 0; i <= s->early; i++)
        ad_link_send(s->link, AD_OKAY, s->id, s->peer, NULL, 0, s->service);
    s->early = 0;
    s->okay_at = s->link->queued;
}

void ad_stream_queue(struct ad_stream *s, const uint8_t *data, size_t len)
{
    ad_buf_add(&s->pending, data, len);
    s->early++;
}

void ad_stream_input(struct ad_stream *s, const uint8_t *data, size_t len)
{
    size_t n = s->kind->input(s, data, len);
    if (n == len)
        acknowledge(s);
    else
        ad_buf_add(&s->pending, data + n, len - n);
    ad_stream_step(s);
}

static void offer(struct ad_stream *s)
{
    size_t len = ad_buf_len(&s->pending);
    if (len == 0)
        return;
    size_t n = s->kind->input(s, s->pending.data + s->pending.off, len);
    ad_buf_drop(&s->pending, n);
    if (n == len)
        acknowledge(s);
}

/* ---- to the host ---- */

static void produce(struct ad_stream *s)
{
    struct ad_link *link = s->link;
    size_t cap = link->maxdata;
    if (link->ad->cfg.chop && link->ad->cfg.chop < cap)
        cap = (size_t)link->ad->cfg.chop;
    uint8_t *room = ad_link_room(link, cap);
    size_t n = ad_buf_get(&s->text, room, cap);
    if (n < cap && !s->ended && s->kind->output)
        n += s->kind->output(s, room + n, cap - n);
    if (n) {
        s->waiting = 1;
        ad_link_commit(link, AD_WRTE, s->id, s->peer, n, s->service);
    }
}

void ad_stream_step(struct ad_stream *s)
{
    if (s->dead || s->link->end)
        return;
    if (s->due_us && s->due_us <= ad_now_us()) {
        s->due_us = 0;
        s->kind->due(s);
    }
    offer(s);
    if (s->lingering) {
        s->dead = ad_buf_len(&s->pending) == 0 || s->is_deaf || s->ended;
        return;
    }
    if (!s->waiting) {
        produce(s);
        offer(s); /* a request may have waited for the answer of the one before it */
    }
    /* The last bytes are not waited for: CLSE follows them at once. */
    if (s->ended && ad_buf_len(&s->text) == 0)
        ad_stream_close(s);
}

/* ---- ends ---- */

static void say_closed(struct ad_stream *s)
{
    uint32_t id = s->link->ad->cfg.zero_close ? 0 : s->id;
    ad_link_send(s->link, AD_CLSE, id, s->peer, NULL, 0, s->service);
}

void ad_stream_close(struct ad_stream *s)
{
    if (s->dead)
        return;
    ad_log(s->link->ad, "close %u", s->id);
    say_closed(s);
    s->dead = 1;
}

/* The daemon answers a CLSE with its own, also for a stream it has written all of. What it had
 * taken but not yet passed on is passed on first. */
void ad_stream_close_by_host(struct ad_stream *s)
{
    say_closed(s);
    s->lingering = 1;
    s->dead = ad_buf_len(&s->pending) == 0 || s->is_deaf || s->ended;
}
