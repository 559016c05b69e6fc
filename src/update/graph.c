/*
 * The walk. Objects are found folder by folder from the top and put into a list that is its own
 * queue; a hash table over the list knows what was found before, so a folder that appears in many
 * places is looked at once. Only metadata that is what its name says is looked into: from the
 * commit on, everything is vouched for by the one checksum the caller has.
 */
#include "update/graph_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Four million objects are some forty of the board's systems, and 300 MiB of memory here. */
#define OBJECTS_MAX ((size_t)1 << 22)
/* Folders in folders. Linux itself takes paths of 4096 bytes. */
#define DEPTH_MAX 2048u
/* Between two words about a walk that takes long (a cold disk). */
#define SAY_EVERY_MS 2000

struct walk {
    const struct x8_op *op;
    int folder;
    struct x8_graph *graph;
    struct x8_sha256 *sha;
    struct x8_buf bytes; /* of the object that is looked at */
    size_t cap;          /* of graph->objects */
    int64_t said_ms;
};

void x8_graph_done(struct x8_graph *graph)
{
    free(graph->objects);
    free(graph->slots);
    *graph = (struct x8_graph){0};
}

/* The slot of an object: its own, or the free one where it would be. The sum is random already. */
static size_t slot_of(const struct x8_graph *graph, const uint8_t *sum, enum x8_object_type type)
{
    size_t mask = graph->slot_count - 1;
    size_t at = (size_t)(x8_get_le64(sum + 8) + (uint64_t)type) & mask;
    for (; graph->slots[at] != 0; at = (at + 1) & mask) {
        const struct x8_object *object = &graph->objects[graph->slots[at] - 1];
        if (object->type == type && memcmp(object->sum, sum, X8_SHA256_LEN) == 0)
            break;
    }
    return at;
}

struct x8_object *x8_graph_find(const struct x8_graph *graph, const uint8_t sum[X8_SHA256_LEN],
                                enum x8_object_type type)
{
    if (graph->slot_count == 0)
        return NULL;
    uint32_t index = graph->slots[slot_of(graph, sum, type)];
    return index ? &graph->objects[index - 1] : NULL;
}

static int no_memory(struct x8_error *err)
{
    return x8_fail(err, X8_E_INTERNAL, "out of memory");
}

/* Twice the slots; at most half of them are taken. */
static int grow_slots(struct x8_graph *graph, struct x8_error *err)
{
    size_t count = graph->slot_count ? graph->slot_count * 2 : 1024;
    uint32_t *slots = calloc(count, sizeof(*slots));
    if (!slots)
        return no_memory(err);
    free(graph->slots);
    graph->slots = slots;
    graph->slot_count = count;
    for (size_t i = 0; i < graph->count; i++) {
        const struct x8_object *object = &graph->objects[i];
        slots[slot_of(graph, object->sum, object->type)] = (uint32_t)i + 1;
    }
    return 0;
}

static int grow_objects(struct walk *walk, struct x8_error *err)
{
    size_t cap = walk->cap ? walk->cap + walk->cap / 2 : 512;
    struct x8_object *objects = realloc(walk->graph->objects, cap * sizeof(*objects));
    if (!objects)
        return no_memory(err);
    walk->graph->objects = objects;
    walk->cap = cap;
    return 0;
}

