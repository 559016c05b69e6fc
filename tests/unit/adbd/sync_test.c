/*
 * The file service of the old daemon: its answers and its habits.
 */
#include "kit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct bench {
    struct rig r;
    char *dir, path[256];
};

static void open_bench(struct bench *b, const char *words, const char *name)
{
    b->dir = test_dir_new();
    snprintf(b->path, sizeof b->path, "%s/%s", b->dir, name);
    rig_connect(&b->r, words);
    rig_open(&b->r, "sync:");
}

static void close_bench(struct bench *b)
{
    rig_end(&b->r);
    test_dir_free(b->dir);
}

static void send_begin(struct bench *b, const char *mode)
{
    char text[300];
    snprintf(text, sizeof text, "%s%s", b->path, mode);
    rig_sync_path(&b->r, "SEND", text);
}

/* DONE follows at once; the answer's id. */
static void send_file(struct bench *b, const char *mode, const char *text, const char *answer)
{
    send_begin(b, mode);
    rig_sync(&b->r, "DATA", (uint32_t)strlen(text), text, strlen(text));
    rig_sync(&b->r, "DONE", 1700000000, NULL, 0);
    assert_int_equal(rig_sync_answer(&b->r, answer), 0);
}

static void requests_look_as_on_the_wire(void **state)
{
    (void)state;
    static const uint8_t head[] = {0x53, 0x45, 0x4e, 0x44, 0x1f, 0x00, 0x00, 0x00};
    static const uint8_t data[] = {0x44, 0x41, 0x54, 0x41, 0x03, 0x00,
                                   0x00, 0x00, 0x61, 0x62, 0x63};
    static const uint8_t done[] = {0x44, 0x4f, 0x4e, 0x45, 0x00, 0xf1, 0x53, 0x65};
    const char *path = "/tmp/arduino/.x8ctl-1.elf,33188";
    struct rig r;
    if (access("/tmp/arduino", F_OK) == 0)
        skip(); /* somebody's own */
    assert_int_equal(strlen(path), 31);
    rig_connect(&r, "");
    rig_open(&r, "sync:");
    rig_write(&r, head, sizeof head);
    rig_write(&r, path, strlen(path));
    rig_write(&r, data, sizeof data);
    rig_write(&r, done, sizeof done);
    assert_int_equal(rig_sync_answer(&r, "OKAY"), 0);
    struct stat st;
    assert_int_equal(stat("/tmp/arduino/.x8ctl-1.elf", &st), 0);
    assert_int_equal(st.st_size, 3);
    assert_int_equal(st.st_mtime, 1700000000);
    unlink("/tmp/arduino/.x8ctl-1.elf");
    rmdir("/tmp/arduino");
    rig_end(&r);
}

static void the_owners_bits_are_given_to_all(void **state)
{
    (void)state;
    const struct {
        const char *text;
        mode_t mode;
    } rows[] = {{",33152", 0666},  /* 0100600 */
                {",0x81a0", 0666}, /* 0100640 */
                {",33261", 0777},  /* 0100755 */
                {",256", 0444},    /* 0400 */
                {"", 0666},        {",words", 0000}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench b;
        struct stat st;
        open_bench(&b, "", "file");
        send_file(&b, rows[i].text, "abc", "OKAY");
        assert_int_equal(stat(b.path, &st), 0);
        assert_int_equal(st.st_mode & 07777, rows[i].mode);
        assert_int_equal(st.st_mtime, 1700000000);
        close_bench(&b);
    }
}

static void commas_in_names_are_no_modes(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b, "", "a,b");
    send_file(&b, ",33188", "abc", "OKAY");
    assert_int_equal(access(b.path, F_OK), 0);
    close_bench(&b);
}

