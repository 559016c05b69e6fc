/* Image sets: the same parts from an archive, a folder or a script; and archives that lie. */
#include "packed.h"

#include <sys/stat.h>

#include "image/imageset.h"

/* A release in the scratch folder: 934/ with its parts, wic packed, mfgtool-files packed. */
static const char make_release[] =
    "rm -rf *; mkdir -p 934 m/mfgtool-files-portenta-x8; "
    "printf '\\321\\000\\040\\101 spl' > 934/imx-boot-portenta-x8; "
    "printf '\\320\\015\\376\\355 fit' > 934/u-boot-portenta-x8.itb; "
    "printf '\\0\\0\\0\\0\\0\\0\\0\\0\\063\\042\\021\\000' > 934/sit-portenta-x8.bin; "
    "head -c 300000 /dev/urandom > wic; head -c 400000 /dev/zero >> wic; "
    "gzip -c wic > 934/lmp-factory-image-portenta-x8.wic.gz; "
    "cd m/mfgtool-files-portenta-x8; "
    "printf 'uuu_version 1.2.39\\n' > full_image.uuu; echo uuu_version 1 > bootloader.uuu; "
    "printf '\\321\\000\\040\\101 mfg' > imx-boot-mfgtool; "
    "printf '\\320\\015\\376\\355 mfg' > u-boot-mfgtool.itb; "
    "head -c 100000 /dev/urandom > fitImage-portenta-x8-mfgtool; "
    "cd ..; tar czf ../934/mfgtool-files-portenta-x8.tar.gz mfgtool-files-portenta-x8; cd ..";

#define NESTED "934/mfgtool-files-portenta-x8/"

static int open_set(const struct scratch *scratch, const char *name, struct x8_imageset **out,
                    struct x8_error *err)
{
    char path[256];
    scratch_path(scratch, name, path);
    *out = NULL;
    return x8_imageset_open(NULL, path, out, err);
}

static struct x8_imageset *must_open(const struct scratch *scratch, const char *name)
{
    struct x8_imageset *set = NULL;
    struct x8_error err = {0};
    int rc = open_set(scratch, name, &set, &err);
    if (rc < 0)
        print_error("%s: %s (%s)\n", name, err.msg, err.why);
    assert_int_equal(rc, 0);
    return set;
}

static void expect_file(const struct scratch *scratch, const struct x8_imageset *set,
                        const struct x8_entry *entry, const char *original, int content)
{
    X8_AUTO_BUF expected = {0};
    X8_AUTO_BUF got = {0};
    X8_AUTO_READER reader = NULL;
    struct x8_error err = {0};
    assert_non_null(entry);
    scratch_load(scratch, original, &expected);
    int rc = content ? x8_imageset_open_content(set, entry, &reader, &err)
                     : x8_imageset_open_raw(set, entry, &reader, &err);
    if (rc >= 0)
        rc = x8_read_all(reader, 1u << 30, &got, &err);
    assert_string_equal(err.msg, "");
    assert_int_equal(rc, 0);
    assert_int_equal(got.len, expected.len);
    assert_memory_equal(got.data, expected.data, expected.len);
}

static const struct x8_entry *must_have(const struct x8_imageset *set, enum x8_role role)
{
    const struct x8_entry *entry = NULL;
    struct x8_error err = {0};
    int rc = x8_imageset_by_role(set, role, &entry, &err);
    if (rc < 0)
        print_error("role %d: %s (%s)\n", role, err.msg, err.why);
    assert_int_equal(rc, 0);
    return entry;
}

