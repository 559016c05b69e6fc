/*
 * SDP answers of any form: the first byte picks the command, the second the kind of board.
 */
#include "flash/sdp.h"

#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run(struct x8_sdp *sdp, unsigned which, struct x8_error *err)
{
    static const uint8_t loader[2048] = {0xd2};
    struct x8_span span = {loader, sizeof loader};
    uint32_t word;

    switch (which % 7) {
    case 0:
        return x8_sdp_write(sdp, 0, span, err);
    case 1:
        return x8_sdp_dcd_write(sdp, 0, span, err);
    case 2:
        return x8_sdp_skip_dcd(sdp, err);
    case 3:
        return x8_sdp_jump(sdp, 0, err);
    case 4:
        return x8_sdp_status(sdp, &word, err);
    case 5:
        return x8_sdp_read_register(sdp, 0, 16, &word, err);
    default:
        return x8_sdp_write_register(sdp, 0, 32, 1, err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const chips[] = {"MX8MQ", "SPL1", "MX6Q"};
    struct x8_chip chip = {.proto = X8_PROTO_SDP};
    struct x8_op op = {.deadline = X8_NO_DEADLINE};
    struct x8_error err = {0};
    struct x8_sdp sdp = {.op = &op, .timeout_ms = 1000};
    struct wire wire;

    if (size < 2)
        return 0;
    wire = wire_over((struct x8_span){data + 2, size - 2});
    memcpy(chip.chip, chips[data[1] % X8_COUNT(chips)], strlen(chips[data[1] % X8_COUNT(chips)]));
    sdp.link = &wire.base;
    sdp.rom = x8_rom_of(&chip);
    check_error(run(&sdp, data[0], &err), &err);
    if (sdp.is_closed != 0 && sdp.is_closed != 1)
        abort();
    return 0;
}