static void a_file_grows_under_its_final_name(void **state)
{
    (void)state;
    struct bench b;
    struct stat st;
    open_bench(&b, "", "deep/er/file");
    send_begin(&b, ",33188");
    assert_int_equal(stat(b.path, &st), 0);
    assert_int_equal(st.st_size, 0);
    rig_sync(&b.r, "DATA", 6, "abc", 3);
    assert_int_equal(stat(b.path, &st), 0);
    assert_int_equal(st.st_size, 3);
    *strrchr(b.path, '/') = 0;
    assert_int_equal(stat(b.path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0775);
    close_bench(&b);
}

static void a_broken_transfer_leaves_nothing(void **state)
{
    (void)state;
    for (int how = 0; how < 2; how++) {
        struct bench b;
        open_bench(&b, "", "file");
        send_begin(&b, ",33188");
        rig_sync(&b.r, "DATA", 6, "abc", 3);
        if (how == 0) {
            rig_send(&b.r, AD_CLSE, 1, b.r.id, NULL, 0);
            rig_expect(&b.r, AD_CLSE, b.r.id, 1);
            rig_open(&b.r, "sync:"); /* the daemon is behind it now */
        } else {
            shutdown(b.r.fd, SHUT_WR);
            rig_expect_end(&b.r);
        }
        assert_int_equal(access(b.path, F_OK), -1);
        close_bench(&b);
    }
}

static void an_existing_file_is_replaced_not_written_into(void **state)
{
    (void)state;
    struct bench b;
    char *other;
    open_bench(&b, "", "file");
    other = test_file(b.dir, "other", "old", 3);
    assert_int_equal(link(other, b.path), 0);
    send_file(&b, ",33188", "new", "OKAY");
    char *text = test_read(other, NULL), *fresh = test_read(b.path, NULL);
    assert_string_equal(text, "old");
    assert_string_equal(fresh, "new");
    unlink(b.path);
    assert_int_equal(symlink(other, b.path), 0);
    send_file(&b, ",33188", "newer", "OKAY");
    free(text);
    text = test_read(other, NULL);
    assert_string_equal(text, "old");
    free(text);
    free(fresh);
    free(other);
    close_bench(&b);
}

static void a_failure_is_said_once_and_the_stream_stays(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b, "", "folder");
    assert_int_equal(mkdir(b.path, 0755), 0);
    send_begin(&b, ",33188");
    rig_sync_fails(&b.r, "Is a directory");
    for (int i = 0; i < 3; i++)
        rig_sync(&b.r, "DATA", 3, "abc", 3);
    rig_sync(&b.r, "DONE", 0, NULL, 0);
    rig_expect_silence(&b.r);
    snprintf(b.path, sizeof b.path, "%s/folder/inside", b.dir);
    send_file(&b, ",33188", "abc", "OKAY");
    close_bench(&b);
}

/* A limit on the size of files stands for a full disk: both fail a write in the middle. */
static void a_failed_write_removes_the_file_and_swallows_the_rest(void **state)
{
    (void)state;
    static char block[4000];
    struct bench b;
    struct rlimit old, small;
    open_bench(&b, "", "file");
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){6000, old.rlim_max};
    send_begin(&b, ",33188");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    rig_sync(&b.r, "DATA", sizeof block, block, sizeof block);
    rig_sync(&b.r, "DATA", sizeof block, block, sizeof block);
    setrlimit(RLIMIT_FSIZE, &old);
    rig_sync_fails(&b.r, "File too large");
    assert_int_equal(access(b.path, F_OK), -1);
    rig_sync(&b.r, "DATA", sizeof block, block, sizeof block);
    rig_sync(&b.r, "DONE", 0, NULL, 0);
    rig_expect_silence(&b.r);
    assert_int_equal(access(b.path, F_OK), -1);
    close_bench(&b);
}

static void links_can_be_sent(void **state)
{
    (void)state;
    struct bench b;
    char to[32] = "";
    open_bench(&b, "", "link");
    send_file(&b, ",41471", "where/to", "OKAY"); /* 0120777 */
    assert_int_equal(readlink(b.path, to, sizeof to - 1), 8);
    assert_string_equal(to, "where/to");
    close_bench(&b);
}