static void expect_parts(const struct scratch *scratch, const struct x8_imageset *set)
{
    static const struct {
        enum x8_role role;
        const char *path, *original;
    } parts[] = {
        {X8_ROLE_SPL, "934/imx-boot-portenta-x8", NULL},
        {X8_ROLE_FIT, "934/u-boot-portenta-x8.itb", NULL},
        {X8_ROLE_SIT, "934/sit-portenta-x8.bin", NULL},
        {X8_ROLE_OS, "934/lmp-factory-image-portenta-x8.wic.gz", NULL},
        {X8_ROLE_SCRIPT, NESTED "full_image.uuu", "m/mfgtool-files-portenta-x8/full_image.uuu"},
        {X8_ROLE_MFG_SPL, NESTED "imx-boot-mfgtool",
         "m/mfgtool-files-portenta-x8/imx-boot-mfgtool"},
        {X8_ROLE_MFG_FIT, NESTED "u-boot-mfgtool.itb",
         "m/mfgtool-files-portenta-x8/u-boot-mfgtool.itb"},
    };
    for (size_t i = 0; i < X8_COUNT(parts); i++) {
        const struct x8_entry *entry = must_have(set, parts[i].role);
        assert_string_equal(entry->path, parts[i].path);
        expect_file(scratch, set, entry, parts[i].original ? parts[i].original : parts[i].path, 0);
    }
    const struct x8_entry *os = x8_imageset_find(set, "934/mfgtool-files-portenta-x8",
                                                 "../lmp-factory-image-portenta-x8.wic.gz");
    expect_file(scratch, set, os, "wic", 1);
    int exact = 1;
    assert_int_equal(x8_imageset_content_size(set, os, &exact), 700000);
    assert_false(exact);
    const struct x8_entry *fit =
        x8_imageset_find(set, "934/mfgtool-files-portenta-x8", "fitImage-portenta-x8-mfgtool");
    expect_file(scratch, set, fit, "m/mfgtool-files-portenta-x8/fitImage-portenta-x8-mfgtool", 1);
    assert_int_equal(x8_imageset_content_size(set, fit, &exact), 100000);
    assert_true(exact);
    const char *before = "";
    for (size_t i = 0; x8_imageset_entry(set, i); i++) {
        assert_true(strcmp(before, x8_imageset_entry(set, i)->path) < 0);
        before = x8_imageset_entry(set, i)->path;
    }
}

static void the_parts_are_found_in_every_archive(void **state)
{
    static const struct {
        const char *tool, *command, *name;
        int stream;
    } rows[] = {
        {"tar", "tar czf a.tar.gz 934", "a.tar.gz", 1},
        {"tar", "tar cf a.tar 934", "a.tar", 0},
        {"tar", "tar cf a.tar ./934", "a.tar", 0},
        {"tar", "tar --format=ustar -cf a.tar 934", "a.tar", 0},
        {"tar", "tar --format=v7 -cf a.tar 934", "a.tar", 0},
        {"tar", "tar --format=pax -cf a.tar 934", "a.tar", 0},
        {"tar", "tar --sparse -cf a.tar 934", "a.tar", 0},
        {"bzip2", "tar cjf a.tar 934", "a.tar", 1},
        {"xz", "tar cJf odd.name 934", "odd.name", 1},
        {"zstd", "tar --zstd -cf a.tar.zst 934", "a.tar.zst", 1},
        {"pigz", "tar cf - 934 | pigz > a.tgz", "a.tgz", 1},
        /* awkward orders: the image first, the scripts last, and the reverse */
        {"tar", "tar czf a.tgz 934/lmp* 934/sit* 934/u* 934/imx* 934/mfg*", "a.tgz", 1},
        {"tar", "tar czf a.tgz 934/mfg* 934/imx* 934/u* 934/sit* 934/lmp*", "a.tgz", 1},
        {"python3", "python3 -c \"import shutil; shutil.make_archive('z', 'zip', '.', '934')\"",
         "z.zip", 1},
        {"zip", "zip -qr z.zip 934", "z.zip", 1},
        {"cp", "mkdir a.d; cp -r 934 a.d/", "a.d", 0},
    };
    scratch_must(*state, "tar", make_release);
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        char probe[64];
        snprintf(probe, sizeof(probe), "command -v %s >/dev/null", rows[i].tool);
        if (scratch_run(*state, probe) < 0)
            continue;
        scratch_must(*state, rows[i].tool, rows[i].command);
        struct x8_imageset *set = must_open(*state, rows[i].name);
        expect_parts(*state, set);
        assert_int_equal(x8_imageset_is_stream(set), rows[i].stream);
        x8_imageset_free(&set);
        assert_null(set);
        scratch_must(*state, "rm", "rm -rf a.* z.zip odd.name");
    }
}

