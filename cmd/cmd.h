/*
 * What every front end shares: a subcommand as data, its options as data, and the context it runs
 * in. A front end is option handling and printing; anything longer belongs to a room in src/.
 * Adding one: cmd/<name>.c with one exported row, and one line in the table of cmd/main.c.
 */
#ifndef X8_CMD_CMD_H
#define X8_CMD_CMD_H

#include "link/bus.h"
#include "ui/table.h"
#include "ui/ui.h"
#include "util/json.h"

/* What kind of value an option takes. */
enum x8_opt_kind {
    X8_OPT_FLAG,     /* int *: set to 1; counts when given again (-vv) */
    X8_OPT_NO,       /* int *: set to 0 */
    X8_OPT_STRING,   /* const char **: borrowed from argv */
    X8_OPT_LIST,     /* struct x8_strings *: repeatable */
    X8_OPT_DURATION, /* int64_t *: milliseconds, -1 for none */
    X8_OPT_MAYBE,    /* the same as --name=DUR; --name alone stores X8_DURATION_ALONE */
    X8_OPT_CHOICE,   /* int *: index into `choices` */
    X8_OPT_U64,      /* uint64_t * */
};

#define X8_DURATION_ALONE INT64_MAX

struct x8_strings {
    const char *items[64];
    size_t count;
};

/* One option. The same rows feed parser, help, completions, man pages and the dump of the CLI. */
struct x8_opt {
    const char *name; /* long form without dashes */
    char letter;      /* short form or 0 */
    enum x8_opt_kind kind;
    void *
        value; /* where it goes (static storage of the front end or a field of struct x8_globals) */
    const char *arg;            /* name of the argument in help: "FILE", or NULL */
    const char *const *choices; /* NULL-terminated, for CHOICE */
    const char *help;           /* lower case, no full stop */
    const char *complete; /* what completes the argument: "file", "dir", "board", "carrier", NULL */
};

/* Global options, filled before `run`. */
struct x8_globals {
    struct x8_strings serial; /* -s */
    int all, json, quiet, verbosity, dry_run, yes, no_input, help, version;
    int progress, color, no_color, via, accept_new_host_key;
    const char *log, *confirm, *password_file;
    uint64_t password_fd; /* X8_NO_FD when not given */
    int64_t timeout_ms;   /* -t; X8_TIMEOUT_UNSET when not given */
};
#define X8_TIMEOUT_UNSET INT64_MIN
#define X8_NO_FD         UINT64_MAX

struct x8_ctx {
    const struct x8_globals *globals;
    struct x8_ui *ui;
    struct x8_cancel *cancel;
    struct x8_op op;    /* for the run as a whole: emit and cancel set */
    struct x8_bus *bus; /* opened when the row says X8_NEEDS_BUS, else NULL */
    int argc;           /* operands left after options */
    char **argv;
    const struct x8_cmd *cmd;
    int stdout_errno;         /* why x8_stdout_flush() failed, for the end of the run */
    struct x8_json *document; /* what x8_result() was given, until it is printed */
    int has_result;           /* the document of --json is printed already */
};

enum x8_needs {
    X8_NEEDS_NOTHING = 0,
    X8_NEEDS_BUS = 1,     /* USB bus opened before `run` */
    X8_NEEDS_SIGNALS = 2, /* Ctrl-C raises ctx->cancel instead of ending the process */
    X8_STATUS_IS_REMOTE =
        8,                /* exit status 0 to 254 is a command's on the board; own failures: 255 */
    X8_ENDS_BY_STOP = 16, /* Ctrl-C is how one ends it: nobody is told of a safe point */
    X8_RAW_OPERANDS = 4, /* what follows an operand like "FB:" or "FB[-t" belongs to the operands */
};

struct x8_example {
    const char *command, *text;
};

