/*
 * Which targets the user means.
 */
#include "board/target_parts.h"

#include "util/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_LEN = 400 };

/* "host:port" of a selector against what an address or a server says. */
static int is_at(const struct x8_target *target, const char *key)
{
    char own[sizeof target->host + 16];

    snprintf(own, sizeof own, strchr(target->host, ':') ? "[%s]:%u" : "%s:%u", target->host,
             (unsigned)target->port);
    return (target->host[0] && x8_casecmp(own, key) == 0) ||
           (target->has_adb && x8_casecmp(target->adb.serial, key) == 0);
}

/* "net:HOST[:PORT]" against its address, and its name there with and without .local. */
static int is_on_net(const struct x8_target *target, const struct x8_selector *selector)
{
    char full[sizeof target->net_name + 8];
    const char *key = selector->key;

    if (!target->has_net ||
        (selector->port && target->net_port && selector->port != target->net_port))
        return 0;
    snprintf(full, sizeof full, "%s.local", target->net_name);
    return x8_casecmp(key, target->net_host) == 0 ||
           (target->net_name[0] &&
            (x8_casecmp(key, target->net_name) == 0 || x8_casecmp(key, full) == 0));
}

/* A port is known for boards that only a server sees, too: ask a board that hangs there. */
static int match_port(const struct x8_selector *selector, const struct x8_target *target,
                      int *out_exact)
{
    struct x8_board board = target->usb;

    if (!target->has_usb) {
        memset(&board, 0, sizeof board);
        x8_copy(board.device.port, sizeof board.device.port, target->adb.port);
    }
    return x8_selector_match(selector, &board, out_exact);
}

static int match_serial(const struct x8_selector *selector, const struct x8_target *target,
                        int *out_exact)
{
    struct x8_board board = {0};

    *out_exact = x8_serial_equal(selector->key, target->serial) ||
                 (target->name[0] && x8_casecmp(selector->key, target->name) == 0) ||
                 (target->net_name[0] && x8_casecmp(selector->key, target->net_name) == 0);
    if (*out_exact)
        return 1;
    x8_copy(board.device.serial, sizeof board.device.serial, target->serial);
    return x8_selector_match(selector, &board, NULL);
}

int x8_target_match(const struct x8_selector *selector, const struct x8_target *target,
                    int *out_exact)
{
    int exact = 0, match = 0;

    switch (selector->kind) {
    case X8_SELECT_PORT:
    case X8_SELECT_GLUED:
        match = match_port(selector, target, &exact);
        break;
    case X8_SELECT_SERIAL:
        match = match_serial(selector, target, &exact);
        break;
    case X8_SELECT_ADDRESS:
        match = exact = is_at(target, selector->key);
        break;
    case X8_SELECT_NET:
        match = exact = is_on_net(target, selector);
        break;
    }
    if (out_exact)
        *out_exact = exact;
    return match;
}

static void handle_of(const struct x8_target *target, char *out, size_t cap)
{
    if (target->name[0] || target->serial[0])
        x8_copy(out, cap, target->label);
    else if (target->has_usb)
        snprintf(out, cap, "usb:%s", target->usb.device.port);
    else if (x8_target_is_net_only(target))
        snprintf(out, cap, "net:%.120s", target->net_host);
    else
        snprintf(out, cap, "adb:%.120s", target->host[0] ? target->host : target->adb.serial);
}

static int several(const struct x8_selector *selector, const struct x8_target *targets,
                   size_t count, struct x8_error *err)
{
    char list[LIST_LEN], handle[X8_STRING_LEN + 8];

    x8_targets_words(targets, count, list, sizeof list);
    handle_of(&targets[0], handle, sizeof handle);
    if (selector)
        x8_fail(err, X8_E_SEVERAL, "'%s' fits %zu boards", selector->text, count);
    else
        x8_fail(err, X8_E_SEVERAL, "%zu boards are there, and none was chosen", count);
    x8_error_why(err, "%s", list);
    x8_error_next(err, "choose one, as in -s %s%s", handle,
                  selector ? "" : ", or take all with --all");
    return -(int)X8_E_SEVERAL;
}

static int none(const struct x8_selector *selector, const struct x8_target *targets, size_t count,
                struct x8_error *err)
{
    char list[LIST_LEN];

    x8_targets_words(targets, count, list, sizeof list);
    if (!selector) {
        x8_fail(err, X8_E_NO_BOARD, "no board found");
        x8_error_why(err, "neither USB nor an adb server shows one");
        x8_error_next(err, "x8ctl list shows what is there; for one on the network: -s net:HOST");
        return -(int)X8_E_NO_BOARD;
    }
    if (selector->kind == X8_SELECT_SERIAL)
        x8_fail(err, X8_E_NO_BOARD, "no board has the serial number or name %s", selector->key);
    else
        x8_fail(err, X8_E_NO_BOARD, "nothing at %s", selector->key);
    x8_error_why(err, "seen: %s", list);
    x8_error_next(err, "%s",
                  selector->kind == X8_SELECT_SERIAL
                      ? "a board changes its serial number with its mode: select it by port, as in "
                        "-s usb:1-4.2"
                      : "x8ctl list shows every board with its place");
    return -(int)X8_E_NO_BOARD;
}

/* The one that a selector means: its index, or a negative code. A whole name or serial number beats
 * one that only ends so. */
static int pick_one(const struct x8_selector *selector, const struct x8_target *targets,
                    size_t count, struct x8_error *err)
{
    struct x8_target *fitting = calloc(count + 1, sizeof *fitting);
    size_t hits = 0, hit = 0, exacts = 0, exact_hit = 0;
    int exact, rc;

    if (!fitting)
        return x8_fail(err, X8_E_INTERNAL, "out of memory while selecting boards");
    for (size_t i = 0; i < count; i++) {
        if (!x8_target_match(selector, &targets[i], &exact))
            continue;
        hit = i;
        exact_hit = exact ? i : exact_hit;
        exacts += exact != 0;
        fitting[hits++] = targets[i];
    }
    if (exacts == 1)
        rc = (int)exact_hit;
    else if (hits == 1)
        rc = (int)hit;
    else if (hits)
        rc = several(selector, fitting, hits, err);
    else
        rc = none(selector, targets, count, err);
    free(fitting);
    return rc;
}

static int pick_each(const char *const *selectors, size_t selector_count, struct x8_target *targets,
                     size_t count, struct x8_error *err)
{
    unsigned char *is_picked = calloc(count + 1, 1);
    struct x8_selector selector;
    size_t picked = 0;
    int rc = is_picked ? 0 : x8_fail(err, X8_E_INTERNAL, "out of memory while selecting boards");

    for (size_t i = 0; rc >= 0 && i < selector_count; i++) {
        rc = x8_selector_parse(selectors[i], &selector, err);
        if (rc == 0)
            rc = pick_one(&selector, targets, count, err);
        if (rc >= 0)
            is_picked[rc] = 1;
    }
    for (size_t i = 0; rc >= 0 && i < count; i++)
        if (is_picked[i] && picked++ != i)
            targets[picked - 1] = targets[i];
    free(is_picked);
    return rc < 0 ? rc : (int)picked;
}

int x8_targets_pick(const char *const *selectors, size_t selector_count, int all,
                    struct x8_target *targets, size_t count, struct x8_error *err)
{
    if (selector_count)
        return pick_each(selectors, selector_count, targets, count, err);
    if (count == 0)
        return none(NULL, targets, count, err);
    return count == 1 || all ? (int)count : several(NULL, targets, count, err);
}
