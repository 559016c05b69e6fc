/* Undoing compression: the right bytes, or an error. Never wrong bytes, never a part that passes
 * for the whole. */
#include "packed.h"

#include "image/inflate.h"

/* A reader that gives its bytes in small and odd portions. */
struct crumbs {
    struct x8_reader reader;
    struct x8_span left;
    size_t step;
    int fails_at_end;
};

static ssize_t crumbs_read(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    struct crumbs *crumbs = X8_CONTAINER(reader, struct crumbs, reader);
    size_t n = crumbs->left.len < crumbs->step ? crumbs->left.len : crumbs->step;
    n = n < cap ? n : cap;
    if (n == 0)
        return crumbs->fails_at_end ? x8_fail(err, X8_E_NO_FILE, "disk went away") : 0;
    memcpy(out, crumbs->left.data, n);
    crumbs->left.data += n;
    crumbs->left.len -= n;
    return (ssize_t)n;
}

static void crumbs_close(struct x8_reader *reader)
{
    free(X8_CONTAINER(reader, struct crumbs, reader));
}

static struct x8_reader *crumbs_of(const uint8_t *data, size_t len, size_t step, int fails_at_end)
{
    static const struct x8_reader_ops ops = {crumbs_read, crumbs_close};
    struct crumbs *crumbs = calloc(1, sizeof(*crumbs));
    assert_non_null(crumbs);
    *crumbs = (struct crumbs){{&ops}, {data, len}, step, fails_at_end};
    return &crumbs->reader;
}

/* Decode all; `chunk` is the size of one read. */
static int decode(struct x8_reader *inner, size_t chunk, struct x8_buf *out,
                  enum x8_packing *packing, struct x8_error *err)
{
    X8_AUTO_READER reader = NULL;
    *packing = X8_PACK_NONE;
    out->len = 0;
    int rc = x8_inflate_reader(inner, &reader, packing, err);
    if (rc < 0)
        return rc;
    for (;;) {
        assert_int_equal(x8_buf_reserve(out, chunk), 0);
        ssize_t n = x8_read(reader, out->data + out->len, chunk, err);
        if (n <= 0) {
            struct x8_error again = {0};
            assert_int_equal(x8_read(reader, out->data + out->len, chunk, &again), n);
            if (n < 0 && err)
                assert_string_equal(again.msg, err->msg);
            return (int)n;
        }
        out->len += (size_t)n;
    }
}

static int decode_span(const uint8_t *data, size_t len, struct x8_buf *out,
                       enum x8_packing *packing, struct x8_error *err)
{
    return decode(crumbs_of(data, len, SIZE_MAX, 0), 8192, out, packing, err);
}

/* Text that packs, then bytes that do not, then a run. */
static void make_content(uint8_t *out, size_t len)
{
    uint32_t seed = 99;
    for (size_t i = 0; i < len; i++)
        out[i] = i < len / 3       ? (uint8_t)("portenta x8 "[noise(&seed) % 12])
                 : i < 2 * len / 3 ? (uint8_t)(noise(&seed) >> 9)
                                   : 7;
}

static void expect_content(const struct x8_buf *packed, const uint8_t *content, size_t len,
                           enum x8_packing expected)
{
    static const size_t steps[] = {SIZE_MAX, 1, 13, 4096, 65537};
    static const size_t chunks[] = {1u << 18, 65536, 100, 262144, 7};
    for (size_t i = 0; i < X8_COUNT(steps); i++) {
        X8_AUTO_BUF got = {0};
        struct x8_error err = {0};
        enum x8_packing packing;
        if (len > 100000 && (steps[i] == 1 || chunks[i] == 7))
            continue;
        int rc = decode(crumbs_of(packed->data, packed->len, steps[i], 0), chunks[i], &got,
                        &packing, &err);
        assert_string_equal(err.msg, "");
        assert_int_equal(rc, 0);
        assert_int_equal(packing, expected);
        assert_int_equal(got.len, len);
        assert_memory_equal(got.data, content, len);
    }
}

