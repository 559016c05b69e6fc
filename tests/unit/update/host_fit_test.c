/*
 * A bundle and a board, and what is said when they do not fit.
 */
#include "testlib.h"

#include "update/host_parts.h"

#include <stdlib.h>
#include <string.h>

#define NOW 1800000000 /* 2027-01-15 */

struct pair {
    struct x8_bundle bundle;
    struct x8_tuf_target target;
    struct x8_update_board board;
    struct x8_fit how;
    struct x8_findings findings;
};

static void set(char *out, const char *text)
{
    memcpy(out, text, strlen(text) + 1);
}

/* A bundle of 861 for a board of generation B that runs 746. */
static int fits(void **state)
{
    struct pair *p = calloc(1, sizeof(*p));

    p->bundle.target = &p->target;
    p->bundle.tuf.count = 1;
    p->bundle.tuf.expires_s = NOW + 20 * 86400;
    set(p->bundle.tuf.expires_role, "timestamp");
    set(p->bundle.tuf.type, "ci");
    set(p->bundle.tuf.tag, "main");
    p->bundle.tuf.root_first = 1;
    set(p->target.name, "portenta-x8-lmp-861");
    set(p->target.version, "861");
    set(p->target.hardware, "portenta-x8");
    set(p->target.tags, "main,devel");
    memset(p->target.commit, 'a', 64);
    p->board.aklite = X8_AKLITE_B;
    p->board.has_aklite = p->board.has_docker = p->board.has_sql = 1;
    p->board.sees_sota = p->board.boot_mounted = 1;
    set(p->board.version, "746");
    set(p->board.hardware, "portenta-x8");
    memset(p->board.booted, 'b', 64);
    p->board.clock_s = NOW;
    *state = p;
    return 0;
}

static int done(void **state)
{
    struct pair *p = *state;

    x8_findings_done(&p->findings);
    x8_buf_done(&p->board.root_json);
    free(p);
    return 0;
}

static const struct x8_finding *find(const struct pair *p, const char *id)
{
    for (size_t i = 0; i < p->findings.count; i++)
        if (strcmp(p->findings.items[i].id, id) == 0)
            return &p->findings.items[i];
    return NULL;
}

static void look(struct pair *p)
{
    x8_findings_done(&p->findings);
    x8_update_fit(&p->bundle, &p->board, &p->how, &p->findings);
}

/* The finding `id` is of this kind, has this code when it is bad, and says `words`. */
static void says(struct pair *p, const char *id, enum x8_finding_kind kind, enum x8_code code,
                 const char *words)
{
    look(p);
    const struct x8_finding *f = find(p, id);
    if (!f)
        fail_msg("nothing about %s", id);
    if (f->kind != kind || !strstr(f->text, words))
        fail_msg("%s: %s: %s", id, x8_finding_name(f->kind), f->text);
    if (kind == X8_FOUND_BAD) {
        assert_int_equal(f->code, code);
        assert_true(f->next[0]);
    }
}

static void a_bundle_that_fits_finds_nothing_bad(void **state)
{
    struct pair *p = *state;

    look(p);
    assert_null(x8_findings_bad(&p->findings));
    for (size_t i = 0; i < p->findings.count; i++)
        if (p->findings.items[i].kind == X8_FOUND_WARN)
            fail_msg("%s: %s", p->findings.items[i].id, p->findings.items[i].text);
    says(p, "version", X8_FOUND_OK, X8_OK, "from 746 to 861");
}

static void the_boards_clock_decides(void **state)
{
    struct pair *p = *state;

    p->board.clock_s = NOW + 19 * 86400;
    says(p, "clock", X8_FOUND_WARN, X8_OK, "again after its restart");
    p->board.clock_s = NOW + 20 * 86400;
    says(p, "clock", X8_FOUND_BAD, X8_E_BAD_DIGEST, "expired on 2027-02-04 08:00 UTC (timestamp)");
    p->board.clock_s = 1000;
    says(p, "clock", X8_FOUND_WARN, X8_OK, "1970");
    p->board.clock_s = INT64_MAX / 1000;
    says(p, "clock", X8_FOUND_BAD, X8_E_BAD_DIGEST, "expired");
}

static void both_hardware_ids_are_named(void **state)
{
    struct pair *p = *state;

    set(p->target.hardware, "imx8mm-evk");
    says(p, "hardware", X8_FOUND_BAD, X8_E_MISFIT,
         "the bundle is for imx8mm-evk, the board is portenta-x8");
    set(p->target.hardware, "");
    says(p, "hardware", X8_FOUND_BAD, X8_E_MISFIT, "one hardware id");
    set(p->target.hardware, "portenta-x8");
    set(p->board.hardware, "");
    says(p, "hardware", X8_FOUND_WARN, X8_OK, "could not be read");
}

