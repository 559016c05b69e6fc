/*
 * Objects of real repositories, and of nobody: what ostree wrote has the name it gave, and nothing
 * else has.
 */
#include "kit_repo.h"

#include "update/objects.h"
#include "update/objects_gvariant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

static struct kit_repo kit;

static int begin(void **state)
{
    (void)state;
    kit_repo_new(&kit);
    return 0;
}

static int end(void **state)
{
    (void)state;
    kit_repo_done(&kit);
    return 0;
}

static void need_ostree(void)
{
    if (!kit.commit[0])
        skip();
}

struct bytes {
    uint8_t *data;
    size_t len;
};

static struct bytes load(const char *below)
{
    struct bytes b;
    char *path = test_path(kit.dir, below);
    b.data = (uint8_t *)test_read(path, &b.len);
    free(path);
    return b;
}

static int digest(const void *data, size_t len, char hex[65], uint64_t *size)
{
    struct x8_reader *reader = NULL;
    struct x8_error err = {0};
    uint8_t sum[X8_SHA256_LEN] = {0};
    assert_int_equal(x8_mem_reader((struct x8_span){data, len}, &reader, &err), 0);
    int rc = x8_filez_digest(reader, sum, size, &err);
    x8_reader_close(&reader);
    x8_hex(hex, sum, sizeof sum);
    if (rc < 0)
        assert_true(rc == -X8_E_BAD_IMAGE && err.msg[0] && err.why[0] && err.next[0]);
    return rc;
}

/* The name an object has: "repo/objects/xx/yyy.filez" -> "xxyyy". */
static void name_of(const char *path, char hex[65])
{
    const char *at = strstr(path, "objects/");
    assert_non_null(at);
    snprintf(hex, 65, "%.2s%.62s", at + 8, at + 11);
}

static void each_line(char *text, void (*each)(const char *line))
{
    for (char *line = text, *nl; (nl = strchr(line, '\n')) != NULL; line = nl + 1) {
        *nl = '\0';
        each(line);
    }
    free(text);
}

static void file_has_its_name(const char *path)
{
    char want[65], got[65];
    uint64_t size = UINT64_MAX, said = UINT64_MAX;
    struct bytes b = load(path);
    name_of(path, want);
    if (digest(b.data, b.len, got, &size) < 0 || strcmp(got, want) != 0)
        fail_msg("%s is taken for %s", want, got);
    assert_int_equal(x8_filez_size((struct x8_span){b.data, b.len < 64 ? b.len : 64}, &said, NULL),
                     0);
    assert_int_equal(said, size);
    free(b.data);
}

static void every_file_of_a_real_repository_has_its_name(void **state)
{
    (void)state;
    need_ostree();
    each_line(kit_repo_out(&kit, "find repo -name '*.filez'"), file_has_its_name);
}

static void extended_attributes_are_part_of_the_name(void **state)
{
    (void)state;
    char value[3000];
    need_ostree();
    char *path = test_path(kit.dir, "attrs/f");
    assert_true(kit_repo_sh(&kit, "mkdir -p attrs && echo a >attrs/f"));
    memset(value, 'v', sizeof value);
    int rc = setxattr(path, "user.one", "1", 1, 0);
    /* With this the header passes 255 bytes. */
    rc = rc == 0 ? setxattr(path, "user.two", value, sizeof value, 0) : rc;
    free(path);
    if (rc != 0)
        skip(); /* a file system without them */
    assert_true(kit_repo_sh(&kit, "ostree commit --repo=repo -b attrs -s a attrs"));
    assert_true(kit_repo_sh(&kit, "ostree ls -X --repo=repo attrs /f | grep -q user.two"));
    each_line(kit_repo_out(&kit, "find repo -name '*.filez' -newer attrs/f"), file_has_its_name);
}

static int nothing(void *ctx, const struct x8_dirtree_item *item)
{
    assert_true(item->name.len > 0);
    ++*(size_t *)ctx;
    return 0;
}

