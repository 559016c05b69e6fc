/*
 * x8ctl update check|show|apply|status|finish|rollback|legacy-399: the line.
 */
#include "opts_wrong.h"
#include "store_env.h"
#include "update_parts.h"

#include "util/file.h"
#include "util/text.h"

#include <string.h>

struct x8_update_options x8_update_opt = {.wait_ms = X8_TIMEOUT_UNSET};

enum verb { CHECK, SHOW, APPLY, STATUS, FINISH, ROLLBACK, LEGACY };
#define ON(verb) (1U << (verb))
static const char *const verbs[] = {"check",  "show",     "apply",      "status",
                                    "finish", "rollback", "legacy-399", NULL};
/* Which verbs take a bundle. */
enum { TAKE_BUNDLE = ON(SHOW) | ON(APPLY) | ON(LEGACY) };

/* Which options go with which verbs. */
static const struct {
    const char *name;
    const int *flag;
    const char *const *text;
    unsigned verbs;
} owners[] = {
    {"to", NULL, &x8_update_opt.to, ON(CHECK)},
    {"deep", &x8_update_opt.deep, NULL, ON(SHOW)},
    {"trust-root", NULL, &x8_update_opt.trust_root,
     ON(SHOW) | ON(CHECK) | ON(APPLY) | ON(FINISH) | ON(LEGACY)},
    {"target", NULL, &x8_update_opt.target, ON(SHOW) | ON(CHECK) | ON(APPLY) | ON(LEGACY)},
    {"keep-apps", &x8_update_opt.keep_apps, NULL, ON(CHECK) | ON(APPLY)},
    {"allow-downgrade", &x8_update_opt.allow_downgrade, NULL, ON(CHECK) | ON(APPLY)},
    {"no-reboot", &x8_update_opt.no_reboot, NULL, ON(APPLY)},
    {"full", &x8_update_opt.full, NULL, ON(CHECK) | ON(APPLY)},
    {"health", NULL, &x8_update_opt.health, ON(APPLY) | ON(LEGACY)},
    {"tool", NULL, &x8_update_opt.tool, ON(LEGACY)},
    {"forget", &x8_update_opt.forget, NULL, ON(FINISH)},
};

static int not_a_verb(const struct x8_ctx *ctx, struct x8_error *err)
{
    const char *word = ctx->argc ? ctx->argv[0] : NULL;
    const char *near = word ? x8_closest(word, verbs, X8_COUNT(verbs) - 1) : NULL;
    int is_bundle = word && (x8_path_kind(word) != X8_PATH_NONE || strchr(word, '/'));
    char clean[200];

    x8_clean(clean, sizeof clean, word ? word : "", word ? strlen(word) : 0);
    if (word)
        x8_fail(err, X8_E_USAGE, "update cannot '%s'", clean);
    else
        x8_fail(err, X8_E_USAGE, "update needs a word: what to do");
    if (near && !is_bundle)
        x8_error_why(err, "did you mean '%s'?", near);
    else
        x8_error_why(err, "it takes one of: check, show, apply, status, finish, rollback, "
                          "legacy-399");
    if (is_bundle)
        x8_error_next(err, "x8ctl update apply %s", clean);
    else
        x8_error_next(
            err, "x8ctl update %s%s", near ? near : "check",
            near && (strcmp(near, "apply") == 0 || strcmp(near, "show") == 0) ? " bundle-861" : "");
    return -(int)X8_E_USAGE;
}

static int check_operands(const struct x8_ctx *ctx, int verb, struct x8_error *err)
{
    int takes = (TAKE_BUNDLE & ON(verb)) != 0;
    char clean[200];

    if (takes && ctx->argc < 2) {
        x8_fail(err, X8_E_USAGE, "update %s needs a bundle", verbs[verb]);
        x8_error_why(err, "a bundle is a folder, an archive, or the address of one");
        x8_error_next(err, "x8ctl update %s bundle-861", verbs[verb]);
        return -(int)X8_E_USAGE;
    }
    if (ctx->argc <= 1 + takes)
        return 0;
    x8_clean(clean, sizeof clean, ctx->argv[1 + takes], strlen(ctx->argv[1 + takes]));
    x8_fail(err, X8_E_USAGE, "update %s takes %s, not '%s'", verbs[verb],
            takes ? "one bundle" : "no operand", clean);
    x8_error_why(err, takes ? "one run is about one bundle"
                            : "show, apply and legacy-399 take a bundle, the others do not");
    if (verb == CHECK)
        x8_error_next(err, "x8ctl update check --to %s", clean);
    else
        x8_error_next(err, "x8ctl update %s%s", verbs[verb], takes ? " bundle-861" : "");
    return -(int)X8_E_USAGE;
}

