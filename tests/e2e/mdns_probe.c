/*
 * A search of the network by itself.
 *
 *   mdns_probe MS           boards
 *   mdns_probe MS foreign   others as well
 *   mdns_probe MS stop      boards, until a line or the end comes from stdin
 *
 * Prints a line for each time a host was told, with the milliseconds since the beginning, and what
 * the search ended with, with how many more files are open than before.
 */
#include "net/mdns.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void show(void *ctx, const struct x8_mdns_host *host)
{
    const int64_t *began = ctx;
    char serial[20] = "-";

    x8_mdns_serial(host->name, serial);
    printf("host %s serial=%s ssh=%d port=%u at=%lld", host->name, serial, host->has_ssh,
           (unsigned)host->port, (long long)(x8_now_ms() - *began));
    for (size_t i = 0; i < host->address_count; i++)
        printf(" %s", host->addresses[i]);
    putchar('\n');
    fflush(stdout);
}

static void notice(void *ctx, const struct x8_event *event)
{
    (void)ctx;
    printf("event %d %s\n", (int)event->kind, event->text ? event->text : "");
}

static int open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;

    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n;
}

static void *stopper(void *ctx)
{
    (void)getchar();
    x8_cancel_raise(ctx, X8_CANCEL_SOFT, X8_E_STOPPED);
    return NULL;
}

int main(int argc, char **argv)
{
    struct x8_cancel cancel;
    struct x8_op op = {.deadline = X8_NO_DEADLINE, .cancel = &cancel, .emit = notice};
    struct x8_error err = {0};
    int64_t began = x8_now_ms();
    const char *word = argc > 2 ? argv[2] : "";
    int files = open_files(), stop = strcmp(word, "stop") == 0, rc;
    pthread_t thread;

    if (argc < 2)
        return 2;
    x8_cancel_init(&cancel);
    if (stop && pthread_create(&thread, NULL, stopper, &cancel) != 0)
        return 2;
    rc = x8_mdns_find(&op, (int)strtol(argv[1], NULL, 10), strcmp(word, "foreign") == 0, show,
                      &began, &err);
    printf("end rc=%d ms=%lld files=%d\n", rc, (long long)(x8_now_ms() - began),
           open_files() - files);
    if (rc < 0)
        printf("error %s; %s; %s\n", err.msg, err.why, err.next);
    if (stop)
        pthread_join(thread, NULL);
    x8_cancel_done(&cancel);
    return rc < 0 ? -rc : 0;
}
