/* Any bytes as a file that may be cut off: whole, or not, and the same when they come in crumbs. A
 * zip archive that ends well still does with the rest of its last bytes before it. */
#include "image/archive.h"
#include "image/whole.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct crumbs {
    struct x8_reader reader;
    struct x8_span left;
    size_t step;
};

static ssize_t read_crumb(struct x8_reader *reader, void *out, size_t cap, struct x8_error *err)
{
    struct crumbs *crumbs = X8_CONTAINER(reader, struct crumbs, reader);
    size_t n = crumbs->left.len < crumbs->step ? crumbs->left.len : crumbs->step;
    (void)err;
    n = n < cap ? n : cap;
    if (n)
        memcpy(out, crumbs->left.data, n);
    crumbs->left.data += n;
    crumbs->left.len -= n;
    return (ssize_t)n;
}

static void drop(struct x8_reader *reader)
{
    free(X8_CONTAINER(reader, struct crumbs, reader));
}

static int check(const uint8_t *data, size_t size, size_t step)
{
    static const struct x8_reader_ops ops = {read_crumb, drop};
    struct x8_op op = {.deadline = X8_NO_DEADLINE};
    struct x8_error err;
    struct crumbs *crumbs = calloc(1, sizeof(*crumbs));
    if (!crumbs)
        abort();
    *crumbs = (struct crumbs){{&ops}, {data, size}, step};
    int rc = x8_whole_check(&op, &crumbs->reader, 0, &err);
    if (rc > 0 || (rc < 0 && rc != -X8_E_BAD_IMAGE && rc != -X8_E_INTERNAL))
        abort();
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t most = size < ZIP_TAIL ? size : ZIP_TAIL;
    struct x8_span all = {data + size - most, most}, less = {all.data + most / 2, most - most / 2};
    if (check(data, size, size + 1) != check(data, size, 97))
        abort();
    if (zip_has_end(less, size) && !zip_has_end(all, size))
        abort();
    return 0;
}
