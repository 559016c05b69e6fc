/*
 * Asking the board for each check.
 */
#include "session/health_parts.h"

#include "session/run.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS 200

struct asking {
    struct x8_session *session;
    const struct x8_op *op;
    const struct x8_root *root;
};

/* The last line of what was said, cleaned. */
static void last_line(const struct x8_buf *buf, char out[WORDS])
{
    const char *text = x8_buf_text(buf), *start;
    size_t len = buf->len;

    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        len--;
    for (start = text + len; start > text && start[-1] != '\n'; start--)
        ;
    x8_clean(out, WORDS, start, (size_t)(text + len - start));
}

static int ask(const struct asking *a, const char *text, struct x8_ran *ran, struct x8_error *err)
{
    return x8_run(a->session, a->op, text, X8_RUN_TEXT_MS, ran, err);
}

/* Each answers 1 (well), 0 (not well; `words` says why) or a negative code. */

static int image(const struct asking *a, const struct x8_check *check, char words[WORDS],
                 struct x8_error *err)
{
    X8_AUTO_RAN ran = {0};
    struct x8_os_release os = {0};
    struct x8_error differs = {0};
    int rc = ask(a, "cat /etc/os-release", &ran, err);

    if (rc < 0)
        return rc;
    (void)x8_os_release_parse(x8_buf_span(&ran.out), &os, NULL); /* nothing in it: it differs */
    rc = x8_os_check(&os, check->text, &differs);
    x8_copy(words, WORDS, differs.msg);
    return rc == 0;
}

