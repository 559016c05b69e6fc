/*
 * The script of a plan: the one the user names, the source's own, one made from the parts where the
 * source has none, or a single command. It is loaded and parsed here.
 */
#include "flash/plan.h"

#include "util/file.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCRIPT_MAX (1u << 20)

static int no_memory(struct x8_error *err)
{
    return x8_fail(err, X8_E_INTERNAL, "out of memory for the plan");
}

static int name_script(struct x8_plan *plan, const char *path, struct x8_error *err)
{
    plan->script_name = strdup(path);
    plan->script_dir = x8_path_dir(path);
    if (!plan->script_name || !plan->script_dir)
        return no_memory(err);
    if (strcmp(plan->script_dir, ".") == 0)
        plan->script_dir[0] = '\0';
    return 0;
}

static int load_script_entry(struct x8_plan *plan, const struct x8_entry *entry,
                             struct x8_error *err)
{
    int rc = x8_imageset_load(plan->set, entry, SCRIPT_MAX, &plan->script_text, err);

    plan->script_is_packed = x8_entry_is_packed(entry);
    if (rc == 0)
        rc = name_script(plan, entry->path, err);
    /* A script that the user named is called as the user did. */
    if (rc == 0 && entry == x8_imageset_script(plan->set)) {
        free(plan->script_name);
        plan->script_name = x8_path_normal(plan->options.source);
        rc = plan->script_name ? 0 : no_memory(err);
    }
    return rc;
}

/* Among the scripts of the set the one with this base name, nearest to the root. */
static const struct x8_entry *find_script(const struct x8_imageset *set, const char *base)
{
    const struct x8_entry *entry, *best = NULL;

    for (size_t i = 0; (entry = x8_imageset_entry(set, i)); i++)
        if (strcmp(x8_path_base(entry->path), base) == 0 &&
            (!best || strlen(entry->path) < strlen(best->path)))
            best = entry;
    return best;
}

static int no_such_script(const struct x8_plan *plan, const char *wanted, struct x8_error *err)
{
    const struct x8_entry *entry;
    char names[300] = "";
    size_t used = 0;

    x8_fail(err, X8_E_NO_FILE, "there is no script %s", wanted);
    for (size_t i = 0; (entry = x8_imageset_entry(plan->set, i)); i++)
        if (entry->role == X8_ROLE_SCRIPT && used + strlen(entry->path) + 3 < sizeof names)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
                                     entry->path);
    x8_error_why(err,
                 used ? "this computer has no such file, and the scripts in %s are: %s"
                      : "neither this computer nor %s has such a file%s",
                 x8_imageset_source(plan->set), names);
    x8_error_next(err, used ? "name one of them" : "leave --script out, or name a script");
    return -(int)X8_E_NO_FILE;
}

static int choose_named_script(struct x8_plan *plan, const char *name, struct x8_error *err)
{
    const struct x8_entry *entry = x8_imageset_find(plan->set, "", name);

    if (!entry && !strchr(name, '/'))
        entry = find_script(plan->set, name);
    if (entry)
        return load_script_entry(plan, entry, err);
    if (x8_path_kind(name) == X8_PATH_FILE) {
        int rc = x8_file_load(name, SCRIPT_MAX, &plan->script_text, err);

        /* Its files are looked up where full_image.uuu of the source would look. */
        entry = find_script(plan->set, "full_image.uuu");
        return rc < 0 ? rc : name_script(plan, entry ? entry->path : x8_path_base(name), err);
    }
    return no_such_script(plan, name, err);
}

static int part_name(const struct x8_plan *plan, enum x8_role role, const char **out,
                     struct x8_error *err)
{
    const struct x8_entry *entry;
    int rc = x8_imageset_by_role(plan->set, role, &entry, err);

    if (rc == 0)
        *out = entry->path;
    return rc;
}

/*
 * A source without a script (a Yocto deploy folder): the steps of the vendor's full_image.uuu with
 * the names of the parts that are there. The commands are those of meta-lmp's mfgtool-files for the
 * i.MX 8M Mini.
 */
