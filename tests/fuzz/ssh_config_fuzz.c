/* Any bytes as an ssh configuration: every text ends, and nothing that a shell would take for more
 * than a name comes out. */
#include "net/ssh_config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run(void *ctx, const char *command, struct x8_error *err)
{
    (void)ctx;
    (void)err;
    return strlen(command) % 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct x8_ssh_config said;
    struct x8_ssh_config_for whom = {.host = "board", .run = run};
    struct x8_error err;
    char out[512];

    if (size > 65536 || x8_ssh_config_parse(&whom, (const char *)data, size, &said, &err) != 0)
        return 0;
    if (said.identity_count > X8_SSH_IDENTITIES || (said.proxy_command[0] && said.proxy_jump[0]))
        abort();
    if (said.hostname[0] && !x8_ssh_is_host(said.hostname))
        abort();
    struct x8_ssh_tokens tokens = {said.hostname, "board", said.user, "/home/fio/.ssh", said.port};
    if (x8_ssh_config_expand(said.proxy_command, &tokens, 0, out, sizeof out, &err) == 0 &&
        strlen(out) >= sizeof out)
        abort();
    for (size_t i = 0; i < said.identity_count; i++)
        (void)x8_ssh_config_expand(said.identities[i], &tokens, 1, out, sizeof out, &err);
    return 0;
}
