/*
 * One pass over an archive: everything in it digested and looked at, and no byte of it read twice.
 */
#include "packed.h"

#include "image/imageset.h"
#include "util/digest.h"

#include <string.h>

#define WIC_LEN 600000u

/* Parts, a nested archive, an image that is larger than any decoder reads ahead, and links. */
static const char make_release[] =
    "rm -rf *; mkdir -p 934 mfgtool-files-x; printf 'uuu_version 1.2.39\\n' > "
    "mfgtool-files-x/full_image.uuu; head -c 600000 /dev/urandom > wic; "
    "gzip -c wic > 934/lmp.wic.gz; ln -s lmp.wic.gz 934/latest.wic.gz; "
    "tar czf 934/mfgtool-files-x.tar.gz mfgtool-files-x; echo '<bmap/>' > 934/lmp.wic.bmap; "
    "(cd 934; sha256sum lmp.wic.gz > SHA256SUMS); head -c 2000000 /dev/urandom > 934/zz-last; "
    "tar cf stored 934/lmp.wic.bmap 934/lmp.wic.gz 934/SHA256SUMS 934/mfgtool-files-x.tar.gz "
    "934/latest.wic.gz 934/zz-last; gzip -c stored > packed; xz -0c stored > packed.xz";

/* A door that opens once, and counts what goes through. */
struct door {
    struct x8_reader reader;
    struct x8_reader *file;
    char path[256];
    unsigned opened;
    uint64_t bytes;
};

static ssize_t door_read(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    struct door *door = X8_CONTAINER(reader, struct door, reader);
    ssize_t n = x8_read(door->file, out, cap, err);
    door->bytes += n > 0 ? (uint64_t)n : 0;
    return n;
}

static void door_close(struct x8_reader *reader)
{
    x8_reader_close(&X8_CONTAINER(reader, struct door, reader)->file);
}

static int open_door(void *ctx, struct x8_reader **out, struct x8_error *err)
{
    static const struct x8_reader_ops ops = {door_read, door_close};
    struct door *door = ctx;
    if (door->opened++ > 0)
        return x8_fail(err, X8_E_INTERNAL, "read twice");
    door->reader.ops = &ops;
    *out = &door->reader;
    return x8_file_reader(door->path, &door->file, NULL, err);
}

/* What is seen of images that pass. */
struct watch {
    unsigned images, number;
    char path[64];
    int is_packed, has_bmap, rc; /* rc: what it answers with */
    size_t stop_at;              /* bytes after which it has enough */
    uint64_t size;
    struct x8_sha256 *sha;
    struct x8_error fault;
};

static int see(void *ctx, const struct x8_passing *image, struct x8_reader *content,
               struct x8_error *err)
{
    struct watch *watch = ctx;
    uint8_t data[8192];
    ssize_t n = 1;
    watch->images++;
    watch->number = image->number;
    watch->is_packed = image->is_packed;
    watch->has_bmap = x8_imageset_passed(image->so_far, "934/lmp.wic.bmap") != NULL;
    snprintf(watch->path, sizeof(watch->path), "%s", image->path);
    if (!content) {
        watch->fault = *err;
        return 0;
    }
    while (watch->size < watch->stop_at && (n = x8_read(content, data, sizeof(data), err)) > 0) {
        watch->size += (uint64_t)n;
        x8_sha256_add(watch->sha, data, (size_t)n);
    }
    if (n < 0)
        watch->fault = *err;
    return watch->rc;
}

struct bench {
    struct door door;
    struct x8_image_origin origin;
    struct watch watch;
    struct x8_pass pass;
    struct x8_imageset *set;
    struct x8_error err;
};

static int open_once(const struct scratch *scratch, const char *name, struct bench *bench)
{
    memset(&bench->door, 0, sizeof(bench->door));
    scratch_path(scratch, name, bench->door.path);
    bench->origin =
        (struct x8_image_origin){.name = "934.tar.gz", .open = open_door, .ctx = &bench->door};
    bench->watch.sha = x8_sha256_new();
    if (!bench->watch.stop_at)
        bench->watch.stop_at = SIZE_MAX;
    bench->pass = (struct x8_pass){.ctx = &bench->watch, .image = see};
    return x8_imageset_open_pass(NULL, NULL, &bench->origin, &bench->pass, &bench->set,
                                 &bench->err);
}

static void done(struct bench *bench)
{
    x8_sha256_free(&bench->watch.sha);
    x8_imageset_free(&bench->set);
}

/* As sha256sum says. */
static void assert_digest(const struct scratch *scratch, const char *name, const char *got)
{
    char line[200];
    X8_AUTO_BUF text = {0};
    snprintf(line, sizeof(line), "sha256sum %s > sum", name);
    assert_int_equal(scratch_run(scratch, line), 0);
    scratch_load(scratch, "sum", &text);
    assert_true(text.len > 64);
    assert_int_equal(strlen(got), 64);
    assert_memory_equal(text.data, got, 64);
}

static const struct x8_entry *entry_of(const struct bench *bench, const char *path)
{
    const struct x8_entry *entry = x8_imageset_find(bench->set, "", path);
    assert_non_null(entry);
    return entry;
}

