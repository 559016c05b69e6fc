/*
 * The end of a flash, in words and in JSON.
 */
#include "flash_report.h"

#include "flash_line.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>

static const char *proof_name(enum x8_proof proof)
{
    static const char *const names[] = {"none", "partly", "full"};

    return names[proof];
}

/* One figure of all targets. */
struct sums {
    uint64_t written, skipped, holes, same;
};

static struct sums sum_of(const struct x8_flash_result *result)
{
    struct sums sums = {0};

    for (size_t i = 0; i < result->target_count; i++) {
        sums.written += result->targets[i].written;
        sums.skipped += result->targets[i].skipped;
        sums.holes += result->targets[i].holes;
        sums.same += result->targets[i].same;
    }
    return sums;
}

static double seconds(int64_t ms)
{
    return (double)ms / 1000.0;
}

static struct x8_json *target_json(const struct x8_flash_target *target)
{
    struct x8_json *json = x8_json_object();

    x8_json_str(json, "partition", target->partition);
    x8_json_str(json, "file", target->file);
    x8_json_u64(json, "bytes", target->bytes);
    x8_json_u64(json, "written", target->written);
    x8_json_u64(json, "filled", target->filled);
    x8_json_u64(json, "skipped", target->skipped);
    x8_json_u64(json, "holes", target->holes);
    x8_json_u64(json, "same", target->same);
    x8_json_u64(json, "deflated", target->deflated);
    x8_json_u64(json, "sent", target->sent);
    x8_json_bool(json, "verified", target->is_verified);
    return json;
}

static struct x8_json *variables_json(const struct x8_flash_result *result)
{
    struct x8_json *json = x8_json_object();

    for (size_t i = 0; i < result->var_count; i++)
        x8_json_str(json, result->vars[i].name, result->vars[i].value);
    return json;
}

/* What came up after the power cycle. */
static struct x8_json *linux_json(const struct x8_came_up *came)
{
    struct x8_json *json = x8_json_object();

    x8_json_str(json, "image", came->image);
    x8_json_str(json, "serial", came->serial[0] ? came->serial : NULL);
    x8_json_num(json, "seconds", came->seconds);
    return json;
}

static struct x8_json *result_json(const struct x8_flash_result *result,
                                   const struct x8_came_up *came)
{
    struct x8_json *json = x8_json_object(), *targets = x8_json_array(), *bad = x8_json_array();

    x8_json_str(json, "port", result->port);
    x8_json_str(json, "serial", result->serial[0] ? result->serial : NULL);
    x8_json_str(json, "result", result->rc < 0 ? "failed" : "ok");
    x8_json_str(json, "code", x8_code_name(x8_code_of(result->rc)));
    x8_json_str(json, "entered_at", result->first_stage[0] ? result->first_stage : NULL);
    x8_json_u64(json, "written", sum_of(result).written);
    x8_json_u64(json, "sent", result->sent);
    x8_json_str(json, "verified", proof_name(result->proof));
    x8_json_str(json, "unverified_reason", result->unproven[0] ? result->unproven : NULL);
    x8_json_num(json, "seconds", seconds(result->ended_ms - result->started_ms));
    x8_json_num(json, "write_seconds", seconds(result->write_ms));
    x8_json_num(json, "verify_seconds", seconds(result->verify_ms));
    x8_json_bool(json, "full_speed", result->full_speed);
    x8_json_u64(json, "retries", result->retries);
    x8_json_u64(json, "pieces_sent", result->pieces_sent);
    x8_json_u64(json, "pieces_same", result->pieces_same);
    x8_json_bool(json, "resumed", result->is_resumed);
    for (size_t i = 0; i < result->target_count; i++)
        x8_json_add(targets, NULL, target_json(&result->targets[i]));
    x8_json_add(json, "targets", targets);
    for (size_t i = 0; i < result->bad_count; i++) {
        struct x8_json *row = x8_json_object();

        x8_json_str(row, "partition", result->bad[i].partition);
        x8_json_u64(row, "offset", result->bad[i].offset);
        x8_json_u64(row, "bytes", result->bad[i].len);
        x8_json_bool(row, "unreadable", result->bad[i].unreadable);
        x8_json_add(bad, NULL, row);
    }
    x8_json_add(json, "bad_regions", bad);
    if (result->var_count)
        x8_json_add(json, "variables", variables_json(result));
    if (came && came->is_up)
        x8_json_add(json, "linux", linux_json(came));
    if (result->rc < 0)
        x8_json_error(json, "error", &result->error);
    return json;
}

