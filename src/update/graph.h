/*
 * Everything that belongs to one commit of an archive repository on this computer's disk, in the
 * order it is found: commit, then folders from the top. This set is what a board needs; a build's
 * repository may hold more.
 *
 * Memory: 56 bytes an object; a system of 100,000 objects takes some 8 MiB.
 */
#ifndef X8_UPDATE_GRAPH_H
#define X8_UPDATE_GRAPH_H

#include "update/finding.h"
#include "update/objects.h"
#include "util/op.h"

struct x8_object {
    uint8_t sum[X8_SHA256_LEN];
    uint8_t type;    /* enum x8_object_type */
    uint8_t missing; /* there is no such file */
    uint8_t bad;     /* there is, and it is something else */
    uint64_t stored; /* bytes of the file in the bundle */
    uint64_t size;   /* bytes uncompressed; metadata: as stored */
};
struct x8_graph {
    struct x8_object *objects;
    size_t count;
    uint64_t stored, size; /* sums */
    uint32_t *slots;       /* hash table by sum and type: index + 1 */
    size_t slot_count;
};
void x8_graph_done(struct x8_graph *graph);
#define X8_AUTO_GRAPH X8_CLEANUP(x8_graph_done) struct x8_graph

/*
 * Walk the commit `commit` (hexadecimal) of the repository `repo`. Metadata is always hashed; with
 * `deep` file objects are hashed as well (stage "objects", progress in stored bytes; as many
 * threads as pay, at most 4), else only their presence and header are looked at. Missing and
 * damaged objects are marked and leave the finding "graph" (BAD X8_E_BAD_DIGEST; the first few by
 * name and their count). Never leaves `repo` through a link. 0 also then; X8_E_STOPPED,
 * X8_E_NO_FILE (no repository), X8_E_INTERNAL.
 */
int x8_graph_walk(const struct x8_op *op, const char *repo, const char *commit, int deep,
                  struct x8_graph *out, struct x8_findings *findings, struct x8_error *err);

/* The object, or NULL. */
struct x8_object *x8_graph_find(const struct x8_graph *graph, const uint8_t sum[X8_SHA256_LEN],
                                enum x8_object_type type);

#endif
