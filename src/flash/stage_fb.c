/*
 * The loader's stage: commands over fastboot.
 */
#include "flash/feed_parts.h"
#include "util/clock.h"
#include "util/digest.h"
#include "util/file.h"
#include "util/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Replies that need no work come within milliseconds; a board that is busy with its console may
 * take seconds. */
#define REPLY_LIMIT_MS 10000
/* A command line of the loader may train, probe or erase something. */
#define COMMAND_LIMIT_MS 60000
#define ERASE_LIMIT_MS   300000
#define UPLOAD_MAX       (64u << 20)
#define CRC_EACH         (64u << 20)

static int limit_of(const struct x8_command *command, int usual)
{
    return command->timeout_ms > usual ? command->timeout_ms : usual;
}

static int getvar(struct x8_job *job, struct x8_fastboot *fb, const struct x8_command *command,
                  struct x8_error *err)
{
    char value[256];
    int rc = x8_fb_getvar(fb, command->variable, value, err);

    if (rc < 0)
        return rc;
    x8_job_set_var(job, command->variable, value);
    /* Of a single command it is the result, which the front end prints. */
    x8_emit(&job->op, job->plan->options.command_line ? X8_EV_DETAIL : X8_EV_NOTICE, "%s: %s",
            command->variable, value);
    return 0;
}

/*
 * Before the first command that destroys anything: does the image fit the eMMC? The loader can tell
 * once its storage is chosen, which scripts do in their first lines.
 */
static int check_capacity(const struct x8_job *job, struct x8_fastboot *fb, struct x8_error *err)
{
    const struct x8_step *os = x8_plan_os(job->plan);
    uint64_t capacity;
    char name[96];
    int rc;

    if (job->result.touched != X8_TOUCHED_NOT || !os || os->size == UINT64_MAX)
        return 0;
    snprintf(name, sizeof name, "partition-size:%s", os->command->partition);
    rc = x8_fb_getvar_u64(fb, name, &capacity, err);
    /* Only a refusal may be passed over: an answer that comes late would count for the next
     * command. */
    if (rc < 0)
        return x8_code_of(rc) == X8_E_REFUSED ? 0 : rc;
    if (!capacity || os->size <= capacity)
        return 0;
    x8_fail(err, X8_E_MISFIT, "%s does not fit into the eMMC", x8_input_name(&os->input));
    x8_error_why(err, "the image has %" PRIu64 " bytes, the board holds %" PRIu64, os->size,
                 capacity);
    x8_error_next(err, "use an image made for this board");
    return -(int)X8_E_MISFIT;
}

static int is_destructive(const struct x8_command *command)
{
    return command->verb == X8_VERB_FLASH || (x8_command_risks(command) & X8_RISK_ERASE);
}

static int ucmd(struct x8_job *job, struct x8_fastboot *fb, const struct x8_command *command,
                struct x8_error *err)
{
    int usual = x8_ucmd_limit_ms(command->rest);
    int rc = x8_fb_ucmd(fb, command->rest, limit_of(command, usual), err);

    /* gzwrite answers OKAY when the eMMC refused; what the loader's own commands wrote is not known
     * here. */
    if (rc < 0 || !(strstr(command->rest, "mmc write") || strstr(command->rest, "gzwrite")))
        return rc;
    return x8_verify_cannot(job, "what the loader's own commands wrote is not read back", err);
}

static int flash(struct x8_job *job, struct x8_fastboot *fb, const struct x8_step *step,
                 struct x8_error *err)
{
    const struct x8_command *command = step->command;
    struct x8_span bytes = x8_buf_span(&step->bytes);
    int rc;

    if (step->is_streamed)
        return x8_feed_image(job, fb, step, err);
    if (command->scan_term) {
        rc = x8_scan_term(bytes, command->has_scan_limit ? command->scan_limit : 0, &bytes, err);
        if (rc < 0)
            return rc;
    }
    return x8_feed_bytes(job, fb, step, bytes, err);
}

