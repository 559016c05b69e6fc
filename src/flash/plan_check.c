/*
 * The check of one step: its file is found, opened, recognised and fits the place it goes to,
 * before any board is touched.
 */
#include "flash/ivt.h"
#include "flash/plan.h"

#include "util/text.h"

#include <stdlib.h>
#include <string.h>

#define LOADER_MAX   (32u << 20)  /* loaders are about 1 MiB; the largest mfgtool FITs 30 */
#define DOWNLOAD_MAX (512u << 20) /* download -f of a kernel FIT */
#define BMAP_MAX     (32u << 20)
#define HEAD_LEN     (64u << 10)
#define SIT_TAG      0x00112233u

static enum x8_role wanted_role(const struct x8_command *command)
{
    const struct x8_place *place = x8_place_of(command->partition);

    if (command->verb == X8_VERB_BOOT && command->proto == X8_PROTO_SDP)
        return X8_ROLE_MFG_SPL;
    if (command->verb == X8_VERB_WRITE && command->proto == X8_PROTO_SDPV)
        return X8_ROLE_MFG_FIT;
    if (command->verb != X8_VERB_FLASH || !place)
        return X8_ROLE_OTHER;
    switch (place->holds) {
    case X8_HOLDS_DISK:
        return X8_ROLE_OS;
    case X8_HOLDS_IVT:
        return X8_ROLE_SPL;
    case X8_HOLDS_FIT:
        return X8_ROLE_FIT;
    case X8_HOLDS_SIT:
        return X8_ROLE_SIT;
    case X8_HOLDS_ANY:
        break;
    }
    return X8_ROLE_OTHER;
}

