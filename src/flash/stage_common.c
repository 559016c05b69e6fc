/*
 * Commands that every stage knows: delay, if, error, host commands.
 */
#include "flash/job.h"
#include "util/clock.h"
#include "util/proc.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A host command of a script may build or sign something; ten minutes are enough for that. */
#define HOST_LIMIT_MS 600000

void x8_job_set_var(struct x8_job *job, const char *name, const char *value)
{
    struct x8_var *var = NULL;

    for (size_t i = 0; i < job->result.var_count; i++)
        if (x8_casecmp(job->result.vars[i].name, name) == 0)
            var = &job->result.vars[i];
    if (!var && job->result.var_count < X8_VARS_MAX)
        var = &job->result.vars[job->result.var_count++];
    if (!var)
        return;
    x8_copy(var->name, sizeof var->name, name);
    x8_copy(var->value, sizeof var->value, value);
}

/* "@NAME@" of an `if`: what is known of the device, or an earlier getvar. Other text stands for
 * itself. */
static void expand(const struct x8_job *job, const char *text, char out[256])
{
    char name[64];
    size_t len = strlen(text);

    x8_copy(out, 256, text);
    if (len < 3 || text[0] != '@' || text[len - 1] != '@' || len - 2 >= sizeof name)
        return;
    snprintf(name, sizeof name, "%.*s", (int)(len - 2), text + 1);
    if (x8_casecmp(name, "VID") == 0)
        snprintf(out, 256, "0x%04X", job->device.vid);
    else if (x8_casecmp(name, "PID") == 0)
        snprintf(out, 256, "0x%04X", job->device.pid);
    else if (x8_casecmp(name, "BCD") == 0)
        snprintf(out, 256, "0x%04X", job->device.bcd_device);
    else if (x8_casecmp(name, "CHIP") == 0)
        x8_copy(out, 256, job->chip.chip);
    for (size_t i = 0; i < job->result.var_count; i++)
        if (x8_casecmp(job->result.vars[i].name, name) == 0)
            x8_copy(out, 256, job->result.vars[i].value);
}

static int run_if(struct x8_job *job, const struct x8_step *step, x8_run_step_fn *run,
                  struct x8_error *err)
{
    char left[256], right[256];
    int is_equal;

    expand(job, step->command->if_left, left);
    expand(job, step->command->if_right, right);
    is_equal = x8_casecmp(left, right) == 0;
    x8_emit(&job->op, X8_EV_DETAIL, "line %d: \"%s\" %s \"%s\"", step->command->line, left,
            is_equal ? "equals" : "differs from", right);
    if (is_equal != (step->command->if_equal ? 1 : 0))
        return 0;
    return run(job, step->then, err);
}

struct host_lines {
    struct x8_job *job;
    char first[1024];
};

static void on_line(void *ctx, const char *line)
{
    struct host_lines *lines = ctx;

    if (!lines->first[0])
        x8_copy(lines->first, sizeof lines->first, line);
    x8_emit(&lines->job->op, X8_EV_NOTICE, "%s", line);
}

static int run_host(struct x8_job *job, const struct x8_step *step, struct host_lines *lines,
                    struct x8_error *err)
{
    lines->job = job;
    return x8_proc_run(&job->op, step->command->rest, x8_deadline_in(HOST_LIMIT_MS), on_line, lines,
                       err);
}

/* `< CMD`: the first line that the host command prints is a command of the same protocol. */
static int run_host_line(struct x8_job *job, const struct x8_step *step, x8_run_step_fn *run,
                         struct x8_error *err)
{
    struct x8_script_options options = {.is_command_line = 1};
    struct x8_script script = {0};
    struct x8_plan view = *job->plan;
    struct host_lines lines = {0};
    struct x8_step then = {0};
    char text[1200];
    int rc = run_host(job, step, &lines, err);

    if (rc < 0)
        return rc;
    snprintf(text, sizeof text, "%s %s", x8_proto_name(step->command->proto), lines.first);
    rc = x8_script_parse((struct x8_span){(const uint8_t *)text, strlen(text)}, &options, &script,
                         err);
    if (rc == -(int)X8_E_USAGE) /* it is not the user who wrote it */
        rc = -(int)(err->code = X8_E_BAD_IMAGE);
    if (rc == 0 && script.count == 1) {
        then.command = &script.commands[0];
        rc = x8_plan_check_step(&job->op, &view, &then, err);
        if (rc == 0)
            rc = run(job, &then, err);
        x8_step_done(&then);
    }
    x8_script_done(&script);
    return rc;
}

/*
 * The vendor's scripts wait a second in the SPL's stage until a desktop's HID driver has asked for
 * the report descriptor, which the SPL waits for. x8ctl asks itself and has the answer before the
 * first command, so that `flash` need not wait for time to pass; `uuu` does as the script says.
 */
static int pause_for(const struct x8_job *job, const struct x8_command *command,
                     struct x8_error *err)
{
    if (job->plan->options.is_flash && x8_proto_height(command->proto) == 2) {
        x8_emit(&job->op, X8_EV_DETAIL, "the SPL has answered: no pause of %llu ms",
                (unsigned long long)command->delay_ms);
        return 0;
    }
    return x8_cancel_sleep(job->op.cancel, x8_deadline_in((int64_t)command->delay_ms),
                           X8_CANCEL_SOFT, err);
}

/* The front end asks for all that can be known before; a line that a host command prints is known
 * only now. */
static int refuse_fuse(const struct x8_command *command, struct x8_error *err)
{
    x8_fail(err, X8_E_NEED_YES, "fuses and one-time settings need a confirmation of their own");
    x8_error_why(err, "it says: %s", command->text);
    x8_error_next(err, "--confirm fuse    if it may do what can never be undone");
    return -(int)X8_E_NEED_YES;
}

int x8_common_verb(struct x8_job *job, const struct x8_step *step, x8_run_step_fn *run,
                   struct x8_error *err)
{
    const struct x8_command *command = step->command;
    struct host_lines lines = {0};
    int rc;

    if (step->risks & X8_RISK_FUSE && command->verb != X8_VERB_IF && !job->plan->options.allow_fuse)
        return refuse_fuse(command, err);
    switch (command->verb) {
    case X8_VERB_DONE:
        job->is_done = 1;
        return 1;
    case X8_VERB_DELAY:
        rc = pause_for(job, command, err);
        break;
    case X8_VERB_SHELL:
        rc = run_host(job, step, &lines, err);
        break;
    case X8_VERB_SHELL_LINE:
        rc = run_host_line(job, step, run, err);
        break;
    case X8_VERB_IF:
        rc = run_if(job, step, run, err);
        break;
    case X8_VERB_ERROR:
        rc = x8_fail(err, X8_E_REFUSED, "the script says: %s", command->rest);
        break;
    default:
        return 0;
    }
    return rc < 0 ? rc : 1;
}
