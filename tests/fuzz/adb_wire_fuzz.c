/* Any bytes as packets of a daemon: refused, or whole and within the limits; and any banner. */
#include "adb/wire.h"

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
    struct x8_adb_banner banner = {0};
    struct x8_error err = {0};
    const uint8_t *at = data;
    size_t left = size;
    uint32_t plain = 0;

    for (size_t i = 0; i < size; i++)
        plain += data[i];
    if (x8_adb_sum(data, size) != plain)
        abort();
    x8_adb_banner_parse(data, size, &banner);
    check_text(banner.product, sizeof banner.product);
    check_text(banner.model, sizeof banner.model);
    check_text(banner.device, sizeof banner.device);
    check_text(banner.features, sizeof banner.features);
    x8_adb_features_have(banner.features, "shell_v2");
    while (left >= X8_ADB_HEADER) {
        struct x8_adb_packet packet;
        uint8_t again[X8_ADB_HEADER];

        if (x8_adb_header_get(at, X8_ADB_PAYLOAD_OLD, &packet, &err) < 0)
            break;
        if (packet.length > X8_ADB_PAYLOAD_OLD)
            abort();
        x8_adb_header_put(again, &packet);
        if (memcmp(again, at, sizeof again) != 0)
            abort();
        at += X8_ADB_HEADER;
        left -= X8_ADB_HEADER;
        if (packet.length > left)
            break;
        x8_adb_payload_check(&packet, at, &err);
        x8_adb_banner_parse(at, packet.length, &banner);
        at += packet.length;
        left -= packet.length;
    }
    return 0;
}
