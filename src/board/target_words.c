/*
 * What is known of a target, in the words of a table's row.
 */
#include "board/target_parts.h"

#include "util/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int x8_target_is_served(const struct x8_target *target)
{
    return target->has_adb && strcmp(target->adb.state, "device") == 0;
}

static int is_address(const char *serial)
{
    return strchr(serial, ':') != NULL;
}

/* What the board itself says wins; a serial number that a server made from an address is none. */
static void name_serial(struct x8_target *t)
{
    if (t->probed && t->facts.serial[0])
        x8_copy(t->serial, sizeof t->serial, t->facts.serial);
    else if (t->has_usb)
        x8_copy(t->serial, sizeof t->serial, t->usb.device.serial);
    else if (t->has_adb && !is_address(t->adb.serial))
        x8_clean(t->serial, sizeof t->serial, t->adb.serial, strlen(t->adb.serial));
    else
        x8_copy(t->serial, sizeof t->serial, t->net_serial);
}

static void add(char *out, size_t cap, const char *joint, const char *text)
{
    size_t used = strlen(out);

    if (used < cap)
        snprintf(out + used, cap - used, "%s%.*s", used ? joint : "", (int)(cap - used), text);
}

static void name_where(struct x8_target *t)
{
    char text[sizeof t->net_host + 16];

    t->where[0] = '\0';
    if (t->has_usb || (t->has_adb && t->adb.port[0])) {
        snprintf(text, sizeof text, "usb %s", t->has_usb ? t->usb.device.port : t->adb.port);
        add(t->where, sizeof t->where, ", ", text);
    }
    if (t->host[0]) {
        snprintf(text, sizeof text, strchr(t->host, ':') ? "tcp [%s]:%u" : "tcp %s:%u", t->host,
                 (unsigned)t->port);
        add(t->where, sizeof t->where, ", ", text);
    } else if (t->has_adb && is_address(t->adb.serial)) {
        snprintf(text, sizeof text, "tcp %s", t->adb.serial);
        add(t->where, sizeof t->where, ", ", text);
    }
    if (t->has_net) {
        x8_target_place_on_net(t, text, sizeof text);
        add(t->where, sizeof t->where, ", ", text);
    }
    if (!t->where[0])
        snprintf(t->where, sizeof t->where, "adb %s", t->adb.serial);
}

/* The interface is the server's while a server has it. */
static void name_links(struct x8_target *t)
{
    const struct x8_device *d = &t->usb.device;

    t->links[0] = '\0';
    if (x8_target_is_served(t))
        add(t->links, sizeof t->links, " ", "adb");
    else if (t->has_usb && !d->no_access && (t->mode != X8_MODE_LINUX || d->has_adb))
        add(t->links, sizeof t->links, " ", "usb");
    if (t->host[0])
        add(t->links, sizeof t->links, " ", "tcp");
    if (t->has_net)
        add(t->links, sizeof t->links, " ", "net");
}

void x8_target_name(struct x8_target *t, const struct x8_json *names)
{
    const char *name;

    name_serial(t);
    name_where(t);
    name_links(t);
    name = x8_names_find(names, t->serial);
    x8_clean(t->name, sizeof t->name, name ? name : "", name ? strlen(name) : 0);
    if (t->name[0])
        x8_copy(t->label, sizeof t->label, t->name);
    else if (t->serial[0])
        x8_copy(t->label, sizeof t->label, t->serial);
    else
        x8_copy(t->label, sizeof t->label, t->where);
}

static void trouble(struct x8_target *t, enum x8_code code, const char *state, const char *note,
                    const char *next)
{
    t->trouble = code;
    t->needs_care = 1;
    x8_copy(t->state, sizeof t->state, state);
    x8_copy(t->note, sizeof t->note, note);
    x8_copy(t->next, sizeof t->next, next);
}

/* What the words of an adb server mean. */
static const struct {
    const char *state;
    enum x8_code code;
    const char *word, *note, *next;
} server_states[] = {
    {"unauthorized", X8_E_AUTH, "unauthorized",
     "the board asks for a key that it does not know: no unchanged Portenta X8",
     "add ~/.android/adbkey.pub to the board's keys"},
    {"authorizing", X8_E_AUTH, "unauthorized", "the adb server is still agreeing on a key", ""},
    {"no permissions", X8_E_NO_PERMISSION, "no-access",
     "the adb server has no rights on the device node", "sudo x8ctl udev install"},
    {"offline", X8_E_WRONG_STATE, "offline",
     "the adb server holds it, but the board does not answer", "replug the board"},
    {"connecting", X8_E_WRONG_STATE, "offline", "the adb server is still connecting",
     "wait a few seconds"},
};

