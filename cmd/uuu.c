/*
 * x8ctl uuu: vendor scripts and single commands, unchanged.
 */
#include "flash_boards.h"

#include "util/buf.h"

#include <stdlib.h>
#include <string.h>

static struct {
    struct x8_strings paths;
} opt;

static const struct x8_opt opts[] = {
    X8_RUN_OPTS,
    {.name = "path",
     .letter = 'm',
     .kind = X8_OPT_LIST,
     .value = &opt.paths,
     .arg = "PORT",
     .complete = "board",
     .help = "the vendor tool's name for -s; takes its 1:42 form as well"},
    {0},
};

static const struct x8_example examples[] = {
    {"x8ctl uuu mfgtool-files-portenta-x8/full_image.uuu", "a vendor script, unchanged"},
    {"x8ctl uuu FB: ucmd mmc list", "a single command"},
    {"x8ctl uuu FB: getvar version", "the loader's answer alone on stdout"},
    {"x8ctl uuu -m 1:42 probe_emmc.uuu", "on the board at one port"},
    {NULL, NULL},
};

static const unsigned char exits[] = {10, 11, 12, 13, 14, 15, 16,  17,  20, 21,
                                      22, 23, 30, 31, 41, 50, 130, 143, 0};

/* "FB:", "SDPV[-t 100]:": the operands are one command, not a file. */
static int is_command(const char *word)
{
    char name[16];
    size_t len = strcspn(word, ":[");

    if (!word[len] || len >= sizeof name)
        return 0;
    memcpy(name, word, len);
    name[len] = '\0';
    return x8_proto_of(name) != X8_PROTO_NONE;
}

static int join(struct x8_ctx *ctx, struct x8_buf *out, struct x8_error *err)
{
    for (int i = 0; i < ctx->argc; i++)
        if (x8_buf_addf(out, "%s%s", i ? " " : "", ctx->argv[i]) < 0)
            return x8_fail(err, X8_E_INTERNAL, "out of memory");
    return 0;
}

/* What the script costs beside fuses; NULL when there is nothing to lose. */
static const char *price_of(const struct x8_plan *plan)
{
    if (x8_plan_writes(plan) || x8_plan_risks(plan) & X8_RISK_ERASE)
        return "It erases or writes the eMMC: what is there may be lost.";
    return NULL;
}

static int run_on_boards(struct x8_ctx *ctx, struct x8_plan *plan, struct x8_error *err)
{
    /* A script of the vendor's is run as it is: nothing is compressed, left out or erased. */
    struct x8_run how = {.how.transfer = X8_TRANSFER_RAW};
    struct x8_board *boards = NULL;
    int n = 0, rc = x8_run_how(plan, 0, &how.how, err);

    if (rc == 0)
        rc = x8_can_agree_to_plan(ctx, plan, err);

    if (rc == 0)
        rc = n = x8_pick_boards(ctx, &opt.paths, 0, &boards, err);
    if (rc >= 0)
        rc = x8_agree_to_plan(ctx, plan, boards, (size_t)n, "Run this script on", price_of(plan),
                              err);
    if (rc == 0)
        rc = x8_run_boards(ctx, plan, &how, boards, (size_t)n, err);
    free(boards);
    return rc;
}

static int too_many(char *const *argv, struct x8_error *err)
{
    int rc;

    if (strchr(argv[0], ':')) {
        rc = x8_fail(err, X8_E_USAGE, "'%s' is no protocol", argv[0]);
        x8_error_why(err, "known are SDP:, SDPS:, SDPU:, SDPV:, FB: and CFG:");
        x8_error_next(err, "x8ctl uuu FB: ucmd mmc list    for a command to the loader");
    } else {
        rc = x8_fail(err, X8_E_USAGE, "one script at a time; '%s' is one too many", argv[1]);
        x8_error_next(err, "x8ctl uuu %s", argv[0]);
    }
    return rc;
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_plan_options options = {.allow_host = x8_run_opts.allow_host,
                                      .getenv = x8_env_for_script};
    static const struct x8_flash_how as_it_is;
    X8_AUTO_BUF line = {0};
    struct x8_plan plan;
    int rc = 0;

    if (ctx->argc == 0) {
        x8_fail(err, X8_E_USAGE, "uuu needs a script or a command");
        x8_error_next(err, "x8ctl uuu full_image.uuu");
        return -(int)X8_E_USAGE;
    }
    if (is_command(ctx->argv[0])) {
        rc = join(ctx, &line, err);
        options.command_line = x8_buf_text(&line);
    } else if (ctx->argc > 1) {
        rc = too_many(ctx->argv, err);
    } else {
        options.source = ctx->argv[0];
    }
    if (rc == 0)
        rc = x8_plan_open(&ctx->op, &options, &plan, err);
    if (rc < 0)
        return rc;
    rc = ctx->globals->dry_run ? x8_dry_run(ctx, &plan, &as_it_is, err)
                               : run_on_boards(ctx, &plan, err);
    x8_plan_done(&plan);
    return rc;
}

const struct x8_cmd x8_cmd_uuu = {
    .name = "uuu",
    .group = "flash",
    .summary = "run a vendor script (.uuu) or a single command of it unchanged",
    .usage = "SCRIPT | PROTOCOL: COMMAND...",
    .description =
        "Runs scripts of NXP's uuu as they are: SDP, SDPS, SDPU, SDPV and FB commands,\n"
        "in the stage the board is in. Differences that keep you safe: damaged input is\n"
        "never success, what flash lines wrote is read back on the board, commands for\n"
        "this computer run only with --allow-host-commands, and every wait has a limit.\n"
        "x8ctl explain SCRIPT tells beforehand what a script does.\n"
        "\n"
        "Fuses and settings of the chip or eMMC that can be written only once need an\n"
        "answer of their own: type the word fuse when asked, or give --confirm fuse. -y\n"
        "does not agree to them, and they are never tried again. What the board itself\n"
        "has stored (run NAME) is not known beforehand.\n"
        "\n"
        "--retries N takes a stage up again after a fault of the link, from its first\n"
        "command: what the script did before must bear to be done twice. Without it the\n"
        "first fault ends the run.\n"
        "\n"
        "In PROTOCOL: COMMAND all that follows the protocol belongs to the command: put\n"
        "options of x8ctl in front of it.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl explain, x8ctl flash",
    .complete = "file",
    .logged = "",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS | X8_RAW_OPERANDS,
    .run = run,
};