static void metadata_is_understood(const char *path)
{
    struct x8_commit commit;
    struct x8_error err = {0};
    size_t count = 0;
    int rc = -1;
    struct bytes b = load(path);
    struct x8_span span = {b.data, b.len};
    if (strstr(path, ".commit"))
        rc = x8_commit_parse(span, &commit, &err);
    else if (strstr(path, ".dirtree"))
        rc = x8_dirtree_parse(span, nothing, &count, &err);
    else if (strstr(path, ".dirmeta"))
        rc = x8_dirmeta_check(span, &err);
    if (rc != 0)
        fail_msg("%s: %s: %s", path, err.msg, err.why);
    free(b.data);
}

static void all_metadata_of_a_real_repository_is_understood(void **state)
{
    (void)state;
    need_ostree();
    each_line(kit_repo_out(&kit, "find repo -name '*.commit' -o -name '*.dir*'"),
              metadata_is_understood);
}

static void a_commit_names_the_root_that_ostree_shows(void **state)
{
    (void)state;
    struct x8_commit commit;
    struct x8_error err = {0};
    char path[128], tree[65], meta[65], both[140];
    need_ostree();
    snprintf(path, sizeof path, "repo/objects/%.2s/%s.commit", kit.commit, kit.commit + 2);
    struct bytes b = load(path);
    assert_int_equal(x8_commit_parse((struct x8_span){b.data, b.len}, &commit, &err), 0);
    x8_hex(tree, commit.tree, sizeof commit.tree);
    x8_hex(meta, commit.meta, sizeof commit.meta);
    snprintf(both, sizeof both, "%s %s", tree, meta);
    char *shown = kit_repo_out(&kit, "ostree ls -C -d --repo=repo main /");
    if (!strstr(shown, both))
        fail_msg("ostree says: %s; not %s", shown, both);
    for (size_t cut = 0; cut < b.len; cut++) {
        uint8_t *part = malloc(cut + 1);
        memcpy(part, b.data, cut);
        assert_int_equal(x8_commit_parse((struct x8_span){part, cut}, &commit, &err),
                         -X8_E_BAD_IMAGE);
        free(part);
    }
    free(shown);
    free(b.data);
}

static void no_flipped_byte_keeps_the_name(void **state)
{
    (void)state;
    char want[65], got[65];
    uint64_t size;
    need_ostree();
    char *path = kit_repo_file(&kit, "/etc/x");
    struct bytes b = load(path);
    assert_int_equal(digest(b.data, b.len, want, &size), 0);
    /* The last byte has bits that fill it up and mean nothing. */
    for (size_t i = 0; i + 1 < b.len; i++)
        for (int bit = 0; bit < 8; bit++) {
            b.data[i] ^= (uint8_t)(1 << bit);
            if (digest(b.data, b.len, got, &size) == 0 && strcmp(got, want) == 0)
                fail_msg("byte %zu, bit %d makes no difference", i, bit);
            b.data[i] ^= (uint8_t)(1 << bit);
        }
    free(b.data);
    free(path);
}

static void no_part_and_no_longer_file_passes(void **state)
{
    (void)state;
    static const char *const names[] = {"/etc/x", "/etc/none", "/usr/l"};
    char got[65];
    uint64_t size;
    need_ostree();
    for (size_t n = 0; n < X8_COUNT(names); n++) {
        char *path = kit_repo_file(&kit, names[n]);
        struct bytes b = load(path);
        for (size_t cut = 0; cut < b.len; cut++)
            assert_int_equal(digest(b.data, cut, got, &size), -X8_E_BAD_IMAGE);
        for (size_t more = 1; more <= 20; more++) {
            uint8_t *longer = calloc(1, b.len + more);
            memcpy(longer, b.data, b.len);
            assert_int_equal(digest(longer, b.len + more, got, &size), -X8_E_BAD_IMAGE);
            free(longer);
        }
        free(b.data);
        free(path);
    }
}

