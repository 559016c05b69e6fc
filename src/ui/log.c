/*
 * Logs: the one of --log FILE with every fact, and the one that is kept of a run although nobody
 * asked for it. The latter has no bytes of the wire, is bounded, and nothing that becomes of it is
 * worth a word on the screen.
 */
#include "ui/parts.h"
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* Behind the first bound only what tells how it ended is written, behind the second nothing. */
#define KEPT_MAX     (4u << 20)
#define KEPT_END_MAX (KEPT_MAX + (64u << 10))

int x8_log_open(struct x8_log *log, const struct x8_ui_config *config, struct x8_error *err)
{
    enum x8_code code;

    *log = (struct x8_log){.fd = -1};
    if (config->kept_fd && !config->log_path) {
        *log = (struct x8_log){.fd = config->kept_fd, .depth = config->kept_depth, .is_kept = 1};
        return 0;
    }
    if (!config->log_path)
        return 0;
    /* Non-blocking: a pipe without a reader is an error, not a wait. */
    log->fd = open(config->log_path,
                   O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
    log->depth = X8_EV_WIRE - X8_EV_DETAIL + 1;
    if (log->fd >= 0)
        return 0;
    code = x8_write_code(errno, X8_E_NO_FILE);
    if (code != X8_E_HOST_SPACE)
        code = X8_E_NO_FILE;
    x8_fail_sys(err, code, errno, "the log %s cannot be written", config->log_path);
    x8_error_next(err, "name a file in a folder you may write to after --log");
    return -(int)code;
}

void x8_log_close(struct x8_log *log)
{
    if (!log->is_kept)
        x8_fd_close(&log->fd);
    log->fd = -1; /* a kept one belongs to whoever opened it */
}

static int tells_the_end(int kind)
{
    return kind == X8_EV_ERROR || kind == X8_EV_RESULT || kind == X8_FACT_FINAL;
}

/* 1 when a kept log has room for this fact. */
static int has_room(struct x8_log *log, const struct x8_fact *fact, struct x8_buf *out)
{
    if (!log->is_kept || log->bytes < KEPT_MAX)
        return 1;
    if (!log->is_full)
        x8_put(out, "%s - what follows is left out, but for how it ends\n", fact->t);
    log->is_full = 1;
    return log->bytes < KEPT_END_MAX && tells_the_end(fact->kind);
}

void x8_log_add(struct x8_log *log, struct x8_view *view, struct x8_board_view *board,
                const struct x8_fact *fact, struct x8_buf *out)
{
    size_t before = out->len;

    if (log->fd < 0 || !x8_depth_has(log->depth, fact->kind))
        return;
    if (has_room(log, fact, out))
        x8_log_fact(view, board, fact, out);
    log->bytes += out->len - before;
}

int x8_log_write(struct x8_log *log, const struct x8_buf *text)
{
    int is_kept = log->is_kept, errnum;

    if (log->fd < 0 || x8_write_all(log->fd, text) == 0)
        return 0;
    errnum = errno;
    x8_log_close(log);
    return is_kept ? 0 : errnum;
}
