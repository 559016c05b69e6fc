/*
 * Readers, and the pump between a reader and a sink.
 */
#include "testlib.h"

#include "util/stream.h"

#include <stdlib.h>
#include <string.h>

/* Gives `left` bytes in pieces of at most `step`, then ends or fails. */
struct drip {
    struct x8_reader reader;
    size_t left, step;
    int fail;
};

static ssize_t drip_read(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    struct drip *drip = (struct drip *)reader;
    size_t n = drip->left < drip->step ? drip->left : drip->step;

    assert_true(cap > 0);
    n = n < cap ? n : cap;
    if (n == 0)
        return drip->fail ? x8_fail(err, X8_E_LINK, "dripped out") : 0;
    memset(out, 'd', n);
    drip->left -= n;
    return (ssize_t)n;
}

static void drip_close(struct x8_reader *reader)
{
    (void)reader;
}

static struct drip make_drip(size_t left, size_t step, int fail)
{
    static const struct x8_reader_ops ops = {drip_read, drip_close};

    return (struct drip){.reader = {&ops}, .left = left, .step = step, .fail = fail};
}

struct tank {
    struct x8_sink sink;
    size_t got, limit;
    int finished;
    struct x8_cancel *stop_after; /* raised by the first push */
};

static int tank_push(struct x8_sink *sink, const void *data, size_t len, struct x8_error *err)
{
    struct tank *tank = (struct tank *)sink;

    (void)data;
    if (tank->got + len > tank->limit)
        return x8_fail(err, X8_E_BOARD_SPACE, "full");
    tank->got += len;
    if (tank->stop_after)
        x8_cancel_raise(tank->stop_after, X8_CANCEL_SOFT, X8_E_STOPPED);
    return 0;
}

static int tank_finish(struct x8_sink *sink, struct x8_error *err)
{
    struct tank *tank = (struct tank *)sink;

    tank->finished++;
    return tank->limit == 0 ? x8_fail(err, X8_E_VERIFY, "nothing came") : 0;
}

static struct tank make_tank(size_t limit)
{
    static const struct x8_sink_ops ops = {tank_push, tank_finish};

    return (struct tank){.sink = {&ops}, .limit = limit};
}

static void memory_is_read_to_its_end_and_stays_there(void **state)
{
    X8_AUTO_READER reader = NULL;
    char out[8];

    (void)state;
    assert_int_equal(x8_mem_reader((struct x8_span){(const uint8_t *)"hello", 5}, &reader, NULL),
                     0);
    assert_int_equal(x8_read(reader, out, 3, NULL), 3);
    assert_int_equal(x8_read(reader, out + 3, 5, NULL), 2);
    assert_memory_equal(out, "hello", 5);
    assert_int_equal(x8_read(reader, out, 5, NULL), 0);
    assert_int_equal(x8_read(reader, out, 5, NULL), 0);
}

static void no_bytes_at_all_is_an_end_too(void **state)
{
    X8_AUTO_READER reader = NULL;
    char out[1];

    (void)state;
    assert_int_equal(x8_mem_reader((struct x8_span){NULL, 0}, &reader, NULL), 0);
    assert_int_equal(x8_read(reader, out, 1, NULL), 0);
}

static void short_reads_are_filled_up(void **state)
{
    struct drip drip = make_drip(10, 3, 0);
    char out[8];

    (void)state;
    assert_int_equal(x8_read_full(&drip.reader, out, 8, NULL), 8);
    assert_int_equal(x8_read_full(&drip.reader, out, 8, NULL), 2);
    assert_int_equal(x8_read_full(&drip.reader, out, 8, NULL), 0);
}

static void a_failure_in_the_middle_is_no_short_read(void **state)
{
    struct drip drip = make_drip(5, 3, 1);
    struct x8_error err;
    char out[8];

    (void)state;
    assert_int_equal(x8_read_full(&drip.reader, out, 8, &err), -X8_E_LINK);
    assert_string_equal(err.msg, "dripped out");
}

