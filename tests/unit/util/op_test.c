/*
 * Reporting facts.
 */
#include "testlib.h"

#include "util/op.h"

#include <stdio.h>
#include <string.h>

struct seen {
    int calls;
    struct x8_event event;
    char text[2000];
};

static void see(void *ctx, const struct x8_event *event)
{
    struct seen *seen = ctx;

    seen->calls++;
    seen->event = *event;
    snprintf(seen->text, sizeof seen->text, "%s", event->text ? event->text : "(none)");
}

static void nobody_has_to_listen(void **state)
{
    struct x8_op op = {0};

    (void)state;
    x8_emit(NULL, X8_EV_NOTICE, "x");
    x8_emit(&op, X8_EV_NOTICE, "x");
    x8_emit_progress(NULL, 1, 2);
    x8_emit_progress(&op, 1, 2);
    x8_emit_enter(NULL);
}

static void a_fact_carries_board_and_stage(void **state)
{
    struct seen seen = {0};
    struct x8_op op = {.board = "b", .stage = "write", .emit = see, .emit_ctx = &seen};

    (void)state;
    x8_emit(&op, X8_EV_WARN, "%d of %s", 3, "four");
    assert_int_equal(seen.event.kind, X8_EV_WARN);
    assert_string_equal(seen.event.board, "b");
    assert_string_equal(seen.event.stage, "write");
    assert_string_equal(seen.text, "3 of four");
    x8_emit_progress(&op, 5, 9);
    assert_int_equal(seen.event.kind, X8_EV_PROGRESS);
    assert_true(seen.event.done == 5 && seen.event.total == 9);
    x8_emit_enter(&op);
    assert_int_equal(seen.event.kind, X8_EV_STAGE);
    assert_string_equal(seen.text, "");
    assert_int_equal(seen.calls, 3);
}

static void a_very_long_fact_is_cut(void **state)
{
    struct seen seen = {0};
    struct x8_op op = {.emit = see, .emit_ctx = &seen};
    char text[1900];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    x8_emit(&op, X8_EV_TRACE, "%s", text);
    assert_in_range(strlen(seen.text), 1000, 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_has_to_listen),
        cmocka_unit_test(a_fact_carries_board_and_stage),
        cmocka_unit_test(a_very_long_fact_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
