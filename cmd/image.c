/*
 * x8ctl image list|get|show|verify|map|prune: the line.
 */
#include "image_parts.h"
#include "opts_wrong.h"

#include "util/file.h"
#include "util/text.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct x8_image_options x8_image_opt = {.keep = UINT64_MAX};

const char x8_image_stopping[] = "stopping";

enum verb { LIST, GET, SHOW, VERIFY, MAP, PRUNE };
#define ON(verb) (1U << (verb))
static const char *const verbs[] = {"list", "get", "show", "verify", "map", "prune", NULL};
enum { TAKE_SOURCE = ON(GET) | ON(SHOW) | ON(VERIFY) | ON(MAP) };

static const uint64_t *const keep = &x8_image_opt.keep;

/* Which options go with which verbs. */
static const struct {
    const char *name;
    const int *flag;
    const char *const *text;
    unsigned verbs;
} owners[] = {
    {"output", NULL, &x8_image_opt.output, ON(GET) | ON(MAP)},
    {"force", &x8_image_opt.force, NULL, ON(GET) | ON(MAP)},
    {"repin", &x8_image_opt.repin, NULL, ON(GET)},
    {"older", NULL, &x8_image_opt.older, ON(PRUNE)},
    {"pins", &x8_image_opt.pins, NULL, ON(PRUNE)},
    {"index", NULL, &x8_store_opt.index, (unsigned)~ON(PRUNE)},
    {"offline", &x8_store_opt.offline, NULL, (unsigned)~ON(PRUNE)},
    {"ca-file", NULL, &x8_store_opt.ca_file, (unsigned)~ON(PRUNE)},
};

static int not_a_verb(const struct x8_ctx *ctx, struct x8_error *err)
{
    const char *word = ctx->argc ? ctx->argv[0] : NULL;
    const char *near = word ? x8_closest(word, verbs, X8_COUNT(verbs) - 1) : NULL;
    char clean[200];
    int is_source = word && (x8_path_kind(word) != X8_PATH_NONE || strchr(word, '/'));

    x8_clean(clean, sizeof clean, word ? word : "", word ? strlen(word) : 0);
    if (word)
        x8_fail(err, X8_E_USAGE, "image cannot '%s'", clean);
    else
        x8_fail(err, X8_E_USAGE, "image needs a word: what to do");
    if (near && !is_source)
        x8_error_why(err, "did you mean '%s'?", near);
    else
        x8_error_why(err, "it takes one of: list, get, show, verify, map, prune");
    if (is_source)
        x8_error_next(err, "x8ctl image show %s", clean);
    else
        x8_error_next(err, "x8ctl image %s%s", near ? near : "list",
                      near && strcmp(near, "list") != 0 && strcmp(near, "prune") != 0 ? " 934"
                                                                                      : "");
    return -(int)X8_E_USAGE;
}

static int check_operands(const struct x8_ctx *ctx, int verb, struct x8_error *err)
{
    int takes = (TAKE_SOURCE & ON(verb)) != 0;
    char clean[200];

    if (takes && (ctx->argc < 2 || !ctx->argv[1][0])) {
        x8_fail(err, X8_E_USAGE, "image %s needs %s", verbs[verb],
                verb == GET ? "a release or an address" : "an image");
        x8_error_why(err, verb == GET ? "a number as in x8ctl image list, latest, or https://..."
                                      : "a file, a folder, a release, or an address");
        x8_error_next(err, "x8ctl image %s %s", verbs[verb], verb == GET ? "latest" : "934.tar.gz");
        return -(int)X8_E_USAGE;
    }
    if (ctx->argc <= 1 + takes)
        return 0;
    x8_clean(clean, sizeof clean, ctx->argv[1 + takes], strlen(ctx->argv[1 + takes]));
    x8_fail(err, X8_E_USAGE, "image %s takes %s, not '%s'", verbs[verb],
            takes ? "one image" : "no operand", clean);
    x8_error_why(err, takes
                          ? "one run is about one image"
                          : "get, show, verify and map are about an image, list and prune are not");
    x8_error_next(err, "x8ctl image %s%s", verbs[verb],
                  !takes        ? ""
                  : verb == GET ? " latest"
                                : " 934.tar.gz");
    return -(int)X8_E_USAGE;
}

static int check_options(int verb, struct x8_error *err)
{
    for (size_t i = 0; i < X8_COUNT(owners); i++) {
        int given = owners[i].flag ? *owners[i].flag : *owners[i].text != NULL;

        if (given && !(owners[i].verbs & ON(verb)))
            return x8_wrong_verb(&x8_cmd_image, verbs[verb], owners[i].name, err);
    }
    return *keep == UINT64_MAX || verb == PRUNE
               ? 0
               : x8_wrong_verb(&x8_cmd_image, verbs[verb], "keep", err);
}

static int takes(const char *verb, const char *option)
{
    unsigned all = strcmp(option, "keep") == 0 ? ON(PRUNE) : ~0U;

    for (size_t i = 0; i < X8_COUNT(owners); i++)
        if (strcmp(owners[i].name, option) == 0)
            all = owners[i].verbs;
    for (unsigned i = 0; verbs[i]; i++)
        if (strcmp(verbs[i], verb) == 0)
            return (all & ON(i)) != 0;
    return 1;
}