static int upload(const struct x8_job *job, struct x8_fastboot *fb,
                  const struct x8_command *command, struct x8_error *err)
{
    char *path;
    X8_AUTO_BUF bytes = {0};
    struct x8_file_ref ref;
    int rc = x8_file_ref_parse(command->file, &ref, err);

    if (rc == 0)
        rc = x8_fb_upload(fb, command->variable, UPLOAD_MAX, &bytes, err);
    if (rc < 0)
        return rc;
    path = ref.from_cwd || ref.is_absolute ? strdup(ref.path)
                                           : x8_path_join(job->plan->host_dir, ref.path);
    rc = path ? x8_file_replace(path, bytes.data, bytes.len, 0644, err)
              : x8_fail(err, X8_E_INTERNAL, "out of memory");
    free(path);
    return rc;
}

/* The script's own format with @off and @size replaced by block numbers in hexadecimal. */
static int expand_format(const char *format, uint64_t off, uint64_t blocks, char out[512])
{
    size_t len = 0;

    while (*format && len + 24 < 512) {
        if (x8_starts(format, "@off")) {
            len += (size_t)snprintf(out + len, 512 - len, "0x%" PRIx64, off);
            format += 4;
        } else if (x8_starts(format, "@size")) {
            len += (size_t)snprintf(out + len, 512 - len, "0x%" PRIx64, blocks);
            format += 5;
        } else {
            out[len++] = *format++;
        }
    }
    out[len] = '\0';
    return *format ? -1 : 0;
}

static int crc_or_write_piece(struct x8_fastboot *fb, const struct x8_command *command,
                              const uint8_t *data, size_t len, uint64_t block, uint32_t blksz,
                              struct x8_error *err)
{
    const char *usual = command->verb == X8_VERB_CRC ? "mmc read $loadaddr @off @size"
                                                     : "mmc write ${fastboot_buffer} @off @size";
    char line[512], sum[96];
    int rc = 0;

    if (expand_format(command->format ? command->format : usual, block, (len + blksz - 1) / blksz,
                      line) < 0)
        return x8_fail(err, X8_E_USAGE, "the format is too long");
    if (command->verb == X8_VERB_FB_WRITE)
        rc = x8_fb_download(fb, data, len, err);
    if (rc == 0)
        rc = x8_fb_ucmd(fb, line, x8_write_limit_ms(len, command->timeout_ms), err);
    if (rc < 0 || command->verb == X8_VERB_FB_WRITE)
        return rc;
    snprintf(sum, sizeof sum, "crc32 -v $loadaddr 0x%zx %08" PRIx32, len, x8_crc32(0, data, len));
    rc = x8_fb_ucmd(fb, sum, x8_write_limit_ms(len, command->timeout_ms), err);
    if (rc < 0 && x8_code_of(rc) == X8_E_REFUSED) {
        x8_fail(err, X8_E_VERIFY, "block 0x%" PRIx64 ": the checksum differs", block);
        x8_error_next(err, "flash once more");
        rc = -(int)X8_E_VERIFY;
    }
    return rc;
}

static int nothing_to_do(const struct x8_step *step, struct x8_error *err)
{
    x8_fail(err, X8_E_USAGE, "%s: nothing of it is left to work on", x8_input_name(&step->input));
    x8_error_why(err, "the file is empty, -skip leaves all of it out, or -each is smaller than a "
                      "block");
    x8_error_next(err, "correct the options of the command");
    return -(int)X8_E_USAGE;
}

/* The file in pieces, each placed by a command line of the script. */
static int in_pieces(struct x8_job *job, struct x8_fastboot *fb, const struct x8_step *step,
                     struct x8_error *err)
{
    const struct x8_command *command = step->command;
    uint32_t blksz = command->blksz ? command->blksz : X8_SECTOR;
    uint64_t each = command->each ? command->each : CRC_EACH;
    uint64_t at = command->skip * blksz, block = command->seek, len = step->bytes.len;
    int rc = 0, first_rc = 0;
    struct x8_error piece_err;

