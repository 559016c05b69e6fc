/*
 * Packing and unpacking: lengths told in advance, files that change, archives that lie.
 */
#include "kit_shell.h"

#include "session/pack.h"
#include "session/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *dir;
static struct x8_op op;
static struct x8_error err;

struct keeper {
    struct x8_sink sink;
    struct x8_buf got;
    const char *grow; /* a file that grows when the first bytes come */
};

static int keep(struct x8_sink *sink, const void *data, size_t len, struct x8_error *error)
{
    struct keeper *keeper = X8_CONTAINER(sink, struct keeper, sink);
    (void)error;
    if (keeper->grow)
        kit_host("echo more >>'%s'", keeper->grow);
    keeper->grow = NULL;
    return x8_buf_add(&keeper->got, data, len);
}

static const struct x8_sink_ops keeper_ops = {keep, NULL};

static struct node file_node(const char *name, const char *rel)
{
    struct node node = {.kind = NODE_FILE, .rel = strdup(rel), .host = test_path(dir, name)};
    struct stat st;
    assert_int_equal(stat(node.host, &st), 0);
    node.mode = (unsigned)st.st_mode & 07777;
    node.size = (uint64_t)st.st_size;
    node.mtime = st.st_mtime;
    return node;
}

static void free_node(struct node *node)
{
    free(node->rel);
    free(node->host);
    free(node->link);
}

static void the_length_is_known_in_advance(void **state)
{
    static const unsigned lens[] = {0, 1, 511, 512, 513, 300000};
    (void)state;
    for (size_t i = 0; i < X8_COUNT(lens); i++) {
        char rel[400];
        struct keeper keeper = {.sink.ops = &keeper_ops};
        uint64_t len = 0;
        /* Names around the lengths where the header needs more than one block. */
        memset(rel, 'n', sizeof(rel));
        rel[96 + i] = '\0';
        assert_int_equal(kit_host("head -c %u /dev/zero >'%s/f'", lens[i], dir), 0);
        struct node file = file_node("f", rel), *list[] = {&file, NULL};
        struct node link = {.kind = NODE_LINK, .rel = strdup("l"), .link = strdup(rel)};
        list[1] = &link;
        assert_int_equal(pack_length(list, 2, &len, &err), 0);
        assert_int_equal(pack_write(&op, list, 2, &keeper.sink, &err), 0);
        assert_int_equal(keeper.got.len, len);
        assert_true(file.done);
        x8_buf_done(&keeper.got);
        free_node(&file);
        free_node(&link);
    }
}

static void a_file_that_changed_since_it_was_listed_is_refused(void **state)
{
    struct keeper keeper = {.sink.ops = &keeper_ops};
    (void)state;
    assert_int_equal(kit_host("echo 1 >'%s/f'", dir), 0);
    struct node file = file_node("f", "f"), *list[] = {&file};
    file.size++;
    assert_int_equal(pack_write(&op, list, 1, &keeper.sink, &err), -X8_E_NO_FILE);
    assert_non_null(strstr(err.msg, "changed while it was read"));
    assert_int_equal(keeper.got.len, 0);
    free_node(&file);
}

static void a_file_that_grows_while_it_is_read_ends_the_stream(void **state)
{
    struct keeper keeper = {.sink.ops = &keeper_ops};
    uint64_t len;
    (void)state;
    assert_int_equal(kit_host("head -c 1000000 /dev/zero >'%s/f'", dir), 0);
    struct node file = file_node("f", "f"), *list[] = {&file};
    assert_int_equal(pack_length(list, 1, &len, &err), 0);
    keeper.grow = file.host;
    assert_int_equal(pack_write(&op, list, 1, &keeper.sink, &err), -X8_E_NO_FILE);
    assert_false(file.done);
    assert_true(keeper.got.len < len);
    x8_buf_done(&keeper.got);
    free_node(&file);
}

struct entry {
    const char *name;
    unsigned type;
    const char *link, *twin, *data;
};

static size_t told_size; /* what headers tell of a file; 0: the truth */

static struct x8_buf archive_of(const struct entry *entries, size_t count)
{
    static char bytes[4 << 20];
    size_t used = 0;
    struct x8_buf out = {0};
    struct archive *archive = archive_write_new();
    archive_write_set_format_gnutar(archive);
    archive_write_open_memory(archive, bytes, sizeof(bytes), &used);
    for (size_t i = 0; i < count; i++) {
        struct archive_entry *entry = archive_entry_new();
        size_t len = entries[i].data ? strlen(entries[i].data) : 0;
        archive_entry_set_pathname(entry, entries[i].name);
        archive_entry_set_filetype(entry, entries[i].type);
        archive_entry_set_perm(entry, 04755);
        archive_entry_set_size(entry, (la_int64_t)(told_size ? told_size : len));
        if (entries[i].link)
            archive_entry_set_symlink(entry, entries[i].link);
        if (entries[i].twin)
            archive_entry_set_hardlink(entry, entries[i].twin);
        archive_write_header(archive, entry);
        if (len)
            archive_write_data(archive, entries[i].data, len);
        archive_entry_free(entry);
    }
    archive_write_close(archive);
    archive_write_free(archive);
    assert_int_equal(x8_buf_add(&out, bytes, used), 0);
    return out;
}

