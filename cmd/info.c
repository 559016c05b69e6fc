/*
 * x8ctl info: what a running board says about itself.
 */
#include "running.h"

#include "util/clock.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CLOCK_OFF_S = 120, NARROW_PERCENT = 90, LABEL_COLUMNS = 14 };

/* One field: how it reads, and, for numbers, its value in --json. */
struct field {
    const char *name;
    void (*put)(const struct x8_job_on *job, const struct x8_facts *facts, char out[320]);
    /* NULL: the text. */
    void (*add)(struct x8_json *json, const struct x8_facts *facts);
};

#define TEXT(field)                                                                                \
    static void put_##field(const struct x8_job_on *job, const struct x8_facts *facts,             \
                            char out[320])                                                         \
    {                                                                                              \
        (void)job;                                                                                 \
        x8_copy(out, 320, facts->field);                                                           \
    }
TEXT(serial)
TEXT(hostname)
TEXT(kernel)
TEXT(carrier)
TEXT(hat)
TEXT(m7_version)
TEXT(usb_role)
TEXT(user)
TEXT(boot_id)
TEXT(addresses)
TEXT(units_failed)
TEXT(adbd)
TEXT(ssh)
TEXT(docker)
TEXT(proxy)
#undef TEXT

static void put_name(const struct x8_job_on *job, const struct x8_facts *facts, char out[320])
{
    (void)facts;
    x8_copy(out, 320, job->target->name);
}

static void put_via(const struct x8_job_on *job, const struct x8_facts *facts, char out[320])
{
    (void)facts;
    x8_copy(out, 320, job->session->via);
}

static void put_image(const struct x8_job_on *job, const struct x8_facts *facts, char out[320])
{
    char word[32];

    (void)job;
    (void)x8_os_image(&facts->os, word);
    x8_copy(out, 320, strcmp(word, "-") == 0 ? "" : word);
}

static void put_machine(const struct x8_job_on *job, const struct x8_facts *facts, char out[320])
{
    const char *machine = x8_os_release_get(&facts->os, "LMP_MACHINE");

    (void)job;
    x8_copy(out, 320, machine ? machine : "");
}

static void put_release(const struct x8_job_on *job, const struct x8_facts *facts, char out[320])
{
    const char *pretty = x8_os_release_get(&facts->os, "PRETTY_NAME");
    const char *version = x8_os_release_get(&facts->os, "VERSION");

    (void)job;
    x8_copy(out, 320, pretty ? pretty : version ? version : "");
}

static void put_uptime(const struct x8_job_on *job, const struct x8_facts *facts, char out[320])
{
    unsigned long long minutes = facts->uptime_s / 60;

    (void)job;
    if (minutes >= 24 * 60)
        snprintf(out, 320, "%llu d %llu h", minutes / (24 * 60), minutes / 60 % 24);
    else if (minutes >= 60)
        snprintf(out, 320, "%llu h %llu min", minutes / 60, minutes % 60);
    else if (minutes >= 1)
        snprintf(out, 320, "%llu min %llu s", minutes, (unsigned long long)facts->uptime_s % 60);
    else
        snprintf(out, 320, "%llu s", (unsigned long long)facts->uptime_s);
}

static void add_uptime(struct x8_json *json, const struct x8_facts *facts)
{
    x8_json_u64(json, "uptime", facts->uptime_s);
}

