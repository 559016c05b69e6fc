/*
 * Journals of earlier runs: finding them, and which one is meant by --resume.
 */
#include "flash_resume.h"

#include "opts.h"
#include "running.h"

#include "board/wait.h"
#include "util/file.h"
#include "util/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JOURNALS_MAX = 64 };

/* One file of the folder. */
struct left {
    struct x8_past past; /* of a file that cannot be read: its port alone */
    int is_bad;
    struct x8_error error; /* why */
};

struct found {
    struct left *items; /* JOURNALS_MAX; those that are meant come first */
    size_t count;
    size_t all;           /* with those that -s leaves out, which stand behind */
    struct x8_error none; /* the folder cannot be read; else empty */
};

static void found_done(struct found *found)
{
    for (size_t i = 0; found->items && i < found->all; i++)
        x8_past_done(&found->items[i].past);
    free(found->items);
}

/* "usb-1-4.2.jsonl": what it says, or what its name says and why it cannot be read. */
static void look_at(struct found *found, const char *folder, const char *name)
{
    struct left *left = &found->items[found->all];
    char *path = x8_path_join(folder, name);
    int rc = path ? x8_journal_read(path, &left->past, &left->error) : 0;

    free(path);
    if (rc < 0) {
        left->is_bad = 1;
        snprintf(left->past.head.port, sizeof left->past.head.port, "%.*s",
                 (int)(strlen(name) - strlen("usb-.jsonl")), name + strlen("usb-"));
    }
    found->all += rc != 0;
}

static int find_all(struct found *found, struct x8_error *err)
{
    char folder[1100];
    struct dirent *entry;
    DIR *dir;

    x8_env_path("state", "flash", folder, sizeof folder);
    found->items = calloc(JOURNALS_MAX, sizeof *found->items);
    if (!found->items)
        return x8_fail(err, X8_E_INTERNAL, "out of memory for the journals of earlier runs");
    dir = opendir(folder);
    if (!dir && errno != ENOENT)
        x8_fail(&found->none, X8_E_NO_FILE, "%s: %s", folder, strerror(errno));
    while (dir && found->all < JOURNALS_MAX && (entry = readdir(dir)) != NULL)
        if (x8_starts(entry->d_name, "usb-") && x8_ends(entry->d_name, ".jsonl"))
            look_at(found, folder, entry->d_name);
    if (dir)
        closedir(dir);
    found->count = found->all;
    return 0;
}

/* By its port, or by the serial number that the loader or Linux says of the board that is there. */
static int is_meant(const struct x8_past *past, const struct x8_selector *selector,
                    const struct x8_board *boards, int count)
{
    struct x8_board at_port = {0};
    int exact;

    x8_copy(at_port.device.port, sizeof at_port.device.port, past->head.port);
    x8_copy(at_port.device.serial, sizeof at_port.device.serial, past->serial);
    if (x8_selector_match(selector, &at_port, &exact))
        return 1;
    for (int i = 0; i < count; i++)
        if (strcmp(boards[i].device.port, past->head.port) == 0 &&
            x8_selector_match(selector, &boards[i], &exact))
            return 1;
    return 0;
}

static void swap(struct left *a, struct left *b)
{
    struct left other = *a;

    *a = *b;
    *b = other;
}

/* Leave those that -s does not mean out. */
static int narrow(struct x8_ctx *ctx, struct found *found, struct x8_error *err)
{
    const struct x8_strings *serial = &ctx->globals->serial;
    struct x8_board *boards = NULL;
    int n = serial->count ? x8_boards_find(ctx->bus, &boards, err) : 0, rc = n < 0 ? n : 0;
    size_t kept = 0;

    for (size_t i = 0; rc == 0 && i < found->all; i++) {
        struct x8_selector selector;
        int meant = serial->count == 0;

        for (size_t k = 0; rc == 0 && k < serial->count; k++) {
            rc = x8_selector_parse(serial->items[k], &selector, err);
            if (rc == 0) {
                x8_env_resolve_name(&selector);
                meant |= is_meant(&found->items[i].past, &selector, boards, n);
            }
        }
        if (meant && kept != i)
            swap(&found->items[kept], &found->items[i]);
        kept += meant != 0;
    }
    if (rc == 0)
        found->count = kept;
    free(boards);
    return rc;
}

