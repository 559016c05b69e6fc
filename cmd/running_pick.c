/*
 * Choosing the boards of a run: by selectors, all of them, the only one, or by number on a
 * terminal.
 */
#include "choice.h"
#include "rows.h"
#include "running_parts.h"

#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_running(const struct x8_target *target)
{
    return target->mode == X8_MODE_LINUX;
}

/* Those that run first; how many. */
static size_t running_first(struct x8_target *targets, size_t count)
{
    size_t running = 0;

    for (size_t i = 0; i < count; i++) {
        if (!is_running(&targets[i]))
            continue;
        if (running != i) {
            struct x8_target moved = targets[i];

            memmove(&targets[running + 1], &targets[running], (i - running) * sizeof *targets);
            targets[running] = moved;
        }
        running++;
    }
    return running;
}

static int none_runs(const struct x8_target *targets, size_t count, struct x8_error *err)
{
    char list[300] = "";

    for (size_t i = 0; i < count; i++) {
        size_t used = strlen(list);

        snprintf(list + used, sizeof list - used, "%s%s (%s)", used ? ", " : "", targets[i].where,
                 targets[i].state);
    }
    x8_fail(err, X8_E_WRONG_STATE, "no board runs Linux");
    x8_error_why(err, "seen: %s", list);
    x8_error_next(err, "a board in flashing mode starts Linux when its boot switches are OFF and "
                       "it is plugged in again (x8ctl guide)");
    return -(int)X8_E_WRONG_STATE;
}

static const char *cell(const void *rows, size_t row, size_t column, char room[X8_CHOICE_ROOM])
{
    const struct x8_target *target = (const struct x8_target *)rows + row;

    switch (column) {
    case 0:
        return target->serial;
    case 1:
        return target->name;
    case 2:
        return target->state;
    case 3:
        return x8_row_cell(target, X8_COL_IMAGE, room);
    default:
        return target->where;
    }
}

/* The chosen one stands first. `err` holds why there was something to choose, and stays when
 * nothing is chosen. */
static int ask_which(struct x8_run *run, size_t count, struct x8_error *err)
{
    struct x8_error failed;
    size_t chosen = 0;
    int rc;

    x8_choice_show(run->ctx, cell, run->targets, count, 5);
    rc = x8_choose_number(run->ctx, count, &chosen, &failed);
    if (rc < 0)
        *err = failed;
    if (rc == 0)
        return -(int)X8_E_SEVERAL;
    if (rc > 0 && chosen > 0)
        run->targets[0] = run->targets[chosen];
    return rc;
}

static int refuse_several(const struct x8_run *run, int count, struct x8_error *err)
{
    x8_fail(err, X8_E_SEVERAL, "%s works on one board at a time, and %d are chosen",
            run->ctx->cmd->name, count);
    x8_error_why(err, "the first two: %s, %s", run->targets[0].label, run->targets[1].label);
    x8_error_next(err, "choose one, as in -s %s", run->targets[0].label);
    return -(int)X8_E_SEVERAL;
}

static int choose(struct x8_run *run, size_t count, struct x8_error *err)
{
    const struct x8_globals *globals = run->ctx->globals;
    int has_selector = globals->serial.count > 0, rc;

    if (!has_selector && !run->plan->any_state && count > 0) {
        size_t running = running_first(run->targets, count);

        if (running == 0)
            return none_runs(run->targets, count, err);
        count = running;
    }
    rc = x8_targets_pick(globals->serial.items, globals->serial.count, globals->all, run->targets,
                         count, err);
    if (rc == -(int)X8_E_SEVERAL && !has_selector && x8_ui_can_ask(run->ctx->ui))
        rc = ask_which(run, count, err);
    if (rc > 1 && run->plan->one_only)
        rc = refuse_several(run, rc, err);
    return rc;
}

int x8_addresses_of(const struct x8_globals *globals, const char **out, size_t *out_count,
                    struct x8_error *err)
{
    struct x8_selector selector;
    int rc = 0;

