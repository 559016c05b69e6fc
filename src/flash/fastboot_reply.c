/*
 * Reply packets of a fastboot board: decoding, and errors made from them.
 */
#include "flash/fastboot_reply.h"

#include "flash/fastboot.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

static int is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

/* Text of a packet: line ends and padding of the board's console cut, the rest made harmless. */
static void clean_text(char out[256], const uint8_t *text, size_t len)
{
    while (len > 0 && is_blank(text[len - 1]))
        len--;
    while (len > 0 && is_blank(text[0])) {
        text++;
        len--;
    }
    x8_clean(out, 256, text, len);
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* One to eight hex digits, then nothing but padding. */
static int data_length(const uint8_t *text, size_t len, uint32_t *out)
{
    uint32_t value = 0;
    size_t i = 0;

    for (; i < len && hex_digit(text[i]) >= 0; i++) {
        if (i == 8)
            return -1;
        value = value << 4 | (uint32_t)hex_digit(text[i]);
    }
    if (i == 0)
        return -1;
    for (size_t k = i; k < len; k++)
        if (!is_blank(text[k]))
            return -1;
    *out = value;
    return 0;
}

static const struct {
    enum x8_fb_tag tag;
    char word[5];
} tags[] = {
    {X8_FB_OKAY, "OKAY"},
    {X8_FB_FAIL, "FAIL"},
    {X8_FB_INFO, "INFO"},
    {X8_FB_DATA, "DATA"},
};

void x8_fb_decode(struct x8_span packet, struct x8_fb_reply *out)
{
    memset(out, 0, sizeof *out);
    if (packet.len < 4)
        return;
    for (size_t i = 0; i < X8_COUNT(tags); i++)
        if (memcmp(packet.data, tags[i].word, 4) == 0)
            out->tag = tags[i].tag;
    packet.data += 4;
    packet.len -= 4;
    /* U-Boot's getvar sends its error text with a tag of its own inside the packet. */
    if (out->tag == X8_FB_FAIL && packet.len >= 4 && memcmp(packet.data, "FAIL", 4) == 0) {
        packet.data += 4;
        packet.len -= 4;
    }
    if (out->tag == X8_FB_DATA && data_length(packet.data, packet.len, &out->data_len) != 0)
        out->tag = X8_FB_BAD;
    if (out->tag != X8_FB_BAD)
        clean_text(out->text, packet.data, packet.len);
}

void x8_fb_shown(char out[120], const char *command)
{
    if (x8_clean(out, 120, command, strlen(command)))
        return;
    x8_clean(out, 117, command, strlen(command));
    memcpy(out + strlen(out), "...", 4);
}

/* Texts of U-Boot's fastboot and what helps; the first row found inside the board's words counts.
 */
static const struct {
    const char *words, *next;
} hints[] = {
    {"image too large", "check that this file belongs to this partition: the board's partition is "
                        "smaller than the file"},
    {"exceed partition size", "the image is larger than the board's eMMC: use the image made for "
                              "this board"},
    {"block size issue", "the sparse image has a block size that is no multiple of 512: make it "
                         "again with 4096"},
    {"Bogus chunk size", "the sparse image has a chunk form this loader does not know: use the "
                         "plain .wic or .wic.gz image"},
    {"Unknown chunk type", "the sparse image has a chunk form this loader does not know: use the "
                           "plain .wic or .wic.gz image"},
    {"failed to flash device", "no storage is selected: run 'setenv fastboot_dev mmc' and 'setenv "
                               "mmcdev ${emmc_dev}' by FB: ucmd first"},
    {"Init of BLK device", "the loader does not reach its eMMC: power-cycle the board and try "
                           "again; if it stays, the eMMC may be damaged"},
    {"no image downloaded", "nothing was downloaded before this command: start again from the "
                            "first command of the script"},
    {"does not exist", "known names are all, sit, bootloader, bootloader2, bootloader_s, "
                       "bootloader2_s and those of the board's partition table"},
    {"Wrong partition name", "known names are all, sit, bootloader, bootloader2, bootloader_s, "
                             "bootloader2_s and those of the board's partition table"},
    {"uneraseable", "boot areas cannot be erased by name: use FB: ucmd mmc dev and mmc erase"},
    {"write failure", "the eMMC refused a write: power-cycle the board and try again; if it "
                      "fails at the same place the eMMC may be worn out"},
    {"Write partition failed", "the eMMC refused a write: power-cycle the board and try again; if "
                               "it fails again the eMMC may be worn out"},
    {"too long command", "an acmd may have 127 characters at most"},
    {"nrecognized command", "this loader does not know the command: use the mfgtool files of the "
                            "same release as the image"},
    {"nonzero image size", "the file to send is empty"},
    {"locked", "the loader is locked: flashing must be allowed on the board first"},
};

static const char *hint_of(const char *words)
{
    for (size_t i = 0; i < X8_COUNT(hints); i++)
        if (strstr(words, hints[i].words))
            return hints[i].next;
    return NULL;
}

int x8_fb_refused(const char *command, const char *words, struct x8_error *err)
{
    char shown[120];
    const char *hint = hint_of(words);
    int rc;

    x8_fb_shown(shown, command);
    rc = x8_fail(err, X8_E_REFUSED, "the board refused \"%s\"", shown);
    if (words[0])
        x8_error_why(err, "board says: %s", words);
    else
        x8_error_why(err, "the board gave no reason");
    if (hint)
        x8_error_next(err, "%s", hint);
    else if (strncmp(command, "UCmd:", 5) == 0 && !words[0]) {
        x8_error_why(err, "the loader's shell says the command failed; it gives no reason");
        x8_error_next(err, "to see its output, put 'FB: ucmd setenv stdout serial,fastboot' in "
                           "front and run again with -v");
    }
    return rc;
}

int x8_fb_garbage(const char *command, struct x8_span packet, struct x8_error *err)
{
    char shown[120], hex[3 * 32 + 1] = "", text[33];
    size_t len = packet.len < 32 ? packet.len : 32;
    int rc;

    x8_fb_shown(shown, command);
    for (size_t i = 0; i < len; i++)
        snprintf(hex + 3 * i, 4, "%02x ", packet.data[i]);
    if (len)
        hex[3 * len - 1] = '\0';
    x8_clean(text, sizeof text, packet.data, len);
    rc = x8_fail(err, X8_E_LINK, "the answer to \"%s\" is no fastboot reply", shown);
    x8_error_why(err, "%zu bytes came: %s (\"%s\")%s; expected OKAY, FAIL, INFO or DATA",
                 packet.len, hex, text, packet.len > len ? " and more" : "");
    x8_error_next(err,
                  "power-cycle the board so that it starts its dialogue afresh, then try again");
    return rc;
}
