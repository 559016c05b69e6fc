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

static int explain(struct x8_ctx *ctx, struct x8_source *source, struct x8_error *err)
{
    X8_AUTO_BUF out = {0};
    struct x8_explain e;
    int rc = x8_explain(&source->plan.script, x8_source_look, source, &e, err);

    if (rc < 0)
        return rc;
    if (ctx->globals->json)
        x8_explain_json(source, &e);
    else if (x8_explain_text(source, &e, &out) < 0)
        rc = x8_fail(err, X8_E_INTERNAL, "out of memory");
    fputs(x8_buf_text(&out), stdout);
    if (rc == 0 && e.missing + e.unsafe > 0)
        rc = X8_E_DIFFERS;
    x8_explain_done(&e);
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
    rc = x8_explain_open(&ctx->op, ctx->argv[0], opt.script, &source, err);
    if (rc == 0)
        rc = explain(ctx, &source, err);
    x8_source_done(&source);
    return rc;
}

const struct x8_cmd x8_cmd_explain = {
    .name = "explain",
    .group = "flash",
    .summary = "say what a script does, and what is missing or unsafe",
    .usage = "SCRIPT",
    .description = "Prints in plain words the commands of a vendor script (.uuu), in the order in\n"
                   "which they run: in the boot ROM, in the first loader, in fastboot mode. Then\n"
                   "the files it needs and what flash and uuu would take for them: there (also\n"
                   "packed or unpacked under the same name), replaced (another file of the same\n"
                   "kind takes its place, as releases name their images differently), MISSING or\n"
                   "UNUSABLE. Then notes with line numbers: info (uuu would behave differently),\n"
                   "warn (probably not what was meant), unsafe (runs on this computer, or burns\n"
                   "fuses and sets what can never be undone; x8ctl uuu and flash run that only\n"
                   "with --confirm fuse).\n"
                   "\n"
                   "SCRIPT may also be an archive or a folder: then its full_image.uuu is\n"
                   "explained, or the one named by --script; of a folder without one the script\n"
                   "that x8ctl flash makes from its parts. No board is needed. The exit code is 4\n"
                   "when a file is missing or a line is unsafe.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl uuu, x8ctl flash --dry-run",
    .complete = "file",
    .run = run,
};