static const struct tool {
    const char *name, *command;
    enum x8_packing packing;
} tools[] = {
    {"gzip", "gzip -c plain > packed", X8_PACK_GZIP},
    {"gzip", "gzip -1 -c plain > packed", X8_PACK_GZIP},
    {"gzip", "gzip -n < plain > packed; printf '\\0\\0\\0' >> packed", X8_PACK_GZIP},
    {"pigz", "pigz -0 -c plain > packed", X8_PACK_GZIP},
    {"pigz", "pigz -b 128 -i -c plain > packed", X8_PACK_GZIP},
    {"gzip",
     "head -c 1000 plain | gzip > packed; tail -c +1001 plain | gzip >> packed; gzip < /dev/null "
     ">> packed",
     X8_PACK_GZIP},
    {"bzip2", "bzip2 -c plain > packed", X8_PACK_BZIP2},
    {"bzip2", "head -c 1000 plain | bzip2 > packed; tail -c +1001 plain | bzip2 -1 >> packed",
     X8_PACK_BZIP2},
    {"xz", "xz -1 -c plain > packed", X8_PACK_XZ},
    {"xz", "head -c 1000 plain | xz > packed; tail -c +1001 plain | xz --check=sha256 >> packed",
     X8_PACK_XZ},
    {"zstd", "zstd -q -c plain > packed", X8_PACK_ZSTD},
    {"zstd", "head -c 1000 plain | zstd -q > packed; tail -c +1001 plain | zstd -q -19 >> packed",
     X8_PACK_ZSTD},
    {"pzstd", "pzstd -q -c plain > packed", X8_PACK_ZSTD},
};

/* Packs "plain". A tool that is not installed is left out, the others are tried all the same. */
static bool pack_with(const struct scratch *scratch, const struct tool *tool, struct x8_buf *packed)
{
    if (!scratch_has(scratch, tool->name)) {
        print_message("%s is not installed: left out\n", tool->name);
        return false;
    }
    assert_int_equal(scratch_run(scratch, tool->command), 0);
    scratch_load(scratch, "packed", packed);
    return true;
}

static void every_packer_of_the_host_is_undone(void **state)
{
    static const size_t lens[] = {1, 5000, 600000};
    for (size_t k = 0; k < X8_COUNT(lens); k++) {
        uint8_t *content = malloc(lens[k]);
        assert_non_null(content);
        make_content(content, lens[k]);
        scratch_write(*state, "plain", content, lens[k]);
        for (size_t i = 0; i < X8_COUNT(tools); i++) {
            X8_AUTO_BUF packed = {0};
            if (!pack_with(*state, &tools[i], &packed))
                continue;
            expect_content(&packed, content, lens[k], tools[i].packing);
        }
        free(content);
    }
}

/* Two streams in a row: cut anywhere but between them, it must be an error. */
static void cut_everywhere(const struct x8_buf *packed, size_t border, const char *name)
{
    X8_AUTO_BUF got = {0};
    enum x8_packing packing;
    for (size_t len = 1; len < packed->len; len++) {
        struct x8_error err = {0};
        int rc = decode_span(packed->data, len, &got, &packing, &err);
        if (len == border) {
            assert_int_equal(rc, 0);
            continue;
        }
        if (rc != -X8_E_BAD_IMAGE)
            print_error("%s cut at %zu of %zu: %d\n", name, len, packed->len, rc);
        assert_int_equal(rc, -X8_E_BAD_IMAGE);
        assert_non_null(strstr(err.msg, "truncated"));
        assert_true(err.why[0] && err.next[0]);
    }
}

