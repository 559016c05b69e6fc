/*
 * Raw deflate by hand: exactly the bytes that were promised, or an error.
 */
#include "pieces.h"

#include "image/rawinflate.h"

static void gather(void *ctx, const void *data, size_t len)
{
    assert_int_equal(x8_buf_add(ctx, data, len), 0);
}

/* The code, and what came out in `out`. */
static int run(struct x8_rawinflate *raw, const void *data, size_t len, uint64_t size,
               struct x8_buf *out)
{
    struct x8_error err = {0};
    X8_AUTO_READER reader = NULL;
    assert_int_equal(x8_mem_reader((struct x8_span){data, len}, &reader, &err), 0);
    out->len = 0;
    int rc = x8_rawinflate_run(raw, reader, size, gather, out, &err);
    assert_true(rc == 0 || (rc == -X8_E_BAD_IMAGE && err.why[0] && err.next[0]));
    return rc;
}

/* Stored blocks (RFC 1951, 3.2.4): last or not, length, its complement, the bytes. */
static const uint8_t stored[] = {0, 3, 0, 0xfc, 0xff, 'a', 'b', 'c', 1, 2, 0, 0xfd, 0xff, 'd', 'e'};
/* A fixed block with "hello\n", as ostree writes it, and an empty one. */
static const uint8_t fixed[] = {0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0xe7, 0x02, 0x00};
static const uint8_t empty[] = {3, 0};

static void streams_give_their_bytes_one_after_the_other(void **state)
{
    (void)state;
    struct x8_rawinflate *raw = x8_rawinflate_new();
    X8_AUTO_BUF out = {0};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(run(raw, stored, sizeof(stored), 5, &out), 0);
        assert_string_equal(x8_buf_text(&out), "abcde");
        assert_int_equal(run(raw, fixed, sizeof(fixed), 6, &out), 0);
        assert_int_equal(out.len, 6);
        assert_memory_equal(out.data, "hello\n", 6);
        assert_int_equal(run(raw, empty, sizeof(empty), 0, &out), 0);
        assert_int_equal(out.len, 0);
        /* What went wrong before is forgotten. */
        assert_int_equal(run(raw, stored, 7, 5, &out), -X8_E_BAD_IMAGE);
    }
    x8_rawinflate_free(&raw);
}

static void any_other_size_is_refused(void **state)
{
    (void)state;
    struct x8_rawinflate *raw = x8_rawinflate_new();
    X8_AUTO_BUF out = {0};
    for (uint64_t size = 0; size < 12; size++) {
        assert_int_equal(run(raw, stored, sizeof(stored), size, &out),
                         size == 5 ? 0 : -X8_E_BAD_IMAGE);
        assert_true(out.len <= size);
        assert_int_equal(run(raw, fixed, sizeof(fixed), size, &out),
                         size == 6 ? 0 : -X8_E_BAD_IMAGE);
        assert_int_equal(run(raw, empty, sizeof(empty), size, &out),
                         size == 0 ? 0 : -X8_E_BAD_IMAGE);
    }
    x8_rawinflate_free(&raw);
}

static void cut_and_longer_streams_are_refused(void **state)
{
    (void)state;
    struct x8_rawinflate *raw = x8_rawinflate_new();
    uint8_t longer[sizeof(stored) + 20] = {0};
    X8_AUTO_BUF out = {0};
    memcpy(longer, stored, sizeof(stored));
    for (size_t len = 0; len < sizeof(longer); len++)
        assert_int_equal(run(raw, longer, len, 5, &out),
                         len == sizeof(stored) ? 0 : -X8_E_BAD_IMAGE);
    memset(longer, 0, sizeof(longer));
    memcpy(longer, fixed, sizeof(fixed));
    for (size_t len = 0; len < sizeof(longer); len++)
        assert_int_equal(run(raw, longer, len, 6, &out),
                         len == sizeof(fixed) ? 0 : -X8_E_BAD_IMAGE);
    x8_rawinflate_free(&raw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_give_their_bytes_one_after_the_other),
        cmocka_unit_test(any_other_size_is_refused),
        cmocka_unit_test(cut_and_longer_streams_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