    each -= each % blksz;
    if (!each || command->skip > len / blksz || at >= len)
        return nothing_to_do(step, err);
    for (; rc == 0 && at < len; at += each, block += each / blksz) {
        uint64_t take = len - at < each ? len - at : each;

        rc = x8_cancel_check(job->op.cancel, X8_CANCEL_SOFT, err);
        if (rc < 0)
            return rc;
        rc = crc_or_write_piece(fb, command, step->bytes.data + at, (size_t)take, block, blksz,
                                &piece_err);
        if (rc < 0 && !first_rc) {
            first_rc = rc;
            *err = piece_err;
        }
        /* -nostop: every difference is looked for, and it is an error all the same. */
        if (command->no_stop && x8_code_of(rc) == X8_E_VERIFY)
            rc = 0;
    }
    return first_rc;
}

static int crc_or_write(struct x8_job *job, struct x8_fastboot *fb, const struct x8_step *step,
                        struct x8_error *err)
{
    const struct x8_command *command = step->command;
    uint32_t blksz = command->blksz ? command->blksz : X8_SECTOR;
    struct x8_flash_target *target;
    int rc = in_pieces(job, fb, step, err);

    if (rc < 0 || command->verb == X8_VERB_CRC)
        return rc;
    /* Where it went only the loader's command line knows. */
    target = x8_job_target(job, step, "(write)");
    target->bytes = step->bytes.len;
    target->sent = target->written = step->bytes.len - command->skip * blksz;
    return x8_verify_cannot(job, "a write line of the script is not read back; a crc line can",
                            err);
}

static int simple(struct x8_fastboot *fb, const struct x8_command *command, const char *word,
                  struct x8_error *err)
{
    char line[512];

    if (snprintf(line, sizeof line, "%s%s", word, command->rest ? command->rest : "") >=
        (int)sizeof line)
        return x8_fail(err, X8_E_USAGE, "the command is too long");
    return x8_fb_command(fb, line, limit_of(command, COMMAND_LIMIT_MS), NULL, err);
}

/* "create-logical-partition NAME SIZE" travels as "...:NAME:%08x". */
static int logical_partition(struct x8_fastboot *fb, const struct x8_command *command,
                             struct x8_error *err)
{
    char line[512];

    if (command->verb == X8_VERB_DELETE_PARTITION || command->verb == X8_VERB_UPDATE_SUPER)
        snprintf(line, sizeof line, "%s:%s", x8_verb_name(command->verb), command->rest);
    else
        snprintf(line, sizeof line, "%s:%s:%08" PRIx64, x8_verb_name(command->verb),
                 command->partition, command->value);
    for (char *p = line; *p; p++)
        if (*p == ' ')
            *p = ':';
    return x8_fb_command(fb, line, limit_of(command, COMMAND_LIMIT_MS), NULL, err);
}

static int fastboot_verb(struct x8_job *job, struct x8_fastboot *fb, const struct x8_step *step,
                         struct x8_error *err)
{
    const struct x8_command *command = step->command;
    char line[160];

