/*
 * Status and reset: what lies on the board, what it says of itself, and what is made of hostile
 * answers.
 */
#include "kit_upload.h"

#include "sketch/status_parts.h"

#include <stdio.h>
#include <string.h>

#define UNITS                                                                                      \
    "units LoadState=loaded\tActiveState=active\tSubState=waiting\tResult=success\t\t"             \
    "LoadState=loaded\tActiveState=inactive\tResult=success\n"
#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER  "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int parse(const char *text, struct x8_sketch_status *out)
{
    struct x8_error err;

    return sketch_status_parse((struct x8_span){(const uint8_t *)text, strlen(text)}, out, &err);
}

static void an_answer_is_read(void **state)
{
    struct x8_sketch_status s;
    (void)state;

    assert_int_equal(parse(UNITS "file " DIGEST " 1700000000 20000\nm7 ok 3f78\n"
                                 "record name blink it.elf\nrecord sha256 " OTHER "\n"
                                 "record time 1600000000\nrecord outcome verified\nend\n",
                           &s),
                     0);
    assert_true(s.has_file && s.file_time_s == 1700000000 && s.file_size == 20000);
    assert_string_equal(s.file_sha256, DIGEST);
    assert_string_equal(s.m7_version, "3f78");
    assert_true(s.has_record && s.record_time_s == 1600000000);
    assert_string_equal(s.record_name, "blink it.elf");
    assert_int_equal(s.record_outcome, X8_SKETCH_VERIFIED);
    assert_int_equal(s.is_newer, 1);
    assert_int_equal(s.is_stalled, 0);
    assert_int_equal(s.watcher.has_units, 1);
}

static void what_is_not_there_is_not_known(void **state)
{
    struct x8_sketch_status s;
    (void)state;

    assert_int_equal(parse(UNITS "m7 stalled\nend\n", &s), 0);
    assert_false(s.has_file || s.has_record || s.is_newer);
    assert_int_equal(s.is_stalled, 1);
    assert_string_equal(s.m7_version, "");
}

static void a_record_of_somebody_else_is_taken_with_care(void **state)
{
    struct x8_sketch_status s;
    (void)state;

    assert_int_equal(parse(UNITS "record name \033[2Jx\nrecord sha256 short\nrecord time -5\n"
                                 "record outcome glorious\nrecord\nrecord \nend\n",
                           &s),
                     0);
    assert_int_equal(s.has_record, 0); /* without a digest it is none */
    assert_string_equal(s.record_name, "?[2Jx");
    assert_true(s.record_time_s == 0);
    assert_int_equal(s.record_outcome, X8_SKETCH_UNKNOWN);
    /* A record cannot end the answer or speak for the units. */
    assert_int_equal(parse(UNITS "record end\nrecord units \nend\n", &s), 0);
}

static void an_answer_cut_short_is_none(void **state)
{
    struct x8_sketch_status s;
    (void)state;

    assert_int_equal(parse("", &s), -X8_E_LINK);
    assert_int_equal(parse(UNITS, &s), -X8_E_LINK);
    assert_int_equal(parse("end\n", &s), -X8_E_LINK);
    assert_int_equal(parse("units nonsense\nend\n", &s), -X8_E_LINK);
}

static struct x8_sketch_status ask(struct bench *b, const struct x8_root *root)
{
    struct x8_sketch_status s;

    if (x8_sketch_status(b->kit.session, &b->kit.op, root, &s, &b->kit.err) != 0)
        fail_msg("%s | %s", b->kit.err.msg, b->kit.err.why);
    return s;
}

