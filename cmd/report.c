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
    int mask, board, force;
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

/* A board that cannot be asked is part of the report, and its end only when it is written. */
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
    report->rows = report->ctx->document;
    report->ctx->document = NULL;
    json = x8_diagnosis_json(&report->diagnosis, report->rows);
    if (rc < 0) {
        x8_suggest(&failed, report->ctx->cmd);
        report->not_asked = failed;
        x8_json_error(json, "error", &failed);
    }
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
    if (rc == 0)
        rc = x8_report_hide_secrets(report, err);
    if (rc == 0 && opt.mask)
        rc = x8_report_mask(report, err);
    return rc;
}

/* --- the archive --- */

/* How asking each board ended: doctor.json has what they said. */
static struct x8_json *rows_json(const struct x8_json *rows)
{
    static const char *const keys[] = {"serial", "name", "where", "code"};
    struct x8_json *list = x8_json_array();
    const struct x8_json *row = x8_json_first(x8_json_get(rows, "boards"));

    for (; row; row = x8_json_next(row)) {
        struct x8_json *out = x8_json_object();
        const struct x8_json *error = x8_json_get(row, "error");

        for (size_t i = 0; i < X8_COUNT(keys); i++)
            x8_json_str(out, keys[i], x8_json_get_str(row, keys[i]));
        if (error) {
            struct x8_json *copy = x8_json_object();

            x8_json_merge(copy, error);
            x8_json_add(out, "error", copy);
        }
        x8_json_add(list, NULL, out);
    }
    return list;
}

static void say_result(const struct x8_report *report)
{
    struct x8_ui *ui = report->ctx->ui;

    x8_ui_say(ui, "%zu files, %s hidden; look into it before you give it away", report->count,
              opt.mask ? "passwords, serial numbers, addresses and names"
                       : "only passwords and the like");
    if (report->not_asked.code)
        x8_ui_say(ui, "what follows could not be asked, and is in the report as an error:");
}

static void print_result(struct x8_report *report, const char *path, size_t bytes)
{
    struct x8_json *json, *members;

    if (!report->ctx->globals->json) {
        if (strcmp(path, "-") != 0)
            printf("%s\n", path);
        (void)x8_stdout_flush(report->ctx);
        say_result(report);
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
    if (report->rows)
        x8_json_add(json, "boards", rows_json(report->rows));
    x8_result(report->ctx, &json);
}

static int write_archive(struct x8_report *report, struct x8_error *err)
{
    X8_AUTO_BUF packed = {0};
    int rc =
        x8_bundle_pack(report->folder, report->made, report->members, report->count, &packed, err);

    if (rc == 0)
        rc = x8_report_write(report->ctx, report->path, &packed, err);
    if (rc == 0)
        print_result(report, report->path, packed.len);
    return rc;
}

/* Where it goes is looked at first: nobody waits for a report that cannot be written. */
static int prepare(struct x8_report *report, struct x8_error *err)
{
    time_t now = time(NULL);
    struct tm tm;

    if (report->ctx->globals->json && opt.output && strcmp(opt.output, "-") == 0) {
        x8_fail(err, X8_E_USAGE, "--json and -o - both want stdout");
        x8_error_why(err, "a document and an archive in one stream are neither");
        x8_error_next(err, "x8ctl report --json -o FILE.tar.gz");
        return -(int)X8_E_USAGE;
    }
    report->made = (int64_t)now;
    if (!gmtime_r(&now, &tm) ||
        !strftime(report->folder, sizeof report->folder, "x8ctl-report-%Y%m%d-%H%M%S", &tm))
        x8_copy(report->folder, sizeof report->folder, "x8ctl-report");
    report->members = calloc(X8_REPORT_MEMBERS, sizeof *report->members);
    return report->members ? x8_report_place(opt.output, report->folder, opt.force, report->path,
                                             sizeof report->path, err)
                           : no_memory(err);
}

static void report_done(struct x8_report *report)
{
    for (size_t i = 0; report->members && i < report->count; i++)
        x8_buf_done(&report->members[i].text);
    free(report->members);
    free(report->targets);
    x8_json_free(&report->rows);
    x8_diagnosis_done(&report->diagnosis);
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_report report = {.ctx = ctx,
                               .diagnosis = {.keeps_rows = 1, .wants_networks = opt.mask}};
    int rc = prepare(&report, err);

    if (rc == 0)
        rc = collect(&report, err);
    if (rc == 0 && ctx->globals->dry_run)
        x8_ui_say(ctx->ui, "would pack %zu files", report.count);
    else if (rc == 0)
        rc = write_archive(&report, err);
    if (rc == 0 && report.not_asked.code) {
        *err = report.not_asked;
        rc = -(int)err->code;
    }
    report_done(&report);
    return rc;
}

static const struct x8_opt opts[] = {
    {"output", 'o', X8_OPT_STRING, &opt.output, "FILE", NULL,
     "the archive, or a folder for it, or - for stdout; x8ctl-report-DATE-TIME.tar.gz in this "
     "folder without it",
     "file"},
    {"force", 0, X8_OPT_FLAG, &opt.force, NULL, NULL, "replace a file that is there", NULL},
    {"mask", 0, X8_OPT_FLAG, &opt.mask, NULL, NULL,
     "hide serial numbers, MAC addresses, names of computers, users, boards and networks", NULL},
    {"board", 0, X8_OPT_FLAG, &opt.board, NULL, NULL,
     "ask the board as well, as x8ctl doctor --board", NULL},
    {NULL, 0, X8_OPT_FLAG, NULL, NULL, NULL, NULL, NULL},
};
static const struct x8_example examples[] = {
    {"x8ctl report --mask", "an archive that can be shown to others"},
    {"x8ctl report --board -s fad9 run.log",
     "with one board, and a log of your own (--log run.log)"},
    {NULL, NULL},
};
static const unsigned char exits[] = {2,  10, 11, 12, 13, 14,  15,  16, 17,
                                      20, 25, 40, 41, 50, 130, 143, 0};

const struct x8_cmd x8_cmd_report = {
    .name = "report",
    .group = "look",
    .summary = "pack what helps others to help: doctor, boards, logs",
    .usage = "[LOG...]",
    .description =
        "Writes one archive: what x8ctl doctor finds, the boards that are there, this\n"
        "system's and x8ctl's versions, each LOG that is named, and from x8ctl's state\n"
        "folder (x8ctl help files) the logs of the last runs and the journals of flashes\n"
        "and updates. Of a large file the last megabyte. Nothing is sent anywhere.\n"
        "\n"
        "A board that is meant (--board, -s, --all) and cannot be asked is in the\n"
        "report as an error; the report is written, and the run ends with the code that\n"
        "x8ctl doctor has for it.\n"
        "\n"
        "Secrets are hidden in every report: what is assigned to a password, passphrase,\n"
        "psk, token and the like, credentials in addresses\n"
        "(http://user:password@proxy), private keys.\n"
        "\n"
        "--mask also replaces serial numbers and their last digits, MAC addresses, names\n"
        "of this computer, its user, boards and wireless networks by words like\n"
        "serial-1, the same one wherever one stands. Networks are found where they are\n"
        "called SSID, and with --board those that the board knows. What a program\n"
        "printed in another form is left: look into the archive before it leaves your\n"
        "hands.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl doctor, x8ctl list, x8ctl help files",
    .complete = "file",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS | X8_ENDS_BY_STOP,
    .run = run,
};
