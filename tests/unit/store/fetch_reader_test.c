/*
 * Downloads that are read as they come.
 */
#include "kit_fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE ((size_t)6 << 20) /* more than the ring holds */
#define HELD ((size_t)1 << 20)

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

static struct x8_reader *open_it(struct kit *k)
{
    struct x8_reader *reader = NULL;

    kit_meet(k);
    if (x8_fetch_reader(&k->op, &k->job, &reader, &k->err) < 0)
        fail_msg("%s: %s", k->err.msg, k->err.why);
    return reader;
}

/* Read to the end: what it ends with; *out_len bytes of `want` came before. With `is_whole` that is
 * said of it. */
static int read_and_say(struct kit *k, const uint8_t *want, size_t *out_len, int is_whole)
{
    struct x8_reader *reader = open_it(k);
    uint8_t *block = malloc(100000);
    size_t at = 0;
    ssize_t n;

    while ((n = x8_read(reader, block, 100000, &k->err)) > 0) {
        assert_true(at + (size_t)n <= k->file.len);
        assert_memory_equal(block, want + at, (size_t)n);
        at += (size_t)n;
    }
    assert_int_equal(x8_read(reader, block, 1, &k->err), n); /* and it stays so */
    if (n == 0 && is_whole)
        n = x8_fetch_reader_accept(reader, &k->err);
    x8_reader_close(&reader);
    free(block);
    *out_len = at;
    kit_meet(k);
    return (int)n;
}

static int read_through(struct kit *k, const uint8_t *want, size_t *out_len)
{
    return read_and_say(k, want, out_len, 0);
}

static void a_file_comes_through(void **state)
{
    struct kit k;
    size_t len;

    (void)state;
    kit_begin(&k, noise, SIZE);
    assert_int_equal(read_through(&k, noise, &len), 0);
    assert_int_equal(len, SIZE);
    assert_int_equal(kit_count(&k, ""), 0); /* nothing of it is kept */
    assert_int_equal(kit_count(&k, "part-"), 0);
    k.file.len = 0;
    kit_sha("", 0, k.sha);
    assert_int_equal(read_through(&k, noise, &len), 0);
    assert_int_equal(len, 0);
    kit_end(&k);
}

static void a_wrong_file_never_ends(void **state)
{
    struct kit k;
    size_t len;

    (void)state;
    kit_begin(&k, noise, SIZE);
    kit_sha("other", 5, k.sha);
    assert_int_equal(read_through(&k, noise, &len), -X8_E_BAD_DIGEST);
    assert_int_equal(len, SIZE - HELD);
    k.file.len = 1000; /* of a short one nothing comes out */
    assert_int_equal(read_through(&k, noise, &len), -X8_E_BAD_DIGEST);
    assert_int_equal(len, 0);
    kit_end(&k);
}

static void an_unknown_file_is_pinned_and_then_known(void **state)
{
    struct kit k;
    size_t len;

    (void)state;
    kit_begin(&k, noise, SIZE);
    k.job.sha256 = NULL;
    assert_int_equal(read_and_say(&k, noise, &len, 1), 0);
    assert_non_null(strstr(k.told, "notice -: no checksum of 934 is known"));
    k.file.data = other;
    k.file.etag = "\"v2\"";
    assert_int_equal(read_and_say(&k, other, &len, 1), -X8_E_BAD_DIGEST);
    assert_int_equal(len, SIZE - HELD);
    assert_non_null(strstr(k.err.next, "--repin"));
    k.job.folder = NULL; /* no pins at all */
    assert_int_equal(read_and_say(&k, other, &len, 1), 0);
    kit_end(&k);
}

static void nothing_is_pinned_before_somebody_found_it_whole(void **state)
{
    struct kit k;
    size_t len;

    (void)state;
    kit_begin(&k, noise, SIZE);
    k.job.sha256 = NULL;
    k.file.len = SIZE / 2; /* the server's own copy is cut, and says so much */
    assert_int_equal(read_through(&k, noise, &len), 0);
    assert_int_equal(len, SIZE / 2);
    assert_int_equal(kit_count(&k, "pin-"), 0);
    k.file.len = SIZE;
    k.file.etag = "\"v2\"";
    assert_int_equal(read_and_say(&k, noise, &len, 1), 0);
    assert_int_equal(kit_count(&k, "pin-"), 1);
    kit_end(&k);
}

