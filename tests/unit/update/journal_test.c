/*
 * The record of an update: kept whole, read back equal, never believed when it is damaged.
 */
#define _DEFAULT_SOURCE

#include "testlib.h"

#include "update/journal_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct kit {
    char *dir;
    struct x8_update_journal journal;
    struct x8_error err;
};

static void set(char *out, const char *text)
{
    memcpy(out, text, strlen(text) + 1);
}

static int make(void **state)
{
    struct kit *k = calloc(1, sizeof(*k));
    struct x8_update_journal *j = &k->journal;

    k->dir = test_dir_new();
    x8_update_journal_path(k->dir, "1B2A3C", j->path, sizeof(j->path));
    j->step = X8_STEP_REBOOT;
    j->aklite = X8_AKLITE_B;
    set(j->serial, "1B2A3C");
    set(j->board, "bench-1 \"quoted\" \\ and \xc3\xa4");
    set(j->bundle, "/tmp/a bundle");
    set(j->expected.version, "861");
    set(j->expected.old_version, "746");
    set(j->expected.target, "portenta-x8-lmp-861");
    memset(j->expected.commit, 'a', 64);
    memset(j->expected.old_commit, 'b', 64);
    set(j->expected.apps, "one two");
    set(j->stage, "/var/rootdirs/home/fio/x8ctl-update");
    set(j->boot_id, "11111111-2222-3333-4444-555555555555");
    set(j->health, "health.json");
    set(j->note, "so far");
    j->restarts = 2;
    j->allow_downgrade = j->daemon_was_active = 1;
    *state = k;
    return 0;
}

static int done(void **state)
{
    struct kit *k = *state;

    test_dir_free(k->dir);
    free(k);
    return 0;
}

