/*
 * The map against what the file systems' own tools say of images they made. Skipped without them.
 */
#include "testlib.h"

#include "image/usedmap.h"
#include "util/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *dir;

/* Run a line of shell in the folder; its status. */
static int sh(const char *line)
{
    pid_t pid = fork();
    int status = 0;
    if (pid == 0) {
        if (chdir(dir) == 0)
            execl("/bin/bash", "bash", "-c", line, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int have(const char *tools)
{
    char line[200];
    snprintf(line, sizeof(line), "PATH=$PATH:/sbin:/usr/sbin; command -v %s >/dev/null", tools);
    return sh(line) == 0;
}

static struct x8_usedmap *map_of(const char *name, uint64_t told)
{
    struct x8_error err = {0};
    struct x8_op op = {.deadline = X8_NO_DEADLINE};
    X8_AUTO_READER reader = NULL;
    struct x8_usedmap *map = NULL;
    char *path = test_path(dir, name);
    assert_int_equal(x8_file_reader(path, &reader, NULL, &err), 0);
    assert_int_equal(x8_usedmap_new(told, &map, &err), 0);
    assert_true(x8_pump(&op, reader, x8_usedmap_sink(map), &err) >= 0);
    free(path);
    return map;
}

static uint64_t number_in(const char *name)
{
    char *path = test_path(dir, name), *text = test_read(path, NULL);
    uint64_t n = strtoull(text, NULL, 10);
    free(path);
    free(text);
    return n;
}

/* What dumpe2fs counts as free is what the map leaves out. */
static void an_ext_file_system_is_read_as_its_own_tools_do(void **state)
{
    static const char *const kinds[] = {"-t ext4",
                                        "-t ext4 -b 1024",
                                        "-t ext2",
                                        "-t ext3",
                                        "-t ext4 -O ^flex_bg,64bit",
                                        "-t ext4 -O bigalloc -C 65536",
                                        "-t ext4 -b 2048",
                                        "-t ext4 -O ^metadata_csum",
                                        "-t ext4 -O sparse_super2",
                                        "-t ext2 -g 1024 -b 1024"};
    (void)state;
    if (!have("mke2fs dumpe2fs"))
        skip();
    for (size_t i = 0; i < X8_COUNT(kinds); i++) {
        char line[700];
        snprintf(
            line, sizeof(line),
            "PATH=$PATH:/sbin:/usr/sbin; rm -rf f d; mkdir -p d/e && head -c 3000000 "
            "/dev/urandom >d/big && for n in {1..300}; do echo $n >d/e/$n; done; "
            "mke2fs -q -F %s -d d f 200M >/dev/null 2>&1 && dumpe2fs -h f 2>/dev/null | awk -F: "
            "'/^Free blocks/{f=$2}/^Block size/{s=$2}/^Block count/{c=$2}END{printf \"%%d\", "
            "(c-f)*s}' >n",
            kinds[i]);
        assert_int_equal(sh(line), 0);
        struct x8_usedmap *map = map_of("f", 0);
        const struct x8_used_part *parts;
        assert_int_equal(x8_usedmap_parts(map, &parts), 1);
        if (parts[0].note[0])
            fail_msg("%s: %s", kinds[i], parts[0].note);
        uint64_t want = number_in("n"), got = x8_usedmap_used(map);
        /* blocks smaller than the map's: some free ones share a map block with used ones */
        if (got < want || got > want + want / 10 || (parts[0].block >= 4096 && got != want))
            fail_msg("%s: %llu, its own tools say %llu", kinds[i], (unsigned long long)got,
                     (unsigned long long)want);
        x8_usedmap_free(&map);
    }
}

/* Everything outside of the ranges may be anything: the file system is the same. */
static void what_is_left_out_changes_nothing(void **state)
{
    (void)state;
    if (!have("mke2fs e2fsck debugfs mkfs.vfat mcopy"))
        skip();
    assert_int_equal(
        sh("PATH=$PATH:/sbin:/usr/sbin; rm -rf f d; mkdir d && cp -r /usr/include/linux d/ && "
           "mke2fs "
           "-q -F -t ext4 -d d f 100M && head -c 50000 /dev/urandom >v1 && rm -f v && truncate -s "
           "40M v && mkfs.vfat v >/dev/null && mcopy -i v v1 ::/one && mcopy -i v f ::/two; mcopy "
           "-o -i v v1 ::/two"),
        0);
    for (int k = 0; k < 2; k++) {
        const char *name = k ? "v" : "f";
        struct x8_usedmap *map = map_of(name, 0);
        struct x8_error err;
        struct x8_range *gaps;
        int count = x8_usedmap_gaps(map, &gaps, &err);
        char *path = test_path(dir, name);
        FILE *f = fopen(path, "r+");
        assert_true(count > 0 && f);
        for (int i = 0; i < count; i++) {
            fseek(f, (long)gaps[i].start, SEEK_SET);
            for (uint64_t at = gaps[i].start; at < gaps[i].end; at++)
                fputc(0xa5, f);
        }
        fclose(f);
        free(gaps);
        free(path);
        x8_usedmap_free(&map);
    }
    assert_int_equal(sh("PATH=$PATH:/sbin:/usr/sbin; e2fsck -fn f >/dev/null 2>&1 && mkdir out && "
                        "debugfs -R 'rdump /linux out' f >/dev/null 2>&1 && diff -r d/linux "
                        "out/linux && mcopy -i v ::/one one && cmp one v1 && mcopy -i v ::/two two "
                        "&& cmp two v1"),
                     0);
}

static void what_is_not_understood_counts_as_used(void **state)
{
    static const struct {
        const char *spoil, *note;
    } rows[] = {
        {"printf '\\377' | dd of=f bs=1 seek=$((1024+96+3)) conv=notrunc", "features"},
        {"printf '\\4' | dd of=f bs=1 seek=$((1024+96)) conv=notrunc", "journal"},
        {"printf '\\0' | dd of=f bs=1 seek=$((1024+58)) conv=notrunc", "cleanly"},
        {"printf '\\377\\377' | dd of=f bs=1 seek=$((4096+12)) conv=notrunc", "bitmap"},
        {"printf '\\377\\377\\377\\377' | dd of=f bs=1 seek=$((4096)) conv=notrunc", "outside"},
        {"truncate -s 3000 f", "ends before"},
        {"printf '\\0\\0' | dd of=f bs=1 seek=$((1024+56)) conv=notrunc", "no file system"},
    };
    (void)state;
    if (!have("mke2fs"))
        skip();
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        char line[400];
        snprintf(line, sizeof(line),
                 "PATH=$PATH:/sbin:/usr/sbin; rm -f f; mke2fs -q -F -t ext4 -b 4096 f 64M && %s "
                 "2>/dev/null",
                 rows[i].spoil);
        assert_int_equal(sh(line), 0);
        struct x8_usedmap *map = map_of("f", 0);
        const struct x8_used_part *parts;
        assert_int_equal(x8_usedmap_parts(map, &parts), 1);
        if (!strstr(parts[0].note, rows[i].note))
            fail_msg("%s: '%s'", rows[i].note, parts[0].note);
        assert_true(x8_usedmap_used(map) == x8_usedmap_size(map));
        x8_usedmap_free(&map);
    }
}

/* Memory goes by what file systems claim, so there is an end to that. */
static void a_file_system_of_terabytes_is_not_looked_into(void **state)
{
    (void)state;
    if (!have("mkfs.vfat"))
        skip();
    /* 1.9 TiB in all, and a table of that size */
    assert_int_equal(
        sh("PATH=$PATH:/sbin:/usr/sbin; rm -f f; truncate -s 200M f && mkfs.vfat -F 32 -s "
           "64 -f 1 f >/dev/null 2>&1; printf '\\0\\0\\0\\360\\0\\0\\10\\0' | dd of=f bs=1 "
           "seek=32 conv=notrunc 2>/dev/null; truncate -s 1M f"),
        0);
    struct x8_usedmap *map = map_of("f", 0);
    const struct x8_used_part *parts;
    assert_int_equal(x8_usedmap_parts(map, &parts), 1);
    assert_string_equal(parts[0].note, "it is larger than what is read here");
    assert_true(x8_usedmap_used(map) == 1u << 20);
    x8_usedmap_free(&map);
}

static void partitions_are_read_each_for_itself(void **state)
{
    (void)state;
    if (!have("mke2fs mkfs.vfat sfdisk"))
        skip();
    assert_int_equal(
        sh("PATH=$PATH:/sbin:/usr/sbin; rm -f f; truncate -s 120M f && printf '4M,40M,c\\n"
           "48M,64M,L\\n' | sfdisk -q f && truncate -s 40M a && mkfs.vfat a >/dev/null && mke2fs "
           "-q "
           "-F -t ext4 b 64M && dd if=a of=f bs=1M seek=4 conv=notrunc status=none && dd if=b of=f "
           "bs=1M seek=48 conv=notrunc status=none"),
        0);
    struct x8_usedmap *map = map_of("f", 120u << 20);
    const struct x8_used_part *parts;
    assert_int_equal(x8_usedmap_parts(map, &parts), 2);
    assert_string_equal(parts[0].kind, "fat16");
    assert_string_equal(parts[1].kind, "ext4");
    assert_true(parts[0].used < parts[0].len / 10 && parts[1].used < parts[1].len / 2);
    /* 4 MiB before, 4 between, 8 behind: nobody says that they are free */
    assert_true(x8_usedmap_used(map) == parts[0].used + parts[1].used + (16u << 20));
    x8_usedmap_free(&map);
}

static void a_block_map_is_written_as_it_is_read(void **state)
{
    struct x8_error err = {0};
    struct x8_op op = {.deadline = X8_NO_DEADLINE};
    X8_AUTO_READER reader = NULL;
    X8_AUTO_BUF text = {0};
    struct x8_bmapwrite *writer = NULL;
    struct x8_bmap bmap;
    const struct x8_range *ranges;
    (void)state;
    if (!have("mke2fs"))
        skip();
    assert_int_equal(
        sh("PATH=$PATH:/sbin:/usr/sbin; rm -f f; mke2fs -q -F -t ext4 -d /usr/include/linux f 64M; "
           "truncate -s +100 f"),
        0);
    struct x8_usedmap *map = map_of("f", 0);
    char *path = test_path(dir, "f");
    assert_int_equal(x8_file_reader(path, &reader, NULL, &err), 0);
    assert_int_equal(x8_bmapwrite_new(map, &writer, &err), 0);
    assert_true(x8_pump(&op, reader, x8_bmapwrite_sink(writer), &err) > 0);
    assert_int_equal(x8_bmapwrite_text(writer, &text, &err), 0);
    if (x8_bmap_parse(x8_buf_span(&text), &bmap, &err) < 0)
        fail_msg("%s %s", err.msg, err.why);
    assert_int_equal(bmap.count, x8_usedmap_ranges(map, &ranges));
    assert_true(bmap.image_size == x8_usedmap_size(map));
    for (size_t i = 0; i < bmap.count; i++)
        assert_true(bmap.ranges[i].start == ranges[i].start && bmap.ranges[i].has_sha256);
    x8_bmap_done(&bmap);
    x8_bmapwrite_free(&writer);
    x8_usedmap_free(&map);
    free(path);
}

/* One pass in pieces of `step` bytes: the text, or "" when the image has to pass again. */
static void live_text(const uint8_t *data, size_t len, size_t step, struct x8_buf *out)
{
    struct x8_error err = {0};
    struct x8_usedmap *map = NULL;
    struct x8_bmapwrite *writer = NULL;
    struct x8_sink *sink;

    assert_int_equal(x8_usedmap_new(0, &map, &err), 0);
    assert_int_equal(x8_bmapwrite_new_live(map, &writer, &err), 0);
    sink = x8_bmapwrite_sink(writer);
    for (size_t at = 0; at < len; at += step) {
        size_t part = len - at < step ? len - at : step;
        assert_int_equal(sink->ops->push(sink, data + at, part, &err), 0);
    }
    assert_int_equal(sink->ops->finish(sink, &err), 0);
    if (x8_bmapwrite_is_done(writer))
        assert_int_equal(x8_bmapwrite_text(writer, out, &err), 0);
    x8_bmapwrite_free(&writer);
    x8_usedmap_free(&map);
}

/* In two passes. */
static void slow_text(const uint8_t *data, size_t len, struct x8_buf *out)
{
    struct x8_error err = {0};
    struct x8_usedmap *map = map_of("f", 0);
    struct x8_bmapwrite *writer = NULL;
    struct x8_sink *sink;

    assert_int_equal(x8_bmapwrite_new(map, &writer, &err), 0);
    sink = x8_bmapwrite_sink(writer);
    assert_int_equal(sink->ops->push(sink, data, len, &err), 0);
    assert_int_equal(sink->ops->finish(sink, &err), 0);
    assert_true(x8_bmapwrite_is_done(writer));
    assert_int_equal(x8_bmapwrite_text(writer, out, &err), 0);
    x8_bmapwrite_free(&writer);
    x8_usedmap_free(&map);
}

static void one_pass_makes_the_same_block_map(void **state)
{
    static const char *const makers[] = {
        "mke2fs -q -F -t ext4 -d /usr/include/linux f 64M; truncate -s +100 f",
        "mke2fs -q -F -t ext2 -b 1024 -d /usr/include/linux f 48M",
        "mke2fs -q -F -t ext4 -O ^flex_bg -g 2048 -b 1024 -d /usr/include/linux f 48M",
        "truncate -s 40M f; mkfs.vfat f >/dev/null",
        "head -c 3000000 /dev/urandom >f",
        "head -c 5000 /dev/urandom >f",
    };
    static const size_t steps[] = {1000003, 65536, 4096, 777};

    (void)state;
    if (!have("mke2fs mkfs.vfat"))
        skip();
    for (size_t i = 0; i < X8_COUNT(makers); i++) {
        X8_AUTO_BUF data = {0}, want = {0};
        struct x8_error err = {0};
        char line[300], *path = test_path(dir, "f");

        snprintf(line, sizeof line, "PATH=$PATH:/sbin:/usr/sbin; rm -f f; %s", makers[i]);
        assert_int_equal(sh(line), 0);
        assert_int_equal(x8_file_load(path, 100u << 20, &data, &err), 0);
        slow_text(data.data, data.len, &want);
        for (size_t k = 0; k < X8_COUNT(steps); k++) {
            X8_AUTO_BUF got = {0};
            live_text(data.data, data.len, steps[k], &got);
            assert_string_equal(x8_buf_text(&got), x8_buf_text(&want));
        }
        free(path);
    }
}

/* The last group's bitmap does not fit: what was taken for free before is not. */
static void what_turned_out_otherwise_passes_again(void **state)
{
    X8_AUTO_BUF data = {0}, want = {0}, got = {0};
    struct x8_error err = {0};
    char *path = test_path(dir, "f");

    (void)state;
    if (!have("mke2fs dumpe2fs"))
        skip();
    assert_int_equal(sh("PATH=$PATH:/sbin:/usr/sbin; rm -f f; mke2fs -q -F -t ext2 -b 1024 -O "
                        "^flex_bg -d /usr/include/linux f 48M && at=$(dumpe2fs f 2>/dev/null | sed "
                        "-n 's/^ *Block bitmap at \\([0-9]*\\).*/\\1/p' | tail -1) && printf "
                        "'\\177' | dd of=f bs=1 seek=$((at * 1024 + 20)) conv=notrunc status=none"),
                     0);
    assert_int_equal(x8_file_load(path, 100u << 20, &data, &err), 0);
    live_text(data.data, data.len, 65536, &got);
    assert_string_equal(x8_buf_text(&got), "");
    slow_text(data.data, data.len, &want);
    assert_non_null(strstr(x8_buf_text(&want), "<Range"));
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ext_file_system_is_read_as_its_own_tools_do),
        cmocka_unit_test(what_is_left_out_changes_nothing),
        cmocka_unit_test(what_is_not_understood_counts_as_used),
        cmocka_unit_test(a_file_system_of_terabytes_is_not_looked_into),
        cmocka_unit_test(partitions_are_read_each_for_itself),
        cmocka_unit_test(a_block_map_is_written_as_it_is_read),
        cmocka_unit_test(one_pass_makes_the_same_block_map),
        cmocka_unit_test(what_turned_out_otherwise_passes_again),
    };
    dir = test_dir_new();
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    test_dir_free(dir);
    return rc;
}
