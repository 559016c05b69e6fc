/*
 * Writing a journal. Each line is one write, so that a program that is killed leaves whole lines.
 *
 * One that cannot be written any more is taken away, which needs no room on the disk: it would tell
 * of an earlier state of the board, and perhaps not the serial number by which another is noticed.
 *
 * A new one takes the place of an earlier run's file only when the board is about to be changed:
 * until then that file is what is known of the board, and a run that ends before leaves it.
 */
#include "flash/journal.h"

#include "flash/journal_parts.h"
#include "util/file.h"
#include "util/json.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct x8_journal {
    int fd;         /* -1: not begun, or given up */
    int is_waiting; /* not begun: its lines are in `early`, the file is an earlier run's */
    struct x8_buf early;
    size_t len;
    char path[];
};

const char *const x8_journal_only[3] = {"all", "loader", "os"};

static struct x8_json *line_of(const char *kind)
{
    struct x8_json *line = x8_json_object();

    x8_json_str(line, JOURNAL_KIND, kind);
    return line;
}

static char *text_of(struct x8_json **line)
{
    char *text = x8_json_text(*line, 0);

    x8_json_free(line);
    return text;
}

static int journal_new(const char *path, struct x8_journal **out, struct x8_error *err)
{
    size_t len = strlen(path) + 1;
    struct x8_journal *journal = calloc(1, sizeof *journal + len);

    if (!journal)
        return x8_fail(err, X8_E_INTERNAL, "%s: out of memory", path);
    memcpy(journal->path, path, len);
    journal->fd = -1;
    *out = journal;
    return 0;
}

static void journal_free(struct x8_journal **journal)
{
    x8_fd_close(&(*journal)->fd);
    x8_buf_done(&(*journal)->early);
    free(*journal);
    *journal = NULL;
}

static struct x8_json *head_json(const struct x8_journal_head *head)
{
    struct x8_json *line = line_of(JOURNAL_BEGIN);
    size_t only = (size_t)head->only;

    x8_json_u64(line, "format", JOURNAL_FORMAT);
    x8_json_str(line, "port", head->port);
    x8_json_str(line, "source", head->source);
    x8_json_str(line, "image", head->image);
    x8_json_str(line, "sha256", head->sha256);
    x8_json_str(line, "script", head->script);
    x8_json_str(line, "only", x8_journal_only[only < X8_COUNT(x8_journal_only) ? only : 0]);
    x8_json_bool(line, "skip_unused", head->skip_unused);
    x8_json_u64(line, "started", head->started > 0 ? (uint64_t)head->started : 0);
    return line;
}

/* What stands at its place can be replaced: that is known before the board is touched. */
static int check_place(const char *path, struct x8_error *err)
{
    enum x8_path_kind kind = x8_path_kind(path);

    if (kind == X8_PATH_NONE || kind == X8_PATH_FILE)
        return 0;
    x8_fail(err, X8_E_NO_FILE, "%s: not a file", path);
    x8_error_why(err, "a folder or something else has the name of the journal");
    x8_error_next(err, "move it away");
    return -(int)X8_E_NO_FILE;
}

int x8_journal_begin(const char *path, const struct x8_journal_head *head, struct x8_journal **out,
                     struct x8_error *err)
{
    struct x8_journal *journal;
    struct x8_json *line;
    char *text;
    int rc = check_place(path, err);

    if (rc == 0)
        rc = journal_new(path, &journal, err);
    if (rc < 0)
        return rc;
    line = head_json(head);
    text = text_of(&line);
    rc = x8_buf_addf(&journal->early, "%s\n", text);
    free(text);
    if (rc < 0) {
        journal_free(&journal);
        return x8_fail(err, X8_E_INTERNAL, "%s: out of memory", path);
    }
    journal->is_waiting = 1;
    *out = journal;
    return 0;
}

/* The line before may have been cut short: a new one begins in any case. */
int x8_journal_continue(const char *path, struct x8_journal **out, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    struct x8_journal *journal;
    int rc = x8_file_load(path, JOURNAL_MAX, &text, err);

    if (rc == 0)
        rc = journal_new(path, &journal, err);
    if (rc < 0)
        return rc;
    rc = journal->fd = x8_file_append_open(path, err);
    if (rc >= 0)
        rc = x8_file_append(journal->fd, path, "\n", 1, err);
    journal->len = text.len + 1;
    if (rc < 0) {
        journal_free(&journal);
        return rc;
    }
    *out = journal;
    return 0;
}

static void give_up(struct x8_journal *journal, const struct x8_op *op, const char *why)
{
    int is_left;

    journal->is_waiting = 0;
    x8_fd_close(&journal->fd);
    is_left = unlink(journal->path) != 0 && x8_path_kind(journal->path) != X8_PATH_NONE;
    x8_emit(
        op, X8_EV_WARN,
        "the journal %s cannot be kept any more (%s): this run goes on, and cannot be resumed%s",
        journal->path, why, is_left ? "; remove that file" : "");
}

