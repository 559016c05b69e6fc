/*
 * Files that are said to hold a public key. What is taken is one line, and never a private key.
 */
#include "session/account.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char line[4096];
    struct x8_error err;
    int rc = x8_ssh_key_parse((const char *)data, size, line, sizeof line, &err);

    if (rc == 0 && (strpbrk(line, "\r\n") || strstr(line, "PRIVATE KEY") || strlen(line) < 20))
        abort();
    if (rc != 0 && (rc != -X8_E_BAD_IMAGE || !err.next[0]))
        abort();
    return 0;
}