/* Put an object at the end of the list, unless it is in it. */
static int add(struct walk *walk, const uint8_t *sum, enum x8_object_type type,
               struct x8_error *err)
{
    struct x8_graph *graph = walk->graph;
    int rc = 0;
    if (graph->count * 2 >= graph->slot_count)
        rc = grow_slots(graph, err);
    if (rc < 0)
        return rc;
    size_t slot = slot_of(graph, sum, type);
    if (graph->slots[slot] != 0)
        return 0;
    if (graph->count == OBJECTS_MAX)
        return x8_fail(err, X8_E_BAD_IMAGE, "a commit of more than %zu objects", OBJECTS_MAX);
    if (graph->count == walk->cap)
        rc = grow_objects(walk, err);
    if (rc == 0 && graph->count % 4096 == 0) /* one folder may list a million files */
        rc = x8_cancel_check(walk->op->cancel, X8_CANCEL_SOFT, err);
    if (rc < 0)
        return rc;
    struct x8_object *object = &graph->objects[graph->count++];
    *object = (struct x8_object){.type = (uint8_t)type};
    memcpy(object->sum, sum, X8_SHA256_LEN);
    graph->slots[slot] = (uint32_t)graph->count;
    return 0;
}

struct folder_ctx {
    struct walk *walk;
    struct x8_error *err;
};

static int add_item(void *ctx, const struct x8_dirtree_item *item)
{
    struct folder_ctx *folder = ctx;
    if (!item->meta_sum)
        return add(folder->walk, item->sum, X8_OBJECT_FILE, folder->err);
    int rc = add(folder->walk, item->sum, X8_OBJECT_DIRTREE, folder->err);
    return rc < 0 ? rc : add(folder->walk, item->meta_sum, X8_OBJECT_DIRMETA, folder->err);
}

/* What the object points to. X8_E_BAD_IMAGE: it is no such object. */
static int add_children(struct walk *walk, enum x8_object_type type, struct x8_error *err)
{
    struct x8_span bytes = x8_buf_span(&walk->bytes);
    struct folder_ctx folder = {walk, err};
    struct x8_commit commit;
    if (type == X8_OBJECT_DIRMETA)
        return x8_dirmeta_check(bytes, err);
    if (type == X8_OBJECT_DIRTREE)
        return x8_dirtree_parse(bytes, add_item, &folder, err);
    int rc = x8_commit_parse(bytes, &commit, err);
    if (rc == 0)
        rc = add(walk, commit.tree, X8_OBJECT_DIRTREE, err);
    return rc < 0 ? rc : add(walk, commit.meta, X8_OBJECT_DIRMETA, err);
}

/* A file object: its header tells its size, its content is for graph_deep.c. */
static int look_file(struct walk *walk, struct x8_object *object, const char *path,
                     struct x8_error *err)
{
    uint8_t head[64];
    struct stat st;
    X8_AUTO_FD fd = below_open(walk->folder, path, 0, err);
    if (fd < 0)
        return fd;
    ssize_t n = pread(fd, head, sizeof(head), 0);
    if (n < 0 || fstat(fd, &st) != 0)
        return x8_fail(err, X8_E_BAD_IMAGE, "%s: cannot be read", path);
    object->stored = (uint64_t)st.st_size;
    int rc = x8_filez_size((struct x8_span){head, (size_t)n}, &object->size, err);
    if (rc == 0 && x8_get_be32(head) + (uint64_t)8 > object->stored)
        rc = x8_fail(err, X8_E_BAD_IMAGE, "%s: ends inside its header", path);
    return rc;
}

static int look_meta(struct walk *walk, size_t index, const char *path, struct x8_error *err)
{
    struct x8_object *object = &walk->graph->objects[index];
    uint8_t sum[X8_SHA256_LEN];
    walk->bytes.len = 0;
    int rc = below_load(walk->folder, path, X8_OBJECT_META_MAX, &walk->bytes, err);
    if (rc < 0)
        return rc;
    object->stored = object->size = walk->bytes.len;
    x8_sha256_add(walk->sha, walk->bytes.data, walk->bytes.len);
    x8_sha256_take(walk->sha, sum);
    if (memcmp(sum, object->sum, sizeof(sum)) != 0)
        return x8_fail(err, X8_E_BAD_IMAGE, "%s: is not what its name says", path);
    return add_children(walk, object->type, err); /* may move the objects */
}

