/*
 * Uploads that are stopped, cut or disturbed: never a false word, never half a sketch.
 */
#include "kit_upload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void stop_on(struct bench *b, const char *words, const char *at, enum x8_cancel_level level,
                    int wanted)
{
    open_board(b, words);
    b->stop_at = at;
    b->stop_level = level;
    expect(b, upload(b), wanted);
    b->kit.op.cancel = NULL; /* for the questions afterwards */
}

static void a_stop_before_the_rename_leaves_nothing(void **state)
{
    static const char *const points[] = {"board: facts", "board: ready", "copy"};
    struct bench b;
    (void)state;

    for (size_t i = 0; i < X8_COUNT(points); i++) {
        stop_on(&b, "image=934", points[i], X8_CANCEL_SOFT, -X8_E_STOPPED);
        has_words(b.kit.err.why, "nothing was programmed");
        nothing_was_programmed(&b);
        close_board(&b);
    }
}

/* Whatever was reached, what is said is true. */
static void a_stop_close_to_the_rename_says_what_became_of_it(void **state)
{
    static const char *const points[] = {"board: sum", "board: target ok"};
    struct bench b;
    (void)state;

    for (size_t i = 0; i < X8_COUNT(points); i++) {
        open_board(&b, "image=934");
        b.stop_at = points[i];
        b.stop_level = X8_CANCEL_SOFT;
        int rc = upload(&b);
        b.kit.op.cancel = NULL;
        if (rc == 0)
            assert_int_equal(b.out.outcome, X8_SKETCH_VERIFIED);
        else if (strstr(b.kit.err.why, "nothing was programmed"))
            nothing_was_programmed(&b);
        else
            has_words(b.kit.err.why, "outcome unknown");
        close_board(&b);
    }
}

static void a_stop_while_it_waits_for_its_turn_ends_it(void **state)
{
    struct bench b;
    (void)state;

    open_board(&b, "image=934 " ENDLESS);
    assert_int_equal(sh(&b, "mkdir -m 775 /tmp/arduino; echo other >/tmp/arduino/x; mv -f "
                            "/tmp/arduino/x /tmp/arduino/m4-user-sketch.elf; " UNTIL_BUSY),
                     0);
    b.stop_at = "board: queue";
    b.stop_level = X8_CANCEL_SOFT;
    expect(&b, upload(&b), -X8_E_STOPPED); /* its turn never comes */
    has_words(b.kit.err.why, "nothing was programmed");
    b.kit.op.cancel = NULL;
    no_trace(&b);
    assert_int_equal(sh(&b, "[ \"$(cat /tmp/arduino/m4-user-sketch.elf)\" = other ]"), 0);
    close_board(&b);
}

static void a_stop_while_the_board_programs_waits_for_it(void **state)
{
    static const char *const boards[] = {"image=934 " ENDLESS, "image=95 " ENDLESS};
    struct bench b;
    (void)state;

    for (size_t i = 0; i < X8_COUNT(boards); i++) { /* 95: with the journal's word */
        open_board(&b, boards[i]);
        b.stop_at = "board: program";
        b.stop_level = X8_CANCEL_SOFT;
        b.end_at = "waiting for it to end";
        expect(&b, upload(&b), 0);
        b.kit.op.cancel = NULL;
        has_words(b.said, "waiting for it to end");
        assert_int_equal(b.out.outcome, X8_SKETCH_VERIFIED);
        close_board(&b);
    }
}

static void a_second_stop_ends_it_with_an_unknown_outcome(void **state)
{
    struct bench b;
    (void)state;

    stop_on(&b, "image=934 " ENDLESS, "board: program", X8_CANCEL_HARD, -X8_E_STOPPED);
    has_words(b.kit.err.why, "outcome unknown");
    has_words(b.kit.err.next, "sketch status");
    close_board(&b);
}

