/*
 * Containers that an update may take along.
 */
#include "testlib.h"

#include "update/host.h"

#include <stdio.h>
#include <string.h>

static struct x8_tuf_target target;
static struct x8_bundle bundle;
static struct x8_update_board board;
static struct x8_findings findings;

static int fresh(void **state)
{
    (void)state;
    memset(&target, 0, sizeof(target));
    memset(&bundle, 0, sizeof(bundle));
    memset(&board, 0, sizeof(board));
    bundle.target = &target;
    target.app_count = 1;
    snprintf(target.apps[0].name, sizeof(target.apps[0].name), "arduino-ootb");
    return 0;
}

static int done(void **state)
{
    (void)state;
    x8_findings_done(&findings);
    return 0;
}

static void add(const char *name, const char *project, int is_running)
{
    struct x8_container *c = &board.containers[board.container_count++];

    snprintf(c->name, sizeof(c->name), "%s", name);
    snprintf(c->project, sizeof(c->project), "%s", project);
    c->is_running = is_running;
}

static const struct x8_finding *find(const char *id)
{
    for (size_t i = 0; i < findings.count; i++)
        if (strcmp(findings.items[i].id, id) == 0)
            return &findings.items[i];
    return NULL;
}

static size_t look(void)
{
    x8_findings_done(&findings);
    return x8_update_apps(&bundle, &board, &findings);
}

static void apps_of_the_target_are_not_at_stake(void **state)
{
    (void)state;
    add("web", "arduino-ootb", 1);
    assert_int_equal(look(), 0);
    assert_int_equal(find("containers")->kind, X8_FOUND_OK);
}

static void others_are_counted_and_named(void **state)
{
    (void)state;
    add("web", "arduino-ootb", 1);
    add("shop", "", 1);
    add("db", "mine", 1);
    add("old", "mine", 0);
    assert_int_equal(look(), 2);
    assert_int_equal(find("containers")->kind, X8_FOUND_WARN);
    assert_non_null(strstr(find("containers")->text, "shop, db"));
    assert_null(strstr(find("containers")->text, "old"));
    assert_non_null(strstr(find("containers")->next, "--keep-apps"));
}

static void of_many_the_first_are_named(void **state)
{
    char name[60];
    (void)state;

    for (int i = 0; i < 60; i++) {
        snprintf(name, sizeof(name), "a-container-with-a-long-name-%d", i);
        add(name, "", 1);
    }
    assert_int_equal(look(), 60);
    assert_non_null(strstr(find("containers")->text, "60 running"));
    assert_non_null(strstr(find("containers")->text, "..."));
}

static void a_bundle_without_a_target_owns_nothing(void **state)
{
    (void)state;
    bundle.target = NULL;
    add("web", "arduino-ootb", 1);
    assert_int_equal(look(), 1);
}

static void the_unit_that_empties_docker_is_told(void **state)
{
    (void)state;
    board.early_start = 1;
    look();
    assert_null(find("docker-wipe"));
    bundle.app_count = 1;
    look();
    assert_non_null(strstr(find("docker-wipe")->text, "armed by this update"));
    bundle.app_count = 0;
    board.has_reset_store = 1;
    look();
    assert_non_null(strstr(find("docker-wipe")->text, "armed already"));
    board.early_recovery = 2;
    look();
    assert_non_null(strstr(find("docker-wipe")->text, "just now"));
    board.early_start = 0; /* nobody starts it */
    look();
    assert_null(find("docker-wipe"));
}

#define T(test) cmocka_unit_test_setup_teardown(test, fresh, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(apps_of_the_target_are_not_at_stake),  T(others_are_counted_and_named),
        T(of_many_the_first_are_named),          T(a_bundle_without_a_target_owns_nothing),
        T(the_unit_that_empties_docker_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
