/*
 * Values of options: the global rows, and one place that turns a text from the command line or from
 * the environment into a value.
 */
#include "opts.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>

static struct x8_globals globals;

static const char *const progress_words[] = {"auto", "bar", "lines", "json", "none", NULL};
static const char *const color_words[] = {"auto", "always", "never", NULL};
/* In the order of enum x8_via. */
static const char *const via_words[] = {"auto", "usb", "adb", "tcp", "net", NULL};

static const struct x8_opt global_rows[] = {
    {"serial", 's', X8_OPT_LIST, &globals.serial, "SEL", NULL,
     "which board: serial, its last digits (4 or more), name, usb:1-4.2, adb:HOST or net:HOST; "
     "repeatable",
     "board"},
    {"all", 0, X8_OPT_FLAG, &globals.all, NULL, NULL, "every board that is in a fitting state",
     NULL},
    {"via", 0, X8_OPT_CHOICE, &globals.via, "WAY", via_words,
     "way to a running board: its USB interface, a running adb server, ADB over TCP, or ssh "
     "(net)",
     NULL},
    {"accept-new-host-key", 0, X8_OPT_FLAG, &globals.accept_new_host_key, NULL, NULL,
     "keep the ssh key of a board that is not known yet; a changed key is refused all the same",
     NULL},
    {"json", 0, X8_OPT_FLAG, &globals.json, NULL, NULL,
     "one JSON document on stdout, nothing else there", NULL},
    {"progress", 0, X8_OPT_CHOICE, &globals.progress, "HOW", progress_words,
     "how progress is shown on stderr", NULL},
    {"quiet", 'q', X8_OPT_FLAG, &globals.quiet, NULL, NULL, "errors only", NULL},
    {"verbose", 'v', X8_OPT_FLAG, &globals.verbosity, NULL, NULL,
     "steps; -vv dialogue with the device, -vvv bytes on the wire", NULL},
    {"log", 0, X8_OPT_STRING, &globals.log, "FILE", NULL, "full log, whatever -q says", "file"},
    {"color", 0, X8_OPT_CHOICE, &globals.color, "WHEN", color_words, "colour on stderr", NULL},
    {"no-color", 0, X8_OPT_FLAG, &globals.no_color, NULL, NULL, "same as --color never", NULL},
    {"timeout", 't', X8_OPT_DURATION, &globals.timeout_ms, "DUR", NULL,
     "limit for waiting on the board, as 90s, 5m, none (2m; 30s without a terminal)", NULL},
    {"dry-run", 'n', X8_OPT_FLAG, &globals.dry_run, NULL, NULL,
     "check and measure everything, change nothing", NULL},
    {"yes", 'y', X8_OPT_FLAG, &globals.yes, NULL, NULL, "agree to what would be asked", NULL},
    {"no-input", 0, X8_OPT_FLAG, &globals.no_input, NULL, NULL, "never ask", NULL},
    {"confirm", 0, X8_OPT_STRING, &globals.confirm, "TEXT", NULL,
     "answer for severe actions: last four of the serial, or fuse; commas join several", NULL},
    {"password-file", 0, X8_OPT_STRING, &globals.password_file, "FILE", NULL,
     "the board user's password, for ssh and for what needs root: first line of this file", "file"},
    {"password-fd", 0, X8_OPT_U64, &globals.password_fd, "N", NULL,
     "the same from this open file descriptor", NULL},
    {"help", 'h', X8_OPT_FLAG, &globals.help, NULL, NULL, "show help; works anywhere on the line",
     NULL},
    {"version", 'V', X8_OPT_FLAG, &globals.version, NULL, NULL,
     "show the version; works anywhere on the line", NULL},
    {NULL, 0, X8_OPT_FLAG, NULL, NULL, NULL, NULL, NULL},
};

const struct x8_opt *x8_global_opts(void)
{
    return global_rows;
}

