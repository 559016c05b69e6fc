/*
 * Sets over a file that is not here under its own name: in a cache under another, or read through
 * an opener from its start each time.
 */
#include "packed.h"

#include "image/imageset.h"

#include <string.h>

/* Two small parts, an image, and more behind it than any decoder reads ahead. */
static const char make_release[] =
    "rm -rf *; mkdir -p 934; printf 'uuu_version 1.2.39\\n' > 934/full_image.uuu; "
    "head -c 300000 /dev/urandom > wic; gzip -c wic > 934/lmp-factory-image-portenta-x8.wic.gz; "
    "head -c 3000000 /dev/urandom > 934/zz-last; "
    "tar cf stored 934/full_image.uuu 934/lmp-factory-image-portenta-x8.wic.gz 934/zz-last; "
    "gzip -c stored > packed";

#define IMAGE "934/lmp-factory-image-portenta-x8.wic.gz"

/* A server's file: counts its readings, and can turn out to be the wrong one at its very end. */
struct server {
    char path[256];
    unsigned opened, ended;
    int is_wrong;
};
struct serving {
    struct x8_reader reader;
    struct x8_reader *file;
    struct server *server;
};

static ssize_t serving_read(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    struct serving *serving = X8_CONTAINER(reader, struct serving, reader);
    ssize_t n = x8_read(serving->file, out, cap, err);
    if (n != 0)
        return n;
    serving->server->ended++;
    return serving->server->is_wrong ? x8_fail(err, X8_E_BAD_DIGEST, "it is another file") : 0;
}

static void serving_close(struct x8_reader *reader)
{
    struct serving *serving = X8_CONTAINER(reader, struct serving, reader);
    x8_reader_close(&serving->file);
    free(serving);
}

static int serve(void *ctx, struct x8_reader **out, struct x8_error *err)
{
    static const struct x8_reader_ops ops = {serving_read, serving_close};
    struct server *server = ctx;
    struct serving *serving = calloc(1, sizeof(*serving));
    assert_non_null(serving);
    *serving = (struct serving){.reader = {&ops}, .server = server};
    int rc = x8_file_reader(server->path, &serving->file, NULL, err);
    assert_int_equal(rc, 0);
    server->opened++;
    *out = &serving->reader;
    return 0;
}

struct bench {
    struct server server;
    struct x8_image_origin origin;
    struct x8_imageset *set;
    struct x8_error err;
};

static int open_served(const struct scratch *scratch, const char *name, struct bench *bench)
{
    memset(bench, 0, sizeof(*bench));
    scratch_path(scratch, name, bench->server.path);
    bench->origin =
        (struct x8_image_origin){.name = "934.tar.gz", .open = serve, .ctx = &bench->server};
    return x8_imageset_open_origin(NULL, &bench->origin, &bench->set, &bench->err);
}

static void must_open(const struct scratch *scratch, const char *name, struct bench *bench)
{
    assert_int_equal(scratch_run(scratch, make_release), 0);
    if (open_served(scratch, name, bench) < 0)
        fail_msg("%s: %s", bench->err.msg, bench->err.why);
}

static int load_image(struct bench *bench, struct x8_buf *out)
{
    const struct x8_entry *entry = x8_imageset_find(bench->set, "", IMAGE);
    assert_non_null(entry);
    return x8_imageset_load(bench->set, entry, 1u << 30, out, &bench->err);
}

static void members_are_read_through_the_opener(void **state)
{
    const struct scratch *scratch = *state;
    static const char *const names[] = {"packed", "stored"};
    for (size_t i = 0; i < X8_COUNT(names); i++) {
        X8_AUTO_BUF got = {0};
        X8_AUTO_BUF want = {0};
        struct bench bench;
        int exact;
        must_open(scratch, names[i], &bench);
        assert_true(x8_imageset_is_stream(bench.set));
        assert_string_equal(x8_imageset_source(bench.set), "934.tar.gz");
        assert_int_equal(load_image(&bench, &got), 0);
        scratch_load(scratch, "wic", &want);
        assert_int_equal(got.len, want.len);
        assert_memory_equal(got.data, want.data, want.len);
        assert_int_equal(
            x8_imageset_content_size(bench.set, x8_imageset_find(bench.set, "", IMAGE), &exact),
            want.len);
        x8_imageset_free(&bench.set);
    }
}

