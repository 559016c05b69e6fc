/*
 * An explained script as text and as JSON.
 */
#include "explain_parts.h"

#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *state_name(enum x8_explain_state state)
{
    static const char *const names[] = {"unknown", "there", "missing", "unusable", "replaced"};

    return names[state];
}

static const char *state_text(enum x8_explain_state state)
{
    static const char *const texts[] = {"unknown", "there", "MISSING", "UNUSABLE", "replaced"};

    return texts[state];
}

enum { COLUMNS_MAX = 81 }; /* longer lines are hard to read */

/* Of the terminal; 0 without one: a row is one line there, so that it can be searched. */
static int columns_of_stdout(void)
{
    int columns = x8_file_columns(stdout);

    return isatty(STDOUT_FILENO) && (columns <= 0 || columns > COLUMNS_MAX) ? COLUMNS_MAX : columns;
}

/* A row of the result. */
static int row(struct x8_buf *out, const char *left, size_t column, const char *right)
{
    char head[64];

    snprintf(head, sizeof head, "  %-*s", (int)column - 2, left);
    x8_put_behind(out, head, right, columns_of_stdout());
    return 0;
}

static int print_stages(const struct x8_explain *e, struct x8_buf *out)
{
    int rc = 0;

    for (size_t i = 0; i < e->stage_count && rc == 0; i++) {
        const struct x8_explain_stage *stage = &e->stages[i];
        char title[200];

        snprintf(title, sizeof title, "%s (%s)", stage->title,
                 stage->proto == X8_PROTO_CFG ? "CFG:" : x8_proto_name(stage->proto));
        rc = x8_buf_addf(out, "\n");
        x8_put_behind(out, "", title, columns_of_stdout());
        for (size_t at = 0; at < stage->count && rc == 0; at++) {
            const struct x8_explain_step *step = &e->steps[stage->first + at];
            char left[32];

            snprintf(left, sizeof left, "line %d%s", step->command->line,
                     step->risks & (X8_RISK_HOST | X8_RISK_FUSE) ? " !" : "");
            rc = row(out, left, 14, step->words);
        }
    }
    return rc;
}

static int print_files(const struct x8_explain *e, struct x8_buf *out)
{
    int rc = e->file_count ? x8_buf_addf(out, "\nFiles\n") : 0;

    for (size_t i = 0; i < e->file_count && rc == 0; i++) {
        const struct x8_explain_file *file = &e->files[i];
        char right[512], name[300], size[24] = "";

        x8_clean(name, sizeof name, file->name, strlen(file->name));
        if (!x8_explain_lacks(&file->found) && file->found.size != UINT64_MAX)
            x8_size_text(size, file->found.size);
        snprintf(right, sizeof right, "%s  (line %d%s%s%s%s)", name, file->line,
                 size[0] ? ", " : "", size, file->found.detail[0] ? ", " : "", file->found.detail);
        rc = row(out, state_text(file->found.state), 14, right);
    }
    return rc;
}

static int print_notes(const struct x8_script *script, struct x8_buf *out)
{
    int rc = script->note_count ? x8_buf_addf(out, "\nNotes\n") : 0;

    for (size_t i = 0; i < script->note_count && rc == 0; i++) {
        const struct x8_note *note = &script->notes[i];
        char left[40];

        snprintf(left, sizeof left, "line %-5d %s", note->line, x8_note_level_name(note->level));
        rc = row(out, left, 22, note->text);
    }
    return rc;
}

static int print_title(const struct x8_source *source, const struct x8_explain *e,
                       struct x8_buf *out)
{
    const uint32_t *v = source->plan.script.version;
    X8_AUTO_BUF title = {0};
    int rc = x8_buf_addf(&title, "%s: %zu command%s", source->plan.script_name, e->step_count,
                         e->step_count == 1 ? "" : "s");

    if (rc == 0 && (v[0] || v[1] || v[2]))
        rc = x8_buf_addf(&title, ", written for uuu %u.%u.%u", v[0], v[1], v[2]);
    x8_put_behind(out, "", x8_buf_text(&title), x8_file_columns(stdout));
    return rc;
}

