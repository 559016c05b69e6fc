/*
 * One download for several readings.
 */
#include "kit_fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE ((size_t)6 << 20)
#define MIB  ((size_t)1 << 20)

static uint8_t *noise, *other;

static int make_noise(void **state)
{
    (void)state;
    noise = kit_noise(SIZE, 1);
    other = kit_noise(SIZE, 2);
    return noise && other ? 0 : -1;
}

static int free_noise(void **state)
{
    (void)state;
    free(noise);
    free(other);
    return 0;
}

struct it {
    struct kit k;
    struct x8_fetch_again *again;
};

static void begin(struct it *t, size_t keep)
{
    kit_begin(&t->k, noise, SIZE);
    kit_meet(&t->k);
    assert_int_equal(x8_fetch_again_new(&t->k.op, &t->k.job, keep, &t->again, &t->k.err), 0);
}

static void end(struct it *t)
{
    x8_fetch_again_free(&t->again);
    kit_end(&t->k);
}

static struct x8_reader *open_it(struct it *t)
{
    struct x8_reader *reader = NULL;

    assert_int_equal(x8_fetch_again_open(t->again, &reader, &t->k.err), 0);
    return reader;
}

/* Read on from `at`, up to `until` or the end; what it ends with, or bytes there. */
static ssize_t read_on(struct it *t, struct x8_reader *reader, size_t at, size_t until)
{
    uint8_t *block = malloc(70000);
    ssize_t n = 1;

    while (at < until) {
        n = x8_read(reader, block, until - at < 70000 ? until - at : 70000, &t->k.err);
        if (n <= 0)
            break;
        assert_memory_equal(block, noise + at, (size_t)n);
        at += (size_t)n;
    }
    free(block);
    return n < 0 ? n : (ssize_t)at;
}

/* A reading from the start that is closed at `until`. */
static ssize_t read_to(struct it *t, size_t until)
{
    struct x8_reader *reader = open_it(t);
    ssize_t n = read_on(t, reader, 0, until);

    x8_reader_close(&reader);
    return n;
}

static void several_readings_are_one_download(void **state)
{
    struct it t;

    (void)state;
    begin(&t, 2 * MIB);
    assert_int_equal(read_to(&t, 500), 500);
    assert_int_equal(read_to(&t, MIB), MIB);
    assert_int_equal(read_to(&t, 100), 100);
    assert_int_equal(read_to(&t, MIB + 12345), MIB + 12345);
    assert_string_equal(x8_fetch_again_sha256(t.again), "");
    assert_int_equal(x8_fetch_again_settle(t.again), 1);
    assert_int_equal(read_to(&t, SIZE + 1), SIZE);
    assert_string_equal(x8_fetch_again_sha256(t.again), t.k.sha);
    assert_int_equal(x8_fetch_again_count(t.again), 1);
    assert_int_equal(t.k.bodies, 1);
    assert_int_equal(read_to(&t, SIZE + 1), SIZE); /* another board */
    assert_int_equal(t.k.bodies, 2);
    end(&t);
}

static void what_was_read_too_far_comes_again(void **state)
{
    struct it t;

    (void)state;
    begin(&t, 2 * MIB);
    assert_int_equal(read_to(&t, SIZE + 1), SIZE);
    assert_int_equal(read_to(&t, 2 * MIB), 2 * MIB); /* still in memory */
    assert_int_equal(t.k.bodies, 1);
    assert_int_equal(read_to(&t, 3 * MIB), 3 * MIB);
    assert_int_equal(t.k.bodies, 2);
    assert_int_equal(x8_fetch_again_settle(t.again), 0);
    assert_int_equal(read_to(&t, SIZE + 1), SIZE);
    assert_int_equal(x8_fetch_again_count(t.again), 3);
    end(&t);
}

static void a_small_file_stays_in_memory(void **state)
{
    struct it t;

    (void)state;
    begin(&t, SIZE);
    assert_int_equal(read_to(&t, SIZE + 1), SIZE);
    assert_int_equal(read_to(&t, SIZE + 1), SIZE);
    assert_int_equal(x8_fetch_again_settle(t.again), 1);
    assert_int_equal(read_to(&t, SIZE + 1), SIZE);
    assert_int_equal(t.k.bodies, 1);
    end(&t);
}

