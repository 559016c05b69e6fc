/*
 * x8ctl recover: put the kept boot areas of a board back while its Linux still runs.
 */
#include "boot_erase.h"
#include "running.h"

#include "session/bootareas.h"
#include "util/file.h"
#include "util/text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_LEN = 1024 };

static int restore_boot;

/* The last name in the order of time: names are times. 0 when there is none. */
static int newest(const char *folder, char *out, size_t cap)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    char name[64] = "", path[PATH_LEN];

    while (dir && (entry = readdir(dir))) {
        snprintf(path, sizeof path, "%s/%.63s/boot-areas.json", folder, entry->d_name);
        if (entry->d_name[0] != '.' && strlen(entry->d_name) < sizeof name &&
            strcmp(entry->d_name, name) > 0 && x8_path_kind(path) == X8_PATH_FILE)
            x8_copy(name, sizeof name, entry->d_name);
    }
    if (dir)
        closedir(dir);
    snprintf(out, cap, "%s/%s", folder, name);
    return name[0] != '\0';
}

static int find_kept(const struct x8_job_on *job, const char *serial, char *out, size_t cap,
                     struct x8_error *err)
{
    char folder[PATH_LEN - 80];

    if (job->ctx->argc)
        return x8_copy(out, cap, job->ctx->argv[0]) ? 0 : x8_fail(err, X8_E_USAGE, "path too long");
    x8_kept_folder(serial, folder, sizeof folder);
    if (newest(folder, out, cap))
        return 0;
    x8_fail(err, X8_E_NO_FILE, "no boot areas of %s were kept on this computer",
            job->target->label);
    x8_error_why(err, "looked in %s", folder);
    x8_error_next(err, "x8ctl recover --restore-boot FOLDER    when they are elsewhere; else "
                       "x8ctl flash");
    return -(int)X8_E_NO_FILE;
}

static int restore(struct x8_job_on *job, const char *serial, struct x8_error *err)
{
    static const char words[] = "boot areas restored and compared\n";
    char folder[PATH_LEN];
    int rc = find_kept(job, serial, folder, sizeof folder, err);

    if (rc == 0)
        x8_emit(&job->op, X8_EV_NOTICE, "the copy of %s in %s", job->target->label, folder);
    if (rc == 0 && job->ctx->globals->dry_run)
        return 0;
    if (rc == 0)
        rc = x8_job_agree(job, "Write the kept boot areas to", "What is in them now is lost.", err);
    if (rc == 0)
        rc = x8_job_root(job, err);
    if (rc == 0)
        rc = x8_boot_areas_restore(job->session, &job->op, &job->root, serial, folder, err);
    if (rc < 0)
        return rc;
    x8_json_str(job->result, "restored", folder);
    if (!job->ctx->globals->json)
        x8_job_print(job, 0, words, sizeof words - 1);
    return 0;
}

static int work(struct x8_job_on *job, struct x8_error *err)
{
    struct x8_facts *facts = calloc(1, sizeof *facts);
    int rc = facts ? x8_facts_probe_short(job->session, &job->op, X8_RUN_TEXT_MS, facts, err)
                   : x8_fail(err, X8_E_INTERNAL, "out of memory");

    if (rc == 0 && !facts->serial[0]) {
        rc = x8_fail(err, X8_E_MISFIT, "%s does not say its serial number", job->target->label);
        x8_error_why(err, "boot areas are kept under it, and belong to one board alone");
        x8_error_next(err, "x8ctl flash");
    }
    if (rc == 0)
        rc = restore(job, facts->serial, err);
    free(facts);
    return rc;
}

/* One kept copy of the times of a serial number. */
static void add_copy(struct x8_table *table, const char *folder, const char *serial,
                     const char *time)
{
    char path[PATH_LEN], file[PATH_LEN + 32];
    const char *cells[] = {serial, time, path};

    snprintf(path, sizeof path, "%s/%s", folder, time);
    snprintf(file, sizeof file, "%s/boot-areas.json", path);
    if (time[0] != '.' && x8_path_kind(file) == X8_PATH_FILE)
        x8_table_row(table, cells);
}

static void add_copies(struct x8_table *table, const char *all, const char *serial)
{
    char folder[PATH_LEN - 260];
    struct dirent **times = NULL;
    int count;

    snprintf(folder, sizeof folder, "%s/%s", all, serial);
    count = scandir(folder, &times, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        add_copy(table, folder, serial, times[i]->d_name);
        free(times[i]);
    }
    free(times);
}

static void list_copies(struct x8_ctx *ctx)
{
    static const char *const columns[] = {"SERIAL", "TIME", "FOLDER", NULL};
    struct x8_table *table = x8_table_new(columns);
    struct dirent **serials = NULL;
    char all[PATH_LEN - 560];
    int count;

    x8_kept_folder("", all, sizeof all);
    count = scandir(all, &serials, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        if (serials[i]->d_name[0] != '.')
            add_copies(table, all, serials[i]->d_name);
        free(serials[i]);
    }
    free(serials);
    if (ctx->globals->json)
        x8_table_print_json(table, "kept", stdout);
    else if (x8_table_rows(table))
        x8_table_print(table, stdout, isatty(STDOUT_FILENO));
    else
        x8_ui_say(ctx->ui, "no boot areas were kept in %s", all);
    x8_table_free(&table);
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_job_plan plan = {.work = work, .needs_linux = 1, .one_only = 1};

    if (ctx->argc > 1 || (ctx->argc && !restore_boot)) {
        x8_fail(err, X8_E_USAGE,
                restore_boot ? "--restore-boot takes one folder"
                             : "recover takes a folder with --restore-boot only");
        x8_error_why(err, restore_boot
                              ? "it holds what was kept of one board"
                              : "without it nothing is written, and the folder found by itself");
        x8_error_next(err, "x8ctl recover --restore-boot");
        return -(int)X8_E_USAGE;
    }
    if (restore_boot)
        return x8_run_on_boards(ctx, &plan, err);
    list_copies(ctx);
    return 0;
}

static const struct x8_opt opts[] = {
    {"restore-boot", 0, X8_OPT_FLAG, &restore_boot, NULL, NULL,
     "write the newest kept boot areas of the board (or those in FOLDER) back", NULL},
    {NULL, 0, X8_OPT_FLAG, NULL, NULL, NULL, NULL, NULL},
};
static const struct x8_example examples[] = {
    {"x8ctl recover", "which copies are there"},
    {"x8ctl recover --restore-boot", "undo a clearing while the board still runs Linux"},
    {NULL, NULL},
};
static const unsigned char exits[] = {2,  10, 11, 12, 13, 14, 15,  16,  17, 20,
                                      22, 23, 30, 31, 40, 41, 130, 143, 0};

const struct x8_cmd x8_cmd_recover = {
    .name = "recover",
    .group = "flash",
    .summary = "put kept boot areas back while Linux still runs",
    .usage = "[FOLDER]",
    .description = "x8ctl reboot --to flash and x8ctl flash --via-boot-erase keep a copy of the\n"
                   "boot areas before they clear them. As long as the board has not restarted,\n"
                   "--restore-boot writes the copy back and compares it. A copy goes to the board\n"
                   "it was made of alone. A board that does not start any more needs x8ctl flash.\n"
                   "Without an option the copies on this computer are listed.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl reboot, x8ctl flash",
    .complete = "dir",
    .logged = "",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS,
    .run = run,
};