/* Those that cannot be read behind the others. The number that can. */
static size_t sort_bad(struct found *found)
{
    size_t good = 0;

    for (size_t i = 0; i < found->count; i++) {
        if (found->items[i].is_bad)
            continue;
        if (good != i)
            swap(&found->items[good], &found->items[i]);
        good++;
    }
    return good;
}

static int find_meant(struct x8_ctx *ctx, struct found *found, struct x8_error *err)
{
    int rc = find_all(found, err);

    return rc == 0 ? narrow(ctx, found, err) : rc;
}

/* "FILE: not the journal of a flash: it is empty" */
static void error_text(const struct x8_error *error, char *out, size_t cap)
{
    snprintf(out, cap, "%s%s%s", error->msg, error->why[0] ? ": " : "", error->why);
}

void x8_warn_unreadable(struct x8_ctx *ctx, const struct x8_error *error)
{
    char text[sizeof error->msg + sizeof error->why + 1];

    error_text(error, text, sizeof text);
    x8_emit(&ctx->op, X8_EV_WARN, "%s", text);
}

/* The first that can be read of those that -s leaves out. */
static const struct x8_journal_head *left_out(const struct found *found)
{
    for (size_t i = found->count; i < found->all; i++)
        if (!found->items[i].is_bad)
            return &found->items[i].past.head;
    return NULL;
}

static int none_left(const struct found *found, struct x8_error *err)
{
    const struct x8_journal_head *other = left_out(found);
    const struct x8_error *bad = found->count ? &found->items[0].error : &found->none;
    char text[sizeof bad->msg + sizeof bad->why + 1];

    x8_fail(err, X8_E_NO_FILE, "there is no run that could be resumed");
    if (bad->msg[0]) {
        error_text(bad, text, sizeof text);
        x8_error_why(err, "what is known of the last run cannot be read: %s", text);
    } else if (other) {
        x8_fail(err, X8_E_NO_FILE, "there is no run of that board that could be resumed");
        x8_error_why(err, "the run that was cut off is that of %s at usb %s",
                     x8_path_base(other->source), other->port);
        x8_error_next(err, "x8ctl flash --resume -s usb:%s", other->port);
        return -(int)X8_E_NO_FILE;
    } else {
        x8_error_why(err, "a flash that ends well, that wrote nothing of an OS image yet, that is "
                          "of the loader alone or was not begun from this account leaves none");
    }
    x8_error_next(err, "x8ctl flash SOURCE --skip-same    finds out on the board what is right");
    return -(int)X8_E_NO_FILE;
}

static int is_same_run(const struct x8_journal_head *a, const struct x8_journal_head *b)
{
    return strcmp(a->source, b->source) == 0 && strcmp(a->script, b->script) == 0 &&
           a->only == b->only && a->skip_unused == b->skip_unused;
}

static int several_left(const struct x8_ctx *ctx, const struct found *found, size_t count,
                        struct x8_error *err)
{
    int wants_all = ctx->globals->all || ctx->globals->serial.count > 1;
    const struct x8_journal_head *first = &found->items[0].past.head, *other = NULL;