static void a_members_end_waits_for_the_end_of_its_archive(void **state)
{
    X8_AUTO_BUF got = {0};
    struct bench bench;
    must_open(*state, "packed", &bench);
    assert_int_equal(bench.server.ended, 1);
    assert_int_equal(load_image(&bench, &got), 0);
    assert_int_equal(bench.server.ended, 2);
    x8_imageset_free(&bench.set);
}

static void an_archive_that_is_wrong_at_its_end_spoils_all_members(void **state)
{
    X8_AUTO_BUF got = {0};
    struct bench bench;
    must_open(*state, "packed", &bench);
    bench.server.is_wrong = 1;
    assert_int_equal(load_image(&bench, &got), -X8_E_BAD_DIGEST);
    assert_string_equal(bench.err.msg, "it is another file");
    x8_imageset_free(&bench.set);
}

/* Also those in the middle of the read-ahead: the last bytes may come, the end does not. */
static void no_end_is_told_of_a_wrong_archive(void **state)
{
    X8_AUTO_READER reader = NULL;
    struct bench bench;
    uint8_t data[4096];
    ssize_t n;
    must_open(*state, "stored", &bench);
    bench.server.is_wrong = 1;
    assert_int_equal(x8_imageset_open_raw(bench.set, x8_imageset_find(bench.set, "", IMAGE),
                                          &reader, &bench.err),
                     0);
    while ((n = x8_read(reader, data, sizeof(data), &bench.err)) > 0)
        ;
    assert_int_equal(n, -X8_E_BAD_DIGEST);
    x8_reader_close(&reader);
    x8_imageset_free(&bench.set);
}

static void only_an_archive_can_be_read_through_an_opener(void **state)
{
    const struct scratch *scratch = *state;
    struct bench bench;
    assert_int_equal(scratch_run(scratch, make_release), 0);
    assert_int_equal(open_served(scratch, "wic", &bench), -X8_E_BAD_IMAGE);
    assert_string_equal(bench.err.msg, "934.tar.gz: not an archive");
    assert_int_equal(open_served(scratch, "934/full_image.uuu", &bench), -X8_E_BAD_IMAGE);
}

static void a_truncated_stream_is_named_as_the_file_it_would_be(void **state)
{
    const struct scratch *scratch = *state;
    struct bench bench;
    assert_int_equal(scratch_run(scratch, make_release), 0);
    assert_int_equal(scratch_run(scratch, "truncate -s 1000000 packed"), 0);
    assert_int_equal(open_served(scratch, "packed", &bench), -X8_E_BAD_IMAGE);
    assert_non_null(strstr(bench.err.msg, "934.tar.gz: truncated gzip"));
}

static void a_file_of_the_cache_goes_by_its_usual_name(void **state)
{
    const struct scratch *scratch = *state;
    X8_AUTO_BUF got = {0};
    char path[256];
    struct bench bench = {.origin = {.name = "934.tar.gz", .path = path}};
    const struct x8_entry *os = NULL;
    assert_int_equal(scratch_run(scratch, make_release), 0);
    scratch_path(scratch, "packed", path);
    assert_int_equal(x8_imageset_open_origin(NULL, &bench.origin, &bench.set, &bench.err), 0);
    assert_string_equal(x8_imageset_source(bench.set), "934.tar.gz");
    assert_int_equal(load_image(&bench, &got), 0);
    assert_int_equal(got.len, 300000);
    x8_imageset_free(&bench.set);

    /* Its name says what it is when its content does not. */
    scratch_path(scratch, "wic", path);
    bench.origin.name = "some.wic";
    assert_int_equal(x8_imageset_open_origin(NULL, &bench.origin, &bench.set, &bench.err), 0);
    assert_int_equal(x8_imageset_by_role(bench.set, X8_ROLE_OS, &os, &bench.err), 0);
    assert_string_equal(os->path, "some.wic");
    x8_imageset_free(&bench.set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_read_through_the_opener),
        cmocka_unit_test(a_members_end_waits_for_the_end_of_its_archive),
        cmocka_unit_test(an_archive_that_is_wrong_at_its_end_spoils_all_members),
        cmocka_unit_test(no_end_is_told_of_a_wrong_archive),
        cmocka_unit_test(only_an_archive_can_be_read_through_an_opener),
        cmocka_unit_test(a_truncated_stream_is_named_as_the_file_it_would_be),
        cmocka_unit_test(a_file_of_the_cache_goes_by_its_usual_name),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