/* ---- reading ---- */

static void stat_is_of_the_link_and_zero_for_nothing(void **state)
{
    (void)state;
    static const uint8_t zeros[12];
    struct bench b;
    uint8_t answer[16];
    open_bench(&b, "", "link");
    assert_int_equal(symlink("/etc", b.path), 0);
    rig_sync_path(&b.r, "STAT", b.path);
    rig_read(&b.r, answer, 16);
    assert_memory_equal(answer, "STAT", 4);
    assert_true(S_ISLNK(x8_get_le32(answer + 4)));
    assert_int_equal(x8_get_le32(answer + 8), 4);
    rig_sync_path(&b.r, "STAT", "/nonexistent");
    rig_read(&b.r, answer, 16);
    assert_memory_equal(answer, "STAT", 4);
    assert_memory_equal(answer + 4, zeros, 12);
    close_bench(&b);
}

static void a_list_has_all_names_and_a_missing_folder_just_an_end(void **state)
{
    (void)state;
    struct bench b;
    uint8_t entry[16], name[64];
    unsigned seen = 0;
    open_bench(&b, "", "");
    free(test_file(b.dir, "one", "1", 1));
    rig_sync_path(&b.r, "LIST", b.dir);
    while (rig_read(&b.r, entry, 4), memcmp(entry, "DENT", 4) == 0) {
        rig_read(&b.r, entry, 16);
        rig_read(&b.r, name, x8_get_le32(entry + 12));
        name[x8_get_le32(entry + 12)] = 0;
        seen |= !strcmp((char *)name, ".") ? 1u : !strcmp((char *)name, "..") ? 2u : 4u;
        if (strcmp((char *)name, "one") == 0)
            assert_int_equal(x8_get_le32(entry + 4), 1);
    }
    assert_int_equal(seen, 7);
    assert_memory_equal(entry, "DONE", 4);
    rig_read(&b.r, entry, 16);
    rig_sync_path(&b.r, "LIST", "/nonexistent");
    assert_int_equal(rig_sync_answer(&b.r, "DONE"), 0);
    rig_read(&b.r, entry, 12);
    rig_expect_silence(&b.r);
    close_bench(&b);
}

static size_t receive(struct bench *b, uint8_t *out)
{
    uint8_t head[8];
    size_t len = 0;
    while (rig_read(&b->r, head, 8), memcmp(head, "DATA", 4) == 0) {
        assert_in_range(x8_get_le32(head + 4), 1, 65536);
        rig_read(&b->r, out + len, x8_get_le32(head + 4));
        len += x8_get_le32(head + 4);
    }
    assert_memory_equal(head, "DONE\0\0\0\0", 8);
    return len;
}

static void files_come_in_blocks_and_links_are_followed(void **state)
{
    (void)state;
    static uint8_t want[200000], got[200000];
    const char *variants[] = {"", "chop=1000", "chop=13"};
    for (size_t i = 0; i < sizeof want; i++)
        want[i] = (uint8_t)(i ^ i >> 9);
    for (size_t i = 0; i < 3; i++) {
        struct bench b;
        size_t len = i == 2 ? 5000 : sizeof want;
        open_bench(&b, variants[i], "link");
        char *file = test_file(b.dir, "file", want, len);
        assert_int_equal(symlink(file, b.path), 0);
        rig_sync_path(&b.r, "RECV", b.path);
        assert_int_equal(receive(&b, got), len);
        assert_memory_equal(got, want, len);
        free(file);
        close_bench(&b);
    }
}

static void a_refused_read_is_a_sentence(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b, "", "");
    rig_sync_path(&b.r, "RECV", "/nonexistent");
    rig_sync_fails(&b.r, "No such file or directory");
    rig_sync_path(&b.r, "RECV", b.dir);
    rig_sync_fails(&b.r, "Is a directory");
    rig_sync_path(&b.r, "STAT", "/");
    rig_sync_answer(&b.r, "STAT");
    close_bench(&b);
}

