/*
 * Opening and reading files, the strange ones too.
 */
#include "testlib.h"

#include "util/clock.h"
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char *dir;

static int setup(void **state)
{
    (void)state;
    dir = test_dir_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_dir_free(dir);
    return 0;
}

static void what_is_not_there_is_said_so(void **state)
{
    struct x8_error err;

    (void)state;
    assert_int_equal(x8_file_open("/no/such/file", 0, &err), -X8_E_NO_FILE);
    assert_int_equal(err.sys, ENOENT);
    assert_non_null(strstr(err.msg, "/no/such/file"));
    assert_true(err.why[0] && err.next[0]);
}

static void a_folder_or_a_device_is_no_file(void **state)
{
    struct x8_error err;

    (void)state;
    assert_int_equal(x8_file_open(dir, 1, &err), -X8_E_NO_FILE);
    assert_string_equal(err.why, "it is a folder");
    assert_int_equal(x8_file_open("/dev/zero", 1, &err), -X8_E_NO_FILE);
    assert_string_equal(err.why, "it is a device");
}

static void a_file_without_access_is_no_file(void **state)
{
    char *path = test_file(dir, "secret", "x", 1);
    struct x8_error err;

    (void)state;
    assert_int_equal(chmod(path, 0), 0);
    if (geteuid() == 0) {
        free(path);
        skip(); /* nothing is closed to root */
    }
    assert_int_equal(x8_file_open(path, 0, &err), -X8_E_NO_FILE);
    assert_int_equal(err.sys, EACCES);
    free(path);
}

static void a_pipe_nobody_writes_is_not_waited_for(void **state)
{
    char *path = test_path(dir, "fifo");
    int64_t start = x8_now_ms();
    struct x8_error err;

    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(x8_file_open(path, 0, &err), -X8_E_NO_FILE);
    assert_true(x8_now_ms() - start <
                60000); /* the limits on waiting are days, or there are none */
    free(path);
}

static void a_pipe_that_may_be_waited_for_is_not_waited_for_for_ever(void **state)
{
    char *path = test_path(dir, "fifo3");
    int64_t start = x8_now_ms();
    struct x8_error err;
    int fd;

    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_int_equal(x8_file_await_writer(fd, path, 1000, &err), -X8_E_TIMEOUT);
    assert_in_range(x8_now_ms() - start, 1000, 60000);
    assert_non_null(strstr(err.msg, path));
    assert_non_null(strstr(err.why, "1 seconds"));
    assert_string_not_equal(err.next, "");
    close(fd);
    free(path);
}

static void *write_into(void *arg)
{
    int fd = open(arg, O_WRONLY);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "late", 4), 4);
    close(fd);
    return NULL;
}

static void a_pipe_is_read_from_its_first_writer_to_the_last(void **state)
{
    char *path = test_path(dir, "fifo2"), out[8];
    struct x8_reader *reader = NULL;
    uint64_t size = 0;
    pthread_t writer;

    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(pthread_create(&writer, NULL, write_into, path), 0);
    assert_int_equal(x8_file_reader(path, &reader, &size, NULL), 0);
    assert_true(size == UINT64_MAX);
    assert_int_equal(x8_read_full(reader, out, sizeof out, NULL), 4);
    assert_memory_equal(out, "late", 4);
    pthread_join(writer, NULL);
    x8_reader_close(&reader);
    free(path);
}

static void *stop_late(void *arg)
{
    const struct timespec a_while = {.tv_nsec = 150 * 1000000};

    nanosleep(&a_while, NULL);
    x8_cancel_raise(arg, X8_CANCEL_SOFT, X8_E_TERMINATED);
    return NULL;
}

static void a_stop_ends_the_wait_for_a_writer_and_for_what_it_writes(void **state)
{
    char *path = test_path(dir, "fifo4"), out[8];
    struct x8_reader *reader = NULL;
    struct x8_cancel cancel;
    struct x8_error err;
    pthread_t stopper;

    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    for (int is_there = 0; is_there < 2; is_there++) { /* the writer, who says nothing */
        int fd = is_there ? open(path, O_RDWR | O_CLOEXEC) : -1;

        x8_cancel_init(&cancel);
        if (is_there) { /* what it said is read before anybody stops */
            assert_int_equal(write(fd, "said", 4), 4);
            assert_int_equal(x8_file_reader_for(&cancel, path, &reader, NULL, &err), 0);
            assert_int_equal(x8_read_full(reader, out, 4, &err), 4);
        }
        assert_int_equal(pthread_create(&stopper, NULL, stop_late, &cancel), 0);
        if (is_there) {
            assert_int_equal(x8_read(reader, out, 4, &err), -X8_E_TERMINATED);
            assert_int_equal(x8_read(reader, out, 4, &err), -X8_E_TERMINATED);
            close(fd);
        } else {
            assert_int_equal(x8_file_reader_for(&cancel, path, &reader, NULL, &err),
                             -X8_E_TERMINATED);
        }
        pthread_join(stopper, NULL);
        x8_reader_close(&reader);
        x8_cancel_done(&cancel);
    }
    free(path);
}

