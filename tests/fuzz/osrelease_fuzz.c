/*
 * Any bytes as os-release, and as an expression about one: nothing is read past its end, and what
 * is kept is clean.
 */
#include "session/osrelease.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_clean(const char *text, size_t cap)
{
    size_t len = strlen(text);
    if (len >= cap)
        abort();
    for (size_t i = 0; i < len;) {
        uint32_t cp = 0;
        size_t n = x8_utf8_next(text + i, len - i, &cp);
        if (n == 0 || cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
            abort();
        i += n;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct x8_os_release os;
    struct x8_error err = {0};
    char word[32], *text = malloc(size + 1);
    if (!text)
        abort();
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    int rc = x8_os_release_parse((struct x8_span){data, size}, &os, &err);
    if ((rc == 0) != (os.count > 0))
        abort();
    for (size_t i = 0; i < os.count; i++) {
        check_clean(os.items[i].key, sizeof(os.items[i].key));
        check_clean(os.items[i].value, sizeof(os.items[i].value));
    }
    x8_os_image(&os, word);
    check_clean(word, sizeof(word));
    x8_os_is_x8(&os);
    rc = x8_os_check(&os, text, &err);
    if (rc != 0 && rc != -X8_E_DIFFERS && rc != -X8_E_USAGE)
        abort();
    free(text);
    return 0;
}
