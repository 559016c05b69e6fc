/*
 * What is known while boards are still looked for, for somebody who watches: the rows of the bus
 * and of addresses as they stand, with what the network has said up to now.
 */
#include "board/target_parts.h"

#include "util/text.h"

#include <stdlib.h>
#include <string.h>

int x8_shown_begin(struct x8_shown *shown, const struct x8_find_view *view, const char *names_path)
{
    *shown = (struct x8_shown){.view = view};
    if (!view)
        return 0;
    shown->hosts = calloc(X8_MDNS_HOSTS, sizeof *shown->hosts);
    if (!shown->hosts)
        return -1;
    shown->names = x8_names_load(names_path);
    pthread_mutex_init(&shown->lock, NULL);
    return 0;
}

void x8_shown_done(struct x8_shown *shown)
{
    if (!shown->view)
        return;
    x8_json_free(&shown->names);
    free(shown->rows.items);
    free(shown->hosts);
    pthread_mutex_destroy(&shown->lock);
}

static int copy(struct x8_target_list *to, const struct x8_target *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct x8_target *row = x8_target_add(to);

        if (!row)
            return -1;
        *row = rows[i];
    }
    return 0;
}

/* With the lock held. Without memory there is nothing new to see. */
static void show(const struct x8_shown *shown)
{
    struct x8_target_list list = {0};
    int rc = copy(&list, shown->rows.items, shown->rows.count);

    for (size_t i = 0; i < shown->host_count && rc == 0; i++)
        rc = x8_targets_add_host(&list, &shown->hosts[i], shown->names);
    for (size_t i = 0; i < list.count && rc == 0; i++) {
        x8_target_name(&list.items[i], shown->names);
        if (!list.items[i].state[0])
            x8_target_judge(&list.items[i]);
    }
    if (rc == 0)
        shown->view->show(shown->view->ctx, list.items, list.count);
    free(list.items);
}

void x8_shown_rows(struct x8_shown *shown, const struct x8_target_list *list)
{
    if (!shown->view)
        return;
    pthread_mutex_lock(&shown->lock);
    shown->rows.count = 0;
    if (copy(&shown->rows, list->items, list->count) == 0)
        show(shown);
    pthread_mutex_unlock(&shown->lock);
}

int x8_shown_host(void *ctx, const struct x8_mdns_host *host)
{
    struct x8_shown *shown = ctx;
    size_t i = 0;

    pthread_mutex_lock(&shown->lock);
    while (i < shown->host_count && x8_casecmp(shown->hosts[i].name, host->name) != 0)
        i++;
    if (i < X8_MDNS_HOSTS) {
        shown->hosts[i] = *host;
        shown->host_count += i == shown->host_count;
        show(shown);
    }
    pthread_mutex_unlock(&shown->lock);
    return 0; /* never enough */
}
