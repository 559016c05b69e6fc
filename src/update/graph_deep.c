/*
 * Contents of file objects, hashed side by side. Threads take the next object from a counter and
 * write only to the marks of their own objects; what they share is progress and the first error.
 */
#include "update/graph_parts.h"
#include "update/objects_filez.h"
#include "util/text.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More threads than this wait for the disk. */
#define THREADS_MAX 4
/* Not worth a thread. */
#define BYTES_PER_THREAD ((uint64_t)4 << 20)
#define REPORT_EVERY     ((uint64_t)4 << 20)
#define READ_LEN         ((size_t)64 * 1024)

struct deep {
    struct x8_op op;
    int folder;
    struct x8_graph *graph;
    atomic_size_t next;
    atomic_int stop; /* one thread failed */
    pthread_mutex_t lock;
    uint64_t done, reported, total; /* stored bytes; under `lock`, as what follows */
    int rc;
    struct x8_error error;
};

static void count(void *ctx, uint64_t bytes)
{
    struct deep *deep = ctx;
    pthread_mutex_lock(&deep->lock);
    deep->done += bytes;
    if (deep->done > deep->total) /* a file that grew meanwhile */
        deep->done = deep->total;
    if (deep->done - deep->reported >= REPORT_EVERY) {
        deep->reported = deep->done;
        x8_emit_progress(&deep->op, deep->done, deep->total);
    }
    pthread_mutex_unlock(&deep->lock);
}

static void give_up(struct deep *deep, int rc, const struct x8_error *error)
{
    pthread_mutex_lock(&deep->lock);
    if (deep->rc == 0) {
        deep->rc = rc;
        deep->error = *error;
    }
    pthread_mutex_unlock(&deep->lock);
    atomic_store(&deep->stop, 1);
}

/* 0 also for a damaged object: it is marked. */
static int hash_one(struct deep *deep, struct filez_work *work, uint8_t *data,
                    struct x8_object *object, struct x8_error *err)
{
    struct below_reader below;
    uint8_t sum[X8_SHA256_LEN];
    char path[X8_OBJECT_PATH];
    uint64_t size;
    x8_object_path(object->sum, object->type, 0, path);
    X8_AUTO_FD fd = below_open(deep->folder, path, 0, err);
    if (below_broke(fd))
        return fd;
    below_reader_init(&below, fd, &deep->op, data, READ_LEN);
    below.count = count;
    below.ctx = deep;
    int rc = fd < 0 ? fd : filez_digest(work, &below.reader, sum, &size, err);
    if (below_broke(rc))
        return rc;
    object->missing = rc == -X8_E_NO_FILE;
    object->bad = !object->missing &&
                  (rc < 0 || size != object->size || memcmp(sum, object->sum, sizeof(sum)) != 0);
    return 0;
}

static void *work(void *ctx)
{
    struct deep *deep = ctx;
    struct filez_work *filez = filez_work_new();
    uint8_t *data = malloc(READ_LEN);
    struct x8_error err;
    int rc = filez && data ? 0 : x8_fail(&err, X8_E_INTERNAL, "out of memory");
    while (rc == 0 && !atomic_load(&deep->stop)) {
        size_t i = atomic_fetch_add(&deep->next, 1);
        if (i >= deep->graph->count)
            break;
        struct x8_object *object = &deep->graph->objects[i];
        if (object->type != X8_OBJECT_FILE || object->missing || object->bad)
            continue;
        rc = x8_cancel_check(deep->op.cancel, X8_CANCEL_SOFT, &err);
        if (rc == 0)
            rc = hash_one(deep, filez, data, object, &err);
    }
    if (rc < 0)
        give_up(deep, rc, &err);
    filez_work_free(&filez);
    free(data);
    return NULL;
}

static size_t threads_for(uint64_t bytes)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t most = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (size_t)cores;
    uint64_t worth = bytes / BYTES_PER_THREAD + 1;
    return worth < most ? (size_t)worth : most;
}

/* This thread is one of them. Fewer than wanted do the same work. */
static void work_together(struct deep *deep)
{
    pthread_t threads[THREADS_MAX];
    size_t count_wanted = threads_for(deep->total) - 1, started = 0;
    while (started < count_wanted && pthread_create(&threads[started], NULL, work, deep) == 0)
        started++;
    work(deep);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

int graph_hash_files(const struct x8_op *op, int folder, struct x8_graph *graph,
                     struct x8_error *err)
{
    struct deep deep = {.op = *op, .folder = folder, .graph = graph};
    char size[24];
    deep.op.stage = "objects";
    for (size_t i = 0; i < graph->count; i++)
        if (graph->objects[i].type == X8_OBJECT_FILE && !graph->objects[i].bad)
            deep.total += graph->objects[i].stored;
    x8_emit_enter(&deep.op);
    pthread_mutex_init(&deep.lock, NULL);
    work_together(&deep);
    pthread_mutex_destroy(&deep.lock);
    if (deep.rc < 0) {
        if (err)
            *err = deep.error;
        return deep.rc;
    }
    x8_emit_progress(&deep.op, deep.total, deep.total);
    x8_size_text(size, deep.total);
    x8_emit(&deep.op, X8_EV_STAGE, "%zu objects, %s read", graph->count, size);
    return 0;
}
