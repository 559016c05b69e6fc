/*
 * x8ctl flash: the vendor's files onto a board, from whatever stage the board is in.
 */
#include "boot_erase.h"
#include "flash_boards.h"
#include "flash_source.h"
#include "opts.h"

#include "board/carriers.h"

#include <stdio.h>
#include <stdlib.h>

static struct {
    int only, skip_unused, via_boot_erase, no_cache;
    const char *script, *carrier;
} opt;

static const char *const only_choices[] = {"all", "loader", "os", NULL};

static const struct x8_opt opts[] = {
    {.name = "only",
     .kind = X8_OPT_CHOICE,
     .value = &opt.only,
     .arg = "PART",
     .choices = only_choices,
     .help = "write only the loader's boot areas, or only the OS image"},
    {.name = "script",
     .kind = X8_OPT_STRING,
     .value = &opt.script,
     .arg = "FILE",
     .complete = "file",
     .help = "run this script of the source (or of this computer) instead of full_image.uuu"},
    {.name = "carrier",
     .kind = X8_OPT_STRING,
     .value = &opt.carrier,
     .arg = "NAME",
     .complete = "carrier",
     .help = "name the carrier, so that the hints about switches are the right ones"},
    {.name = "skip-unused",
     .kind = X8_OPT_FLAG,
     .value = &opt.skip_unused,
     .help = "do not send blocks that the image's block map (.bmap), else its own file systems, do "
             "not use; old data stays there"},
    {.name = "via-boot-erase",
     .kind = X8_OPT_FLAG,
     .value = &opt.via_boot_erase,
     .help = "without a carrier: take a board that runs Linux, clear its boot areas, then flash"},
    {.name = "no-cache",
     .kind = X8_OPT_FLAG,
     .value = &opt.no_cache,
     .help = "read a release or address from its server as it is needed, and keep nothing"},
    X8_STORE_OPTS,
    X8_RUN_OPTS,
    {0},
};

static const struct x8_example examples[] = {
    {"x8ctl flash 934.tar.gz", "the archive as downloaded; asks before it writes"},
    {"x8ctl flash 934.tar.gz -y -s usb:1-4.2", "one certain board, without a question"},
    {"x8ctl flash ./934 --only loader -y", "an unpacked folder, boot areas only"},
    {"x8ctl flash build/deploy/images/portenta-x8 --all -y",
     "a Yocto build, every board in flashing mode"},
    {"x8ctl flash 934.tar.gz --via-boot-erase", "a running board without a carrier"},
    {"x8ctl flash 934.tar.gz --dry-run", "check and measure everything, send nothing"},
    {"x8ctl flash latest", "the newest release, downloaded once and kept in the cache"},
    {"x8ctl flash 934 --offline --skip-unused", "one that is in the cache, only what it uses"},
    {NULL, NULL},
};

static const unsigned char exits[] = {10, 11, 12, 13, 14, 15, 16, 17, 20,  21,  22, 23,
                                      24, 25, 30, 31, 35, 40, 41, 50, 130, 143, 0};

static const struct x8_carrier *carrier(struct x8_error *err, int *rc)
{
    const struct x8_carrier *row = opt.carrier ? x8_carrier_find(opt.carrier) : NULL;

    *rc = 0;
    if (opt.carrier && !row) {
        *rc = x8_fail(err, X8_E_USAGE, "no carrier is called \"%s\"", opt.carrier);
        x8_error_next(err, "x8ctl guide    lists them");
    }
    return row;
}

static void say_switches(struct x8_ctx *ctx, const struct x8_carrier *row)
{
    if (row)
        x8_ui_say(ctx->ui, "now      %s", row->after);
    else
        x8_ui_say(ctx->ui, "now      set the boot switches back to OFF (x8ctl guide), then replug; "
                           "without a carrier just replug");
}

static const char *price(const struct x8_plan *plan)
{
    const struct x8_step *os = x8_plan_os(plan);

    return os && os->unused ? "Everything on the eMMC is lost, though traces of it stay where the "
                              "image uses nothing."
                            : "Everything on the eMMC is lost.";
}

static int flash_boards(struct x8_ctx *ctx, struct x8_plan *plan, const struct x8_carrier *row,
                        struct x8_error *err)
{
    struct x8_board *boards = NULL;
    int n = 0, rc = x8_can_agree_to_plan(ctx, plan, err);

    if (rc == 0)
        rc = n = x8_pick_boards(ctx, NULL, 1, &boards, err);
    if (rc >= 0)
        rc = x8_agree_to_plan(ctx, plan, boards, (size_t)n, "Write to",
                              opt.via_boot_erase ? NULL : price(plan), err);
    if (rc == 0)
        rc = x8_run_boards(ctx, plan, boards, (size_t)n, err);
    if (rc == 0)
        say_switches(ctx, row);
    free(boards);
    return rc;
}