static void flip_everywhere(const struct x8_buf *packed, const uint8_t *content, size_t len,
                            const char *name)
{
    X8_AUTO_BUF got = {0};
    X8_AUTO_BUF bad = {0};
    enum x8_packing packing;
    size_t harmless = 0;
    for (size_t bit = 0; bit < packed->len * 8; bit++) {
        bad.len = 0;
        assert_int_equal(x8_buf_add(&bad, packed->data, packed->len), 0);
        bad.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        int rc = decode_span(bad.data, bad.len, &got, &packing, NULL);
        if (rc < 0 || packing == X8_PACK_NONE)
            continue;
        harmless++;
        if (got.len != len || memcmp(got.data, content, len) != 0)
            print_error("%s: wrong bytes with bit %zu of byte %zu flipped\n", name, bit % 8,
                        bit / 8);
        assert_int_equal(got.len, len);
        assert_memory_equal(got.data, content, len);
    }
    /* Times, names and unused bits, nothing more. */
    assert_true(harmless < 250);
}

static const struct tool damage_tools[] = {
    {"gzip", "gzip -c half1 > first; gzip -c half2 > second", X8_PACK_GZIP},
    {"gzip", "gzip -n -1 < half1 > first; gzip < half2 > second", X8_PACK_GZIP},
    {"bzip2", "bzip2 -c half1 > first; bzip2 -c half2 > second", X8_PACK_BZIP2},
    {"xz", "xz -c half1 > first; xz -c half2 > second", X8_PACK_XZ},
    {"zstd", "zstd -q -c half1 > first; zstd -q -c half2 > second", X8_PACK_ZSTD},
};

static void damage_is_never_taken_for_success(void **state)
{
    uint8_t content[200];
    make_content(content, sizeof(content));
    scratch_write(*state, "half1", content, 120);
    scratch_write(*state, "half2", content + 120, 80);
    for (size_t i = 0; i < X8_COUNT(damage_tools); i++) {
        X8_AUTO_BUF packed = {0};
        X8_AUTO_BUF first = {0};
        scratch_must(*state, damage_tools[i].name, damage_tools[i].command);
        scratch_must(*state, "cat", "cat first second > packed");
        scratch_load(*state, "packed", &packed);
        scratch_load(*state, "first", &first);
        expect_content(&packed, content, sizeof(content), damage_tools[i].packing);
        cut_everywhere(&packed, first.len, damage_tools[i].command);
        flip_everywhere(&packed, content, sizeof(content), damage_tools[i].command);
    }
}

static void a_large_stream_cut_at_many_places_is_truncated(void **state)
{
    size_t len = 700000;
    uint8_t *content = malloc(len);
    assert_non_null(content);
    make_content(content, len);
    scratch_write(*state, "plain", content, len);
    for (size_t i = 0; i < X8_COUNT(tools); i++) {
        X8_AUTO_BUF packed = {0};
        X8_AUTO_BUF got = {0};
        enum x8_packing packing;
        if (!pack_with(*state, &tools[i], &packed))
            continue;
        size_t borders = 0;
        for (size_t cut = packed.len - 4; cut > 4; cut -= cut / 9 + 1) {
            int rc = decode_span(packed.data, cut, &got, &packing, NULL);
            /* pzstd packs in frames: a cut may meet a border, where nothing is amiss. */
            borders += rc == 0;
            assert_true(rc == 0 || rc == -X8_E_BAD_IMAGE);
        }
        assert_true(borders == 0);
    }
    free(content);
}

static void garbage_behind_the_end_is_an_error(void **state)
{
    uint8_t content[3000];
    make_content(content, sizeof(content));
    scratch_write(*state, "plain", content, sizeof(content));
    for (size_t i = 0; i < X8_COUNT(tools); i++) {
        X8_AUTO_BUF packed = {0};
        X8_AUTO_BUF got = {0};
        enum x8_packing packing;
        struct x8_error err = {0};
        if (!pack_with(*state, &tools[i], &packed))
            continue;
        assert_int_equal(x8_buf_add(&packed, "rubbish, and more of it", 23), 0);
        assert_int_equal(decode_span(packed.data, packed.len, &got, &packing, &err),
                         -X8_E_BAD_IMAGE);
        assert_non_null(strstr(err.msg, packing == X8_PACK_GZIP ? "something follows the gzip data"
                                                                : "damaged"));
    }
}

