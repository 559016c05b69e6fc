/*
 * Any bytes as a board's answer about itself: every text that is kept is bounded and clean.
 */
#include "session/facts.h"
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
        if (n == 0 || cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
            abort();
        i += n;
    }
}

#define CHECK(field) check_clean(facts.field, sizeof(facts.field))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct x8_facts facts;
    struct x8_error err;
    char name[64];
    x8_facts_parse((struct x8_span){data, size}, &facts, &err);
    CHECK(serial);
    CHECK(hostname);
    CHECK(kernel);
    CHECK(user);
    CHECK(boot_id);
    CHECK(carrier);
    CHECK(hat);
    CHECK(m7_version);
    CHECK(usb_role);
    CHECK(units_failed);
    CHECK(adbd);
    CHECK(ssh);
    CHECK(docker);
    CHECK(proxy);
    CHECK(addresses);
    x8_facts_default_name(facts.serial, name, sizeof(name));
    check_clean(name, sizeof(name));
    return 0;
}