static void tags_have_to_meet(void **state)
{
    struct pair *p = *state;

    set(p->board.tags, "experimental,devel");
    says(p, "tag", X8_FOUND_OK, X8_OK, "devel");
    p->board.aklite = X8_AKLITE_C; /* looks at the bundle's own tag too */
    says(p, "tag", X8_FOUND_BAD, X8_E_MISFIT, "made for tag main, the board takes experimental");
    set(p->board.tags, "mai");
    says(p, "tag", X8_FOUND_BAD, X8_E_MISFIT, "main,devel, the board takes mai");
    set(p->board.tags, "");
    says(p, "tag", X8_FOUND_OK, X8_OK, "any");
}

static void types_have_to_be_equal(void **state)
{
    struct pair *p = *state;

    says(p, "type", X8_FOUND_INFO, X8_OK, "first bundle decides");
    set(p->board.device_type, "prod");
    says(p, "type", X8_FOUND_BAD, X8_E_MISFIT, "of type ci, the board is registered as prod");
    set(p->board.device_type, "ci");
    says(p, "type", X8_FOUND_OK, X8_OK, "ci");
}

static void an_older_version_wants_a_word(void **state)
{
    struct pair *p = *state;

    set(p->board.version, "934");
    says(p, "version", X8_FOUND_BAD, X8_E_NEED_YES, "861, older than the board's 934");
    assert_non_null(strstr(find(p, "version")->next, "--allow-downgrade"));
    p->how.allow_downgrade = 1;
    says(p, "version", X8_FOUND_WARN, X8_OK, "--allow-downgrade was given");
    set(p->board.version, "1000"); /* by number, not by text */
    p->how.allow_downgrade = 0;
    says(p, "version", X8_FOUND_BAD, X8_E_NEED_YES, "older");
}

static void the_same_version_is_told(void **state)
{
    struct pair *p = *state;

    set(p->board.version, "861");
    says(p, "version", X8_FOUND_WARN, X8_OK, "different builds");
    memset(p->board.booted, 'a', 64);
    says(p, "version", X8_FOUND_INFO, X8_OK, "already");
}

static void a_version_that_is_no_number_is_not_judged(void **state)
{
    struct pair *p = *state;

    set(p->board.version, "local-image");
    says(p, "version", X8_FOUND_WARN, X8_OK, "cannot be told");
    set(p->board.version, "");
    says(p, "version", X8_FOUND_WARN, X8_OK, "(unknown)");
}

static void a_jump_over_releases_is_told(void **state)
{
    struct pair *p = *state;

    set(p->target.version, "960");
    says(p, "boot", X8_FOUND_WARN, X8_OK, "jump over several releases");
}

static void a_board_without_the_tool_is_sent_to_what_helps(void **state)
{
    struct pair *p = *state;

    p->board.aklite = X8_AKLITE_NONE;
    p->board.has_aklite = 0;
    set(p->board.version, "399");
    says(p, "generation", X8_FOUND_BAD, X8_E_WRONG_STATE, "image 399 has no aklite-offline");
    assert_non_null(strstr(find(p, "generation")->next, "legacy-399"));
    assert_non_null(strstr(find(p, "generation")->next, "flash"));
    set(p->board.version, "539");
    says(p, "generation", X8_FOUND_BAD, X8_E_WRONG_STATE, "image 539");
    p->board.has_aklite = 1;
    says(p, "generation", X8_FOUND_BAD, X8_E_WRONG_STATE, "nobody knows");
}

static void older_generations_take_one_target_with_a_ref(void **state)
{
    struct pair *p = *state;
    struct x8_bundle_app apps[2] = {{.is_of_target = 1}, {.is_of_target = 0}};

    p->bundle.tuf.count = 2;
    says(p, "generation", X8_FOUND_OK, X8_OK, "B"); /* a factory's whole list, without its own */
    p->bundle.tuf.roles[X8_TUF_BUNDLE].present = 1;
    says(p, "generation", X8_FOUND_BAD, X8_E_MISFIT, "2 targets");
    p->board.aklite = X8_AKLITE_C;
    says(p, "generation", X8_FOUND_OK, X8_OK, "C");
    p->board.aklite = X8_AKLITE_A;
    p->bundle.tuf.count = 1;
    p->bundle.graph.count = 5;
    says(p, "generation", X8_FOUND_BAD, X8_E_MISFIT, "no ref");
    set(p->bundle.repo_ref, "main");
    p->bundle.apps = apps;
    p->bundle.app_count = 2;
    says(p, "generation", X8_FOUND_WARN, X8_OK, "1 of the bundle's apps");
    p->bundle.apps = NULL;
    p->bundle.app_count = 0;
    says(p, "generation", X8_FOUND_OK, X8_OK, "A");
}