static void two_at_once_have_two_downloads(void **state)
{
    struct it t;
    struct x8_reader *a, *b;

    (void)state;
    begin(&t, 2 * MIB);
    a = open_it(&t);
    b = open_it(&t);
    assert_int_equal(read_on(&t, a, 0, MIB), MIB);
    assert_int_equal(read_on(&t, b, 0, MIB + 5), MIB + 5);
    assert_int_equal(read_on(&t, a, MIB, SIZE + 1), SIZE);
    assert_int_equal(read_on(&t, b, MIB + 5, SIZE + 1), SIZE);
    x8_reader_close(&a);
    x8_reader_close(&b);
    assert_int_equal(t.k.bodies, 2);
    end(&t);
}

static void of_two_boards_one_goes_on(void **state)
{
    struct it t;
    struct x8_reader *a, *b;

    (void)state;
    begin(&t, 2 * MIB);
    assert_int_equal(read_to(&t, MIB), MIB);
    assert_int_equal(x8_fetch_again_settle(t.again), 1);
    a = open_it(&t);
    b = open_it(&t);
    assert_int_equal(read_on(&t, b, 0, 3 * MIB), 3 * MIB);
    assert_int_equal(read_on(&t, a, 0, SIZE + 1), SIZE);
    assert_int_equal(read_on(&t, b, 3 * MIB, SIZE + 1), SIZE);
    x8_reader_close(&a);
    x8_reader_close(&b);
    assert_int_equal(t.k.bodies, 2);
    end(&t);
}

static void a_file_that_changes_between_readings_is_found_out(void **state)
{
    struct it t;

    (void)state;
    begin(&t, MIB);
    t.k.job.sha256 = NULL; /* nobody knows it beforehand */
    t.k.job.folder = NULL;
    assert_int_equal(read_to(&t, SIZE + 1), SIZE);
    t.k.file.data = other;
    t.k.file.etag = "\"v2\"";
    kit_meet(&t.k);
    assert_int_equal(read_to(&t, SIZE + 1), -X8_E_BAD_DIGEST); /* at once: it begins otherwise */
    assert_non_null(strstr(t.k.err.why, "changed on the server since it was first read"));
    end(&t);
}

static uint8_t *bent;

static void a_change_behind_what_is_in_memory_is_found_at_the_end(void **state)
{
    struct it t;
    struct x8_reader *reader;
    uint8_t *block = malloc(SIZE);
    ssize_t n;
    size_t at = 0;

    (void)state;
    bent = malloc(SIZE);
    memcpy(bent, noise, SIZE);
    bent[SIZE - 1] ^= 1;
    begin(&t, MIB);
    t.k.job.sha256 = NULL;
    t.k.job.folder = NULL;
    assert_int_equal(read_to(&t, SIZE + 1), SIZE);
    t.k.file.data = bent;
    kit_meet(&t.k);
    x8_fetch_again_settle(t.again);
    reader = open_it(&t);
    while ((n = x8_read(reader, block, SIZE, &t.k.err)) > 0)
        at += (size_t)n;
    assert_int_equal(n, -X8_E_BAD_DIGEST);
    assert_true(at <= SIZE - MIB); /* the last MiB was held back */
    assert_int_equal(x8_read(reader, block, 1, &t.k.err), -X8_E_BAD_DIGEST);
    x8_reader_close(&reader);
    end(&t);
    free(block);
    free(bent);
}

static void nothing_is_asked_before_somebody_reads(void **state)
{
    struct it t;
    struct x8_reader *reader;

    (void)state;
    begin(&t, MIB);
    reader = open_it(&t);
    x8_reader_close(&reader);
    assert_int_equal(t.k.web.count, 0);
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_readings_are_one_download),
        cmocka_unit_test(what_was_read_too_far_comes_again),
        cmocka_unit_test(a_small_file_stays_in_memory),
        cmocka_unit_test(two_at_once_have_two_downloads),
        cmocka_unit_test(of_two_boards_one_goes_on),
        cmocka_unit_test(a_file_that_changes_between_readings_is_found_out),
        cmocka_unit_test(a_change_behind_what_is_in_memory_is_found_at_the_end),
        cmocka_unit_test(nothing_is_asked_before_somebody_reads),
    };

    return cmocka_run_group_tests(tests, make_noise, free_noise);
}
