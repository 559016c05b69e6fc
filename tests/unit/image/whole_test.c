/* Is a file all there? Whatever is cut off of an archive is missed; what is none is left alone. */
#include "packed.h"

#include "image/archive.h"
#include "image/whole.h"

/* Members of several kinds of content, in an archive without padding behind its end mark. */
static const char make[] = "mkdir -p box/folder; head -c 3000 /dev/urandom > box/noise; "
                           "head -c 200000 /dev/zero > box/zeros; echo text > box/folder/text; "
                           "tar -b1 -cf a.tar box; gzip -nk a.tar";

static int check(const void *data, size_t len, struct x8_error *err)
{
    struct x8_op op = {.deadline = X8_NO_DEADLINE};
    struct x8_reader *reader = NULL;

    assert_int_equal(x8_mem_reader((struct x8_span){data, len}, &reader, err), 0);
    return x8_whole_check(&op, reader, len, err);
}

/* All of it is whole, and no part of it is; `from`: shorter ones are no archive that can be told.
 */
static void only_all_of_it(const struct scratch *scratch, const char *name, size_t from)
{
    X8_AUTO_BUF file = {0};
    struct x8_error err = {0};
    size_t step;

    scratch_load(scratch, name, &file);
    assert_int_equal(check(file.data, file.len, &err), 0);
    step = file.len > 4000 ? file.len / 211 : 1;
    for (size_t len = from; len<file.len; len += file.len - len> 2000 ? step : 7) {
        if (check(file.data, len, &err) != -X8_E_BAD_IMAGE)
            fail_msg("%s: %zu of %zu bytes count as whole", name, len, file.len);
    }
    assert_int_equal(check(file.data, file.len - 1, &err), -X8_E_BAD_IMAGE);
}

static void a_tar_archive_needs_both_blocks_of_its_end(void **state)
{
    assert_int_equal(scratch_run(*state, make), 0);
    only_all_of_it(*state, "a.tar", 512);
}

static void a_packed_archive_needs_its_trailer(void **state)
{
    assert_int_equal(scratch_run(*state, make), 0);
    only_all_of_it(*state, "a.tar.gz", 2);
}

static void an_archive_that_was_packed_when_it_was_cut_is_missed_too(void **state)
{
    X8_AUTO_BUF file = {0};
    struct x8_error err = {0};

    assert_int_equal(scratch_run(*state, make), 0);
    assert_int_equal(scratch_run(*state, "head -c 150000 a.tar | gzip > cut.tar.gz; "
                                         "head -c -512 a.tar | gzip > lone.tar.gz"),
                     0);
    scratch_load(*state, "cut.tar.gz", &file);
    assert_int_equal(check(file.data, file.len, &err), -X8_E_BAD_IMAGE);
    scratch_load(*state, "lone.tar.gz", &file);
    assert_int_equal(check(file.data, file.len, &err), -X8_E_BAD_IMAGE);
    assert_non_null(strstr(err.why, "inside its end mark"));
}

static void a_zip_archive_needs_its_directory(void **state)
{
    static const char python[] =
        "import zipfile\n"
        "for name, how in (('s.zip', zipfile.ZIP_STORED), ('d.zip', zipfile.ZIP_DEFLATED)):\n"
        "    with zipfile.ZipFile(name, 'w', how) as z:\n"
        "        z.write('box/noise'); z.write('box/folder/text'); z.comment = b'words behind'\n";

    assert_int_equal(scratch_run(*state, make), 0);
    scratch_write(*state, "make.py", python, sizeof python - 1);
    scratch_must(*state, "python3", "python3 make.py");
    only_all_of_it(*state, "s.zip", 512);
    only_all_of_it(*state, "d.zip", 512);
}

static void what_is_no_archive_is_left_alone(void **state)
{
    X8_AUTO_BUF file = {0};
    struct x8_error err = {0};

    assert_int_equal(scratch_run(*state, make), 0);
    scratch_load(*state, "box/noise", &file);
    assert_int_equal(check(file.data, file.len, &err), 0);
    assert_int_equal(check(file.data, 700, &err), 0);
    assert_int_equal(check("", 0, &err), 0);
    assert_int_equal(scratch_run(*state, "gzip -n box/noise"), 0);
    scratch_load(*state, "box/noise.gz", &file);
    assert_int_equal(check(file.data, file.len, &err), 0);
    assert_int_equal(check(file.data, file.len - 1, &err), -X8_E_BAD_IMAGE);
}

static void a_stop_is_heard(void **state)
{
    struct x8_cancel cancel;
    struct x8_op op = {.deadline = X8_NO_DEADLINE, .cancel = &cancel};
    struct x8_reader *reader = NULL;
    struct x8_error err = {0};

    (void)state;
    x8_cancel_init(&cancel);
    x8_cancel_raise(&cancel, X8_CANCEL_SOFT, X8_E_STOPPED);
    assert_int_equal(x8_mem_reader((struct x8_span){(const uint8_t *)"abc", 3}, &reader, &err), 0);
    assert_int_equal(x8_whole_check(&op, reader, 3, &err), -X8_E_STOPPED);
    x8_cancel_done(&cancel);
}

/* --- the record at the end of a zip archive */

enum { RECORD = 22 };

static void put_record(uint8_t *p, uint32_t len, uint32_t start, uint16_t comment)
{
    memset(p, 0, RECORD);
    memcpy(p, "PK\5\6", 4);
    x8_put_le32(p + 12, len);
    x8_put_le32(p + 16, start);
    x8_put_le16(p + 20, comment);
}

static int has_end(const uint8_t *tail, size_t len, uint64_t size)
{
    return zip_has_end((struct x8_span){tail, len}, size);
}

static void the_record_is_found_before_its_comment(void **state)
{
    uint8_t tail[200] = {0};

    (void)state;
    assert_false(has_end(tail, 0, 0));
    assert_false(has_end(tail, sizeof tail, 1000));
    put_record(tail + 100, 50, 800, 78);
    assert_true(has_end(tail, sizeof tail, 1000));
    assert_false(has_end(tail, sizeof tail - 1, 999)); /* the comment is cut */
    assert_false(has_end(tail + 100, RECORD - 1, 1000));
    assert_false(has_end(tail, sizeof tail, 949)); /* the directory would reach over it */
    put_record(tail + 100, UINT32_MAX - 1, UINT32_MAX - 1, 78);
    assert_false(has_end(tail, sizeof tail, 1000));
}

static void a_large_archive_has_a_locator(void **state)
{
    uint8_t tail[200] = {0};

    (void)state;
    put_record(tail + 178, UINT32_MAX, UINT32_MAX, 0);
    assert_false(has_end(tail, sizeof tail, (uint64_t)5 << 30));
    memcpy(tail + 158, "PK\6\7", 4);
    x8_put_le64(tail + 166, ((uint64_t)5 << 30) - 98);
    assert_true(has_end(tail, sizeof tail, (uint64_t)5 << 30));
    x8_put_le64(tail + 166, (uint64_t)5 << 30);
    assert_false(has_end(tail, sizeof tail, (uint64_t)5 << 30));
    assert_false(has_end(tail + 160, 40, (uint64_t)5 << 30)); /* no room for one */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_tar_archive_needs_both_blocks_of_its_end, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(a_packed_archive_needs_its_trailer, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(an_archive_that_was_packed_when_it_was_cut_is_missed_too,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_zip_archive_needs_its_directory, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(what_is_no_archive_is_left_alone, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test(a_stop_is_heard),
        cmocka_unit_test(the_record_is_found_before_its_comment),
        cmocka_unit_test(a_large_archive_has_a_locator),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
