/*
 * The steps of a walk, shared by graph.c (the set, the walk), graph_deep.c (contents, in threads)
 * and graph_report.c (what is said about it). bundle.c takes them one by one.
 */
#ifndef X8_UPDATE_GRAPH_PARTS_H
#define X8_UPDATE_GRAPH_PARTS_H

#include "update/graph.h"
#include "update/graph_below.h"

/* Find all objects, hash the metadata, look at the headers of files. `folder` is the open folder
 * "objects" of the repository. */
int graph_collect(const struct x8_op *op, int folder, const char *commit, struct x8_graph *graph,
                  struct x8_error *err);

/* Hash the contents of files. Stage "objects". */
int graph_hash_files(const struct x8_op *op, int folder, struct x8_graph *graph,
                     struct x8_error *err);

/* The folder "objects" of the repository `repo`: a descriptor, or X8_E_NO_FILE. */
int graph_open_objects(const char *repo, struct x8_error *err);

/* The finding "graph". */
void graph_report(const struct x8_graph *graph, int deep, struct x8_findings *findings);

/* Both of the above, without the finding; -X8_E_... and an empty graph. */
int graph_walk(const struct x8_op *op, const char *repo, const char *commit, int deep,
               struct x8_graph *out, struct x8_error *err);

#endif
