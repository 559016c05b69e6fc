/*
 * Any bytes as canonical JSON: an error or a form that is its own form, valid for the other reader
 * too, and the same document in both ways to write control characters.
 */
#include "update/canon.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x8_span text = {data, size};
    struct x8_buf plain = {0}, escaped = {0}, again = {0};
    struct x8_json *json = NULL;
    struct x8_error err = {0};

    if (x8_canonical(text, NULL, &plain, &err) < 0) {
        must(err.msg[0] != '\0');
        must(plain.len == 0 && x8_canonical_escaped(text, NULL, &escaped, NULL) < 0);
        return 0;
    }
    must(plain.data && memchr(plain.data, 0, plain.len) == NULL);
    must(x8_canonical_escaped(text, NULL, &escaped, NULL) == 0);
    must(x8_canonical(x8_buf_span(&escaped), NULL, &again, NULL) == 0);
    must(again.len == plain.len && memcmp(again.data, plain.data, plain.len) == 0);
    must(x8_json_parse(x8_buf_text(&plain), plain.len, &json, &err) == 0);
    x8_json_free(&json);
    again.len = 0;
    if (x8_canonical(text, "signed", &again, &err) == 0)
        must(again.len > 0);
    x8_buf_done(&plain);
    x8_buf_done(&escaped);
    x8_buf_done(&again);
    return 0;
}
