/*
 * x8ctl sketch upload: one checked file, any number of boards.
 */
#include "sketch.h"

#include "sketch/regions.h"
#include "util/file.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_LEN = 4096, LIMIT_MS = 60000 };

struct uploading {
    const struct x8_sketch *sketch;
    int no_verify;
};

static int get_root(void *user, const struct x8_root **out, struct x8_error *err)
{
    struct x8_job_on *job = user;
    int rc = job->root.way == X8_ROOT_NONE ? x8_job_root(job, err) : 0;

    if (rc == 0)
        *out = &job->root;
    return rc;
}

static void add_text(struct x8_json *out, const char *key, const char *text)
{
    x8_json_str(out, key, text[0] ? text : NULL);
}

/* Members are there also when it failed: a script wants to know how far it came. */
static void add_json(struct x8_job_on *job, const struct x8_sketch *sketch,
                     const struct x8_uploaded *done)
{
    struct x8_json *out = job->result;

    x8_json_str(out, "file", sketch->path);
    x8_json_u64(out, "size", sketch->file.len);
    x8_json_u64(out, "load_bytes", sketch->elf.load_bytes);
    x8_json_str(out, "sha256", sketch->sha256);
    add_text(out, "board_sha256", done->sha256);
    x8_json_bool(out, "dry_run", job->ctx->globals->dry_run);
    x8_json_str(out, "outcome",
                job->ctx->globals->dry_run ? NULL : x8_sketch_outcome_name(done->outcome));
    x8_json_u64(out, "duration_ms", (uint64_t)(done->took_ms > 0 ? done->took_ms : 0));
    x8_json_u64(out, "copy_ms", (uint64_t)(done->copy_ms > 0 ? done->copy_ms : 0));
    x8_json_u64(out, "programming_ms",
                (uint64_t)(done->programming_ms > 0 ? done->programming_ms : 0));
    add_text(out, "reason", done->reason);
    add_text(out, "mended", done->mended);
    x8_json_str(out, "bridge",
                done->is_stalled                     ? "stalled"
                : done->outcome == X8_SKETCH_UNKNOWN ? NULL
                                                     : "answers");
}

/* The result, one line on stdout for each board. */
static int tell(struct x8_job_on *job, const struct x8_sketch *sketch,
                const struct x8_uploaded *done, struct x8_error *err)
{
    X8_AUTO_BUF line = {0};
    char name[256];
    int is_sure = done->outcome == X8_SKETCH_VERIFIED;

    x8_clean(name, sizeof name, sketch->name, strlen(sketch->name));
    int rc = x8_buf_addf(&line, "M4 %s %s%s%s%s\n", is_sure ? "runs" : "was given", name,
                         job->count > 1 ? "" : " on ", job->count > 1 ? "" : job->target->label,
                         is_sure ? "" : ", NOT verified (--no-verify)");

    if (rc < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    x8_ui_flush(job->ctx->ui); /* behind the lines of its stages, also where both are one pipe */
    x8_job_print(job, 0, line.data, line.len);
    return 0;
}

static int work(struct x8_job_on *job, struct x8_error *err)
{
    const struct uploading *uploading = job->user;
    const struct x8_globals *globals = job->ctx->globals;
    int64_t limit = globals->timeout_ms;
    struct x8_upload upload = {
        .sketch = uploading->sketch,
        .root = get_root,
        .user = job,
        .no_verify = uploading->no_verify,
        .limit_ms = limit == X8_TIMEOUT_UNSET ? LIMIT_MS : limit,
        .dry_run = globals->dry_run,
    };
    struct x8_uploaded done = {0};
    int rc = x8_sketch_upload(job->session, &job->op, &upload, &done, err);

    add_json(job, uploading->sketch, &done);
    if (rc == 0 && !globals->json && !globals->dry_run)
        rc = tell(job, uploading->sketch, &done, err);
    return rc;
}

/* The folder x8ctl was started in, when it is one of a sketch: BLINK with a BLINK.ino. */
static int sketch_here(char *out, size_t cap)
{
    char ino[300];

    if (!getcwd(out, cap))
        return 0;
    snprintf(ino, sizeof ino, "%s.ino", x8_path_base(out));
    return x8_path_kind(ino) == X8_PATH_FILE;
}

static int is_in_bank(const struct x8_sketch_elf *elf)
{
    return elf->low >= X8_SKETCH_FLASH && elf->high <= X8_SKETCH_FLASH + X8_SKETCH_FLASH_LEN;
}

static int load(struct x8_ctx *ctx, const char *path, struct x8_sketch *sketch,
                struct x8_error *err)
{
    struct x8_sketch_regions regions;
    struct x8_sketch_rules rules;
    struct x8_op op = ctx->op;
    char config[PATH_LEN], size[24];
    int rc;

    x8_env_path("config", "sketch.json", config, sizeof config);
    rc = x8_sketch_regions_load(config, &regions, err);
    if (rc < 0)
        return rc;
    rules = x8_sketch_regions_rules(&regions);
    op.stage = "check"; /* over before it could be shown to begin */
    rc = x8_sketch_load(path, &rules, sketch, err);
    if (rc < 0)
        return rc;
    x8_size_text(size, sketch->elf.load_bytes);
    x8_emit(&op, X8_EV_STAGE, "ARM 32-bit ELF, %s, fits %s", size,
            is_in_bank(&sketch->elf) ? "the M4's flash" : "the regions of sketch.json");
    if (sketch->newer[0])
        x8_emit(&ctx->op, X8_EV_WARN, "%s is older than %s: compile again to upload what you see",
                sketch->name, sketch->newer);
    return 0;
}

static int no_sketch(struct x8_error *err)
{
    x8_fail(err, X8_E_USAGE, "upload needs a sketch: an ELF file or a sketch folder");
    x8_error_why(err, "the current folder is none: it holds no .ino of its own name");
    x8_error_next(err, "x8ctl sketch upload blink");
    return -(int)X8_E_USAGE;
}

int x8_sketch_run_upload(struct x8_ctx *ctx, int no_verify, struct x8_error *err)
{
    X8_AUTO_SKETCH sketch = {0};
    struct uploading uploading = {.sketch = &sketch, .no_verify = no_verify};
    struct x8_job_plan plan = {.work = work, .needs_linux = 1, .user = &uploading};
    char here[PATH_LEN];
    const char *path = ctx->argc > 1 ? ctx->argv[1] : here;
    int rc;

    if (ctx->argc < 2 && !sketch_here(here, sizeof here))
        return no_sketch(err);
    rc = load(ctx, path, &sketch, err);
    return rc < 0 ? rc : x8_run_on_boards(ctx, &plan, err);
}
