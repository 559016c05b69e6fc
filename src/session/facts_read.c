/*
 * What each line of the board's answer means. Values are cut to their fields and cleaned here.
 */
#include "session/facts_read.h"

#include "util/text.h"

#include <string.h>

/* The text of one line, cut where a field or the end is. */
struct word {
    const char *text;
    size_t len;
};

static struct word next_word(struct word *line)
{
    struct word out;
    while (line->len && (*line->text == ' ' || *line->text == '\t')) {
        line->text++;
        line->len--;
    }
    out.text = line->text;
    while (line->len && *line->text != ' ' && *line->text != '\t') {
        line->text++;
        line->len--;
    }
    out.len = (size_t)(line->text - out.text);
    return out;
}

/* A number at the start of a word, as of "123.45"; 0 when there is none or it is no number. */
static uint64_t number_of(struct word word)
{
    char digits[24];
    uint64_t value = 0;
    size_t n = 0;
    while (n < word.len && n + 1 < sizeof(digits) && word.text[n] >= '0' && word.text[n] <= '9') {
        digits[n] = word.text[n];
        n++;
    }
    digits[n] = '\0';
    return x8_parse_u64(digits, &value) < 0 ? 0 : value;
}

static void keep(char *out, size_t cap, struct word word)
{
    while (word.len && strchr(" \t\r", word.text[word.len - 1]))
        word.len--;
    x8_clean(out, cap, word.text, word.len);
}

static int is(struct word word, const char *text)
{
    return word.len == strlen(text) && memcmp(word.text, text, word.len) == 0;
}

static void append(char *out, size_t cap, const char *separator, struct word word)
{
    size_t len = strlen(out), gap = len ? strlen(separator) : 0;
    /* A name that does not fit is left out, not cut. */
    if (word.len == 0 || len + gap + word.len >= cap)
        return;
    x8_copy(out + len, cap - len, len ? separator : "");
    x8_clean(out + len + gap, cap - len - gap, word.text, word.len);
}

/* "/dev/mmcblk2p2 13000000 5000000 8000000 39% /var": the numbers stand in front of the per cent.
 */
static void take_df(struct word line, uint64_t *size, uint64_t *available)
{
    struct word last[4] = {{NULL, 0}};
    for (struct word word = next_word(&line); word.len; word = next_word(&line)) {
        memmove(last, last + 1, sizeof(last) - sizeof(last[0]));
        last[3] = word;
        if (word.text[word.len - 1] != '%' || !last[0].len)
            continue;
        uint64_t blocks = number_of(last[0]), left = number_of(last[2]);
        if (blocks > UINT64_MAX / 1024 || left > UINT64_MAX / 1024)
            return;
        *size = blocks * 1024;
        *available = left * 1024;
        return;
    }
}

/* NAME=value of the carrier's file; the value may be empty or quoted. */
static void take_hw(struct x8_facts *facts, struct word line)
{
    struct x8_os_release one;
    struct x8_span span = {(const uint8_t *)line.text, line.len};
    if (x8_os_release_parse(span, &one, NULL) < 0)
        return;
    const char *name = one.items[0].key, *value = one.items[0].value;
    if (strcmp(name, "CARRIER_NAME") == 0 && *value)
        x8_copy(facts->carrier, sizeof(facts->carrier), value);
    else if (strcmp(name, "HAT_NAME") == 0)
        x8_copy(facts->hat, sizeof(facts->hat), value);
    else if (strcmp(name, "IS_ON_CARRIER") == 0 && !facts->carrier[0] &&
             (strcmp(value, "no") == 0 || strcmp(value, "false") == 0 || strcmp(value, "0") == 0))
        x8_copy(facts->carrier, sizeof(facts->carrier), "none");
    /* The loader's name for the Hat Carrier. */
    if (strcmp(facts->carrier, "rasptenta") == 0)
        x8_copy(facts->carrier, sizeof(facts->carrier), "hat");
}

static void take_has(struct x8_facts *facts, struct word line)
{
    struct word name = next_word(&line);
    const struct {
        const char *name;
        int *flag;
    } flags[] = {
        {"docker", &facts->has_docker},   {"ostree", &facts->has_ostree},
        {"nmcli", &facts->has_nmcli},     {"aklite-offline", &facts->has_aklite},
        {"openocd", &facts->has_openocd}, {"sudo", &facts->has_sudo},
        {"/ostree", &facts->is_ostree},
    };
    for (size_t i = 0; i < X8_COUNT(flags); i++)
        if (is(name, flags[i].name))
            *flags[i].flag = 1;
}

/* "host [device]": the one in brackets; a kernel without choice writes the word alone. */
static void take_role(struct x8_facts *facts, struct word line)
{
    const char *open = line.len ? memchr(line.text, '[', line.len) : NULL;
    if (open) {
        line.len -= (size_t)(open + 1 - line.text);
        line.text = open + 1;
        const char *close = line.len ? memchr(line.text, ']', line.len) : NULL;
        line.len = close ? (size_t)(close - line.text) : 0;
    }
    keep(facts->usb_role, sizeof(facts->usb_role), line);
}