static int unpack(const struct entry *entries, size_t count, struct node *nodes, size_t node_count)
{
    struct x8_buf bytes = archive_of(entries, count);
    struct x8_reader *reader = NULL;
    struct node *list[64];
    assert_true(node_count <= X8_COUNT(list));
    char *inner = test_path(dir, "in");
    kit_host("rm -rf '%s'; mkdir -p '%s/d'", inner, inner);
    int fd = open(inner, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(x8_mem_reader(x8_buf_span(&bytes), &reader, NULL), 0);
    for (size_t i = 0; i < node_count; i++)
        list[i] = &nodes[i];
    int rc = unpack_files(&op, reader, fd, list, node_count, &err);
    close(fd);
    x8_reader_close(&reader);
    x8_buf_done(&bytes);
    free(inner);
    return rc;
}

static void what_was_asked_for_is_unpacked_and_nothing_is_set_id(void **state)
{
    const struct entry entries[] = {{"./a", AE_IFREG, NULL, NULL, "one"},
                                    {"./d/b", AE_IFREG, NULL, "./a", NULL},
                                    {"./l", AE_IFLNK, "/etc", NULL, NULL}};
    char a[] = "a", gone[] = "gone", b[] = "d/b", l[] = "l";
    struct node nodes[] = {{.rel = a, .mode = 06755, .mtime = 5},
                           {.rel = gone},
                           {.rel = b, .mode = 0600},
                           {.rel = l, .kind = NODE_LINK}};
    (void)state;
    assert_int_equal(unpack(entries, 3, nodes, 4), 0);
    assert_true(nodes[0].done && !nodes[1].done && nodes[2].done && nodes[3].done);
    assert_string_equal(nodes[3].link, "/etc");
    assert_int_equal(
        kit_host("cd '%s/in' && [ $(stat -c %%a.%%Y a) = 755.5 ] && [ $(cat d/b) = one ] "
                 "&& ! [ -L l ] && ! [ a -ef d/b ]",
                 dir),
        0);
    free(nodes[3].link);
}

static void anything_else_is_refused_and_leaves_nothing(void **state)
{
    const struct entry tries[][2] = {
        {{"./../out", AE_IFREG, NULL, NULL, "x"}},
        {{"/tmp/x8-out", AE_IFREG, NULL, NULL, "x"}},
        {{"/a", AE_IFREG, NULL, NULL, "x"}},
        {{"../a", AE_IFREG, NULL, NULL, "x"}},
        {{"./d/../../out", AE_IFREG, NULL, NULL, "x"}},
        {{".", AE_IFDIR, NULL, NULL, NULL}},
        {{"./b", AE_IFREG, NULL, NULL, "x"}},
        {{"./a", AE_IFLNK, "/etc", NULL, NULL}, {"./a/x", AE_IFREG, NULL, NULL, "x"}},
        {{"./a", AE_IFCHR, NULL, NULL, NULL}},
        {{"./a", AE_IFBLK, NULL, NULL, NULL}},
        {{"./a", AE_IFIFO, NULL, NULL, NULL}},
        {{"./a", AE_IFDIR, NULL, NULL, NULL}},
        {{"./a", AE_IFREG, NULL, "/etc/passwd", NULL}},
        {{"./a", AE_IFREG, NULL, "./a", NULL}},
        {{"./a", AE_IFREG, NULL, "./../out", NULL}},
        {{"./a", AE_IFREG, NULL, "/dev/zero", NULL}},
        {{"./l", AE_IFREG, NULL, "./a", NULL}},
        {{"./l", AE_IFREG, NULL, NULL, "x"}},
    };
    (void)state;
    for (size_t i = 0; i < X8_COUNT(tries); i++) {
        char a[] = "a", l[] = "l";
        struct node nodes[] = {{.rel = a}, {.rel = l, .kind = NODE_LINK}};
        if (unpack(tries[i], tries[i][1].name ? 2 : 1, nodes, 2) != -X8_E_LINK)
            fail_msg("try %zu was taken", i);
        assert_int_equal(kit_host("cd '%s' && ! [ -e out ] && ! [ -e /tmp/x8-out ] && "
                                  "[ -z \"$(find in -mindepth 1 ! -name d)\" ]",
                                  dir),
                         0);
        free(nodes[1].link);
    }
}

static void more_than_was_listed_is_refused_before_it_is_written(void **state)
{
    const struct entry entries[] = {{"./a", AE_IFREG, NULL, NULL, "one"}};
    char a[] = "a";
    struct node node = {.rel = a, .size = 3};
    (void)state;
    told_size = 1 << 30;
    int rc = unpack(entries, 1, &node, 1);
    told_size = 0;
    assert_int_equal(rc, -X8_E_LINK);
    assert_non_null(strstr(err.msg, "a: "));
    assert_string_not_equal(err.why, "");
    assert_string_not_equal(err.next, "");
    assert_int_equal(kit_host("[ -e '%s/in/a' ]", dir), 1);
    assert_false(node.done);
}

/* A log grows while it is pulled, and all of them may a little. */
static void growth_is_taken_up_to_what_all_may_have_grown(void **state)
{
    static char megabyte[(1 << 20) + 1], rel[40][8];
    struct entry entries[40] = {{"./f0", AE_IFREG, NULL, NULL, megabyte}};
    struct node nodes[40] = {{0}};
    (void)state;
    memset(megabyte, 'x', sizeof(megabyte) - 1);
    for (size_t i = 0; i < X8_COUNT(nodes); i++) {
        snprintf(rel[i], sizeof(rel[i]), "./f%zu", i);
        nodes[i].rel = rel[i] + 2;
        if (i)
            entries[i] = (struct entry){rel[i], AE_IFREG, NULL, "./f0", NULL};
    }
    assert_int_equal(unpack(entries, 10, nodes, 10), 0);
    assert_true(nodes[0].done && nodes[9].done);
    /* Second names are copies here: an archive of a megabyte must not become a terabyte. */
    for (size_t i = 0; i < X8_COUNT(nodes); i++)
        nodes[i] = (struct node){.rel = nodes[i].rel};
    assert_int_equal(unpack(entries, 40, nodes, 40), -X8_E_LINK);
    assert_false(nodes[39].done);
}

struct endless {
    struct x8_reader reader;
    uint64_t given;
};

static ssize_t give_zeros(struct x8_reader *reader, void *out, size_t cap, struct x8_error *error)
{
    (void)error;
    memset(out, 0, cap);
    ((struct endless *)reader)->given += cap;
    assert_true(((struct endless *)reader)->given < (uint64_t)1 << 30);
    return (ssize_t)cap;
}

static void an_archive_without_end_is_ended(void **state)
{
    static const struct x8_reader_ops ops = {give_zeros, NULL};
    struct endless endless = {.reader.ops = &ops};
    char a[] = "a";
    struct node node = {.rel = a, .size = 3}, *list[] = {&node};
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    (void)state;
    assert_int_equal(unpack_files(&op, &endless.reader, fd, list, 1, &err), -X8_E_LINK);
    assert_non_null(strstr(err.msg, "does not end"));
    close(fd);
}

static void the_same_name_twice_is_refused(void **state)
{
    const struct entry entries[] = {{"./a", AE_IFREG, NULL, NULL, "one"},
                                    {"./a", AE_IFREG, NULL, NULL, "two"}};
    char a[] = "a";
    struct node node = {.rel = a};
    (void)state;
    assert_int_equal(unpack(entries, 2, &node, 1), -X8_E_LINK);
}

static void a_full_disk_here_is_told_apart(void **state)
{
    char a[] = "a";
    struct node node = {.rel = a};
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    (void)state;
    assert_int_equal(unpack_write(fd, &node, "x", 1, &err), -X8_E_HOST_SPACE);
    close(fd);
}

static int setup(void **state)
{
    (void)state;
    op = kit_shell_op();
    dir = test_dir_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_dir_free(dir);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_length_is_known_in_advance),
        cmocka_unit_test(a_file_that_changed_since_it_was_listed_is_refused),
        cmocka_unit_test(a_file_that_grows_while_it_is_read_ends_the_stream),
        cmocka_unit_test(what_was_asked_for_is_unpacked_and_nothing_is_set_id),
        cmocka_unit_test(anything_else_is_refused_and_leaves_nothing),
        cmocka_unit_test(more_than_was_listed_is_refused_before_it_is_written),
        cmocka_unit_test(growth_is_taken_up_to_what_all_may_have_grown),
        cmocka_unit_test(an_archive_without_end_is_ended),
        cmocka_unit_test(a_full_disk_here_is_told_apart),
        cmocka_unit_test(the_same_name_twice_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
