/*
 * What a board answers to doctor, and the mask of reports: nothing that has the form of a serial
 * number or a MAC address is left.
 */
#include "doctor/board.h"
#include "doctor/mask_parts.h"
#include "doctor/secrets.h"
#include "util/json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void terminated(const char *text, size_t cap)
{
    if (memchr(text, '\0', cap) == NULL)
        abort();
}

static void answer(struct x8_span bytes)
{
    struct x8_doctor_board about = {.now = 1795255203};
    struct x8_board_says *says = calloc(1, sizeof *says);
    X8_AUTO_CHECKS checks = {0};

    if (!says)
        abort();
    (void)board_says_parse(bytes, says);
    terminated(says->radio, sizeof says->radio);
    terminated(says->path_result, sizeof says->path_result);
    x8_doctor_board(says, &about, &checks);
    for (size_t i = 0; i < checks.count; i++)
        terminated(checks.items[i].text, sizeof checks.items[i].text);
    free(says);
}

/* With names that were learned a replaced one may touch digits that were none of a number before,
 * so what is left is looked at without them. */
static void masked(struct x8_span bytes, int learn)
{
    struct x8_mask *mask = x8_mask_new();
    X8_AUTO_BUF out = {0};
    int rc;

    if (!mask)
        abort();
    if (learn)
        x8_mask_learn(mask, bytes);
    rc = x8_mask_text(mask, bytes, &out);
    for (size_t i = 0; rc == 0 && !learn && i < out.len; i++) {
        const char *at = (const char *)out.data + i;

        if ((i == 0 || !mask_is_word(at[-1])) &&
            (mask_mac(at, out.len - i) || mask_serial(at, out.len - i)))
            abort();
    }
    x8_mask_free(&mask);
}

/* A document of JSON is one without its secrets, too. */
static void without_secrets(struct x8_span bytes)
{
    struct x8_json *json = NULL;
    X8_AUTO_BUF out = {0};

    if (x8_hide_secrets(bytes, &out) == 0 &&
        x8_json_parse((const char *)bytes.data, bytes.len, &json, NULL) == 0) {
        x8_json_free(&json);
        if (x8_json_parse(x8_buf_text(&out), out.len, &json, NULL) < 0)
            abort();
    }
    x8_json_free(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x8_span bytes = {data, size};

    answer(bytes);
    if (size < 65536) {
        masked(bytes, 0);
        masked(bytes, 1);
        without_secrets(bytes);
    }
    return 0;
}
