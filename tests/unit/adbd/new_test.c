/*
 * The newer daemon: its banner, packets without checksums, shell,v2 and the second versions of the
 * file requests.
 */
#include "kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void the_banner_offers_what_there_is(void **state)
{
    (void)state;
    struct rig r;
    struct answer a;
    rig_start(&r, "persona=new");
    rig_send(&r, AD_CNXN, AD_NEW_VERSION, AD_NEW_MAXDATA, "host::", 7);
    assert_int_equal(rig_next(&r, &a), 1);
    assert_int_equal(a.arg0, AD_NEW_VERSION);
    assert_int_equal(a.arg1, AD_NEW_MAXDATA);
    assert_int_equal(a.sum, 0);
    assert_int_not_equal(a.data[a.len - 1], 0);
    static const char want[] = "features=shell_v2,stat_v2,ls_v2,fixed_push_mkdir,sendrecv_v2";
    assert_memory_equal(a.data + a.len - (sizeof want - 1), want, sizeof want - 1);
    rig_end(&r);
}

static void an_older_host_gets_the_older_packets(void **state)
{
    (void)state;
    struct rig r;
    struct answer a;
    rig_start(&r, "persona=new");
    rig_send(&r, AD_CNXN, AD_OLD_VERSION, 4096, "host::", 7);
    assert_int_equal(rig_next(&r, &a), 1);
    assert_int_equal(a.arg0, AD_OLD_VERSION);
    assert_int_equal(a.sum, ad_sum(a.data, a.len));
    rig_open(&r, "shell,raw:head -c 20000 /dev/zero");
    for (size_t got = 0; got < 20000; got += a.len) {
        a = rig_expect(&r, AD_WRTE, r.id, 1);
        assert_in_range(a.len, 1, 4096);
        rig_send(&r, AD_OKAY, 1, r.id, NULL, 0);
    }
    rig_end(&r);
}

static void checksums_are_not_looked_at_once_agreed(void **state)
{
    (void)state;
    struct rig r;
    struct ad_packet p = {AD_OPEN, 1, 0, 6, 0, ~AD_OPEN, NULL};
    uint8_t bytes[AD_HEADER + 6] = "";
    rig_connect(&r, "persona=new");
    ad_header_put(&p, bytes);
    memcpy(bytes + AD_HEADER, "root:", 6);
    rig_bytes(&r, bytes, sizeof bytes);
    rig_expect(&r, AD_OKAY, 1, 1);
    rig_end(&r);
    rig_start(&r, "persona=new");
    p = (struct ad_packet){AD_CNXN, AD_NEW_VERSION, 4096, 6, 0, ~AD_CNXN, NULL};
    ad_header_put(&p, bytes);
    rig_bytes(&r, bytes, sizeof bytes);
    rig_expect_end(&r); /* not agreed yet */
    assert_int_equal(rig_end(&r), AD_DROPPED);
}

static void a_service_needs_no_nul(void **state)
{
    (void)state;
    struct rig r;
    rig_connect(&r, "persona=new");
    rig_send(&r, AD_OPEN, 1, 0, "shell,raw:echo ab", 17);
    struct answer a = rig_expect(&r, AD_OKAY, 1, 1);
    r.id = a.arg0;
    char *text = rig_read_all(&r, NULL);
    assert_string_equal(text, "ab\n");
    free(text);
    rig_end(&r);
}

/* ---- shell,v2 ---- */

struct outputs {
    char text[2][4096];
    size_t len[2];
    int status;
};

/* Packets up to the exit status. */
static void read_outputs(struct rig *r, struct outputs *o)
{
    uint8_t head[5];
    *o = (struct outputs){.status = -1};
    while (o->status < 0) {
        uint8_t byte;
        rig_read(r, head, 5);
        uint32_t len = x8_get_le32(head + 1);
        if (head[0] == 3) {
            assert_int_equal(len, 1);
            rig_read(r, &byte, 1);
            o->status = byte;
            break;
        }
        assert_in_range(head[0], 1, 2);
        int i = head[0] - 1;
        assert_true(o->len[i] + len < sizeof o->text[i]);
        rig_read(r, o->text[i] + o->len[i], len);
        o->len[i] += len;
    }
    rig_expect(r, AD_CLSE, r->id, 1);
}