static void a_folder_with_unpacked_parts_is_the_same_set(void **state)
{
    scratch_must(*state, "tar", make_release);
    scratch_must(*state, "tar",
                 "cd 934 && tar xzf mfg*.tar.gz && echo changed >> "
                 "mfgtool-files-portenta-x8/full_image.uuu");
    struct x8_imageset *set = must_open(*state, "934");
    /* What was unpacked counts, not what lies packed beside it. */
    const struct x8_entry *script = must_have(set, X8_ROLE_SCRIPT);
    assert_string_equal(script->path, "mfgtool-files-portenta-x8/full_image.uuu");
    expect_file(*state, set, script, "934/mfgtool-files-portenta-x8/full_image.uuu", 1);
    x8_imageset_free(&set);
}

static void a_script_sees_its_folder_and_the_one_above(void **state)
{
    scratch_must(*state, "tar", make_release);
    scratch_must(*state, "tar",
                 "cd 934 && tar xzf mfg*.tar.gz && rm mfg*.gz && mkdir -p deep/er "
                 "&& echo hi > deep/er/file");
    struct x8_imageset *set = must_open(*state, "934/mfgtool-files-portenta-x8/bootloader.uuu");
    const struct x8_entry *script = x8_imageset_script(set);
    assert_non_null(script);
    assert_string_equal(script->path, "mfgtool-files-portenta-x8/bootloader.uuu");
    assert_ptr_equal(must_have(set, X8_ROLE_SCRIPT), script);
    const char *dir = "mfgtool-files-portenta-x8";
    const struct x8_entry *os =
        x8_imageset_find(set, dir, "..\\lmp-factory-image-portenta-x8.wic.gz");
    expect_file(*state, set, os, "wic", 1);
    expect_file(*state, set, x8_imageset_find(set, dir, "imx-boot-mfgtool"),
                "934/mfgtool-files-portenta-x8/imx-boot-mfgtool", 1);
    /* Deeper than what was listed: found when asked for, and the same entry each time. */
    const struct x8_entry *deep = x8_imageset_find(set, dir, "../deep/er/file");
    expect_file(*state, set, deep, "934/deep/er/file", 1);
    assert_ptr_equal(x8_imageset_find(set, "", "deep/er/file"), deep);
    assert_null(x8_imageset_find(set, dir, "../missing"));
    assert_null(x8_imageset_find(set, dir, "../../wic"));
    assert_null(x8_imageset_find(set, dir, "/etc/passwd"));
    char outside[256];
    scratch_path(*state, "wic", outside);
    const struct x8_entry *added = NULL;
    assert_int_equal(x8_imageset_add_file(set, outside, &added, NULL), 0);
    expect_file(*state, set, added, "wic", 1);
    assert_int_equal(x8_imageset_add_file(set, "/dev/null", &added, NULL), -X8_E_NO_FILE);
    x8_imageset_free(&set);
}

static void a_build_folder_resolves_to_its_links(void **state)
{
    scratch_must(*state, "gzip",
                 "rm -rf *; mkdir d; cd d; n=lmp-base-console-image-portenta-x8; "
                 "for day in 20240501 20240601; do echo $day | gzip > $n-$day.rootfs.wic.gz; "
                 "echo $day > $n-$day.rootfs.wic; echo x > $n-$day.rootfs.wic.bmap; done; "
                 "ln -s $n-20240601.rootfs.wic.gz $n.wic.gz; ln -s $n-20240601.rootfs.wic $n.wic; "
                 "printf '\\321\\000\\040\\101' > imx-boot-portenta-x8-sd.bin-flash_evk; "
                 "ln -s imx-boot-portenta-x8-sd.bin-flash_evk imx-boot-portenta-x8; "
                 "printf '\\321\\000\\040\\101!' > imx-boot-portenta-x8.signed; "
                 "printf '\\320\\015\\376\\355' > u-boot-portenta-x8-2022.04.itb; "
                 "ln -s u-boot-portenta-x8-2022.04.itb u-boot-portenta-x8.itb; "
                 "printf '\\320\\015\\376\\355' > u-boot-mfgtool.itb; "
                 "mkdir -p ostree_repo/objects; echo > ostree_repo/objects/x.wic; "
                 "mkfifo pipe.wic; echo hi > rootfs.tar.gz; echo ramdisk > initrd.img");
    struct x8_imageset *set = must_open(*state, "d");
    assert_string_equal(must_have(set, X8_ROLE_OS)->path,
                        "lmp-base-console-image-portenta-x8.wic.gz");
    assert_string_equal(must_have(set, X8_ROLE_SPL)->path, "imx-boot-portenta-x8");
    assert_string_equal(must_have(set, X8_ROLE_FIT)->path, "u-boot-portenta-x8.itb");
    assert_string_equal(must_have(set, X8_ROLE_MFG_FIT)->path, "u-boot-mfgtool.itb");
    x8_imageset_free(&set);
}

