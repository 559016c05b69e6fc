/*
 * x8ctl sketch upload|status|reset: programs for the board's M4.
 */
#include "sketch.h"
#include "opts_wrong.h"

#include "util/file.h"
#include "util/text.h"

#include <string.h>

static int no_verify;

static const char *const verbs[] = {"upload", "status", "reset", NULL};
enum { UPLOAD, STATUS, RESET };

static int not_a_verb(const struct x8_ctx *ctx, struct x8_error *err)
{
    const char *word = ctx->argc ? ctx->argv[0] : NULL;
    const char *near = word ? x8_closest(word, verbs, X8_COUNT(verbs) - 1) : NULL;
    int is_sketch = word && (x8_path_kind(word) != X8_PATH_NONE || x8_ends(word, ".elf") ||
                             x8_ends(word, ".ino"));
    char clean[128];

    x8_clean(clean, sizeof clean, word ? word : "", word ? strlen(word) : 0);
    if (word)
        x8_fail(err, X8_E_USAGE, "sketch cannot '%s'", clean);
    else
        x8_fail(err, X8_E_USAGE, "sketch needs a word: what to do");
    if (near && !is_sketch)
        x8_error_why(err, "did you mean '%s'?", near);
    else
        x8_error_why(err, "it takes one of: upload, status, reset");
    if (is_sketch)
        x8_error_next(err, "x8ctl sketch upload %s", clean);
    else
        x8_error_next(err, "x8ctl sketch %s", near ? near : "status");
    return -(int)X8_E_USAGE;
}

static int check_line(const struct x8_ctx *ctx, int verb, struct x8_error *err)
{
    const char *more = ctx->argv[ctx->argc - 1];
    char clean[128];

    if (ctx->argc > (verb == UPLOAD ? 2 : 1)) {
        x8_clean(clean, sizeof clean, more, strlen(more));
        x8_fail(err, X8_E_USAGE, "%s takes %s, not '%s'", verbs[verb],
                verb == UPLOAD ? "one sketch" : "no operand", clean);
        x8_error_why(err, verb == UPLOAD ? "the M4 runs one program at a time"
                                         : "it is about what the board has already");
        x8_error_next(err, "x8ctl sketch %s%s", verbs[verb], verb == UPLOAD ? " blink" : "");
        return -(int)X8_E_USAGE;
    }
    if (verb != UPLOAD && no_verify) {
        return x8_wrong_verb(&x8_cmd_sketch, verbs[verb], "no-verify", err);
    }
    return 0;
}

static int takes(const char *verb, const char *option)
{
    return strcmp(option, "no-verify") != 0 || strcmp(verb, verbs[UPLOAD]) == 0;
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    int verb = UPLOAD, rc;

    while (ctx->argc && verbs[verb] && strcmp(verbs[verb], ctx->argv[0]) != 0)
        verb++;
    if (!ctx->argc || !verbs[verb])
        return not_a_verb(ctx, err);
    rc = check_line(ctx, verb, err);
    if (rc < 0)
        return rc;
    if (verb == UPLOAD)
        return x8_sketch_run_upload(ctx, no_verify, err);
    return verb == STATUS ? x8_sketch_run_status(ctx, err) : x8_sketch_run_reset(ctx, err);
}

static const struct x8_opt opts[] = {
    {"no-verify", 0, X8_OPT_FLAG, &no_verify, NULL, NULL,
     "upload: do without OpenOCD's word, and so without root on images 95", NULL},
    {NULL, 0, X8_OPT_FLAG, NULL, NULL, NULL, NULL, NULL},
};
static const struct x8_example examples[] = {
    {"x8ctl sketch upload blink", "a sketch folder, compiled with its binary exported"},
    {"x8ctl sketch upload out/blink.ino.elf", "an ELF file, wherever it was built"},
    {"x8ctl sketch upload t.elf --json", "for a script: digest, outcome, durations"},
    {"x8ctl sketch upload blink --all", "every running board, side by side"},
    {"x8ctl sketch status", "what is on the board's M4, as far as it is known"},
    {NULL, NULL},
};
static const unsigned char exits[] = {2,  10, 11, 12, 13, 14, 15, 16, 17,  20,  21, 23,
                                      26, 30, 31, 32, 34, 36, 40, 50, 130, 143, 0};

const struct x8_cmd x8_cmd_sketch = {
    .name = "sketch",
    .group = "program",
    .summary = "upload a sketch to the M4, and say what became of it",
    .usage = "upload [SKETCH] | status | reset",
    .verbs = verbs,
    .takes = takes,
    .complete = "file",
    .description =
        "upload takes an ELF file, or a sketch folder with the binary that the IDE's\n"
        "\"Export Compiled Binary\" or arduino-cli --export-binaries left there; without\n"
        "SKETCH the folder it is started in, when that is a sketch's. The file is\n"
        "checked first: 32-bit ARM, complete, loaded where the M4's flash is. On the\n"
        "board it gets its name only when its SHA-256 is right, so that the board's own\n"
        "programming never sees half a file. That is followed to its end: success means\n"
        "programmed, and verified by OpenOCD. --timeout limits it (60s).\n"
        "\n"
        "Programming restarts the whole STM32H7, also the M7 that serves Linux: GPIO,\n"
        "ADC, PWM, CAN and serial ports of the X8 stop for a moment. So does reset,\n"
        "which starts the sketch again.\n"
        "\n"
        "status: the file that came last, the record that upload keeps on the board, the\n"
        "board's programming unit, and whether the M7 answers. It never asks for a\n"
        "password; what is missing without one is said.\n"
        "\n"
        "On images 95 only the journal knows how it ended, and only root reads that: see\n"
        "--password-file. --no-verify does without, and reports what is not certain as\n"
        "not certain. More: x8ctl help sketches.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl help sketches, x8ctl logs, x8ctl info",
    .logged = "upload reset",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS,
    .run = run,
};