static void a_file_is_read_with_its_size(void **state)
{
    char *path = test_file(dir, "plain", "0123456789", 10), out[16];
    X8_AUTO_READER reader = NULL;
    uint64_t size = 0;

    (void)state;
    assert_int_equal(x8_file_reader(path, &reader, &size, NULL), 0);
    assert_true(size == 10);
    assert_int_equal(x8_read_full(reader, out, sizeof out, NULL), 10);
    assert_int_equal(x8_read(reader, out, sizeof out, NULL), 0);
    free(path);
}

static void a_part_of_a_file_is_that_part(void **state)
{
    char *path = test_file(dir, "part", "0123456789", 10), out[16];
    X8_AUTO_READER reader = NULL;

    (void)state;
    assert_int_equal(x8_file_reader_at(path, 3, 4, &reader, NULL), 0);
    assert_int_equal(x8_read_full(reader, out, sizeof out, NULL), 4);
    assert_memory_equal(out, "3456", 4);
    assert_int_equal(x8_read(reader, out, sizeof out, NULL), 0);
    free(path);
}

static void a_part_that_is_missing_fails_for_ever(void **state)
{
    char *path = test_file(dir, "short", "0123456789", 10), out[16];
    X8_AUTO_READER reader = NULL;
    struct x8_error err;

    (void)state;
    assert_int_equal(x8_file_reader_at(path, 8, 4, &reader, NULL), 0);
    assert_int_equal(x8_read_full(reader, out, sizeof out, &err), -X8_E_BAD_IMAGE);
    assert_non_null(strstr(err.msg, "2 bytes too early"));
    assert_int_equal(x8_read(reader, out, 1, &err), -X8_E_BAD_IMAGE);
    assert_non_null(strstr(err.msg, "2 bytes too early"));
    free(path);
}

static void an_offset_beyond_everything_is_an_error(void **state)
{
    char *path = test_file(dir, "far", "0123456789", 10), out[4];
    struct x8_reader *reader = NULL;
    struct x8_error err;

    (void)state;
    assert_int_equal(x8_file_reader_at(path, UINT64_MAX, 1, &reader, &err), -X8_E_NO_FILE);
    assert_null(reader);
    assert_int_equal(x8_file_reader_at(path, 1 << 20, 1, &reader, &err), 0);
    assert_int_equal(x8_read(reader, out, 4, &err), -X8_E_BAD_IMAGE);
    x8_reader_close(&reader);
    free(path);
}

static void a_file_is_loaded_up_to_its_limit(void **state)
{
    char *path = test_file(dir, "load", "0123456789", 10);
    X8_AUTO_BUF buf = {0};
    struct x8_error err;

    (void)state;
    assert_int_equal(x8_file_load(path, 10, &buf, &err), 0);
    assert_string_equal(x8_buf_text(&buf), "0123456789");
    assert_int_equal(x8_file_load(path, 9, &buf, &err), -X8_E_BAD_IMAGE);
    assert_non_null(strstr(err.msg, path));
    free(path);
}

static void a_file_of_the_kernel_without_a_size_is_loaded_too(void **state)
{
    X8_AUTO_BUF buf = {0};

    (void)state;
    if (x8_path_kind("/proc/version") != X8_PATH_FILE)
        skip();
    assert_int_equal(x8_file_load("/proc/version", 65536, &buf, NULL), 0);
    assert_true(buf.len > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_there_is_said_so),
        cmocka_unit_test(a_folder_or_a_device_is_no_file),
        cmocka_unit_test(a_file_without_access_is_no_file),
        cmocka_unit_test(a_pipe_nobody_writes_is_not_waited_for),
        cmocka_unit_test(a_pipe_that_may_be_waited_for_is_not_waited_for_for_ever),
        cmocka_unit_test(a_pipe_is_read_from_its_first_writer_to_the_last),
        cmocka_unit_test(a_stop_ends_the_wait_for_a_writer_and_for_what_it_writes),
        cmocka_unit_test(a_file_is_read_with_its_size),
        cmocka_unit_test(a_part_of_a_file_is_that_part),
        cmocka_unit_test(a_part_that_is_missing_fails_for_ever),
        cmocka_unit_test(an_offset_beyond_everything_is_an_error),
        cmocka_unit_test(a_file_is_loaded_up_to_its_limit),
        cmocka_unit_test(a_file_of_the_kernel_without_a_size_is_loaded_too),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
