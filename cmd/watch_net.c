/*
 * A host that was not heard in one search may have answered into the noise of a radio: only one
 * that stays silent for several has left. One that says goodbye is told without addresses.
 */
#include "watch_net.h"

#include "util/text.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { PAUSE_MS = 10000, SILENT_SEARCHES = 3 };

struct x8_net_watch {
    struct x8_op op; /* with a stop token of its own */
    struct x8_reach reach;
    struct x8_cancel cancel;
    pthread_t thread;
    pthread_mutex_t lock;
    /* Under the lock: */
    struct x8_mdns_host hosts[X8_MDNS_HOSTS];
    unsigned silent[X8_MDNS_HOSTS]; /* searches in which it was not heard */
    size_t count;
    int is_settled;
};

static void keep(struct x8_net_watch *watch, const struct x8_mdns_host *host)
{
    size_t i = 0;

    while (i < watch->count && x8_casecmp(watch->hosts[i].name, host->name) != 0)
        i++;
    if (i == X8_MDNS_HOSTS)
        return;
    watch->count += i == watch->count;
    watch->hosts[i] = *host;
    watch->silent[i] = 0;
}

static void drop_silent(struct x8_net_watch *watch)
{
    size_t kept = 0;

    for (size_t i = 0; i < watch->count; i++) {
        if (watch->silent[i] >= SILENT_SEARCHES || watch->hosts[i].address_count == 0)
            continue;
        watch->hosts[kept] = watch->hosts[i];
        watch->silent[kept++] = watch->silent[i];
    }
    watch->count = kept;
}

/* A network that is not there now may be there later. */
static void search(struct x8_net_watch *watch)
{
    struct x8_mdns_host *hosts = NULL;
    int count = x8_net_search(&watch->op, &watch->reach, &hosts, NULL);

    pthread_mutex_lock(&watch->lock);
    for (size_t i = 0; i < watch->count; i++)
        watch->silent[i]++;
    for (int i = 0; i < count; i++)
        keep(watch, &hosts[i]);
    drop_silent(watch);
    watch->is_settled = 1;
    pthread_mutex_unlock(&watch->lock);
    free(hosts);
}

static void *run(void *arg)
{
    struct x8_net_watch *watch = arg;

    do
        search(watch);
    while (x8_cancel_sleep(&watch->cancel, x8_deadline_in(PAUSE_MS), X8_CANCEL_SOFT, NULL) == 0);
    return NULL;
}

struct x8_net_watch *x8_net_watch_start(const struct x8_op *op, const struct x8_reach *reach)
{
    struct x8_net_watch *watch = calloc(1, sizeof *watch);

    if (!watch)
        return NULL;
    x8_cancel_init(&watch->cancel);
    pthread_mutex_init(&watch->lock, NULL);
    watch->op = *op;
    watch->op.cancel = &watch->cancel;
    watch->reach = *reach;
    if (pthread_create(&watch->thread, NULL, run, watch) == 0)
        return watch;
    pthread_mutex_destroy(&watch->lock);
    x8_cancel_done(&watch->cancel);
    free(watch);
    return NULL;
}

int x8_net_watch_take(struct x8_net_watch *watch, struct x8_mdns_host **out, size_t *count)
{
    int is_settled;

    *out = NULL;
    *count = 0;
    if (!watch)
        return 1;
    pthread_mutex_lock(&watch->lock);
    is_settled = watch->is_settled;
    *out = calloc(watch->count + 1, sizeof **out);
    if (*out) {
        memcpy(*out, watch->hosts, watch->count * sizeof **out);
        *count = watch->count;
    }
    pthread_mutex_unlock(&watch->lock);
    return is_settled;
}

void x8_net_watch_stop(struct x8_net_watch **watch)
{
    if (!*watch)
        return;
    x8_cancel_raise(&(*watch)->cancel, X8_CANCEL_HARD, X8_E_STOPPED);
    pthread_join((*watch)->thread, NULL);
    pthread_mutex_destroy(&(*watch)->lock);
    x8_cancel_done(&(*watch)->cancel);
    free(*watch);
    *watch = NULL;
}