static void what_is_pending_is_ended_first(void **state)
{
    struct pair *p = *state;

    memset(p->board.pending, 'c', 64);
    says(p, "pending", X8_FOUND_BAD, X8_E_WRONG_STATE, "another system");
    memset(p->board.pending, 'a', 64);
    says(p, "pending", X8_FOUND_BAD, X8_E_WRONG_STATE, "this very target");
    p->board.ootb_pending = 1;
    says(p, "pending", X8_FOUND_BAD, X8_E_WRONG_STATE, "own page");
    p->board.pending[0] = '\0';
    says(p, "pending", X8_FOUND_WARN, X8_OK, "mark");
    p->board.upgrade_available = 1;
    p->board.bootcount = 3;
    says(p, "pending", X8_FOUND_WARN, X8_OK, "counted 3 starts");
}

static void the_loader_has_to_be_able_to_go_back(void **state)
{
    struct pair *p = *state;

    p->board.rollback_flag = 1;
    says(p, "boot", X8_FOUND_WARN, X8_OK, "went back");
    p->board.bootupgrade_available = 1;
    says(p, "boot", X8_FOUND_WARN, X8_OK, "one more restart");
    p->board.bootupgrade_available = p->board.upgrade_available = -1;
    says(p, "boot", X8_FOUND_WARN, X8_OK, "could not be read");
    p->board.boot_mounted = 0;
    says(p, "boot", X8_FOUND_BAD, X8_E_WRONG_STATE, "/mnt/boot");
    p->board.sees_sota = 0; /* without root nothing is known */
    says(p, "boot", X8_FOUND_WARN, X8_OK, "could not be read");
}

static void a_registered_board_needs_the_other_engine_for_apps(void **state)
{
    struct pair *p = *state;
    struct x8_bundle_app app = {.is_of_target = 1};

    look(p);
    assert_null(find(p, "apps-engine"));
    p->board.is_registered = 1;
    look(p);
    assert_null(find(p, "apps-engine"));
    p->bundle.apps = &app;
    p->bundle.app_count = 1;
    says(p, "apps-engine", X8_FOUND_BAD, X8_E_MISFIT, "without reset_apps");
    p->board.has_reset_apps = 1;
    look(p);
    assert_null(find(p, "apps-engine"));
    p->board.has_docker = 0;
    says(p, "apps-engine", X8_FOUND_WARN, X8_OK, "no docker");
    p->bundle.app_count = 0;
}

static void a_board_without_a_root_of_trust_takes_the_bundles(void **state)
{
    struct pair *p = *state;

    p->board.has_sql = 0;
    says(p, "trust", X8_FOUND_WARN, X8_OK, "this bundle's from now on");
    p->bundle.tuf.root_first = 3;
    says(p, "trust", X8_FOUND_WARN, X8_OK, "1.root.json");
    assert_int_equal(x8_buf_add(&p->board.root_json, "{}", 2), 0);
    look(p);
    assert_null(find(p, "trust"));
}

static void without_a_target_the_boards_state_is_told_all_the_same(void **state)
{
    struct pair *p = *state;

    p->bundle.target = NULL;
    look(p);
    assert_null(find(p, "version"));
    assert_non_null(find(p, "generation"));
    memset(p->board.pending, 'c', 64);
    says(p, "pending", X8_FOUND_BAD, X8_E_WRONG_STATE, "another system");
}

#define T(test) cmocka_unit_test_setup_teardown(test, fits, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_bundle_that_fits_finds_nothing_bad),
        T(the_boards_clock_decides),
        T(both_hardware_ids_are_named),
        T(tags_have_to_meet),
        T(types_have_to_be_equal),
        T(an_older_version_wants_a_word),
        T(the_same_version_is_told),
        T(a_version_that_is_no_number_is_not_judged),
        T(a_jump_over_releases_is_told),
        T(a_board_without_the_tool_is_sent_to_what_helps),
        T(older_generations_take_one_target_with_a_ref),
        T(what_is_pending_is_ended_first),
        T(the_loader_has_to_be_able_to_go_back),
        T(a_registered_board_needs_the_other_engine_for_apps),
        T(a_board_without_a_root_of_trust_takes_the_bundles),
        T(without_a_target_the_boards_state_is_told_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
