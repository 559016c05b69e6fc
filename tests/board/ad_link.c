/*
 * One link from its first byte to its last: ad_serve() waits for bytes of the host, of the streams'
 * processes and for time to pass; whole packets go to ad_packet_take(), what they lead to is queued
 * and written in large pieces.
 */
#define _GNU_SOURCE /* ppoll: a USB round trip is shorter than a millisecond; POLLRDHUP */
#include "ad_model.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_SIZE (256u << 10)
#define OUT_MAX   (4u << 20) /* nothing is taken from the host while so much waits for it */

#define LAST_WORDS_US 1000000

#define MAX_FDS (2 + AD_STREAMS * AD_WAITS + AD_ORPHANS)

/* ---- receiving ---- */

static void note_arrival(struct ad_link *link, size_t bytes)
{
    link->read_in += bytes;
    if (link->ad->cfg.latency_us == 0)
        return;
    if (link->arrival_count == AD_ARRIVALS)
        link->arrival_count--; /* the last two come together, as the later one */
    size_t at = (link->arrival_first + link->arrival_count++) % AD_ARRIVALS;
    link->arrivals[at].end = link->read_in;
    link->arrivals[at].due_us = ad_now_us() + link->ad->cfg.latency_us;
}

/* Bytes that have been here for the latency are released. */
static void release_arrivals(struct ad_link *link, int64_t now)
{
    if (link->ad->cfg.latency_us == 0)
        link->released_in = link->read_in;
    while (link->arrival_count && link->arrivals[link->arrival_first].due_us <= now) {
        link->released_in = link->arrivals[link->arrival_first].end;
        link->arrival_first = (link->arrival_first + 1) % AD_ARRIVALS;
        link->arrival_count--;
    }
}

static void read_link(struct ad_link *link)
{
    size_t want = READ_SIZE;
    uint8_t *room = ad_buf_room(&link->in, want);
    ssize_t n = recv(link->fd, room, want, MSG_DONTWAIT);
    if (n > 0) {
        link->in.len += (size_t)n;
        note_arrival(link, (size_t)n);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        ad_link_end(link, AD_GONE, "closed by the host");
    }
}

/* The rules of the header. -1: the link was dropped. */
static int check_header(struct ad_link *link, const struct ad_packet *p)
{
    if (p->magic != ~p->command)
        ad_link_end(link, AD_DROPPED, "wrong magic");
    else if (p->len > link->ad->cfg.maxdata)
        ad_link_end(link, AD_DROPPED, "payload too long");
    return link->end ? -1 : 0;
}

static void take_packet(struct ad_link *link, const struct ad_packet *p)
{
    if (link->version == AD_OLD_VERSION && ad_sum(p->data, p->len) != p->sum) {
        ad_link_end(link, AD_DROPPED, "wrong checksum");
        return;
    }
    link->messages_in++;
    ad_link_account(link, AD_HEADER + p->len);
    ad_packet_take(link, p);
}

static void take_packets(struct ad_link *link)
{
    struct ad_packet p;
    while (!link->end && ad_buf_len(&link->in) >= AD_HEADER && ad_buf_len(&link->out) < OUT_MAX) {
        const uint8_t *at = link->in.data + link->in.off;
        if (link->rate || link->ad->cfg.latency_us || link->ad->fault_count) {
            int64_t now = ad_now_us();
            release_arrivals(link, now);
            if (link->busy_until_us > now)
                return;
        }
        ad_header_get(&p, at);
        if (link->ad->cfg.latency_us && link->released_in < link->taken_in + AD_HEADER + p.len)
            return;
        if (check_header(link, &p) || ad_buf_len(&link->in) - AD_HEADER < p.len)
            return;
        p.data = at + AD_HEADER;
        take_packet(link, &p);
        ad_buf_drop(&link->in, AD_HEADER + p.len);
        link->taken_in += AD_HEADER + p.len;
    }
}

/* ---- waiting ---- */

struct watch {
    struct pollfd fds[MAX_FDS];
    size_t first[AD_STREAMS + 1]; /* of each stream */
    size_t count, streams;
};

static void add_fd(struct watch *w, int fd, int events)
{
    w->fds[w->count++] = (struct pollfd){fd, (short)events, 0};
}

static void gather(struct ad_link *link, struct watch *w, int is_busy)
{
    int events = is_busy && !link->is_stalled ? 0 : POLLRDHUP;
    w->count = 0;
    w->streams = link->stream_count;
    if (!is_busy && ad_buf_len(&link->out) < OUT_MAX)
        events = POLLIN;
    if (!is_busy && ad_buf_len(&link->out))
        events |= POLLOUT;
    add_fd(w, link->fd, events);
    add_fd(w, link->stop_due_us ? -1 : link->ad->stop_fd, POLLIN);
    for (size_t i = 0; i < link->stream_count; i++) {
        struct ad_stream *s = link->streams[i];
        w->first[i] = w->count;
        if (!is_busy && s->kind->waits)
            w->count += s->kind->waits(s, &w->fds[w->count]);
    }
    w->first[link->stream_count] = w->count;
    for (size_t i = 0; i < link->ad->orphan_count; i++)
        add_fd(w, link->ad->orphans[i].fd, POLLIN);
}