static void check_digests(const struct scratch *scratch, struct bench *bench, const char *file)
{
    uint8_t digest[X8_SHA256_LEN];
    char hex[65];
    assert_digest(scratch, file, x8_imageset_sha256(bench->set));
    assert_digest(scratch, "934/lmp.wic.gz", x8_entry_sha256(entry_of(bench, "934/lmp.wic.gz")));
    assert_digest(scratch, "934/lmp.wic.gz", x8_entry_sha256(entry_of(bench, "934/latest.wic.gz")));
    assert_digest(scratch, "934/zz-last", x8_entry_sha256(entry_of(bench, "934/zz-last")));
    assert_digest(scratch, "934/SHA256SUMS", x8_entry_sha256(entry_of(bench, "934/SHA256SUMS")));
    assert_digest(scratch, "mfgtool-files-x/full_image.uuu",
                  x8_entry_sha256(entry_of(bench, "934/mfgtool-files-x/full_image.uuu")));
    assert_digest(scratch, "934/mfgtool-files-x.tar.gz",
                  x8_entry_sha256(x8_imageset_box(bench->set, 0)));
    assert_null(x8_imageset_box(bench->set, 1));
    x8_sha256_take(bench->watch.sha, digest);
    x8_hex(hex, digest, sizeof(digest));
    assert_digest(scratch, "wic", hex);
}

static void everything_is_learnt_from_one_reading(void **state)
{
    static const char *const files[] = {"stored", "packed", "packed.xz"};
    const struct scratch *scratch = *state;
    assert_int_equal(scratch_run(scratch, make_release), 0);
    for (size_t i = 0; i < X8_COUNT(files); i++) {
        X8_AUTO_BUF file = {0};
        X8_AUTO_BUF list = {0};
        struct bench bench = {0};
        if (open_once(scratch, files[i], &bench) < 0)
            fail_msg("%s: %s", bench.err.msg, bench.err.why);
        scratch_load(scratch, files[i], &file);
        assert_int_equal(bench.door.bytes, file.len);
        assert_int_equal(x8_imageset_stored_size(bench.set), file.len);
        assert_int_equal(bench.watch.images, 1);
        assert_string_equal(bench.watch.path, "934/lmp.wic.gz");
        assert_true(bench.watch.is_packed && bench.watch.has_bmap);
        assert_int_equal(bench.watch.size, WIC_LEN);
        check_digests(scratch, &bench, files[i]);
        /* The list of checksums stayed in memory. */
        assert_int_equal(x8_imageset_load(bench.set, entry_of(&bench, "934/SHA256SUMS"), 1000,
                                          &list, &bench.err),
                         0);
        assert_int_equal(bench.door.opened, 1);
        done(&bench);
    }
}

static void a_link_has_the_number_of_what_it_points_to(void **state)
{
    const struct scratch *scratch = *state;
    struct bench bench = {0};
    assert_int_equal(scratch_run(scratch, make_release), 0);
    assert_int_equal(open_once(scratch, "packed", &bench), 0);
    assert_int_equal(x8_entry_number(entry_of(&bench, "934/latest.wic.gz")), bench.watch.number);
    assert_int_equal(x8_entry_number(entry_of(&bench, "934/lmp.wic.gz")), bench.watch.number);
    assert_int_not_equal(x8_entry_number(entry_of(&bench, "934/zz-last")), bench.watch.number);
    done(&bench);
}

static void what_is_not_read_of_an_image_is_passed_over_and_digested(void **state)
{
    const struct scratch *scratch = *state;
    struct bench bench = {.watch.stop_at = 10000};
    assert_int_equal(scratch_run(scratch, make_release), 0);
    assert_int_equal(open_once(scratch, "packed", &bench), 0);
    assert_digest(scratch, "934/lmp.wic.gz", x8_entry_sha256(entry_of(&bench, "934/lmp.wic.gz")));
    assert_digest(scratch, "packed", x8_imageset_sha256(bench.set));
    done(&bench);
}

static void an_answer_of_the_looker_ends_the_walk(void **state)
{
    const struct scratch *scratch = *state;
    struct bench bench = {.watch.stop_at = 1, .watch.rc = -X8_E_STOPPED};
    assert_int_equal(scratch_run(scratch, make_release), 0);
    assert_int_equal(open_once(scratch, "packed", &bench), -X8_E_STOPPED);
    assert_null(bench.set);
    done(&bench);
}

static void a_damaged_image_is_left_to_the_looker(void **state)
{
    static const char *const damage[] = {
        "printf '\\037\\213xx' > 934/lmp.wic.gz",
        "head -c 300000 934/lmp.wic.gz > x; mv x 934/lmp.wic.gz",
        "printf '\\037' > 934/lmp.wic.gz",
    };
    const struct scratch *scratch = *state;
    for (size_t i = 0; i < X8_COUNT(damage); i++) {
        struct bench bench = {0};
        assert_int_equal(scratch_run(scratch, make_release), 0);
        assert_int_equal(scratch_run(scratch, damage[i]), 0);
        assert_int_equal(scratch_run(scratch, "tar czf packed 934"), 0);
        if (open_once(scratch, "packed", &bench) < 0)
            fail_msg("%s: %s", bench.err.msg, bench.err.why);
        assert_int_equal(bench.watch.fault.code, X8_E_BAD_IMAGE);
        assert_non_null(strstr(bench.watch.fault.msg, "934.tar.gz: lmp.wic.gz: "));
        assert_digest(scratch, "packed", x8_imageset_sha256(bench.set));
        done(&bench);
    }
}