/* Nothing can come of any of the verbs then; better said before an image is read. */
static int check_stdout(struct x8_error *err)
{
    int flags = fcntl(STDOUT_FILENO, F_GETFL);

    if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY)
        return 0;
    x8_fail(err, X8_E_NO_FILE, "stdout takes no result");
    x8_error_why(err, "it is closed, or open for reading only");
    x8_error_next(err, "leave it open (no '>&-'); >/dev/null where the result is not wanted");
    return -(int)X8_E_NO_FILE;
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    const char *source = ctx->argc > 1 ? ctx->argv[1] : NULL;
    int verb = 0, rc;

    x8_image_opt.all = ctx->globals->all;
    while (ctx->argc && verbs[verb] && strcmp(verbs[verb], ctx->argv[0]) != 0)
        verb++;
    if (!ctx->argc || !verbs[verb])
        return not_a_verb(ctx, err);
    rc = check_operands(ctx, verb, err);
    if (rc == 0)
        rc = check_options(verb, err);
    if (rc == 0)
        rc = check_stdout(err);
    if (rc < 0)
        return rc;
    x8_signals_say(x8_image_stopping);
    switch (verb) {
    case LIST:
        return x8_image_run_list(ctx, err);
    case GET:
        return x8_image_run_get(ctx, source, err);
    case SHOW:
        return x8_image_run_show(ctx, source, err);
    case VERIFY:
        return x8_image_run_verify(ctx, source, err);
    case MAP:
        return x8_image_run_map(ctx, source, err);
    default:
        return x8_image_run_prune(ctx, err);
    }
}

static const struct x8_opt opts[] = {
    {"output", 'o', X8_OPT_STRING, &x8_image_opt.output, "PATH", NULL,
     "get: a folder or file to put the image in as well; map: the block map, or -", "file"},
    {"force", 0, X8_OPT_FLAG, &x8_image_opt.force, NULL, NULL,
     "get, map: replace a file that is there", NULL},
    {"repin", 0, X8_OPT_FLAG, &x8_image_opt.repin, NULL, NULL,
     "get: what the server has now counts from here on, whatever it had before", NULL},
    {"keep", 0, X8_OPT_U64, &x8_image_opt.keep, "N", NULL,
     "prune: how many of the images last used stay (2, without --older)", NULL},
    {"older", 0, X8_OPT_STRING, &x8_image_opt.older, "DUR", NULL,
     "prune: only what was not used for so long: 30d, 12h", NULL},
    {"pins", 0, X8_OPT_FLAG, &x8_image_opt.pins, NULL, NULL,
     "prune: no files, but the digests noted of addresses whose files are gone", NULL},
    X8_STORE_OPTS,
    {NULL, 0, X8_OPT_FLAG, NULL, NULL, NULL, NULL, NULL},
};
static const struct x8_example examples[] = {
    {"x8ctl image list", "the releases, and which of them are on this computer"},
    {"x8ctl image get 934", "download once; x8ctl flash 934 takes it from the cache"},
    {"x8ctl image get latest -o ~/Downloads", "and have it under its usual name"},
    {"x8ctl image show 934.tar.gz", "parts, sizes, partitions, digests"},
    {"x8ctl image verify 934.tar.gz", "is it whole, is it Arduino's"},
    {"x8ctl image map my-image.wic", "my-image.wic.bmap, for x8ctl flash and bmaptool"},
    {"x8ctl image prune --keep 1", "make room"},
    {NULL, NULL},
};
static const unsigned char exits[] = {2, 13, 20, 21, 22, 24, 25, 41, 130, 143, 0};

const struct x8_cmd x8_cmd_image = {
    .name = "image",
    .group = "flash",
    .summary = "find, download, look into, check and map system images",
    .usage = "WORD [SOURCE]",
    .verbs = verbs,
    .takes = takes,
    .complete = "image",
    .description =
        "WORD is list, get, show, verify, map or prune. SOURCE is an image as x8ctl flash\n"
        "takes it (a file, a folder, an archive as downloaded), a release (934, 91.9,\n"
        "latest) or an address (https://...). What is there as a file or folder is that.\n"
        "\n"
        "list shows the catalogue: what there is, and how much of it is in the cache.\n"
        "With --all also releases that nobody knows a place of, and images of addresses.\n"
        "\n"
        "get downloads into the cache, whole and checked by its SHA-256, and prints where\n"
        "it is. A download that was cut off goes on where it stopped. A known digest that\n"
        "differs is refused (22); one that nobody knows is noted when it is first seen,\n"
        "and another one later is refused, until --repin.\n"
        "\n"
        "show says what is inside: the parts and what they are for, the machine, the\n"
        "release, partitions with the space that is in use, digests. An archive is read\n"
        "once for that, and may come from a pipe (/dev/stdin); nothing is unpacked to\n"
        "disk.\n"
        "\n"
        "verify reads all of it and compares. Status 0: it is whole, and no digest that\n"
        "the catalogue or a list of checksums has differs (unknown ones are called so);\n"
        "21: damaged, or a list that cannot be read; 22: another digest, or a file that\n"
        "is listed and not there. Lists are SHA256SUMS and NAME.sha256, in a folder or\n"
        "an archive, and beside a file that they name. An image that is called like a\n"
        "release must be that one. A known archive vouches for all that is in it.\n"
        "\n"
        "map writes which blocks of an image are in use, from its partition table and its\n"
        "file systems (ext2, ext3, ext4, FAT): a block map (bmap 2.0). What is not\n"
        "understood counts as used. x8ctl flash finds it beside the image and checks each\n"
        "range; with --skip-unused it sends nothing else.\n"
        "\n"
        "prune removes from the cache all but the two images last used, or what --keep\n"
        "and --older say (both: what neither keeps), parts older than a day, and what\n"
        "was refused (bad-...). The digests that addresses had at first use stay: they\n"
        "are how a file is known to be another one. prune --pins removes those whose\n"
        "files are not in the cache (with --older: noted so long ago); what such an\n"
        "address has at its next use is then accepted as if it were the first.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl flash, x8ctl explain, x8ctl help images",
    .logged = "get",
    .needs = X8_NEEDS_SIGNALS,
    .run = run,
};