/* Something of ours is on its way to the host. */
static int is_owing(const struct ad_link *link)
{
    if (ad_buf_len(&link->out))
        return 1;
    for (size_t i = 0; i < link->stream_count; i++)
        if (link->streams[i]->waiting)
            return 1;
    return 0;
}

static int64_t next_due(struct ad_link *link, int is_busy)
{
    if (is_busy)
        return link->stop_due_us && link->stop_due_us < link->busy_until_us ? link->stop_due_us
                                                                            : link->busy_until_us;
    if (link->stop_due_us)
        return is_owing(link) ? link->stop_due_us : 0;
    int64_t due = AD_FOREVER;
    if (link->arrival_count)
        due = link->arrivals[link->arrival_first].due_us;
    for (size_t i = 0; i < link->stream_count; i++)
        if (link->streams[i]->due_us && link->streams[i]->due_us < due)
            due = link->streams[i]->due_us;
    return due;
}

static void wait_for(struct watch *w, int64_t due)
{
    struct timespec ts = {0, 0};
    if (due != AD_FOREVER) {
        int64_t left = due - ad_now_us();
        if (left > 0)
            ts = (struct timespec){left / 1000000, left % 1000000 * 1000};
    }
    if (ppoll(w->fds, w->count, due == AD_FOREVER ? NULL : &ts, NULL) < 0)
        for (size_t i = 0; i < w->count; i++)
            w->fds[i].revents = 0;
}

static void step_streams(struct ad_link *link, const struct watch *w)
{
    int64_t now = ad_now_us();
    for (size_t i = 0; i < w->streams; i++) {
        struct ad_stream *s = link->streams[i];
        int is_ready = s->due_us && s->due_us <= now;
        for (size_t k = w->first[i]; k < w->first[i + 1]; k++) {
            is_ready |= w->fds[k].revents;
            if (w->fds[k].revents && w->fds[k].fd == s->pid_fd)
                ad_reap(s);
        }
        if (is_ready)
            ad_stream_step(s);
    }
}

static void bury(struct ad_link *link)
{
    size_t kept = 0;
    for (size_t i = 0; i < link->stream_count; i++) {
        if (link->streams[i]->dead)
            ad_stream_free(link->streams[i]);
        else
            link->streams[kept++] = link->streams[i];
    }
    link->stream_count = kept;
}

/*
 * Told to stop: at the end of a turn in which nobody had anything to say. On a board the init
 * system comes to adbd long after the command that asked for the restart has said what it had to
 * say; here both may be in one turn.
 */
static int is_time_to_stop(struct ad_link *link, const struct watch *w, int is_busy)
{
    if (!link->stop_due_us && w->fds[1].revents) {
        link->stop_due_us = ad_now_us() + LAST_WORDS_US;
        return 0;
    }
    if (!link->stop_due_us || ad_now_us() >= link->stop_due_us)
        return link->stop_due_us != 0;
    for (size_t k = w->first[0]; k < w->first[w->streams]; k++)
        if (w->fds[k].revents)
            return 0;
    return !is_busy && !is_owing(link);
}

static void turn(struct ad_link *link, struct watch *w)
{
    int is_busy = link->busy_until_us > ad_now_us();
    if (!is_busy)
        link->is_stalled = 0;
    gather(link, w, is_busy);
    wait_for(w, next_due(link, is_busy));
    if (is_time_to_stop(link, w, is_busy)) {
        ad_link_end(link, AD_STOPPED, "told to stop");
        return;
    }
    if (w->fds[0].revents & (POLLRDHUP | POLLHUP | POLLERR) && !(w->fds[0].revents & POLLIN))
        ad_link_end(link, AD_GONE, "closed by the host");
    if (w->fds[0].revents & POLLIN)
        read_link(link);
    ad_orphans_reap(link->ad);
    take_packets(link);
    if (!is_busy)
        step_streams(link, w);
    bury(link);
    if (link->busy_until_us <= ad_now_us())
        ad_link_flush(link);
}

enum ad_end ad_serve(struct ad *ad, int fd)
{
    struct ad_link *link = calloc(1, sizeof *link);
    struct watch *watch = calloc(1, sizeof *watch);
    int on = 1;
    if (!link || !watch)
        abort();
    link->ad = ad;
    link->fd = fd;
    link->version = AD_OLD_VERSION;
    link->maxdata = AD_OLD_MAXDATA;
    link->rate = ad->cfg.rate;
    if (ad->cfg.maxdata == 0)
        ad->cfg.maxdata = ad->cfg.is_new ? AD_NEW_MAXDATA : AD_OLD_MAXDATA;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* no TCP: no matter */
    ad_log(ad, "link begins");
    while (!link->end)
        turn(link, watch);
    enum ad_end end = link->end;
    for (size_t i = 0; i < link->stream_count; i++)
        ad_stream_free(link->streams[i]);
    ad_log(ad, "messages in=%llu out=%llu", (unsigned long long)link->messages_in,
           (unsigned long long)link->messages_out);
    ad_link_hang_up(link);
    ad_buf_free(&link->in);
    ad_buf_free(&link->out);
    free(watch);
    free(link);
    return end;
}