static void several_images_are_listed(void **state)
{
    scratch_must(*state, "true", "rm -rf *; mkdir d; echo 1 > d/one.wic; echo 2 > d/two.wic");
    struct x8_imageset *set = must_open(*state, "d");
    struct x8_error err = {0};
    const struct x8_entry *entry = NULL;
    assert_int_equal(x8_imageset_by_role(set, X8_ROLE_OS, &entry, &err), -X8_E_BAD_IMAGE);
    assert_non_null(strstr(err.why, "one.wic, two.wic"));
    assert_int_equal(x8_imageset_by_role(set, X8_ROLE_SIT, &entry, &err), -X8_E_NO_FILE);
    assert_null(entry);
    x8_imageset_free(&set);
}

static void a_name_without_its_content_is_said(void **state)
{
    scratch_must(*state, "true", "rm -rf *; mkdir d; echo junk > d/imx-boot-portenta-x8");
    struct x8_imageset *set = must_open(*state, "d");
    struct x8_error err = {0};
    const struct x8_entry *entry = NULL;
    assert_int_equal(x8_imageset_by_role(set, X8_ROLE_SPL, &entry, &err), -X8_E_NO_FILE);
    assert_non_null(strstr(err.why, "imx-boot-portenta-x8 has the name"));
    x8_imageset_free(&set);
}

static void one_image_is_a_set_with_its_block_map(void **state)
{
    scratch_must(*state, "gzip",
                 "rm -rf *; echo hello | gzip > my.wic.gz; echo '<bmap>' > my.wic.bmap; "
                 "echo '<bmap>' > my.wic.gz.bmap; echo other > other.wic");
    struct x8_imageset *set = must_open(*state, "my.wic.gz");
    assert_string_equal(must_have(set, X8_ROLE_OS)->path, "my.wic.gz");
    assert_non_null(x8_imageset_find(set, "", "my.wic.bmap"));
    X8_AUTO_BUF out = {0};
    assert_int_equal(x8_imageset_load(set, must_have(set, X8_ROLE_OS), 6, &out, NULL), 0);
    assert_string_equal(x8_buf_text(&out), "hello\n");
    struct x8_error err = {0};
    out.len = 0;
    assert_int_equal(x8_imageset_load(set, must_have(set, X8_ROLE_OS), 5, &out, &err),
                     -X8_E_BAD_IMAGE);
    assert_non_null(strstr(err.msg, "my.wic.gz: larger"));
    x8_imageset_free(&set);
}

static void a_packed_name_needs_a_packed_content(void **state)
{
    scratch_must(*state, "true", "rm -rf *; mkdir d; echo plain > d/my.wic.gz");
    struct x8_imageset *set = must_open(*state, "d");
    struct x8_error err = {0};
    struct x8_reader *reader = NULL;
    assert_int_equal(x8_imageset_open_content(set, must_have(set, X8_ROLE_OS), &reader, &err),
                     -X8_E_BAD_IMAGE);
    assert_non_null(strstr(err.next, "rename it to 'my.wic'"));
    x8_imageset_free(&set);
}

static void contents_sizes_come_from_headers_and_trailers(void **state)
{
    scratch_must(*state, "gzip",
                 "rm -rf *; mkdir d; head -c 5000000 /dev/urandom > r; gzip -1 < r > d/g.wic.gz; "
                 "bzip2 -1 < r > d/b.wic.bz2; xz -0 --block-size=100000 < r > d/x.wic.xz; "
                 "zstd -q -1 r -o d/z.wic.zst; cp r d/r.wic; : > d/empty.wic; tar cf t.tar d; "
                 "tar cf - d | gzip -1 > t.tgz");
    static const char *const sources[] = {"d", "t.tar", "t.tgz"};
    for (size_t i = 0; i < X8_COUNT(sources); i++) {
        struct x8_imageset *set = must_open(*state, sources[i]);
        const char *dir = i ? "d" : "";
        int exact;
        const struct x8_entry *gz = x8_imageset_find(set, dir, "g.wic.gz");
        assert_int_equal(x8_imageset_content_size(set, gz, &exact), 5000000);
        const struct x8_entry *xz = x8_imageset_find(set, dir, "x.wic.xz");
        uint64_t size = x8_imageset_content_size(set, xz, &exact);
        assert_true(size == 5000000 || (i == 2 && size == UINT64_MAX));
        const struct x8_entry *zst = x8_imageset_find(set, dir, "z.wic.zst");
        assert_int_equal(x8_imageset_content_size(set, zst, &exact), 5000000);
        assert_false(exact);
        const struct x8_entry *raw = x8_imageset_find(set, dir, "r.wic");
        assert_int_equal(x8_imageset_content_size(set, raw, &exact), 5000000);
        assert_true(exact);
        const struct x8_entry *bz = x8_imageset_find(set, dir, "b.wic.bz2");
        assert_true(x8_imageset_content_size(set, bz, &exact) == UINT64_MAX);
        const struct x8_entry *empty = x8_imageset_find(set, dir, "empty.wic");
        assert_int_equal(x8_imageset_content_size(set, empty, &exact), 0);
        x8_imageset_free(&set);
    }
}

