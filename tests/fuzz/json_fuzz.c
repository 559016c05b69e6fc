/*
 * Any bytes as JSON: an error or a value, and a value can be written and read again.
 */
#include "util/json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x8_json *json = NULL, *again = NULL;
    struct x8_error err;

    if (x8_json_parse((const char *)data, size, &json, &err) < 0) {
        if (err.msg[0] == '\0')
            abort();
        return 0;
    }
    x8_json_get_str(json, "a");
    for (int indented = 0; indented < 2; indented++) {
        char *text = x8_json_text(json, indented);

        if (x8_json_parse(text, strlen(text), &again, NULL) < 0)
            abort();
        x8_json_free(&again);
        free(text);
    }
    x8_json_free(&json);
    return 0;
}
