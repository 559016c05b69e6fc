/*
 * How bundles, boards and findings read on stdout.
 */
#include "update_parts.h"

#include "util/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_COLUMNS = 14, TEXT_LEN = 1400, NEXT_MIN = 30 };

static void put(struct x8_buf *out, const char *text)
{
    if (x8_buf_add(out, text, strlen(text)) < 0)
        abort();
}

void x8_update_line(struct x8_buf *out, int is_person, const char *label, const char *fmt, ...)
{
    char text[TEXT_LEN], head[64];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    x8_clean(text, sizeof text, text, strlen(text));
    if (is_person) {
        snprintf(head, sizeof head, "%-*s ", LABEL_COLUMNS, label);
        x8_put_behind(out, head, text, x8_file_columns(stdout));
        return;
    }
    put(out, label);
    put(out, "\t");
    put(out, text);
    put(out, "\n");
}

static void put_finding(struct x8_buf *out, const struct x8_finding *item)
{
    static const char deep[] = "                         next  ", narrow[] = "    next  ";
    int columns = x8_file_columns(stdout);
    int is_narrow = columns > 0 && columns < (int)sizeof deep + NEXT_MIN;
    char head[64];

    snprintf(head, sizeof head, "%-8s %-15s ", x8_finding_name(item->kind), item->id);
    x8_put_behind(out, head, item->text, columns);
    if (item->next[0])
        x8_put_behind(out, is_narrow ? narrow : deep, item->next, columns);
}

void x8_update_findings_text(struct x8_buf *out, int is_person, const struct x8_findings *findings)
{
    char line[900];

    if (is_person && out->len)
        put(out, "\n");
    for (size_t i = 0; i < findings->count; i++) {
        const struct x8_finding *item = &findings->items[i];

        if (is_person) {
            put_finding(out, item);
            continue;
        }
        snprintf(line, sizeof line, "check\t%s\t%s\t%s\t%s\n", x8_finding_name(item->kind),
                 item->id, item->text, item->next);
        put(out, line);
    }
}

static const char *aklite_text(enum x8_aklite generation)
{
    static const char *const texts[] = {
        [X8_AKLITE_NONE] =
            "none that is known: x8ctl update legacy-399 (image 399), or x8ctl flash",
        [X8_AKLITE_A] = "generation A (images 674 to 91.7)",
        [X8_AKLITE_B] = "generation B (91.8, 91.9)",
        [X8_AKLITE_C] = "generation C (95 and later)",
    };

    return texts[generation];
}

static void put_flag(char *out, size_t cap, const char *name, int value)
{
    size_t len = strlen(out);

    if (value >= 0)
        snprintf(out + len, cap - len, "%s%s=%d", len ? " " : "", name, value);
}

static void put_boot(struct x8_buf *out, int is_person, const struct x8_update_board *board)
{
    char text[160] = "";
    const char *words = board->rollback_flag == 1       ? ": went back to the system from before"
                        : board->upgrade_available == 1 ? ": not confirmed yet"
                                                        : "";

    put_flag(text, sizeof text, "upgrade_available", board->upgrade_available);
    put_flag(text, sizeof text, "bootcount", board->bootcount);
    put_flag(text, sizeof text, "rollback", board->rollback_flag);
    put_flag(text, sizeof text, "bootupgrade_available", board->bootupgrade_available);
    x8_update_line(out, is_person, "boot-loader", "%s%s", text[0] ? text : "not known", words);
}

static void put_units(struct x8_buf *out, int is_person, const struct x8_update_board *board)
{
    static const char *const states[] = {"off", "enabled", "runs", "enabled, runs"};

    x8_update_line(out, is_person, "aktualizr-lite", "%s%s",
                   board->daemon_active    ? "runs"
                   : board->daemon_enabled ? "enabled, does not run"
                                           : "off",
                   board->is_registered ? "; the board is registered with a factory" : "");
    x8_update_line(out, is_person, "early-start", "%s, recovery %s%s",
                   states[board->early_start & 3], states[board->early_recovery & 3],
                   board->has_reset_store ? ", may empty /var/lib/docker" : "");
    if (board->ootb_pending)
        x8_update_line(out, is_person, "page", "%s",
                       "an update of the board's own page is under way");
}

static void put_containers(struct x8_buf *out, int is_person, const struct x8_update_board *board)
{
    for (size_t i = 0; i < board->container_count; i++) {
        const struct x8_container *container = &board->containers[i];

        x8_update_line(out, is_person, "container", "%s%s, %s%s%s", container->name,
                       container->is_running ? "" : " (stopped)", container->image,
                       container->project[0] ? ", of " : "", container->project);
    }
}

void x8_update_board_text(struct x8_buf *out, int is_person, const struct x8_update_look *look)
{
    const struct x8_update_board *board = &look->board;
    char system[24], var[24];

    x8_update_line(out, is_person, "image", "%s", board->version[0] ? board->version : "not known");
    x8_update_line(out, is_person, "target", "%s", board->target[0] ? board->target : "not known");
    x8_update_line(out, is_person, "booted", "%s", board->booted[0] ? board->booted : "not known");
    x8_update_line(out, is_person, "pending", "%s", board->pending[0] ? board->pending : "none");
    x8_update_line(out, is_person, "before", "%s",
                   board->rollback[0] ? board->rollback
                   : board->sees_sota ? "none"
                                      : "not known");
    put_boot(out, is_person, board);
    x8_update_line(out, is_person, "aklite-offline", "%s", aklite_text(board->aklite));
    put_units(out, is_person, board);
    put_containers(out, is_person, board);
    x8_size_text(system, board->sysroot_free);
    x8_size_text(var, board->var_free);
    x8_update_line(out, is_person, "free", "%s, /var %s", system, var);
}

void x8_update_journal_text(struct x8_buf *out, int is_person, const struct x8_update_look *look)
{
    const struct x8_update_journal *journal = &look->journal;
    char begun[32], changed[32];

    if (!look->has_journal) {
        x8_update_line(out, is_person, "journal", "%s", "no update of this board from here");
        return;
    }
    x8_update_time_text(begun, journal->begun_s);
    x8_update_time_text(changed, journal->changed_s);
    x8_update_line(out, is_person, "journal", "%s to %s, begun %s, %s since %s%s%s",
                   journal->expected.old_version[0] ? journal->expected.old_version : "?",
                   journal->expected.version, begun, x8_update_step_name(journal->step), changed,
                   journal->note[0] ? ": " : "", journal->note);
    if (x8_update_is_open(look))
        x8_update_line(out, is_person, "next", "%s", "x8ctl update finish");
}