static void judge_server(struct x8_target *t)
{
    char note[sizeof t->note], word[sizeof t->adb.state];

    for (size_t i = 0; i < X8_COUNT(server_states); i++) {
        if (!x8_starts(t->adb.state, server_states[i].state))
            continue;
        trouble(t, server_states[i].code, server_states[i].word, server_states[i].note,
                server_states[i].next);
        return;
    }
    x8_clean(word, sizeof word, t->adb.state, strlen(t->adb.state));
    snprintf(note, sizeof note, "the adb server calls its state \"%s\"", word);
    trouble(t, X8_E_WRONG_STATE, "offline", note, "replug the board");
}

static void judge_usb(struct x8_target *t)
{
    x8_copy(t->state, sizeof t->state, x8_board_state(&t->usb));
    x8_copy(t->note, sizeof t->note, t->usb.note);
    x8_copy(t->next, sizeof t->next, t->usb.next);
    t->needs_care = t->usb.needs_care;
    if (t->usb.device.no_access)
        t->trouble = X8_E_NO_PERMISSION;
    else if (t->usb.trust == X8_TRUST_FOREIGN)
        t->trouble = X8_E_WRONG_STATE;
}

/* It works, but the first login is still to come: no trouble for a command that needs no root. */
static void judge_password(struct x8_target *t)
{
    int is_empty = strcmp(t->facts.password, "none") == 0;

    if (!is_empty && strcmp(t->facts.password, "expired") != 0)
        return;
    trouble(t, X8_OK, "linux-setup",
            is_empty ? "its user has no password yet, so ssh lets in nobody"
                     : "the password of its user has expired: a new one is wanted",
            "x8ctl setup");
}

void x8_target_judge(struct x8_target *t)
{
    t->trouble = X8_OK;
    t->note[0] = t->next[0] = '\0';
    t->needs_care = 0;
    x8_copy(t->state, sizeof t->state, x8_mode_name(t->mode));
    /* A server that may use the device does not care whether this user may. */
    if (t->has_usb && !(x8_target_is_served(t) && t->usb.device.no_access))
        judge_usb(t);
    if (t->mode != X8_MODE_LINUX || t->trouble)
        return;
    if (t->has_adb && !x8_target_is_served(t))
        judge_server(t);
    else if (t->has_usb && !t->has_adb && !t->host[0] && !t->usb.device.has_adb)
        trouble(t, X8_E_WRONG_STATE, "no-adb",
                "no ADB interface: the board is still starting, or adb is switched off in it",
                "wait 5 s; then x8ctl list");
    else if (t->probed && !x8_os_is_x8(&t->facts.os))
        x8_copy(t->note, sizeof t->note, "its os-release names another machine: no Portenta X8");
    else if (t->probed)
        judge_password(t);
}

static const char *word_of(enum x8_code code)
{
    switch (code) {
    case X8_E_BUSY:
        return "busy";
    case X8_E_AUTH:
        return "unauthorized";
    case X8_E_NO_PERMISSION:
        return "no-access";
    case X8_E_GONE:
    case X8_E_NO_BOARD:
        return "gone";
    case X8_E_WRONG_STATE:
        return "offline";
    default:
        return "mute";
    }
}

void x8_target_note_error(struct x8_target *t, const struct x8_error *error)
{
    char next[sizeof t->next];
    int no_ssh = x8_target_is_net_only(t) && error->code == X8_E_NO_BOARD &&
                 error->sys == ECONNREFUSED && t->net_name[0];

    /* Half a command is worse than none: a long one is told by the command that fails. */
    if (!x8_copy(next, sizeof next, error->next))
        next[0] = '\0';
    trouble(t, error->code, no_ssh ? "no-ssh" : word_of(error->code),
            error->why[0] ? error->why : error->msg, next);
}

void x8_targets_words(const struct x8_target *targets, size_t count, char *out, size_t cap)
{
    char words[sizeof targets->where + sizeof targets->label + sizeof targets->state + 8];

    x8_copy(out, cap, "");
    for (size_t i = 0; i < count; i++) {
        const struct x8_target *t = &targets[i];
        int is_where = strcmp(t->label, t->where) == 0;

        snprintf(words, sizeof words, "%s%s%s (%s)", is_where ? "" : t->label, is_where ? "" : " ",
                 t->where, t->state);
        add(out, cap, ", ", words);
    }
    if (!out[0])
        x8_copy(out, cap, "no board");
}