/* "2: wlan0    inet 192.168.1.50/24 brd ... scope global wlan0\ ...": link-local ones are no way to
 * a board without naming an interface, so they are left out. */
static void take_ip(struct x8_facts *facts, struct word line)
{
    char text[96];
    next_word(&line);
    struct word name = next_word(&line), family = next_word(&line), address = next_word(&line);
    if (is(name, "lo") || !(is(family, "inet") || is(family, "inet6")) ||
        (address.len >= 5 && memcmp(address.text, "fe80:", 5) == 0))
        return;
    if (name.len + 1 + address.len >= sizeof(text))
        return;
    memcpy(text, name.text, name.len);
    text[name.len] = ' ';
    memcpy(text + name.len + 1, address.text, address.len);
    append(facts->addresses, sizeof(facts->addresses), ", ",
           (struct word){text, name.len + 1 + address.len});
}

/* The answers come in the order of the units asked for. */
static void take_active(struct facts_text *text, struct word line)
{
    struct x8_facts *facts = text->facts;
    char *const fields[] = {facts->adbd, facts->ssh, facts->docker, facts->proxy};
    if (text->active < X8_COUNT(fields))
        keep(fields[text->active], sizeof(facts->adbd), line);
    text->active++;
}

static void take_failed(struct x8_facts *facts, struct word line)
{
    struct word name = next_word(&line);
    if (memchr(name.text, '.', name.len)) /* not a mark in front of the name, not "0 loaded" */
        append(facts->units_failed, sizeof(facts->units_failed), " ", name);
}

/* "fio NP 04/18/2024 0 99999 7 -1": the second word is P, NP or L; a password that has to be
 * changed is said to be as old as the epoch. */
static void take_passwd(struct x8_facts *facts, struct word line)
{
    struct word status, changed;
    next_word(&line);
    status = next_word(&line);
    changed = next_word(&line);
    if (is(status, "NP"))
        x8_copy(facts->password, sizeof(facts->password), "none");
    else if (is(status, "P") && (is(changed, "1970-01-01") || is(changed, "01/01/1970")))
        x8_copy(facts->password, sizeof(facts->password), "expired");
    else if (is(status, "P"))
        x8_copy(facts->password, sizeof(facts->password), "set");
}

static int take_text(struct x8_facts *facts, struct word key, struct word line)
{
    const struct {
        const char *key;
        char *field;
        size_t cap;
    } fields[] = {
        {"serial", facts->serial, sizeof(facts->serial)},
        {"hostname", facts->hostname, sizeof(facts->hostname)},
        {"kernel", facts->kernel, sizeof(facts->kernel)},
        {"user", facts->user, sizeof(facts->user)},
        {"boot_id", facts->boot_id, sizeof(facts->boot_id)},
        {"m7", facts->m7_version, sizeof(facts->m7_version)},
    };
    for (size_t i = 0; i < X8_COUNT(fields); i++)
        if (is(key, fields[i].key) && !fields[i].field[0]) {
            keep(fields[i].field, fields[i].cap, line);
            return 1;
        }
    return 0;
}

static void take_os(struct x8_buf *os, struct word line)
{
    /* Without memory the board seems to have no os-release: said as "unknown", nothing worse. */
    if (os->len > 65536 || x8_buf_add(os, line.text, line.len) < 0 || x8_buf_add(os, "\n", 1) < 0)
        return;
}

void facts_take(struct facts_text *text, const char *key_text, size_t key_len, const char *value,
                size_t value_len)
{
    struct word key = {key_text, key_len}, line = {value, value_len};
    struct x8_facts *facts = text->facts;
    if (is(key, "os"))
        take_os(&text->os, line);
    else if (is(key, "hw"))
        take_hw(facts, line);
    else if (is(key, "uptime"))
        facts->uptime_s = number_of(line);
    else if (is(key, "clock"))
        facts->clock_s = (int64_t)(number_of(line) & INT64_MAX);
    else if (is(key, "df/"))
        take_df(line, &facts->root_size, &facts->root_free);
    else if (is(key, "df/tmp"))
        take_df(line, &facts->tmp_size, &facts->tmp_free);
    else if (is(key, "df/var"))
        take_df(line, &facts->var_size, &facts->var_free);
    else if (is(key, "has"))
        take_has(facts, line);
    else if (is(key, "role"))
        take_role(facts, line);
    else if (is(key, "ip"))
        take_ip(facts, line);
    else if (is(key, "active"))
        take_active(text, line);
    else if (is(key, "passwd"))
        take_passwd(facts, line);
    else if (is(key, "failed"))
        take_failed(facts, line);
    else if (is(key, "end"))
        text->ended = 1;
    else
        take_text(facts, key, line);
}
