/*
 * Compiler attributes in one place, so that headers read as prose.
 */
#ifndef X8_UTIL_ATTR_H
#define X8_UTIL_ATTR_H

#define X8_PRINTF(fmt_index, first_arg) __attribute__((format(printf, fmt_index, first_arg)))
#define X8_NODISCARD                    __attribute__((warn_unused_result))
#define X8_UNUSED                       __attribute__((unused))
#define X8_CLEANUP(fn)                  __attribute__((cleanup(fn)))

/* Number of elements of a real array (not a pointer). */
#define X8_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The object that holds member `field` at `ptr`. */
#define X8_CONTAINER(ptr, type, field) ((type *)(void *)((char *)(ptr)-offsetof(type, field)))

#endif
