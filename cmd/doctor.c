/*
 * x8ctl doctor: the checks of this computer, and of boards.
 */
#include "doctor.h"

#include "store/catalogue.h"
#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SEARCH_MS = 400, NETWORKS_MS = 5000, FOLDER_LEN = 1024 };

static struct {
    int board, fix;
} opt;

void x8_diagnosis_done(struct x8_diagnosis *diagnosis)
{
    while (diagnosis->boards) {
        struct x8_patient *next = diagnosis->boards->next;

        x8_checks_done(&diagnosis->boards->checks);
        x8_buf_done(&diagnosis->boards->networks);
        free(diagnosis->boards);
        diagnosis->boards = next;
    }
    x8_checks_done(&diagnosis->host);
    pthread_mutex_destroy(&diagnosis->lock);
}

size_t x8_diagnosis_count(const struct x8_diagnosis *diagnosis, enum x8_check_result result)
{
    size_t n = x8_checks_count(&diagnosis->host, result);

    for (const struct x8_patient *p = diagnosis->boards; p; p = p->next)
        n += x8_checks_count(&p->checks, result);
    return n;
}

/* --- the computer --- */

/* The program's own file is as old as its build or its installation. */
static int64_t released(void)
{
    int64_t at_least = x8_utc_seconds(2025, 1, 1, 0, 0, 0);
    struct stat st;

    if (stat("/proc/self/exe", &st) == 0 && (int64_t)st.st_mtime > at_least)
        return (int64_t)st.st_mtime;
    return at_least;
}

static void folder_of(const char *kind, char *out)
{
    size_t len;

    x8_env_path(kind, "", out, FOLDER_LEN);
    len = strlen(out);
    if (len > 1 && out[len - 1] == '/')
        out[len - 1] = '\0';
}

static int examine_host(struct x8_ctx *ctx, struct x8_checks *out, struct x8_error *err)
{
    char cache[FOLDER_LEN], state[FOLDER_LEN];
    struct x8_host host = {.cache = cache,
                           .state = state,
                           .env = (const char *const *)x8_env_all(),
                           .uid = (unsigned)geteuid(),
                           .released = released()};
    struct x8_reach reach;
    int rc = x8_env_reach(ctx->globals, &reach, err);

    if (rc < 0)
        return rc;
    x8_host_real(&host);
    folder_of("cache", cache);
    folder_of("state", state);
    host.adb_port = reach.adb_port;
    host.search_ms = reach.net.search_ms < SEARCH_MS ? reach.net.search_ms : SEARCH_MS;
    return x8_doctor_host(&host, &ctx->op, out, err);
}

/* --- boards --- */

static struct x8_patient *new_patient(struct x8_job_on *job)
{
    struct x8_diagnosis *diagnosis = job->user;
    struct x8_patient *patient = calloc(1, sizeof *patient), **at = &diagnosis->boards;

    if (!patient)
        return NULL;
    patient->index = job->index;
    x8_copy(patient->label, sizeof patient->label, job->target->label);
    pthread_mutex_lock(&diagnosis->lock);
    while (*at && (*at)->index < patient->index)
        at = &(*at)->next;
    patient->next = *at;
    *at = patient;
    pthread_mutex_unlock(&diagnosis->lock);
    return patient;
}

static void judge(const struct x8_board_says *says, struct x8_checks *out)
{
    X8_AUTO_CATALOGUE catalogue = {0};
    struct x8_doctor_board about = {.now = (int64_t)time(NULL)};
    const struct x8_release *release;
    char known[300];

    if (x8_catalogue_builtin(&catalogue, NULL) == 0) {
        release = x8_catalogue_find(&catalogue, x8_board_says_image(says));
        if (release) {
            snprintf(known, sizeof known, "%s%s%s%s%s", release->release,
                     release->release[0] ? ", " : "", release->date, release->notes[0] ? ": " : "",
                     release->notes);
            about.known = known;
        }
        about.newest = catalogue.count ? catalogue.items[0].image : NULL;
    }
    x8_doctor_board(says, &about, out);
}

/* What the board's own tool calls its networks; one that has no such tool has no names to hide. */
static void ask_networks(struct x8_job_on *job, struct x8_buf *out)
{
    static const char command[] =
        "nmcli -t -e no -f TYPE,NAME connection show | sed -n 's/^802-11-wireless://p'; "
        "nmcli -t -e no -f SSID device wifi list --rescan no";
    X8_AUTO_RAN ran = {0};

    if (x8_run(job->session, &job->op, command, NETWORKS_MS, &ran, NULL) < 0)
        return;
    *out = ran.out;
    ran.out = (struct x8_buf){0};
}

static int work(struct x8_job_on *job, struct x8_error *err)
{
    struct x8_diagnosis *diagnosis = job->user;
    struct x8_patient *patient = new_patient(job);
    struct x8_board_says *says = NULL;
    int rc = patient ? x8_doctor_ask(job->session, &job->op, &says, err)
                     : x8_fail(err, X8_E_INTERNAL, "out of memory");

    if (rc == 0)
        judge(says, &patient->checks);
    x8_board_says_free(&says);
    if (rc == 0 && diagnosis->wants_fix)
        rc = x8_fix_board(job, &patient->checks, err);
    if (rc == 0 && diagnosis->wants_networks)
        ask_networks(job, &patient->networks);
    if (rc == 0)
        x8_json_add(job->result, "checks", x8_checks_json(&patient->checks));
    return rc;
}

