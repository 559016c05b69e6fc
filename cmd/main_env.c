/*
 * The environment: read once, at the start, turned into the same values that options set.
 */
#include "main.h"
#include "main_log.h"
#include "opts.h"

#include "board/select.h"
#include "util/file.h"
#include "util/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The variable's text, or NULL when it is not set or empty. */
static const char *env(const char *name)
{
    const char *text = getenv(name);

    return text && text[0] ? text : NULL;
}

const char *x8_env_for_script(void *ctx, const char *name)
{
    (void)ctx;
    return getenv(name);
}

extern char **environ;

char **x8_env_all(void)
{
    return environ;
}

void x8_env_lock_path(const char *name, char *out, size_t cap)
{
    const char *home = env("X8CTL_HOME"), *runtime = env("XDG_RUNTIME_DIR");

    if (home)
        snprintf(out, cap, "%s/locks/%s", home, name);
    else if (runtime && x8_path_is_ours(runtime)) /* sudo may leave it that of another user */
        snprintf(out, cap, "%s/x8ctl/%s", runtime, name);
    else
        snprintf(out, cap, "/tmp/x8ctl-%ld/%s", (long)getuid(), name);
}

/* POSIX order: LC_ALL, then LC_CTYPE, then LANG; the first that is set decides. */
static int locale_is_utf8(void)
{
    const char *text = env("LC_ALL");
    char lower[64];
    size_t n = 0;

    if (!text)
        text = env("LC_CTYPE");
    if (!text)
        text = env("LANG");
    if (!text)
        return 0;
    for (; text[n] && n < sizeof lower - 1; n++)
        lower[n] = (char)tolower((unsigned char)text[n]);
    lower[n] = '\0';
    return strstr(lower, "utf-8") || strstr(lower, "utf8");
}

void x8_env_ui(struct x8_ui_config *config)
{
    const char *term = env("TERM"), *force = env("CLICOLOR_FORCE");
    int dumb = !term || strcmp(term, "dumb") == 0;

    config->no_color = dumb || env("NO_COLOR") != NULL;
    config->force_color = force && strcmp(force, "0") != 0;
    config->in_ci = env("GITHUB_ACTIONS") != NULL || env("GITLAB_CI") != NULL;
    config->utf8 = locale_is_utf8();
    /* A bar moves the cursor, which such a terminal cannot do. */
    if (dumb && config->progress == X8_PROGRESS_AUTO)
        config->progress = X8_PROGRESS_LINES;
}

static int option_from(const char *variable, const char *option, struct x8_error *err)
{
    const char *text = env(variable);
    char origin[64];

    if (!text)
        return 0;
    snprintf(origin, sizeof origin, "variable %s", variable);
    return x8_opts_from_text(x8_global_opt(option), origin, text, err);
}

/* A selector from a variable is checked here, where the variable can still be named. */
static int serial_from_env(const struct x8_globals *globals, struct x8_error *err)
{
    const char *variable = env("X8CTL_SERIAL") ? "X8CTL_SERIAL" : "ANDROID_SERIAL";
    struct x8_selector selector;
    int rc = option_from(variable, "serial", err);

    if (rc == 0 && globals->serial.count)
        rc = x8_selector_parse(globals->serial.items[0], &selector, err);
    if (rc < 0)
        x8_error_prefix(err, "variable %s", variable);
    return rc;
}

int x8_env_logs(unsigned *out, struct x8_error *err)
{
    const char *text = env("X8CTL_LOGS");
    uint32_t count = X8_RUN_LOGS;
    char clean[96];

    if (text && x8_casecmp(text, "off") == 0)
        count = 0;
    else if (text && (x8_parse_u32(text, &count) != 0 || count > X8_RUN_LOGS_MAX)) {
        x8_clean(clean, sizeof clean, text, strlen(text));
        x8_fail(err, X8_E_USAGE, "variable X8CTL_LOGS is no number of logs: '%s'", clean);
        x8_error_why(err, "it is how many runs leave one: 1 to %d, or 0 for none", X8_RUN_LOGS_MAX);
        x8_error_next(err, "X8CTL_LOGS=%d, or unset it", X8_RUN_LOGS);
        return -(int)X8_E_USAGE;
    }
    *out = count;
    return 0;
}

int x8_env_options(struct x8_globals *globals, struct x8_error *err)
{
    struct x8_selector selector;
    int rc = 0;

    if (globals->serial.count == 0 && !globals->all)
        rc = serial_from_env(globals, err);
    for (size_t i = 0; i < globals->serial.count && rc == 0; i++)
        rc = x8_selector_parse(globals->serial.items[i], &selector, err);
    if (rc == 0 && globals->timeout_ms == X8_TIMEOUT_UNSET)
        rc = option_from("X8CTL_TIMEOUT", "timeout", err);
    if (rc == 0 && !globals->password_file && globals->password_fd == X8_NO_FD)
        rc = option_from("X8CTL_PASSWORD_FILE", "password-file", err);
    if (rc == 0 && globals->progress < 0)
        rc = option_from("X8CTL_PROGRESS", "progress", err);
    return rc;
}
