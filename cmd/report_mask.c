/*
 * What is private about this computer and its boards.
 */
#include "report.h"

#include "doctor/secrets.h"
#include "util/text.h"

#include <pwd.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static void add_name(void *ctx, const char *serial, const char *name)
{
    x8_mask_word(ctx, X8_MASK_SERIAL, serial);
    x8_mask_word(ctx, X8_MASK_BOARD, name);
}

/* "bench.example.com": the whole, and the part in front. */
static void add_host(struct x8_mask *mask, const char *name)
{
    char first[72];

    x8_mask_word(mask, X8_MASK_HOST, name);
    x8_copy(first, sizeof first, name);
    first[strcspn(first, ".")] = '\0';
    x8_mask_word(mask, X8_MASK_HOST, first);
}

static void add_computer(struct x8_mask *mask)
{
    struct passwd pw, *found = NULL;
    struct utsname name;
    char buf[4096];

    if (uname(&name) == 0)
        add_host(mask, name.nodename);
    if (getpwuid_r(getuid(), &pw, buf, sizeof buf, &found) == 0 && found)
        x8_mask_word(mask, X8_MASK_USER, found->pw_name);
    for (char **at = x8_env_all(); *at; at++)
        if (x8_starts(*at, "USER=") || x8_starts(*at, "LOGNAME=") || x8_starts(*at, "SUDO_USER="))
            x8_mask_word(mask, X8_MASK_USER, strchr(*at, '=') + 1);
        else if (x8_starts(*at, "HOME=/"))
            x8_mask_word(mask, X8_MASK_USER, strrchr(*at, '/') + 1);
}

/* A name that holds the serial number is hidden by its form. */
static void add_board_host(struct x8_mask *mask, const char *name)
{
    if (name[0] && !strstr(name, "portenta-x8-"))
        add_host(mask, name);
}

static void add_target(struct x8_mask *mask, const struct x8_target *target)
{
    x8_mask_word(mask, X8_MASK_SERIAL, target->serial);
    x8_mask_word(mask, X8_MASK_BOARD, target->name);
    if (target->has_usb)
        x8_mask_word(mask, X8_MASK_SERIAL, target->usb.device.serial);
    if (target->has_adb)
        x8_mask_word(mask, X8_MASK_SERIAL, target->adb.serial);
    add_board_host(mask, target->net_name);
    if (target->probed)
        add_board_host(mask, target->facts.hostname);
}

static void add_networks(struct x8_mask *mask, const struct x8_buf *networks)
{
    char name[160];

    for (const char *at = x8_buf_text(networks); *at;) {
        size_t len = strcspn(at, "\n");

        snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name - 1), at);
        x8_mask_word(mask, X8_MASK_SSID, name);
        at += len + (at[len] == '\n');
    }
}

static int mask_all(struct x8_report *report, struct x8_mask *mask)
{
    for (size_t i = 0; i < report->count; i++)
        x8_mask_learn(mask, x8_buf_span(&report->members[i].text));
    for (size_t i = 0; i < report->count; i++) {
        struct x8_bundle_member *member = &report->members[i];
        X8_AUTO_BUF name = {0};
        struct x8_buf text = {0};
        struct x8_span span = {(const uint8_t *)member->name, strlen(member->name)};

        if (x8_mask_text(mask, x8_buf_span(&member->text), &text) < 0 ||
            x8_mask_text(mask, span, &name) < 0) {
            x8_buf_done(&text);
            return -1;
        }
        x8_buf_done(&member->text);
        member->text = text;
        x8_copy(member->name, sizeof member->name, x8_buf_text(&name));
    }
    return 0;
}

int x8_report_hide_secrets(struct x8_report *report, struct x8_error *err)
{
    for (size_t i = 0; i < report->count; i++) {
        struct x8_buf *text = &report->members[i].text, out = {0};

        if (x8_hide_secrets(x8_buf_span(text), &out) < 0) {
            x8_buf_done(&out);
            return x8_fail(err, X8_E_INTERNAL, "out of memory while secrets are hidden");
        }
        x8_buf_done(text);
        *text = out;
    }
    return 0;
}

int x8_report_mask(struct x8_report *report, struct x8_error *err)
{
    struct x8_mask *mask = x8_mask_new();
    char names[1024];
    int rc = mask ? 0 : -1;

    if (mask) {
        x8_env_path("config", "boards.json", names, sizeof names);
        (void)x8_names_each(names, add_name, mask, NULL);
        add_computer(mask);
        for (size_t i = 0; i < report->target_count; i++)
            add_target(mask, &report->targets[i]);
        for (const struct x8_patient *p = report->diagnosis.boards; p; p = p->next)
            add_networks(mask, &p->networks);
        rc = mask_all(report, mask);
    }
    x8_mask_free(&mask);
    return rc < 0 ? x8_fail(err, X8_E_INTERNAL, "out of memory while names are hidden") : 0;
}