/* --- damage */

static void a_cut_archive_is_truncated_wherever_it_is_cut(void **state)
{
    static const char *const commands[] = {"tar czf a 934", "tar cf a 934", "tar cjf a 934",
                                           "tar cJf a 934"};
    scratch_must(*state, "tar", make_release);
    scratch_must(*state, "true", "head -c 3000 wic | gzip > 934/lmp*.wic.gz");
    for (size_t i = 0; i < X8_COUNT(commands); i++) {
        X8_AUTO_BUF whole = {0};
        scratch_must(*state, "tar", commands[i]);
        scratch_load(*state, "a", &whole);
        size_t end = whole.len;
        /* A tar archive ends with its mark of two blocks; the padding behind may go. */
        while (i == 1 && whole.data[end - 1] == 0)
            end--;
        for (size_t cut = 1; cut < end; cut += end / 97 + 1) {
            struct x8_imageset *set = NULL;
            struct x8_error err = {0};
            scratch_write(*state, "cut", whole.data, cut);
            int rc = open_set(*state, "cut", &set, &err);
            if (rc == 0)
                print_error("%s: cut at %zu of %zu was not seen\n", commands[i], cut, whole.len);
            assert_int_equal(rc, -X8_E_BAD_IMAGE);
            assert_non_null(strstr(err.msg, "cut: "));
            assert_null(set);
        }
    }
}

static void a_tar_archive_cut_between_two_members_lacks_its_end_mark(void **state)
{
    scratch_must(*state, "tar",
                 "rm -rf *; mkdir d; echo 1 > d/a; echo 2 > d/b; tar cf t d/a d/b; "
                 "head -c 1024 t > cut");
    struct x8_imageset *set = NULL;
    struct x8_error err = {0};
    assert_int_equal(open_set(*state, "cut", &set, &err), -X8_E_BAD_IMAGE);
    assert_string_equal(err.msg, "cut: truncated tar archive");
    assert_non_null(strstr(err.why, "end mark"));
}

static void damage_in_the_nested_archive_names_both(void **state)
{
    scratch_must(*state, "tar", make_release);
    scratch_must(*state, "tar",
                 "cd 934; head -c 3000 mfg*.gz > x; mv x mfgtool-files-portenta-x8.tar.gz; "
                 "cd ..; tar czf 934.tar.gz 934");
    struct x8_imageset *set = NULL;
    struct x8_error err = {0};
    assert_int_equal(open_set(*state, "934.tar.gz", &set, &err), -X8_E_BAD_IMAGE);
    assert_string_equal(err.msg, "934.tar.gz: mfgtool-files-portenta-x8.tar.gz: truncated gzip");
    assert_int_equal(open_set(*state, "934", &set, &err), -X8_E_BAD_IMAGE);
    assert_string_equal(err.msg, "mfgtool-files-portenta-x8.tar.gz: truncated gzip");
}

static void damage_of_the_outer_archive_is_not_blamed_on_the_nested_one(void **state)
{
    scratch_must(*state, "tar", make_release);
    scratch_must(*state, "tar", "tar czf 934.tar.gz 934/mfg*; head -c 60000 934.tar.gz > c.tgz");
    struct x8_imageset *set = NULL;
    struct x8_error err = {0};
    assert_int_equal(open_set(*state, "c.tgz", &set, &err), -X8_E_BAD_IMAGE);
    assert_string_equal(err.msg, "c.tgz: truncated gzip");
}

