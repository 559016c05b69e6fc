/*
 * x8ctl: parse the line, start the one speaker, open what the command needs, run it, and turn what
 * came back into the error form and an exit status. Signals are blocked before any thread exists.
 */
#include "main.h"
#include "help.h"
#include "main_log.h"
#include "opts.h"
#include "running.h"

#include "usb/usb.h"
#include "util/clock.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
const struct x8_cmd *const x8_commands[] = {
    &x8_cmd_list,
    &x8_cmd_watch,
    &x8_cmd_info,
    &x8_cmd_os_release,
    &x8_cmd_wait,
    &x8_cmd_identify,
    &x8_cmd_logs,
    &x8_cmd_doctor,
    &x8_cmd_report,
    &x8_cmd_guide,
    &x8_cmd_sketch,
    &x8_cmd_update,
    &x8_cmd_flash,
    &x8_cmd_uuu,
    &x8_cmd_explain,
    &x8_cmd_image,
    &x8_cmd_recover,
    &x8_cmd_setup,
    &x8_cmd_shell,
    &x8_cmd_exec,
    &x8_cmd_push,
    &x8_cmd_pull,
    &x8_cmd_forward,
    &x8_cmd_open,
    &x8_cmd_reboot,
    &x8_cmd_name,
    &x8_cmd_udev,
    &x8_cmd_completion,
    &x8_cmd_help,
    &x8_cmd_version,
    NULL,
};
/* clang-format on */

