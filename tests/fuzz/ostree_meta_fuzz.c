/* Any bytes as metadata of an ostree repository: what is taken is well-formed, and nothing is read
 * beyond the end. */
#include "update/bundle_parts.h"
#include "update/objects.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    struct x8_span all;
    size_t count;
};

static void must(int ok)
{
    if (!ok)
        abort();
}

static int is_inside(struct x8_span all, const uint8_t *part, size_t len)
{
    return part >= all.data && x8_fits((uint64_t)(part - all.data), len, all.len);
}

static int see(void *ctx, const struct x8_dirtree_item *item)
{
    struct seen *seen = ctx;
    struct x8_span name = item->name;
    must(name.len > 0 && is_inside(seen->all, name.data, name.len));
    must(!memchr(name.data, '/', name.len) && !memchr(name.data, 0, name.len));
    must(!(name.len == 1 && name.data[0] == '.') &&
         !(name.len == 2 && memcmp(name.data, "..", 2) == 0));
    must(is_inside(seen->all, item->sum, X8_SHA256_LEN));
    must(!item->meta_sum || is_inside(seen->all, item->meta_sum, X8_SHA256_LEN));
    return ++seen->count == 1000 ? 1 : 0;
}

static void check(int rc, const struct x8_error *err)
{
    must(rc == 0 || rc == 1 || (rc == -X8_E_BAD_IMAGE && err->msg[0] && err->why[0]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x8_span all = {data, size};
    struct seen seen = {all, 0};
    struct x8_commit commit;
    struct x8_error err = {0};
    uint8_t sum[X8_SHA256_LEN];
    enum x8_object_type type;
    char path[X8_OBJECT_PATH], mode[64];
    check(x8_commit_parse(all, &commit, &err), &err);
    check(x8_dirtree_parse(all, see, &seen, &err), &err);
    check(x8_dirmeta_check(all, &err), &err);
    if (x8_object_parse_path((const char *)data, size, sum, &type) == 0) {
        /* One of the two names it may have, byte for byte. */
        x8_object_path(sum, type, 0, path);
        if (strlen(path) != size || memcmp(path, data, size) != 0)
            x8_object_path(sum, type, 1, path);
        must(strlen(path) == size && memcmp(path, data, size) == 0);
    }
    bundle_core_value(all, "mode", mode, sizeof(mode));
    must(memchr(mode, 0, sizeof(mode)) != NULL);
    return 0;
}