static void damage_of_a_member_is_found_when_it_is_read(void **state)
{
    scratch_must(*state, "tar", make_release);
    scratch_must(*state, "tar",
                 "cd 934; head -c 200000 lmp*.gz > x; mv x lmp-factory-image-portenta-x8.wic.gz; "
                 "cd ..; tar czf 934.tar.gz 934");
    struct x8_imageset *set = must_open(*state, "934.tar.gz");
    X8_AUTO_READER reader = NULL;
    X8_AUTO_BUF out = {0};
    struct x8_error err = {0};
    const struct x8_entry *os = must_have(set, X8_ROLE_OS);
    assert_int_equal(x8_imageset_open_content(set, os, &reader, &err), 0);
    assert_int_equal(x8_read_all(reader, 1u << 30, &out, &err), -X8_E_BAD_IMAGE);
    assert_string_equal(err.msg,
                        "934.tar.gz: lmp-factory-image-portenta-x8.wic.gz: truncated gzip");
    x8_imageset_free(&set);
}

/* One 512-byte tar header; sizes in octal text. */
static void tar_header(uint8_t out[512], const char *name, char type, const char *size,
                       const char *link)
{
    unsigned sum = 0;
    memset(out, 0, 512);
    snprintf((char *)out, 100, "%s", name);
    memcpy(out + 100, "0000644", 7);
    memcpy(out + 108, "0000000", 7);
    memcpy(out + 116, "0000000", 7);
    snprintf((char *)out + 124, 12, "%s", size);
    if (!size[0]) { /* 400 GB, in the binary form for large sizes */
        out[124] = 0x80;
        x8_put_be32(out + 128, 400000000000u >> 32);
        x8_put_be32(out + 132, 400000000000u & 0xffffffffu);
    }
    memcpy(out + 136, "00000000000", 11);
    memset(out + 148, ' ', 8);
    out[156] = (uint8_t)type;
    snprintf((char *)out + 157, 100, "%s", link);
    memcpy(out + 257, "ustar\00000", 8);
    for (int i = 0; i < 512; i++)
        sum += out[i];
    snprintf((char *)out + 148, 8, "%06o", sum);
}

static void an_archive_that_lies_is_refused(void **state)
{
    static const struct {
        const char *name, *size, *link;
        char type;
        const char *said;
    } rows[] = {
        {"../escape", "00000000000", "", '0', "'..'"},
        {"a/../../escape", "00000000000", "", '0', "'..'"},
        {"a/..", "00000000000", "", '5', "'..'"},
        {"/etc/x.wic", "00000000000", "", '0', "absolute"},
        {"dev", "00000000000", "", '3', "device"},
        {"dev", "00000000000", "", '4', "device"},
        {"fifo", "00000000000", "", '6', "special"},
        {"my.wic", "00000000000", "/etc/passwd", '2', "link out"},
        {"a/my.wic", "00000000000", "../../x", '2', "link out"},
        {"my.wic", "00000000000", "../x", '1', "'..'"},
        {"my.wic", "00000000000", "/etc/passwd", '1', "absolute"},
        {"big.wic", "07777777777", "", '0', "truncated"}, /* 1 GiB */
        {"big.uuu", "00100000000", "", '0', "truncated"}, /* 16 MiB, would be kept */
        {"big.wic", "", "", '0', "no board can hold"},    /* 400 GB */
        {"bad\033[2Jname", "00000000000", "", '3', "bad?[2Jname"},
    };
    scratch_must(*state, "true", "rm -rf *");
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        uint8_t tar[512 * 4] = {0};
        struct x8_imageset *set = NULL;
        struct x8_error err = {0};
        tar_header(tar, rows[i].name, rows[i].type, rows[i].size, rows[i].link);
        scratch_write(*state, "evil.tar", tar, sizeof(tar));
        int rc = open_set(*state, "evil.tar", &set, &err);
        if (rc >= 0 || !strstr(err.msg, rows[i].said))
            print_error("row %zu: %d %s\n", i, rc, err.msg);
        assert_int_equal(rc, -X8_E_BAD_IMAGE);
        assert_non_null(strstr(err.msg, rows[i].said));
        assert_non_null(strstr(err.msg, "evil.tar: "));
        assert_true(err.next[0]);
    }
}