/* Nobody listens any more, and the record is written nevertheless. */
static void the_record_is_written_without_us(void **state)
{
    struct bench b;
    (void)state;

    open_board(&b, "image=934 " ENDLESS);
    b.stop_at = "board: program";
    b.stop_level = X8_CANCEL_HARD;
    expect(&b, upload(&b), -X8_E_STOPPED);
    b.kit.op.cancel = NULL;
    change_words(&b, "m4time=50");
    assert_int_equal(sh(&b, "for i in {1..600}; do grep -q 'outcome verified' "
                            "~/.local/state/x8ctl/sketch && break; sleep 0.1; done; "
                            "cd ~/.local/state/x8ctl && grep -q '^name blink.ino.elf$' sketch && "
                            "[ $(stat -c %a sketch) = 600 ] && [ $(ls -A | wc -l) = 1 ]"),
                     0);
    close_board(&b);
}

/* The link is cut at every message up to the end of an upload. */
static void a_link_that_is_cut_anywhere_is_never_success(void **state)
{
    struct bench b;
    unsigned before = 0, after = 0, whole = 0;
    (void)state;

    for (unsigned k = 6; k < 60 && whole < 1; k++) {
        char words[100];

        snprintf(words, sizeof words, "image=934 m4time=50 fault=at:msg,nth:%u,do:drop,for:100", k);
        memset(&b, 0, sizeof b);
        open_board(&b, words);
        int rc = upload(&b);
        if (rc == 0) {
            assert_int_equal(b.out.outcome, X8_SKETCH_VERIFIED);
            assert_true(programmed(&b, "complete") >= 1 || programmed(&b, "-") >= 0);
            whole++;
        } else {
            if (rc != -X8_E_GONE)
                fail_msg("message %u: %d %s | %s", k, rc, b.kit.err.msg, b.kit.err.why);
            assert_int_equal(b.out.outcome, X8_SKETCH_UNKNOWN);
            if (strstr(b.kit.err.why, "nothing was programmed"))
                before++;
            else {
                has_words(b.kit.err.why, "outcome unknown");
                after++;
            }
        }
        assert_int_equal(programmed(&b, "partial"), 0);
        if (rc < 0 && strstr(b.kit.err.why, "nothing was programmed"))
            assert_int_equal(programmed(&b, ""), 0);
        close_board(&b);
    }
    print_message("%u cut before, %u behind\n", before, after);
    assert_true(before > 3 && after > 3 && whole == 1);
}

struct rival {
    pthread_t thread;
    struct bench *bench; /* whose session is shared */
    struct x8_sketch sketch;
    struct x8_uploaded out;
    struct x8_error err;
    int rc;
};

static void *second_upload(void *ctx)
{
    struct rival *rival = ctx;
    struct x8_upload job = rival->bench->job;
    struct x8_op op = {.deadline = X8_NO_DEADLINE};

    rival->rc = x8_sketch_upload(rival->bench->kit.session, &op, &job, &rival->out, &rival->err);
    return NULL;
}

static void two_uploads_take_turns(void **state)
{
    struct bench b;
    struct rival rival = {.bench = &b};
    (void)state;

    open_board(&b, "image=934 m4time=500");
    assert_int_equal(pthread_create(&rival.thread, NULL, second_upload, &rival), 0);
    expect(&b, upload(&b), 0);
    pthread_join(rival.thread, NULL);
    expect(&b, rival.rc, 0);
    was_programmed(&b, 2);
    assert_int_equal(programmed(&b, "partial"), 0);
    no_trace(&b);
    close_board(&b);
}

/* Somebody pushes another file in the usual way, slowly, while we upload. */
static void a_program_that_knows_no_turns_makes_no_false_success(void **state)
{
    struct bench b;
    (void)state;

    for (int pause = 0; pause < 6; pause++) {
        char text[300];

        open_board(&b, "image=934 m4time=200");
        snprintf(text, sizeof text,
                 "mkdir -m 775 /tmp/arduino; trap '' HUP; (sleep 0.%d; "
                 "f=/tmp/arduino/m4-user-sketch.elf; "
                 "rm -f $f; for i in 1 2 3 4; do echo x >>$f; sleep 0.1; done) >/dev/null 2>&1 & "
                 "disown",
                 pause);
        assert_int_equal(sh(&b, text), 0);
        int rc = upload(&b);
        if (rc == 0) /* then it was programmed, in full and last of all that ended before */
            assert_true(programmed(&b, b.sketch.sha256) >= 1);
        else
            assert_true(rc == -X8_E_UNKNOWN_STATE || rc == -X8_E_BUSY || rc == -X8_E_SKETCH);
        print_message("%d: %d %s\n", pause, rc, b.kit.err.msg);
        close_board(&b);
    }
}