int x8_diagnose(struct x8_ctx *ctx, int with_boards, struct x8_diagnosis *out, struct x8_error *err)
{
    struct x8_job_plan plan = {
        .work = work, .user = out, .needs_linux = 1, .keeps_rows = out->keeps_rows};
    int64_t began = x8_now_ms();
    int rc;

    pthread_mutex_init(&out->lock, NULL);
    rc = examine_host(ctx, &out->host, err);
    if (rc == 0 && with_boards)
        rc = x8_run_on_boards(ctx, &plan, err);
    out->took_ms = x8_now_ms() - began;
    return rc;
}

static void sum_up(struct x8_ctx *ctx, const struct x8_diagnosis *diagnosis)
{
    size_t problems = x8_diagnosis_count(diagnosis, X8_CHECK_FAIL);
    size_t warnings = x8_diagnosis_count(diagnosis, X8_CHECK_WARN);

    x8_ui_say(ctx->ui, "%zu problem%s, %zu warning%s (%.1f s)", problems, problems == 1 ? "" : "s",
              warnings, warnings == 1 ? "" : "s", (double)diagnosis->took_ms / 1000);
}

static int run(struct x8_ctx *ctx, struct x8_error *err)
{
    struct x8_diagnosis diagnosis = {.wants_fix = 0};
    const struct x8_globals *globals = ctx->globals;
    struct x8_error fixing;
    int rc, fixed = 0;

    if (ctx->argc > 0) {
        rc = x8_fail(err, X8_E_USAGE, "doctor takes no operand, not '%s'", ctx->argv[0]);
        x8_error_why(err, "a board is chosen by -s");
        x8_error_next(err, "x8ctl doctor --board -s %s    for one board", ctx->argv[0]);
        return rc;
    }
    diagnosis.wants_fix = opt.fix;
    rc = x8_diagnose(ctx, opt.board || globals->all || globals->serial.count, &diagnosis, err);
    if (diagnosis.host.count) {
        x8_diagnosis_print(ctx, &diagnosis);
        (void)x8_stdout_flush(ctx);
        sum_up(ctx, &diagnosis);
        if (opt.fix)
            fixed = x8_fix_host(ctx, &diagnosis.host, rc < 0 ? &fixing : err);
    }
    if (rc >= 0)
        rc = fixed < 0 ? fixed : x8_diagnosis_count(&diagnosis, X8_CHECK_FAIL) ? X8_E_DIFFERS : 0;
    x8_diagnosis_done(&diagnosis);
    return rc;
}

static const struct x8_opt opts[] = {
    {"board", 0, X8_OPT_FLAG, &opt.board, NULL, NULL,
     "ask the board as well; -s and --all say which", NULL},
    {"fix", 0, X8_OPT_FLAG, &opt.fix, NULL, NULL,
     "list what can be repaired from here, ask, and do it", NULL},
    {NULL, 0, X8_OPT_FLAG, NULL, NULL, NULL, NULL, NULL},
};
static const struct x8_example examples[] = {
    {"x8ctl doctor", "this computer: rights, cables, other programs, disks, clock, network"},
    {"x8ctl doctor --board", "and the only running board"},
    {"x8ctl doctor --all --json", "all of them, for a program"},
    {"sudo x8ctl doctor --fix", "repair what can be repaired here, after a question"},
    {NULL, NULL},
};
static const unsigned char exits[] = {2,  4,  10, 11, 12, 13,  14,  15,
                                      16, 17, 40, 41, 50, 130, 143, 0};

const struct x8_cmd x8_cmd_doctor = {
    .name = "doctor",
    .group = "look",
    .summary = "check this computer and a board, and say what to do",
    .usage = "",
    .description =
        "Looks at what most often stands between a computer and a board: the udev rules\n"
        "and what they came to, the way to each board on USB (speed, hubs, power), other\n"
        "programs that reach for it (ModemManager, an adb server, other flashers), a\n"
        "virtual machine, WSL, container or sandbox around x8ctl, room for downloads,\n"
        "updates that were not finished, the clock, the network and proxies. With\n"
        "--board also at the board: its image, the firmware of the STM32H7, who watches\n"
        "for sketches, failed units, room, docker, what an update still waits for, its\n"
        "password, what is open, the role of its USB port, its clock and its radio link.\n"
        "\n"
        "Needs no root, changes nothing and takes less than two seconds. Each check has\n"
        "a name that stays (CHECK, or \"id\" with --json), a result (ok, warn, fail,\n"
        "skipped), its cause in one line, and what to do next. Exit status 4 when one of\n"
        "them failed; warnings alone are no failure.\n"
        "\n"
        "Names of checks: udev-rules, udev-loaded, usb-access, vm, wsl, container,\n"
        "sandbox, usb-link, usb-speed, usb-hubs, usb-power, usb-autosuspend,\n"
        "modemmanager, flashers, disk-cache, disk-state, cache, updates, clock, proxy,\n"
        "adb-server, mdns; of a board image, units, space, docker, update, bootloader,\n"
        "board-clock, m7-firmware, m4-watcher, m4-folder, password, adb, ssh, usb-role,\n"
        "wifi.\n"
        "\n"
        "--fix lists what can be repaired from here and asks; -y agrees, -n only lists.\n"
        "Repairs of the computer need root, those of a board its password.",
    .opts = opts,
    .examples = examples,
    .exits = exits,
    .see_also = "x8ctl report, x8ctl list, x8ctl udev, x8ctl info",
    .needs = X8_NEEDS_BUS | X8_NEEDS_SIGNALS | X8_ENDS_BY_STOP,
    .run = run,
};
