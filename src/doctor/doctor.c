/*
 * All checks of the computer in the order in which a person would look.
 */
#include "doctor/parts.h"

#include <pthread.h>
#include <string.h>

struct waiting {
    struct x8_look *look;
    const struct x8_op *op;
};

static void *ask_adb(void *arg)
{
    struct waiting *w = arg;
    const struct x8_host *host = w->look->host;
    struct x8_error err;

    w->look->waited.adb =
        host->ops->adb_version(host, w->op, host->adb_port, &w->look->waited.adb_version, &err);
    return NULL;
}

static void *ask_net(void *arg)
{
    struct waiting *w = arg;
    const struct x8_host *host = w->look->host;

    w->look->waited.net =
        host->ops->search(host, w->op, host->search_ms, &w->look->waited.net_error);
    return NULL;
}

static void look_around(struct x8_look *look)
{
    const struct x8_host *host = look->host;

    x8_container_name(host, look->container, sizeof look->container);
    look->wsl = x8_wsl_version(host);
    x8_host_user(host, host->uid, look->user, sizeof look->user);
    x8_udev_look(host->root, &look->udev);
}

static void check_all(struct x8_look *look)
{
    x8_check_rules(look);
    x8_check_place(look);
    x8_check_usb(look);
    x8_check_modemmanager(look);
    x8_check_flashers(look);
    x8_check_disks(look);
    x8_check_cache(look);
    x8_check_updates(look);
    x8_check_clock(look);
    x8_check_proxy(look);
}

/* A wait that finds no thread is done here. */
static int start(pthread_t *thread, void *(*wait)(void *), struct waiting *w)
{
    if (pthread_create(thread, NULL, wait, w) == 0)
        return 1;
    wait(w);
    return 0;
}

int x8_doctor_host(const struct x8_host *host, const struct x8_op *op, struct x8_checks *out,
                   struct x8_error *err)
{
    struct x8_look look = {.host = host, .out = out};
    struct waiting w = {&look, op};
    pthread_t adb, net;
    int adb_runs = host->adb_port && start(&adb, ask_adb, &w);
    int net_runs = host->search_ms > 0 && start(&net, ask_net, &w);
    int rc = x8_tree_read(host, &look.tree);

    look_around(&look);
    if (rc == 0)
        check_all(&look);
    if (adb_runs)
        pthread_join(adb, NULL);
    if (net_runs)
        pthread_join(net, NULL);
    x8_check_adb_server(&look);
    x8_check_network(&look);
    x8_tree_done(&look.tree);
    if (look.waited.net == -X8_E_STOPPED || look.waited.net == -X8_E_TERMINATED) {
        *err = look.waited.net_error;
        return look.waited.net;
    }
    return rc < 0 || out->is_short ? x8_fail(err, X8_E_INTERNAL, "out of memory") : 0;
}