static int look(struct walk *walk, size_t index, struct x8_error *err)
{
    struct x8_object *object = &walk->graph->objects[index];
    char path[X8_OBJECT_PATH];
    struct x8_error why;
    x8_object_path(object->sum, object->type, 0, path);
    int rc = object->type == X8_OBJECT_FILE ? look_file(walk, object, path, &why)
                                            : look_meta(walk, index, path, &why);
    object = &walk->graph->objects[index];
    object->missing = rc == -X8_E_NO_FILE;
    object->bad = rc == -X8_E_BAD_IMAGE;
    if (below_broke(rc)) {
        if (err)
            *err = why;
        return rc;
    }
    walk->graph->stored += object->stored;
    walk->graph->size += object->size;
    return 0;
}

static void say(struct walk *walk)
{
    int64_t now = x8_now_ms();
    if (walk->said_ms == 0)
        walk->said_ms = now;
    if (now - walk->said_ms < SAY_EVERY_MS)
        return;
    walk->said_ms = now;
    x8_emit(walk->op, X8_EV_WAIT, "listing what belongs to the commit: %zu objects so far",
            walk->graph->count);
}

static int walk_all(struct walk *walk, struct x8_error *err)
{
    size_t level_end = 1;
    unsigned depth = 0;
    for (size_t i = 0; i < walk->graph->count; i++) {
        int rc = x8_cancel_check(walk->op->cancel, X8_CANCEL_SOFT, err);
        if (rc < 0)
            return rc;
        if (i == level_end) {
            level_end = walk->graph->count;
            depth++;
        }
        if (depth > DEPTH_MAX)
            return x8_fail(err, X8_E_BAD_IMAGE, "folders in folders, more than %u", DEPTH_MAX);
        say(walk);
        rc = look(walk, i, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int graph_collect(const struct x8_op *op, int folder, const char *commit, struct x8_graph *graph,
                  struct x8_error *err)
{
    struct walk walk = {.op = op, .folder = folder, .graph = graph, .sha = x8_sha256_new()};
    uint8_t sum[X8_SHA256_LEN];
    int rc = walk.sha ? 0 : no_memory(err);
    if (rc == 0 && x8_unhex(sum, sizeof(sum), commit) < 0)
        rc = x8_fail(err, X8_E_BAD_IMAGE, "'%.80s' is no checksum of a commit", commit);
    if (rc == 0)
        rc = add(&walk, sum, X8_OBJECT_COMMIT, err);
    if (rc == 0)
        rc = walk_all(&walk, err);
    x8_sha256_free(&walk.sha);
    x8_buf_done(&walk.bytes);
    return rc;
}

int graph_open_objects(const char *repo, struct x8_error *err)
{
    X8_AUTO_FD folder = open(repo, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return x8_fail_sys(err, X8_E_NO_FILE, errno, "%s: no repository", repo);
    int objects = below_open(folder, "objects", 1, err);
    if (objects < 0)
        x8_error_prefix(err, "%s", repo);
    return below_broke(objects) || objects >= 0 ? objects : -X8_E_NO_FILE;
}

int graph_walk(const struct x8_op *op, const char *repo, const char *commit, int deep,
               struct x8_graph *out, struct x8_error *err)
{
    X8_AUTO_GRAPH graph = {0};
    X8_AUTO_FD folder = graph_open_objects(repo, err);
    int rc = folder < 0 ? folder : graph_collect(op, folder, commit, &graph, err);
    if (rc >= 0 && deep)
        rc = graph_hash_files(op, folder, &graph, err);
    if (rc < 0)
        return rc;
    *out = graph;
    graph = (struct x8_graph){0};
    return 0;
}

int x8_graph_walk(const struct x8_op *op, const char *repo, const char *commit, int deep,
                  struct x8_graph *out, struct x8_findings *findings, struct x8_error *err)
{
    int rc = graph_walk(op, repo, commit, deep, out, err);
    if (rc == 0)
        graph_report(out, deep, findings);
    return rc;
}
