/*
 * Journals of several boards, merged.
 */
#include "testlib.h"

#include "merge.h"

#include <pthread.h>
#include <string.h>

struct shown {
    struct x8_buf text;
};

static void show(void *ctx, size_t board, const char *line, size_t len)
{
    struct shown *shown = ctx;

    assert_int_equal(x8_buf_addf(&shown->text, "%zu: ", board), 0);
    assert_int_equal(x8_buf_add(&shown->text, line, len), 0);
}

static const struct x8_op op = {.deadline = X8_NO_DEADLINE};

static void add(struct x8_merge *merge, size_t board, const char *text)
{
    assert_int_equal(x8_merge_add(merge, &op, board, text, strlen(text), NULL), 0);
}

static void a_time_is_told_from_other_words(void **state)
{
    int64_t us = -1;

    (void)state;
    assert_int_equal(x8_merge_stamp("1700000000.000001 h a", 21, &us), 17);
    assert_int_equal(us, 1700000000000001);
    assert_int_equal(x8_merge_stamp("0.000000 h", 10, &us), 8);
    assert_int_equal(us, 0);
    us = 5;
    assert_int_equal(x8_merge_stamp("", 0, &us), 0);
    assert_int_equal(x8_merge_stamp("-- Boot 3 --", 12, &us), 0);
    assert_int_equal(x8_merge_stamp("    17.000001 h", 15, &us), 0);
    assert_int_equal(x8_merge_stamp("17.00001 h", 10, &us), 0);
    assert_int_equal(x8_merge_stamp("17.000001", 9, &us), 0);
    assert_int_equal(x8_merge_stamp("17.0000012 h", 12, &us), 0);
    assert_int_equal(x8_merge_stamp("1700000000000.000001 h", 22, &us), 0);
    assert_int_equal(us, 5);
}

static void lines_come_by_time_and_messages_stay_whole(void **state)
{
    struct shown shown = {0};
    struct x8_merge *merge = x8_merge_new(3, show, &shown);

    (void)state;
    add(merge, 0, "-- Boot --\n10.000000 h a\n    more of a\n30.0");
    add(merge, 1, "10.000000 h b\n20.000000 h c\n");
    assert_int_equal(shown.text.len, 0); /* board 2 may have something older */
    x8_merge_end(merge, 2);
    assert_string_equal(x8_buf_text(&shown.text), "0: -- Boot --\n"
                                                  "0: 1970-01-01T00:00:10.000000Z h a\n"
                                                  "0:     more of a\n");
    add(merge, 0, "00007 h d");
    x8_merge_end(merge, 1);
    x8_merge_end(merge, 0);
    assert_string_equal(x8_buf_text(&shown.text), "0: -- Boot --\n"
                                                  "0: 1970-01-01T00:00:10.000000Z h a\n"
                                                  "0:     more of a\n"
                                                  "1: 1970-01-01T00:00:10.000000Z h b\n"
                                                  "1: 1970-01-01T00:00:20.000000Z h c\n"
                                                  "0: 1970-01-01T00:00:30.000007Z h d");
    x8_merge_free(merge);
    x8_buf_done(&shown.text);
}

static void *add_much(void *ctx)
{
    char line[1000];

    memset(line, 'x', sizeof line);
    memcpy(line, "10.000000 h ", 12);
    line[sizeof line - 1] = '\n';
    for (int i = 0; i < 3000; i++)
        assert_int_equal(x8_merge_add(ctx, &op, 0, line, sizeof line, NULL), 0);
    x8_merge_end(ctx, 0);
    return NULL;
}

static void a_board_far_ahead_waits_for_the_others(void **state)
{
    struct shown shown = {0};
    struct x8_merge *merge = x8_merge_new(2, show, &shown);
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, add_much, merge), 0);
    x8_cancel_sleep(NULL, x8_deadline_in(50), X8_CANCEL_SOFT, NULL);
    add(merge, 1, "5.000000 h first\n");
    x8_merge_end(merge, 1);
    pthread_join(thread, NULL);
    assert_non_null(strstr(x8_buf_text(&shown.text), "1: 1970-01-01T00:00:05.000000Z h first\n0:"));
    assert_in_range(shown.text.len, 3000000, 4000000);
    x8_merge_free(merge);
    x8_buf_done(&shown.text);
}

static void who_waits_hears_a_stop(void **state)
{
    struct shown shown = {0};
    struct x8_merge *merge = x8_merge_new(2, show, &shown);
    static char much[2 << 20];
    struct x8_cancel cancel;
    struct x8_op own = op;

    (void)state;
    x8_cancel_init(&cancel);
    own.cancel = &cancel;
    assert_int_equal(x8_merge_add(merge, &own, 0, much, sizeof much, NULL), 0);
    x8_cancel_raise(&cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    assert_int_equal(x8_merge_add(merge, &own, 0, "x", 1, NULL), -X8_E_STOPPED);
    x8_merge_free(merge);
    x8_cancel_done(&cancel);
    x8_buf_done(&shown.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_is_told_from_other_words),
        cmocka_unit_test(lines_come_by_time_and_messages_stay_whole),
        cmocka_unit_test(a_board_far_ahead_waits_for_the_others),
        cmocka_unit_test(who_waits_hears_a_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