static int unit(const struct asking *a, const struct x8_check *check, char words[WORDS],
                struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    X8_AUTO_RAN ran = {0};
    int rc;

    if (x8_buf_addf(&text, "systemctl is-active ") < 0 || x8_quote(&text, check->text) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory for a check");
    rc = ask(a, x8_buf_text(&text), &ran, err);
    if (rc == 0)
        last_line(ran.out.len ? &ran.out : &ran.errors, words);
    return rc < 0 ? rc : ran.status == 0;
}

static int command(const struct asking *a, const struct x8_check *check, char words[WORDS],
                   struct x8_error *err)
{
    X8_AUTO_RAN ran = {0};
    char said[WORDS] = "";
    int rc = x8_run_as(a->session, a->op, check->root ? a->root : NULL, check->text,
                       check->timeout_ms, &ran, err);

    if (rc == -X8_E_TIMEOUT) {
        snprintf(words, WORDS, "not done after %d ms", check->timeout_ms);
        return 0;
    }
    if (rc < 0)
        return rc;
    last_line(ran.errors.len ? &ran.errors : &ran.out, said);
    snprintf(words, WORDS, "status %d, wanted %u%s%.150s", ran.status, (unsigned)check->number,
             said[0] ? ": " : "", said);
    return (uint64_t)ran.status == check->number;
}

/* The kernel's table is read instead of connecting: a stray connection ends the board's RPC proxy
 * on 5000 and 5001. Columns: slot, local address:port in hexadecimal, remote, state (0A listens).
 * Source: Linux Documentation/networking/proc_net_tcp.rst. */
static int port(const struct asking *a, const struct x8_check *check, char words[WORDS],
                struct x8_error *err)
{
    X8_AUTO_RAN ran = {0};
    char wanted[16];
    int rc = ask(a, "cat /proc/net/tcp /proc/net/tcp6 2>/dev/null; true", &ran, err), found = 0;

    if (rc < 0)
        return rc;
    snprintf(wanted, sizeof wanted, ":%04X ", (unsigned)check->number);
    for (char *line = (char *)ran.out.data; line && *line && !found;) {
        char *end = strchr(line, '\n'), *local;

        if (end)
            *end = '\0';
        local = strstr(line, wanted);
        /* The remote address of a listener is all zeros, and its port too. */
        found = local && strstr(local, ":0000 0A ") != NULL;
        line = end ? end + 1 : NULL;
    }
    snprintf(words, WORDS, found ? "listens" : "nobody listens");
    return found;
}

static int space(const struct asking *a, const struct x8_check *check, char words[WORDS],
                 struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    X8_AUTO_RAN ran = {0};
    char have[24], want[24], line[WORDS];
    unsigned long long kib = 0;
    int rc;

    if (x8_buf_addf(&text, "df -Pk -- ") < 0 || x8_quote(&text, check->text) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory for a check");
    rc = ask(a, x8_buf_text(&text), &ran, err);
    if (rc < 0)
        return rc;
    last_line(ran.status == 0 ? &ran.out : &ran.errors, line);
    if (ran.status != 0 || sscanf(line, "%*s %*s %*s %llu", &kib) != 1) {
        x8_copy(words, WORDS, line[0] ? line : "no answer");
        return 0;
    }
    x8_size_text(have, (uint64_t)kib << 10);
    x8_size_text(want, check->number);
    snprintf(words, WORDS, "%s free, wanted %s", have, want);
    return (uint64_t)kib << 10 >= check->number;
}

/* Thousandths of a degree, one line per sensor. */
static int temperature(const struct asking *a, const struct x8_check *check, char words[WORDS],
                       struct x8_error *err)
{
    X8_AUTO_RAN ran = {0};
    long hottest = -1000000;
    int rc = ask(a, "cat /sys/class/thermal/thermal_zone*/temp 2>/dev/null; true", &ran, err);

    if (rc < 0)
        return rc;
    for (const char *text = x8_buf_text(&ran.out); *text;) {
        char *end;
        long value = strtol(text, &end, 10);

        if (end == text)
            break;
        hottest = value > hottest ? value : hottest;
        text = end + strspn(end, "\r\n");
    }
    if (hottest == -1000000) {
        snprintf(words, WORDS, "the board has no sensor to read");
        return 0;
    }
    snprintf(words, WORDS, "%ld C, wanted below %u", hottest / 1000, (unsigned)check->number);
    return hottest < (long)check->number * 1000;
}

static const struct {
    const char *name;
    int (*ask)(const struct asking *asking, const struct x8_check *check, char words[WORDS],
               struct x8_error *err);
} kinds[] = {
    [X8_CHECK_IMAGE] = {"image", image},
    [X8_CHECK_UNIT] = {"unit", unit},
    [X8_CHECK_COMMAND] = {"command", command},
    [X8_CHECK_PORT] = {"port", port},
    [X8_CHECK_FREE] = {"free", space},
    [X8_CHECK_TEMPERATURE] = {"temperature", temperature},
};

static int unhealthy(const char *first, const char *words, size_t failed, size_t count,
                     struct x8_error *err)
{
    x8_fail(err, X8_E_UNHEALTHY, "not healthy: %s", first);
    x8_error_why(err, "%s; %zu of %zu checks failed", words, failed, count);
    x8_error_next(err, "x8ctl logs -p err    and -v with this command for every check");
    return -X8_E_UNHEALTHY;
}

int x8_health_run(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                  const struct x8_health *health, x8_health_fn *on_check, void *ctx,
                  struct x8_error *err)
{
    const struct asking asking = {session, op, root};
    char first[WORDS] = "", why[WORDS] = "";
    size_t failed = 0;

    for (size_t i = 0; i < health->count; i++) {
        const struct x8_check *check = &health->checks[i];
        char words[WORDS] = "", name[WORDS];
        int rc = kinds[check->kind].ask(&asking, check, words, err);

        if (rc < 0)
            return rc;
        snprintf(name, sizeof name, "%s%s%.150s", kinds[check->kind].name,
                 check->text[0] ? " " : "", check->text);
        if (on_check)
            on_check(ctx, name, rc, words);
        if (rc == 0 && failed++ == 0) {
            x8_copy(first, sizeof first, name);
            x8_copy(why, sizeof why, words);
        }
    }
    return failed ? unhealthy(first, why, failed, health->count, err) : 0;
}
