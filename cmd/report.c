/*
 * x8ctl report: one archive to attach to a question.
 */
#include "report.h"
#include "rows.h"

#include "util/file.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static struct {
    const char *output;
    int mask, board;
} opt;

struct x8_buf *x8_report_add(struct x8_report *report, const char *name)
{
    struct x8_bundle_member *member;

    if (report->count == X8_REPORT_MEMBERS)
        return NULL;
    member = &report->members[report->count++];
    x8_copy(member->name, sizeof member->name, name);
    return &member->text;
}

static int no_memory(struct x8_error *err)
{
    return x8_fail(err, X8_E_INTERNAL, "out of memory while the report is made");
}

static int add_json(struct x8_report *report, const char *name, struct x8_json *json,
                    struct x8_error *err)
{
    struct x8_buf *out = x8_report_add(report, name);
    char *text = x8_json_text(json, 1);
    int rc = out && text ? x8_buf_addf(out, "%s\n", text) : -1;

    free(text);
    x8_json_free(&json);
    return rc < 0 ? no_memory(err) : 0;
}

/* --- what goes in --- */

/* A board that cannot be asked is part of the report, not the end of it. */
static int add_diagnosis(struct x8_report *report, struct x8_error *err)
{
    const struct x8_globals *globals = report->ctx->globals;
    struct x8_error failed;
    int with_boards = opt.board || globals->all || globals->serial.count;
    int rc = x8_diagnose(report->ctx, with_boards, &report->diagnosis, &failed);
    struct x8_json *json;

    if (rc == -(int)X8_E_STOPPED || rc == -(int)X8_E_TERMINATED) {
        *err = failed;
        return rc;
    }
    json = x8_diagnosis_json(&report->diagnosis, NULL);
    if (rc < 0)
        x8_json_error(json, "error", &failed);
    return add_json(report, "doctor.json", json, err);
}

static struct x8_json *target_json(const struct x8_target *target)
{
    struct x8_json *json = x8_json_object();

    for (int i = 0; i < X8_COLUMNS; i++) {
        char key[24], room[32];
        const char *cell = x8_row_cell(target, (enum x8_column)i, room);
        size_t n = 0;

        for (; x8_column_names[i][n] && n < sizeof key - 1; n++)
            key[n] = (char)(x8_column_names[i][n] - 'A' + 'a');
        key[n] = '\0';
        x8_json_str(json, key, cell && cell[0] ? cell : NULL);
    }
    x8_row_extra(json, target);
    return json;
}

static int add_list(struct x8_report *report, struct x8_error *err)
{
    struct x8_ctx *ctx = report->ctx;
    struct x8_json *json = x8_json_object(), *boards = x8_json_array();
    struct x8_error failed;
    struct x8_reach reach;
    int count = x8_env_reach(ctx->globals, &reach, &failed);

    if (count == 0) {
        reach.net.is_wide = 1;
        count = x8_targets_find(ctx->bus, &ctx->op, &reach, NULL, 0, X8_ROWS_PROBE_MS,
                                &report->targets, &failed);
    }
    report->target_count = count > 0 ? (size_t)count : 0;
    for (size_t i = 0; i < report->target_count; i++)
        x8_json_add(boards, NULL, target_json(&report->targets[i]));
    x8_json_add(json, "boards", boards);
    if (count < 0)
        x8_json_error(json, "error", &failed);
    return add_json(report, "list.json", json, err);
}

static int add_system(struct x8_report *report, struct x8_error *err)
{
    struct x8_buf *out = x8_report_add(report, "system.txt");
    X8_AUTO_BUF os = {0};
    struct utsname name;
    int rc = out ? x8_buf_addf(out, "x8ctl %s\n", x8_version_text()) : -1;

    if (rc == 0 && uname(&name) == 0)
        rc = x8_buf_addf(out, "%s %s %s %s\n", name.sysname, name.release, name.version,
                         name.machine);
    if (rc == 0 && x8_file_load("/etc/os-release", 65536, &os, NULL) == 0)
        rc = x8_buf_add(out, os.data, os.len);
    return rc < 0 ? no_memory(err) : 0;
}

static int collect(struct x8_report *report, struct x8_error *err)
{
    int rc = add_system(report, err);

    for (int i = 0; rc == 0 && i < report->ctx->argc; i++) /* first: a wrong name is told at once */
        rc = x8_report_add_file(report, "named", report->ctx->argv[i], err);
    if (rc == 0)
        rc = add_diagnosis(report, err);
    if (rc == 0)
        rc = add_list(report, err);
    if (rc == 0)
        x8_report_add_state(report);
    if (rc == 0 && opt.mask)
        rc = x8_report_mask(report, err);
    return rc;
}

