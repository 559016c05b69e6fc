/*
 * Restarting a running board, and blinking its LED.
 */
#include "session/power.h"

#include "util/text.h"

#include <stdio.h>
#include <string.h>

#define ASK_MS   15000 /* systemctl answers at once; the rest is for a busy board */
#define LEAVE_MS 60000 /* from "yes" until the link is gone: services may take their time to stop  \
                        */

/* 36 characters. Source: Linux Documentation/admin-guide/sysctl/kernel.rst. */
#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"

int x8_boot_id(struct x8_session *session, const struct x8_op *op, char out[40],
               struct x8_error *err)
{
    X8_AUTO_BUF text = {0};
    int rc = x8_run_ok(session, op, "asking which boot this is", "cat " BOOT_ID_FILE,
                       X8_RUN_TEXT_MS, &text, err);

    if (rc < 0)
        return rc;
    while (text.len > 0 && (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\r'))
        text.len--;
    if (text.len < 8 || text.len >= 40)
        return x8_fail(err, X8_E_REFUSED, "%s: the board's boot id is no such thing",
                       session->label);
    x8_clean(out, 40, text.data, text.len);
    return 0;
}

/* Its own refusal, or silence because it is going down already. */
static int asked(struct x8_session *session, int rc, const struct x8_ran *ran, struct x8_error *err)
{
    if (rc == -X8_E_GONE || rc == -X8_E_LINK) /* it went before it could say yes */
        return 0;
    if (rc < 0 || ran->status == 0)
        return rc;
    rc = x8_run_explain("asking for a restart", ran->status, x8_buf_text(&ran->errors), err);
    x8_error_prefix(err, "%s", session->label);
    return rc;
}

int x8_reboot(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
              struct x8_error *err)
{
    X8_AUTO_RAN ran = {0};
    int64_t deadline = x8_deadline_min(op->deadline, x8_deadline_in(LEAVE_MS));
    int rc = x8_run_as(session, op, root, "systemctl reboot", ASK_MS, &ran, err);

    rc = asked(session, rc, &ran, err);
    if (rc == 0)
        rc = session->ops->wait_gone(session, op, deadline, err);
    if (rc != 0)
        return rc > 0 ? 0 : rc;
    x8_fail(err, X8_E_TIMEOUT, "%s: the board said yes to a restart and is still there",
            session->label);
    x8_error_why(err, "a service may refuse to stop; systemd waits for it up to 90 s");
    x8_error_next(err, "x8ctl exec --root -- systemctl list-jobs    shows what it waits for");
    return -X8_E_TIMEOUT;
}

/*
 * The blue LED is the status LED (its trigger is the kernel's heartbeat). What it did before is in
 * brackets in the trigger's list. The trap puts it back when time is over and when the link is
 * closed (SIGHUP). A busybox without fractions of a second blinks slowly.
 */
static const char blink[] =
    "cd /sys/class/leds/ledB || exit 44; "
    "was=$(cat trigger); case $was in *\\[*) was=${was#*\\[}; was=${was%%%%\\]*};; esac; "
    "lit=$(cat brightness); full=$(cat max_brightness); "
    "back() { trap - EXIT HUP INT TERM PIPE; echo \"$lit\" >brightness; echo \"$was\" >trigger; }; "
    "trap back EXIT; trap 'back; exit 129' HUP INT TERM PIPE; "
    "echo none >trigger || exit 45; end=$(($(date +%%s) + %lld)); "
    "while [ $(date +%%s) -lt $end ]; do "
    "echo \"$full\" >brightness; sleep 0.2 2>/dev/null || sleep 1; "
    "echo 0 >brightness; sleep 0.2 2>/dev/null || sleep 1; done";

int x8_identify(struct x8_session *session, const struct x8_op *op, const struct x8_root *root,
                int64_t ms, struct x8_error *err)
{
    X8_AUTO_RAN ran = {0};
    int64_t seconds = (ms + 999) / 1000;
    char text[sizeof blink + 24];
    int rc;

    if (seconds > 86400)
        seconds = 86400;
    snprintf(text, sizeof text, blink, (long long)seconds);
    rc = x8_run_as(session, op, root, text, (int)seconds * 1000 + ASK_MS, &ran, err);
    if (rc < 0 || ran.status == 0)
        return rc;
    if (ran.status == 44) {
        x8_fail(err, X8_E_WRONG_STATE, "%s: the board has no status LED to blink", session->label);
        x8_error_why(err, "there is no /sys/class/leds/ledB");
        x8_error_next(err, "x8ctl info    shows whether this is a Portenta X8");
        return -X8_E_WRONG_STATE;
    }
    return x8_run_explain("blinking the status LED", ran.status, x8_buf_text(&ran.errors), err);
}