    for (size_t i = 1; i < count && !other; i++)
        if (!is_same_run(first, &found->items[i].past.head))
            other = &found->items[i].past.head;
    if (count == 1 || (!other && wants_all))
        return 0;
    x8_fail(err, X8_E_SEVERAL, "%zu runs could be resumed", count);
    if (other && wants_all) {
        int same = strcmp(first->source, other->source) == 0;

        x8_error_why(err,
                     "only runs of one source with the same options go on together: %s at usb "
                     "%s, %s at usb %s%s",
                     same ? x8_path_base(first->source) : first->source, first->port,
                     same ? "with other options" : other->source, other->port,
                     count > 2 ? " and more" : "");
    } else {
        other = other ? other : &found->items[1].past.head;
        x8_error_why(err, "%s at usb %s, %s at usb %s%s", x8_path_base(first->source), first->port,
                     x8_path_base(other->source), other->port, count > 2 ? " and more" : "");
    }
    x8_error_next(err,
                  is_same_run(first, other)
                      ? "x8ctl flash --resume --all    or one of them with -s usb:%s"
                      : "x8ctl flash --resume -s usb:%s",
                  first->port);
    return -(int)X8_E_SEVERAL;
}

/* From here on the boards are those at the ports of the journals. */
static void select_ports(const struct found *found, size_t count)
{
    static char selectors[JOURNALS_MAX][X8_PORT_LEN + 8];
    struct x8_strings *serial = &x8_globals()->serial;

    serial->count = 0;
    for (size_t i = 0; i < count; i++) {
        snprintf(selectors[i], sizeof selectors[i], "usb:%s", found->items[i].past.head.port);
        serial->items[serial->count++] = selectors[i];
    }
    x8_globals()->all = 0;
}

/* Of an address its secrets are not kept. */
static int check_address(const struct x8_journal_head *head, struct x8_error *err)
{
    if (!strstr(head->source, "://") ||
        (!strstr(head->source, "://***@") && !x8_ends(head->source, "?...")))
        return 0;
    x8_fail(err, X8_E_USAGE, "the address of the run that was cut off is needed again");
    x8_error_why(err, "it is %s: passwords and keys in addresses are not kept", head->source);
    x8_error_next(err, "x8ctl flash --resume -s usb:%s ADDRESS    with all of it", head->port);
    return -(int)X8_E_USAGE;
}

int x8_resume_choose(struct x8_ctx *ctx, struct x8_journal_head *head, struct x8_error *err)
{
    struct found found = {0};
    int rc = find_meant(ctx, &found, err);
    size_t good = rc == 0 ? sort_bad(&found) : 0;

    if (rc == 0 && good == 0)
        rc = none_left(&found, err);
    /* One that cannot be read may be the one that is meant. */
    for (size_t i = good; rc == 0 && i < found.count; i++)
        x8_warn_unreadable(ctx, &found.items[i].error);
    if (rc == 0)
        rc = several_left(ctx, &found, good, err);
    if (rc == 0)
        rc = check_address(&found.items[0].past.head, err);
    if (rc == 0) {
        *head = found.items[0].past.head;
        select_ports(&found, good);
    }
    found_done(&found);
    return rc;
}

int x8_resume_preview(struct x8_ctx *ctx, const struct x8_journal_head *head, struct x8_error *err)
{
    struct found found = {0};
    int rc = find_meant(ctx, &found, err), known = 0;
    size_t good = rc == 0 ? sort_bad(&found) : 0;

    for (size_t i = good; rc == 0 && i < found.count; i++)
        x8_warn_unreadable(ctx, &found.items[i].error);
    if (rc == 0 && found.none.msg[0])
        x8_warn_unreadable(ctx, &found.none);
    for (size_t i = 0; rc == 0 && i < good; i++)
        if (x8_is_same_image(&found.items[i].past.head, head)) {
            x8_tell_resumed(ctx, &found.items[i].past, "can be resumed");
            known = 1;
        }
    if (rc == 0 && !known)
        x8_emit(&ctx->op, X8_EV_NOTICE,
                "no earlier run of this image is known%s: everything would be compared on the "
                "board, and what differs would be written",
                ctx->globals->serial.count ? " for that board" : "");
    found_done(&found);
    return rc;
}