static void a_fresh_board_knows_nothing(void **state)
{
    struct bench b;
    (void)state;

    open_board(&b, "image=934");
    struct x8_sketch_status s = ask(&b, NULL);
    assert_int_equal(s.watcher.has_units, 1);
    assert_false(s.has_file || s.has_record || s.is_stalled);
    assert_int_equal(strlen(s.m7_version), 40);
    assert_int_equal(s.last.verdict, X8_OPENOCD_UNKNOWN);
    close_board(&b);
    open_board(&b, "image=934 m4watch=none bridge=stalled");
    s = ask(&b, NULL);
    assert_int_equal(s.watcher.has_units, 0);
    assert_int_equal(s.is_stalled, 1);
    close_board(&b);
}

static void an_upload_is_known_afterwards(void **state)
{
    static const char *const boards[] = {"image=934 tools=busybox", "image=95 home=1"};
    struct bench b;
    (void)state;

    for (size_t i = 0; i < X8_COUNT(boards); i++) {
        open_board(&b, boards[i]);
        b.sketch.name = "a'b $(touch /tmp/x) \n\033[2J`id`\\n%s";
        expect(&b, upload(&b), 0);
        assert_int_equal(get_root(&b, &(const struct x8_root *){NULL}, &b.kit.err), 0);
        struct x8_sketch_status s = ask(&b, &b.root);
        assert_true(s.has_file && s.has_record && !s.is_newer);
        assert_string_equal(s.file_sha256, b.sketch.sha256);
        assert_string_equal(s.record_sha256, b.sketch.sha256);
        assert_string_equal(s.record_name, "a'b $(touch /tmp/x) ??[2J`id`\\n%s");
        assert_int_equal(s.record_outcome, X8_SKETCH_VERIFIED);
        assert_true(s.file_size == b.sketch.file.len && s.file_time_s > 1600000000);
        assert_true(s.record_time_s >= s.file_time_s);
        assert_int_equal(s.last.verdict, X8_OPENOCD_VERIFIED);
        assert_int_equal(s.last.has_reset, 1);
        assert_int_not_equal(sh(&b, "test -e /tmp/x"), 0);
        assert_int_equal(sh(&b, "echo >>/tmp/arduino/m4-user-sketch.elf; sleep 0.5"), 0);
        s = ask(&b, NULL);
        assert_int_equal(s.is_newer, 1);
        assert_int_equal(s.last.verdict, X8_OPENOCD_UNKNOWN);
        close_board(&b);
    }
}

static void a_refusal_is_in_the_record_too(void **state)
{
    struct bench b;
    (void)state;

    open_board(&b, "image=934 m4=verify");
    expect(&b, upload(&b), -X8_E_SKETCH);
    struct x8_sketch_status s = ask(&b, &b.root);
    assert_int_equal(s.record_outcome, X8_SKETCH_REFUSED);
    assert_int_equal(s.last.verdict, X8_OPENOCD_FAILED);
    close_board(&b);
}

static int reset(struct bench *b)
{
    const struct x8_root *root = NULL;

    assert_int_equal(get_root(b, &root, &b->kit.err), 0);
    return x8_sketch_reset(b->kit.session, &b->kit.op, root, &b->kit.err);
}

static void a_reset_waits_for_the_bridge(void **state)
{
    struct bench b;
    (void)state;

    open_board(&b, "image=934 bridge=slow");
    expect(&b, reset(&b), 0);
    assert_int_equal(programmed(&b, "nrst"), 1);
    close_board(&b);
    open_board(&b, "image=934 bridge=stalls");
    expect(&b, reset(&b), -X8_E_UNHEALTHY);
    has_words(b.kit.err.next, "power-cycle");
    close_board(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_read),
        cmocka_unit_test(what_is_not_there_is_not_known),
        cmocka_unit_test(a_record_of_somebody_else_is_taken_with_care),
        cmocka_unit_test(an_answer_cut_short_is_none),
        cmocka_unit_test(a_fresh_board_knows_nothing),
        cmocka_unit_test(an_upload_is_known_afterwards),
        cmocka_unit_test(a_refusal_is_in_the_record_too),
        cmocka_unit_test(a_reset_waits_for_the_bridge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