/* From Linux into flashing mode; then the board is the one at this port, whatever -s said. */
static int come_from_linux(struct x8_ctx *ctx, const struct x8_plan *plan, struct x8_error *err)
{
    static char selector[X8_PORT_LEN + 8];
    struct x8_to_flash how = {
        .carrier = opt.carrier, .erase = 1, .has_image = 1, .is_quiet_json = 1};
    int rc = x8_to_flash_check(&ctx->op, plan, err);

    if (rc == 0)
        rc = x8_to_flash(ctx, &how, err);
    if (rc < 0 || !how.port[0])
        return rc;
    snprintf(selector, sizeof selector, "usb:%s", how.port);
    x8_globals()->serial = (struct x8_strings){.items = {selector}, .count = 1};
    x8_globals()->all = 0;
    return 0;
}

static int work_on(struct x8_ctx *ctx, struct x8_plan *plan, struct x8_error *err)
{
    const struct x8_carrier *row;
    int rc;

    row = carrier(err, &rc);
    /* Nothing may be cleared for a run that is refused afterwards. */
    if (rc == 0 && opt.via_boot_erase && !ctx->globals->dry_run)
        rc = x8_agree_to_plan(ctx, plan, NULL, 0, "Flash", NULL, err);
    if (rc == 0 && opt.via_boot_erase)
        rc = come_from_linux(ctx, plan, err);
    if (rc < 0)
        return rc;
    if (opt.via_boot_erase && !row)
        row = x8_carrier_find("none");
    return ctx->globals->dry_run ? x8_dry_run(ctx, plan, err) : flash_boards(ctx, plan, row, err);
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_plan_options options = {.script = opt.script,
                                      .only = (enum x8_only)opt.only,
                                      .skip_unused = opt.skip_unused,
                                      .allow_host = x8_run_opts.allow_host,
                                      .is_flash = 1,
                                      .getenv = x8_env_for_script};
    X8_AUTO_FLASH_SOURCE source = {0};
    struct x8_plan plan;
    int rc;

    if (ctx->argc != 1) {
        x8_fail(err, X8_E_USAGE, ctx->argc ? "flash takes one source" : "flash needs a source");
        x8_error_next(err, "x8ctl flash 934.tar.gz");
        return -(int)X8_E_USAGE;
    }
    (void)carrier(err, &rc); /* a mistyped name is told before the source is read */
    if (rc == 0)
        rc = x8_flash_source_open(ctx, ctx->argv[0], opt.no_cache, &source, err);
    x8_flash_source_use(&source, &options);
    if (rc == 0)
        rc = x8_plan_open(&ctx->op, &options, &plan, err);
    if (rc < 0)
        return rc;
    rc = x8_flash_source_settle(&source, &plan, err);
    if (rc == 0)
        rc = work_on(ctx, &plan, err);
    x8_plan_done(&plan);
    return rc;
}

const struct x8_cmd x8_cmd_flash = {
    .name = "flash",
    .group = "flash",
    .summary = "write an OS image and loader to a board over USB (erases the board)",
    .usage = "SOURCE",
    .description =
        "SOURCE is the vendor's archive as downloaded (934.tar.gz), a folder with its\n"
        "parts (packed or unpacked, any image name), a Yocto deploy folder, or a .uuu\n"
        "script. Nothing is unpacked to disk. Parts are found by their role.\n"
        "\n"
        "It can also be a release (latest, 934, 91.9: x8ctl image list) or an address\n"
        "(https://...): downloaded into the cache, compared with the digest that is\n"
        "known or was pinned at first use, and flashed from there. A file or folder of\n"
        "that name here comes first, which is said. With --no-cache nothing is kept: the\n"
        "archive is read from its server to check it, then again for each board, and\n"
        "must have the same digest each time, which is compared before the last piece of\n"
        "the image is sent.\n"
        "\n"
        "The board is taken in whatever stage it is: boot ROM, SPL or fastboot. What was\n"
        "written is read back and compared on the board, because its loader answers OKAY\n"
        "even to a failed write. Exit status 0 means written, and verified unless the\n"
        "last line says otherwise.\n"
        "\n"
        "A packed archive is read once before the board is touched, to find and check\n"
        "its parts, and once while writing. Where its members stand in an awkward order\n"
        "(the image first) it still works; the cost is the same: its outer layer is\n"
        "decompressed twice, a few seconds for a release.\n"
        "\n"
        "--skip-unused sends only what the image uses: blocks that a block map beside it\n"
        "(.bmap) does not list; without one, blocks that are free in its ext2/3/4 and\n"
        "FAT file systems, found by reading it once beforehand (all else counts as\n"
        "used). What is not sent keeps what the board had there, and is not read back:\n"
        "the system does not miss it, but old data may be recovered from it. Without\n"
        "the option every block is written.\n"
        "\n"
        "--via-boot-erase begins with a board that runs Linux and sits on no carrier: as\n"
        "x8ctl reboot --to flash it keeps a copy of the boot areas, asks for the last\n"
        "four of the serial (--confirm in scripts), clears them and restarts the board.\n"
        "\n"
        "A script that burns fuses is run only with --confirm fuse, or when the word is\n"
        "typed at the question; -y does not agree to what can never be undone.\n"
        "\n"
        "The first Ctrl-C stops at a safe point and says what state the board is in,\n"
        "the second one at once.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl guide, x8ctl image, x8ctl list, x8ctl reboot, x8ctl uuu, x8ctl explain",
    .complete = "file",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS,
    .run = run,
};