static void what_is_saved_is_loaded(void **state)
{
    struct kit *k = *state;
    struct x8_update_journal back;
    struct stat st;

    assert_int_equal(x8_update_journal_save(&k->journal, &k->err), 0);
    assert_true(k->journal.begun_s > 1600000000);
    assert_int_equal(stat(k->journal.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(x8_update_journal_load(k->journal.path, &back, &k->err), 1);
    assert_string_equal(back.path, k->journal.path);
    assert_string_equal(back.board, k->journal.board);
    assert_string_equal(back.serial, k->journal.serial);
    assert_string_equal(back.bundle, k->journal.bundle);
    assert_string_equal(back.stage, k->journal.stage);
    assert_string_equal(back.boot_id, k->journal.boot_id);
    assert_string_equal(back.health, k->journal.health);
    assert_string_equal(back.note, k->journal.note);
    assert_memory_equal(&back.expected, &k->journal.expected, sizeof(back.expected));
    assert_int_equal(back.step, X8_STEP_REBOOT);
    assert_int_equal(back.aklite, X8_AKLITE_B);
    assert_int_equal(back.restarts, 2);
    assert_true(back.allow_downgrade && back.daemon_was_active);
    assert_false(back.keep_stage || back.ootb_was_pending);
    assert_int_equal(back.begun_s, k->journal.begun_s);
    assert_int_equal(back.changed_s, k->journal.changed_s);
}

static void a_step_is_saved(void **state)
{
    struct kit *k = *state;
    struct x8_update_journal back;

    k->journal.begun_s = 1700000000;
    assert_int_equal(x8_update_journal_step(&k->journal, X8_STEP_PROVE, &k->err), 0);
    assert_int_equal(x8_update_journal_load(k->journal.path, &back, &k->err), 1);
    assert_int_equal(back.step, X8_STEP_PROVE);
    assert_int_equal(back.begun_s, 1700000000);
    assert_true(back.changed_s > back.begun_s);
}

static void none_is_no_error(void **state)
{
    struct kit *k = *state;
    struct x8_update_journal back;

    assert_int_equal(x8_update_journal_load(k->journal.path, &back, &k->err), 0);
    assert_int_equal(x8_update_journal_save(&k->journal, &k->err), 0);
    x8_update_journal_remove(&k->journal);
    assert_int_equal(x8_update_journal_load(k->journal.path, &back, &k->err), 0);
    x8_update_journal_remove(&k->journal); /* again is fine */
}

static void damaged(struct kit *k, const char *text, size_t len)
{
    struct x8_update_journal back;
    char name[64];

    snprintf(name, sizeof(name), "%s", strrchr(k->journal.path, '/') + 1);
    free(test_file(k->dir, name, text, len));
    if (x8_update_journal_load(k->journal.path, &back, &k->err) != -X8_E_BAD_IMAGE)
        fail_msg("taken: %.*s", (int)len, text);
    assert_non_null(strstr(k->err.msg, k->journal.path));
    assert_true(k->err.next[0]);
    assert_int_equal(back.step, X8_STEP_NONE);
}

static void a_damaged_one_is_named_and_not_believed(void **state)
{
    struct kit *k = *state;
    char *text = journal_text(&k->journal);
    size_t len = strlen(text);

    for (size_t i = 0; i < len - 2; i += 7)
        damaged(k, text, i);
    damaged(k, "[]", 2);
    damaged(k, "{}", 2);
    damaged(k, "{\"version\":1}", 13);
    free(text);
}

/* Replace a part of a good text. */
static void without(struct kit *k, const char *part, const char *instead)
{
    char *text = journal_text(&k->journal), *at = strstr(text, part), whole[8192];

    assert_non_null(at);
    snprintf(whole, sizeof(whole), "%.*s%s%s", (int)(at - text), text, instead, at + strlen(part));
    damaged(k, whole, strlen(whole));
    free(text);
}

static void members_of_another_kind_are_refused(void **state)
{
    struct kit *k = *state;
    char longer[400];

    without(k, "\"restarts\": 2", "\"restarts\": -1");
    without(k, "\"restarts\": 2", "\"restarts\": 2.5");
    without(k, "\"restarts\": 2", "\"restarts\": 1e300");
    without(k, "\"reboot\"", "\"rebooot\"");
    without(k, "\"aklite\": \"B\"", "\"aklite\": \"D\"");
    without(k, "\"keep_stage\": false", "\"keep_stage\": 0");
    without(k, "\"serial\": \"1B2A3C\"", "\"serial\": null");
    snprintf(longer, sizeof(longer), "\"serial\": \"%0200d\"", 1);
    without(k, "\"serial\": \"1B2A3C\"", longer); /* cut it would be another board's */
}

static void another_form_is_told(void **state)
{
    struct kit *k = *state;

    without(k, "\"version\": 1", "\"version\": 2");
    assert_non_null(strstr(k->err.msg, "another version of x8ctl"));
}

static void a_serial_number_cannot_leave_the_folder(void **state)
{
    char path[100];
    (void)state;

    x8_update_journal_path("/s", "../../etc/x", path, sizeof(path));
    assert_string_equal(path, "/s/update-______etc_x.json");
    x8_update_journal_path("/s", "", path, sizeof(path));
    assert_string_equal(path, "/s/update-unknown.json");
    x8_update_journal_path("/s", "AB\n\xff-1", path, sizeof(path));
    assert_string_equal(path, "/s/update-AB__-1.json");
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    struct kit *k = *state;

    set(k->journal.path, "/nonexistent/x.json");
    assert_true(x8_update_journal_save(&k->journal, &k->err) < 0);
    assert_non_null(strstr(k->err.msg, "record of the update"));
}

static void steps_have_names(void **state)
{
    (void)state;
    for (int i = X8_STEP_NONE; i <= X8_STEP_FAILED; i++)
        assert_int_equal(x8_update_step_of(x8_update_step_name((enum x8_update_step)i)), i);
    assert_int_equal(x8_update_step_of("nonsense"), X8_STEP_NONE);
    assert_int_equal(x8_update_step_of(NULL), X8_STEP_NONE);
    assert_string_equal(x8_update_step_name((enum x8_update_step)99), "none");
}

#define T(test) cmocka_unit_test_setup_teardown(test, make, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(what_is_saved_is_loaded),
        T(a_step_is_saved),
        T(none_is_no_error),
        T(a_damaged_one_is_named_and_not_believed),
        T(members_of_another_kind_are_refused),
        T(another_form_is_told),
        cmocka_unit_test(a_serial_number_cannot_leave_the_folder),
        T(a_folder_that_is_not_there_is_an_error),
        cmocka_unit_test(steps_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
