/*
 * What the board does about each message, in the order in which a link sees them: CNXN, OPEN, then
 * WRTE, OKAY and CLSE of the streams.
 */
#include "ad_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A peer of 0 is not compared: CLSE(0, id) closes too. */
static struct ad_stream *find(struct ad_link *link, uint32_t id, uint32_t peer)
{
    for (size_t i = 0; i < link->stream_count; i++) {
        struct ad_stream *s = link->streams[i];
        if (s->id == id && !s->dead && !s->lingering && (peer == 0 || s->peer == peer))
            return s;
    }
    return NULL;
}

/* ---- connecting ---- */

void ad_connected(struct ad_link *link)
{
    static const char old_banner[] =
        "device::ro.product.name=;ro.product.model=;ro.product.device=;";
    static const char new_banner[] = "device::ro.product.name=;ro.product.model=;"
                                     "ro.product.device=;features=shell_v2,stat_v2,ls_v2,"
                                     "fixed_push_mkdir,sendrecv_v2";
    const struct ad_config *cfg = &link->ad->cfg;
    const char *banner = cfg->banner[0] ? cfg->banner : cfg->is_new ? new_banner : old_banner;
    /* The newer daemon counts no NUL. */
    size_t len = strlen(banner) + (cfg->is_new ? 0 : 1);

    link->online = 1;
    ad_link_send(link, AD_CNXN, link->version, cfg->maxdata, banner, len, NULL);
}

static void take_cnxn(struct ad_link *link, const struct ad_packet *p)
{
    const struct ad_config *cfg = &link->ad->cfg;
    uint32_t version = cfg->is_new ? AD_NEW_VERSION : AD_OLD_VERSION;

    ad_log(link->ad, "cnxn version=%08x maxdata=%u", p->arg0, p->arg1);
    if (cfg->silent)
        return;
    link->version = p->arg0 < version ? AD_OLD_VERSION : version;
    link->maxdata = p->arg1 && p->arg1 < cfg->maxdata ? p->arg1 : cfg->maxdata;
    if (cfg->auth && !link->is_authorized)
        ad_auth_ask(link);
    else
        ad_connected(link);
}

/* ---- streams ---- */

/* The old daemon overwrites the last byte with the NUL it expects there; the newer one reads up to
 * a NUL or to the end. */
static char *service_of(const struct ad_link *link, const struct ad_packet *p)
{
    size_t len = p->len;
    if (!link->ad->cfg.is_new && len)
        len--;
    char *text = malloc(len + 1);
    if (!text)
        abort();
    if (len)
        memcpy(text, p->data, len);
    text[len] = 0;
    return text;
}

static void take_open(struct ad_link *link, const struct ad_packet *p, const char *service)
{
    if (p->arg0 == 0 || p->arg1 != 0) {
        ad_log(link->ad, "ignored: open with ids %u %u", p->arg0, p->arg1);
        return;
    }
    struct ad_stream *s = ad_stream_new(link, p->arg0, service);
    if (!s || ad_service_open(s)) {
        ad_log(link->ad, "refused %s", service);
        if (s)
            s->dead = 1;
        ad_link_send(link, AD_CLSE, 0, p->arg0, NULL, 0, service);
        return;
    }
    ad_log(link->ad, "open %u %s", s->id, service);
    ad_link_send(link, AD_OKAY, s->id, s->peer, NULL, 0, s->service);
    ad_stream_step(s);
}

static void take_wrte(struct ad_link *link, struct ad_stream *s, const struct ad_packet *p)
{
    int is_early = ad_buf_len(&s->pending) || s->okay_at > link->written;
    if (is_early && !link->ad->cfg.queues)
        ad_link_end(link, AD_DROPPED, "WRTE before the OKAY of the one before it");
    else if (ad_buf_len(&s->pending))
        ad_stream_queue(s, p->data, p->len);
    else
        ad_stream_input(s, p->data, p->len);
}

static void take_stream(struct ad_link *link, const struct ad_packet *p, struct ad_stream *s)
{
    if (!s) {
        ad_log(link->ad, "ignored: %s with ids %u %u", ad_command_word(p->command), p->arg0,
               p->arg1);
    } else if (p->command == AD_WRTE) {
        take_wrte(link, s, p);
    } else if (p->command == AD_CLSE) {
        ad_log(link->ad, "close %u by the host", s->id);
        ad_stream_close_by_host(s);
    } else if (s->waiting) {
        s->waiting = 0;
        ad_stream_step(s);
    } else {
        ad_log(link->ad, "ignored: okay %u for nothing", s->id);
    }
}

/* ---- all of them ---- */

static int is_stream_command(uint32_t command)
{
    return command == AD_WRTE || command == AD_OKAY || command == AD_CLSE;
}

/* 1 when the message goes no further. */
static int struck(struct ad_link *link, const struct ad_packet *p, const char *service)
{
    size_t cut;
    const struct ad_fault *fault = ad_fault_at(link->ad, AD_IN, p->command, p->len, service, &cut);
    if (!fault)
        return 0;
    if (fault->action == AD_DO_REFUSE) {
        ad_log(link->ad, "fault refuse %s", service ? service : "");
        ad_link_send(link, AD_CLSE, 0, p->arg0, NULL, 0, service);
        return 1;
    }
    ad_link_strike(link, fault);
    return link->end != 0;
}

static void dispatch(struct ad_link *link, const struct ad_packet *p, struct ad_stream *s,
                     const char *service)
{
    if (p->command == AD_CNXN)
        take_cnxn(link, p);
    else if (p->command == AD_AUTH)
        ad_auth_take(link, p);
    else if (!link->online)
        ad_log(link->ad, "ignored: %s before the connection", ad_command_word(p->command));
    else if (p->command == AD_OPEN)
        take_open(link, p, service);
    else if (is_stream_command(p->command))
        take_stream(link, p, s);
    else
        ad_log(link->ad, "ignored: command %08x", p->command);
}

void ad_packet_take(struct ad_link *link, const struct ad_packet *p)
{
    char *opened = NULL;
    struct ad_stream *s = NULL;
    if (p->command == AD_OPEN)
        opened = service_of(link, p);
    else if (is_stream_command(p->command) && p->arg1)
        s = find(link, p->arg1, p->arg0);
    const char *service = opened ? opened : s ? s->service : NULL;
    if (!struck(link, p, service))
        dispatch(link, p, s, service);
    free(opened);
}
