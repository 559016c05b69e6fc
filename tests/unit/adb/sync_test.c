/*
 * Files over the sync service of the double, old and new, and of daemons that say odd things.
 */
#include "kit_peer.h"

#include "adb/sync.h"
#include "adb/sync_wire.h"
#include "adb/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const personas[] = {"persona=old", "persona=new"};

/* A sink that keeps what it gets. */
struct keep {
    struct x8_sink sink;
    struct x8_buf bytes;
    int is_finished;
};

static int keep_push(struct x8_sink *sink, const void *data, size_t len, struct x8_error *err)
{
    (void)err;
    return x8_buf_add(&((struct keep *)sink)->bytes, data, len);
}

static int keep_finish(struct x8_sink *sink, struct x8_error *err)
{
    (void)err;
    ((struct keep *)sink)->is_finished = 1;
    return 0;
}

static const struct x8_sink_ops keep_ops = {keep_push, keep_finish};

static uint8_t *pattern(size_t len)
{
    uint8_t *data = malloc(len + 1);

    assert_non_null(data);
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)(i * 7 + i / 253);
    return data;
}

static int64_t put(struct x8_adb *adb, const char *path, unsigned mode, const void *data,
                   size_t len, struct x8_error *err)
{
    struct x8_reader *reader = NULL;
    int64_t sent;

    assert_int_equal(x8_mem_reader((struct x8_span){data, len}, &reader, err), 0);
    sent = x8_adb_send_file(adb, &peer_op, path, mode, reader, err);
    x8_reader_close(&reader);
    return sent;
}

static void files_of_all_sizes_arrive_and_come_back(void **state)
{
    static const size_t sizes[] = {0, 1, 65527, 65528, 65529, 131056, 1000000};
    char *dir = test_dir_new(), *path = test_path(dir, "file");

    (void)state;
    for (size_t p = 0; p < 2; p++) {
        struct peer peer;
        struct x8_adb *adb;

        peer_board(&peer, personas[p]);
        adb = peer_connect(&peer);
        for (size_t i = 0; i < X8_COUNT(sizes); i++) {
            uint8_t *data = pattern(sizes[i]);
            struct keep keep = {.sink = {&keep_ops}};
            struct x8_error err = {0};
            size_t len;
            char *got;

            assert_int_equal(put(adb, path, 0755, data, sizes[i], &err), sizes[i]);
            got = test_read(path, &len);
            assert_int_equal(len, sizes[i]);
            assert_memory_equal(got, data, len);
            free(got);
            assert_int_equal(x8_adb_recv_file(adb, &peer_op, path, &keep.sink, &err), sizes[i]);
            assert_true(keep.is_finished);
            assert_int_equal(keep.bytes.len, sizes[i]);
            assert_memory_equal(keep.bytes.data ? keep.bytes.data : data, data, sizes[i]);
            x8_buf_done(&keep.bytes);
            free(data);
        }
        x8_adb_close(&adb);
        peer_end(&peer);
    }
    free(path);
    test_dir_free(dir);
}

static void a_file_is_looked_at_without_following_links(void **state)
{
    char *dir = test_dir_new(), *path = test_file(dir, "file", "12345", 5);
    char *link = test_path(dir, "link"), *missing = test_path(dir, "missing");

    (void)state;
    assert_int_equal(symlink(path, link), 0);
    for (size_t p = 0; p < 2; p++) {
        struct x8_adb_stat st = {0};
        struct x8_error err = {0};
        struct peer peer;
        struct x8_adb *adb;

        peer_board(&peer, personas[p]);
        adb = peer_connect(&peer);
        assert_int_equal(x8_adb_stat(adb, &peer_op, path, &st, &err), 0);
        assert_true(S_ISREG(st.mode));
        assert_int_equal(st.size, 5);
        assert_true(st.mtime > 1600000000);
        assert_int_equal(x8_adb_stat(adb, &peer_op, link, &st, &err), 0);
        assert_true(S_ISLNK(st.mode));
        assert_int_equal(x8_adb_stat(adb, &peer_op, missing, &st, &err), -X8_E_NO_FILE);
        assert_non_null(strstr(err.msg, "missing"));
        x8_adb_close(&adb);
        peer_end(&peer);
    }
    free(missing);
    free(link);
    free(path);
    test_dir_free(dir);
}

static void a_name_with_a_comma_is_a_name(void **state)
{
    char *dir = test_dir_new(), *path = test_path(dir, "a,0644,b");

    (void)state;
    for (size_t p = 0; p < 2; p++) {
        struct x8_error err = {0};
        struct peer peer;
        struct x8_adb *adb;
        struct stat st;

        peer_board(&peer, personas[p]);
        adb = peer_connect(&peer);
        assert_int_equal(put(adb, path, 0700, "x", 1, &err), 1);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0700, 0700);
        x8_adb_close(&adb);
        peer_end(&peer);
    }
    free(path);
    test_dir_free(dir);
}