/* A reader that counts what was taken. */
struct counting {
    struct x8_reader reader;
    struct x8_span left;
    size_t taken;
};

static ssize_t counting_read(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    struct counting *c = X8_CONTAINER(reader, struct counting, reader);
    size_t n = c->left.len < cap ? c->left.len : cap;
    n = n < 512 ? n : 512;
    (void)err;
    memcpy(out, c->left.data, n);
    c->left = (struct x8_span){c->left.data + n, c->left.len - n};
    c->taken += n;
    return (ssize_t)n;
}

static void more_content_than_the_header_says_ends_at_once(void **state)
{
    (void)state;
    static const struct x8_reader_ops ops = {counting_read, NULL};
    struct x8_error err = {0};
    uint8_t sum[X8_SHA256_LEN];
    uint64_t size;
    need_ostree();
    char *path = kit_repo_file(&kit, "/usr/bin/zeros");
    struct bytes b = load(path);
    struct counting c = {.reader = {&ops}, .left = {b.data, b.len}};
    memset(b.data + 8, 0, 7);
    b.data[15] = 10; /* instead of 3,000,000 */
    assert_int_equal(x8_filez_digest(&c.reader, sum, &size, &err), -X8_E_BAD_IMAGE);
    assert_non_null(strstr(err.why, "more content"));
    assert_true(c.taken <= 1024 && b.len > 2500);
    free(b.data);
    free(path);
}

/* --- dirtrees by hand */

struct maker {
    uint8_t data[1024];
    size_t len;
};

/* ("name", 32 bytes) or ("name", 32 bytes, 32 bytes) with one-byte offsets */
static void put_entry(struct maker *m, const char *name, size_t name_len, int is_folder)
{
    size_t sums = is_folder ? 64 : 32;
    memcpy(m->data + m->len, name, name_len);
    memset(m->data + m->len + name_len, 0xab, sums);
    m->len += name_len + sums;
    if (is_folder)
        m->data[m->len++] = (uint8_t)(name_len + 32);
    m->data[m->len++] = (uint8_t)name_len;
}

static int parse_one(const char *name, size_t name_len, int is_folder)
{
    struct maker m = {.len = 0};
    struct x8_error err = {0};
    size_t count = 0;
    put_entry(&m, name, name_len, is_folder);
    m.data[m.len] = (uint8_t)m.len; /* the array's only offset */
    m.len++;
    m.data[m.len] = is_folder ? 0 : (uint8_t)m.len; /* where the array of files ends */
    m.len++;
    int rc = x8_dirtree_parse((struct x8_span){m.data, m.len}, nothing, &count, &err);
    assert_int_equal(count, rc == 0);
    return rc;
}

static void names_that_lead_elsewhere_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t len; /* with the zero byte */
    } bad[] = {{"", 1},     {".", 2},     {"..", 3},          {"a/b", 4}, {"../x", 5}, {"/x", 3},
               {"a\0b", 4}, {"\xff", 2},  {"\xc3(", 3},       {"abc", 3}, /* no zero byte */
               {"", 0},     {"x\0\0", 3}, {"\xed\xa0\x80", 4}};
    for (int folder = 0; folder < 2; folder++) {
        assert_int_equal(parse_one("name", 5, folder), 0);
        assert_int_equal(parse_one("...", 4, folder), 0);
        assert_int_equal(parse_one(".x", 3, folder), 0);
        assert_int_equal(parse_one("\xc3\xbc", 3, folder), 0);
        for (size_t i = 0; i < X8_COUNT(bad); i++)
            if (parse_one(bad[i].name, bad[i].len, folder) != -X8_E_BAD_IMAGE)
                fail_msg("name %zu is taken", i);
    }
}