/* What --skip-unused leaves as it was on the board, and who says that it is unused. */
static struct x8_json *unused_json(const struct x8_step *os)
{
    struct x8_json *json = x8_json_object(), *parts = x8_json_array();

    x8_json_str(json, "by", os->skip_by == X8_SKIP_BMAP ? "bmap" : "map");
    x8_json_u64(json, "image_bytes", os->size);
    x8_json_u64(json, "used_bytes", os->size - os->unused);
    x8_json_u64(json, "left_bytes", os->unused);
    for (size_t i = 0; i < os->used_part_count; i++) {
        const struct x8_used_part *part = &os->used_parts[i];
        struct x8_json *row = x8_json_object();

        x8_json_u64(row, "start", part->start);
        x8_json_u64(row, "bytes", part->len);
        x8_json_u64(row, "used_bytes", part->used);
        x8_json_str(row, "kind", part->kind[0] ? part->kind : NULL);
        x8_json_str(row, "label", part->label[0] ? part->label : NULL);
        x8_json_str(row, "all_used_because", part->note[0] ? part->note : NULL);
        x8_json_add(parts, NULL, row);
    }
    if (os->skip_by == X8_SKIP_MAP)
        x8_json_add(json, "partitions", parts);
    else
        x8_json_free(&parts);
    return json;
}

static struct x8_json *plan_json(const struct x8_plan *plan)
{
    struct x8_json *json = x8_json_object();
    const struct x8_step *os = x8_plan_os(plan);

    x8_json_str(json, "source",
                plan->options.source ? plan->options.source : plan->options.command_line);
    if (plan->options.origin) {
        x8_json_str(json, "url", plan->options.origin->url);
        x8_json_str(json, "sha256", plan->options.origin->sha256);
    }
    x8_json_str(json, "script", plan->script_name);
    x8_json_str(json, "image", os ? x8_input_name(&os->input) : NULL);
    if (os && os->skip_by != X8_SKIP_NOTHING)
        x8_json_add(json, "unused", unused_json(os));
    return json;
}

/* Add a part: " (a; b", to be closed. */
static void add_size(char *out, size_t cap, uint64_t bytes, const char *words)
{
    size_t len = strlen(out);
    char size[24];

    if (!bytes)
        return;
    x8_size_text(size, bytes);
    snprintf(out + len, cap - len, "%s%s %s", len ? "; " : " (", size, words);
}

/* " (1.0 GiB found right already; 2 retries)", or nothing where all was as usual. */
static void asides(const struct x8_flash_result *result, char out[200])
{
    struct sums sums = sum_of(result);
    size_t len;

    out[0] = '\0';
    add_size(out, 200, sums.skipped, "unused left as it was");
    add_size(out, 200, sums.holes, "of zeros left erased");
    add_size(out, 200, sums.same, "found right already");
    len = strlen(out);
    if (result->retries)
        snprintf(out + len, 200 - len, "%s%u %s", len ? "; " : " (", result->retries,
                 result->retries == 1 ? "retry" : "retries");
    len = strlen(out);
    if (len)
        snprintf(out + len, 200 - len, ")");
}