/* --- the archive --- */

static void print_result(struct x8_report *report, const char *path, size_t bytes)
{
    struct x8_json *json, *members;

    if (!report->ctx->globals->json) {
        printf("%s\n", path);
        x8_ui_say(report->ctx->ui, "%zu files%s; look into it before you give it away",
                  report->count,
                  opt.mask ? ", serial numbers, addresses and names hidden" : ", nothing hidden");
        return;
    }
    json = x8_json_object();
    members = x8_json_array();
    x8_json_str(json, "path", path);
    x8_json_u64(json, "bytes", bytes);
    x8_json_bool(json, "masked", opt.mask);
    for (size_t i = 0; i < report->count; i++)
        x8_json_str(members, NULL, report->members[i].name);
    x8_json_add(json, "members", members);
    x8_result(report->ctx, &json);
}

static int write_archive(struct x8_report *report, struct x8_error *err)
{
    X8_AUTO_BUF packed = {0};
    time_t now = time(NULL);
    char folder[64], path[96];
    const char *where = opt.output ? opt.output : path;
    struct tm tm;
    int rc;

    if (!gmtime_r(&now, &tm) || !strftime(folder, sizeof folder, "x8ctl-report-%Y%m%d-%H%M%S", &tm))
        x8_copy(folder, sizeof folder, "x8ctl-report");
    snprintf(path, sizeof path, "%s.tar.gz", folder);
    rc = x8_bundle_pack(folder, (int64_t)now, report->members, report->count, &packed, err);
    if (rc == 0)
        rc = x8_file_replace(where, packed.data, packed.len, 0600, err);
    if (rc == 0)
        print_result(report, where, packed.len);
    return rc;
}

static void report_done(struct x8_report *report)
{
    for (size_t i = 0; report->members && i < report->count; i++)
        x8_buf_done(&report->members[i].text);
    free(report->members);
    free(report->targets);
    x8_diagnosis_done(&report->diagnosis);
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_report report = {.ctx = ctx, .diagnosis = {.wants_networks = opt.mask}};
    int rc;

    report.members = calloc(X8_REPORT_MEMBERS, sizeof *report.members);
    rc = report.members ? collect(&report, err) : no_memory(err);
    if (rc == 0 && ctx->globals->dry_run)
        x8_ui_say(ctx->ui, "would pack %zu files", report.count);
    else if (rc == 0)
        rc = write_archive(&report, err);
    report_done(&report);
    return rc;
}

static const struct x8_opt opts[] = {
    {"output", 'o', X8_OPT_STRING, &opt.output, "FILE", NULL,
     "the archive; x8ctl-report-DATE-TIME.tar.gz in this folder without it", "file"},
    {"mask", 0, X8_OPT_FLAG, &opt.mask, NULL, NULL,
     "hide serial numbers, MAC addresses, names of computers, users, boards and networks", NULL},
    {"board", 0, X8_OPT_FLAG, &opt.board, NULL, NULL,
     "ask the board as well, as x8ctl doctor --board", NULL},
    {NULL, 0, X8_OPT_FLAG, NULL, NULL, NULL, NULL, NULL},
};
static const struct x8_example examples[] = {
    {"x8ctl report --mask", "an archive that can be shown to others"},
    {"x8ctl report --board -s fad9 run.log",
     "with one board, and the log of a run (--log run.log)"},
    {NULL, NULL},
};
static const unsigned char exits[] = {X8_E_USAGE, X8_E_NO_FILE, X8_E_NO_PERMISSION, X8_E_HOST_SPACE,
                                      0};

const struct x8_cmd x8_cmd_report = {
    .name = "report",
    .group = "look",
    .summary = "pack what helps others to help: doctor, boards, logs",
    .usage = "[LOG...]",
    .description =
        "Writes one archive: what x8ctl doctor finds, the boards that are there, this\n"
        "system's and x8ctl's versions, each LOG that is named, and the last logs (*.log)\n"
        "and journals of updates in x8ctl's state folder. Of a large file the last\n"
        "megabyte. Nothing is sent anywhere.\n"
        "\n"
        "--mask replaces serial numbers, MAC addresses, names of this computer, its user,\n"
        "boards and wireless networks by words like serial-1, the same one wherever one\n"
        "stands. Networks are found where they are called SSID, and with --board those\n"
        "that the board knows. What a program printed in another form is left: look into\n"
        "the archive before it leaves your hands.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl doctor, x8ctl list",
    .complete = "file",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS | X8_ENDS_BY_STOP,
    .run = run,
};