static void a_request_waits_for_the_answer_of_the_one_before(void **state)
{
    (void)state;
    static uint8_t want[100000], got[100000];
    struct bench b;
    uint8_t both[2 * 8 + 600], answer[16];
    open_bench(&b, "", "x");
    memset(want, 'w', sizeof want);
    char *file = test_file(b.dir, "file", want, sizeof want);
    size_t len = strlen(file), at = 0;
    for (int i = 0; i < 2; i++) {
        memcpy(both + at, i ? "STAT" : "RECV", 4);
        x8_put_le32(both + at + 4, (uint32_t)len);
        memcpy(both + at + 8, file, len);
        at += 8 + len;
    }
    rig_send(&b.r, AD_WRTE, 1, b.r.id, both, at);
    struct ad_buf all = {0};
    while (ad_buf_len(&all) < sizeof want + 2 * 8 + 8 + 16) {
        struct answer a;
        assert_int_equal(rig_next(&b.r, &a), 1);
        if (a.command != AD_WRTE)
            continue;
        ad_buf_add(&all, a.data, a.len);
        rig_send(&b.r, AD_OKAY, 1, b.r.id, NULL, 0);
    }
    b.r.rest = all;
    assert_int_equal(receive(&b, got), sizeof want);
    rig_read(&b.r, answer, 16);
    assert_memory_equal(answer, "STAT", 4);
    assert_int_equal(x8_get_le32(answer + 8), sizeof want);
    free(file);
    close_bench(&b);
}

/* ---- what ends the stream ---- */

static void breaches_are_told_and_close_the_stream(void **state)
{
    (void)state;
    const struct {
        const char *id, *text;
        uint32_t number;
    } rows[] = {{"STA2", "unknown command", 1},
                {"LST2", "unknown command", 1},
                {"SND2", "unknown command", 1},
                {"WHAT", "unknown command", 0},
                {"STAT", "invalid namelen", 1025}};
    struct bench b;
    open_bench(&b, "", "file");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rig_sync(&b.r, rows[i].id, rows[i].number, NULL, 0);
        rig_sync_fails(&b.r, rows[i].text);
        rig_expect(&b.r, AD_CLSE, b.r.id, 1);
        rig_open(&b.r, "sync:");
    }
    send_begin(&b, ",33188");
    rig_sync(&b.r, "DATA", 65537, NULL, 0);
    rig_sync_fails(&b.r, "oversize data message");
    rig_expect(&b.r, AD_CLSE, b.r.id, 1);
    assert_int_equal(access(b.path, F_OK), -1);
    rig_open(&b.r, "sync:");
    rig_sync(&b.r, "QUIT", 0, NULL, 0);
    rig_expect(&b.r, AD_CLSE, b.r.id, 1);
    close_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_look_as_on_the_wire),
        cmocka_unit_test(the_owners_bits_are_given_to_all),
        cmocka_unit_test(commas_in_names_are_no_modes),
        cmocka_unit_test(a_file_grows_under_its_final_name),
        cmocka_unit_test(a_broken_transfer_leaves_nothing),
        cmocka_unit_test(an_existing_file_is_replaced_not_written_into),
        cmocka_unit_test(a_failure_is_said_once_and_the_stream_stays),
        cmocka_unit_test(a_failed_write_removes_the_file_and_swallows_the_rest),
        cmocka_unit_test(links_can_be_sent),
        cmocka_unit_test(stat_is_of_the_link_and_zero_for_nothing),
        cmocka_unit_test(a_list_has_all_names_and_a_missing_folder_just_an_end),
        cmocka_unit_test(files_come_in_blocks_and_links_are_followed),
        cmocka_unit_test(a_refused_read_is_a_sentence),
        cmocka_unit_test(a_request_waits_for_the_answer_of_the_one_before),
        cmocka_unit_test(breaches_are_told_and_close_the_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
