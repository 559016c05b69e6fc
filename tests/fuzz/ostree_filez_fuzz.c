/* Any bytes as a file object: an error, or a checksum over as many bytes as its header says. */
#include "update/objects.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x8_reader *reader = NULL;
    struct x8_error err = {0};
    uint8_t sum[X8_SHA256_LEN];
    uint64_t got = 0, said = 0;
    if (x8_mem_reader((struct x8_span){data, size}, &reader, &err) < 0)
        return 0;
    int rc = x8_filez_digest(reader, sum, &got, &err);
    x8_reader_close(&reader);
    if (rc < 0 && (rc != -X8_E_BAD_IMAGE || !err.msg[0] || !err.why[0] || !err.next[0]))
        abort();
    if (rc > 0)
        abort();
    /* What hashes has a size that can be told from its first bytes. */
    int told = x8_filez_size((struct x8_span){data, size < 64 ? size : 64}, &said, &err);
    if (rc == 0 && (told != 0 || said != got))
        abort();
    return 0;
}
