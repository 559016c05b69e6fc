#include "kit_adb.h"

#include "session/power.h"

#include <stdlib.h>
#include <string.h>

static void a_restart_takes_the_link_down(void **state)
{
    struct kit_adb kit;
    struct x8_root root = {0};
    char id[40];

    (void)state;
    kit_adb_enter(&kit, "image=934 down=60000");
    assert_int_equal(x8_root_probe(kit.session, &kit.op, NULL, &root, &kit.err), 0);
    assert_int_equal(x8_boot_id(kit.session, &kit.op, id, &kit.err), 0);
    assert_int_equal(strlen(id), 36);
    assert_int_equal(x8_reboot(kit.session, &kit.op, &root, &kit.err), 0);
    kit_adb_close(&kit);
}

static struct kit_adb *stopping;

/* Ctrl-C comes while the link is still there. */
static int stop_while_waiting(struct x8_session *session, const struct x8_op *op, int64_t deadline,
                              struct x8_error *err)
{
    (void)session;
    x8_cancel_raise(&stopping->cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    return x8_cancel_sleep(op->cancel, deadline, X8_CANCEL_HARD, err);
}

static void a_stop_is_no_stop_of_the_restart(void **state)
{
    struct x8_session_ops ops;
    struct x8_root root = {0};
    struct kit_adb kit;
    int64_t begin;

    (void)state;
    kit_adb_enter(&kit, "image=934 down=60000");
    stopping = &kit;
    ops = *kit.session->ops;
    ops.wait_gone = stop_while_waiting;
    kit.session->ops = &ops;
    assert_int_equal(x8_root_probe(kit.session, &kit.op, NULL, &root, &kit.err), 0);
    begin = x8_now_ms();
    assert_int_equal(x8_reboot(kit.session, &kit.op, &root, &kit.err), -X8_E_STOPPED);
    assert_in_range(x8_now_ms() - begin, 0, 55000);
    assert_non_null(strstr(kit.err.why, "restarts all the same"));
    /* And one that came before is: nothing is asked for. */
    assert_int_equal(x8_reboot(kit.session, &kit.op, &root, &kit.err), -X8_E_STOPPED);
    assert_null(strstr(kit.err.why, "restart"));
    kit_adb_close(&kit);
}

static void a_refused_restart_has_the_boards_words(void **state)
{
    struct kit_adb kit;

    (void)state;
    kit_adb_enter(&kit, "image=934");
    assert_int_equal(x8_reboot(kit.session, &kit.op, NULL, &kit.err), -X8_E_REFUSED);
    assert_non_null(strstr(kit.err.next, "--root"));
    kit_adb_close(&kit);
}

static void same_led(struct kit_adb *kit)
{
    char *trigger = kit_adb_file(kit, "sys/class/leds/ledB/trigger");
    char *brightness = kit_adb_file(kit, "sys/class/leds/ledB/brightness");

    assert_string_equal(trigger, "heartbeat\n");
    assert_string_equal(brightness, "1\n");
    free(trigger);
    free(brightness);
}

static void the_led_is_as_it_was(void **state)
{
    struct kit_adb kit;
    struct x8_root root = {0};

    (void)state;
    kit_adb_enter(&kit, "image=934");
    assert_int_equal(x8_root_probe(kit.session, &kit.op, NULL, &root, &kit.err), 0);
    assert_int_equal(x8_identify(kit.session, &kit.op, &root, 500, &kit.err), 0);
    same_led(&kit);
    /* Not without root, and nothing is changed then. */
    assert_int_equal(x8_identify(kit.session, &kit.op, NULL, 500, &kit.err), -X8_E_REFUSED);
    same_led(&kit);
    kit_adb_close(&kit);
}

/* When it blinks, and when it is as before: "none", "heartbeat". */
static int await_trigger(struct kit_adb *kit, const char *word)
{
    int64_t limit = x8_deadline_in(60000);

    while (x8_deadline_left(limit, 1) > 0) {
        char *trigger = kit_adb_file(kit, "sys/class/leds/ledB/trigger");
        int is_it = trigger && strncmp(trigger, word, strlen(word)) == 0 && trigger[4] != ' ';

        free(trigger);
        if (is_it)
            return 1;
        x8_cancel_sleep(NULL, x8_deadline_in(10), X8_CANCEL_SOFT, NULL);
    }
    return 0;
}

static void *stop_when_it_blinks(void *ctx)
{
    struct kit_adb *kit = ctx;

    await_trigger(kit, "none");
    x8_cancel_raise(&kit->cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    return NULL;
}

static void the_led_is_as_it_was_after_a_stop(void **state)
{
    struct kit_adb kit;
    struct x8_root root = {0};
    pthread_t thread;

    (void)state;
    kit_adb_enter(&kit, "image=934");
    assert_int_equal(x8_root_probe(kit.session, &kit.op, NULL, &root, &kit.err), 0);
    pthread_create(&thread, NULL, stop_when_it_blinks, &kit);
    assert_int_equal(x8_identify(kit.session, &kit.op, &root, 600000, &kit.err), -X8_E_STOPPED);
    pthread_join(thread, NULL);
    assert_true(await_trigger(&kit, "heartbeat"));
    kit_adb_close(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restart_takes_the_link_down),
        cmocka_unit_test(a_stop_is_no_stop_of_the_restart),
        cmocka_unit_test(a_refused_restart_has_the_boards_words),
        cmocka_unit_test(the_led_is_as_it_was),
        cmocka_unit_test(the_led_is_as_it_was_after_a_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
