/*
 * What a bundle holds on to, and looking at all of its content.
 */
#include "update/bundle.h"

#include "update/bundle_parts.h"
#include "update/graph_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static const char again[] = "get the bundle again, or another one that holds this target";

void x8_bundle_done(struct x8_bundle *bundle)
{
    struct bundle_temp temp = {bundle->temp, bundle->lock};
    bundle_temp_remove(&temp);
    free(bundle->path);
    free(bundle->dir);
    free(bundle->apps);
    x8_tuf_done(&bundle->tuf);
    x8_graph_done(&bundle->graph);
    *bundle = (struct x8_bundle){0};
}

int bundle_open_root(const char *dir, struct x8_error *err)
{
    int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return root < 0 ? x8_fail_sys(err, X8_E_NO_FILE, errno, "%s: cannot be read", dir) : root;
}

/* A commit that is not there makes everything else about the graph pointless. 1: go on. */
static int judge_commit(const struct x8_bundle *bundle, struct x8_findings *findings)
{
    const struct x8_object *commit = &bundle->graph.objects[0];
    const char *hex = bundle->target->commit;
    if (!commit->missing && !commit->bad) {
        x8_found(findings, X8_FOUND_OK, X8_OK, "commit", NULL, "commit %.12s... is there", hex);
        return 1;
    }
    x8_found(findings, X8_FOUND_BAD, commit->missing ? X8_E_BAD_IMAGE : X8_E_BAD_DIGEST, "commit",
             again, "the commit of %s is %s: %s", bundle->target->name,
             commit->missing ? "not in the bundle" : "not what its name says", hex);
    return 0;
}

static int check_graph(const struct x8_op *op, struct x8_bundle *bundle, int deep,
                       struct x8_findings *findings, struct x8_error *err)
{
    char *repo = x8_path_join(bundle->dir, "ostree_repo");
    struct x8_graph graph = {0};
    int rc = repo ? graph_walk(op, repo, bundle->target->commit, deep, &graph, err)
                  : x8_fail(err, X8_E_INTERNAL, "out of memory");
    free(repo);
    if (rc == -X8_E_NO_FILE) {
        x8_found(findings, X8_FOUND_BAD, X8_E_BAD_IMAGE, "graph", again,
                 "the bundle has no repository: nothing of the system is there");
        return 0;
    }
    if (rc < 0)
        return rc;
    x8_graph_done(&bundle->graph);
    bundle->graph = graph;
    if (judge_commit(bundle, findings))
        graph_report(&bundle->graph, deep, findings);
    return 0;
}

int x8_bundle_check(const struct x8_op *op, struct x8_bundle *bundle, int deep,
                    struct x8_findings *findings, struct x8_error *err)
{
    if (!bundle->target) /* opening left the finding */
        return 0;
    X8_AUTO_FD root = bundle_open_root(bundle->dir, err);
    int rc = root < 0 ? root : check_graph(op, bundle, deep, findings, err);
    if (rc == 0)
        rc = bundle_find_ref(root, bundle, findings, err);
    if (rc == 0)
        rc = bundle_check_apps(root, op, bundle, deep, findings, err);
    return rc;
}