static void what_the_board_refuses_keeps_its_words(void **state)
{
    char *dir = test_dir_new(), *file = test_file(dir, "file", "", 0);
    char *below = test_path(file, "x"), *missing = test_path(dir, "missing");
    uint8_t *data = pattern(3000000);

    (void)state;
    for (size_t p = 0; p < 2; p++) {
        struct keep keep = {.sink = {&keep_ops}};
        struct x8_error err = {0};
        struct peer peer;
        struct x8_adb *adb;

        peer_board(&peer, personas[p]);
        adb = peer_connect(&peer);
        assert_int_equal(put(adb, below, 0644, data, 3000000, &err), -X8_E_REFUSED);
        assert_non_null(strstr(err.why, "irectory"));
        assert_non_null(strstr(err.msg, below));
        assert_int_equal(x8_adb_recv_file(adb, &peer_op, missing, &keep.sink, &err), -X8_E_NO_FILE);
        assert_non_null(strstr(err.why, "No such file"));
        assert_int_equal(x8_adb_recv_file(adb, &peer_op, dir, &keep.sink, &err), -X8_E_REFUSED);
        assert_false(keep.is_finished);
        x8_buf_done(&keep.bytes);
        x8_adb_close(&adb);
        peer_end(&peer);
    }
    free(data);
    free(missing);
    free(below);
    free(file);
    test_dir_free(dir);
}

static void a_path_that_is_too_long_is_not_sent(void **state)
{
    static char path[1100];
    struct x8_adb_stat st;
    struct x8_error err;
    struct peer peer;
    struct x8_adb *adb;

    (void)state;
    memset(path, 'p', sizeof path - 1);
    peer_board(&peer, NULL);
    adb = peer_connect(&peer);
    assert_int_equal(x8_adb_stat(adb, &peer_op, path, &st, &err), -X8_E_USAGE);
    assert_int_equal(put(adb, path, 0644, "x", 1, &err), -X8_E_USAGE);
    assert_int_equal(x8_adb_stat(adb, &peer_op, "", &st, &err), -X8_E_USAGE);
    x8_adb_close(&adb);
    peer_end(&peer);
}