static void no_part_of_a_dirtree_is_one(void **state)
{
    (void)state;
    need_ostree();
    char *path = kit_repo_object(&kit, "dirtree");
    struct bytes b = load(path);
    struct x8_error err;
    size_t count = 0;
    for (size_t cut = 0; cut < b.len; cut++) {
        uint8_t *part = malloc(cut + 1); /* so that a read too far is seen */
        memcpy(part, b.data, cut);
        (void)x8_dirtree_parse((struct x8_span){part, cut}, nothing, &count, &err);
        free(part);
    }
    assert_int_equal(x8_dirtree_parse((struct x8_span){b.data, 0}, nothing, &count, &err),
                     -X8_E_BAD_IMAGE);
    free(b.data);
    free(path);
}

static void a_dirmeta_is_of_a_folder(void **state)
{
    (void)state;
    uint8_t meta[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x41, 0xed};
    assert_int_equal(x8_dirmeta_check((struct x8_span){meta, 12}, NULL), 0);
    assert_int_equal(x8_dirmeta_check((struct x8_span){meta, 11}, NULL), -X8_E_BAD_IMAGE);
    meta[10] = 0x81; /* a file */
    assert_int_equal(x8_dirmeta_check((struct x8_span){meta, 12}, NULL), -X8_E_BAD_IMAGE);
}

static void offsets_grow_with_what_they_frame(void **state)
{
    (void)state;
    assert_int_equal(gv_width(254, 1), 1);
    assert_int_equal(gv_width(255, 1), 2);
    assert_int_equal(gv_width(249, 6), 1);
    assert_int_equal(gv_width(250, 6), 2);
    assert_int_equal(gv_width(65533, 1), 2);
    assert_int_equal(gv_width(65534, 1), 4);
    assert_int_equal(gv_width(UINT32_MAX - 4u, 1), 4);
    assert_int_equal(gv_width(UINT32_MAX - 3u, 1), 8);
}

static void paths_of_objects_and_nothing_else(void **state)
{
    (void)state;
    static const char *const ext[] = {"commit", "dirtree", "dirmeta", "filez", "file"};
    static const char *const bad[] = {
        "",
        "00/1.filez",
        "01/",
        "0a/bcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789.filez",
        "00/abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567.fil",
        "00/abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567.",
        "00/abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567",
        "00/Abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567.file",
        "00-abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567.file",
        "00/abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567.file-xattrs"};
    uint8_t sum[X8_SHA256_LEN], back[X8_SHA256_LEN];
    char path[X8_OBJECT_PATH];
    for (size_t i = 0; i < sizeof sum; i++)
        sum[i] = (uint8_t)(i * 37);
    for (size_t i = 0; i < X8_COUNT(ext); i++) {
        enum x8_object_type type = i < 4 ? (enum x8_object_type)i : X8_OBJECT_FILE, got;
        x8_object_path(sum, type, i == 4, path);
        assert_string_equal(strrchr(path, '.') + 1, ext[i]);
        assert_int_equal(x8_object_parse_path(path, strlen(path), back, &got), 0);
        assert_int_equal(got, type);
        assert_memory_equal(back, sum, sizeof sum);
    }
    for (size_t i = 0; i < X8_COUNT(bad); i++) {
        enum x8_object_type got;
        if (x8_object_parse_path(bad[i], strlen(bad[i]), back, &got) == 0)
            fail_msg("'%s' is taken", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_of_a_real_repository_has_its_name),
        cmocka_unit_test(extended_attributes_are_part_of_the_name),
        cmocka_unit_test(all_metadata_of_a_real_repository_is_understood),
        cmocka_unit_test(a_commit_names_the_root_that_ostree_shows),
        cmocka_unit_test(no_flipped_byte_keeps_the_name),
        cmocka_unit_test(no_part_and_no_longer_file_passes),
        cmocka_unit_test(more_content_than_the_header_says_ends_at_once),
        cmocka_unit_test(names_that_lead_elsewhere_are_refused),
        cmocka_unit_test(no_part_of_a_dirtree_is_one),
        cmocka_unit_test(a_dirmeta_is_of_a_folder),
        cmocka_unit_test(offsets_grow_with_what_they_frame),
        cmocka_unit_test(paths_of_objects_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