/* Of two that read at once the second one finds what the first one noted. */
static void what_was_noted_meanwhile_stays(void **state)
{
    struct kit k;
    struct x8_reader *first, *second;
    uint8_t *block = malloc(100000);

    (void)state;
    kit_begin(&k, noise, 100000);
    k.job.sha256 = NULL;
    first = open_it(&k);
    assert_int_equal(x8_read_full(first, block, 100000, &k.err), 100000);
    assert_int_equal(x8_read(first, block, 1, &k.err), 0);
    k.file.data = other;
    k.file.etag = "\"v2\"";
    second = open_it(&k);
    assert_int_equal(x8_read_full(second, block, 100000, &k.err), 100000);
    assert_int_equal(x8_read(second, block, 1, &k.err), 0);
    free(block);
    assert_int_equal(x8_fetch_reader_accept(first, &k.err), 0);
    assert_int_equal(x8_fetch_reader_accept(first, &k.err), 0); /* it is noted as it is */
    assert_int_equal(x8_fetch_reader_accept(second, &k.err), -X8_E_BAD_DIGEST);
    assert_non_null(strstr(k.err.next, "--repin"));
    x8_reader_close(&first);
    x8_reader_close(&second);
    kit_end(&k);
}

/* Nothing comes out of it, and its digest is not noted. */
static void no_image(struct kit *k, const char *data, size_t size, const char *words)
{
    size_t len;

    k->file.data = (const uint8_t *)data;
    k->file.len = size;
    assert_int_equal(read_through(k, (const uint8_t *)data, &len), -X8_E_BAD_IMAGE);
    assert_int_equal(len, 0);
    assert_non_null(strstr(k->err.msg, words));
    assert_int_equal(kit_count(k, "pin-"), 0);
}

static void what_cannot_be_an_image_is_not_pinned(void **state)
{
    char page[3000] = "<html>log in", line[] = "not found\n";
    struct kit k;

    (void)state;
    memset(page + 12, 'x', sizeof page - 13);
    kit_begin(&k, noise, SIZE);
    k.job.sha256 = NULL;
    no_image(&k, page, sizeof page - 1, "a web page");
    no_image(&k, line, sizeof line - 1, "text");
    no_image(&k, "", 0, "is empty");
    kit_end(&k);
}

static void without_a_size_nothing_is_pinned(void **state)
{
    struct kit k;
    size_t len;

    (void)state;
    kit_begin(&k, noise, SIZE);
    k.job.sha256 = NULL;
    k.file.is_unsized = 1;
    assert_int_equal(read_and_say(&k, noise, &len, 1), 0);
    assert_int_equal(len, SIZE);
    assert_int_equal(kit_count(&k, "pin-"), 0);
    assert_non_null(strstr(k.told, "none is noted"));
    kit_end(&k);
}

static void what_is_as_large_as_a_release_has_to_be_it(void **state)
{
    struct x8_release release = {.image = "934", .size = SIZE};
    struct x8_catalogue catalogue = {.items = &release, .count = 1};
    struct kit k;
    size_t len;

    (void)state;
    kit_begin(&k, noise, SIZE);
    k.job.sha256 = NULL;
    k.job.known = &catalogue;
    kit_sha("other", 5, release.sha256);
    assert_int_equal(read_through(&k, noise, &len), -X8_E_BAD_DIGEST);
    assert_non_null(strstr(k.err.why, "as large as image 934"));
    assert_int_equal(kit_count(&k, "pin-"), 0);
    memcpy(release.sha256, k.sha, sizeof release.sha256);
    assert_int_equal(read_and_say(&k, noise, &len, 1), 0);
    assert_non_null(strstr(k.told, "is image 934, by its SHA-256"));
    kit_end(&k);
}

