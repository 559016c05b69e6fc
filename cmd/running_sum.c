/*
 * The end of a run over boards: what each one came to, told once where it is the same, and one exit
 * status for all.
 */
#include "running_parts.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>

static int is_same_error(const struct x8_error *a, const struct x8_error *b)
{
    return a->code == b->code && strcmp(a->msg, b->msg) == 0 && strcmp(a->why, b->why) == 0 &&
           strcmp(a->next, b->next) == 0;
}

/* Each error under the names of all boards that have it. */
static void tell_errors(struct x8_run *run)
{
    const struct x8_op *op = &run->ctx->op;

    for (size_t i = 0; i < run->count; i++) {
        struct x8_on_board *board = &run->boards[i];
        char labels[256];
        struct x8_event event = {.kind = X8_EV_ERROR,
                                 .board = labels,
                                 .stage = "result",
                                 .text = board->err.msg,
                                 .error = &board->err};
        int is_told = 0;

        for (size_t k = 0; k < i; k++)
            is_told |=
                run->boards[k].rc == board->rc && is_same_error(&run->boards[k].err, &board->err);
        if (board->rc >= 0 || is_told)
            continue;
        x8_copy(labels, sizeof labels, board->job.target->label);
        for (size_t k = i + 1; k < run->count; k++) {
            size_t len = strlen(labels);

            if (run->boards[k].rc == board->rc && is_same_error(&run->boards[k].err, &board->err))
                snprintf(labels + len, sizeof labels - len, ", %s",
                         run->boards[k].job.target->label);
        }
        if (op->emit)
            op->emit(op->emit_ctx, &event);
    }
}

/* "bench-1 0, bench-2 3, bench-3 no-permission" */
static void list_results(const struct x8_run *run, char *out, size_t cap)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < run->count && used + 1 < cap; i++) {
        const struct x8_on_board *board = &run->boards[i];

        snprintf(out + used, cap - used, "%s%s ", used ? ", " : "", board->job.target->label);
        used = strlen(out);
        if (board->rc < 0)
            snprintf(out + used, cap - used, "%s", x8_code_name(x8_code_of(board->rc)));
        else
            snprintf(out + used, cap - used, "%d", board->rc);
        used = strlen(out);
    }
}

static int judge(const struct x8_run *run, struct x8_error *err)
{
    size_t failed = 0;
    int is_same = 1;
    char list[400];

    for (size_t i = 0; i < run->count; i++) {
        int rc = run->boards[i].rc;

        /* The user's own stop is the answer, whatever else had gone wrong before. */
        if (rc == -(int)X8_E_STOPPED || rc == -(int)X8_E_TERMINATED) {
            *err = run->boards[i].err;
            return rc;
        }
        failed += rc != 0;
        is_same &= rc == run->boards[0].rc;
    }
    if (is_same && run->boards[0].rc < 0)
        *err = run->boards[0].err;
    if (is_same)
        return run->boards[0].rc;
    list_results(run, list, sizeof list);
    x8_fail(err, X8_E_SOME_FAILED, "%zu of %zu boards ended badly", failed, run->count);
    x8_error_why(err, "%s", list);
    x8_error_next(err, "repeat it for these alone: -s and the board, once for each");
    return -(int)X8_E_SOME_FAILED;
}

void x8_job_serial(struct x8_job_on *job, const char *serial)
{
    if (!job->target->serial[0] && serial[0])
        x8_json_str(job->result, "serial", serial);
}

static struct x8_json *board_json(struct x8_on_board *board)
{
    const struct x8_target *target = board->job.target;
    struct x8_json *json = x8_json_object();

    if (!x8_json_get_str(board->job.result, "serial"))
        x8_json_str(json, "serial", target->serial[0] ? target->serial : NULL);
    x8_json_str(json, "name", target->name[0] ? target->name : NULL);
    x8_json_str(json, "where", target->where);
    x8_json_str(json, "code", x8_code_name(board->rc < 0 ? x8_code_of(board->rc) : X8_OK));
    x8_json_merge(json, board->job.result);
    if (board->rc < 0)
        x8_json_error(json, "error", &board->err);
    return json;
}

static void give_result(struct x8_run *run)
{
    struct x8_json *json = x8_json_object(), *list = x8_json_array();

    for (size_t i = 0; i < run->count; i++)
        x8_json_add(list, NULL, board_json(&run->boards[i]));
    x8_json_add(json, "boards", list);
    x8_result(run->ctx, &json);
}

void x8_job_print_json(struct x8_job_on *job)
{
    struct x8_run *run = X8_CONTAINER(job, struct x8_on_board, job)->run;

    give_result(run);
    x8_result_print(run->ctx, NULL);
}

int x8_run_sum_up(struct x8_run *run, struct x8_error *err)
{
    int rc = judge(run, err);

    if (atomic_load(&run->is_unread))
        return rc == -(int)X8_E_STOPPED ? 0 : rc; /* the end of stdout gives the status */
    if (run->count > 1)
        tell_errors(run);
    x8_ui_flush(run->ctx->ui);
    if ((run->ctx->globals->json && !run->plan->quiet_json) || run->plan->keeps_rows)
        give_result(run);
    return rc;
}
