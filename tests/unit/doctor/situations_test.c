/*
 * Recorded computers and boards, and what doctor says of each: the tables are the files in
 * tests/fixtures/doctor. A situation names all that is to be found, so anything more fails it, too.
 */
#include "kit_host.h"

#include "doctor/parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER TEST_SOURCE_DIR "/fixtures/doctor/"

static void examine_host(struct kit_host *host, struct x8_checks *out)
{
    struct x8_op op = {.deadline = X8_NO_DEADLINE};
    struct x8_error err;

    assert_int_equal(x8_doctor_host(&host->base, &op, out, &err), 0);
    assert_true(out->count > 8);
}

static void examine_board(struct kit_host *host, struct x8_checks *out)
{
    struct x8_doctor_board about = {.now = host->clock, .known = "91.9, 2025-08", .newest = "934"};
    struct x8_op op = {.deadline = X8_NO_DEADLINE};
    struct x8_session *session = kit_board_open(host);
    struct x8_board_says *says = NULL;
    struct x8_error err;

    if (x8_doctor_ask(session, &op, &says, &err) < 0)
        fail_msg("%s: %s", err.msg, err.why);
    x8_doctor_board(says, &about, out);
    x8_board_says_free(&says);
    x8_session_close(&session);
}

/* A block that says nothing has no board. */
static unsigned examine(const char *file, const char *name)
{
    unsigned wrong;
    struct kit_host host;
    X8_AUTO_CHECKS checks = {0};

    kit_host_load(&host, file, name);
    examine_host(&host, &checks);
    if (host.says.len)
        examine_board(&host, &checks);
    wrong = kit_judge(&host, name, &checks);
    kit_host_done(&host);
    return wrong;
}

/* How many blocks there are; all of them come out as they should. */
static size_t examine_all(const char *file)
{
    char(*names)[64];
    size_t count = kit_blocks(file, &names);
    unsigned wrong = 0;

    for (size_t i = 0; i < count; i++)
        wrong += examine(file, names[i]);
    free(names);
    assert_int_equal(wrong, 0);
    return count;
}

static void each_situation_is_named_by_its_cause_and_by_nothing_else(void **state)
{
    (void)state;
    assert_true(examine_all(FOLDER "situations.txt") >= 60);
}

static void healthy_set_ups_have_no_findings(void **state)
{
    (void)state;
    assert_true(examine_all(FOLDER "healthy.txt") >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_situation_is_named_by_its_cause_and_by_nothing_else),
        cmocka_unit_test(healthy_set_ups_have_no_findings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
