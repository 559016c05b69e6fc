/*
 * Both cores of the STM32H7, by the board's own script, which pulls the reset line.
 */
#include "sketch/upload_parts.h"
#include "util/text.h"

#include <string.h>

/* Of the first line; `rest` is what follows its word. */
static const char *word_of(char *answer, const char **rest)
{
    char *end = strchr(answer, '\n'), *blank;

    if (end)
        *end = '\0';
    blank = strchr(answer, ' ');
    if (blank)
        *blank = '\0';
    *rest = blank ? blank + 1 : "";
    return answer;
}

static int no_script(struct x8_error *err)
{
    x8_fail(err, X8_E_REFUSED, "this image cannot reset the STM32H7");
    x8_error_why(err, "it has no /usr/arduino/extra/reset.sh");
    x8_error_next(err, "restart the board instead:  x8ctl reboot");
    return -X8_E_REFUSED;
}

static int failed(const char *words, struct x8_error *err)
{
    char clean[160];

    x8_clean(clean, sizeof(clean), words, strlen(words));
    x8_fail(err, X8_E_REFUSED, "the board could not reset the STM32H7");
    x8_error_why(err, "its reset.sh says: %s", clean[0] ? clean : "nothing");
    x8_error_next(err, "look what holds the pin:  x8ctl exec --root -- dmesg");
    return -X8_E_REFUSED;
}

static int stalled(struct x8_error *err)
{
    x8_fail(err, X8_E_UNHEALTHY, "the STM32H7 was reset, but the bridge does not come back");
    x8_error_why(err, "reading the version of its firmware failed for 10 s");
    x8_error_next(err, "power-cycle the board: take all power from it; a reboot is not enough");
    return -X8_E_UNHEALTHY;
}

int x8_sketch_reset(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                    struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    X8_AUTO_BUF answer = {0};
    const char *word, *rest;
    int rc;

    if (upload_script_reset(&text) < 0)
        return x8_fail(err, X8_E_INTERNAL, "no memory");
    rc = x8_run_as_ok(session, op, root, "reset of the STM32H7", x8_buf_text(&text),
                      X8_SKETCH_TEXT_MS, &answer, err);
    if (rc < 0)
        return rc;
    if (answer.len == 0)
        return x8_fail(err, X8_E_LINK, "reset of the STM32H7: the board said nothing");
    word = word_of((char *)answer.data, &rest);
    if (strcmp(word, "none") == 0)
        return no_script(err);
    if (strcmp(word, "failed") == 0)
        return failed(rest, err);
    if (strcmp(word, "stalled") == 0)
        return stalled(err);
    if (strcmp(word, "blind") == 0)
        x8_emit(op, X8_EV_WARN,
                "reset, but whether the bridge is back cannot be told: the board's "
                "kernel has no driver for it");
    return 0;
}