/* What was packed is whole then, and to get it again would not help. Only what begins as a member
 * does is one that was cut. */
static void what_follows_gzip_data_is_no_truncation(void **state)
{
    static const struct {
        const char *text, *msg;
    } rows[] = {{"x", "something follows"},
                {"\n", "something follows"},
                {"rubbish", "something follows"},
                {"\x1f rubbish", "something follows"},
                {"\x1f", "truncated"},
                {"\x1f\x8b", "truncated"},
                {"\x1f\x8b\x08", "truncated"}};
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        X8_AUTO_BUF packed = {0};
        X8_AUTO_BUF got = {0};
        enum x8_packing packing;
        struct x8_error err = {0};
        char where[40];
        scratch_must(*state, "gzip", "echo hello | gzip > packed");
        scratch_load(*state, "packed", &packed);
        snprintf(where, sizeof(where), "end at byte %zu;", packed.len);
        assert_int_equal(x8_buf_add(&packed, rows[i].text, strlen(rows[i].text)), 0);
        assert_int_equal(decode_span(packed.data, packed.len, &got, &packing, &err),
                         -X8_E_BAD_IMAGE);
        assert_non_null(strstr(err.msg, rows[i].msg));
        if (rows[i].msg[0] == 's')
            assert_non_null(strstr(err.why, where));
    }
}

static void zero_padding_of_gzip_may_end_only_in_zeros(void **state)
{
    uint8_t padding[300000] = {0};
    X8_AUTO_BUF packed = {0};
    X8_AUTO_BUF got = {0};
    enum x8_packing packing;
    scratch_must(*state, "gzip", "echo hello | gzip > packed");
    scratch_load(*state, "packed", &packed);
    assert_int_equal(x8_buf_add(&packed, padding, sizeof(padding)), 0);
    assert_int_equal(decode_span(packed.data, packed.len, &got, &packing, NULL), 0);
    assert_int_equal(got.len, 6);
    packed.data[packed.len - 1] = 1;
    assert_int_equal(decode_span(packed.data, packed.len, &got, &packing, NULL), -X8_E_BAD_IMAGE);
}

/* A member by hand: flags and fields in front of an empty stored block. */
static size_t gzip_member(uint8_t *out, uint8_t method, uint8_t flags, const char *fields,
                          size_t fields_len)
{
    const uint8_t head[10] = {0x1f, 0x8b, method, flags, 0, 0, 0, 0, 0, 3};
    const uint8_t body[10] = {0x03, 0x00};
    memcpy(out, head, 10);
    memcpy(out + 10, fields, fields_len);
    memcpy(out + 10 + fields_len, body, 10);
    return 20 + fields_len;
}

static void headers_of_gzip_are_checked(void **state)
{
    (void)state;
    static const struct {
        uint8_t method, flags;
        const char *fields;
        size_t len;
        int rc;
    } rows[] = {
        {8, 0, "", 0, 0},
        {8, 1, "", 0, 0},
        {8, 4 | 8 | 16, "\3\0abcname\0comment\0", 18, 0},
        {8, 2, "\xa7\x77", 2, 0}, /* CRC-16 of 1f 8b 08 02 00 00 00 00 00 03 */
        {8, 2, "\xa6\x77", 2, -X8_E_BAD_IMAGE},
        {7, 0, "", 0, -X8_E_BAD_IMAGE},
        {8, 32, "", 0, -X8_E_BAD_IMAGE},
        {8, 128, "", 0, -X8_E_BAD_IMAGE},
        {8, 4, "\xff\xff", 2, -X8_E_BAD_IMAGE},
    };
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        uint8_t packed[64];
        X8_AUTO_BUF got = {0};
        enum x8_packing packing;
        size_t len =
            gzip_member(packed, rows[i].method, rows[i].flags, rows[i].fields, rows[i].len);
        assert_int_equal(decode_span(packed, len, &got, &packing, NULL), rows[i].rc);
        assert_int_equal(got.len, 0);
    }
}

