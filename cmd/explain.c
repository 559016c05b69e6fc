/*
 * x8ctl explain: what a vendor script does, in plain words, before anything is done. Touches no
 * board. The sentences come from src/flash/explain.h; here they are printed.
 */
#include "explain_parts.h"

#include <stdio.h>
#include <stdlib.h>

static struct {
    const char *script;
} opt;

static const struct x8_opt opts[] = {
    {.name = "script",
     .kind = X8_OPT_STRING,
     .value = &opt.script,
     .arg = "NAME",
     .help = "which script of an archive or folder (full_image.uuu)",
     .complete = "file"},
    {0},
};

static const struct x8_example examples[] = {
    {"x8ctl explain full_image.uuu", "what the script would do, and which files it misses"},
    {"x8ctl explain 934.tar.gz", "the same for the script inside the vendor's archive"},
    {"x8ctl explain --script bootloader.uuu 934.tar.gz", "another script of the archive"},
    {"x8ctl explain my.uuu && x8ctl uuu my.uuu", "run it only when nothing is missing or unsafe"},
    {NULL, NULL},
};

static const unsigned char exits[] = {X8_E_USAGE, X8_E_DIFFERS, X8_E_NO_FILE, X8_E_BAD_IMAGE, 0};

static int print(struct x8_ctx *ctx, struct x8_source *source, const struct x8_script *script,
                 struct x8_error *err)
{
    X8_AUTO_BUF out = {0};
    struct x8_explain e;
    int rc = x8_explain(script, x8_source_look, source, &e, err);

    if (rc < 0)
        return rc;
    if (ctx->globals->json)
        x8_explain_json(source, script, &e);
    else if (x8_explain_text(source, script, &e, &out) < 0)
        rc = x8_fail(err, X8_E_INTERNAL, "out of memory");
    fputs(x8_buf_text(&out), stdout);
    if (rc == 0 && e.missing + e.unsafe > 0)
        rc = X8_E_DIFFERS;
    x8_explain_done(&e);
    return rc;
}

static int explain(struct x8_ctx *ctx, struct x8_source *source, struct x8_error *err)
{
    struct x8_script_options options = {.getenv = x8_env_for_script};
    struct x8_script script;
    int rc = x8_source_open(&ctx->op, ctx->argv[0], opt.script, source, err);

    if (rc < 0)
        return rc;
    rc = x8_script_parse(x8_buf_span(&source->text), &options, &script, err);
    if (rc < 0) {
        x8_error_prefix(err, "%s", source->name);
        return rc;
    }
    rc = print(ctx, source, &script, err);
    x8_script_done(&script);
    return rc;
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_source source = {0};
    int rc;

    if (ctx->argc != 1) {
        rc = x8_fail(err, X8_E_USAGE, ctx->argc ? "explain takes one script" : "which script?");
        x8_error_next(err, "x8ctl explain FOLDER/full_image.uuu");
        return rc;
    }
    rc = explain(ctx, &source, err);
    x8_source_done(&source);
    return rc;
}

const struct x8_cmd x8_cmd_explain = {
    .name = "explain",
    .group = "flash",
    .summary = "say what a script does, and what is missing or unsafe",
    .usage = "SCRIPT",
    .description =
        "Prints in plain words the commands of a vendor script (.uuu), in the order in\n"
        "which they run: in the boot ROM, in the first loader, in fastboot mode. Then the\n"
        "files it needs and whether they are there, then notes with line numbers: info\n"
        "(uuu would behave differently), warn (probably not what was meant), unsafe (runs\n"
        "on this computer, or burns fuses and sets what can never be undone; x8ctl uuu and\n"
        "flash run that only with --confirm fuse). SCRIPT may also be an archive or a\n"
        "folder: then its full_image.uuu is explained, or the one named by --script.\n"
        "No board is needed. The exit code is 4 when a file is missing or a line is\n"
        "unsafe.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl uuu, x8ctl flash --dry-run",
    .complete = "file",
    .run = run,
};