static void break_once(struct file *file, unsigned n)
{
    file->cut = n == 0 ? 3000000 : 0;
}

static void a_link_that_breaks_is_taken_up_again(void **state)
{
    struct kit k;
    size_t len;

    (void)state;
    kit_begin(&k, noise, SIZE);
    k.file.before = break_once;
    assert_int_equal(read_through(&k, noise, &len), 0);
    assert_int_equal(len, SIZE);
    assert_int_equal(k.bodies, 2);
    kit_end(&k);
}

static void break_and_change(struct file *file, unsigned n)
{
    break_once(file, n);
    file->data = n == 0 ? noise : other;
    file->etag = n == 0 ? "\"v1\"" : "\"v2\"";
}

static void a_file_that_changes_cannot_be_gone_on_with(void **state)
{
    struct kit k;
    size_t len;

    (void)state;
    kit_begin(&k, noise, SIZE);
    k.job.sha256 = NULL;
    k.file.before = break_and_change;
    assert_int_equal(read_through(&k, noise, &len), -X8_E_NETWORK);
    assert_non_null(strstr(k.err.msg, "cannot be gone on with"));
    assert_non_null(strstr(k.err.next, "--no-cache"));
    kit_end(&k);
}

static void a_reader_may_leave_early(void **state)
{
    struct kit k;
    struct x8_reader *reader;
    uint8_t byte;

    (void)state;
    kit_begin(&k, noise, SIZE);
    reader = open_it(&k);
    x8_reader_close(&reader);
    reader = open_it(&k);
    assert_int_equal(x8_read(reader, &byte, 1, &k.err), 1);
    x8_reader_close(&reader); /* while the thread waits for room */
    kit_end(&k);
}

static void stop_it(struct kit *kit)
{
    if (kit->done > 200000)
        x8_cancel_raise(&kit->cancel, X8_CANCEL_SOFT, X8_E_TERMINATED);
}

static void a_stop_wakes_the_reader(void **state)
{
    struct kit k;
    size_t len;

    (void)state;
    kit_begin(&k, noise, SIZE);
    k.file.pace_ms = 20;
    k.on_progress = stop_it;
    assert_int_equal(read_through(&k, noise, &len), -X8_E_TERMINATED);
    assert_true(len < SIZE);
    kit_end(&k);
}

static void without_the_network_there_is_no_reader(void **state)
{
    struct kit k;
    struct x8_reader *reader = NULL;

    (void)state;
    kit_begin(&k, noise, SIZE);
    k.job.offline = 1;
    assert_int_equal(x8_fetch_reader(&k.op, &k.job, &reader, &k.err), -X8_E_NETWORK);
    assert_null(reader);
    k.job.offline = 0;
    k.job.sha256 = "nonsense";
    assert_int_equal(x8_fetch_reader(&k.op, &k.job, &reader, &k.err), -X8_E_USAGE);
    assert_null(reader);
    kit_end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_comes_through),
        cmocka_unit_test(a_wrong_file_never_ends),
        cmocka_unit_test(an_unknown_file_is_pinned_and_then_known),
        cmocka_unit_test(nothing_is_pinned_before_somebody_found_it_whole),
        cmocka_unit_test(what_was_noted_meanwhile_stays),
        cmocka_unit_test(what_cannot_be_an_image_is_not_pinned),
        cmocka_unit_test(without_a_size_nothing_is_pinned),
        cmocka_unit_test(what_is_as_large_as_a_release_has_to_be_it),
        cmocka_unit_test(a_link_that_breaks_is_taken_up_again),
        cmocka_unit_test(a_file_that_changes_cannot_be_gone_on_with),
        cmocka_unit_test(a_reader_may_leave_early),
        cmocka_unit_test(a_stop_wakes_the_reader),
        cmocka_unit_test(without_the_network_there_is_no_reader),
    };

    return cmocka_run_group_tests(tests, make_noise, free_noise);
}
