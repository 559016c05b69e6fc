/*
 * Words of the chip's secure boot (HAB) in plain text. The codes are those of NXP's HAB library, as
 * listed in U-Boot's arch/arm/include/asm/mach-imx/hab.h.
 */
#include "flash/sdp.h"

#include <stdio.h>

struct word {
    uint8_t value;
    const char *text;
};

static const struct word statuses[] = {
    {0x33, "failure"},
    {0x69, "warning"},
    {0xf0, "success"},
};

static const struct word reasons[] = {
    {0x00, "no reason given"},       {0x03, "unsupported command"},  {0x05, "invalid IVT"},
    {0x06, "malformed command"},     {0x09, "unsuitable state"},     {0x0a, "unsupported engine"},
    {0x0c, "failed assertion"},      {0x0f, "invalid index"},        {0x11, "invalid CSF"},
    {0x12, "unsupported algorithm"}, {0x14, "unsupported protocol"}, {0x17, "invalid size"},
    {0x18, "invalid signature"},     {0x1b, "unsupported key"},      {0x1d, "invalid key"},
    {0x1e, "bad callback return"},   {0x21, "invalid certificate"},  {0x22, "invalid address"},
    {0x24, "unsupported item"},      {0x27, "invalid DCD"},          {0x28, "invalid call order"},
    {0x2b, "poll count expired"},    {0x2d, "storage exhausted"},    {0x2e, "memory failure"},
    {0x30, "engine failure"},
};

static const struct word contexts[] = {
    {0x00, "no context"},         {0x0a, "image authentication"},
    {0x33, "target check"},       {0xa0, "an assertion"},
    {0xc0, "a command"},          {0xcf, "the CSF"},
    {0xdb, "authenticated data"}, {0xdd, "the DCD"},
    {0xe1, "the entry"},          {0xee, "the exit"},
};

static const struct word engines[] = {
    {0x00, "any"},   {0x1d, "CAAM"}, {0x1e, "SNVS"},
    {0x21, "OCOTP"}, {0x36, "ROM"},  {0xff, "software"},
};

static const char *text_of(const struct word *words, size_t count, uint8_t value)
{
    for (size_t i = 0; i < count; i++)
        if (words[i].value == value)
            return words[i].text;
    return "unknown";
}

void x8_hab_text(char out[160], uint32_t word)
{
    uint8_t status = (uint8_t)word, reason = (uint8_t)(word >> 8);
    uint8_t context = (uint8_t)(word >> 16), engine = (uint8_t)(word >> 24);

    snprintf(out, 160, "%s (reason 0x%02x) in %s (0x%02x), engine %s (0x%02x), status %s (0x%02x)",
             text_of(reasons, X8_COUNT(reasons), reason), reason,
             text_of(contexts, X8_COUNT(contexts), context), context,
             text_of(engines, X8_COUNT(engines), engine), engine,
             text_of(statuses, X8_COUNT(statuses), status), status);
}
