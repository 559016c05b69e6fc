/*
 * Any bytes as what aklite-offline said, its help, and what the board told of a run: every text
 * that is kept is bounded and clean, every failure has a cause. The first byte chooses generation
 * and verb, the second is the status, a NUL parts the two streams.
 */
#include "update/aklite_parts.h"
#include "util/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_clean(const char *text, size_t cap)
{
    size_t len = strnlen(text, cap);
    if (len == cap)
        abort();
    for (size_t i = 0; i < len;) {
        uint32_t cp = 0;
        size_t n = x8_utf8_next(text + i, len - i, &cp);
        if (n == 0)
            break; /* cut in the middle of a character at its very end */
        if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
            abort();
        i += n;
    }
}

static void judge(const uint8_t *data, size_t size)
{
    struct x8_aklite_verdict v;
    const uint8_t *text = data + 2, *parting = memchr(text, 0, size - 2);
    size_t len = parting ? (size_t)(parting - text) : size - 2;
    struct x8_span log = {text, len}, errors = {text + len, size - 2 - len};

    x8_aklite_judge((enum x8_aklite)(data[0] & 3), data[0] & 4 ? X8_AKLITE_RUN : X8_AKLITE_INSTALL,
                    data[0] & 8 ? -1 : data[1], log, errors, &v);
    check_clean(v.why, sizeof(v.why));
    check_clean(v.next, sizeof(v.next));
    check_clean(v.object, sizeof(v.object));
    if (!v.why[0] || (v.means == X8_MEANS_FAILED && (v.code == X8_OK || !v.next[0])))
        abort();
    if (v.object[0] && strlen(v.object) != 64)
        abort();
}

static void look(struct x8_span text)
{
    struct x8_aklite_run run = {0};
    struct x8_error err;

    if (aklite_look_parse(text, &run, &err) == 0) {
        check_clean(run.boot_id, sizeof(run.boot_id));
        if (run.status < -1 || run.status > 255 || (run.is_running && run.status >= 0))
            abort();
    }
    x8_aklite_run_done(&run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= 2)
        judge(data, size);
    (void)x8_aklite_of_usage((const char *)data, size);
    look((struct x8_span){data, size});
    return 0;
}