static void a_name_without_end_does_not_run_through_the_file(void **state)
{
    (void)state;
    size_t len = 400000;
    uint8_t *packed = malloc(len);
    assert_non_null(packed);
    memset(packed, 'a', len);
    memcpy(packed, "\x1f\x8b\x08\x08\0\0\0\0\0\3", 10);
    X8_AUTO_BUF got = {0};
    enum x8_packing packing;
    struct x8_error err = {0};
    assert_int_equal(decode_span(packed, len, &got, &packing, &err), -X8_E_BAD_IMAGE);
    assert_non_null(strstr(err.why, "without end"));
    free(packed);
}

static void what_is_not_packed_passes_through(void **state)
{
    (void)state;
    size_t len = 700000;
    uint8_t *content = malloc(len);
    assert_non_null(content);
    make_content(content, len);
    struct x8_buf packed = {content, len, 0};
    expect_content(&packed, content, len, X8_PACK_NONE);
    X8_AUTO_BUF got = {0};
    enum x8_packing packing;
    assert_int_equal(decode_span(content, 0, &got, &packing, NULL), 0);
    assert_int_equal(got.len, 0);
    assert_int_equal(packing, X8_PACK_NONE);
    free(content);
}

static void an_error_of_the_source_keeps_its_words(void **state)
{
    uint8_t content[5000];
    make_content(content, sizeof(content));
    scratch_write(*state, "plain", content, sizeof(content));
    for (size_t i = 0; i < X8_COUNT(tools); i++) {
        X8_AUTO_BUF packed = {0};
        X8_AUTO_BUF got = {0};
        enum x8_packing packing;
        if (!pack_with(*state, &tools[i], &packed))
            continue;
        for (size_t cut = 3; cut <= packed.len; cut += packed.len / 5) {
            struct x8_error err = {0};
            struct x8_reader *inner = crumbs_of(packed.data, cut, 1000, 1);
            assert_int_equal(decode(inner, 4096, &got, &packing, &err), -X8_E_NO_FILE);
            assert_string_equal(err.msg, "disk went away");
        }
    }
}

static void packings_are_told_by_their_first_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        size_t len;
        enum x8_packing packing;
    } rows[] = {{"\x1f\x8b", 2, X8_PACK_GZIP},
                {"\x1f", 1, X8_PACK_NONE},
                {"BZh91A", 6, X8_PACK_BZIP2},
                {"BZh9\x17r", 6, X8_PACK_BZIP2},
                {"BZhave", 6, X8_PACK_NONE},
                {"\xfd"
                 "7zXZ\0",
                 6, X8_PACK_XZ},
                {"\x28\xb5\x2f\xfd", 4, X8_PACK_ZSTD},
                {"\x50\x2a\x4d\x18", 4, X8_PACK_ZSTD},
                {"", 0, X8_PACK_NONE},
                {"\xeb\x63\x90", 3, X8_PACK_NONE}};
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        struct x8_span head = {(const uint8_t *)rows[i].head, rows[i].len};
        assert_int_equal(x8_packing_of(head), rows[i].packing);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_packer_of_the_host_is_undone),
        cmocka_unit_test(damage_is_never_taken_for_success),
        cmocka_unit_test(a_large_stream_cut_at_many_places_is_truncated),
        cmocka_unit_test(garbage_behind_the_end_is_an_error),
        cmocka_unit_test(what_follows_gzip_data_is_no_truncation),
        cmocka_unit_test(zero_padding_of_gzip_may_end_only_in_zeros),
        cmocka_unit_test(headers_of_gzip_are_checked),
        cmocka_unit_test(a_name_without_end_does_not_run_through_the_file),
        cmocka_unit_test(what_is_not_packed_passes_through),
        cmocka_unit_test(an_error_of_the_source_keeps_its_words),
        cmocka_unit_test(packings_are_told_by_their_first_bytes),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