static int make_script(struct x8_plan *plan, struct x8_error *err)
{
    const char *mfg_spl = NULL, *mfg_fit = NULL, *os = NULL, *spl = NULL, *fit = NULL, *sit = NULL;
    struct x8_buf *text = &plan->script_text;
    int rc = part_name(plan, X8_ROLE_MFG_SPL, &mfg_spl, err);

    if (rc == 0)
        rc = part_name(plan, X8_ROLE_MFG_FIT, &mfg_fit, err);
    if (rc == 0 && plan->options.only != X8_ONLY_LOADER)
        rc = part_name(plan, X8_ROLE_OS, &os, err);
    if (rc == 0)
        rc = part_name(plan, X8_ROLE_SPL, &spl, err);
    if (rc == 0)
        rc = part_name(plan, X8_ROLE_FIT, &fit, err);
    if (rc == 0)
        rc = part_name(plan, X8_ROLE_SIT, &sit, err);
    if (rc < 0) {
        if (!err->why[0])
            x8_error_why(err, "the source has no full_image.uuu, and this part is needed to do "
                              "without");
        return rc;
    }
    rc = x8_buf_addf(text,
                     "uuu_version 1.2.39\nSDP: boot -f \"%s\"\nSDPV: delay 1000\n"
                     "SDPV: write -f \"%s\"\nSDPV: jump\nFB: ucmd setenv fastboot_dev mmc\n"
                     "FB: ucmd setenv mmcdev ${emmc_dev}\n"
                     "FB: ucmd mmc dev ${emmc_dev} 1; mmc erase 0 0x2000\n",
                     mfg_spl, mfg_fit);
    if (rc == 0 && os)
        rc = x8_buf_addf(text, "FB: flash -raw2sparse all \"%s/*\"\n", os);
    if (rc == 0)
        rc = x8_buf_addf(text,
                         "FB: flash bootloader \"%s\"\nFB: flash bootloader2 \"%s\"\n"
                         "FB: flash bootloader_s \"%s\"\nFB: flash bootloader2_s \"%s\"\n"
                         "FB: flash sit \"%s\"\n",
                         spl, fit, spl, fit, sit);
    if (rc == 0)
        rc = x8_buf_addf(text,
                         "FB: ucmd if env exists emmc_ack; then ; else setenv emmc_ack 0; fi;\n"
                         "FB: ucmd mmc partconf ${emmc_dev} ${emmc_ack} 1 0\nFB: done\n");
    if (rc < 0)
        return no_memory(err);
    plan->is_made = 1;
    return name_script(plan, "(made from the parts)", err);
}

static int choose_script(struct x8_plan *plan, struct x8_error *err)
{
    const struct x8_plan_options *options = &plan->options;
    const struct x8_entry *entry;

    if (options->script)
        return choose_named_script(plan, options->script, err);
    if (!options->origin &&
        (x8_ends(options->source, ".uuu") || x8_path_kind(options->source) == X8_PATH_FILE)) {
        /* The source may be the script itself; any file name will do, its content decides. */
        entry = find_script(plan->set, x8_path_base(options->source));
        if (entry && entry->role == X8_ROLE_SCRIPT)
            return load_script_entry(plan, entry, err);
    }
    entry = find_script(plan->set, options->is_flash ? "full_image.uuu" : "uuu.auto");
    if (!entry)
        entry = find_script(plan->set, "full_image.uuu");
    if (entry)
        return load_script_entry(plan, entry, err);
    if (options->is_flash)
        return make_script(plan, err);
    x8_fail(err, X8_E_NO_FILE, "%s has no script", options->source);
    x8_error_next(err, "name one: x8ctl uuu FOLDER/full_image.uuu");
    return -(int)X8_E_NO_FILE;
}

static int parse_script(struct x8_plan *plan, struct x8_error *err)
{
    struct x8_script_options options = {.getenv = plan->options.getenv,
                                        .ctx = plan->options.getenv_ctx,
                                        .is_command_line = plan->options.command_line != NULL};
    int rc = x8_script_parse(x8_buf_span(&plan->script_text), &options, &plan->script, err);

    if (rc < 0 && plan->script_name)
        x8_error_prefix(err, "%s", plan->script_name);
    return rc;
}

/* A script in a folder writes beside itself; one out of an archive, or a single command, where
 * x8ctl was started. */
static int find_host_dir(struct x8_plan *plan, struct x8_error *err)
{
    const char *source = plan->options.origin ? NULL : plan->options.source;

    if (source && x8_path_kind(source) == X8_PATH_DIR)
        plan->host_dir = x8_path_join(source, plan->script_dir);
    else if (source && x8_imageset_script(plan->set))
        plan->host_dir = x8_path_dir(source);
    else
        plan->host_dir = strdup(".");
    return plan->host_dir ? 0 : no_memory(err);
}

static int names_file(const struct x8_script *script)
{
    const struct x8_command *command = script->count ? &script->commands[0] : NULL;

    while (command && command->verb == X8_VERB_IF)
        command = command->then;
    return command && (command->file || command->verb == X8_VERB_SHELL_LINE);
}

static int open_command_line(const struct x8_op *op, struct x8_plan *plan, struct x8_error *err)
{
    const char *line = plan->options.command_line;
    int rc;

    if (x8_buf_add(&plan->script_text, line, strlen(line)) < 0)
        return no_memory(err);
    plan->script_dir = strdup("");
    rc = parse_script(plan, err);
    /* The folder matters only to a command that names a file. */
    if (rc == 0 && names_file(&plan->script))
        rc = x8_imageset_open(op, ".", &plan->set, err);
    return rc;
}

static int open_source(const struct x8_op *op, struct x8_plan *plan, struct x8_error *err)
{
    const struct x8_image_origin *origin = plan->options.origin;
    const char *source = plan->options.source;
    int rc;

    if (origin)
        rc = x8_imageset_open_origin(op, origin, &plan->set, err);
    else if (plan->options.wants_digest)
        rc = x8_imageset_open_digest(op, source, &plan->set, err);
    else
        rc = x8_imageset_open(op, source, &plan->set, err);
    if (rc == 0)
        rc = choose_script(plan, err);
    return rc < 0 ? rc : parse_script(plan, err);
}

int x8_plan_open_script(const struct x8_op *op, struct x8_plan *plan, struct x8_error *err)
{
    int rc =
        plan->options.command_line ? open_command_line(op, plan, err) : open_source(op, plan, err);

    return rc < 0 ? rc : find_host_dir(plan, err);
}
