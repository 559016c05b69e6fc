/* Any bytes as an adb server's list of devices and refusals: rows of clean text, or none. */
#include "adb/server_wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t cap)
{
    const char *end = memchr(text, '\0', cap);

    if (!end)
        abort();
    for (; text < end; text++)
        if ((unsigned char)*text < 0x20)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x8_adb_device *rows = NULL;
    struct x8_error err = {0};
    unsigned number;
    int count = x8_adb_devices_parse((const char *)data, size, &rows, &err);

    for (int i = 0; i < count; i++) {
        if (!rows[i].serial[0])
            abort();
        check_text(rows[i].serial, sizeof rows[i].serial);
        check_text(rows[i].state, sizeof rows[i].state);
        check_text(rows[i].port, sizeof rows[i].port);
        check_text(rows[i].product, sizeof rows[i].product);
        check_text(rows[i].model, sizeof rows[i].model);
        x8_adb_state_check(&rows[i], &err);
    }
    free(rows);
    if (x8_adb_server_fail((const char *)data, size, "S", &err) >= 0)
        abort();
    check_text(err.msg, sizeof err.msg);
    check_text(err.why, sizeof err.why);
    if (size >= 4 && x8_adb_hex4((const char *)data, &number) == 0 && number > 0xffff)
        abort();
    return 0;
}