static void print_line(const struct x8_flash_result *result)
{
    char size[24], time[24], more[200];

    if (result->rc < 0) {
        printf("%s\tfailed\t%s\t%s\n", result->port, x8_code_name(x8_code_of(result->rc)),
               result->error.msg);
        return;
    }
    x8_time_text(time, result->ended_ms - result->started_ms);
    asides(result, more);
    if (!result->target_count) {
        x8_result_line("%s: done in %s%s%s%s", result->port, time, more,
                       result->unproven[0] ? ", NOT verified: " : "", result->unproven);
        return;
    }
    x8_size_text(size, sum_of(result).written);
    if (result->proof == X8_PROOF_FULL)
        x8_result_line("%s: written %s%s and verified on the board, in %s", result->port, size,
                       more, time);
    else
        x8_result_line("%s: written %s%s, %s: %s, in %s", result->port, size, more,
                       result->proof == X8_PROOF_PARTLY ? "only partly verified" : "NOT verified",
                       result->unproven, time);
}

/* Behind the line of the flash, when its Linux was waited for. */
static void print_came(const struct x8_flash_result *result, const struct x8_came_up *came,
                       size_t count)
{
    if (!came->is_watched)
        return;
    if (came->is_up)
        x8_result_line("%s: Linux answers, image %s, %.0f s after it left flashing mode",
                       result->port, came->image, came->seconds);
    if (result->rc < 0 && count > 1)
        print_line(result);
}

/* The answer of a single getvar is the result; of several boards each with its port. */
static int is_answer(const struct x8_plan *plan, const struct x8_flash_result *result)
{
    return plan->options.command_line && result->rc == 0 && result->var_count > 0;
}

static void print_answer(const struct x8_flash_result *result, size_t count)
{
    const char *value = result->vars[0].value;

    if (count > 1)
        printf("%s\t%s\n", result->port, value);
    else
        printf("%s\n", value);
}

void x8_report_results(struct x8_ctx *ctx, const struct x8_plan *plan,
                       const struct x8_flash_result *results, const struct x8_came_up *came,
                       size_t count)
{
    x8_ui_flush(ctx->ui);
    if (ctx->globals->json) {
        struct x8_json *json = plan_json(plan), *boards = x8_json_array();

        for (size_t i = 0; i < count; i++)
            x8_json_add(boards, NULL, result_json(&results[i], came ? &came[i] : NULL));
        x8_json_add(json, "boards", boards);
        x8_result(ctx, &json);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (came)
            print_came(&results[i], &came[i], count);
        else if (is_answer(plan, &results[i]))
            print_answer(&results[i], count);
        else if (results[i].rc == 0 || count > 1)
            print_line(&results[i]);
    }
}

static void measure_json(struct x8_json *json, const struct x8_measure *measure, int may_erase)
{
    x8_json_bool(json, "dry_run", 1);
    x8_json_u64(json, "image_bytes", measure->image_bytes);
    x8_json_u64(json, "send_bytes", measure->sent_bytes);
    x8_json_u64(json, "fill_bytes", measure->fill_bytes);
    x8_json_u64(json, "skip_bytes", measure->skipped_bytes);
    x8_json_u64(json, "pieces", measure->pieces);
    x8_json_bool(json, "may_erase", may_erase);
}

void x8_report_measure(struct x8_ctx *ctx, const struct x8_plan *plan,
                       const struct x8_measure *measure, const struct x8_flash_how *how)
{
    char image[24], sent[24], filled[24], left[24];

    x8_ui_flush(ctx->ui);
    if (ctx->globals->json) {
        struct x8_json *json = plan_json(plan);

        measure_json(json, measure, how->may_erase);
        x8_result(ctx, &json);
        return;
    }
    x8_size_text(image, measure->image_bytes);
    x8_size_text(sent, measure->sent_bytes);
    x8_size_text(filled, measure->fill_bytes);
    x8_result_line("checked: image %s; %s would be sent in %u piece%s, %s written as fill; nothing "
                   "was sent",
                   image, sent, measure->pieces, measure->pieces == 1 ? "" : "s", filled);
    if (how->may_erase && measure->fill_bytes)
        x8_result_line("erased before: zeros of the fill are not written where the eMMC then reads "
                       "as zeros");
    if (how->skip_same)
        x8_result_line("compared before: what the board has already would not be sent");
    if (measure->skipped_bytes) {
        x8_size_text(left, measure->skipped_bytes);
        x8_result_line("unused: %s of the image would not be sent; there the board keeps what it "
                       "has",
                       left);
    }
}
