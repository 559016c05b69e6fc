/*
 * What a board says while a bundle is sent: its space, its lists, and which files are right. The
 * first byte chooses.
 */
#include "update/send_parts.h"

#include "util/buf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x8_graph graph = {0};
    struct send_file file = {(char[]){"apps/a"}, 5, SEND_APPS};
    struct x8_send job = {.stage = "/home/fio/" X8_STAGE_FOLDER};
    struct x8_error err;
    uint8_t flags[2] = {SEND_STAGED, 0};
    struct send send = {.job = &job,
                        .graph = &graph,
                        .dir_fd = -1,
                        .files = &file,
                        .file_count = 1,
                        .flags = flags,
                        .things = 1};
    if (size == 0)
        return 0;
    X8_AUTO_BUF text = {0};
    if (x8_buf_add(&text, data + 1, size - 1) < 0)
        return 0;
    if (data[0] == 'p')
        send_take_probe(&send, x8_buf_text(&text), &err);
    else if (data[0] == 'o')
        send_take_object(&send, (const char *)data + 1, size - 1);
    else if (data[0] == 'd')
        send_take_proof(&send, x8_buf_text(&text), 2, &err);
    else if (send_take_staged(&send, (const char *)data + 1, size - 1, &err) == 0 &&
             send.extras.len && strstr((char *)send.extras.data, "/../"))
        abort(); /* a name that leads out would be removed */
    x8_buf_done(&send.extras);
    return 0;
}