static void links_inside_the_archive_are_followed(void **state)
{
    scratch_must(*state, "tar",
                 "rm -rf *; mkdir -p d/sub; echo image > d/image-20240501.wic; "
                 "ln -s ../image-20240501.wic d/sub/image.wic; ln -s sub/image.wic d/again.wic; "
                 "ln d/image-20240501.wic d/zhard.wic; ln -s nowhere d/dangling.wic; "
                 "ln -s self.wic d/self.wic; "
                 "printf 'uuu_version 1\\n' > d/real.uuu; ln -s real.uuu d/link.uuu; "
                 "tar czf a.tgz d");
    struct x8_imageset *set = must_open(*state, "a.tgz");
    static const char *const names[] = {"sub/image.wic", "again.wic", "zhard.wic"};
    for (size_t i = 0; i < X8_COUNT(names); i++)
        expect_file(*state, set, x8_imageset_find(set, "d", names[i]), "d/image-20240501.wic", 1);
    assert_null(x8_imageset_find(set, "d", "dangling.wic"));
    assert_null(x8_imageset_find(set, "d", "self.wic"));
    expect_file(*state, set, x8_imageset_find(set, "d", "link.uuu"), "d/real.uuu", 1);
    x8_imageset_free(&set);
}

static void names_may_be_long_and_in_any_encoding(void **state)
{
    scratch_must(*state, "tar",
                 "rm -rf *; l=$(printf 'x%.0s' $(seq 200)); mkdir -p d/$l/$l; "
                 "echo image > d/$l/$l/$l.wic; echo a > \"d/$(printf 'k\\303\\274che')\"; "
                 "echo b > \"d/$(printf 'k\\374che')\"; tar --format=pax -czf p.tgz d; "
                 "tar --format=gnu -czf g.tgz d");
    static const char *const sources[] = {"p.tgz", "g.tgz"};
    for (size_t i = 0; i < X8_COUNT(sources); i++) {
        struct x8_imageset *set = must_open(*state, sources[i]);
        assert_int_equal(strlen(must_have(set, X8_ROLE_OS)->path), 2 + 201 + 201 + 204);
        assert_non_null(x8_imageset_find(set, "d", "k\303\274che"));
        assert_non_null(x8_imageset_find(set, "d", "k\374che"));
        x8_imageset_free(&set);
    }
}

static void equal_paths_are_settled_or_refused(void **state)
{
    scratch_must(*state, "tar",
                 "rm -rf *; mkdir d; echo old > d/readme; tar cf a.tar d/readme; "
                 "echo new > d/readme; tar rf a.tar d/readme; "
                 "echo old > d/x.wic; cp a.tar b.tar; tar rf b.tar d/x.wic; tar rf b.tar d/x.wic");
    struct x8_imageset *set = must_open(*state, "a.tar");
    expect_file(*state, set, x8_imageset_find(set, "d", "readme"), "d/readme", 0);
    x8_imageset_free(&set);
    struct x8_error err = {0};
    assert_int_equal(open_set(*state, "b.tar", &set, &err), -X8_E_BAD_IMAGE);
    assert_non_null(strstr(err.msg, "'d/x.wic' is there twice"));
}

static void what_is_no_source_is_said(void **state)
{
    scratch_must(*state, "true", "rm -rf *; echo text > file.txt; : > empty.tar.gz; mkfifo fifo");
    struct x8_imageset *set = NULL;
    struct x8_error err = {0};
    assert_int_equal(open_set(*state, "file.txt", &set, &err), -X8_E_BAD_IMAGE);
    assert_int_equal(open_set(*state, "empty.tar.gz", &set, &err), -X8_E_BAD_IMAGE);
    assert_int_equal(open_set(*state, "missing", &set, &err), -X8_E_NO_FILE);
    assert_int_equal(open_set(*state, "missing.uuu", &set, &err), -X8_E_NO_FILE);
    assert_int_equal(open_set(*state, "fifo", &set, &err), -X8_E_NO_FILE);
}

static void note_progress(void *ctx, const struct x8_event *event)
{
    uint64_t *last = ctx;
    assert_string_equal(event->stage, "check");
    assert_true(event->done > *last && event->done <= event->total);
    *last = event->done;
}