/* Commands in front of the board's mv to the sketch's place, and behind it. */
static void around_mv(struct bench *b, const char *before, const char *after)
{
    char path[400];
    FILE *file;

    snprintf(path, sizeof path, "%s/usr/bin/mv", b->kit.root);
    remove(path);
    file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file,
            "#!/bin/bash\nT=/tmp/arduino/m4-user-sketch.elf W=/run/x8board/m4/words\n"
            "case \"$*\" in *$T) %s;; esac\n/usr/libexec/host/bin/mv \"$@\" || exit\n"
            "case \"$*\" in *$T) %s;; esac\n",
            before, after);
    fclose(file);
    assert_int_equal(chmod(path, 0755), 0);
}

/* Somebody's event right in front of the rename: his run begins, and ours goes unheard. */
static void a_run_that_began_in_front_of_the_rename_is_not_taken_for_ours(void **state)
{
    static const char *const boards[] = {"image=934", "image=95"};
    struct bench b;
    int before;
    (void)state;

    for (size_t i = 0; i < X8_COUNT(boards); i++) {
        open_board(&b, boards[i]);
        expect(&b, upload(&b), 0);
        was_programmed(&b, 1);
        before = programmed(&b, "");
        make_sketch(&b, 21000);
        b.said[0] = '\0';
        /* His has read the old file, and ends behind our rename. */
        around_mv(&b,
                  "echo m4hold=80 >$W; : >$W.then; touch $T; "
                  "until [ /run/x8board/m4/flash -nt $W.then ]; do sleep 0.02; done",
                  ": >$W");
        expect(&b, upload(&b), 0);
        assert_int_equal(b.out.outcome, X8_SKETCH_VERIFIED);
        has_words(b.said, "once more");
        assert_int_equal(programmed(&b, ""), before + 2); /* his and ours */
        assert_int_equal(programmed(&b, b.sketch.sha256), 1);
        no_trace(&b);
        close_board(&b);
    }
}

static void a_rename_that_fails_is_told(void **state)
{
    struct bench b;
    (void)state;

    open_board(&b, "image=934");
    around_mv(&b, "echo mv: cannot move: Host is down >&2; exit 1", ":");
    expect(&b, upload(&b), -X8_E_REFUSED);
    has_words(b.kit.err.why, "Host is down");
    nothing_was_programmed(&b);
    close_board(&b);
    open_board(&b, "image=934");
    around_mv(&b, "rm -rf /tmp/arduino", ":");
    assert_true(upload(&b) < 0);
    assert_int_equal(programmed(&b, ""), 0);
    close_board(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stop_before_the_rename_leaves_nothing),
        cmocka_unit_test(a_stop_close_to_the_rename_says_what_became_of_it),
        cmocka_unit_test(a_stop_while_it_waits_for_its_turn_ends_it),
        cmocka_unit_test(a_stop_while_the_board_programs_waits_for_it),
        cmocka_unit_test(a_second_stop_ends_it_with_an_unknown_outcome),
        cmocka_unit_test(the_record_is_written_without_us),
        cmocka_unit_test(a_link_that_is_cut_anywhere_is_never_success),
        cmocka_unit_test(two_uploads_take_turns),
        cmocka_unit_test(a_run_that_began_in_front_of_the_rename_is_not_taken_for_ours),
        cmocka_unit_test(a_rename_that_fails_is_told),
        cmocka_unit_test(a_program_that_knows_no_turns_makes_no_false_success),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
