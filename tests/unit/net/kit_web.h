/*
 * A web server for one test: a thread that answers each request with what the test's function
 * writes, so that it can be as wrong as no real server is.
 */
#ifndef KIT_WEB_H
#define KIT_WEB_H

#include "testlib.h"

#include "util/attr.h"

#include <pthread.h>
#include <stdatomic.h>

struct web {
    int listener, stop[2];
    uint16_t port;
    pthread_t thread;
    pthread_mutex_t lock;
    char request[8192]; /* all requests, one behind the other */
    size_t asked;       /* their length */
    atomic_uint count;
    void (*answer)(struct web *web, int fd, unsigned n); /* n: 0 for the first request */
    void *ctx;
};

void web_start(struct web *web, void (*answer)(struct web *web, int fd, unsigned n), void *ctx);
void web_stop(struct web *web);

/* "http://127.0.0.1:PORT/PATH" */
void web_url(const struct web *web, const char *path, char out[200]);
/* Is this in what was asked so far? */
int web_asked(struct web *web, const char *part);

/* Write text to the client. */
void web_say(int fd, const char *fmt, ...) X8_PRINTF(2, 3);
/* Wait `ms`, or until the test stops the server. */
void web_wait(struct web *web, int ms);

#endif