/* The image's decoder sees the fault first; it is the archive's all the same. */
static void a_damaged_archive_is_no_fault_of_the_image_in_it(void **state)
{
    const struct scratch *scratch = *state;
    struct bench bench = {0};
    assert_int_equal(scratch_run(scratch, make_release), 0);
    assert_int_equal(scratch_run(scratch, "truncate -s 400000 packed"), 0);
    assert_int_equal(open_once(scratch, "packed", &bench), -X8_E_BAD_IMAGE);
    assert_string_equal(bench.err.msg, "934.tar.gz: truncated gzip");
    done(&bench);
}

static void a_zip_that_does_not_tell_sizes_is_kept_all_the_same(void **state)
{
    const struct scratch *scratch = *state;
    struct bench bench = {0};
    X8_AUTO_BUF got = {0};
    if (!scratch_has(scratch, "python3"))
        skip();
    assert_int_equal(scratch_run(scratch, make_release), 0);
    assert_int_equal(scratch_run(scratch, "python3 -c '\n"
                                          "import os, zipfile\n"
                                          "z = zipfile.ZipFile(os.fdopen(1, \"wb\", closefd=False),"
                                          " \"w\", zipfile.ZIP_DEFLATED)\n"
                                          "for n in (\"lmp.wic.bmap\", \"lmp.wic.gz\", "
                                          "\"mfgtool-files-x.tar.gz\", \"zz-last\"):\n"
                                          "  z.write(\"934/\" + n)\nz.close()' | cat > packed"),
                     0);
    if (open_once(scratch, "packed", &bench) < 0)
        fail_msg("%s: %s", bench.err.msg, bench.err.why);
    assert_true(bench.watch.has_bmap);
    assert_int_equal(bench.watch.size, WIC_LEN);
    assert_int_equal(
        x8_imageset_load(bench.set, entry_of(&bench, "934/lmp.wic.bmap"), 1000, &got, &bench.err),
        0);
    assert_int_equal(got.len, 8);
    assert_digest(scratch, "packed", x8_imageset_sha256(bench.set));
    assert_int_equal(bench.door.opened, 1);
    done(&bench);
}

static void outside_of_a_pass_nothing_is_digested(void **state)
{
    const struct scratch *scratch = *state;
    struct bench bench = {0};
    char path[256];
    assert_int_equal(scratch_run(scratch, make_release), 0);
    scratch_path(scratch, "packed", path);
    assert_int_equal(x8_imageset_open(NULL, path, &bench.set, &bench.err), 0);
    assert_string_equal(x8_imageset_sha256(bench.set), "");
    assert_int_equal(x8_imageset_stored_size(bench.set), 0);
    assert_string_equal(x8_entry_sha256(entry_of(&bench, "934/zz-last")), "");
    assert_int_equal(x8_entry_number(entry_of(&bench, "934/zz-last")), 0);
    done(&bench);
}

static void the_archive_alone_can_be_digested_as_it_is_opened(void **state)
{
    static const char *const names[] = {"stored", "packed"};
    const struct scratch *scratch = *state;
    char path[256];
    assert_int_equal(scratch_run(scratch, make_release), 0);
    for (size_t i = 0; i < X8_COUNT(names); i++) {
        struct bench bench = {0};
        scratch_path(scratch, names[i], path);
        assert_int_equal(x8_imageset_open_digest(NULL, path, &bench.set, &bench.err), 0);
        assert_digest(scratch, names[i], x8_imageset_sha256(bench.set));
        assert_string_equal(x8_entry_sha256(entry_of(&bench, "934/zz-last")), "");
        done(&bench);
    }
    struct bench bench = {0};
    scratch_path(scratch, "934", path);
    assert_int_equal(x8_imageset_open_digest(NULL, path, &bench.set, &bench.err), 0);
    assert_string_equal(x8_imageset_sha256(bench.set), "");
    done(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_learnt_from_one_reading),
        cmocka_unit_test(a_link_has_the_number_of_what_it_points_to),
        cmocka_unit_test(what_is_not_read_of_an_image_is_passed_over_and_digested),
        cmocka_unit_test(an_answer_of_the_looker_ends_the_walk),
        cmocka_unit_test(a_damaged_image_is_left_to_the_looker),
        cmocka_unit_test(a_damaged_archive_is_no_fault_of_the_image_in_it),
        cmocka_unit_test(a_zip_that_does_not_tell_sizes_is_kept_all_the_same),
        cmocka_unit_test(outside_of_a_pass_nothing_is_digested),
        cmocka_unit_test(the_archive_alone_can_be_digested_as_it_is_opened),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
