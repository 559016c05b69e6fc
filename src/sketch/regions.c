/*
 * The user's list of places for sketches.
 */
#include "sketch/regions.h"

#include "util/file.h"
#include "util/json.h"
#include "util/text.h"

#include <string.h>

enum { FILE_MAX = 1 << 16 };

/* First bank of the STM32H747: OpenOCD would erase what is there, and the board would lose its
 * GPIO, CAN and serial ports until the firmware is installed again. Source: ST, RM0399, the memory
 * map of the flash. */
#define M7_FLASH     0x08000000u
#define M7_FLASH_LEN 0x00100000u

void x8_sketch_regions_usual(struct x8_sketch_regions *out)
{
    memset(out, 0, sizeof *out);
    out->items[0] = (struct x8_sketch_region){X8_SKETCH_FLASH, X8_SKETCH_FLASH_LEN};
    out->count = 1;
}

struct x8_sketch_rules x8_sketch_regions_rules(const struct x8_sketch_regions *regions)
{
    return (struct x8_sketch_rules){regions->items, regions->count};
}

static const char form[] =
    "{\"regions\": [{\"start\": \"0x90000000\", \"length\": \"0x1000000\"}]}";

static int bad(struct x8_error *err, const char *what, const char *why)
{
    x8_fail(err, X8_E_BAD_IMAGE, "%s", what);
    x8_error_why(err, "%s", why);
    x8_error_next(err, "%s", form);
    return -(int)X8_E_BAD_IMAGE;
}

/* Exactly these members, each once. */
static int check_members(const struct x8_json *in, const char *const *names, size_t count,
                         const char *where, struct x8_error *err)
{
    unsigned seen = 0;
    const char *key;
    char clean[64];

    for (size_t i = 0; (key = x8_json_key(in, i)); i++) {
        size_t k = 0;

        while (k < count && strcmp(names[k], key) != 0)
            k++;
        if (k < count && !(seen & 1u << k)) {
            seen |= 1u << k;
            continue;
        }
        x8_clean(clean, sizeof clean, key, strlen(key));
        x8_fail(err, X8_E_BAD_IMAGE, "%s has a member \"%s\" %s", where, clean,
                k < count ? "twice" : "that means nothing here");
        x8_error_next(err, "take it out");
        return -(int)X8_E_BAD_IMAGE;
    }
    for (size_t k = 0; k < count; k++) {
        if (seen & 1u << k)
            continue;
        x8_fail(err, X8_E_BAD_IMAGE, "%s has no member \"%s\"", where, names[k]);
        x8_error_next(err, "%s", form);
        return -(int)X8_E_BAD_IMAGE;
    }
    return 0;
}

static int read_number(const struct x8_json *in, const char *name, const char *where, uint32_t *out,
                       struct x8_error *err)
{
    const char *text = x8_json_get_str(in, name);

    if (text && x8_parse_u32(text, out) == 0)
        return 0;
    x8_fail(err, X8_E_BAD_IMAGE, "%s: \"%s\" is no number", where, name);
    x8_error_why(err, "an address or a count of bytes is a text in quotes, as \"0x90000000\", and "
                      "not above 0xffffffff");
    x8_error_next(err, "\"%s\": \"0x1000000\"", name);
    return -(int)X8_E_BAD_IMAGE;
}

static int check_region(const struct x8_sketch_region *region, const char *where,
                        struct x8_error *err)
{
    uint64_t end = (uint64_t)region->start + region->len;

    if (region->len == 0)
        return bad(err, where, "its length is 0");
    if (end > (uint64_t)UINT32_MAX + 1)
        return bad(err, where, "it ends behind the last address, 0xffffffff");
    if (region->start < M7_FLASH + M7_FLASH_LEN && end > M7_FLASH) {
        bad(err, where,
            "it covers flash from 0x08000000 to 0x080fffff, where the firmware of the M7 lives: "
            "without it Linux loses GPIO, CAN and serial ports");
        x8_error_next(err, "choose addresses outside of that bank");
        return -(int)X8_E_BAD_IMAGE;
    }
    return 0;
}

static int add_region(const struct x8_json *row, size_t number, struct x8_sketch_regions *out,
                      struct x8_error *err)
{
    static const char *const members[] = {"start", "length"};
    struct x8_sketch_region region;
    char where[32] = "region ";
    X8_AUTO_BUF text = {0};
    int rc;

    if (x8_buf_addf(&text, "region %zu", number + 1) == 0)
        x8_copy(where, sizeof where, x8_buf_text(&text));
    if (!x8_json_is_object(row))
        return bad(err, where, "it is no object with start and length");
    rc = check_members(row, members, X8_COUNT(members), where, err);
    if (rc == 0)
        rc = read_number(row, "start", where, &region.start, err);
    if (rc == 0)
        rc = read_number(row, "length", where, &region.len, err);
    if (rc == 0)
        rc = check_region(&region, where, err);
    if (rc == 0 && out->count == X8_COUNT(out->items))
        rc = bad(err, where, "a list has at most 16 regions");
    if (rc == 0)
        out->items[out->count++] = region;
    return rc;
}

static int read_list(const struct x8_json *top, struct x8_sketch_regions *out, struct x8_error *err)
{
    static const char *const members[] = {"regions"};
    const struct x8_json *list, *row;
    int rc;

    if (!x8_json_is_object(top))
        return bad(err, "it is no JSON object", "a list of regions stands in an object");
    rc = check_members(top, members, X8_COUNT(members), "it", err);
    if (rc < 0)
        return rc;
    list = x8_json_get(top, "regions");
    if (!x8_json_is_array(list))
        return bad(err, "\"regions\" is no list", "it holds one object for each region");
    for (size_t i = 0; rc == 0 && (row = x8_json_at(list, i)); i++)
        rc = add_region(row, i, out, err);
    return rc;
}

int x8_sketch_regions_parse(struct x8_span text, struct x8_sketch_regions *out,
                            struct x8_error *err)
{
    struct x8_sketch_regions regions;
    struct x8_json *top = NULL;
    int rc = x8_json_parse((const char *)text.data, text.len, &top, err);

    x8_sketch_regions_usual(&regions);
    if (rc == 0)
        rc = read_list(top, &regions, err);
    x8_json_free(&top);
    if (rc == 0)
        *out = regions;
    return rc;
}

int x8_sketch_regions_load(const char *path, struct x8_sketch_regions *out, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc;

    if (x8_path_kind(path) == X8_PATH_NONE) {
        x8_sketch_regions_usual(out);
        return 0;
    }
    rc = x8_file_load(path, FILE_MAX, &text, err);
    if (rc == 0) {
        rc = x8_sketch_regions_parse(x8_buf_span(&text), out, err);
        if (rc < 0)
            x8_error_prefix(err, "%s", path);
    }
    return rc;
}
