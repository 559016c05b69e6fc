/* Any bytes as a catalogue: refused, or all its addresses are of the web. */
#include "store/catalogue.h"

#include "net/http_header.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x8_catalogue c;
    struct x8_error err;
    char near[64];
    if (x8_catalogue_parse((struct x8_span){data, size}, "fuzz", "https://h/i.json", &c, &err) < 0)
        return 0;
    for (size_t i = 0; i < c.count; i++) {
        const char *url = c.items[i].url;
        if (!c.items[i].image[0] || (url[0] && x8_http_scheme(url) == X8_HTTP_OTHER))
            abort();
        if (url[0] && !x8_catalogue_at(&c, url))
            abort();
        if (x8_catalogue_find(&c, c.items[i].image) != &c.items[i])
            abort();
    }
    x8_catalogue_near(&c, "93", near, sizeof(near));
    x8_catalogue_done(&c);
    return 0;
}
