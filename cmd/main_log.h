/*
 * The log that is kept of a run although nobody asked for it: FOLDER/TIME-COMMAND-PID.log in the
 * user's state folder, of the newest runs only. It must not be felt: where it cannot be kept there
 * is none, and nobody is told but with -v.
 *
 * x8_run_log_words() before the line is parsed (that reorders it), x8_run_log_begin() where the
 * command keeps a log, its `fd` for the ui, x8_run_log_end() when that has stopped.
 */
#ifndef X8_CMD_MAIN_LOG_H
#define X8_CMD_MAIN_LOG_H

#include "opts.h"

#define X8_RUN_LOGS     20 /* as long as X8CTL_LOGS says nothing else */
#define X8_RUN_LOGS_MAX 100

struct x8_run_log {
    int fd;     /* 0: none is kept */
    int depth;  /* as a verbosity: what it is to have */
    int folder; /* open */
    unsigned keep;
    char name[128];   /* of the file in the folder */
    char path[1024];  /* of both */
    char why[256];    /* it is not kept, though it was wanted; or "" */
    char command[64]; /* "image get" */
    char words[1024]; /* the command line */
    int is_remote;    /* what runs on the board is not ours: exec, shell */
    int64_t began_ms; /* clock.h */
};

/* Remember the command line, in one line of text, as it was given. */
void x8_run_log_words(struct x8_run_log *log, int argc, char *const *argv);

/* 1 when this run is one that leaves a log: it acts on a board or fetches something, and not only
 * to see what it would do. */
int x8_run_log_is_wanted(const struct x8_line *line, const struct x8_globals *globals);

/* Make the file in `folder`, and the folder, for the user alone. `command` is "x8ctl image get",
 * `keep` how many logs stay there. `fd` is 0 afterwards where that is not possible. */
void x8_run_log_begin(struct x8_run_log *log, const struct x8_cmd *cmd, const char *command,
                      const char *folder, unsigned keep);

/* Write how it ended, close it, and remove what is older than the newest. What was asked of exec
 * and shell and done leaves no log: `has_failed` is ours, not that of the command on the board. */
void x8_run_log_end(struct x8_run_log *log, int status, int has_failed);

/* 1 when a file of that name is one of these logs. */
int x8_run_log_is_name(const char *name);

/* Remove all but the `keep` newest logs of a folder, by their names; `own` (a name, or NULL) stays
 * and counts. Nothing else is touched: neither other names nor what is no plain file. */
void x8_run_log_prune(int folder, const char *own, unsigned keep);

#endif
