/*
 * Where an explained script comes from, and which files it would be run with: both found in the
 * way in which `flash` and `uuu` find them, so that what is told here is what would be done.
 */
#include "explain_parts.h"

#include "util/file.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int x8_explain_open(const struct x8_op *op, const char *path, const char *script,
                    struct x8_source *source, struct x8_error *err)
{
    int rc;

    source->plan.options = (struct x8_plan_options){
        .source = path, .script = script, .is_flash = 1, .getenv = x8_env_for_script};
    rc = x8_plan_open_script(op, &source->plan, err);
    if (rc < 0)
        x8_source_done(source);
    return rc;
}

void x8_source_done(struct x8_source *source)
{
    x8_plan_done(&source->plan);
}

static void unusable(const char *why, struct x8_explain_found *out)
{
    out->state = X8_EXPLAIN_UNUSABLE;
    x8_clean(out->detail, sizeof out->detail, why, strlen(why));
}

static void tell_taken(const char *wanted, const char *taken, int substituted,
                       struct x8_explain_found *out)
{
    const char *base = x8_path_base(taken);
    char name[96];

    out->state = substituted ? X8_EXPLAIN_REPLACED : X8_EXPLAIN_THERE;
    x8_clean(name, sizeof name, base, strlen(base));
    if (substituted)
        snprintf(out->detail, sizeof out->detail, "%s takes its place", name);
    else if (strcmp(base, x8_path_base(wanted)) != 0)
        snprintf(out->detail, sizeof out->detail, "as %s", name);
}

static void found(const struct x8_source *source, const struct x8_file_ref *ref,
                  const struct x8_file_input *input, int substituted, struct x8_explain_found *out)
{
    struct stat st;

    tell_taken(ref->member[0] ? ref->member : ref->path, x8_input_name(input), substituted, out);
    if (input->entry)
        out->size = input->entry->size;
    else if (stat(input->path, &st) == 0)
        out->size = (uint64_t)st.st_size;
    if (out->size == 0)
        unusable("empty", out);
    else if (source->plan.script_is_packed && (ref->from_cwd || ref->is_absolute))
        unusable("of this computer: refused without --allow-host-commands", out);
}

/* Something of that name may be there that is no file, or an archive whose members are not read. */
static void not_found(const struct x8_source *source, const struct x8_file_ref *ref,
                      struct x8_explain_found *out)
{
    const struct x8_plan *plan = &source->plan;
    int is_host = ref->from_cwd || ref->is_absolute;
    char *path = x8_path_join(is_host ? "." : plan->host_dir, ref->path);
    enum x8_path_kind kind = X8_PATH_NONE;

    if (path && (is_host || !plan->script_is_packed))
        kind = x8_path_kind(path);
    out->state = X8_EXPLAIN_MISSING;
    if (ref->member[0] &&
        (kind == X8_PATH_FILE || x8_imageset_find(plan->set, plan->script_dir, ref->path)))
        unusable("x8ctl does not look into it: unpack it beside the script", out);
    else if (kind == X8_PATH_DIR)
        unusable("a folder", out);
    else if (kind == X8_PATH_OTHER)
        unusable("no plain file", out);
    free(path);
}

void x8_source_look(void *ctx, const char *name, enum x8_role role, const struct x8_file_ref *ref,
                    struct x8_explain_found *out)
{
    const struct x8_source *source = ctx;
    struct x8_file_input input = {0};
    struct x8_error err;
    int substituted, rc;

    rc = x8_input_find(source->plan.set, source->plan.script_dir, name, role, &input, &substituted,
                       &err);
    if (rc == 0)
        found(source, ref, &input, substituted, out);
    else if (x8_code_of(rc) == X8_E_NO_FILE)
        not_found(source, ref, out);
    else
        unusable(err.msg, out);
    x8_input_done(&input);
}