static void a_stop_ends_a_transfer_between_two_blocks(void **state)
{
    char *dir = test_dir_new(), *path = test_path(dir, "file");
    struct x8_cancel cancel;
    struct x8_op op = {.deadline = X8_NO_DEADLINE, .cancel = &cancel};
    struct x8_reader *reader = NULL;
    struct x8_error err;
    struct peer peer;
    struct x8_adb *adb;

    (void)state;
    x8_cancel_init(&cancel);
    x8_cancel_raise(&cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    peer_board(&peer, NULL);
    adb = peer_connect(&peer);
    x8_mem_reader((struct x8_span){(const uint8_t *)"x", 1}, &reader, &err);
    assert_int_equal(x8_adb_send_file(adb, &op, path, 0644, reader, &err), -X8_E_STOPPED);
    x8_reader_close(&reader);
    x8_adb_close(&adb);
    peer_end(&peer);
    assert_int_equal(access(path, F_OK), -1); /* the daemon removes what was not finished */
    x8_cancel_done(&cancel);
    free(path);
    test_dir_free(dir);
}

/* --- odd daemons --- */

struct odd {
    const char *answer;
    size_t answer_len;
    int after;     /* WRTEs until the answer comes */
    int and_close; /* the stream, behind the answer */
    int writes;
};

static void answer_oddly(int fd, void *ctx)
{
    static struct raw packet;
    struct odd *odd = ctx;
    uint32_t id;

    raw_await(fd, X8_ADB_CNXN, &packet);
    raw_banner(fd);
    if (raw_await(fd, X8_ADB_OPEN, &packet) != 0)
        return;
    id = packet.arg0;
    raw_put(fd, X8_ADB_OKAY, 9, id, "", 0);
    while (raw_get(fd, &packet) == 0) {
        if (packet.command != X8_ADB_WRTE)
            continue;
        if (odd->writes++ == odd->after) {
            raw_put(fd, X8_ADB_WRTE, 9, id, odd->answer, odd->answer_len);
            if (odd->and_close)
                raw_put(fd, X8_ADB_CLSE, 9, id, "", 0);
        }
        raw_put(fd, X8_ADB_OKAY, 9, id, "", 0);
    }
}

static int64_t put_oddly(struct odd *odd, size_t len, struct x8_error *err)
{
    uint8_t *data = pattern(len);
    struct peer peer;
    struct x8_adb *adb;
    int64_t rc;

    peer_script(&peer, answer_oddly, odd);
    adb = peer_connect(&peer);
    rc = put(adb, "/tmp/x", 0644, data, len, err);
    x8_adb_close(&adb);
    peer_end(&peer);
    free(data);
    return rc;
}

static void a_full_disk_ends_the_sending_early(void **state)
{
    static const char full[] = "FAIL\x17\0\0\0No space left on device";
    struct odd odd = {.answer = full, .answer_len = 31, .after = 20};
    struct x8_error err = {0};

    (void)state;
    assert_int_equal(put_oddly(&odd, 4 << 20, &err), -X8_E_BOARD_SPACE);
    assert_string_equal(err.why, "it says: No space left on device");
    assert_true(odd.writes < 200); /* of 1041 */
}

static void the_reason_is_read_from_a_stream_that_was_closed(void **state)
{
    static const char why[] = "FAIL\x11\0\0\0Permission denied";
    struct odd odd = {.answer = why, .answer_len = 25, .after = 2, .and_close = 1};
    struct x8_error err = {0};

    (void)state;
    assert_int_equal(put_oddly(&odd, 1 << 20, &err), -X8_E_REFUSED);
    assert_string_equal(err.why, "it says: Permission denied");
}

static void answers_that_make_no_sense_are_a_broken_link(void **state)
{
    static const struct {
        const char *answer;
        size_t len;
    } rows[] = {
        {"WHAT\0\0\0\0", 8}, {"DATA\1\0\0\0x", 9}, {"OKAY\0\0\0\0", 8}, {"FAIL\0\0\0\xff", 8}};

    (void)state;
    for (size_t i = 0; i < X8_COUNT(rows); i++) {
        struct odd odd = {.answer = rows[i].answer, .answer_len = rows[i].len, .after = 1};
        struct x8_error err = {0};

        assert_int_equal(put_oddly(&odd, 1 << 20, &err), -X8_E_LINK);
    }
}

static void a_service_that_ends_without_a_word_is_gone(void **state)
{
    struct odd odd = {.answer = "FAIL", .answer_len = 4, .after = 3, .and_close = 1};
    struct x8_error err = {0};

    (void)state;
    assert_int_equal(put_oddly(&odd, 1 << 20, &err), -X8_E_GONE);
}

/* --- the parser by itself --- */

static void messages_are_read_in_pieces_of_any_size(void **state)
{
    static const char text[] = "DATA\5\0\0\0hello"
                               "DATA\0\0\0\0"
                               "DATA\1\0\0\0!"
                               "DONE\x11\x22\x33\x44";
    const size_t len = sizeof text - 1;

    (void)state;
    for (size_t piece = 1; piece <= len; piece++) {
        struct x8_sync_parser parser = {0};
        char got[16] = "";
        int event = 0;

        for (size_t at = 0; at < len && event != X8_SYNC_EV_DONE; at += piece) {
            struct x8_span in = {(const uint8_t *)text + at, len - at < piece ? len - at : piece};
            struct x8_span data;
            struct x8_error err;

            while ((event = x8_sync_next(&parser, &in, &data, &err)) == X8_SYNC_EV_DATA)
                strncat(got, (const char *)data.data, data.len);
            assert_true(event == X8_SYNC_EV_MORE || event == X8_SYNC_EV_DONE);
        }
        assert_int_equal(event, X8_SYNC_EV_DONE);
        assert_string_equal(got, "hello!");
    }
}

static void the_requests_are_those_of_the_protocol(void **state)
{
    static const char send[] = "SEND\x1f\0\0\0/tmp/arduino/.x8ctl-1.elf,33188";
    static const char send2[] = "SND2\2\0\0\0/xSND2\xed\x81\0\0\0\0\0\0";
    static const char recv2[] = "RCV2\2\0\0\0/xRCV2\0\0\0\0";
    static const uint8_t done[] = {0x44, 0x4f, 0x4e, 0x45, 0x00, 0xf1, 0x53, 0x65};
    X8_AUTO_BUF one = {0};
    X8_AUTO_BUF two = {0};
    X8_AUTO_BUF three = {0};
    uint8_t header[8];
    struct x8_error err;

    (void)state;
    assert_int_equal(x8_sync_send_put(&one, 0, "/tmp/arduino/.x8ctl-1.elf", 0644, &err), 0);
    assert_int_equal(one.len, sizeof send - 1);
    assert_memory_equal(one.data, send, one.len);
    assert_int_equal(x8_sync_send_put(&two, 1, "/x", 0755, &err), 0);
    assert_int_equal(two.len, sizeof send2 - 1);
    assert_memory_equal(two.data, send2, two.len);
    assert_int_equal(x8_sync_recv_put(&three, 1, "/x", &err), 0);
    assert_int_equal(three.len, sizeof recv2 - 1);
    assert_memory_equal(three.data, recv2, three.len);
    x8_sync_header_put(header, X8_SYNC_DONE, 1700000000);
    assert_memory_equal(header, done, sizeof done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_all_sizes_arrive_and_come_back),
        cmocka_unit_test(a_file_is_looked_at_without_following_links),
        cmocka_unit_test(a_name_with_a_comma_is_a_name),
        cmocka_unit_test(what_the_board_refuses_keeps_its_words),
        cmocka_unit_test(a_path_that_is_too_long_is_not_sent),
        cmocka_unit_test(a_stop_ends_a_transfer_between_two_blocks),
        cmocka_unit_test(a_full_disk_ends_the_sending_early),
        cmocka_unit_test(the_reason_is_read_from_a_stream_that_was_closed),
        cmocka_unit_test(answers_that_make_no_sense_are_a_broken_link),
        cmocka_unit_test(a_service_that_ends_without_a_word_is_gone),
        cmocka_unit_test(messages_are_read_in_pieces_of_any_size),
        cmocka_unit_test(the_requests_are_those_of_the_protocol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
