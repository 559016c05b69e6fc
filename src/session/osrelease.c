/*
 * /etc/os-release. First the lines are read, then the image's number is found, then expressions are
 * compared. All of it is text of the board: bounded, cleaned, never trusted.
 */
#include "session/osrelease.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>

/* Expressions are a few words; what is longer is no expression. */
#define EXPR_MAX 320

static int is_key_char(char c, int first)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           (!first && c >= '0' && c <= '9');
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The length of the name at the start of `text`. */
static size_t key_len(const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && is_key_char(text[n], n == 0))
        n++;
    return n;
}

/* Undo the quotes of a value as the shell would. 0, or -1 for a line of another form. */
static int unquote(const char *text, size_t len, char *out, size_t cap, size_t *out_len)
{
    char quote = len && (text[0] == '"' || text[0] == '\'') ? text[0] : '\0';
    size_t i = quote ? 1 : 0, n = 0;
    int closed = !quote;
    for (; i < len; i++) {
        if (quote ? text[i] == quote : is_blank(text[i])) {
            closed = 1;
            i += quote ? 1 : 0;
            break;
        }
        if (text[i] == '\\' && quote != '\'' && i + 1 < len)
            i++;
        if (n < cap)
            out[n++] = text[i];
    }
    while (i < len && is_blank(text[i]))
        i++;
    *out_len = n;
    return closed && (i == len || text[i] == '#') ? 0 : -1;
}

static struct x8_os_item *item_of(struct x8_os_release *os, const char *key, size_t len)
{
    for (size_t i = 0; i < os->count; i++)
        if (strlen(os->items[i].key) == len && memcmp(os->items[i].key, key, len) == 0)
            return &os->items[i];
    if (os->count == X8_OS_ITEMS || len >= sizeof(os->items[0].key))
        return NULL;
    struct x8_os_item *item = &os->items[os->count++];
    memcpy(item->key, key, len);
    item->key[len] = '\0';
    return item;
}

static int read_line(struct x8_os_release *os, const char *line, size_t len)
{
    char value[sizeof(os->items[0].value) * 2];
    size_t n, value_len;
    while (len && is_blank(*line)) {
        line++;
        len--;
    }
    n = key_len(line, len);
    if (n == 0 || n >= len || line[n] != '=' ||
        unquote(line + n + 1, len - n - 1, value, sizeof(value), &value_len) < 0)
        return 0;
    struct x8_os_item *item = item_of(os, line, n);
    if (item)
        x8_clean(item->value, sizeof(item->value), value, value_len);
    return item != NULL;
}

int x8_os_release_parse(struct x8_span text, struct x8_os_release *out, struct x8_error *err)
{
    const char *at = (const char *)text.data;
    size_t left = text.len;
    int found = 0;
    memset(out, 0, sizeof(*out));
    while (left) {
        const char *end = memchr(at, '\n', left);
        size_t len = end ? (size_t)(end - at) : left;
        found |= read_line(out, at, len);
        len += end ? 1 : 0;
        at += len;
        left -= len;
    }
    if (found)
        return 0;
    x8_fail(err, X8_E_BAD_IMAGE, "no os-release: not one line of the form KEY=value");
    x8_error_next(err, "look at it: x8ctl exec -- cat /etc/os-release");
    return -X8_E_BAD_IMAGE;
}

const char *x8_os_release_get(const struct x8_os_release *os, const char *key)
{
    for (size_t i = 0; i < os->count; i++)
        if (strcmp(os->items[i].key, key) == 0)
            return os->items[i].value;
    return NULL;
}

/* The second field of "3.3.2-399-83-21-g3ad61e0" when it is a number. */
static uint32_t second_field(const char *version)
{
    const char *at = version ? strchr(version, '-') : NULL;
    char field[16];
    uint32_t number = 0;
    if (!at)
        return 0;
    size_t len = strcspn(++at, "-");
    if (len == 0 || len >= sizeof(field) || strspn(at, "0123456789") < len)
        return 0;
    memcpy(field, at, len);
    field[len] = '\0';
    return x8_parse_u32(field, &number) < 0 ? 0 : number;
}

static int is_number(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == '\0';
}

/* The word goes with the number: what a person is shown for it. */
uint32_t x8_os_image(const struct x8_os_release *os, char out_word[32])
{
    const char *own = x8_os_release_get(os, "IMAGE_VERSION");
    uint32_t number = 0;
    char word[32] = "-";
    if (own && *own) {
        x8_copy(word, sizeof(word), own);
        if (!is_number(own) || x8_parse_u32(own, &number) < 0)
            number = 0;
    } else {
        number = second_field(x8_os_release_get(os, "VERSION_ID"));
        if (!number)
            number = second_field(x8_os_release_get(os, "VERSION"));
        if (number)
            snprintf(word, sizeof(word), "%u", (unsigned)number);
    }
    if (out_word)
        memcpy(out_word, word, sizeof(word));
    return number;
}

int x8_os_is_x8(const struct x8_os_release *os)
{
    const char *machine = x8_os_release_get(os, "LMP_MACHINE");
    return machine && strcmp(machine, "portenta-x8") == 0;
}

enum relation { EQUAL, UNEQUAL, LESS, AT_MOST, MORE, AT_LEAST, PRESENT, ABSENT };

