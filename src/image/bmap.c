/*
 * Block maps as bmaptool writes them (format 2.0, which is 1.4 under its right number), and the
 * only door to expat. The map says what will be left alone on a board, so it is read strictly:
 * numbers must agree with each other and the file with its own checksum.
 *
 * Order: x8_bmap_parse, then x8_bmap_gaps for the encoder and x8_bmap_check_new in front of it.
 */
#include "image/bmap.h"
#include "util/text.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

/* A map of a 16 GB board in blocks of 4 KiB has at most 2 million ranges. */
#define XML_MAX  ((size_t)256 << 20)
#define TEXT_LEN 160u

enum field {
    FIELD_NONE,
    FIELD_IMAGE_SIZE,
    FIELD_BLOCK_SIZE,
    FIELD_BLOCKS,
    FIELD_MAPPED,
    FIELD_TYPE,
    FIELD_SELF,
    FIELD_RANGE,
    FIELD_COUNT
};

struct parse {
    XML_Parser xml;
    struct x8_span file;
    struct x8_bmap *bmap;
    struct x8_error *err;
    int rc;
    unsigned depth;
    enum field field;
    unsigned seen; /* bits of enum field */
    char text[TEXT_LEN];
    size_t text_len;
    size_t self_from; /* where the content of BmapFileChecksum begins in the file */
    size_t self_at;   /* where the digits are */
    uint8_t self[X8_SHA256_LEN];
    uint64_t blocks, mapped, sum;
    size_t cap;
    struct x8_bmap_range range;
};

static void fail(struct parse *parse, const char *what)
{
    if (parse->rc < 0)
        return;
    parse->rc = x8_fail(parse->err, X8_E_BAD_IMAGE, "block map, line %lu: %s",
                        (unsigned long)XML_GetCurrentLineNumber(parse->xml), what);
    x8_error_why(parse->err,
                 "only complete block maps of format 2, as bmaptool makes them, can be used");
    x8_error_next(parse->err, "make it again with bmaptool, or flash without it");
    XML_StopParser(parse->xml, XML_FALSE);
}

static const char *attribute(const XML_Char **attributes, const char *name)
{
    for (size_t i = 0; attributes[i]; i += 2)
        if (!strcmp(attributes[i], name))
            return attributes[i + 1];
    return NULL;
}

/* --- elements */

static void begin_root(struct parse *parse, const char *name, const XML_Char **attributes)
{
    const char *version = attribute(attributes, "version");
    if (strcmp(name, "bmap") != 0) {
        fail(parse, "not a block map");
    } else if (version && x8_starts(version, "1.") && strcmp(version, "1.4") != 0) {
        fail(parse, "format 1.3 and older is not supported: its checksums are SHA-1");
    } else if (!version || (strcmp(version, "2.0") != 0 && strcmp(version, "1.4") != 0)) {
        fail(parse, "unknown version of the format");
    }
}

static void begin_range(struct parse *parse, const XML_Char **attributes)
{
    const char *digits = attribute(attributes, "chksum");
    parse->range = (struct x8_bmap_range){0};
    parse->range.has_sha256 = digits != NULL;
    if (digits && x8_unhex(parse->range.sha256, X8_SHA256_LEN, digits) < 0)
        fail(parse, "a range's checksum is no SHA-256");
}

static enum field field_of(const char *name, unsigned depth)
{
    static const char *const names[FIELD_COUNT] = {
        [FIELD_IMAGE_SIZE] = "ImageSize", [FIELD_BLOCK_SIZE] = "BlockSize",
        [FIELD_BLOCKS] = "BlocksCount",   [FIELD_MAPPED] = "MappedBlocksCount",
        [FIELD_TYPE] = "ChecksumType",    [FIELD_SELF] = "BmapFileChecksum"};
    if (depth == 3 && !strcmp(name, "Range"))
        return FIELD_RANGE;
    for (int i = FIELD_IMAGE_SIZE; depth == 2 && i < FIELD_RANGE; i++)
        if (!strcmp(name, names[i]))
            return (enum field)i;
    return FIELD_NONE;
}

static void XMLCALL on_begin(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
    struct parse *parse = ctx;
    parse->depth++;
    if (parse->field != FIELD_NONE) {
        fail(parse, "an element inside a value");
        return;
    }
    if (parse->depth == 1)
        begin_root(parse, name, attributes);
    parse->field = field_of(name, parse->depth);
    parse->text_len = 0;
    if (parse->field == FIELD_RANGE)
        begin_range(parse, attributes);
    else if (parse->field != FIELD_NONE && (parse->seen & 1u << parse->field))
        fail(parse, "a value is there twice");
    parse->seen |= 1u << parse->field;
    parse->self_from =
        (size_t)XML_GetCurrentByteIndex(parse->xml) + (size_t)XML_GetCurrentByteCount(parse->xml);
}

