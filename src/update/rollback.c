/*
 * Back to the system from before. aklite-offline has no verb for it in any generation; its sibling
 * aktualizr-lite got one ("rollback") before the commit that generation C is made of. That one asks
 * the fleet's server for what belongs to the old target.
 *
 * Source: aktualizr-lite at 6cda15b, src/main.cc and AkliteClientExt::Rollback.
 */
#include "update/apply_parts.h"

#include "session/osrelease.h"
#include "util/text.h"

#include <stdio.h>
#include <string.h>

#define ASK_MS 30000

static int refuse(const struct x8_update_board *board, const char *why, struct x8_error *err)
{
    x8_fail(err, X8_E_REFUSED, "the board has no command that brings the old system back");
    x8_error_why(err, "%s", why);
    x8_error_next(err, "x8ctl update apply OLD_BUNDLE --allow-downgrade    or x8ctl flash%s%s",
                  board->rollback[0] ? "; the old system is commit " : "", board->rollback);
    return -X8_E_REFUSED;
}

/* --help is answered before anything is opened. */
static int has_verb(struct x8_session *session, const struct x8_op *op, struct x8_error *err)
{
    X8_AUTO_RAN ran = {0};
    int rc =
        x8_run(session, op, "aktualizr-lite --help 2>&1 | grep -qw rollback", ASK_MS, &ran, err);

    return rc < 0 ? rc : ran.status == 0;
}

int x8_update_can_roll_back(struct x8_session *session, const struct x8_op *op,
                            const struct x8_update_board *board, struct x8_error *err)
{
    static const char late[] =
        "another system is deployed already and starts with the next restart";
    static const char lone[] = "the board keeps no other system than the one that runs";
    static const char old[] = "only images of 95 and later have one (aktualizr-lite rollback)";
    static const char free_of[] = "aktualizr-lite rollback asks a fleet's server, and the board is "
                                  "registered with none";

    if (board->pending[0] || !board->rollback[0])
        return refuse(board, board->pending[0] ? late : lone, err);
    if (board->aklite != X8_AKLITE_C || !board->is_registered)
        return refuse(board, board->aklite != X8_AKLITE_C ? old : free_of, err);
    int rc = has_verb(session, op, err);
    return rc == 0 ? refuse(board, "its aktualizr-lite has no such command", err) : rc < 0 ? rc : 0;
}

/* The number of the system that is kept, from its own files. */
static int read_version(struct machine *m, struct x8_error *err)
{
    struct x8_os_release os;
    X8_AUTO_BUF text = {0}, out = {0};
    struct x8_error ignored = {0};
    char word[32];

    if (x8_buf_addf(&text, "cat /ostree/deploy/*/deploy/%.64s.*/usr/lib/os-release",
                    m->board.rollback) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    int rc = x8_run_as_ok(*m->session, &m->op, m->root, "read the old system's os-release",
                          x8_buf_text(&text), ASK_MS, &out, &ignored);
    if (rc == 0 && x8_os_release_parse(x8_buf_span(&out), &os, &ignored) == 0) {
        x8_os_image(&os, word);
        x8_copy(m->journal->expected.version, sizeof(m->journal->expected.version), word);
    }
    return rc == -X8_E_GONE || rc == -X8_E_LINK || rc == -X8_E_STOPPED ? (*err = ignored, rc) : 0;
}

/* Where the run's files lie; an update's staging folder is gone by now. */
static int make_stage(struct machine *m, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};

    if (x8_buf_addf(&text, "mkdir -p -m 700 -- ") < 0 || x8_quote(&text, m->journal->stage) < 0)
        return x8_fail(err, X8_E_INTERNAL, "out of memory");
    return x8_run_as_ok(*m->session, &m->op, m->root, "make a folder", x8_buf_text(&text), ASK_MS,
                        NULL, err);
}

static int prepare(struct machine *m, struct x8_error *err)
{
    struct x8_expected *e = &m->journal->expected;
    int rc = machine_probe(m, err);

    if (rc == 0)
        rc = x8_update_can_roll_back(*m->session, &m->op, &m->board, err);
    if (rc < 0)
        return rc;
    memset(e, 0, sizeof(*e));
    x8_copy(e->commit, sizeof(e->commit), m->board.rollback);
    x8_copy(e->old_commit, sizeof(e->old_commit), m->board.booted);
    x8_copy(e->old_version, sizeof(e->old_version), m->board.version);
    m->journal->is_rollback = 1;
    m->journal->aklite = m->board.aklite;
    m->journal->daemon_was_active = m->board.daemon_active;
    rc = read_version(m, err);
    if (rc == 0)
        rc = make_stage(m, err);
    return rc < 0 ? rc : machine_step_here(m, X8_STEP_INSTALL, err);
}

int x8_update_rollback(struct x8_session **session, const struct x8_op *op,
                       struct x8_update_run *run, struct x8_updated *out, struct x8_error *err)
{
    struct machine m = {
        .session = session, .base = op, .op = *op, .run = run, .journal = run->journal, .out = out};
    int64_t begun = x8_now_ms();

    memset(out, 0, sizeof(*out));
    int rc = prepare(&m, err);
    if (rc == 0) {
        rc = machine_walk(&m, err);
        if (rc < 0)
            machine_say_how_to_go_on(&m, rc, err);
    }
    out->took_ms = x8_now_ms() - begun;
    x8_update_board_done(&m.board);
    return rc < 0 ? rc : 0;
}