int x8_explain_text(const struct x8_source *source, const struct x8_explain *e, struct x8_buf *out)
{
    const struct x8_script *script = &source->plan.script;
    int rc = print_title(source, e, out);

    if (rc == 0)
        rc = print_stages(e, out);
    if (rc == 0)
        rc = print_files(e, out);
    if (rc == 0)
        rc = print_notes(script, out);
    if (rc == 0 && e->missing + e->unsafe == 0)
        return x8_buf_addf(out, "\nnothing is missing, nothing is unsafe\n");
    return rc == 0 ? x8_buf_addf(out, "\n%zu file%s missing, %zu unsafe line%s\n", e->missing,
                                 e->missing == 1 ? "" : "s", e->unsafe, e->unsafe == 1 ? "" : "s")
                   : rc;
}

static void json_step(struct x8_json *in, const struct x8_explain_step *step)
{
    struct x8_json *object = x8_json_object(), *risks = x8_json_array();

    x8_json_u64(object, "line", (uint64_t)step->command->line);
    x8_json_str(object, "command", step->command->text);
    x8_json_str(object, "words", step->words);
    if (step->risks & X8_RISK_HOST)
        x8_json_str(risks, NULL, "host");
    if (step->risks & X8_RISK_FUSE)
        x8_json_str(risks, NULL, "fuse");
    if (step->risks & X8_RISK_ERASE)
        x8_json_str(risks, NULL, "erase");
    x8_json_add(object, "risks", risks);
    x8_json_add(in, NULL, object);
}

static struct x8_json *json_stages(const struct x8_explain *e)
{
    struct x8_json *stages = x8_json_array();

    for (size_t i = 0; i < e->stage_count; i++) {
        const struct x8_explain_stage *stage = &e->stages[i];
        struct x8_json *object = x8_json_object(), *steps = x8_json_array();

        x8_json_str(object, "protocol",
                    stage->proto == X8_PROTO_CFG ? "CFG:" : x8_proto_name(stage->proto));
        x8_json_str(object, "title", stage->title);
        for (size_t at = 0; at < stage->count; at++)
            json_step(steps, &e->steps[stage->first + at]);
        x8_json_add(object, "steps", steps);
        x8_json_add(stages, NULL, object);
    }
    return stages;
}

static struct x8_json *json_files(const struct x8_explain *e)
{
    struct x8_json *files = x8_json_array();

    for (size_t i = 0; i < e->file_count; i++) {
        const struct x8_explain_file *file = &e->files[i];
        struct x8_json *object = x8_json_object();

        x8_json_str(object, "name", file->name);
        x8_json_u64(object, "line", (uint64_t)file->line);
        x8_json_str(object, "state", state_name(file->found.state));
        if (file->found.size != UINT64_MAX)
            x8_json_u64(object, "size", file->found.size);
        if (file->found.detail[0])
            x8_json_str(object, "detail", file->found.detail);
        x8_json_add(files, NULL, object);
    }
    return files;
}

static struct x8_json *json_notes(const struct x8_script *script)
{
    struct x8_json *notes = x8_json_array();

    for (size_t i = 0; i < script->note_count; i++) {
        struct x8_json *object = x8_json_object();

        x8_json_u64(object, "line", (uint64_t)script->notes[i].line);
        x8_json_str(object, "level", x8_note_level_name(script->notes[i].level));
        x8_json_str(object, "text", script->notes[i].text);
        x8_json_add(notes, NULL, object);
    }
    return notes;
}

void x8_explain_json(const struct x8_source *source, const struct x8_explain *e)
{
    const struct x8_script *script = &source->plan.script;
    struct x8_json *top = x8_json_object();
    char version[40], *text;

    snprintf(version, sizeof version, "%u.%u.%u", script->version[0], script->version[1],
             script->version[2]);
    x8_json_str(top, "script", source->plan.script_name);
    x8_json_str(top, "uuu_version", strcmp(version, "0.0.0") != 0 ? version : NULL);
    x8_json_add(top, "stages", json_stages(e));
    x8_json_add(top, "files", json_files(e));
    x8_json_add(top, "notes", json_notes(script));
    x8_json_u64(top, "missing", e->missing);
    x8_json_u64(top, "unsafe", e->unsafe);
    text = x8_json_text(top, 1);
    printf("%s\n", text);
    free(text);
    x8_json_free(&top);
}