static const struct {
    char sign[3];
    enum relation relation;
} signs[] = {{"==", EQUAL},    {"!=", UNEQUAL}, {"<=", AT_MOST},
             {">=", AT_LEAST}, {"<", LESS},     {">", MORE}};

struct expression {
    char key[48];
    enum relation relation;
    const char *sign;
    char value[256];
};

/* The value behind the sign: trimmed, without one pair of quotes. -1 when there is none. */
static int read_value(const char *text, struct expression *out)
{
    size_t len = strlen(text);
    while (len && is_blank(*text)) {
        text++;
        len--;
    }
    while (len && is_blank(text[len - 1]))
        len--;
    if (len && strchr("=<>!", *text)) /* ">>844" is a slip, and no value begins so */
        return -1;
    if (len >= 2 && (*text == '"' || *text == '\'') && text[len - 1] == *text) {
        text++;
        len -= 2;
    } else if (len == 0) {
        return -1;
    }
    if (len >= sizeof(out->value))
        return -1;
    memcpy(out->value, text, len);
    out->value[len] = '\0';
    return 0;
}

static int read_expression(const char *text, struct expression *out)
{
    memset(out, 0, sizeof(*out));
    while (is_blank(*text))
        text++;
    out->relation = *text == '!' ? ABSENT : PRESENT;
    text += *text == '!';
    size_t n = key_len(text, strlen(text));
    if (n == 0 || n >= sizeof(out->key))
        return -1;
    memcpy(out->key, text, n);
    text += n;
    while (is_blank(*text))
        text++;
    if (!*text)
        return 0;
    for (size_t i = 0; out->relation == PRESENT && i < X8_COUNT(signs); i++)
        if (x8_starts(text, signs[i].sign)) {
            out->relation = signs[i].relation;
            out->sign = signs[i].sign;
            return read_value(text + strlen(signs[i].sign), out);
        }
    return -1;
}

/* A version starts with a digit and has nothing but what versions are made of. */
static int is_version(const char *text)
{
    if (*text < '0' || *text > '9')
        return 0;
    for (; *text; text++)
        if (!is_key_char(*text, 0) && !strchr(".-+~", *text))
            return 0;
    return 1;
}

/* One field of each: by number where both are numbers. A field that is missing counts as 0. */
static int compare_field(const char *a, size_t a_len, const char *b, size_t b_len)
{
    if (strspn(a, "0123456789") >= a_len && strspn(b, "0123456789") >= b_len) {
        for (; a_len && *a == '0'; a_len--)
            a++;
        for (; b_len && *b == '0'; b_len--)
            b++;
        if (a_len != b_len)
            return a_len < b_len ? -1 : 1;
        return memcmp(a, b, a_len);
    }
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int compare_versions(const char *a, const char *b)
{
    while (*a || *b) {
        size_t a_len = strcspn(a, ".-+~"), b_len = strcspn(b, ".-+~");
        int order = compare_field(a, a_len, b, b_len);
        if (order)
            return order;
        a += a_len + (a[a_len] != '\0');
        b += b_len + (b[b_len] != '\0');
    }
    return 0;
}

static int holds(const char *have, const struct expression *want, int *comparable)
{
    int have_version = is_version(have), want_version = is_version(want->value), order;
    *comparable = have_version == want_version || want->relation <= UNEQUAL;
    if (have_version && want_version)
        order = compare_versions(have, want->value);
    else
        order = strcmp(have, want->value);
    switch (want->relation) {
    case EQUAL:
        return order == 0;
    case UNEQUAL:
        return order != 0;
    case LESS:
        return *comparable && order < 0;
    case AT_MOST:
        return *comparable && order <= 0;
    case MORE:
        return *comparable && order > 0;
    default:
        return *comparable && order >= 0;
    }
}

static int check(const char *have, const struct expression *want, struct x8_error *err)
{
    int comparable = 1;
    if (want->relation == PRESENT && !have)
        return x8_fail(err, X8_E_DIFFERS, "%s is not there", want->key);
    if (want->relation == ABSENT && have)
        return x8_fail(err, X8_E_DIFFERS, "%s is there: %s", want->key, have);
    if (want->relation >= PRESENT || (!have && want->relation == UNEQUAL))
        return 0;
    if (!have)
        return x8_fail(err, X8_E_DIFFERS, "%s is not there, wanted %s%s", want->key, want->sign,
                       want->value);
    if (holds(have, want, &comparable))
        return 0;
    x8_fail(err, X8_E_DIFFERS, "%s is %s, wanted %s%s", want->key, have, want->sign, want->value);
    if (!comparable)
        x8_error_why(err, "a number and a word have no order");
    return -X8_E_DIFFERS;
}

int x8_os_check(const struct x8_os_release *os, const char *expression, struct x8_error *err)
{
    struct expression want;
    char word[32];
    if (strlen(expression) >= EXPR_MAX || read_expression(expression, &want) < 0) {
        x8_fail(err, X8_E_USAGE, "not an expression: '%.100s'", expression);
        x8_error_next(err, "KEY OP VALUE with == != < <= > >=, or KEY, or !KEY: "
                           "'IMAGE_VERSION>=844'");
        return -X8_E_USAGE;
    }
    const char *have = x8_os_release_get(os, want.key);
    /* Image 399 says its number in VERSION alone. */
    if (strcmp(want.key, "IMAGE_VERSION") == 0 && (!have || !*have))
        have = x8_os_image(os, word) ? word : have;
    return check(have, &want, err);
}
