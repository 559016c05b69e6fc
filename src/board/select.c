/*
 * Reads selectors and finds the boards they mean.
 */
#include "board/select.h"

#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUFFIX_MIN = 4, LIST_LEN = 400 };

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static int is_port(const char *text)
{
    size_t bus = strspn(text, DIGITS);
    const char *p = text + bus;

    if (bus == 0 || *p++ != '-')
        return 0;
    for (;;) {
        size_t n = strspn(p, DIGITS);

        if (n == 0)
            return 0;
        p += n;
        if (*p == '\0')
            return 1;
        if (*p++ != '.')
            return 0;
    }
}

/* uuu's form: bus, colon, the port numbers without anything between them. */
static int is_glued(const char *text)
{
    size_t bus = strspn(text, DIGITS);

    return bus > 0 && text[bus] == ':' && text[bus + 1] != '\0' &&
           text[bus + 1 + strspn(text + bus + 1, DIGITS)] == '\0';
}

static int is_serial(const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] <= ' ' || strchr("/:{}$\"'*?", text[i]))
            return 0;
    /* A port with a slip of the finger is no serial number. */
    return len >= SUFFIX_MIN && !(strchr(text, '-') && strspn(text, DIGITS ".-") == len);
}

/* "adb:HOST[:PORT]", or "HOST:PORT" as ANDROID_SERIAL has it; IPv6 in brackets. What is no address
 * is left for the message of x8_selector_parse. */
static int read_address(const char *text, struct x8_selector *out)
{
    int is_named = x8_starts(text, "adb:");
    const char *address = is_named ? text + 4 : text, *end = strchr(address, ']');
    const char *colon = strchr(end ? end : address, ':');
    size_t host = colon ? (size_t)(colon - address) : strlen(address);
    uint32_t port = X8_SELECT_ADB_PORT;

    if (host == 0 || (!is_named && !colon) || (address[0] == '[') != (end != NULL) ||
        strspn(address, end ? LETTERS DIGITS ":.[]%-_" : LETTERS DIGITS ".-_") < host)
        return 0;
    if (colon && (x8_parse_u32(colon + 1, &port) != 0 || port == 0 || port > 65535))
        return 0;
    out->kind = X8_SELECT_ADDRESS;
    return snprintf(out->key, sizeof out->key, "%.*s:%u", (int)host, address, (unsigned)port) <
           (int)sizeof out->key;
}

/* "net:HOST[:PORT]". An IPv6 address needs brackets only where a port follows. */
static int read_net(const char *text, struct x8_selector *out)
{
    const char *host = text + 4, *end = NULL, *colon;
    size_t len;
    uint32_t port = 0;

    if (*host == '[') {
        end = strchr(++host, ']');
        if (!end || (end[1] != '\0' && end[1] != ':'))
            return 0;
        colon = end[1] ? end + 1 : NULL;
        len = (size_t)(end - host);
    } else {
        colon = strchr(host, ':');
        if (colon && strchr(colon + 1, ':'))
            colon = NULL;
        len = colon ? (size_t)(colon - host) : strlen(host);
    }
    if (len == 0 || host[0] == '-' || strspn(host, LETTERS DIGITS ".:%-_") < len)
        return 0;
    if (colon && (x8_parse_u32(colon + 1, &port) != 0 || port == 0 || port > 65535))
        return 0;
    out->kind = X8_SELECT_NET;
    out->port = (uint16_t)port;
    return snprintf(out->key, sizeof out->key, "%.*s", (int)len, host) < (int)sizeof out->key;
}

/* "...:0", "...:70000" */
static int has_bad_port(const char *text)
{
    const char *digits = strrchr(text, ':') ? strrchr(text, ':') + 1 : "";
    uint32_t port = 0;

    return digits[0] && digits[strspn(digits, DIGITS)] == '\0' &&
           (x8_parse_u32(digits, &port) != 0 || port == 0 || port > 65535);
}

static int bad_selector(const char *text, const char *why, struct x8_error *err)
{
    char clean[96];

    x8_clean(clean, sizeof clean, text, strlen(text));
    x8_fail(err, X8_E_USAGE, "'%s' selects no board", clean);
    x8_error_why(err, "%s", why);
    x8_error_next(err, "use a port as in usb:1-4.2, a serial number or at least its last four "
                       "characters, a name of yours, adb:HOST or net:HOST; x8ctl list shows them");
    return -X8_E_USAGE;
}

int x8_selector_parse(const char *text, struct x8_selector *out, struct x8_error *err)
{
    const char *key = x8_starts(text, "usb:") ? text + 4 : text;

    memset(out, 0, sizeof *out);
    if (!text[0] || !key[0])
        return bad_selector(text, "it is empty: a variable that was not set?", err);
    if (strpbrk(text, "{}$"))
        return bad_selector(text, "a variable was not filled in by the tool that ran this", err);
    if (!x8_copy(out->text, sizeof out->text, text) || !x8_copy(out->key, sizeof out->key, key))
        return bad_selector(text, "it is too long", err);
    if (x8_starts(text, "net:") && read_net(text, out))
        return 0;
    if (is_port(key))
        out->kind = X8_SELECT_PORT;
    else if (is_glued(key))
        out->kind = X8_SELECT_GLUED;
    else if (key == text && is_serial(key))
        out->kind = X8_SELECT_SERIAL;
    else if (key == text && read_address(text, out))
        return 0;
    else
        return bad_selector(text,
                            key == text && has_bad_port(text)
                                ? "a port of the network is a number from 1 to 65535"
                            : key == text && strlen(text) < SUFFIX_MIN
                                ? "it is too short for a serial number"
                                : "it is neither a port, a serial number, a name nor an address",
                            err);
    return 0;
}