void x8_journal_touch(struct x8_journal *journal, const struct x8_op *op)
{
    struct x8_error err = {0};
    int rc;

    if (!journal || !journal->is_waiting)
        return;
    journal->is_waiting = 0;
    rc = x8_file_replace(journal->path, journal->early.data, journal->early.len, 0600, &err);
    if (rc == 0)
        rc = journal->fd = x8_file_append_open(journal->path, &err);
    if (rc < 0)
        give_up(journal, op, err.why[0] ? err.why : err.msg);
    journal->len = journal->early.len;
    x8_buf_done(&journal->early);
}

/* Add a line to the file, or to what becomes its beginning. The reason why not, or NULL. */
static const char *add_text(struct x8_journal *journal, const char *text, size_t len,
                            struct x8_error *err)
{
    if (journal->is_waiting)
        return x8_buf_add(&journal->early, text, len) < 0 ? "out of memory" : NULL;
    if (x8_file_append(journal->fd, journal->path, text, len, err) < 0)
        return err->why[0] ? err->why : err->msg;
    journal->len += len;
    return NULL;
}

/* Takes the line. */
static void write_line(struct x8_journal *journal, const struct x8_op *op, struct x8_json *line)
{
    char *text = text_of(&line);
    size_t len = strlen(text), have = journal->is_waiting ? journal->early.len : journal->len;
    struct x8_error err = {0};
    const char *why = "it has become too long";

    if (have + len + 1 <= JOURNAL_MAX) {
        text[len] = '\n'; /* in the place of the end: the length is given */
        why = add_text(journal, text, len + 1, &err);
    }
    if (why)
        give_up(journal, op, why);
    free(text);
}

static int is_kept(const struct x8_journal *journal)
{
    return journal && (journal->fd >= 0 || journal->is_waiting);
}

int x8_journal_is_there(const struct x8_journal *journal)
{
    return journal && journal->fd >= 0;
}

static struct x8_json *range_line(const char *kind, const char *partition, uint64_t start,
                                  uint64_t end)
{
    struct x8_json *line = line_of(kind);

    x8_json_str(line, "partition", partition);
    x8_json_u64(line, "start", start);
    x8_json_u64(line, "end", end);
    return line;
}

void x8_journal_serial(struct x8_journal *journal, const struct x8_op *op, const char *serial)
{
    struct x8_json *line;

    if (!is_kept(journal))
        return;
    line = line_of(JOURNAL_SERIAL);
    x8_json_str(line, "serial", serial);
    write_line(journal, op, line);
}

void x8_journal_erased(struct x8_journal *journal, const struct x8_op *op, const char *partition,
                       const struct x8_range *range)
{
    x8_journal_touch(journal, op);
    if (is_kept(journal))
        write_line(journal, op, range_line(JOURNAL_ERASED, partition, range->start, range->end));
}

void x8_journal_sending(struct x8_journal *journal, const struct x8_op *op, const char *partition,
                        uint64_t start, uint64_t end)
{
    x8_journal_touch(journal, op);
    if (is_kept(journal))
        write_line(journal, op, range_line(JOURNAL_SENDING, partition, start, end));
}

void x8_journal_confirm(struct x8_journal *journal, const struct x8_op *op, const char *partition,
                        const struct x8_piece_done *piece)
{
    struct x8_json *line;

    if (!is_kept(journal))
        return;
    line = range_line(JOURNAL_CONFIRM, partition, piece->start, piece->end);
    x8_json_u64(line, "at", piece->at);
    x8_json_u64(line, "len", piece->len);
    x8_json_u64(line, "crc", piece->crc);
    write_line(journal, op, line);
}

/* What went well must not be resumed. */
static void take_away(struct x8_journal *journal, const struct x8_op *op)
{
    if (unlink(journal->path) != 0 && x8_path_kind(journal->path) != X8_PATH_NONE)
        x8_emit(op, X8_EV_WARN, "the journal %s cannot be removed: remove that file",
                journal->path);
}

void x8_journal_end(struct x8_journal **journal, const struct x8_op *op, int rc)
{
    struct x8_journal *it = *journal;
    struct x8_json *line;

    *journal = NULL;
    if (!it)
        return;
    if (is_kept(it) && rc >= 0) {
        take_away(it, op);
    } else if (x8_journal_is_there(it)) {
        line = line_of(JOURNAL_END);
        x8_json_u64(line, "code", (uint64_t)x8_code_of(rc));
        write_line(it, op, line);
    }
    journal_free(&it);
}
