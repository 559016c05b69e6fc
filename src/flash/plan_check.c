/*
 * The check of one step: its file is found, opened, recognised and fits the place it goes to,
 * before any board is touched.
 */
#include "flash/ivt.h"
#include "flash/plan.h"
#include "flash/risks.h"

#include "util/text.h"

#include <stdlib.h>
#include <string.h>

#define LOADER_MAX        (32u << 20)  /* loaders are about 1 MiB; the largest mfgtool FITs 30 */
#define DOWNLOAD_MAX      (512u << 20) /* download -f of a kernel FIT */
#define LOADER_SCRIPT_MAX (1u << 20)   /* what is larger is no script */
#define SIT_TAG           0x00112233u
/* Images end with their last partition, give or take alignment. */
#define SLACK_MAX (64u << 20)

static int not_a(const struct x8_step *step, const char *what, struct x8_error *err)
{
    char detail[sizeof err->msg];

    x8_copy(detail, sizeof detail, err->msg);
    x8_fail(err, X8_E_BAD_IMAGE, "%s is not %s", x8_input_name(&step->input), what);
    x8_error_why(err, "%s", detail);
    x8_error_next(err, "use the files of one release together, as they were downloaded");
    return -(int)X8_E_BAD_IMAGE;
}

static int is_empty(const struct x8_step *step, struct x8_error *err)
{
    x8_fail(err, X8_E_BAD_IMAGE, "%s is empty", x8_input_name(&step->input));
    x8_error_why(err, "there is not a single byte in it");
    x8_error_next(err, "download the release again");
    return -(int)X8_E_BAD_IMAGE;
}

static int check_ivt(const struct x8_plan *plan, const struct x8_step *step, struct x8_error *err)
{
    struct x8_ivt_search search = {0};
    struct x8_ivt ivt;
    char why[128];

    if (x8_ivt_find(x8_buf_span(&step->bytes), &search, &ivt, err) < 0)
        return not_a(step, "a boot image", err);
    if (!plan->options.is_flash || x8_ivt_suits_8mm(&ivt, why))
        return 0;
    x8_fail(err, X8_E_MISFIT, "%s is a loader for another chip", x8_input_name(&step->input));
    x8_error_why(err, "%s", why);
    x8_error_next(err, "use the files of a Portenta X8 release (i.MX 8M Mini)");
    return -(int)X8_E_MISFIT;
}

static int check_fit(const struct x8_step *step, struct x8_error *err)
{
    struct x8_span file = x8_buf_span(&step->bytes);
    uint64_t offset = 0;

    if (x8_fit_find(file, 0, &offset, err) < 0 || x8_fit_check(file, offset, NULL, err) < 0)
        return not_a(step, "a FIT (U-Boot) image", err);
    return 0;
}

static int check_sit(const struct x8_step *step, struct x8_error *err)
{
    const struct x8_buf *bytes = &step->bytes;

    if (bytes->len >= 20 && x8_get_le32(bytes->data + 8) == SIT_TAG)
        return 0;
    x8_fail(err, X8_E_BAD_IMAGE, "no secondary image table tag");
    return not_a(step, "a secondary image table", err);
}

/* Boot areas: the whole file is at hand; its kind and its size are known before the board is
 * touched. */
static int check_boot_part(const struct x8_plan *plan, const struct x8_step *step,
                           struct x8_error *err)
{
    const struct x8_place *place = step->place;

    if (place && place->max && step->bytes.len > place->max) {
        x8_fail(err, X8_E_MISFIT, "%s does not fit into partition %s", x8_input_name(&step->input),
                place->name);
        x8_error_why(err, "it has %zu bytes, %s holds %llu", step->bytes.len, place->words,
                     (unsigned long long)place->max);
        x8_error_next(err, "use the loader of a Portenta X8 release");
        return -(int)X8_E_MISFIT;
    }
    if (step->bytes.len == 0)
        return is_empty(step, err);
    if (place && place->holds == X8_HOLDS_IVT)
        return check_ivt(plan, step, err);
    if (place && place->holds == X8_HOLDS_FIT)
        return check_fit(step, err);
    if (place && place->holds == X8_HOLDS_SIT)
        return check_sit(step, err);
    return 0;
}

static int load_bytes(const struct x8_plan *plan, struct x8_step *step, size_t max,
                      struct x8_error *err)
{
    int rc = x8_input_load(plan->set, &step->input, max, &step->bytes, err);

    step->size = step->bytes.len;
    step->size_exact = 1;
    return rc;
}

static int check_flash(const struct x8_op *op, struct x8_plan *plan, struct x8_step *step,
                       struct x8_error *err)
{
    const struct x8_command *command = step->command;
    int rc;

    step->place = x8_place_of(command->partition);
    if (!x8_place_is_raw(command->partition) && !command->scan_term)
        return x8_plan_check_image(op, plan, step, err);
    rc = load_bytes(plan, step, LOADER_MAX, err);
    if (rc == 0 && !command->scan_term)
        rc = check_boot_part(plan, step, err);
    return rc;
}