static void XMLCALL on_text(void *ctx, const XML_Char *text, int len)
{
    struct parse *parse = ctx;
    if (parse->field == FIELD_NONE)
        return;
    if ((size_t)len >= TEXT_LEN - parse->text_len) {
        fail(parse, "a value is too long");
        return;
    }
    memcpy(parse->text + parse->text_len, text, (size_t)len);
    parse->text_len += (size_t)len;
}

/* --- values */

/* The text without blanks around it. */
static const char *trimmed(struct parse *parse)
{
    char *from = parse->text, *to = parse->text + parse->text_len;
    while (from < to && strchr(" \t\r\n", *from))
        from++;
    while (to > from && strchr(" \t\r\n", to[-1]))
        to--;
    *to = '\0';
    return from;
}

/* Decimal only: a hexadecimal number in a map is a mistake. */
static uint64_t number(struct parse *parse, const char *text)
{
    uint64_t value = 0;
    if (!text[0] || strspn(text, "0123456789") != strlen(text) || x8_parse_u64(text, &value) < 0)
        fail(parse, "not a number");
    return value;
}

static void end_self(struct parse *parse, const char *text)
{
    size_t from = parse->self_from, to = (size_t)XML_GetCurrentByteIndex(parse->xml);
    size_t len = strlen(text);
    if (x8_unhex(parse->self, X8_SHA256_LEN, text) < 0) {
        fail(parse, "the file's own checksum is no SHA-256");
        return;
    }
    while (from + len <= to && memcmp(parse->file.data + from, text, len) != 0)
        from++;
    if (from + len > to || to > parse->file.len)
        fail(parse, "the file's own checksum is not plain text");
    parse->self_at = from;
}

static int grow(struct parse *parse)
{
    struct x8_bmap *bmap = parse->bmap;
    if (bmap->count < parse->cap)
        return 0;
    size_t cap = parse->cap ? parse->cap * 2 : 64;
    struct x8_bmap_range *ranges = realloc(bmap->ranges, cap * sizeof(*ranges));
    if (!ranges)
        return -1;
    bmap->ranges = ranges;
    parse->cap = cap;
    return 0;
}

/* "12" or "12-15", in blocks. */
static void end_range(struct parse *parse, const char *text)
{
    struct x8_bmap *bmap = parse->bmap;
    char first_text[TEXT_LEN];
    const char *dash = strchr(text, '-');
    size_t len = dash ? (size_t)(dash - text) : strlen(text);
    memcpy(first_text, text, len);
    first_text[len] = '\0';
    uint64_t first = number(parse, first_text);
    uint64_t last = dash ? number(parse, dash + 1) : first;
    uint64_t before = bmap->count ? bmap->ranges[bmap->count - 1].end : 0;
    if (parse->rc < 0)
        return;
    if (bmap->block_size == 0 || !(parse->seen & 1u << FIELD_BLOCKS)) {
        fail(parse, "a range before the sizes it needs");
    } else if (last < first || last >= parse->blocks || first * bmap->block_size < before) {
        fail(parse, "a range is backwards, overlaps another or lies outside of the image");
    } else if (grow(parse) < 0) {
        fail(parse, "out of memory");
    } else {
        parse->range.start = first * bmap->block_size;
        parse->range.end = (last + 1) * bmap->block_size;
        parse->sum += last - first + 1;
        bmap->ranges[bmap->count++] = parse->range;
    }
}

static void end_value(struct parse *parse, const char *text)
{
    uint64_t value = 0;
    if (parse->field <= FIELD_MAPPED)
        value = number(parse, text);
    switch (parse->field) {
    case FIELD_IMAGE_SIZE:
        parse->bmap->image_size = value;
        break;
    case FIELD_BLOCK_SIZE:
        if (value == 0 || value % 512 != 0 || value > 1u << 30)
            fail(parse, "the block size is no multiple of 512");
        else
            parse->bmap->block_size = (uint32_t)value;
        break;
    case FIELD_BLOCKS:
        if (value > UINT64_MAX / 2 / (1u << 30))
            fail(parse, "too many blocks");
        parse->blocks = value;
        break;
    case FIELD_MAPPED:
        parse->mapped = value;
        break;
    case FIELD_TYPE:
        if (x8_casecmp(text, "sha256") != 0)
            fail(parse, "its checksums are not SHA-256");
        break;
    case FIELD_SELF:
        end_self(parse, text);
        break;
    default:
        end_range(parse, text);
    }
}

