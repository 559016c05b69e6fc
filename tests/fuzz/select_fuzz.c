/*
 * Selectors as people and other tools write them: refused, or matched without harm.
 */
#include "board/select.h"

#include "util/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct x8_selector selector;
    struct x8_board board = {.mode = X8_MODE_ROM};
    struct x8_error err;
    int exact = 0;

    if (!text)
        abort();
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    x8_copy(board.device.port, sizeof board.device.port, "1-4.2");
    x8_copy(board.device.serial, sizeof board.device.serial, "1822aa09dab6fad9");
    if (x8_selector_parse(text, &selector, &err) == 0) {
        if (!x8_selector_match(&selector, &board, &exact) && exact)
            abort();
        (void)x8_select_one(&selector, &board, 1, &err);
    } else if (err.code != X8_E_USAGE || !err.next[0]) {
        abort();
    }
    free(text);
    return 0;
}
