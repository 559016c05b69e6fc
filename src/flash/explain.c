/*
 * A script as a list of stages, steps and files.
 */
#include "flash/explain.h"

#include "util/attr.h"

#include <stdlib.h>
#include <string.h>

/* A board passes through these from top to bottom; CFG lines take effect before anything. */
static const struct {
    enum x8_proto proto;
    const char *title;
} order[X8_EXPLAIN_STAGES] = {
    {X8_PROTO_CFG, "Before anything"},
    {X8_PROTO_SDPS, "In the boot ROM"},
    {X8_PROTO_SDP, "In the boot ROM"},
    {X8_PROTO_SDPU, "In the first loader, SPL"},
    {X8_PROTO_SDPV, "In the first loader, SPL"},
    {X8_PROTO_FB, "In the second loader, U-Boot in fastboot mode"},
    {X8_PROTO_FBK, "In the Linux that was started on the board"},
};

const char *x8_note_level_name(enum x8_note_level level)
{
    static const char *const names[] = {"info", "warn", "unsafe"};

    return names[level];
}

static void add_stage(const struct x8_script *script, size_t row, struct x8_explain *out)
{
    struct x8_explain_stage stage = {
        .proto = order[row].proto, .title = order[row].title, .first = out->step_count};

    /* The same walk as x8_script_group, in one pass. */
    for (size_t i = 0; i < script->count; i++) {
        const struct x8_command *c = &script->commands[i];
        struct x8_explain_step *step = &out->steps[out->step_count];

        if (c->proto != stage.proto)
            continue;
        step->command = c;
        step->risks = x8_command_risks(c);
        x8_command_words(c, step->words);
        out->step_count++;
        stage.count++;
        if (c->verb == X8_VERB_DONE)
            break;
    }
    if (stage.count)
        out->stages[out->stage_count++] = stage;
}

int x8_explain_lacks(const struct x8_explain_found *found)
{
    return found->state == X8_EXPLAIN_MISSING || found->state == X8_EXPLAIN_UNUSABLE;
}

static int is_known(const struct x8_explain *out, const char *name)
{
    for (size_t i = 0; i < out->file_count; i++)
        if (strcmp(out->files[i].name, name) == 0)
            return 1;
    return 0;
}

static void add_file(const char *name, int line, enum x8_role role, x8_explain_look_fn *look,
                     void *ctx, struct x8_explain *out)
{
    struct x8_explain_file *file = &out->files[out->file_count];
    struct x8_error unused;
    struct x8_file_ref ref;

    if (is_known(out, name))
        return;
    *file = (struct x8_explain_file){.name = name, .line = line, .found.size = UINT64_MAX};
    if (look && x8_file_ref_parse(name, &ref, &unused) == 0)
        look(ctx, name, role, &ref, &file->found);
    out->missing += (size_t)x8_explain_lacks(&file->found);
    out->file_count++;
}

/* The files that the command reads from this computer. */
static void add_files_of(const struct x8_command *c, x8_explain_look_fn *look, void *ctx,
                         struct x8_explain *out)
{
    int line = c->line;

    while (c->then)
        c = c->then;
    if (c->file && c->verb != X8_VERB_UPLOAD && !(c->verb == X8_VERB_UCP && c->from_board))
        add_file(c->file, line, x8_input_role(c), look, ctx, out);
    if (c->bmap)
        add_file(c->bmap, line, X8_ROLE_OTHER, look, ctx, out);
}

int x8_explain(const struct x8_script *script, x8_explain_look_fn *look, void *ctx,
               struct x8_explain *out, struct x8_error *err)
{
    memset(out, 0, sizeof *out);
    out->steps = calloc(script->count + 1, sizeof *out->steps);
    out->files = calloc(2 * script->count + 1, sizeof *out->files);
    if (!out->steps || !out->files) {
        x8_explain_done(out);
        return x8_fail(err, X8_E_INTERNAL, "no memory to explain the script");
    }
    for (size_t row = 0; row < X8_COUNT(order); row++)
        add_stage(script, row, out);
    for (size_t i = 0; i < out->step_count; i++)
        add_files_of(out->steps[i].command, look, ctx, out);
    for (size_t i = 0; i < script->note_count; i++)
        out->unsafe += script->notes[i].level == X8_NOTE_UNSAFE;
    return 0;
}

void x8_explain_done(struct x8_explain *explain)
{
    free(explain->steps);
    free(explain->files);
    memset(explain, 0, sizeof *explain);
}