static void all_is_read_up_to_the_limit_and_not_beyond(void **state)
{
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 20000};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct drip fits = make_drip(sizes[i], 1000, 0), excess = make_drip(sizes[i] + 1, 1000, 0);
        X8_AUTO_BUF buf = {0};

        assert_int_equal(x8_buf_add(&buf, "pre", 3), 0);
        assert_int_equal(x8_read_all(&fits.reader, sizes[i], &buf, NULL), 0);
        assert_int_equal(buf.len, sizes[i] + 3);
        assert_int_equal(strlen(x8_buf_text(&buf)), sizes[i] + 3);
        assert_int_equal(x8_read_all(&excess.reader, sizes[i], &buf, NULL), -X8_E_BAD_IMAGE);
    }
}

static void an_endless_stream_does_not_fill_the_memory(void **state)
{
    struct drip drip = make_drip(SIZE_MAX, 100000, 0);
    X8_AUTO_BUF buf = {0};

    (void)state;
    assert_int_equal(x8_read_all(&drip.reader, 1 << 20, &buf, NULL), -X8_E_BAD_IMAGE);
    assert_true(buf.cap <= 4 << 20);
}

static void the_pump_moves_everything_and_finishes(void **state)
{
    struct drip drip = make_drip(1000000, 7777, 0);
    struct tank tank = make_tank(SIZE_MAX);

    (void)state;
    assert_int_equal(x8_pump(NULL, &drip.reader, &tank.sink, NULL), 1000000);
    assert_int_equal(tank.got, 1000000);
    assert_int_equal(tank.finished, 1);
}

static void a_broken_stream_is_never_finished(void **state)
{
    struct drip drip = make_drip(1000, 100, 1);
    struct tank tank = make_tank(SIZE_MAX);

    (void)state;
    assert_int_equal(x8_pump(NULL, &drip.reader, &tank.sink, NULL), -X8_E_LINK);
    assert_int_equal(tank.finished, 0);
}

static void a_sink_that_refuses_ends_the_pump(void **state)
{
    struct drip drip = make_drip(1000, 100, 0);
    struct tank tank = make_tank(550);

    (void)state;
    assert_int_equal(x8_pump(NULL, &drip.reader, &tank.sink, NULL), -X8_E_BOARD_SPACE);
    assert_int_equal(tank.got, 500);
    assert_int_equal(tank.finished, 0);
}

static void a_failing_finish_fails_the_pump(void **state)
{
    struct drip drip = make_drip(0, 100, 0);
    struct tank tank = make_tank(0);

    (void)state;
    assert_int_equal(x8_pump(NULL, &drip.reader, &tank.sink, NULL), -X8_E_VERIFY);
}

static void the_pump_stops_between_two_reads(void **state)
{
    struct drip drip = make_drip(1000, 100, 0);
    struct tank tank = make_tank(SIZE_MAX);
    struct x8_cancel cancel;
    struct x8_op op = {.cancel = &cancel};

    (void)state;
    x8_cancel_init(&cancel);
    tank.stop_after = &cancel;
    assert_int_equal(x8_pump(&op, &drip.reader, &tank.sink, NULL), -X8_E_STOPPED);
    assert_int_equal(tank.got, 100);
    assert_int_equal(tank.finished, 0);
    x8_cancel_done(&cancel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_read_to_its_end_and_stays_there),
        cmocka_unit_test(no_bytes_at_all_is_an_end_too),
        cmocka_unit_test(short_reads_are_filled_up),
        cmocka_unit_test(a_failure_in_the_middle_is_no_short_read),
        cmocka_unit_test(all_is_read_up_to_the_limit_and_not_beyond),
        cmocka_unit_test(an_endless_stream_does_not_fill_the_memory),
        cmocka_unit_test(the_pump_moves_everything_and_finishes),
        cmocka_unit_test(a_broken_stream_is_never_finished),
        cmocka_unit_test(a_sink_that_refuses_ends_the_pump),
        cmocka_unit_test(a_failing_finish_fails_the_pump),
        cmocka_unit_test(the_pump_stops_between_two_reads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
