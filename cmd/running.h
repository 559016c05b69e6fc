/*
 * What front ends for running boards share: the global options that reach them, picking the boards,
 * a session with each, root where it is needed, and the sum of several results.
 */
#ifndef X8_CMD_RUNNING_H
#define X8_CMD_RUNNING_H

#include "cmd.h"

#include "board/target.h"

/* One board of the run. Borrowed by `work`. */
struct x8_job_on {
    struct x8_ctx *ctx;
    struct x8_op op; /* with the board's label */
    const struct x8_reach *reach;
    const struct x8_target *target;
    struct x8_session *session; /* work may close it and set NULL, e.g. around a reboot */
    struct x8_root root;        /* filled by x8_job_root */
    size_t index, count;        /* this board among how many */
    struct x8_json *result;     /* members for --json: {"boards":[{...}]} */
    void *user;
};

/* Do the work on one board. 0, a negative code with *err filled, or a positive exit status of its
 * own (exec). May run in a thread of its own when there are several boards: print through
 * x8_job_print only. */
typedef int x8_job_fn(struct x8_job_on *job, struct x8_error *err);

struct x8_job_plan {
    x8_job_fn *work;
    void *user;
    int needs_linux; /* a session is opened before `work` */
    int one_only;    /* several boards are X8_E_SEVERAL, also with --all */
    int quiet_json;  /* `work` prints its own --json document */
    int keeps_rows;  /* ctx->document is made without --json as well: the caller reads it */
    int probe_ms;    /* > 0: targets are probed first (list, info) */
    int any_state;   /* without -s, boards that do not run count as well */
};

/*
 * Pick the boards (-s, --all, the only one; on a terminal a numbered choice), open a session with
 * each, run the work (side by side when there are several), sum up. One board: its result is the
 * result. Several: each error is reported with its board (equal ones once), and unequal results are
 * X8_E_SOME_FAILED. --json gives {"boards":[{...}]}, a row with "error" for each board that
 * failed; main adds the error of the whole.
 */
int x8_run_on_boards(struct x8_ctx *ctx, const struct x8_job_plan *plan, struct x8_error *err);

/* Get root on the board: --password-file, --password-fd, or on a terminal a prompt without echo,
 * when the board wants one. Fills job->root. One password serves all boards of the run. */
int x8_job_root(struct x8_job_on *job, struct x8_error *err);

/* The same, but nobody is asked: X8_E_AUTH when the options do not bring it. */
int x8_job_root_unasked(struct x8_job_on *job, struct x8_error *err);

/* The password that --password-file or --password-fd names, or that was typed for ssh; not `given`
 * where there is none. */
int x8_job_secret(struct x8_job_on *job, struct x8_secret *out, struct x8_error *err);

/* The first line of a file or a descriptor (X8_NO_FD: none), as a password; `option` names them in
 * messages: "password" for --password-file and --password-fd. Nothing when neither is given. */
int x8_secret_from(struct x8_ctx *ctx, const char *option, const char *path, uint64_t fd,
                   struct x8_secret *out, struct x8_error *err);

/* The serial number that the board itself has told: a row of --json names it also where the way to
 * the board did not show it. Once for each board. */
void x8_job_serial(struct x8_job_on *job, const char *serial);

/* Open job->session again, after `work` closed it. */
int x8_job_open(struct x8_job_on *job, struct x8_error *err);

/* Print text for a board. With one board the bytes go out as they are; with several each whole line
 * is prefixed with the board's label, and what has no line end yet waits for it (or for the end of
 * the work). To stdout, or stderr when `to_errors`. Safe from several threads. When nobody reads
 * stdout any more (`| head -1`) the run is stopped, and ends without a word. */
void x8_job_print(struct x8_job_on *job, int to_errors, const void *text, size_t len);

/* Print the --json document now, for work that has told its result and goes on; the plan of the run
 * says quiet_json. */
void x8_job_print_json(struct x8_job_on *job);

/* Ask yes or no before something is done to a board ("Restart"): one question for all boards of the
 * run, -y agrees. 0, or X8_E_NEED_YES / X8_E_STOPPED. From `work`, any thread. */
int x8_job_agree(struct x8_job_on *job, const char *what, const char *price, struct x8_error *err);

/* The addresses among the selectors of -s, for x8_targets_find; `out` has room for all of them.
 * X8_E_USAGE for a selector of no known form. */
int x8_addresses_of(const struct x8_globals *globals, const char **out, size_t *out_count,
                    struct x8_error *err);

/* 1 when every selector of -s (there is one) says where its board is: then no network is searched.
 */
int x8_all_are_places(const struct x8_strings *serial);

/* How long the network is searched when nobody says otherwise, and at most. */
#define X8_NET_SEARCH_MS     1000
#define X8_NET_SEARCH_MAX_MS 60000

/* How boards are reached, from the environment and --via (main_paths.c): ANDROID_ADB_SERVER_PORT,
 * ADB_SERVER_SOCKET (tcp:PORT, tcp:localhost:PORT), ~/.android/adbkey, boards.json, X8CTL_NET,
 * SSH_AUTH_SOCK, ~/.ssh. */
int x8_env_reach(const struct x8_globals *globals, struct x8_reach *out, struct x8_error *err);

/* Make a folder of the user and those above it, mode 0700. X8_E_NO_PERMISSION (also
 * for root in a home that is another user's), X8_E_HOST_SPACE. */
int x8_env_make_folder(const char *path, struct x8_error *err);

/* Folders of the user: "state" (logs, kept boot areas), "config", "cache"; X8CTL_HOME moves all.
 * The path of `name` in it; nothing is made. */
void x8_env_path(const char *kind, const char *name, char *out, size_t cap);

#endif
