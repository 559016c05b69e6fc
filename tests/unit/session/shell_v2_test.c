#include "testlib.h"

#include "session/shell_v2.h"
#include "util/attr.h"

#include <string.h>

/* Append what `parser` makes of `data`, each piece as "1:text " or "2:text ". */
static void parse(struct x8_shell_parser *parser, const uint8_t *data, size_t len, char *out)
{
    while (len > 0) {
        struct x8_shell_piece piece;
        size_t used = 0;
        int got = x8_shell_next(parser, (struct x8_span){data, len}, &used, &piece);

        assert_true(used > 0 && used <= len);
        if (got) {
            size_t at = strlen(out);

            out[at++] = (char)('0' + piece.id);
            memcpy(out + at, piece.data.data, piece.data.len);
            out[at + piece.data.len] = '\0';
        }
        data += used;
        len -= used;
    }
}

static const uint8_t stream[] = {1, 3, 0, 0, 0, 'a', 'b', 'c',             /* stdout */
                                 9, 2, 0, 0, 0, 'x', 'y',                  /* nobody knows */
                                 2, 2, 0, 0, 0, 'd', 'e', 1,   0, 0, 0, 0, /* stderr, nothing */
                                 3, 1, 0, 0, 0, 137};                      /* status */

static void output_and_status_come_apart(void **state)
{
    struct x8_shell_parser parser = {0};
    char out[64] = "";

    (void)state;
    parse(&parser, stream, sizeof stream, out);
    assert_string_equal(out, "1abc2de");
    assert_true(parser.has_status);
    assert_int_equal(parser.status, 137);
}

static void pieces_of_any_size_mean_the_same(void **state)
{
    (void)state;
    for (size_t step = 1; step < sizeof stream; step++) {
        struct x8_shell_parser parser = {0};
        char out[64] = "", plain[64] = "";
        size_t n = 0;

        for (size_t at = 0; at < sizeof stream; at += step) {
            size_t rest = sizeof stream - at;

            parse(&parser, stream + at, rest < step ? rest : step, out);
        }
        for (const char *p = out; *p; p++)
            if (*p >= 'a')
                plain[n++] = *p;
        assert_string_equal(plain, "abcde");
        assert_int_equal(parser.status, 137);
    }
}

static void a_head_is_a_letter_and_a_length(void **state)
{
    uint8_t head[X8_SHELL_HEAD];

    (void)state;
    x8_shell_head(head, X8_SHELL_WINDOW, 0x01020304);
    assert_memory_equal(head, ((uint8_t[]){5, 4, 3, 2, 1}), sizeof head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_and_status_come_apart),
        cmocka_unit_test(pieces_of_any_size_mean_the_same),
        cmocka_unit_test(a_head_is_a_letter_and_a_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
