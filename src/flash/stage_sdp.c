/*
 * The boot ROM's and the SPL's stage: commands over HID.
 */
#include "flash/job.h"
#include "util/text.h"

#include <string.h>

/* The ROM answers at once; DDR training of a loader that runs as plugin takes longer. */
#define REPORT_LIMIT_MS 5000
#define LOG_SILENCE_MS  2000
#define LOG_REPORTS_MAX 1024

static struct x8_sdp sdp_of(struct x8_job *job, const struct x8_command *command)
{
    return (struct x8_sdp){.link = job->link,
                           .op = &job->op,
                           .rom = x8_rom_of(&job->chip),
                           .timeout_ms = command->timeout_ms > REPORT_LIMIT_MS ? command->timeout_ms
                                                                               : REPORT_LIMIT_MS};
}

static struct x8_boot_options boot_options(const struct x8_command *command)
{
    return (struct x8_boot_options){.no_jump = command->no_jump,
                                    .clear_dcd = command->clear_dcd,
                                    .has_dcd_addr = command->has_dcd_addr,
                                    .dcd_addr = command->dcd_addr,
                                    .scan_limit = command->has_scan_limit ? command->scan_limit : 0,
                                    .barebox = command->barebox};
}

static int wrong_chip(const struct x8_job *job, const struct x8_step *step, const char *why,
                      struct x8_error *err)
{
    x8_fail(err, X8_E_MISFIT, "%s is a loader for another chip than %s",
            x8_input_name(&step->input), job->chip.chip);
    x8_error_why(err, "%s", why);
    x8_error_next(err, "use the files of a release for this board");
    return -(int)X8_E_MISFIT;
}

static int boot(struct x8_job *job, struct x8_sdp *sdp, const struct x8_step *step,
                struct x8_error *err)
{
    struct x8_boot_options options = boot_options(step->command);
    struct x8_ivt_search search = {.limit = options.scan_limit};
    struct x8_ivt ivt;
    char why[128];

    if (sdp->rom->is_stream)
        return x8_sdps_boot(sdp, x8_buf_span(&step->bytes), step->command->offset, err);
    if (strcmp(job->chip.chip, "MX8MM") == 0 &&
        x8_ivt_find(x8_buf_span(&step->bytes), &search, &ivt, err) == 0 &&
        !x8_ivt_suits_8mm(&ivt, why))
        return wrong_chip(job, step, why, err);
    return x8_sdp_boot(sdp, x8_buf_span(&step->bytes), &options, err);
}

/* The bytes that a `write` sends, and where to. */
static int write_range(const struct x8_job *job, const struct x8_step *step, struct x8_span *data,
                       uint32_t *addr, struct x8_error *err)
{
    const struct x8_command *command = step->command;
    struct x8_span file = x8_buf_span(&step->bytes);
    uint64_t offset = command->has_offset ? command->offset : 0;
    int rc = 0;

    *addr = command->has_addr ? (uint32_t)command->addr : 0;
    if (command->has_ivt) {
        struct x8_ivt_search search = {.limit = command->scan_limit, .index = command->ivt};
        struct x8_ivt ivt;

        rc = x8_ivt_find(file, &search, &ivt, err);
        if (rc == 0) {
            *data = ivt.load;
            *addr = ivt.self;
        }
        return rc;
    }
    if (command->scan_term)
        rc = x8_scan_term(file, command->has_scan_limit ? command->scan_limit : 0, &file, err);
    if (rc == 0 && command->skip_fhdr)
        offset += x8_flash_header_skip(file, offset);
    if (rc == 0 && command->skip_spl) {
        if (job->chip.proto != X8_PROTO_SDPV)
            return x8_fail(err, X8_E_WRONG_STATE, "-skipspl works in the SPL stage (SDPV:) only");
        rc = x8_skip_spl(file, offset, &offset, err);
    }
    if (rc < 0)
        return rc;
    if (offset >= file.len)
        return x8_fail(err, X8_E_BAD_IMAGE, "%s: offset %llu lies behind the end of the file",
                       x8_input_name(&step->input), (unsigned long long)offset);
    *data = (struct x8_span){file.data + offset, file.len - (size_t)offset};
    return 0;
}

static int write_file(struct x8_job *job, struct x8_sdp *sdp, const struct x8_step *step,
                      struct x8_error *err)
{
    struct x8_span data;
    uint32_t addr;
    int rc = write_range(job, step, &data, &addr, err);

    return rc < 0 ? rc : x8_sdp_write(sdp, addr, data, err);
}

static int jump(struct x8_job *job, struct x8_sdp *sdp, const struct x8_step *step,
                struct x8_error *err)
{
    const struct x8_command *command = step->command;
    struct x8_ivt_search search = {.limit = command->scan_limit, .index = command->ivt};
    struct x8_ivt ivt;
    int rc;

    if (job->chip.proto != X8_PROTO_SDP)
        return x8_sdp_jump(sdp, command->has_addr ? (uint32_t)command->addr : 0, err);
    /* In the ROM's stage the address comes from the file's IVT. */
    if (!step->bytes.len)
        return x8_fail(err, X8_E_USAGE, "jump needs -f FILE in the boot ROM's stage");
    rc = x8_ivt_find(x8_buf_span(&step->bytes), &search, &ivt, err);
    return rc < 0 ? rc : x8_sdp_ivt_jump(sdp, &ivt, command->clear_dcd, err);
}