struct x8_globals *x8_globals(void)
{
    return &globals;
}

void x8_choices_text(const char *const *choices, char *out, size_t cap)
{
    size_t at = 0;

    out[0] = '\0';
    for (size_t i = 0; choices[i] && at < cap; i++) {
        const char *joint = i == 0 ? "" : choices[i + 1] ? ", " : " or ";
        int n = snprintf(out + at, cap - at, "%s%s", joint, choices[i]);
        at += n > 0 ? (size_t)n : 0;
    }
}

static int store_choice(const struct x8_opt *opt, const char *origin, const char *text,
                        struct x8_error *err)
{
    char words[160];
    size_t n = 0;
    const char *near;
    int rc;

    for (; opt->choices[n]; n++) {
        if (strcmp(opt->choices[n], text) != 0)
            continue;
        *(int *)opt->value = (int)n;
        return 0;
    }
    x8_choices_text(opt->choices, words, sizeof words);
    rc = x8_fail(err, X8_E_USAGE, "%s does not take '%s'", origin, text);
    near = x8_closest(text, opt->choices, n);
    if (near)
        x8_error_why(err, "it takes %s; did you mean '%s'?", words, near);
    else
        x8_error_why(err, "it takes %s", words);
    x8_error_next(err, "--%s %s", opt->name, near ? near : opt->choices[0]);
    return rc;
}

static int store_list(const struct x8_opt *opt, const char *origin, const char *text,
                      struct x8_error *err)
{
    struct x8_strings *list = opt->value;

    if (list->count == X8_COUNT(list->items)) {
        int rc = x8_fail(err, X8_E_USAGE, "%s was given more than %zu times", origin, list->count);
        x8_error_why(err, "there is room for that many in one run");
        x8_error_next(err, "use fewer, or --all for every board");
        return rc;
    }
    list->items[list->count++] = text;
    return 0;
}

static int store_number(const struct x8_opt *opt, const char *origin, const char *text,
                        struct x8_error *err)
{
    int rc;

    if (opt->kind != X8_OPT_U64 && x8_parse_duration(text, opt->value) == 0)
        return 0;
    if (opt->kind == X8_OPT_U64 && x8_parse_u64(text, opt->value) == 0)
        return 0;
    if (opt->kind != X8_OPT_U64) {
        rc = x8_fail(err, X8_E_USAGE, "%s needs a duration, not '%s'", origin, text);
        x8_error_why(err, "a duration is a number with a unit (1500ms, 30s, 2m, 1h), or none");
        x8_error_next(err, "--%s=30s", opt->name);
    } else {
        rc = x8_fail(err, X8_E_USAGE, "%s needs a number, not '%s'", origin, text);
        x8_error_why(err, "a number is 0, 1, 2 and so on, or 0x and hexadecimal digits%s",
                     text[0] == '-' ? ": there are none below" : "");
        x8_error_next(err, "--%s=3", opt->name);
    }
    return rc;
}

int x8_opts_from_text(const struct x8_opt *opt, const char *origin, const char *text,
                      struct x8_error *err)
{
    switch (opt->kind) {
    case X8_OPT_FLAG:
        ++*(int *)opt->value;
        return 0;
    case X8_OPT_NO:
        *(int *)opt->value = 0;
        return 0;
    case X8_OPT_STRING:
        *(const char **)opt->value = text;
        return 0;
    case X8_OPT_LIST:
        return store_list(opt, origin, text, err);
    case X8_OPT_CHOICE:
        return store_choice(opt, origin, text, err);
    case X8_OPT_MAYBE:
        if (text)
            return store_number(opt, origin, text, err);
        *(int64_t *)opt->value = X8_DURATION_ALONE;
        return 0;
    case X8_OPT_DURATION:
    case X8_OPT_U64:
        return store_number(opt, origin, text, err);
    }
    return x8_fail(err, X8_E_INTERNAL, "option '--%s' has no kind", opt->name);
}