static int check_options(int verb, struct x8_error *err)
{
    for (size_t i = 0; i < X8_COUNT(owners); i++) {
        int given = owners[i].flag ? *owners[i].flag : *owners[i].text != NULL;

        if (!given || (owners[i].verbs & ON(verb)))
            continue;
        return x8_wrong_verb(&x8_cmd_update, verbs[verb], owners[i].name, err);
    }
    if (verb == CHECK && !x8_update_opt.to &&
        (x8_update_opt.target || x8_update_opt.keep_apps || x8_update_opt.full ||
         x8_update_opt.trust_root || x8_update_opt.allow_downgrade)) {
        x8_fail(err, X8_E_USAGE, "update check knows no bundle that this could be said of");
        x8_error_why(err, "without --to it says what the board runs and what waits there");
        x8_error_next(err, "x8ctl update check --to bundle-861");
        return -(int)X8_E_USAGE;
    }
    return 0;
}

static int takes(const char *verb, const char *option)
{
    for (size_t i = 0; i < X8_COUNT(owners); i++)
        for (unsigned k = 0; verbs[k] && strcmp(owners[i].name, option) == 0; k++)
            if (strcmp(verbs[k], verb) == 0)
                return (owners[i].verbs & ON(k)) != 0;
    return 1;
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    const char *path = ctx->argc > 1 ? ctx->argv[1] : NULL;
    int verb = 0, rc;

    while (ctx->argc && verbs[verb] && strcmp(verbs[verb], ctx->argv[0]) != 0)
        verb++;
    if (!ctx->argc || !verbs[verb])
        return not_a_verb(ctx, err);
    rc = check_operands(ctx, verb, err);
    if (rc == 0)
        rc = check_options(verb, err);
    if (rc < 0)
        return rc;
    switch (verb) {
    case CHECK:
        return x8_update_run_check(ctx, err);
    case SHOW:
        return x8_update_run_show(ctx, path, err);
    case APPLY:
        return x8_update_run_apply(ctx, path, err);
    case STATUS:
        return x8_update_run_status(ctx, err);
    case FINISH:
        return x8_update_run_finish(ctx, err);
    case ROLLBACK:
        return x8_update_run_rollback(ctx, err);
    default:
        return x8_update_run_legacy(ctx, path, err);
    }
}