static void XMLCALL on_end(void *ctx, const XML_Char *name)
{
    struct parse *parse = ctx;
    (void)name;
    parse->depth--;
    if (parse->field != FIELD_NONE)
        end_value(parse, trimmed(parse));
    parse->field = FIELD_NONE;
}

/* Maps have none; entities could blow up a small file. */
static void XMLCALL on_doctype(void *ctx, const XML_Char *name, const XML_Char *system,
                               const XML_Char *public_id, int internal)
{
    (void)name;
    (void)system;
    (void)public_id;
    (void)internal;
    fail(ctx, "a document type, which no map has");
}

/* --- the whole */

static int check_self(const struct parse *parse, struct x8_error *err)
{
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
    size_t behind = parse->self_at + sizeof(zeros) - 1;
    uint8_t got[X8_SHA256_LEN];
    struct x8_sha256 *sha = x8_sha256_new();
    if (!sha)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    x8_sha256_add(sha, parse->file.data, parse->self_at);
    x8_sha256_add(sha, zeros, sizeof(zeros) - 1);
    x8_sha256_add(sha, parse->file.data + behind, parse->file.len - behind);
    x8_sha256_take(sha, got);
    x8_sha256_free(&sha);
    if (memcmp(got, parse->self, sizeof(got)) == 0)
        return 0;
    x8_fail(err, X8_E_BAD_DIGEST, "block map: its own checksum does not match");
    x8_error_why(err, "the file was changed or damaged after it was made");
    x8_error_next(err, "get it again, or flash without it");
    return -X8_E_BAD_DIGEST;
}

static int check_sums(const struct parse *parse, struct x8_error *err)
{
    const unsigned needed = 1u << FIELD_IMAGE_SIZE | 1u << FIELD_BLOCK_SIZE | 1u << FIELD_BLOCKS |
                            1u << FIELD_TYPE | 1u << FIELD_SELF;
    const struct x8_bmap *bmap = parse->bmap;
    const char *what = NULL;
    if ((parse->seen & needed) != needed)
        what = "a size or checksum is missing";
    else if (bmap->image_size == 0 ||
             (bmap->image_size - 1) / bmap->block_size + 1 != parse->blocks)
        what = "the number of blocks is not what the sizes make";
    else if ((parse->seen & 1u << FIELD_MAPPED) && parse->mapped != parse->sum)
        what = "the ranges are not as many blocks as it says";
    return what ? x8_fail(err, X8_E_BAD_IMAGE, "block map: %s", what) : check_self(parse, err);
}

static int run_parser(struct parse *parse, struct x8_error *err)
{
    XML_SetUserData(parse->xml, parse);
    XML_SetElementHandler(parse->xml, on_begin, on_end);
    XML_SetCharacterDataHandler(parse->xml, on_text);
    XML_SetStartDoctypeDeclHandler(parse->xml, on_doctype);
    enum XML_Status status =
        XML_Parse(parse->xml, (const char *)parse->file.data, (int)parse->file.len, XML_TRUE);
    if (parse->rc >= 0 && status != XML_STATUS_OK)
        fail(parse, XML_ErrorString(XML_GetErrorCode(parse->xml)));
    return parse->rc < 0 ? parse->rc : check_sums(parse, err);
}

int x8_bmap_parse(struct x8_span xml, struct x8_bmap *out, struct x8_error *err)
{
    struct x8_bmap bmap = {0};
    struct x8_error local;
    struct parse parse = {.file = xml, .bmap = &bmap, .err = err ? err : &local};
    if (xml.len > XML_MAX)
        return x8_fail(err, X8_E_BAD_IMAGE, "block map: %zu bytes are too many", xml.len);
    parse.xml = XML_ParserCreate(NULL);
    if (!parse.xml)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    int rc = run_parser(&parse, err);
    XML_ParserFree(parse.xml);
    if (rc < 0)
        x8_bmap_done(&bmap);
    else
        *out = bmap;
    return rc;
}

void x8_bmap_done(struct x8_bmap *bmap)
{
    free(bmap->ranges);
    *bmap = (struct x8_bmap){0};
}
