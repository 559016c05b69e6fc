/*
 * Building a plan: open the source, choose or make the script, parse it, give every command its
 * step, apply --only. The checks of single steps are in plan_check.c.
 */
#include "flash/plan.h"

#include "util/file.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void x8_step_done(struct x8_step *step)
{
    if (step->then) {
        x8_step_done(step->then);
        free(step->then);
    }
    x8_input_done(&step->input);
    x8_buf_done(&step->bytes);
    x8_bmap_done(&step->bmap);
    free(step->gaps);
    free(step->used_parts);
    memset(step, 0, sizeof *step);
}

void x8_plan_done(struct x8_plan *plan)
{
    for (size_t i = 0; i < plan->step_count; i++)
        x8_step_done(&plan->steps[i]);
    free(plan->steps);
    x8_script_done(&plan->script);
    x8_buf_done(&plan->script_text);
    free(plan->script_dir);
    free(plan->script_name);
    free(plan->host_dir);
    x8_imageset_free(&plan->set);
    memset(plan, 0, sizeof *plan);
}

/* --only: which commands of the fastboot stage belong to the loader's areas, and which to the OS
 * image. What is not known to be a boot area lies in the user area. */
static int is_left_out(enum x8_only only, const struct x8_command *command)
{
    const struct x8_place *place = x8_place_of(command->partition);
    int is_boot =
        command->partition && (place ? place->hwpart != 0 : x8_place_is_raw(command->partition));
    int is_os = command->verb == X8_VERB_FLASH && !is_boot;
    int is_loader = command->verb == X8_VERB_FLASH && is_boot;

    if (command->proto != X8_PROTO_FB || only == X8_ONLY_ALL)
        return 0;
    if (command->verb == X8_VERB_IF && command->then)
        return is_left_out(only, command->then);
    if (only == X8_ONLY_LOADER)
        return is_os;
    if (command->verb == X8_VERB_UCMD)
        is_loader = strstr(command->rest, "mmc erase") || strstr(command->rest, "mmc partconf");
    return is_loader;
}

static int make_steps(const struct x8_op *op, struct x8_plan *plan, struct x8_error *err)
{
    int rc = 0;

    plan->steps = calloc(plan->script.count ? plan->script.count : 1, sizeof *plan->steps);
    if (!plan->steps)
        return x8_fail(err, X8_E_INTERNAL, "out of memory for the plan");
    plan->step_count = plan->script.count;
    for (size_t i = 0; rc == 0 && i < plan->step_count; i++) {
        struct x8_step *step = &plan->steps[i];

        step->command = &plan->script.commands[i];
        step->is_skipped = is_left_out(plan->options.only, step->command);
        if (step->command->verb == X8_VERB_CFG)
            rc = x8_chips_add(&plan->chips, &step->command->cfg, err);
        if (rc == 0 && !step->is_skipped)
            rc = x8_plan_check_step(op, plan, step, err);
        if (rc < 0)
            x8_error_prefix(err, "line %d", step->command->line);
    }
    return rc;
}

static void tell_notes(const struct x8_op *op, const struct x8_plan *plan)
{
    for (size_t i = 0; i < plan->script.note_count; i++) {
        const struct x8_note *note = &plan->script.notes[i];
        enum x8_event_kind kind = note->level == X8_NOTE_INFO ? X8_EV_DETAIL : X8_EV_WARN;

        x8_emit(op, kind, "script line %d: %s", note->line, note->text);
    }
}

static int check_whole(const struct x8_plan *plan, struct x8_error *err)
{
    if (!plan->options.is_flash || x8_plan_writes(plan))
        return 0;
    x8_fail(err, X8_E_BAD_IMAGE, "%s would write nothing",
            plan->script_name ? plan->script_name : "the script");
    x8_error_why(err, "it has no flash command%s",
                 plan->options.only == X8_ONLY_ALL ? "" : " for the part that --only names");
    x8_error_next(err, "run a script of this kind with x8ctl uuu");
    return -(int)X8_E_BAD_IMAGE;
}

int x8_plan_open(const struct x8_op *op, const struct x8_plan_options *options, struct x8_plan *out,
                 struct x8_error *err)
{
    int rc;

    memset(out, 0, sizeof *out);
    out->options = *options;
    x8_chips_init(&out->chips);
    rc = x8_plan_open_script(op, out, err);
    if (rc == 0)
        rc = make_steps(op, out, err);
    if (rc == 0)
        rc = check_whole(out, err);
    if (rc == 0)
        tell_notes(op, out);
    else
        x8_plan_done(out);
    return rc;
}

const struct x8_step *x8_plan_step(const struct x8_plan *plan, enum x8_proto proto, size_t i)
{
    const struct x8_command *command = x8_script_group(&plan->script, proto, i);

    return command ? &plan->steps[command - plan->script.commands] : NULL;
}

int x8_plan_has(const struct x8_plan *plan, enum x8_proto proto)
{
    return x8_plan_step(plan, proto, 0) != NULL;
}

const struct x8_step *x8_plan_os(const struct x8_plan *plan)
{
    for (size_t i = 0; i < plan->step_count; i++)
        if (plan->steps[i].is_streamed && !plan->steps[i].is_skipped)
            return &plan->steps[i];
    return NULL;
}

uint64_t x8_plan_bytes(const struct x8_plan *plan)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < plan->step_count; i++) {
        const struct x8_step *step = &plan->steps[i];

        if (step->command->verb == X8_VERB_FLASH && !step->is_skipped && step->size != UINT64_MAX)
            sum += step->size;
    }
    return sum;
}

int x8_plan_writes(const struct x8_plan *plan)
{
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct x8_command *command = plan->steps[i].command;

        while (command->verb == X8_VERB_IF && command->then)
            command = command->then;
        if (command->verb == X8_VERB_FLASH && !plan->steps[i].is_skipped)
            return 1;
    }
    return 0;
}

const struct x8_step *x8_plan_risky(const struct x8_plan *plan, unsigned risks)
{
    for (size_t i = 0; i < plan->step_count; i++)
        if (!plan->steps[i].is_skipped && plan->steps[i].risks & risks)
            return &plan->steps[i];
    return NULL;
}

unsigned x8_plan_risks(const struct x8_plan *plan)
{
    unsigned risks = 0;

    for (size_t i = 0; i < plan->step_count; i++)
        if (!plan->steps[i].is_skipped)
            risks |= plan->steps[i].risks;
    return risks;
}
