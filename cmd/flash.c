/*
 * x8ctl flash: the vendor's files onto a board, from whatever stage the board is in.
 */
#include "flash_boards.h"
#include "flash_parts.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>

struct x8_flash_opt x8_flash_opt = {.may_erase = 1, .wait_ms = X8_WAIT_UNSET};
static const char *const only_choices[] = {"all", "loader", "os", NULL};
/* In the order of enum x8_transfer. */
static const char *const transfer_choices[] = {"auto", "raw", "gzip", NULL};

static const struct x8_opt opts[] = {
    {.name = "only",
     .kind = X8_OPT_CHOICE,
     .value = &x8_flash_opt.only,
     .arg = "PART",
     .choices = only_choices,
     .help = "write only the loader's boot areas, or only the OS image"},
    {.name = "script",
     .kind = X8_OPT_STRING,
     .value = &x8_flash_opt.script,
     .arg = "FILE",
     .complete = "file",
     .help = "run this script of the source (or of this computer) instead of full_image.uuu"},
    {.name = "carrier",
     .kind = X8_OPT_STRING,
     .value = &x8_flash_opt.carrier,
     .arg = "NAME",
     .complete = "carrier",
     .help = "name the carrier, so that the hints about switches are the right ones"},
    {.name = "skip-unused",
     .kind = X8_OPT_FLAG,
     .value = &x8_flash_opt.skip_unused,
     .help = "do not send blocks that the image's block map (.bmap), else its own file systems, do "
             "not use; old data stays there"},
    {.name = "via-boot-erase",
     .kind = X8_OPT_FLAG,
     .value = &x8_flash_opt.via_boot_erase,
     .help = "without a carrier: take a board that runs Linux, clear its boot areas, then flash"},
    {.name = "resume",
     .kind = X8_OPT_FLAG,
     .value = &x8_flash_opt.resume,
     .help = "go on with a run that was cut off; SOURCE may be left out then"},
    {.name = "skip-same",
     .kind = X8_OPT_FLAG,
     .value = &x8_flash_opt.skip_same,
     .help = "compare each piece on the board first, and send only what differs"},
    {.name = "transfer",
     .kind = X8_OPT_CHOICE,
     .value = &x8_flash_opt.transfer,
     .arg = "HOW",
     .choices = transfer_choices,
     .help = "how pieces travel: compressed where that is quicker, never, or wherever the loader "
             "can"},
    {.name = "no-erase",
     .kind = X8_OPT_NO,
     .value = &x8_flash_opt.may_erase,
     .help = "write the image's zeros; otherwise its area is erased first and, where it is proven "
             "to read as zeros (by samples; the verification reads all), zeros are not written"},
    {.name = "wait",
     .kind = X8_OPT_MAYBE,
     .value = &x8_flash_opt.wait_ms,
     .arg = "DUR",
     .help = "then wait until the new Linux answers, at most DUR (5m); as is done on a terminal"},
    {.name = "no-wait",
     .kind = X8_OPT_FLAG,
     .value = &x8_flash_opt.no_wait,
     .help = "end when all is written and verified, also on a terminal"},
    {.name = "no-cache",
     .kind = X8_OPT_FLAG,
     .value = &x8_flash_opt.no_cache,
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
    {"x8ctl flash --resume", "go on after a fault, with what that run was told"},
    {"x8ctl flash 934 --skip-same -y", "a board that may have it already: send what differs"},
    {"x8ctl flash 934 -y --wait=3m", "in a script: until the new Linux answers"},
    {NULL, NULL},
};

static const unsigned char exits[] = {4,  10, 11, 12, 13, 14, 15, 16, 17, 20,  21,  22,
                                      23, 24, 25, 30, 31, 35, 40, 41, 50, 130, 143, 0};

static const struct x8_carrier *carrier(struct x8_error *err, int *rc)
{
    const struct x8_carrier *row =
        x8_flash_opt.carrier ? x8_carrier_find(x8_flash_opt.carrier) : NULL;

    *rc = 0;
    if (x8_flash_opt.carrier && !row) {
        *rc = x8_fail(err, X8_E_USAGE, "no carrier is called \"%s\"", x8_flash_opt.carrier);
        x8_error_why(err, "known are max, breakout, hat, mid and none");
        x8_error_next(err, "x8ctl guide    lists them");
    }
    return row;
}

static int take_one_source(const struct x8_ctx *ctx, struct x8_error *err)
{
    int is_wait = x8_flash_opt.wait_ms == X8_DURATION_ALONE;
    char first[X8_STRING_LEN], second[X8_STRING_LEN];

    x8_clean(first, sizeof first, ctx->argv[0], strlen(ctx->argv[0]));
    x8_clean(second, sizeof second, ctx->argv[1], strlen(ctx->argv[1]));
    x8_fail(err, X8_E_USAGE, "flash takes one source, not both '%.120s' and '%.120s'", first,
            second);
    if (is_wait)
        x8_error_why(err, "--wait takes its time behind '=': a word behind a blank is an image");
    else
        x8_error_why(err, "each of them would be the image that is written");
    x8_error_next(err, is_wait ? "--wait=DUR, as in --wait=3m" : "x8ctl flash 934.tar.gz");
    return -(int)X8_E_USAGE;
}

static int check_usage(const struct x8_ctx *ctx, struct x8_error *err)
{
    int64_t ms;
    int rc;

    if (ctx->argc > 1 && x8_flash_opt.wait_ms == X8_DURATION_ALONE &&
        x8_parse_duration(ctx->argv[0], &ms) == 0) {
        rc = x8_fail(err, X8_E_USAGE, "--wait takes its time behind '='");
        x8_error_why(err, "a word behind a blank is the image to be flashed");
        x8_error_next(err, "--wait=%s", ctx->argv[0]);
    } else if (ctx->argc > 1) {
        rc = take_one_source(ctx, err);
    } else if (ctx->argc == 0 && !x8_flash_opt.resume) {
        rc = x8_fail(err, X8_E_USAGE, "flash needs a source");
        x8_error_next(err, "x8ctl flash 934.tar.gz");
    } else if (x8_flash_opt.no_wait && x8_flash_opt.wait_ms != X8_WAIT_UNSET) {
        rc = x8_fail(err, X8_E_USAGE, "--wait and --no-wait contradict each other");
        x8_error_why(err, "one waits for the new Linux, the other ends before it starts");
        x8_error_next(err, "leave one of them out");
    } else if (x8_flash_opt.wait_ms == 0) {
        rc = x8_fail(err, X8_E_USAGE, "--wait=0 leaves no time to wait");
        x8_error_why(err, "a new Linux takes about a minute to start");
        x8_error_next(err, "--no-wait    ends when all is written and verified");
    } else if (x8_flash_opt.resume && x8_flash_opt.via_boot_erase) {
        rc = x8_fail(err, X8_E_USAGE, "--resume does not go with --via-boot-erase");
        x8_error_why(err, "a board whose flash was cut off does not run Linux");
        x8_error_next(err, "x8ctl flash --resume");
    } else {
        (void)carrier(err, &rc); /* a mistyped name is told before the source is read */
    }
    return rc;
}

/* What the run that is resumed was told; an option that is given now wins. */
static void use_head(const struct x8_journal_head *head)
{
    if (!x8_flash_opt.script && head->script[0])
        x8_flash_opt.script = head->script;
    if (!x8_flash_opt.only)
        x8_flash_opt.only = head->only;
    x8_flash_opt.skip_unused |= head->skip_unused;
}

static int open_and_go(struct x8_ctx *ctx, const char *word, struct x8_error *err)
{
    struct x8_plan_options options = {.script = x8_flash_opt.script,
                                      .only = (enum x8_only)x8_flash_opt.only,
                                      .skip_unused = x8_flash_opt.skip_unused,
                                      .allow_host = x8_run_opts.allow_host,
                                      .is_flash = 1,
                                      .getenv = x8_env_for_script};
    X8_AUTO_FLASH_SOURCE source = {0};
    struct x8_plan plan;
    struct x8_flashing flashing = {.source = &source, .plan = &plan};
    int rc = x8_flash_source_open(ctx, word, x8_flash_opt.no_cache, &source, err);

    x8_flash_source_use(&source, &options);
    if (rc == 0)
        rc = x8_plan_open(&ctx->op, &options, &plan, err);
    if (rc < 0)
        return rc;
    rc = x8_flash_source_settle(&source, &plan, err);
    if (rc == 0)
        flashing.row = carrier(err, &rc);
    if (rc == 0)
        rc = x8_flash_go(ctx, &flashing, err);
    x8_plan_done(&plan);
    return rc;
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_journal_head head = {0};
    const char *word = ctx->argc ? ctx->argv[0] : NULL;
    int rc = check_usage(ctx, err);

    if (rc == 0 && !word) {
        rc = x8_resume_choose(ctx, &head, err);
        use_head(&head);
        word = head.source;
    }
    return rc < 0 ? rc : open_and_go(ctx, word, err);
}

const struct x8_cmd x8_cmd_flash = {
    .name = "flash",
    .group = "flash",
    .summary = "write an OS image and loader to a board over USB (erases the board)",
    .usage = "[SOURCE]",
    .description =
        "SOURCE is the vendor's archive as downloaded (934.tar.gz), a folder with its\n"
        "parts (packed or unpacked, any image name), a Yocto deploy folder, or a .uuu\n"
        "script. Nothing is unpacked to disk. Parts are found by their role.\n"
        "\n"
        "It can also be a release (latest, 934, 91.9: x8ctl image list) or an address\n"
        "(https://...): downloaded into the cache, compared with the digest that is\n"
        "known or was pinned at first use, and flashed from there. A file or folder of\n"
        "that name here comes first, which is said. --dry-run downloads it as well, as it\n"
        "cannot be checked otherwise, and it stays in the cache; with --no-cache it reads\n"
        "it from the server and keeps and notes nothing.\n"
        "\n"
        "With --no-cache nothing is kept. The archive is read from its server once when\n"
        "its image comes behind all other parts: they are looked at as they come, and the\n"
        "image goes to the board as it comes. In another order it is read to its end to\n"
        "find the parts, and a second time to write the image; --skip-unused without a\n"
        "block map reads it once more beforehand. Which of these it is is said before the\n"
        "board is touched. Boards that begin together share a reading; one that is tried\n"
        "again has its own, and a link that breaks is taken up where it was. Memory holds\n"
        "the beginning of the archive (up to 128 MiB). The digest is compared before the\n"
        "last piece of the image is sent: a wrong file leaves a board that needs another\n"
        "flash, where the cache would have left it untouched. How large a packed image is\n"
        "is known at its end only, so that the bar has no end in one pass.\n"
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
        "A fault of the link is survived where it can be: a stage is taken up again, up\n"
        "to --retries times, on the port where the board reappears, and what the image\n"
        "has there already is compared and not sent twice. What a run has done is also\n"
        "kept on this computer until it ends well. After an unplug, a crash or a power\n"
        "cut, bring the board into flashing mode at the same port: x8ctl flash --resume\n"
        "compares on the board what had arrived, if its loader can, and sends the rest.\n"
        "Another SOURCE than that run's, or --skip-same, compares all of it.\n"
        "\n"
        "Before the image is written its area is erased, and the board is asked whether\n"
        "it reads as zeros there. If so, the image's zeros are not written; if not, they\n"
        "are. --no-erase leaves that out; --skip-unused and --skip-same do, too.\n"
        "\n"
        "At the end somebody sets the boot switches back and power-cycles the board. On\n"
        "a terminal, or with --wait, that is waited for: until Linux answers at the same\n"
        "port over ADB, with the image that was written. Exit status 35: it was written\n"
        "and verified, but came back in flashing mode, or not at all; 4: another image\n"
        "came up.\n"
        "\n"
        "The first Ctrl-C stops at a safe point and says what state the board is in,\n"
        "the second one at once.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl guide, x8ctl image, x8ctl list, x8ctl reboot, x8ctl uuu, x8ctl explain",
    .complete = "image",
    .logged = "",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS,
    .run = run,
};
