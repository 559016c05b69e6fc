/*
 * JSON, written and read. The only door to cJSON. Text is cleaned to valid UTF-8 on the way in.
 */
#ifndef X8_UTIL_JSON_H
#define X8_UTIL_JSON_H

#include "util/error.h"

#include <stddef.h>
#include <stdint.h>

struct x8_json; /* a value; children are owned by their parent */

struct x8_json *x8_json_object(void);
struct x8_json *x8_json_array(void);
void x8_json_free(struct x8_json **json);

/* Add to an object under `key` (to an array with `key` NULL). Memory failure aborts the process:
 * nothing is dropped silently. */
void x8_json_str(struct x8_json *in, const char *key, const char *text); /* NULL text: null */
void x8_json_num(struct x8_json *in, const char *key, double value);
void x8_json_u64(struct x8_json *in, const char *key, uint64_t value); /* exact */
void x8_json_bool(struct x8_json *in, const char *key, int value);
void x8_json_add(struct x8_json *in, const char *key, struct x8_json *child); /* takes child */

/* Copies of all members of the object `from` into `in`. */
void x8_json_merge(struct x8_json *in, const struct x8_json *from);

/* {"code":"no-permission","status":13,"what":...,"why":...,"next":...} */
void x8_json_error(struct x8_json *in, const char *key, const struct x8_error *error);

/* One line without spaces, or indented. Caller frees with free(). */
char *x8_json_text(const struct x8_json *json, int indented);

/* Parse; X8_E_BAD_IMAGE with the position of the fault. */
int x8_json_parse(const char *text, size_t len, struct x8_json **out, struct x8_error *err);
const struct x8_json *x8_json_get(const struct x8_json *in, const char *key);
/* Name of the i-th member of an object; NULL past the end. */
const char *x8_json_key(const struct x8_json *in, size_t i);
/* The i-th item of an array; NULL past the end, and for what is no array. */
const struct x8_json *x8_json_at(const struct x8_json *in, size_t i);
/* The children of an object or an array one after the other, in linear time; NULL at the end. */
const struct x8_json *x8_json_first(const struct x8_json *in);
const struct x8_json *x8_json_next(const struct x8_json *child);
/* The name of an object's member; NULL for an item of an array. */
const char *x8_json_name(const struct x8_json *member);
int x8_json_is_null(const struct x8_json *in); /* a literal null; 0 for what is absent */
int x8_json_is_object(const struct x8_json *in);
int x8_json_is_array(const struct x8_json *in);
/* The value itself: 0 and *out, or -1 when it is of another kind (NULL too). */
int x8_json_as_num(const struct x8_json *in, double *out);
/* A whole number from 0 to 2^53, the last that is exact. */
int x8_json_as_u64(const struct x8_json *in, uint64_t *out);
int x8_json_as_bool(const struct x8_json *in, int *out);
const char *x8_json_as_str(const struct x8_json *in); /* NULL when it is no text */
const char *x8_json_get_str(const struct x8_json *in,
                            const char *key); /* NULL when absent or no string */

#endif