/* Without X8_NEEDS_SIGNALS a signal ends the process, as in any small program. */
static void let_signals_end_us(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* "x8ctl udev install": with the verb when the command is a noun. */
static void name_command(const struct x8_line *line, char *out, size_t cap)
{
    const char *verb = NULL;

    for (size_t i = 0; line->cmd && line->cmd->verbs && line->argc && line->cmd->verbs[i]; i++)
        if (strcmp(line->cmd->verbs[i], line->argv[0]) == 0)
            verb = line->cmd->verbs[i];
    snprintf(out, cap, "x8ctl%s%s%s%s", line->cmd ? " " : "", line->cmd ? line->cmd->name : "",
             verb ? " " : "", verb ? verb : "");
}

/* The log that this run leaves behind, if it is one that does. */
static int begin_log(struct x8_run_log *log, const struct x8_line *line, const char *command,
                     struct x8_error *err)
{
    unsigned keep = 0;
    char folder[1024];
    int rc = x8_run_log_is_wanted(line, x8_globals()) ? x8_env_logs(&keep, err) : 0;

    if (keep) {
        x8_env_path("state", "logs", folder, sizeof folder);
        x8_run_log_begin(log, line->cmd, command, folder, keep);
    }
    return rc;
}

static int start_ui(const struct x8_globals *globals, const char *command,
                    const struct x8_run_log *log, struct x8_ui **ui)
{
    struct x8_ui_config config = {
        .command = command,
        .progress =
            globals->progress < 0 ? X8_PROGRESS_AUTO : (enum x8_progress_mode)globals->progress,
        .color = globals->no_color ? X8_COLOR_NEVER : (enum x8_color_mode)globals->color,
        .quiet = globals->quiet,
        .verbosity = globals->verbosity > 3 ? 3 : globals->verbosity,
        .json = globals->json,
        .no_input = globals->no_input,
        .assume_yes = globals->yes,
        .log_path = globals->log,
        .kept_fd = log->fd,
        .kept_depth = log->depth,
    };
    struct x8_error err;
    int rc;

    x8_env_ui(&config);
    rc = x8_ui_start(&config, ui, &err);
    if (rc == 0)
        return 0;
    /* Without its log file it can still say why. */
    config.log_path = NULL;
    if (x8_ui_start(&config, ui, NULL) == 0)
        x8_ui_error(*ui, &err);
    return rc;
}

static int run_command(struct x8_ctx *ctx, struct x8_error *err)
{
    int rc = 0;

    if (ctx->cmd->needs & X8_NEEDS_SIGNALS)
        rc = x8_signals_start(ctx->cancel, ctx->ui, err);
    else
        let_signals_end_us();
    if (ctx->cmd->needs & X8_ENDS_BY_STOP)
        x8_signals_expect();
    if (rc == 0 && ctx->cmd->needs & X8_NEEDS_BUS)
        rc = x8_usb_bus_open(&ctx->bus, err);
    if (rc == 0)
        rc = ctx->cmd->run(ctx, err);
    if ((rc == -X8_E_STOPPED || rc == -X8_E_TERMINATED) && !err->next[0])
        x8_error_next(err, "run the command again");
    if (rc < 0)
        x8_suggest(err, ctx->cmd);
    x8_bus_close(&ctx->bus);
    return rc;
}

/* That of exec and shell goes when all is well: nobody is sent there. */
static void say_log(const struct x8_ctx *ctx, const struct x8_run_log *log)
{
    if (!ctx->globals->verbosity)
        return;
    if (log->fd && !log->is_remote)
        x8_emit(&ctx->op, X8_EV_DETAIL, "the log of this run is %s", log->path);
    else if (log->why[0])
        x8_emit(&ctx->op, X8_EV_DETAIL, "no log of this run is kept: %s", log->why);
}

/* What the line asks for: help and version first, wherever they stand. */
static int answer(struct x8_ctx *ctx, const struct x8_line *line, int parsed, int words,
                  struct x8_error *err)
{
    if (ctx->globals->help && (line->cmd || parsed == 0))
        return x8_help_for(line->cmd, err);
    if (parsed < 0) {
        x8_suggest(err, line->cmd);
        return parsed;
    }
    if (ctx->globals->version) {
        ctx->cmd = &x8_cmd_version;
        return x8_cmd_version.run(ctx, err);
    }
    if (!line->cmd && words > 1) {
        int rc = x8_fail(err, X8_E_USAGE, "no command given");
        x8_error_why(err, "options alone do nothing");
        x8_error_next(err, "x8ctl help");
        return rc;
    }
    return line->cmd ? run_command(ctx, err) : x8_help_short(err);
}

/* Where 0 to 254 belong to a command on the board, our failures are told apart by 255, as with ssh.
 * A stop by the user stays one, and so does the sum of boards that came to different ends: no
 * command has such a status. */
static int own_status(const struct x8_cmd *cmd, int rc)
{
    int code = (int)x8_code_of(rc);
    int is_plain = code == X8_E_STOPPED || code == X8_E_TERMINATED || code == X8_E_SOME_FAILED;

    return cmd && cmd->needs & X8_STATUS_IS_REMOTE && !is_plain ? 255 : code;
}

/* The command of a line that could not be read: a wrong option in front of exec ends with exec's
 * kind of status. */
static const struct x8_cmd *meant(char *const *argv)
{
    for (; *argv && strcmp(*argv, "--") != 0; argv++)
        for (size_t i = 0; x8_commands[i]; i++)
            if (strcmp(*argv, x8_commands[i]->name) == 0)
                return x8_commands[i];
    return NULL;
}

/* --json behind the word that could not be understood: a program wants to read that, too. */
static int wants_json(char *const *argv)
{
    for (; *argv && strcmp(*argv, "--") != 0; argv++)
        if (strcmp(*argv, "--json") == 0)
            return 1;
    return 0;
}

/* Exit status of a return value, after saying what went wrong. */
static int conclude(struct x8_ctx *ctx, int rc, const struct x8_error *failed)
{
    struct x8_ui *ui = ctx->ui;
    struct x8_error err;
    int silent;

    if (rc < 0 && (ctx->stdout_errno != EPIPE || failed->sys != EPIPE))
        x8_ui_error(ui, failed); /* that a reader of stdout has left is no news to anybody */
    else
        x8_ui_flush(ui);
    if (ctx->globals->json) {
        x8_ui_flush(ui); /* else a bar would be below what follows, and stay */
        x8_result_print(ctx, rc < 0 ? failed : NULL);
    }
    /* A status of its own says nothing without the result that it belongs to. */
    if (x8_stdout_finish(ctx, &silent, &err) < 0 && rc >= 0) {
        rc = -(int)err.code;
        if (!silent)
            x8_ui_error(ui, &err);
    }
    return rc < 0 ? own_status(ctx->cmd, rc) : rc;
}

int main(int argc, char **argv)
{
    struct x8_error err = {0};
    struct x8_run_log log = {0};
    struct x8_line line;
    struct x8_cancel cancel;
    struct x8_ui *ui = NULL;
    char command[96];
    int rc, parsed, failed = 1;

    x8_signals_block();
    x8_streams_repair();
    x8_run_log_words(&log, argc, argv);
    parsed = x8_opts_parse(x8_commands, argc, argv, &line, &err);
    if (parsed < 0 && wants_json(argv + 1))
        x8_globals()->json = 1;
    /* Commands that touch no board do not care about a variable nobody can use. */
    if (parsed == 0 && line.cmd && line.cmd->needs & (X8_NEEDS_BUS | X8_NEEDS_SIGNALS))
        parsed = x8_env_options(x8_globals(), &err);
    name_command(&line, command, sizeof command);
    if (parsed == 0)
        parsed = begin_log(&log, &line, command, &err);
    rc = start_ui(x8_globals(), command, &log, &ui);
    if (rc == 0) {
        x8_cancel_init(&cancel);
        struct x8_ctx ctx = {
            .globals = x8_globals(),
            .ui = ui,
            .cancel = &cancel,
            .op = {.deadline = X8_NO_DEADLINE,
                   .cancel = &cancel,
                   .emit = x8_ui_emit,
                   .emit_ctx = ui},
            .argc = line.argc,
            .argv = line.argv,
            .cmd = line.cmd,
        };
        say_log(&ctx, &log);
        rc = answer(&ctx, &line, parsed, argc, &err);
        failed = rc < 0;
        if (!ctx.cmd && parsed < 0)
            ctx.cmd = meant(argv + 1);
        rc = conclude(&ctx, rc, &err);
        x8_signals_stop();
        x8_cancel_done(&cancel);
        x8_json_free(&ctx.document);
    } else {
        rc = (int)x8_code_of(rc);
    }
    x8_ui_stop(&ui);
    x8_run_log_end(&log, rc, failed);
    return rc;
}
