/*
 * Fastboot answers of any form: the packet decoder alone, then whole dialogues.
 */
#include "flash/fastboot.h"

#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run(struct x8_fastboot *fb, unsigned which, struct x8_error *err)
{
    struct x8_buf out = {0};
    char text[256];
    uint64_t number;
    int rc;

    switch (which % 5) {
    case 0:
        return x8_fb_getvar(fb, "version", text, err);
    case 1:
        return x8_fb_getvar_u64(fb, "max-download-size", &number, err);
    case 2:
        return x8_fb_download(fb, "0123456789abcdef", 16, err);
    case 3:
        return x8_fb_ucmd(fb, "mmc list", 1000, err);
    default:
        rc = x8_fb_upload(fb, NULL, 1024, &out, err);
        if (out.len > 1024)
            abort();
        x8_buf_done(&out);
        return rc;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x8_op op = {.deadline = X8_NO_DEADLINE};
    struct x8_error err = {0};
    struct x8_fb_reply reply;
    struct x8_fastboot fb = {.op = &op, .timeout_ms = 1000};
    struct wire wire;

    x8_fb_decode((struct x8_span){data, size}, &reply);
    if (!memchr(reply.text, 0, sizeof reply.text))
        abort();
    if (size < 1)
        return 0;
    wire = wire_over((struct x8_span){data + 1, size - 1});
    fb.link = &wire.base;
    check_error(run(&fb, data[0], &err), &err);
    return 0;
}