static void put_clock(const struct x8_job_on *job, const struct x8_facts *facts, char out[320])
{
    time_t seconds = (time_t)facts->clock_s;
    struct tm tm;

    (void)job;
    out[0] = '\0';
    if (facts->clock_s && gmtime_r(&seconds, &tm))
        strftime(out, 320, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static int percent_used(uint64_t size, uint64_t left)
{
    return size ? (int)((size - left) * 100 / size) : 0;
}

static void put_space(uint64_t size, uint64_t left, char out[320])
{
    char text[24];

    x8_size_text(text, left);
    out[0] = '\0';
    if (size)
        snprintf(out, 320, "%d %% used, %s free", percent_used(size, left), text);
}

#define SPACE(field)                                                                               \
    static void put_##field(const struct x8_job_on *job, const struct x8_facts *facts,             \
                            char out[320])                                                         \
    {                                                                                              \
        (void)job;                                                                                 \
        put_space(facts->field##_size, facts->field##_free, out);                                  \
    }                                                                                              \
    static void add_##field(struct x8_json *json, const struct x8_facts *facts)                    \
    {                                                                                              \
        struct x8_json *space = x8_json_object();                                                  \
                                                                                                   \
        x8_json_u64(space, "size", facts->field##_size);                                           \
        x8_json_u64(space, "free", facts->field##_free);                                           \
        x8_json_add(json, #field, space);                                                          \
    }
SPACE(root)
SPACE(var)
SPACE(tmp)
#undef SPACE

static const struct field fields[] = {
    {"serial", put_serial, NULL},
    {"name", put_name, NULL},
    {"hostname", put_hostname, NULL},
    {"via", put_via, NULL},
    {"image", put_image, NULL},
    {"release", put_release, NULL},
    {"machine", put_machine, NULL},
    {"kernel", put_kernel, NULL},
    {"carrier", put_carrier, NULL},
    {"hat", put_hat, NULL},
    {"m7-firmware", put_m7_version, NULL},
    {"usb-role", put_usb_role, NULL},
    {"uptime", put_uptime, add_uptime},
    {"clock", put_clock, NULL},
    {"root", put_root, add_root},
    {"var", put_var, add_var},
    {"tmp", put_tmp, add_tmp},
    {"network", put_addresses, NULL},
    {"user", put_user, NULL},
    {"adbd", put_adbd, NULL},
    {"ssh", put_ssh, NULL},
    {"docker", put_docker, NULL},
    {"m4-proxy", put_proxy, NULL},
    {"failed-units", put_units_failed, NULL},
    {"boot-id", put_boot_id, NULL},
};

static const struct field *find_field(const char *name)
{
    for (size_t i = 0; i < X8_COUNT(fields); i++)
        if (x8_casecmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

static int check_fields(const struct x8_ctx *ctx, struct x8_error *err)
{
    const char *names[X8_COUNT(fields)], *near;
    char clean[64];
    int rc;

    for (size_t i = 0; i < X8_COUNT(fields); i++)
        names[i] = fields[i].name;
    for (int i = 0; i < ctx->argc; i++) {
        if (find_field(ctx->argv[i]))
            continue;
        near = x8_closest(ctx->argv[i], names, X8_COUNT(names));
        x8_clean(clean, sizeof clean, ctx->argv[i], strlen(ctx->argv[i]));
        rc = x8_fail(err, X8_E_USAGE, "info has no field '%s'", clean);
        if (near)
            x8_error_why(err, "did you mean '%s'?", near);
        else
            x8_error_why(err, "serial, image, kernel and carrier are some of those it has");
        x8_error_next(err, "x8ctl info --help    lists the fields");
        return rc;
    }
    return 0;
}

/* What one should know: each is a text of its own. */
struct notes {
    char items[4][400];
    size_t count;
};

static void find_notes(const struct x8_facts *facts, struct notes *out)
{
    int64_t off = facts->clock_s ? facts->clock_s - (int64_t)time(NULL) : 0;
    const size_t cap = sizeof out->items[0];

    out->count = 0;
    if (!x8_os_is_x8(&facts->os))
        x8_copy(out->items[out->count++], cap,
                "its os-release names another machine: no Portenta X8");
    if (off > CLOCK_OFF_S || off < -CLOCK_OFF_S)
        snprintf(out->items[out->count++], cap, "its clock is %lld min off",
                 (long long)(off < 0 ? -off : off) / 60);
    if (facts->units_failed[0])
        snprintf(out->items[out->count++], cap, "failed units: %s", facts->units_failed);
    if (percent_used(facts->var_size, facts->var_free) >= NARROW_PERCENT)
        x8_copy(out->items[out->count++], cap, "/var is nearly full");
}

/* For a person: as wide as the terminal. */
static int put_line(struct x8_buf *out, const char *label, const char *text)
{
    char head[40];

    snprintf(head, sizeof head, "%-*s", LABEL_COLUMNS, label);
    x8_put_behind(out, head, text, x8_file_columns(stdout));
    return 0;
}

static int put_notes(const struct x8_facts *facts, int is_person, struct x8_buf *out)
{
    struct notes notes;
    int rc = 0;

    find_notes(facts, &notes);
    for (size_t i = 0; i < notes.count; i++)
        rc |= is_person ? put_line(out, "note", notes.items[i])
                        : x8_buf_addf(out, "note\t%s\n", notes.items[i]);
    return rc;
}

static int put_field(const struct x8_job_on *job, const struct x8_facts *facts,
                     const struct field *field, int style, struct x8_buf *out)
{
    char text[320] = "";

    field->put(job, facts, text);
    switch (style) {
    case 0: /* the only field: nothing but its value */
        return x8_buf_addf(out, "%s\n", text);
    case 1:
        return x8_buf_addf(out, "%s\t%s\n", field->name, text[0] ? text : "-");
    default: /* for a person: what is not there needs no line */
        return text[0] ? put_line(out, field->name, text) : 0;
    }
}

static int print_text(struct x8_job_on *job, const struct x8_facts *facts, struct x8_error *err)
{
    const struct x8_ctx *ctx = job->ctx;
    int is_person = ctx->argc == 0 && isatty(STDOUT_FILENO), rc = 0;
    X8_AUTO_BUF out = {0};

    for (int i = 0; i < ctx->argc; i++)
        rc |= put_field(job, facts, find_field(ctx->argv[i]), ctx->argc > 1, &out);
    for (size_t i = 0; ctx->argc == 0 && i < X8_COUNT(fields); i++)
        rc |= put_field(job, facts, &fields[i], is_person ? 2 : 1, &out);
    if (ctx->argc == 0)
        rc |= put_notes(facts, is_person, &out);
    if (rc < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    x8_job_print(job, 0, out.data, out.len);
    return 0;
}

/* Without operands every field is. */
static int is_asked(const struct x8_ctx *ctx, const struct field *field)
{
    for (int i = 0; i < ctx->argc; i++)
        if (find_field(ctx->argv[i]) == field)
            return 1;
    return ctx->argc == 0;
}

static void add_field(struct x8_job_on *job, const struct x8_facts *facts,
                      const struct field *field)
{
    char text[320] = "", key[24];
    size_t n = 0;

    for (; field->name[n] && n < sizeof key - 1; n++)
        key[n] = field->name[n] == '-' ? '_' : field->name[n];
    key[n] = '\0';
    field->put(job, facts, text);
    if (field->add)
        field->add(job->result, facts);
    else if (strcmp(key, "serial") != 0 && strcmp(key, "name") != 0) /* every board has them */
        x8_json_str(job->result, key, text[0] ? text : NULL);
}

static void add_json(struct x8_job_on *job, const struct x8_facts *facts)
{
    struct x8_json *list;
    struct notes notes;

    for (size_t i = 0; i < X8_COUNT(fields); i++)
        if (is_asked(job->ctx, &fields[i]))
            add_field(job, facts, &fields[i]);
    if (job->ctx->argc)
        return;
    find_notes(facts, &notes);
    list = x8_json_array();
    for (size_t i = 0; i < notes.count; i++)
        x8_json_str(list, NULL, notes.items[i]);
    x8_json_add(job->result, "notes", list);
}

static int work(struct x8_job_on *job, struct x8_error *err)
{
    struct x8_facts *facts = calloc(1, sizeof *facts);
    int rc = facts ? x8_facts_probe(job->session, &job->op, X8_RUN_TEXT_MS, facts, err)
                   : x8_fail(err, X8_E_INTERNAL, "out of memory");

    if (rc == 0)
        x8_job_serial(job, facts->serial);
    if (rc == 0 && job->ctx->globals->json)
        add_json(job, facts);
    else if (rc == 0)
        rc = print_text(job, facts, err);
    free(facts);
    return rc;
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_job_plan plan = {.work = work, .needs_linux = 1};
    int rc = check_fields(ctx, err);

    return rc < 0 ? rc : x8_run_on_boards(ctx, &plan, err);
}

static const struct x8_example examples[] = {
    {"x8ctl info", "everything about the only board"},
    {"x8ctl info image carrier -s fad9", "two fields of one board"},
    {"x8ctl info image", "the image's number alone, for a script"},
    {"x8ctl info --all --json", "every running board, for a program"},
    {NULL, NULL},
};
static const unsigned char exits[] = {2, 10, 11, 12, 13, 14, 15, 16, 17, 40, 50, 130, 143, 0};

const struct x8_cmd x8_cmd_info = {
    .name = "info",
    .group = "look",
    .summary = "show what a running board says about itself",
    .usage = "[FIELD...]",
    .description =
        "One field per line: serial, name (yours), hostname, via (the way it was asked),\n"
        "image, release, machine, kernel, carrier, hat, m7-firmware, usb-role, uptime,\n"
        "clock, root, var and tmp (space), network, user, adbd, ssh, docker, m4-proxy,\n"
        "failed-units, boot-id. Asks once, as the board's usual user, and changes\n"
        "nothing. Without a terminal name and value are separated by a tab and every\n"
        "field is there; one FIELD prints its value alone. Lines that begin with note\n"
        "say what is not as it should be.",
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl list, x8ctl os-release",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS | X8_ENDS_BY_STOP,
    .run = run,
};
