/*
 * Any bytes as a file of health checks: refused with words, or a list that has checks.
 */
#include "session/health.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x8_health *health = NULL;
    struct x8_error err = {0};
    char *text = malloc(size + 1);

    if (!text)
        abort();
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    if (x8_health_parse(text, size, &health, &err) == 0) {
        if (x8_health_count(health) == 0)
            abort();
    } else if (!err.msg[0] || health) {
        abort();
    }
    x8_health_free(&health);
    free(text);
    return 0;
}