static int check_loader(const struct x8_plan *plan, struct x8_step *step, struct x8_error *err)
{
    const struct x8_command *command = step->command;
    int rc = load_bytes(plan, step, LOADER_MAX, err);

    if (rc < 0)
        return rc;
    if (step->bytes.len == 0)
        return is_empty(step, err);
    if (command->proto == X8_PROTO_SDP && command->verb == X8_VERB_BOOT)
        return check_ivt(plan, step, err);
    if (command->proto == X8_PROTO_SDPV && command->verb == X8_VERB_WRITE && !command->has_addr &&
        plan->options.is_flash)
        return check_fit(step, err);
    return 0;
}

static int find_input(const struct x8_op *op, struct x8_plan *plan, struct x8_step *step,
                      struct x8_error *err)
{
    const struct x8_command *command = step->command;
    int substituted = 0;
    int rc = x8_input_find(plan->set, plan->script_dir, command->file, x8_input_role(command),
                           &step->input, &substituted, err);

    if (rc == 0 && substituted)
        x8_emit(op, X8_EV_NOTICE, "script line %d: %s is not there, %s takes its place",
                command->line, command->file, x8_input_name(&step->input));
    return rc;
}

static int refuse_host(const struct x8_command *command, struct x8_error *err)
{
    x8_fail(err, X8_E_REFUSED, "the script wants to run a command on this computer");
    x8_error_why(err, "it says: %s", command->text);
    x8_error_next(err, "read the script, then allow it with --allow-host-commands");
    return -(int)X8_E_REFUSED;
}

/* A script out of an archive would send any file of this computer to the board, or write over it.
 */
static int check_reach(const struct x8_plan *plan, const struct x8_command *command,
                       const char *name, struct x8_error *err)
{
    int is_upload = command->verb == X8_VERB_UPLOAD;
    struct x8_file_ref ref;
    int rc;

    if (!name || !plan->script_is_packed || plan->options.allow_host)
        return 0;
    rc = x8_file_ref_parse(name, &ref, err);
    if (rc < 0 || (!ref.from_cwd && !ref.is_absolute && !is_upload))
        return rc;
    x8_fail(err, X8_E_REFUSED, "the script wants to %s a file of this computer",
            is_upload ? "write" : "read");
    x8_error_why(err, "it came in an archive, and says: %s", command->text);
    x8_error_next(err, "read the script, then allow it with --allow-host-commands");
    return -(int)X8_E_REFUSED;
}

static int cannot_run(const struct x8_command *command, struct x8_error *err)
{
    x8_fail(err, X8_E_REFUSED, "%s cannot be run", x8_verb_name(command->verb));
    x8_error_why(err, "x8ctl does not copy files from and to the vendor's service in Linux");
    x8_error_next(err, "remove the line: nothing was sent to the board");
    return -(int)X8_E_REFUSED;
}

static int check_then(const struct x8_op *op, struct x8_plan *plan, struct x8_step *step,
                      struct x8_error *err)
{
    int rc;

    step->then = calloc(1, sizeof *step->then);
    if (!step->then)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    step->then->command = step->command->then;
    rc = x8_plan_check_step(op, plan, step->then, err);
    step->risks |= step->then->risks;
    return rc;
}

/* "source", "env import": what was downloaded before is run, or becomes variables that are. */
static int runs_downloads(const struct x8_script *script)
{
    for (size_t i = 0; i < script->count; i++) {
        const struct x8_command *c = &script->commands[i];
        const char *text;

        while (c->then)
            c = c->then;
        text = x8_command_shell_text(c);
        if (text && (strstr(text, "source") || strstr(text, "import") || strstr(text, "autoscr")))
            return 1;
    }
    return 0;
}

/* A download that the loader may run: its text is searched as the script's own. */
static int check_download(const struct x8_plan *plan, struct x8_step *step, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc = load_bytes(plan, step, DOWNLOAD_MAX, err);

    if (rc < 0 || !step->bytes.len || step->bytes.len > LOADER_SCRIPT_MAX ||
        !runs_downloads(&plan->script))
        return rc;
    if (x8_buf_add(&text, step->bytes.data, step->bytes.len) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    for (size_t i = 0; i < text.len; i++)
        if (!text.data[i])
            text.data[i] = '\n';
    step->risks |= x8_shell_risks(X8_PROTO_FB, x8_buf_text(&text));
    return 0;
}

int x8_plan_check_step(const struct x8_op *op, struct x8_plan *plan, struct x8_step *step,
                       struct x8_error *err)
{
    const struct x8_command *command = step->command;
    int rc;

    step->size = UINT64_MAX;
    step->risks = x8_command_risks(command);
    if ((step->risks & X8_RISK_HOST) && !plan->options.allow_host)
        return refuse_host(command, err);
    if (command->verb == X8_VERB_UCP)
        return cannot_run(command, err);
    if (command->verb == X8_VERB_IF)
        return check_then(op, plan, step, err);
    rc = check_reach(plan, command, command->file, err);
    if (rc == 0)
        rc = check_reach(plan, command, command->bmap, err);
    if (rc < 0)
        return rc;
    /* upload writes its file; everything else that names one reads it. */
    if (!command->file || command->verb == X8_VERB_UPLOAD)
        return 0;
    rc = find_input(op, plan, step, err);
    if (rc < 0)
        return rc;
    if (command->verb == X8_VERB_FLASH)
        return check_flash(op, plan, step, err);
    if (command->proto == X8_PROTO_FB || command->proto == X8_PROTO_FBK)
        return check_download(plan, step, err);
    return check_loader(plan, step, err);
}
