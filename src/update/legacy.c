/*
 * Image 399: the program that it lacks is put beside the bundle, and the machine installs with it.
 * After the restart the new image has its own, and nothing is special any more.
 */
#include "update/legacy.h"

#include "session/transfer.h"
#include "update/aklite.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

#define IMAGE     "399"
#define UNPACK_MS 180000
#define PATH_LEN  400

/* The program and its libraries, where they are on the board. */
struct brought {
    char folder[PATH_LEN], program[PATH_LEN], libraries[PATH_LEN];
};

static int no_memory(struct x8_error *err)
{
    return x8_fail(err, X8_E_INTERNAL, "out of memory");
}

/* A command with the folder as its first argument. */
static int in_folder(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                     const char *what, const char *text, const struct brought *brought,
                     struct x8_buf *out, struct x8_error *err)
{
    X8_AUTO_BUF command = {0};

    if (x8_buf_addf(&command, "d=") < 0 || x8_quote(&command, brought->folder) < 0 ||
        x8_buf_addf(&command, "\n%s", text) < 0)
        return no_memory(err);
    return x8_run_as_ok(session, op, root, what, x8_buf_text(&command), UNPACK_MS, out, err);
}

/* Root's own folder: what is run as root must be nobody else's to alter. */
static int bring(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                 const char *tool, const struct brought *brought, struct x8_error *err)
{
    char target[PATH_LEN + 32];
    struct x8_transfer push = {.sources = &tool, .source_count = 1, .target = target, .root = root};
    struct x8_transferred pushed;
    int rc = in_folder(session, op, root, "make a folder",
                       "rm -rf -- \"$d\" && mkdir -m 700 \"$d\"", brought, NULL, err);

    snprintf(target, sizeof target, "%s/tool.tar.gz", brought->folder);
    if (rc == 0)
        rc = x8_push(session, op, &push, &pushed, err);
    if (rc == 0)
        rc = in_folder(session, op, root, "unpack the program",
                       "cd \"$d\" && tar -xzf tool.tar.gz && rm -f tool.tar.gz && "
                       "chown -R 0:0 .",
                       brought, NULL, err);
    return rc;
}

static void take_line(const char **at, char *out, size_t cap)
{
    size_t len = strcspn(*at, "\n");

    x8_clean(out, cap, *at, len);
    *at += len + ((*at)[len] == '\n');
}

/* 0 also when there is none: then `program` is "". */
static int locate(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                  struct brought *brought, struct x8_error *err)
{
    X8_AUTO_BUF said = {0};
    const char *at;
    int rc = in_folder(session, op, root, "look for the program",
                       "cd \"$d\" 2>/dev/null || exit 0\n"
                       "p=$(find . -type f -name aklite-offline | head -n 1)\n"
                       "l=$(find . -type d -path '*usr/lib' | head -n 1)\n"
                       "[ -n \"$p\" ] && [ -n \"$l\" ] && chmod 755 \"$p\" || exit 0\n"
                       "printf '%s\\n%s\\n' \"$d/${p#./}\" \"$d/${l#./}\"",
                       brought, &said, err);

    if (rc < 0)
        return rc;
    at = x8_buf_text(&said);
    take_line(&at, brought->program, sizeof brought->program);
    take_line(&at, brought->libraries, sizeof brought->libraries);
    return 0;
}

static int other_image(const struct x8_update_board *board, struct x8_error *err)
{
    if (board->aklite != X8_AKLITE_NONE) {
        x8_fail(err, X8_E_WRONG_STATE, "the board's image has its own aklite-offline");
        x8_error_why(err, "it runs %s; only image " IMAGE " needs one brought along",
                     board->version[0] ? board->version : "an unknown image");
        x8_error_next(err, "x8ctl update apply BUNDLE");
        return -X8_E_WRONG_STATE;
    }
    if (strcmp(board->version, IMAGE) == 0)
        return 0;
    x8_fail(err, X8_E_WRONG_STATE, "the board does not run image " IMAGE ", but %s",
            board->version[0] ? board->version : "an unknown one");
    x8_error_why(err, "Arduino's program was made for that image alone");
    x8_error_next(err, "x8ctl flash    writes a new image; it erases what is on the board");
    return -X8_E_WRONG_STATE;
}

/* Ask who the board is; at the first step the program comes with it. */
static int prepare(struct x8_session *session, const struct x8_op *op, const struct x8_legacy *job,
                   const struct x8_root *root, struct brought *brought, struct x8_error *err)
{
    X8_AUTO_UPDATE_BOARD board = {0};
    int is_first = job->run->journal->step == X8_STEP_SEND;
    int rc = x8_update_board_probe(session, op, root, &board, err);

    if (rc == 0 && is_first)
        rc = other_image(&board, err);
    if (rc == 0 && is_first && !job->tool)
        rc = x8_legacy_not_the_tool(NULL, err);
    if (rc == 0 && is_first) {
        x8_emit(op, X8_EV_WARN,
                "what Arduino's program for image " IMAGE
                " does inside is not published; its codes are read as those of "
                "aklite-offline on image 674");
        rc = bring(session, op, root, job->tool, brought, err);
    }
    if (rc == 0)
        rc = locate(session, op, root, brought, err);
    if (rc == 0 && !brought->program[0] && job->run->journal->step <= X8_STEP_INSTALL)
        rc = x8_legacy_not_the_tool(job->tool, err);
    return rc;
}

static void clean_up(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                     const struct brought *brought)
{
    struct x8_error ignored = {0};

    if (in_folder(session, op, root, "clean up", "rm -rf -- \"$d\"", brought, NULL, &ignored) < 0)
        x8_emit(op, X8_EV_WARN, "%s may stay on the board: %s", brought->folder, ignored.msg);
}

static int end(struct x8_session *session, const struct x8_op *op, const struct x8_update_run *run,
               const struct brought *brought, int rc, struct x8_error *err)
{
    const struct x8_root *root;
    struct x8_error ignored;

    /* A person's hand is what the manual restarts image 399 with. */
    if (rc == -X8_E_NO_BOOT)
        x8_error_next(err, "hold the board's power button for 10 s, or unplug it, then start it; "
                           "then x8ctl update finish");
    if (!session || run->journal->step < X8_STEP_DONE)
        return rc;
    if (run->hooks.root(run->hooks.user, session, &root, &ignored) == 0)
        clean_up(session, op, root, brought);
    return rc;
}

int x8_update_legacy(struct x8_session **session, const struct x8_op *op,
                     const struct x8_legacy *job, struct x8_updated *out, struct x8_error *err)
{
    struct x8_update_run run = *job->run;
    struct brought brought = {0};
    struct x8_aklite_tool tool = {
        .generation = X8_AKLITE_A, .program = brought.program, .libraries = brought.libraries};
    const struct x8_root *root;
    int rc;

    memset(out, 0, sizeof *out);
    snprintf(brought.folder, sizeof brought.folder, "%s-" IMAGE, run.journal->stage);
    rc = run.hooks.root(run.hooks.user, *session, &root, err);
    if (rc < 0)
        return rc;
    rc = prepare(*session, op, job, root, &brought, err);
    if (rc < 0) {
        if (run.journal->step == X8_STEP_SEND)
            clean_up(*session, op, root, &brought);
        return rc;
    }
    run.tool = &tool;
    rc = x8_update_go(session, op, &run, out, err);
    return end(*session, op, &run, &brought, rc, err);
}