    *out_count = 0;
    for (size_t i = 0; rc == 0 && i < globals->serial.count; i++) {
        const char *text = globals->serial.items[i];

        rc = x8_selector_parse(text, &selector, err);
        if (rc == 0 && selector.kind == X8_SELECT_ADDRESS)
            out[(*out_count)++] = x8_starts(text, "adb:") ? text + 4 : text;
        else if (rc == 0 && selector.kind == X8_SELECT_NET)
            out[(*out_count)++] = text;
    }
    return rc;
}

/* --- the network: searched only where nothing else decides --- */

static int is_on(const struct x8_run *run, const struct x8_selector *selector, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (x8_target_match(selector, &run->targets[i], NULL) &&
            (run->reach.via != X8_VIA_NET || run->targets[i].has_net))
            return 1;
    return 0;
}

/* What is on USB or known to an adb server is meant before what is somewhere on the network. */
static int needs_search(const struct x8_run *run, size_t count)
{
    const struct x8_strings *serial = &run->ctx->globals->serial;
    struct x8_selector selector;

    for (size_t i = 0; i < serial->count; i++) {
        if (x8_selector_parse(serial->items[i], &selector, NULL) < 0 ||
            x8_selector_is_place(&selector))
            continue;
        if (selector.kind == X8_SELECT_NET || !is_on(run, &selector, count))
            return 1;
    }
    return serial->count == 0 && (count == 0 || run->reach.via == X8_VIA_NET);
}

/* Without -s, --via net means those that are there. */
static size_t reachable_first(struct x8_run *run, size_t count)
{
    size_t reachable = 0;

    if (run->reach.via != X8_VIA_NET || run->ctx->globals->serial.count)
        return count;
    for (size_t i = 0; i < count; i++)
        if (run->targets[i].has_net)
            run->targets[reachable++] = run->targets[i];
    return reachable;
}

static int search(struct x8_run *run, size_t count, struct x8_error *err)
{
    const struct x8_strings *serial = &run->ctx->globals->serial;
    struct x8_error failed;
    int rc;

    x8_emit(&run->ctx->op, X8_EV_DETAIL, "searching the network for boards");
    rc = x8_targets_search(run->ctx->bus, &run->ctx->op, &run->reach, serial->items, serial->count,
                           run->plan->probe_ms, &run->targets, &count, &failed);
    if (rc < 0 && (run->reach.via == X8_VIA_NET || failed.code != X8_E_NETWORK)) {
        *err = failed;
        return rc;
    }
    if (rc < 0) /* a computer without a network has no boards there */
        x8_emit(&run->ctx->op, X8_EV_DETAIL, "%s", failed.msg);
    return (int)count;
}

/* Where it was looked. */
static void tell_search(const struct x8_run *run, struct x8_error *err)
{
    char seconds[32];

    snprintf(seconds, sizeof seconds, "%.3g s", run->reach.net.search_ms / 1000.0);
    if (run->ctx->globals->serial.count == 0)
        x8_error_why(err,
                     run->reach.via == X8_VIA_NET
                         ? "none was found on the network in %s"
                         : "neither USB nor an adb server shows one, nor the network in %s",
                     seconds);
}

int x8_all_are_places(const struct x8_strings *serial)
{
    struct x8_selector selector;

    for (size_t i = 0; i < serial->count; i++)
        if (x8_selector_parse(serial->items[i], &selector, NULL) < 0 ||
            !x8_selector_is_place(&selector))
            return 0;
    return serial->count > 0;
}

int x8_run_pick(struct x8_run *run, struct x8_error *err)
{
    const char *addresses[X8_COUNT(run->ctx->globals->serial.items)];
    size_t address_count;
    int rc = x8_addresses_of(run->ctx->globals, addresses, &address_count, err), searched = 0;

    if (rc == 0)
        rc = x8_targets_find(run->ctx->bus, &run->ctx->op, &run->reach, addresses, address_count,
                             run->plan->probe_ms, &run->targets, err);
    if (rc >= 0 && run->reach.net.search_ms > 0 && needs_search(run, (size_t)rc)) {
        rc = search(run, (size_t)rc, err);
        searched = 1;
    }
    if (rc < 0)
        return rc;
    rc = choose(run, reachable_first(run, (size_t)rc), err);
    if (rc == -(int)X8_E_NO_BOARD && searched)
        tell_search(run, err);
    return rc;
}