/* "1-4.2" reads "1:42" in uuu's form. */
static void glue(const char *port, char out[X8_PORT_LEN])
{
    size_t n = 0;
    int is_first = 1;

    for (; *port && n < X8_PORT_LEN - 1; port++) {
        if (*port == '.')
            continue;
        out[n++] = is_first && *port == '-' ? ':' : *port;
        is_first &= *port != '-';
    }
    out[n] = '\0';
}

int x8_selector_match(const struct x8_selector *selector, const struct x8_board *board,
                      int *out_exact)
{
    char glued[X8_PORT_LEN];
    size_t len = strlen(selector->key), serial_len = strlen(board->device.serial);
    int exact = 0, match = 0;

    switch (selector->kind) {
    case X8_SELECT_PORT:
        exact = match = strcmp(selector->key, board->device.port) == 0;
        break;
    case X8_SELECT_GLUED:
        glue(board->device.port, glued);
        match = strcmp(selector->key, glued) == 0;
        break;
    case X8_SELECT_ADDRESS:
    case X8_SELECT_NET:
        break; /* no place on USB */
    case X8_SELECT_SERIAL:
        exact = x8_casecmp(selector->key, board->device.serial) == 0;
        match = exact || (serial_len > len &&
                          x8_casecmp(selector->key, board->device.serial + serial_len - len) == 0);
        break;
    }
    if (out_exact)
        *out_exact = exact;
    return match;
}

/* The boards a selector fits, or all of them. */
static void list_boards(const struct x8_selector *selector, const struct x8_board *boards,
                        size_t count, char *out, size_t cap)
{
    size_t used = 0;

    x8_copy(out, cap, "no board");
    for (size_t i = 0; i < count && used + 1 < cap; i++) {
        const struct x8_device *d = &boards[i].device;

        if (selector && !x8_selector_match(selector, &boards[i], NULL))
            continue;
        snprintf(out + used, cap - used, "%s%s%s%s (%s)", used ? ", " : "", d->port,
                 d->serial[0] ? " " : "", d->serial, x8_board_state(&boards[i]));
        used = strlen(out);
    }
}

static int none_fits(const struct x8_selector *selector, const struct x8_board *boards,
                     size_t count, struct x8_error *err)
{
    char list[LIST_LEN];

    list_boards(NULL, boards, count, list, sizeof list);
    if (selector->kind == X8_SELECT_SERIAL)
        x8_fail(err, X8_E_NO_BOARD, "no board has the serial number %s", selector->key);
    else
        x8_fail(err, X8_E_NO_BOARD, "nothing at %s", selector->key);
    x8_error_why(err, "seen: %s", list);
    x8_error_next(err, selector->kind == X8_SELECT_SERIAL
                           ? "a board changes its serial number with its mode: select it by port, "
                             "as in -s usb:1-4.2"
                           : "x8ctl list shows every board with its port");
    return -X8_E_NO_BOARD;
}

static int several(const struct x8_selector *selector, const struct x8_board *boards, size_t count,
                   struct x8_error *err)
{
    char list[LIST_LEN];

    list_boards(selector, boards, count, list, sizeof list);
    if (selector)
        x8_fail(err, X8_E_SEVERAL, "'%s' means more than one board", selector->text);
    else
        x8_fail(err, X8_E_SEVERAL, "%zu boards are there and none was chosen", count);
    x8_error_why(err, "%s", list);
    x8_error_next(err, "choose one, as in -s usb:%s%s", boards[0].device.port,
                  selector ? "" : ", or take all with --all");
    return -X8_E_SEVERAL;
}

/* A whole serial number beats one that only ends so. */
int x8_select_one(const struct x8_selector *selector, const struct x8_board *boards, size_t count,
                  struct x8_error *err)
{
    size_t hits = 0, hit = 0, exacts = 0, exact_hit = 0;

    for (size_t i = 0; i < count; i++) {
        int exact;

        if (!x8_selector_match(selector, &boards[i], &exact))
            continue;
        hits++;
        hit = i;
        if (exact) {
            exacts++;
            exact_hit = i;
        }
    }
    if (exacts == 1)
        return (int)exact_hit;
    if (hits == 1)
        return (int)hit;
    return hits ? several(selector, boards, count, err) : none_fits(selector, boards, count, err);
}

static int select_each(const char *const *selectors, size_t selector_count, struct x8_board *boards,
                       size_t count, struct x8_error *err)
{
    size_t picked = 0;
    struct x8_selector selector;
    unsigned char *is_picked = calloc(count + 1, 1);
    int rc = is_picked ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory while selecting boards");

    for (size_t i = 0; rc >= 0 && i < selector_count; i++) {
        rc = x8_selector_parse(selectors[i], &selector, err);
        if (rc == 0)
            rc = x8_select_one(&selector, boards, count, err);
        if (rc >= 0)
            is_picked[rc] = 1;
    }
    for (size_t i = 0; rc >= 0 && i < count; i++)
        if (is_picked[i])
            boards[picked++] = boards[i];
    free(is_picked);
    return rc < 0 ? rc : (int)picked;
}

int x8_select_boards(const char *const *selectors, size_t selector_count, int all,
                     struct x8_board *boards, size_t count, struct x8_error *err)
{
    if (selector_count)
        return select_each(selectors, selector_count, boards, count, err);
    if (count == 0) {
        x8_fail(err, X8_E_NO_BOARD, "no board found");
        x8_error_next(err, "x8ctl list shows what is there, x8ctl guide how to get a board into "
                           "flashing mode");
        return -X8_E_NO_BOARD;
    }
    return count == 1 || all ? (int)count : several(NULL, boards, count, err);
}