static int not_a(const struct x8_step *step, const char *what, struct x8_error *err)
{
    char detail[sizeof err->msg];

    x8_copy(detail, sizeof detail, err->msg);
    x8_fail(err, X8_E_BAD_IMAGE, "%s is not %s", x8_input_name(&step->input), what);
    x8_error_why(err, "%s", detail);
    x8_error_next(err, "use the files of one release together, as they were downloaded");
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
    if (step->bytes.len == 0) {
        x8_fail(err, X8_E_BAD_IMAGE, "%s is empty", x8_input_name(&step->input));
        x8_error_next(err, "download the release again");
        return -(int)X8_E_BAD_IMAGE;
    }
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

/* Does the table of the image agree with what is known of its size? A cut image shows here, before
 * the board is touched. */
static int check_table(const struct x8_plan *plan, struct x8_step *step, struct x8_span head,
                       struct x8_error *err)
{
    struct x8_parttable table;
    int rc = x8_parttable_read(head, &table, err);

    if (rc < 0) {
        x8_error_prefix(err, "%s", x8_input_name(&step->input));
        return rc;
    }
    if (table.kind == X8_TABLE_NONE && plan->options.is_flash) {
        x8_fail(err, X8_E_BAD_IMAGE, "%s is not a disk image", x8_input_name(&step->input));
        x8_error_why(err, "it has no partition table (MBR or GPT) and is no sparse image");
        x8_error_next(err, "use the .wic or .wic.gz of a Portenta X8 release");
        return -(int)X8_E_BAD_IMAGE;
    }
    if (step->size != UINT64_MAX && step->size_exact && table.end > step->size) {
        x8_fail(err, X8_E_BAD_IMAGE, "%s is cut short", x8_input_name(&step->input));
        x8_error_why(err, "its partitions end at byte %llu, the image at %llu",
                     (unsigned long long)table.end, (unsigned long long)step->size);
        x8_error_next(err, "download the image again");
        return -(int)X8_E_BAD_IMAGE;
    }
    return 0;
}

/* The first bytes of an image, decoded: empty, tiny, damaged and unknown inputs end here. */
static int check_head(const struct x8_plan *plan, struct x8_step *step, struct x8_error *err)
{
    X8_AUTO_READER reader = NULL;
    X8_AUTO_BUF head = {0};
    uint8_t more;
    ssize_t n;
    int rc = x8_input_open(plan->set, &step->input, &reader, err);

    if (rc < 0)
        return rc;
    if (x8_buf_reserve(&head, HEAD_LEN) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    n = x8_read_full(reader, head.data, HEAD_LEN, err);
    if (n < 0)
        return (int)n;
    head.len = (size_t)n;
    if (n == 0) {
        x8_fail(err, X8_E_BAD_IMAGE, "%s is empty", x8_input_name(&step->input));
        x8_error_next(err, "download the image again");
        return -(int)X8_E_BAD_IMAGE;
    }
    if (n < (ssize_t)HEAD_LEN || (n = x8_read(reader, &more, 1, err)) == 0) {
        step->size = head.len;
        step->size_exact = 1;
    } else if (n < 0) {
        return (int)n;
    }
    step->is_sparse = x8_sparse_is(x8_buf_span(&head));
    return step->is_sparse ? 0 : check_table(plan, step, x8_buf_span(&head), err);
}

static int load_bmap(const struct x8_op *op, const struct x8_plan *plan, struct x8_step *step,
                     struct x8_error *err)
{
    struct x8_input map = {0};
    X8_AUTO_BUF xml = {0};
    const char *named = step->command->bmap;
    int substituted, rc;

    if (step->command->no_bmap || step->is_sparse)
        return 0;
    if (named) {
        rc = x8_input_find(plan->set, plan->script_dir, named, X8_ROLE_OTHER, &map, &substituted,
                           err);
        if (rc < 0)
            return rc;
    } else if (!x8_input_find_bmap(plan->set, &step->input, &map)) {
        return 0;
    }
    rc = x8_input_load(plan->set, &map, BMAP_MAX, &xml, err);
    if (rc == 0)
        rc = x8_bmap_parse(x8_buf_span(&xml), &step->bmap, err);
    if (rc < 0) {
        x8_error_prefix(err, "%s", x8_input_name(&map));
        if (!err->next[0])
            x8_error_next(err, "remove the block map to flash without it, or download it again");
    } else {
        step->has_bmap = 1;
        x8_emit(op, X8_EV_DETAIL, "block map %s: %zu ranges", x8_input_name(&map),
                step->bmap.count);
    }
    x8_input_done(&map);
    return rc;
}

static int apply_bmap(const struct x8_plan *plan, struct x8_step *step, struct x8_error *err)
{
    int n;

    if (!step->has_bmap)
        return 0;
    if (step->size_exact && step->size != step->bmap.image_size) {
        x8_fail(err, X8_E_BAD_DIGEST, "the block map does not belong to %s",
                x8_input_name(&step->input));
        x8_error_why(err, "the map is for %llu bytes, the image has %llu",
                     (unsigned long long)step->bmap.image_size, (unsigned long long)step->size);
        x8_error_next(err, "remove the block map, or use the one made for this image");
        return -(int)X8_E_BAD_DIGEST;
    }
    step->size = step->bmap.image_size;
    step->size_exact = 1;
    /* Unmapped blocks are written as they are in the image unless somebody asked to leave them: the
     * eMMC was not erased. */
    if (!plan->options.skip_unused && !step->command->bmap)
        return 0;
    n = x8_bmap_gaps(&step->bmap, &step->gaps, err);
    if (n < 0)
        return n;
    step->gap_count = (size_t)n;
    return 0;
}

static int check_image(const struct x8_op *op, struct x8_plan *plan, struct x8_step *step,
                       struct x8_error *err)
{
    int rc;

    step->is_streamed = 1;
    step->size = x8_input_size(plan->set, &step->input, &step->size_exact);
    rc = check_head(plan, step, err);
    if (rc == 0)
        rc = load_bmap(op, plan, step, err);
    if (rc == 0)
        rc = apply_bmap(plan, step, err);
    return rc;
}

static int check_flash(const struct x8_op *op, struct x8_plan *plan, struct x8_step *step,
                       struct x8_error *err)
{
    const struct x8_command *command = step->command;
    int rc;

    step->place = x8_place_of(command->partition);
    if (!x8_place_is_raw(command->partition) && !command->scan_term)
        return check_image(op, plan, step, err);
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
        return x8_fail(err, X8_E_BAD_IMAGE, "%s is empty", x8_input_name(&step->input));
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
    int rc = x8_input_find(plan->set, plan->script_dir, command->file, wanted_role(command),
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

static int check_then(const struct x8_op *op, struct x8_plan *plan, struct x8_step *step,
                      struct x8_error *err)
{
    step->then = calloc(1, sizeof *step->then);
    if (!step->then)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    step->then->command = step->command->then;
    return x8_plan_check_step(op, plan, step->then, err);
}

int x8_plan_check_step(const struct x8_op *op, struct x8_plan *plan, struct x8_step *step,
                       struct x8_error *err)
{
    const struct x8_command *command = step->command;
    int rc;

    step->size = UINT64_MAX;
    if ((x8_command_risks(command) & X8_RISK_HOST) && !plan->options.allow_host)
        return refuse_host(command, err);
    if (command->verb == X8_VERB_IF)
        return check_then(op, plan, step, err);
    /* upload writes its file; everything else that names one reads it. */
    if (!command->file || command->verb == X8_VERB_UPLOAD)
        return 0;
    rc = find_input(op, plan, step, err);
    if (rc < 0)
        return rc;
    if (command->verb == X8_VERB_FLASH)
        return check_flash(op, plan, step, err);
    if (command->proto == X8_PROTO_FB || command->proto == X8_PROTO_FBK)
        return load_bytes(plan, step, DOWNLOAD_MAX, err);
    return check_loader(plan, step, err);
}
