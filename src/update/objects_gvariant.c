/*
 * Framing offsets, checked one by one.
 */
#include "update/objects_gvariant.h"

#include "util/text.h"

#include <string.h>

size_t gv_width(uint64_t body, size_t count)
{
    if (body + count <= UINT8_MAX)
        return 1;
    if (body + (uint64_t)count * 2 <= UINT16_MAX)
        return 2;
    return body + (uint64_t)count * 4 <= UINT32_MAX ? 4 : 8;
}

/* A reader knows the width by the whole size alone. */
static size_t width_of(size_t total)
{
    if (total <= UINT8_MAX)
        return 1;
    if (total <= UINT16_MAX)
        return 2;
    return total <= UINT32_MAX ? 4 : 8;
}

static size_t get(const uint8_t *p, size_t width)
{
    switch (width) {
    case 1:
        return p[0];
    case 2:
        return x8_get_le16(p);
    case 4:
        return x8_get_le32(p);
    default:
        return (size_t)x8_get_le64(p);
    }
}

int gv_body(struct x8_span box, size_t count, size_t *out_body)
{
    size_t width = width_of(box.len);
    if (count > box.len / width)
        return -1;
    *out_body = box.len - count * width;
    return gv_width(*out_body, count) == width ? 0 : -1;
}

int gv_offset(struct x8_span box, size_t count, size_t i, size_t *out)
{
    size_t width = width_of(box.len), body = box.len - count * width;
    /* The first member's offset is the last one in the bytes. */
    *out = get(box.data + box.len - (i + 1) * width, width);
    return *out <= body ? 0 : -1;
}

int gv_array_open(struct x8_span box, struct gv_array *out)
{
    size_t width = width_of(box.len);
    *out = (struct gv_array){.box = box, .width = width};
    if (box.len == 0)
        return 0;
    /* The last offset ends the last element, and the offsets begin there. */
    size_t body = get(box.data + box.len - width, width);
    if (body > box.len - width || (box.len - body) % width != 0)
        return -1;
    out->body = body;
    out->count = (box.len - body) / width;
    return gv_width(body, out->count) == width ? 0 : -1;
}

int gv_array_next(struct gv_array *array, struct x8_span *out)
{
    if (array->index == array->count)
        return 0;
    size_t end = get(array->box.data + array->body + array->index * array->width, array->width);
    if (end < array->at || end > array->body)
        return -1;
    *out = gv_part(array->box, array->at, end);
    array->at = end;
    array->index++;
    return 1;
}

int gv_string(struct x8_span bytes, struct x8_span *out)
{
    uint32_t point;
    size_t n = 1;
    if (bytes.len == 0 || memchr(bytes.data, 0, bytes.len) != bytes.data + bytes.len - 1)
        return -1;
    *out = gv_part(bytes, 0, bytes.len - 1);
    for (size_t at = 0; at < out->len && n > 0; at += n)
        n = x8_utf8_next(out->data + at, out->len - at, &point);
    return n > 0 ? 0 : -1;
}

int gv_xattrs(struct x8_span bytes)
{
    struct gv_array array;
    struct x8_span item;
    int rc = gv_array_open(bytes, &array);
    while (rc == 0 && (rc = gv_array_next(&array, &item)) > 0) {
        size_t body, name;
        /* A name with its zero byte, then the value. */
        rc = gv_body(item, 1, &body);
        if (rc == 0)
            rc = gv_offset(item, 1, 0, &name);
        if (rc == 0 && (name < 2 || item.data[name - 1] != 0))
            rc = -1;
    }
    return rc;
}

int object_bad(const char *type, const char *detail, struct x8_error *err)
{
    x8_fail(err, X8_E_BAD_IMAGE, "damaged %s", type);
    x8_error_why(err, "%s", detail);
    x8_error_next(err, "download or copy the bundle again and compare its SHA-256");
    return -X8_E_BAD_IMAGE;
}
