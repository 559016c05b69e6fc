/*
 * The cells of a board's row.
 */
#include "rows.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>

const char *const x8_column_names[X8_COLUMNS + 1] = {
    [X8_COL_SERIAL] = "SERIAL", [X8_COL_NAME] = "NAME",       [X8_COL_STATE] = "STATE",
    [X8_COL_IMAGE] = "IMAGE",   [X8_COL_CARRIER] = "CARRIER", [X8_COL_LINKS] = "LINKS",
    [X8_COL_WHERE] = "WHERE",   [X8_COL_SPEED] = "SPEED",     [X8_COL_HOSTNAME] = "HOSTNAME",
    [X8_COL_NOTE] = "NOTE",     [X8_COL_NEXT] = "NEXT",       [X8_COLUMNS] = NULL,
};

const char *x8_row_cell(const struct x8_target *target, enum x8_column column, char room[32])
{
    switch (column) {
    case X8_COL_SERIAL:
        return target->serial;
    case X8_COL_NAME:
        return target->name;
    case X8_COL_STATE:
        return target->state;
    case X8_COL_IMAGE:
        room[0] = '\0';
        if (target->probed)
            (void)x8_os_image(&target->facts.os, room);
        return strcmp(room, "-") == 0 ? "" : room;
    case X8_COL_CARRIER:
        return target->probed ? target->facts.carrier : "";
    case X8_COL_LINKS:
        return target->links;
    case X8_COL_WHERE:
        return target->where;
    case X8_COL_SPEED:
        return target->has_usb ? x8_speed_name(target->usb.device.speed) : "";
    case X8_COL_HOSTNAME:
        return target->probed ? target->facts.hostname : "";
    case X8_COL_NOTE:
        return target->note;
    case X8_COL_NEXT:
        return target->next;
    default:
        return "";
    }
}

static int find_column(const char *word, size_t len)
{
    char name[24];

    snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name - 1), word);
    for (int i = 0; i < X8_COLUMNS; i++)
        if (strlen(x8_column_names[i]) == len && x8_casecmp(x8_column_names[i], name) == 0)
            return i;
    return -1;
}

static int bad_column(const char *text, const char *word, size_t len, struct x8_error *err)
{
    char clean[32];

    x8_clean(clean, sizeof clean, word, len < 31 ? len : 31);
    x8_fail(err, X8_E_USAGE, "there is no column '%s' in '%.60s'", clean, text);
    x8_error_why(err, "known are serial, name, state, image, carrier, links, where, speed, "
                      "hostname, note and next");
    x8_error_next(err, "--columns serial,state,image");
    return -(int)X8_E_USAGE;
}

int x8_columns_parse(const char *text, enum x8_column *out, size_t cap, size_t *out_count,
                     struct x8_error *err)
{
    size_t count = 0;

    for (const char *word = text;; word += strcspn(word, ",") + 1) {
        size_t len = strcspn(word, ",");
        int column = find_column(word, len);

        if (column < 0 || count == cap)
            return bad_column(text, word, len, err);
        out[count++] = (enum x8_column)column;
        if (word[len] == '\0')
            break;
    }
    *out_count = count;
    return 0;
}

static void add_text(struct x8_json *json, const char *key, const char *text)
{
    x8_json_str(json, key, text && text[0] ? text : NULL);
}

static void add_id(struct x8_json *json, const char *key, unsigned id)
{
    char text[8];

    snprintf(text, sizeof text, "%04x", id & 0xffffU);
    x8_json_str(json, key, text);
}

static void add_usb(struct x8_json *json, const struct x8_target *target)
{
    const struct x8_device *d = &target->usb.device;

    x8_json_bool(json, "other_chip", target->usb.trust == X8_TRUST_FOREIGN);
    add_id(json, "vid", d->vid);
    add_id(json, "pid", d->pid);
    add_id(json, "bcd_device", d->bcd_device);
    add_text(json, "product", d->product);
    add_text(json, "manufacturer", d->manufacturer);
    x8_json_bool(json, "adb", d->has_adb);
    x8_json_str(json, "node", d->node);
    x8_json_bool(json, "access", !d->no_access);
}

void x8_row_extra(struct x8_json *json, const struct x8_target *target)
{
    char address[sizeof target->host + 16];

    add_text(json, "port", target->has_usb ? target->usb.device.port : target->adb.port);
    x8_json_str(json, "mode", x8_mode_name(target->mode));
    x8_json_bool(json, "needs_something", target->needs_care);
    x8_json_str(json, "code", x8_code_name(target->trouble));
    if (target->has_usb)
        add_usb(json, target);
    if (target->has_adb) {
        add_text(json, "adb_serial", target->adb.serial);
        add_text(json, "adb_state", target->adb.state);
    }
    if (target->host[0]) {
        snprintf(address, sizeof address, strchr(target->host, ':') ? "[%s]:%u" : "%s:%u",
                 target->host, (unsigned)target->port);
        x8_json_str(json, "address", address);
    }
    if (target->has_net) {
        x8_target_place_on_net(target, address, sizeof address);
        x8_json_str(json, "net_address", address);
        add_text(json, "net_name", target->net_name);
    }
    if (target->probed) {
        add_text(json, "machine", x8_os_release_get(&target->facts.os, "LMP_MACHINE"));
        add_text(json, "hat", target->facts.hat);
    }
}