static void shell_packet(struct rig *r, uint8_t id, const char *text)
{
    uint8_t all[256] = {id};
    size_t len = strlen(text);
    x8_put_le32(all + 1, (uint32_t)len);
    memcpy(all + 5, text, len);
    rig_send(r, AD_WRTE, 1, r->id, all, 5 + len);
    struct answer a;
    assert_int_equal(rig_next(r, &a), 1);
    if (a.command == AD_WRTE) { /* it was faster */
        ad_buf_add(&r->rest, a.data, a.len);
        rig_send(r, AD_OKAY, 1, r->id, NULL, 0);
        rig_expect(r, AD_OKAY, r->id, 1);
    }
}

static void outputs_and_status_come_apart(void **state)
{
    (void)state;
    const char *words[] = {"persona=new", "persona=new chop=1"};
    for (size_t i = 0; i < 2; i++) {
        struct rig r;
        struct outputs o;
        rig_connect(&r, words[i]);
        rig_open(&r, "shell,v2,TERM=xterm-256color,raw:echo out $TERM; echo err >&2; exit 7");
        read_outputs(&r, &o);
        assert_string_equal(o.text[0], "out xterm-256color\n");
        assert_string_equal(o.text[1], "err\n");
        assert_int_equal(o.status, 7);
        rig_end(&r);
    }
}

static void a_signal_is_128_and_its_number(void **state)
{
    (void)state;
    struct rig r;
    struct outputs o;
    rig_connect(&r, "persona=new");
    rig_open(&r, "shell,v2,raw:kill -TERM $$");
    read_outputs(&r, &o);
    assert_int_equal(o.status, 143);
    rig_end(&r);
}

static void input_can_be_ended(void **state)
{
    (void)state;
    struct rig r;
    struct outputs o;
    rig_connect(&r, "persona=new");
    rig_open(&r, "shell,v2,raw:cat; echo end");
    shell_packet(&r, 0, "ab");
    shell_packet(&r, 0, "cd\n");
    shell_packet(&r, 4, "");
    read_outputs(&r, &o);
    assert_string_equal(o.text[0], "abcd\nend\n");
    rig_end(&r);
}

static void input_that_nobody_reads_costs_nothing(void **state)
{
    (void)state;
    struct rig r;
    struct outputs o;
    rig_connect(&r, "persona=new");
    rig_open(&r, "shell,v2,raw:exec <&-; sleep 0.2; exit 4");
    shell_packet(&r, 0, "ab");
    read_outputs(&r, &o);
    assert_int_equal(o.status, 4);
    rig_end(&r);
}

static void a_terminal_has_the_hosts_size(void **state)
{
    (void)state;
    struct rig r;
    struct outputs o;
    rig_connect(&r, "persona=new");
    rig_open(&r, "shell,v2,pty:stty -echo -opost; read x; stty size; echo err >&2; exit 2");
    shell_packet(&r, 5, "50x132,0x0");
    shell_packet(&r, 0, "\n");
    read_outputs(&r, &o);
    assert_non_null(strstr(o.text[0], "50 132\nerr\n"));
    assert_int_equal(o.status, 2);
    rig_end(&r);
}

static void options_that_are_none_are_refused(void **state)
{
    (void)state;
    struct rig r;
    rig_connect(&r, "persona=new");
    rig_send(&r, AD_OPEN, 5, 0, "shell,v3:id", 12);
    rig_expect(&r, AD_CLSE, 0, 5);
    rig_end(&r);
}

/* ---- files ---- */

