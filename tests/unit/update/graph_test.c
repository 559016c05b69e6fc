/*
 * The graph of a commit, against what ostree says about the same repository.
 */
#include "kit_repo.h"

#include "update/graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct kit_repo kit;

static int begin(void **state)
{
    (void)state;
    kit_repo_new(&kit);
    if (kit.commit[0])
        assert_true(kit_repo_sh(&kit, "cp -a repo pristine"));
    return 0;
}

static int end(void **state)
{
    (void)state;
    kit_repo_done(&kit);
    return 0;
}

struct walk {
    struct x8_op op;
    struct x8_cancel cancel;
    struct x8_graph graph;
    struct x8_findings found;
    struct x8_error err;
    uint64_t done, total; /* of stage "objects" */
    int stop_at_progress, stages;
};

static void hear(void *ctx, const struct x8_event *event)
{
    struct walk *w = ctx;
    if (event->kind == X8_EV_STAGE && strcmp(event->stage, "objects") == 0)
        w->stages++;
    if (event->kind != X8_EV_PROGRESS)
        return;
    assert_string_equal(event->stage, "objects");
    assert_true(event->done >= w->done && event->done <= event->total);
    w->done = event->done;
    w->total = event->total;
    if (w->stop_at_progress)
        x8_cancel_raise(&w->cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
}

/* A fresh copy of the repository, and a walk of nothing yet. */
static struct walk *fresh(void)
{
    if (!kit.commit[0])
        skip();
    assert_true(kit_repo_sh(&kit, "rm -rf repo aside && cp -a pristine repo"));
    struct walk *w = calloc(1, sizeof *w);
    assert_non_null(w);
    x8_cancel_init(&w->cancel);
    w->op = (struct x8_op){
        .deadline = X8_NO_DEADLINE, .cancel = &w->cancel, .emit = hear, .emit_ctx = w};
    return w;
}

static int go(struct walk *w, int deep)
{
    x8_graph_done(&w->graph);
    x8_findings_done(&w->found);
    w->done = 0;
    return x8_graph_walk(&w->op, kit.repo, kit.commit, deep, &w->graph, &w->found, &w->err);
}

static void over(struct walk *w)
{
    x8_graph_done(&w->graph);
    x8_findings_done(&w->found);
    x8_cancel_done(&w->cancel);
    free(w);
}

static int is_good(struct walk *w, int deep)
{
    assert_int_equal(go(w, deep), 0);
    assert_int_equal(w->found.count, 1);
    assert_string_equal(w->found.items[0].id, "graph");
    return x8_findings_bad(&w->found) == NULL;
}

/* The finding has `words`, and so many objects are marked. */
static void is_bad(struct walk *w, int deep, const char *words, size_t marked)
{
    if (is_good(w, deep))
        fail_msg("nothing is wrong, but '%s' was expected", words);
    const struct x8_finding *bad = x8_findings_bad(&w->found);
    assert_int_equal(bad->code, X8_E_BAD_DIGEST);
    if (!strstr(bad->text, words))
        fail_msg("'%s' is not in: %s", words, bad->text);
    for (size_t i = 0; i < w->graph.count; i++)
        marked -= w->graph.objects[i].bad || w->graph.objects[i].missing;
    assert_int_equal(marked, 0);
}

static void the_set_is_the_one_that_ostree_lists(void **state)
{
    (void)state;
    struct walk *w = fresh();
    assert_true(is_good(w, 1));
    /* Folders have two checksums, the others one. */
    char *list = kit_repo_out(&kit, "{ ostree ls -R -C --repo=repo main | grep -oE '[0-9a-f]{64}'; "
                                    "ostree rev-parse --repo=repo main; } | sort -u");
    size_t count = 0;
    for (char *line = list, *nl; (nl = strchr(line, '\n')) != NULL; line = nl + 1) {
        uint8_t sum[X8_SHA256_LEN];
        int there = 0;
        *nl = '\0';
        assert_int_equal(x8_unhex(sum, sizeof sum, line), 0);
        for (enum x8_object_type type = X8_OBJECT_COMMIT; type <= X8_OBJECT_FILE; type++)
            there += x8_graph_find(&w->graph, sum, type) != NULL;
        assert_int_equal(there, 1);
        count++;
    }
    free(list);
    assert_int_equal(w->graph.count, count);
    assert_int_equal(w->graph.objects[0].type, X8_OBJECT_COMMIT);
    assert_int_equal(w->stages, 2);
    assert_true(w->done == w->total && w->total > 0);
    over(w);
}

static void sums_are_those_of_the_files(void **state)
{
    (void)state;
    struct walk *w = fresh();
    uint64_t stored = 0, size = 0;
    assert_true(is_good(w, 0));
    for (size_t i = 0; i < w->graph.count; i++) {
        char path[X8_OBJECT_PATH], full[400];
        struct stat st;
        const struct x8_object *object = &w->graph.objects[i];
        x8_object_path(object->sum, object->type, 0, path);
        snprintf(full, sizeof full, "%s/objects/%s", kit.repo, path);
        assert_int_equal(stat(full, &st), 0);
        assert_int_equal(object->stored, st.st_size);
        stored += object->stored;
        size += object->size;
    }
    assert_int_equal(w->graph.stored, stored);
    assert_int_equal(w->graph.size, size);
    assert_true(size > 3300000);
    over(w);
}

static void objects_of_other_commits_do_not_count(void **state)
{
    (void)state;
    struct walk *w = fresh();
    assert_true(kit_repo_sh(&kit, "p=$(ostree ls -C --repo=repo other /only-here | grep -oE "
                                  "'[0-9a-f]{64}' | sed 's,^..,repo/objects/&/,') && "
                                  "echo x >$p.filez && ! ostree fsck --repo=repo"));
    assert_true(is_good(w, 1));
    over(w);
}

/* What is done to an object, and what ostree and we say. */
static void a_damage(const char *extension, const char *command, int deep, const char *words)
{
    struct walk *w = fresh();
    char *path = strcmp(extension, "filez") == 0 ? kit_repo_file(&kit, "/usr/bin/noise")
                                                 : kit_repo_object(&kit, extension);
    assert_true(kit_repo_sh(&kit, "o='%s'; %s", path, command));
    if (!deep) /* what a look at the headers does not find */
        assert_true(is_good(w, 0));
    is_bad(w, 1, words, 1);
    assert_true(kit_repo_sh(&kit, "! ostree fsck --repo=repo"));
    free(path);
    over(w);
}

#define FLIP(at) TEST_FLIP " $o " at

static void a_flipped_byte_is_found_wherever_it_is(void **state)
{
    (void)state;
    a_damage("filez", FLIP("200000 255"), 0, "damaged");
    a_damage("filez", FLIP("35"), 0, "damaged");
    a_damage("dirtree", FLIP("5"), 1, "damaged");
    a_damage("dirmeta", FLIP("11"), 1, "damaged");
}

static void a_truncated_object_is_found(void **state)
{
    (void)state;
    a_damage("filez", "truncate -s 200000 $o", 0, "damaged");
    a_damage("filez", "truncate -s 20 $o", 1, "damaged");
    a_damage("filez", "truncate -s 0 $o", 1, "damaged");
    a_damage("dirtree", "truncate -s 0 $o", 1, "damaged");
}

static void a_missing_object_is_found(void **state)
{
    (void)state;
    a_damage("filez", "rm $o", 1, "missing");
    a_damage("dirmeta", "rm $o", 1, "missing");
}

static void the_name_of_a_bad_object_is_said(void **state)
{
    (void)state;
    struct walk *w = fresh();
    char *path = kit_repo_file(&kit, "/etc/x");
    assert_true(kit_repo_sh(&kit, "rm %s", path));
    is_bad(w, 0, strstr(path, "objects/") + 8, 1);
    free(path);
    over(w);
}

static void a_bad_commit_ends_the_walk(void **state)
{
    (void)state;
    struct walk *w = fresh();
    assert_true(kit_repo_sh(&kit, "rm repo/objects/*/*.commit"));
    is_bad(w, 1, "1 of 1 objects missing", 1);
    assert_int_equal(w->graph.count, 1);
    over(w);
}

static void exchanged_objects_are_found(void **state)
{
    (void)state;
    struct walk *w = fresh();
    char *a = kit_repo_file(&kit, "/etc/x"), *b = kit_repo_file(&kit, "/etc/none");
    assert_true(kit_repo_sh(&kit, "cp -p %s t && cp -p %s %s && cp -p t %s", a, b, a, b));
    assert_true(is_good(w, 0));
    is_bad(w, 1, "2 of ", 2);
    free(a);
    free(b);
    over(w);
}

static void a_link_to_a_good_object_is_not_followed(void **state)
{
    (void)state;
    struct walk *w = fresh();
    char *path = kit_repo_file(&kit, "/etc/x");
    assert_true(kit_repo_sh(&kit, "mv %s aside && ln -s $PWD/aside %s", path, path));
    is_bad(w, 0, "damaged", 1);
    is_bad(w, 1, "damaged", 1);
    free(path);
    over(w);
}

static void a_folder_that_is_a_link_is_not_followed(void **state)
{
    (void)state;
    struct walk *w = fresh();
    assert_true(kit_repo_sh(&kit,
                            "d=repo/objects/$(echo %.2s) && mv $d aside && ln -s $PWD/aside "
                            "$d",
                            kit.commit));
    is_bad(w, 0, "damaged", 1);
    over(w);
    w = fresh();
    assert_true(kit_repo_sh(&kit, "mv repo/objects aside && ln -s $PWD/aside repo/objects"));
    assert_int_equal(go(w, 0), -X8_E_NO_FILE);
    over(w);
}

static void a_pipe_in_the_place_of_an_object_is_not_waited_for(void **state)
{
    (void)state;
    struct walk *w = fresh();
    char *path = kit_repo_file(&kit, "/etc/x"), *tree = kit_repo_object(&kit, "dirmeta");
    assert_true(kit_repo_sh(&kit, "rm %s %s && mkfifo %s %s", path, tree, path, tree));
    is_bad(w, 1, "damaged", 2);
    free(path);
    free(tree);
    over(w);
}

static void many_bad_objects_are_counted_and_a_few_named(void **state)
{
    (void)state;
    struct walk *w = fresh();
    assert_true(kit_repo_sh(&kit, "rm repo/objects/*/*.filez"));
    assert_false(is_good(w, 1));
    const char *text = x8_findings_bad(&w->found)->text;
    assert_non_null(strstr(text, "..."));
    assert_true(strlen(text) < sizeof w->found.items[0].text - 1);
    over(w);
}

static void several_threads_find_the_one_bad_object(void **state)
{
    (void)state;
    struct walk *w = fresh();
    assert_true(kit_repo_sh(&kit, "mkdir big && for i in 1 2 3 4 5 6 7 8; do head -c 2000000 "
                                  "/dev/urandom >big/$i; done && ostree commit --repo=repo -b big "
                                  "-s b big && rm -r big"));
    char *commit = kit_repo_out(&kit, "ostree rev-parse --repo=repo big | tr -d '\\n'");
    assert_int_equal(x8_graph_walk(&w->op, kit.repo, commit, 1, &w->graph, &w->found, &w->err), 0);
    assert_null(x8_findings_bad(&w->found));
    assert_int_equal(w->done, w->total);
    x8_graph_done(&w->graph);
    w->done = 0;
    assert_true(kit_repo_sh(&kit, "o=$(ostree ls -C --repo=repo big /5 | grep -oE '[0-9a-f]{64}' | "
                                  "sed 's,^..,repo/objects/&/,').filez && truncate -s -9 $o"));
    assert_int_equal(x8_graph_walk(&w->op, kit.repo, commit, 1, &w->graph, &w->found, &w->err), 0);
    assert_non_null(strstr(x8_findings_bad(&w->found)->text, "1 of 11 objects damaged"));
    free(commit);
    over(w);
}

static void a_stop_ends_it_before_and_in_between(void **state)
{
    (void)state;
    struct walk *w = fresh();
    /* More than one report of progress needs more than 4 MiB. */
    assert_true(kit_repo_sh(&kit, "mkdir big && for i in 1 2 3; do head -c 4000000 /dev/urandom "
                                  ">big/$i; done && ostree commit --repo=repo -b big -s b big && "
                                  "rm -r big"));
    char *commit = kit_repo_out(&kit, "ostree rev-parse --repo=repo big | tr -d '\\n'");
    w->stop_at_progress = 1;
    assert_int_equal(x8_graph_walk(&w->op, kit.repo, commit, 1, &w->graph, &w->found, &w->err),
                     -X8_E_STOPPED);
    assert_true(w->done < w->total);
    assert_null(w->graph.objects);
    assert_int_equal(go(w, 0), -X8_E_STOPPED);
    assert_int_equal(w->found.count, 0);
    free(commit);
    over(w);
}

static void what_is_no_repository_is_no_file(void **state)
{
    (void)state;
    struct walk *w = fresh();
    assert_true(kit_repo_sh(&kit, "rm -rf repo"));
    assert_int_equal(go(w, 1), -X8_E_NO_FILE);
    assert_true(kit_repo_sh(&kit, "mkdir repo"));
    assert_int_equal(go(w, 1), -X8_E_NO_FILE);
    over(w);
}

static void what_is_no_checksum_is_no_commit(void **state)
{
    (void)state;
    struct walk *w = fresh();
    assert_int_equal(x8_graph_walk(&w->op, kit.repo, "main", 0, &w->graph, &w->found, &w->err),
                     -X8_E_BAD_IMAGE);
    over(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_set_is_the_one_that_ostree_lists),
        cmocka_unit_test(sums_are_those_of_the_files),
        cmocka_unit_test(objects_of_other_commits_do_not_count),
        cmocka_unit_test(a_flipped_byte_is_found_wherever_it_is),
        cmocka_unit_test(a_truncated_object_is_found),
        cmocka_unit_test(a_missing_object_is_found),
        cmocka_unit_test(the_name_of_a_bad_object_is_said),
        cmocka_unit_test(a_bad_commit_ends_the_walk),
        cmocka_unit_test(exchanged_objects_are_found),
        cmocka_unit_test(a_link_to_a_good_object_is_not_followed),
        cmocka_unit_test(a_folder_that_is_a_link_is_not_followed),
        cmocka_unit_test(a_pipe_in_the_place_of_an_object_is_not_waited_for),
        cmocka_unit_test(many_bad_objects_are_counted_and_a_few_named),
        cmocka_unit_test(several_threads_find_the_one_bad_object),
        cmocka_unit_test(a_stop_ends_it_before_and_in_between),
        cmocka_unit_test(what_is_no_repository_is_no_file),
        cmocka_unit_test(what_is_no_checksum_is_no_commit),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