static int dcd(struct x8_sdp *sdp, const struct x8_step *step, struct x8_error *err)
{
    const struct x8_command *command = step->command;
    struct x8_ivt_search search = {.limit = command->scan_limit};
    struct x8_error ignored;
    struct x8_ivt ivt;

    /* An image without IVT or DCD has nothing to send: success, as in the vendor's tool. */
    if (x8_ivt_find(x8_buf_span(&step->bytes), &search, &ivt, &ignored) < 0 || !ivt.dcd_bytes.len)
        return 0;
    return x8_sdp_dcd_write(sdp, command->has_dcd_addr ? command->dcd_addr : sdp->rom->free_addr,
                            ivt.dcd_bytes, err);
}

static int read_memory(struct x8_job *job, struct x8_sdp *sdp, const struct x8_command *command,
                       struct x8_error *err)
{
    uint32_t value;
    int rc = x8_sdp_read_register(sdp, (uint32_t)command->addr, command->bits, &value, err);

    if (rc == 0)
        x8_emit(&job->op, X8_EV_NOTICE, "0x%08llx: 0x%0*x", (unsigned long long)command->addr,
                (int)command->bits / 4, (unsigned)value);
    return rc;
}

static int status(struct x8_job *job, struct x8_sdp *sdp, struct x8_error *err)
{
    char text[160];
    uint32_t word;
    int rc = x8_sdp_status(sdp, &word, err);

    if (rc < 0)
        return rc;
    x8_hab_text(text, word);
    x8_emit(&job->op, X8_EV_NOTICE, "HAB status 0x%08x: %s", (unsigned)word, text);
    return 0;
}

/* Log reports of the ROM until it is silent. */
static int show_log(struct x8_job *job, struct x8_error *err)
{
    struct x8_error silence;

    for (int i = 0; i < LOG_REPORTS_MAX; i++) {
        uint8_t report[65];
        char text[sizeof report];
        ssize_t n = x8_recv(job->link, &job->op, report, sizeof report, LOG_SILENCE_MS, &silence);

        if (n < 0 && (x8_code_of((int)n) == X8_E_TIMEOUT || x8_code_of((int)n) == X8_E_GONE))
            return 0;
        if (n < 0) {
            *err = silence;
            return (int)n;
        }
        if (n < 2)
            continue;
        x8_clean(text, sizeof text, report + 1, strnlen((char *)report + 1, (size_t)n - 1));
        x8_emit(&job->op, X8_EV_NOTICE, "rom: %s", text);
    }
    return 0;
}

static int run_step(struct x8_job *job, const struct x8_step *step, struct x8_error *err)
{
    const struct x8_command *command = step->command;
    struct x8_sdp sdp = sdp_of(job, command);
    int rc = x8_cancel_check(job->op.cancel, X8_CANCEL_SOFT, err);

    if (rc < 0)
        return rc;
    rc = x8_common_verb(job, step, run_step, err);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    x8_emit(&job->op, X8_EV_DETAIL, "%s", command->text);
    switch (command->verb) {
    case X8_VERB_BOOT:
        return boot(job, &sdp, step, err);
    case X8_VERB_WRITE:
        return write_file(job, &sdp, step, err);
    case X8_VERB_JUMP:
        return jump(job, &sdp, step, err);
    case X8_VERB_DCD:
        return dcd(&sdp, step, err);
    case X8_VERB_RDMEM:
        return read_memory(job, &sdp, command, err);
    case X8_VERB_WRMEM:
        return x8_sdp_write_register(&sdp, (uint32_t)command->addr, command->bits,
                                     (uint32_t)command->value, err);
    case X8_VERB_STATUS:
        return status(job, &sdp, err);
    case X8_VERB_BLOG:
        return show_log(job, err);
    default:
        return x8_fail(err, X8_E_WRONG_STATE, "%s is no command of this stage",
                       x8_verb_name(command->verb));
    }
}

static int foreign(const struct x8_job *job, struct x8_error *err)
{
    x8_fail(err, X8_E_MISFIT, "the board at usb %s is no Portenta X8", job->port);
    x8_error_why(err, "its boot ROM is that of an %s; the Portenta X8 has an MX8MM",
                 job->chip.chip);
    x8_error_next(err, "choose the right board with -s; x8ctl list shows them");
    return -(int)X8_E_MISFIT;
}

int x8_stage_sdp(struct x8_job *job, struct x8_error *err)
{
    const struct x8_step *step;
    int rc = 0;

    if (job->plan->options.is_flash && x8_proto_height(job->chip.proto) == 1 &&
        strcmp(job->chip.chip, "MX8MM") != 0)
        return foreign(job, err);
    if (!x8_rom_of(&job->chip))
        return x8_fail(err, X8_E_WRONG_STATE, "chip %s is not known", job->chip.chip);
    for (size_t i = 0;
         rc == 0 && !job->is_done && (step = x8_plan_step(job->plan, job->chip.proto, i)); i++) {
        rc = run_step(job, step, err);
        if (rc < 0)
            x8_error_prefix(err, "line %d: %s", step->command->line,
                            x8_verb_name(step->command->verb));
    }
    return rc;
}