    switch (command->verb) {
    case X8_VERB_GETVAR:
        return getvar(job, fb, command, err);
    case X8_VERB_UCMD:
        return ucmd(job, fb, command, err);
    case X8_VERB_ACMD:
        return x8_fb_acmd(fb, command->rest, limit_of(command, COMMAND_LIMIT_MS), err);
    case X8_VERB_DOWNLOAD:
        return x8_fb_download(fb, step->bytes.data, step->bytes.len, err);
    case X8_VERB_UPLOAD:
        return upload(job, fb, command, err);
    case X8_VERB_FLASH:
        return flash(job, fb, step, err);
    case X8_VERB_CRC:
    case X8_VERB_FB_WRITE:
        return crc_or_write(job, fb, step, err);
    case X8_VERB_ERASE:
        snprintf(line, sizeof line, "erase:%s", command->partition);
        return x8_fb_command(fb, line, limit_of(command, ERASE_LIMIT_MS), NULL, err);
    /* Without the colon that the vendor's tool appends: strict devices refuse it, U-Boot takes
     * both. */
    case X8_VERB_SYNC:
        return x8_fb_command(fb, "Sync:", limit_of(command, ERASE_LIMIT_MS), NULL, err);
    case X8_VERB_REBOOT:
        return x8_fb_command(fb, "reboot", limit_of(command, REPLY_LIMIT_MS), NULL, err);
    case X8_VERB_CONTINUE:
        return x8_fb_command(fb, "continue", limit_of(command, REPLY_LIMIT_MS), NULL, err);
    case X8_VERB_FB_BOOT:
        return x8_fb_command(fb, "boot", limit_of(command, COMMAND_LIMIT_MS), NULL, err);
    case X8_VERB_OEM:
        return simple(fb, command, "oem ", err);
    case X8_VERB_FLASHING:
        return simple(fb, command, "flashing:", err);
    case X8_VERB_SET_ACTIVE:
        return simple(fb, command, "set_active:", err);
    case X8_VERB_CREATE_PARTITION:
    case X8_VERB_DELETE_PARTITION:
    case X8_VERB_RESIZE_PARTITION:
    case X8_VERB_UPDATE_SUPER:
        return logical_partition(fb, command, err);
    default:
        return x8_fail(err, X8_E_WRONG_STATE, "%s is no command of this stage",
                       x8_verb_name(command->verb));
    }
}

static struct x8_fastboot fastboot_of(struct x8_job *job)
{
    return (struct x8_fastboot){.link = job->link, .op = &job->op, .timeout_ms = REPLY_LIMIT_MS};
}

static void touch(struct x8_job *job, enum x8_touched how)
{
    if (job->result.touched < how)
        job->result.touched = how;
}

/* A board that refused or left may have done a part of it before. Images keep their own account. */
static int run_destructive(struct x8_job *job, struct x8_fastboot *fb, const struct x8_step *step,
                           struct x8_error *err)
{
    int is_flash = step->command->verb == X8_VERB_FLASH;
    int rc = check_capacity(job, fb, err);

    if (rc == 0 && job->must_check)
        rc = x8_same_board(job, fb, err);
    if (rc < 0)
        return rc;
    job->must_check = 0;
    if (!is_flash) {
        x8_journal_touch(job->journal, &job->op);
        touch(job, X8_TOUCHED_MAYBE);
    }
    rc = fastboot_verb(job, fb, step, err);
    if (rc == 0 && !is_flash)
        touch(job, X8_TOUCHED_ERASED);
    return rc;
}

static int run_step(struct x8_job *job, const struct x8_step *step, struct x8_error *err)
{
    struct x8_fastboot fb = fastboot_of(job);
    int rc = x8_cancel_check(job->op.cancel, X8_CANCEL_SOFT, err);

    if (rc < 0 || step->is_skipped)
        return rc;
    rc = x8_common_verb(job, step, run_step, err);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    x8_emit(&job->op, X8_EV_DETAIL, "%s", step->command->text);
    return is_destructive(step->command) ? run_destructive(job, &fb, step, err)
                                         : fastboot_verb(job, &fb, step, err);
}

static void tell_boot_parts(struct x8_job *job)
{
    const struct x8_flash_result *result = &job->result;
    unsigned verified = 0;

    if (!job->boot_parts)
        return;
    for (size_t i = 0; i < result->target_count; i++)
        verified += result->targets[i].is_verified && x8_place_is_raw(result->targets[i].partition);
    job->op.stage = "boot";
    x8_emit(&job->op, X8_EV_STAGE, "%u boot areas written, %u read back", job->boot_parts,
            verified);
}

int x8_stage_fb(struct x8_job *job, struct x8_error *err)
{
    const struct x8_step *step;
    int rc = 0;

    for (size_t i = 0;
         rc == 0 && !job->is_done && (step = x8_plan_step(job->plan, job->chip.proto, i)); i++) {
        rc = run_step(job, step, err);
        if (rc < 0)
            x8_error_prefix(err, "line %d", step->command->line);
    }
    if (rc == 0)
        tell_boot_parts(job);
    return rc;
}