static void opening_reports_progress_and_can_be_stopped(void **state)
{
    scratch_must(*state, "tar",
                 "rm -rf *; head -c 20000000 /dev/urandom > r.wic; tar czf a.tgz r.wic");
    uint64_t last = 0;
    struct x8_cancel cancel;
    x8_cancel_init(&cancel);
    struct x8_op op = {
        .deadline = X8_NO_DEADLINE, .cancel = &cancel, .emit = note_progress, .emit_ctx = &last};
    char path[256];
    struct x8_imageset *set = NULL;
    scratch_path(*state, "a.tgz", path);
    assert_int_equal(x8_imageset_open(&op, path, &set, NULL), 0);
    assert_true(last >= 20000000);
    x8_imageset_free(&set);
    x8_cancel_raise(&cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    assert_int_equal(x8_imageset_open(&op, path, &set, NULL), -X8_E_STOPPED);
    x8_cancel_done(&cancel);
}

struct visit {
    const struct x8_imageset *set;
    int64_t sum;
    int rc;
};

static void *visit_all(void *ctx)
{
    struct visit *visit = ctx;
    static const char *const paths[] = {"934/deep/er/file", "934/imx-boot-portenta-x8",
                                        "934/lmp-factory-image-portenta-x8.wic.gz",
                                        NESTED "fitImage-portenta-x8-mfgtool"};
    for (size_t i = 0; i < 4 * X8_COUNT(paths); i++) {
        X8_AUTO_BUF out = {0};
        const struct x8_entry *entry = x8_imageset_find(visit->set, "", paths[i % X8_COUNT(paths)]);
        if (entry)
            visit->rc |= x8_imageset_load(visit->set, entry, 1u << 20, &out, NULL);
        visit->sum += (int64_t)out.len;
    }
    return NULL;
}

static void several_threads_may_read_one_set(void **state)
{
    static const char *const sources[] = {"a.tgz", "all"};
    scratch_must(*state, "tar", make_release);
    scratch_must(*state, "tar",
                 "tar czf a.tgz 934; mkdir -p 934/deep/er; echo hi > 934/deep/er/file; "
                 "mkdir all; mv 934 all/");
    for (size_t i = 0; i < X8_COUNT(sources); i++) {
        struct x8_imageset *set = must_open(*state, sources[i]);
        struct visit visits[4] = {{0}};
        pthread_t threads[4];
        for (size_t k = 0; k < 4; k++) {
            visits[k].set = set;
            assert_int_equal(pthread_create(&threads[k], NULL, visit_all, &visits[k]), 0);
        }
        for (size_t k = 0; k < 4; k++) {
            pthread_join(threads[k], NULL);
            assert_int_equal(visits[k].rc, 0);
            assert_int_equal(visits[k].sum, visits[0].sum);
        }
        assert_true(visits[0].sum > 4 * 800000);
        x8_imageset_free(&set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_are_found_in_every_archive),
        cmocka_unit_test(a_folder_with_unpacked_parts_is_the_same_set),
        cmocka_unit_test(a_script_sees_its_folder_and_the_one_above),
        cmocka_unit_test(a_build_folder_resolves_to_its_links),
        cmocka_unit_test(several_images_are_listed),
        cmocka_unit_test(a_name_without_its_content_is_said),
        cmocka_unit_test(one_image_is_a_set_with_its_block_map),
        cmocka_unit_test(a_packed_name_needs_a_packed_content),
        cmocka_unit_test(contents_sizes_come_from_headers_and_trailers),
        cmocka_unit_test(a_cut_archive_is_truncated_wherever_it_is_cut),
        cmocka_unit_test(a_tar_archive_cut_between_two_members_lacks_its_end_mark),
        cmocka_unit_test(damage_in_the_nested_archive_names_both),
        cmocka_unit_test(damage_of_the_outer_archive_is_not_blamed_on_the_nested_one),
        cmocka_unit_test(damage_of_a_member_is_found_when_it_is_read),
        cmocka_unit_test(an_archive_that_lies_is_refused),
        cmocka_unit_test(links_inside_the_archive_are_followed),
        cmocka_unit_test(names_may_be_long_and_in_any_encoding),
        cmocka_unit_test(equal_paths_are_settled_or_refused),
        cmocka_unit_test(what_is_no_source_is_said),
        cmocka_unit_test(opening_reports_progress_and_can_be_stopped),
        cmocka_unit_test(several_threads_may_read_one_set),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