struct x8_cmd {
    const char *name;  /* "flash", or "udev" (a noun whose verbs are operands listed in `verbs`) */
    const char *group; /* heading in `x8ctl help`: look, program, flash, update, run, house */
    const char *summary;      /* one line, lower case */
    const char *usage;        /* operands: "[SOURCE]" */
    const char *const *verbs; /* NULL-terminated operand words of a noun, for completion; or NULL */
    /* 1 when an option goes with a verb, for completion; NULL: each goes with all. */
    int (*takes)(const char *verb, const char *option);
    const char *description;   /* paragraphs of the help page; lines of at most 78 columns */
    const struct x8_opt *opts; /* ended by a row with name NULL; or NULL */
    const struct x8_example *examples; /* ended by NULL; first in help */
    const unsigned char *exits; /* exit codes of this command, ended by 0; 0 itself is implied */
    const char *see_also;       /* "x8ctl list, x8ctl guide", or NULL */
    const char *complete; /* what completes operands (with verbs: those behind the verb): "file",
                             "carrier", "command", NULL */
    /* Whose runs leave a log in the state folder (main_log.h): those that act on a board or fetch
     * something. NULL: none; "": all; else the verbs, as "get prune". */
    const char *logged;
    unsigned needs;
    /* 0, or a negative code with *err filled; a positive value is the exit status as it stands (no
     * message). */
    int (*run)(struct x8_ctx *ctx, struct x8_error *err);
};

/* The exported rows: cmd/<name>.c defines x8_cmd_<name>. */
extern const struct x8_cmd x8_cmd_list, x8_cmd_watch, x8_cmd_guide;
extern const struct x8_cmd x8_cmd_info, x8_cmd_os_release, x8_cmd_wait, x8_cmd_identify;
extern const struct x8_cmd x8_cmd_setup;
extern const struct x8_cmd x8_cmd_reboot, x8_cmd_recover, x8_cmd_name;
extern const struct x8_cmd x8_cmd_update;
extern const struct x8_cmd x8_cmd_sketch, x8_cmd_flash, x8_cmd_uuu, x8_cmd_explain, x8_cmd_image;
extern const struct x8_cmd x8_cmd_shell, x8_cmd_exec, x8_cmd_push, x8_cmd_pull;
extern const struct x8_cmd x8_cmd_forward, x8_cmd_open, x8_cmd_logs;
extern const struct x8_cmd x8_cmd_doctor, x8_cmd_report;
extern const struct x8_cmd x8_cmd_udev, x8_cmd_completion, x8_cmd_help, x8_cmd_version;

/* All rows in help order, ended by NULL (main.c). */
extern const struct x8_cmd *const x8_commands[];

/* For `@ NAME@` lines of scripts: the variable of the environment, or NULL (main_env.c). `ctx` is
 * not used. */
const char *x8_env_for_script(void *ctx, const char *name);

/* The whole environment, for a program that is started (main_env.c). */
char **x8_env_all(void);

/* 1 when --confirm holds the word; it may hold several, joined by commas (flash_agree.c). */
int x8_confirmed(const struct x8_ctx *ctx, const char *word);

/* A selector that is one of the user's names for boards means its serial number from here on, for
 * what looks at USB alone (main_paths.c). */
struct x8_selector;
void x8_env_resolve_name(struct x8_selector *selector);

/* The lock file of a name ("usb-1-2") in the user's runtime folder, so that two runs do not meet on
 * one board (main_env.c). */
void x8_env_lock_path(const char *name, char *out, size_t cap);

/* Bring what was printed so far on its way, as a summary on stderr or a long wait comes next.
 * Nonzero when it did not arrive, which the end of the run tells (main_streams.c). */
int x8_stdout_flush(struct x8_ctx *ctx);

/* The result of the run for --json (result.c): an object, taken over; main prints it, with the
 * error of a run that failed as a further member. Once for each run; a later one takes its place.
 */
void x8_result(struct x8_ctx *ctx, struct x8_json **json);

/* A next step for an error whose place could not know one: it depends on what was asked for.
 * `cmd`: the command, or NULL. */
void x8_suggest(struct x8_error *err, const struct x8_cmd *cmd);

/* Print it, or the error alone; `failed` NULL: the run ended well. Nothing when that was done, or
 * when there is neither. Before the end of a run only where its result is said and it goes on. */
void x8_result_print(struct x8_ctx *ctx, const struct x8_error *failed);

/* "1.2" (version.c). */
const char *x8_version_text(void);

/* Global options as rows (opts.c). */
const struct x8_opt *x8_global_opts(void);

#endif
