/* Any bytes as a list of checksums: paths are no longer than their lines, digests are digests. */
#include "image/sums.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int look(void *ctx, const char *path, const char sha256[65], struct x8_error *err)
{
    const size_t *size = ctx;
    (void)err;
    if (!path[0] || strlen(path) > *size + sizeof "folder/image.wic.gz")
        abort();
    if (strlen(sha256) != 64 || strspn(sha256, "0123456789abcdef") != 64)
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"SHA256SUMS", "folder/image.wic.gz.sha256"};
    struct x8_error err;
    for (size_t i = 0; i < X8_COUNT(names); i++)
        if (x8_sums_read((struct x8_span){data, size}, names[i], look, &size, &err) > (int)size)
            abort();
    struct x8_sums_rest rest = x8_sums_rest((struct x8_span){data, size});
    if (rest.cut + rest.others > size)
        abort();
    return 0;
}
