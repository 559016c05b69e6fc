/*
 * HAB words in plain text.
 */
#include "flash/sdp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void an_invalid_signature_is_named_with_place_and_engine(void **state)
{
    char text[160];

    (void)state;
    x8_hab_text(text, 0x1ddb1833);
    assert_string_equal(text,
                        "invalid signature (reason 0x18) in authenticated data (0xdb), engine "
                        "CAAM (0x1d), status failure (0x33)");
}

static void codes_nobody_documented_keep_their_numbers(void **state)
{
    char text[160];

    (void)state;
    x8_hab_text(text, 0x77665544);
    assert_string_equal(
        text,
        "unknown (reason 0x55) in unknown (0x66), engine unknown (0x77), status unknown (0x44)");
}

/* The output has room for the longest of all texts. */
static void every_word_fits(void **state)
{
    char text[160];

    (void)state;
    for (uint32_t i = 0; i < 256; i++)
        for (uint32_t k = 0; k < 256; k++) {
            x8_hab_text(text, i << 24 | k << 16 | i << 8 | 0x69);
            assert_int_equal(text[strlen(text) - 1], ')');
            x8_hab_text(text, k << 24 | i << 16 | i << 8 | k);
            assert_int_equal(text[strlen(text) - 1], ')');
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_invalid_signature_is_named_with_place_and_engine),
        cmocka_unit_test(codes_nobody_documented_keep_their_numbers),
        cmocka_unit_test(every_word_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
