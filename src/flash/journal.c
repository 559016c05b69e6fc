/*
 * Writing a journal. Each line is one write, so that a program that is killed leaves whole lines.
 *
 * One that cannot be written any more is taken away, which needs no room on the disk: it would tell
 * of an earlier state of the board, and perhaps not the serial number by which another is noticed.
 */
#include "flash/journal.h"

#include "flash/journal_parts.h"
#include "util/file.h"
#include "util/json.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct x8_journal {
    int fd; /* -1: given up */
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

static int open_journal(const char *path, size_t len, struct x8_journal **out, struct x8_error *err)
{
    size_t path_len = strlen(path) + 1;
    struct x8_journal *journal = calloc(1, sizeof *journal + path_len);

    if (!journal)
        return x8_fail(err, X8_E_INTERNAL, "%s: out of memory", path);
    memcpy(journal->path, path, path_len);
    journal->len = len;
    journal->fd = x8_file_append_open(path, err);
    if (journal->fd < 0) {
        int rc = journal->fd;

        free(journal);
        return rc;
    }
    *out = journal;
    return 0;
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

int x8_journal_begin(const char *path, const struct x8_journal_head *head, struct x8_journal **out,
                     struct x8_error *err)
{
    struct x8_json *line = head_json(head);
    char *text = text_of(&line);
    size_t len = strlen(text);
    int rc;

    text[len] = '\n'; /* in the place of the end: the length is given */
    rc = x8_file_replace(path, text, len + 1, 0600, err);
    free(text);
    return rc < 0 ? rc : open_journal(path, len + 1, out, err);
}

/* The line before may have been cut short: a new one begins in any case. */
int x8_journal_continue(const char *path, struct x8_journal **out, struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc = x8_file_load(path, JOURNAL_MAX, &text, err);

    if (rc == 0)
        rc = open_journal(path, text.len, out, err);
    if (rc < 0)
        return rc;
    rc = x8_file_append((*out)->fd, path, "\n", 1, err);
    (*out)->len++;
    if (rc < 0) {
        x8_fd_close(&(*out)->fd);
        free(*out);
        *out = NULL;
    }
    return rc;
}

static void give_up(struct x8_journal *journal, const struct x8_op *op, const char *why)
{
    int is_left;

    x8_fd_close(&journal->fd);
    is_left = unlink(journal->path) != 0 && x8_path_kind(journal->path) != X8_PATH_NONE;
    x8_emit(
        op, X8_EV_WARN,
        "the journal %s cannot be kept any more (%s): this run goes on, and cannot be resumed%s",
        journal->path, why, is_left ? "; remove that file" : "");
}

/* Takes the line. */
static void write_line(struct x8_journal *journal, const struct x8_op *op, struct x8_json *line)
{
    char *text = text_of(&line);
    size_t len = strlen(text);
    struct x8_error err = {0};

    if (len + 1 > JOURNAL_MAX - journal->len) {
        give_up(journal, op, "it has become too long");
    } else {
        text[len] = '\n';
        if (x8_file_append(journal->fd, journal->path, text, len + 1, &err) < 0)
            give_up(journal, op, err.why[0] ? err.why : err.msg);
        journal->len += len + 1;
    }
    free(text);
}

static int is_kept(const struct x8_journal *journal)
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
    if (is_kept(journal))
        write_line(journal, op, range_line(JOURNAL_ERASED, partition, range->start, range->end));
}

void x8_journal_sending(struct x8_journal *journal, const struct x8_op *op, const char *partition,
                        uint64_t start, uint64_t end)
{
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
    if (it->fd >= 0 && rc >= 0) {
        take_away(it, op);
    } else if (it->fd >= 0) {
        line = line_of(JOURNAL_END);
        x8_json_u64(line, "code", (uint64_t)x8_code_of(rc));
        write_line(it, op, line);
    }
    x8_fd_close(&it->fd);
    free(it);
}