static const struct x8_opt opts[] = {
    {"to", 0, X8_OPT_STRING, &x8_update_opt.to, "BUNDLE", NULL,
     "check: the bundle that the board should be updated to", "file"},
    {"target", 0, X8_OPT_STRING, &x8_update_opt.target, "NAME", NULL,
     "name or version of a target, of a bundle with several (without: the newest)", NULL},
    {"deep", 0, X8_OPT_FLAG, &x8_update_opt.deep, NULL, NULL,
     "show: read every object and compare its checksum, as check and apply do", NULL},
    {"trust-root", 0, X8_OPT_STRING, &x8_update_opt.trust_root, "FILE", NULL,
     "a root.json that is trusted, instead of the board's own", "file"},
    {"keep-apps", 0, X8_OPT_FLAG, &x8_update_opt.keep_apps, NULL, NULL,
     "containers of no app of the target run again afterwards", NULL},
    {"allow-downgrade", 0, X8_OPT_FLAG, &x8_update_opt.allow_downgrade, NULL, NULL,
     "also to a version that is older than the board's", NULL},
    {"no-reboot", 0, X8_OPT_FLAG, &x8_update_opt.no_reboot, NULL, NULL,
     "apply: end before the restart, with status 3; x8ctl update finish does the rest", NULL},
    {"full", 0, X8_OPT_FLAG, &x8_update_opt.full, NULL, NULL,
     "send everything, whatever the board has; install also what it runs already", NULL},
    {"health", 0, X8_OPT_STRING, &x8_update_opt.health, "FILE", NULL,
     "apply: checks that the updated board has to pass, as with x8ctl wait --health", "file"},
    {"wait", 0, X8_OPT_DURATION, &x8_update_opt.wait_ms, "DUR", NULL,
     "how long the board may take to come back from each restart (5m)", NULL},
    {"tool", 0, X8_OPT_STRING, &x8_update_opt.tool, "FILE", NULL,
     "legacy-399: Arduino's aklite-offline-399.tar.gz", "file"},
    {"offline", 0, X8_OPT_FLAG, &x8_store_opt.offline, NULL, NULL,
     "a BUNDLE that is an address: what is in the cache is enough, or it fails", NULL},
    {"ca-file", 0, X8_OPT_STRING, &x8_store_opt.ca_file, "FILE", NULL,
     "certificates (PEM) of those who may vouch for servers, as a company's own", "file"},
    {"forget", 0, X8_OPT_FLAG, &x8_update_opt.forget, NULL, NULL,
     "finish: drop the journal of an update that is of no interest any more", NULL},
    {NULL, 0, X8_OPT_FLAG, NULL, NULL, NULL, NULL, NULL},
};
static const struct x8_example examples[] = {
    {"x8ctl update show bundle-861", "what is in a bundle, who signed it, until when"},
    {"x8ctl update check --to bundle-861", "all checks against the board, nothing is changed"},
    {"x8ctl update apply bundle-861", "send what is new, install, restart, confirm"},
    {"x8ctl update apply 861.tar.gz -y --health ok.json", "for a script"},
    {"x8ctl update finish", "go on after a power cut, a Ctrl-C, a closed laptop"},
    {"x8ctl update status --json", "what the board runs, and what waits"},
    {NULL, NULL},
};
static const unsigned char exits[] = {2,  3,  4,  10, 11, 12, 13, 14, 15, 16, 17, 20, 21,  22,  23,
                                      24, 25, 26, 30, 31, 33, 34, 35, 36, 40, 41, 50, 130, 143, 0};

const struct x8_cmd x8_cmd_update = {
    .name = "update",
    .group = "update",
    .summary = "update the board's system in place, from an offline bundle",
    .usage = "WORD [BUNDLE]",
    .verbs = verbs,
    .takes = takes,
    .complete = "file",
    .description =
        "WORD is check, show, apply, status, finish, rollback or legacy-399; show, apply\n"
        "and legacy-399 take a BUNDLE. That is a folder with tuf/, ostree_repo/ and\n"
        "apps/, or an archive of one (.tar, .tar.gz, .tar.zst): what fioctl makes and\n"
        "Arduino offers as offline-update-NUMBER.tar.gz; or its address (https://...):\n"
        "the file is kept in the cache. An image for x8ctl flash is none.\n"
        "\n"
        "show needs no board. Status 0: nothing speaks against the bundle; else that of\n"
        "the first thing that does: 22 for a signature, a date that is over, or an\n"
        "object with a wrong checksum.\n"
        "\n"
        "check does what apply does before it changes anything: the whole bundle, the\n"
        "board's clock, hardware, tags, space, containers. Status 0: an update is\n"
        "possible and changes something; 4: the board runs this target already. Without\n"
        "--password-file some of it stays unknown, and the verdict says so. Without --to\n"
        "it says what the board runs and what waits there, as status does, and whether\n"
        "the catalogue (x8ctl image list, X8CTL_IMAGE_INDEX) knows a newer image.\n"
        "\n"
        "apply sends only what the board lacks, and has aklite-offline install it into\n"
        "a second place; the running system stays as it is until the restart. Success\n"
        "means that the new system runs and is confirmed, and never an exit code alone.\n"
        "If it does not come up, or its apps do not, the board goes back to the old one\n"
        "(33). Containers that belong to no app of the target are named first. With\n"
        "--keep-apps they run again at the end: until then docker is told to restart\n"
        "them by itself, and the units that may empty /var/lib/docker are switched off,\n"
        "as Arduino's manual advises; they stay off.\n"
        "\n"
        "The state folder has a journal for each board. finish goes on where an update\n"
        "was cut off, or says why that is not possible. rollback deploys the system from\n"
        "before, where the board can do that; elsewhere it names the way.\n"
        "\n"
        "legacy-399: image 399 has no aklite-offline. The one that Arduino offers for it\n"
        "does the first half, the updated system the second.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl flash, x8ctl wait, x8ctl reboot, x8ctl info",
    .logged = "apply finish rollback legacy-399",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS,
    .run = run,
};
