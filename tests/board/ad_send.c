/*
 * The way out of a link: messages are queued, spoiled or cut by faults, written in large pieces;
 * and how a link ends.
 */
#include "ad_model.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SLACK_US 2000 /* what a paced link may catch up after it was late */
#define DRAIN_MS 300  /* a dropped link: how long the host's bytes are still swallowed */

/* ---- sending ---- */

void ad_link_account(struct ad_link *link, size_t bytes)
{
    if (link->rate == 0)
        return;
    int64_t now = ad_now_us();
    if (link->busy_until_us < now - SLACK_US)
        link->busy_until_us = now - SLACK_US;
    link->busy_until_us += (int64_t)((uint64_t)bytes * 1000000 / link->rate);
}

uint8_t *ad_link_room(struct ad_link *link, size_t cap)
{
    return ad_buf_room(&link->out, AD_HEADER + cap) + AD_HEADER;
}

static void spoil(struct ad_packet *p, const struct ad_fault *fault)
{
    switch (fault->action) {
    case AD_DO_BADSUM:
        p->sum++;
        break;
    case AD_DO_BADMAGIC:
        p->magic ^= 1;
        break;
    case AD_DO_OVERSIZE:
        p->len = (64u << 20) + 1;
        break;
    case AD_DO_GARBAGE:
        p->command = 0x6761672a;
        p->len = 0xfffffff0;
        break;
    default:
        break;
    }
}

static int is_spoiling(enum ad_action action)
{
    return action == AD_DO_BADSUM || action == AD_DO_BADMAGIC || action == AD_DO_OVERSIZE ||
           action == AD_DO_GARBAGE;
}

void ad_link_commit(struct ad_link *link, uint32_t command, uint32_t arg0, uint32_t arg1,
                    size_t len, const char *service)
{
    uint8_t *header = ad_buf_room(&link->out, AD_HEADER + len);
    struct ad_packet p = {command, arg0, arg1, (uint32_t)len, 0, ~command, NULL};
    size_t cut = 0;
    if (link->end)
        return;
    if (link->version == AD_OLD_VERSION)
        p.sum = ad_sum(header + AD_HEADER, len);
    link->messages_out++;
    const struct ad_fault *fault = ad_fault_at(link->ad, AD_OUT, command, len, service, &cut);
    if (fault && is_spoiling(fault->action)) {
        ad_log(link->ad, "fault at message %s", ad_command_word(command));
        spoil(&p, fault);
        fault = NULL;
    }
    ad_header_put(&p, header);
    int is_last = fault && (fault->action == AD_DO_DROP || fault->action == AD_DO_DIE ||
                            fault->action == AD_DO_REBOOT);
    if (fault && !is_last)
        ad_link_strike(link, fault); /* before it: what was said earlier goes out now */
    size_t sent = is_last ? cut : AD_HEADER + len;
    link->out.len += sent;
    link->queued += sent;
    ad_link_account(link, AD_HEADER + len);
    if (is_last)
        ad_link_strike(link, fault);
}

void ad_link_send(struct ad_link *link, uint32_t command, uint32_t arg0, uint32_t arg1,
                  const void *data, size_t len, const char *service)
{
    uint8_t *room = ad_link_room(link, len);
    if (len)
        memcpy(room, data, len);
    ad_link_commit(link, command, arg0, arg1, len, service);
}

void ad_link_flush(struct ad_link *link)
{
    while (ad_buf_len(&link->out)) {
        ssize_t n = send(link->fd, link->out.data + link->out.off, ad_buf_len(&link->out),
                         MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0) {
            if (errno != EAGAIN && errno != EINTR)
                ad_link_end(link, AD_GONE, "closed by the host");
            return;
        }
        ad_buf_drop(&link->out, (size_t)n);
        link->written += (uint64_t)n;
    }
}

/* ---- ends and faults ---- */

void ad_link_end(struct ad_link *link, enum ad_end end, const char *why)
{
    if (link->end)
        return;
    link->end = end;
    ad_log(link->ad, "link ends: %s", why);
}

static void write_power(struct ad *ad)
{
    FILE *out = fopen(AD_FOLDER "/power", "we");
    if (!out) {
        ad_log(ad, "no folder for the word reboot");
        return;
    }
    fputs("reboot\n", out);
    fclose(out);
}

void ad_link_strike(struct ad_link *link, const struct ad_fault *fault)
{
    struct ad *ad = link->ad;
    int64_t now = ad_now_us(), until = fault->for_us < 0 ? AD_FOREVER : now + fault->for_us;

    switch (fault->action) {
    case AD_DO_DROP:
        ad->away_until_us = until;
        ad_link_end(link, AD_DROPPED, "fault drop");
        break;
    case AD_DO_STALL:
        ad_log(ad, "fault stall");
        ad_link_flush(link);
        link->is_stalled = 1;
        link->busy_until_us = until;
        break;
    case AD_DO_DELAY:
        ad_link_flush(link);
        link->busy_until_us = fault->for_us < 0 ? now : until;
        break;
    case AD_DO_SLOW:
        link->rate = fault->rate;
        break;
    case AD_DO_DIE:
        ad->exit_status = 1;
        ad_link_end(link, AD_DIED, "fault die");
        break;
    case AD_DO_REBOOT:
        write_power(ad);
        ad_link_end(link, AD_STOPPED, "fault reboot");
        break;
    default:
        break;
    }
}

/* What was said before the end still arrives; then the other side sees the end, and not a reset. */
void ad_link_hang_up(struct ad_link *link)
{
    int64_t until = ad_now_us() + DRAIN_MS * 1000;
    uint8_t sink[4096];
    struct pollfd in = {link->fd, POLLIN, 0}, out = {link->fd, POLLOUT, 0};
    ssize_t n = 1;
    while (link->end != AD_GONE && ad_buf_len(&link->out) && ad_now_us() < until) {
        ad_link_flush(link);
        poll(&out, 1, 20);
        if (out.revents & (POLLERR | POLLHUP))
            break;
    }
    shutdown(link->fd, SHUT_WR);
    int swallows = link->end == AD_DROPPED || link->end == AD_DIED;
    while (swallows && n != 0 && ad_now_us() < until) {
        poll(&in, 1, 20);
        n = recv(link->fd, sink, sizeof sink, MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            break;
    }
    close(link->fd);
}
