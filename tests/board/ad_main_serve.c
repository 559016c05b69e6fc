/*
 * x8-adbd inside the sandbox: the daemon on a descriptor that was inherited.
 */
#define _GNU_SOURCE /* signalfd's close-on-exec flag */
#include "ad_main.h"
#include "ad_model.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define STATUS_DROPPED 3 /* --serve-fd: the link was cut for good */
#define STATUS_BACK    4 /* ... and may be made again now */

static int on_term(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void write_pid(void)
{
    FILE *out = fopen(AD_FOLDER "/adbd.pid", "we");
    if (!out)
        return;
    fprintf(out, "%ld\n", (long)getpid());
    fclose(out);
}

static int descriptor(const char *text)
{
    uint64_t n;
    if (!text || ad_number(text, 1000, &n) || n > 65535)
        return -1;
    return fcntl((int)n, F_SETFD, FD_CLOEXEC) ? -1 : (int)n;
}

static int serve_one(struct ad *ad, int fd, int stop)
{
    enum ad_end end = ad_serve(ad, fd);
    struct pollfd told = {stop, POLLIN, 0};
    if (end == AD_DIED)
        return ad->exit_status;
    if (end != AD_DROPPED)
        return 0;
    if (ad->away_until_us == AD_FOREVER)
        return STATUS_DROPPED;
    while (ad->away_until_us > ad_now_us())
        if (poll(&told, 1, (int)((ad->away_until_us - ad_now_us() + 999) / 1000)) > 0)
            return 0;
    return STATUS_BACK;
}

/* The words behind the descriptor. -1, said on stderr. */
static int take_words(struct ad *ad, char **argv, int *ready)
{
    char why[256] = "";
    for (; *argv; argv++) {
        if (strcmp(*argv, "--ready-fd") == 0 && (*ready = descriptor(argv[1])) >= 0) {
            argv++;
        } else if (ad_word(ad, *argv, why) <= 0) {
            fprintf(stderr, "x8-adbd: %s\n", why[0] ? why : *argv);
            return -1;
        }
    }
    return 0;
}

int serve_main(char **argv)
{
    int is_link = strcmp(argv[0], "--serve-fd") == 0, fd = descriptor(argv[1]), ready = -1;
    struct ad *ad = ad_new();
    int status = STATUS_USAGE;
    if (fd < 0) {
        fprintf(stderr, "x8-adbd: %s: no such descriptor\n", argv[0]);
    } else if (take_words(ad, argv + 2, &ready) == 0) {
        int stop = on_term();
        ad_stop_at(ad, stop);
        write_pid();
        if (ready < 0 || write(ready, "1", 1) == 1)
            status = is_link ? serve_one(ad, fd, stop) : ad_listen(ad, fd);
    }
    ad_free(ad);
    return status;
}