static void stat2_tells_links_errors_and_long_sizes(void **state)
{
    (void)state;
    struct rig r;
    uint8_t b[72];
    char *dir = test_dir_new(), *file = test_file(dir, "file", "x", 1), *link = test_path(dir, "l");
    assert_int_equal(truncate(file, 5000000000), 0);
    assert_int_equal(symlink(file, link), 0);
    rig_connect(&r, "persona=new");
    rig_open(&r, "sync:");
    rig_sync_path(&r, "STA2", link);
    rig_read(&r, b, 72);
    assert_memory_equal(b, "STA2\0\0\0\0", 8);
    assert_true(S_ISREG(x8_get_le32(b + 24)));
    assert_true(x8_get_le64(b + 40) == 5000000000u);
    rig_sync_path(&r, "LST2", link);
    rig_read(&r, b, 72);
    assert_memory_equal(b, "LST2\0\0\0\0", 8);
    assert_true(S_ISLNK(x8_get_le32(b + 24)));
    rig_sync_path(&r, "LST2", "/nonexistent");
    rig_read(&r, b, 72);
    assert_int_equal(x8_get_le32(b + 4), 2);
    rig_end(&r);
    free(link);
    free(file);
    test_dir_free(dir);
}

static void list2_has_longer_entries(void **state)
{
    (void)state;
    struct rig r;
    uint8_t b[76];
    char name[64];
    int seen = 0;
    char *dir = test_dir_new();
    free(test_file(dir, "one", "1", 1));
    rig_connect(&r, "persona=new");
    rig_open(&r, "sync:");
    rig_sync_path(&r, "LIS2", dir);
    while (rig_read(&r, b, 76), memcmp(b, "DNT2", 4) == 0) {
        uint32_t len = x8_get_le32(b + 72);
        assert_true(len < sizeof name);
        rig_read(&r, name, len);
        name[len] = 0;
        seen += strcmp(name, "one") == 0 && x8_get_le64(b + 40) == 1;
    }
    assert_memory_equal(b, "DONE", 4);
    assert_int_equal(seen, 1);
    rig_end(&r);
    test_dir_free(dir);
}

static void send2_and_recv2_carry_their_arguments_apart(void **state)
{
    (void)state;
    struct rig r;
    struct stat st;
    uint8_t args[12] = "SND2", head[8];
    char got[8] = "", *dir = test_dir_new(), *file = test_path(dir, "a,1");
    rig_connect(&r, "persona=new");
    rig_open(&r, "sync:");
    rig_sync_path(&r, "SND2", file);
    x8_put_le32(args + 4, 0100600);
    rig_write(&r, args, 12);
    rig_sync(&r, "DATA", 3, "abc", 3);
    rig_sync(&r, "DONE", 1700000000, NULL, 0);
    assert_int_equal(rig_sync_answer(&r, "OKAY"), 0);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0666);
    rig_sync_path(&r, "RCV2", file);
    rig_write(&r, "RCV2\0\0\0\0", 8);
    assert_int_equal(rig_sync_answer(&r, "DATA"), 3);
    rig_read(&r, got, 3);
    assert_string_equal(got, "abc");
    rig_read(&r, head, 8);
    assert_memory_equal(head, "DONE\0\0\0\0", 8);
    rig_sync_path(&r, "RCV2", file);
    rig_write(&r, "RCV2\1\0\0\0", 8); /* brotli was not offered */
    rig_sync_fails(&r, "unsupported flags");
    rig_expect(&r, AD_CLSE, r.id, 1);
    rig_end(&r);
    free(file);
    test_dir_free(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_banner_offers_what_there_is),
        cmocka_unit_test(an_older_host_gets_the_older_packets),
        cmocka_unit_test(checksums_are_not_looked_at_once_agreed),
        cmocka_unit_test(a_service_needs_no_nul),
        cmocka_unit_test(outputs_and_status_come_apart),
        cmocka_unit_test(a_signal_is_128_and_its_number),
        cmocka_unit_test(input_can_be_ended),
        cmocka_unit_test(input_that_nobody_reads_costs_nothing),
        cmocka_unit_test(a_terminal_has_the_hosts_size),
        cmocka_unit_test(options_that_are_none_are_refused),
        cmocka_unit_test(stat2_tells_links_errors_and_long_sizes),
        cmocka_unit_test(list2_has_longer_entries),
        cmocka_unit_test(send2_and_recv2_carry_their_arguments_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
