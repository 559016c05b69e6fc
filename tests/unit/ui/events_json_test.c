/*
 * JSON lines.
 */
#include "kit.h"

#include "util/json.h"

#define HEAD "{\"v\":1,\"t\":\"2026-03-01T10:00:12.410Z\",\"run\":\"r7Q2\","

static void progress_has_numbers_to_compute_with(void **state)
{
    struct kit kit = kit_new(x8_json_fact, X8_PROGRESS_JSON);

    (void)state;
    kit_progress(&kit, "b1", "write", 0, 2128609280);
    kit.ms += 1000;
    kit_progress(&kit, "b1", "write", 22439526, 2128609280);
    kit_progress(&kit, "b1", "measure", 7, 0);
    kit_expect(&kit, HEAD "\"board\":\"b1\",\"ev\":\"progress\",\"stage\":\"write\",\"done\":0,"
                          "\"total\":2128609280,\"unit\":\"B\",\"rate\":0,\"eta_s\":null}\n" HEAD
                          "\"board\":\"b1\",\"ev\":\"progress\",\"stage\":\"write\","
                          "\"done\":22439526,\"total\":2128609280,\"unit\":\"B\","
                          "\"rate\":22439526,\"eta_s\":94}\n" HEAD
                          "\"board\":\"b1\",\"ev\":\"progress\",\"stage\":\"measure\",\"done\":7,"
                          "\"total\":null,\"unit\":\"B\",\"rate\":0,\"eta_s\":null}\n");
    kit_done(&kit);
}

static void one_progress_for_a_board_in_a_frame(void **state)
{
    struct kit kit = kit_new(x8_json_fact, X8_PROGRESS_JSON);
    size_t len;

    (void)state;
    kit_progress(&kit, "b1", "write", 1, 10);
    len = kit.out.len;
    kit.view.frame--; /* still the same one */
    kit_progress(&kit, "b1", "write", 2, 10);
    assert_int_equal(kit.out.len, len);
    kit.view.frame--;
    kit_progress(&kit, "b2", "write", 2, 10);
    assert_true(kit.out.len > len);
    kit_done(&kit);
}

static void stages_are_entered_and_finished(void **state)
{
    struct kit kit = kit_new(x8_json_fact, X8_PROGRESS_JSON);

    (void)state;
    kit_say(&kit, X8_EV_STAGE, "b1", "rom", "");
    kit.ms += 250;
    kit_say(&kit, X8_EV_STAGE, "b1", "rom", "found");
    kit_expect(&kit, HEAD "\"board\":\"b1\",\"ev\":\"stage\",\"stage\":\"rom\","
                          "\"state\":\"entered\"}\n" HEAD
                          "\"board\":\"b1\",\"ev\":\"stage\",\"stage\":\"rom\","
                          "\"state\":\"finished\",\"elapsed_ms\":250,\"text\":\"found\"}\n");
    kit_done(&kit);
}

static void an_error_is_an_event_and_so_is_the_last_one(void **state)
{
    struct kit kit = kit_new(x8_json_fact, X8_PROGRESS_JSON);
    struct x8_error err;

    (void)state;
    x8_fail(&err, X8_E_LINK, "broken");
    x8_error_why(&err, "cable\033");
    kit_error(&kit, X8_EV_ERROR, "b1", &err);
    kit_say(&kit, X8_EV_RESULT, "b1", NULL, "");
    kit_error(&kit, X8_FACT_FINAL, NULL, &err); /* known */
    x8_fail(&err, X8_E_SOME_FAILED, "1 of 2");
    kit_error(&kit, X8_FACT_FINAL, NULL, &err);
    kit_expect(&kit,
               HEAD "\"board\":\"b1\",\"ev\":\"error\",\"error\":{\"code\":\"link\","
                    "\"status\":17,\"what\":\"broken\",\"why\":\"cable?\",\"next\":null}}\n" HEAD
                    "\"board\":\"b1\",\"ev\":\"result\",\"ok\":false}\n" HEAD
                    "\"ev\":\"error\",\"error\":{\"code\":\"some-failed\",\"status\":50,"
                    "\"what\":\"1 of 2\",\"why\":null,\"next\":null}}\n");
    kit_done(&kit);
}

static void every_line_is_one_document_whatever_was_said(void **state)
{
    struct kit kit = kit_new(x8_json_fact, X8_PROGRESS_JSON);
    const char *line;
    int lines = 0;

    (void)state;
    kit.view.verbosity = 3;
    for (int kind = X8_EV_START; kind <= X8_FACT_SAY; kind++)
        kit_say(&kit, kind, "b\"\nx", "st\xff", "te\nxt\033\"\\");
    for (line = x8_buf_text(&kit.out); *line; line += strcspn(line, "\n") + 1, lines++) {
        struct x8_json *json = NULL;

        assert_int_equal(x8_json_parse(line, strcspn(line, "\n"), &json, NULL), 0);
        assert_string_equal(x8_json_get_str(json, "board"), "b\"?x");
        assert_non_null(x8_json_get_str(json, "ev"));
        x8_json_free(&json);
    }
    assert_int_equal(lines, X8_FACT_SAY - X8_EV_START + 1);
    kit_done(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(progress_has_numbers_to_compute_with),
        cmocka_unit_test(one_progress_for_a_board_in_a_frame),
        cmocka_unit_test(stages_are_entered_and_finished),
        cmocka_unit_test(an_error_is_an_event_and_so_is_the_last_one),
        cmocka_unit_test(every_line_is_one_document_whatever_was_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
