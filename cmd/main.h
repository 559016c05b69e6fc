/*
 * Parts of main.c: what comes from the environment, and standard streams that may be closed, full
 * or broken. The environment is read here and nowhere else.
 */
#ifndef X8_CMD_MAIN_H
#define X8_CMD_MAIN_H

#include "cmd.h"

/* Fill what only the environment knows: colour, CI, character set. */
void x8_env_ui(struct x8_ui_config *config);

/*
 * Give options that were not on the command line the value of their variable (X8CTL_SERIAL, else
 * ANDROID_SERIAL; X8CTL_TIMEOUT; X8CTL_PROGRESS), and check the form of the selectors. An empty
 * variable counts as not set. X8_E_USAGE names the variable.
 */
int x8_env_options(struct x8_globals *globals, struct x8_error *err);

/* How many runs leave a log (X8CTL_LOGS: a number up to X8_RUN_LOGS_MAX, or off). X8_E_USAGE. */
int x8_env_logs(unsigned *out, struct x8_error *err);

/* Make sure that descriptors 0 to 2 exist, so that no file opened later becomes stdout by accident.
 */
void x8_streams_repair(void);

/* 0, or an error when something written to stdout did not arrive. A reader that went away
 * (`x8ctl list | head -1`) sets *out_silent: nobody needs to be told. */
int x8_stdout_finish(const struct x8_ctx *ctx, int *out_silent, struct x8_error *err);

#endif
